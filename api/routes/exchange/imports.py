"""Routes of file imports: logs and tables that a person hands over, in parts, with progress."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

import msgspec
from fastapi import Depends, Path, Query, Request, Response
from msgspec import Meta
from starlette.responses import Response as PlainResponse

from api.dependencies import HomeOf, HomeServices, ScopeOf
from api.http.languages import current_language
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf, Sent
from api.http.responses import reply
from api.http.router import Router
from api.ops.file_imports import FileImports
from headland.analysis.inputs.scope import OrgScope
from headland.contract.file_imports import ConvertedTable, FileImport, FileImportList, ImportChoice, TablePreview
from headland.contract.records import Descriptor
from headland.errors import ImportRefused, RetryLater
from headland.registry.db.audit import Action

#: A larger file is imported on the station's machine.
MOST_FILE_BYTES: Final = 2 * 1024**3
#: Quarantined messages that are looked at for those of an import.
_MOST_QUARANTINED: Final = 1000
_PART: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The part's bytes.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

ImportId = Annotated[str, Path(description="Id of an import.", pattern="^[0-9a-f]{16}$", examples=["4f1c0a92b7d3e865"])]


class NewImport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file to import: its name and size; the parts follow."""

    EXAMPLE: ClassVar = {"name": "flight.bin", "bytes": 12_582_912}

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    bytes: Annotated[int, Meta(ge=1, le=MOST_FILE_BYTES)]


class FileDigest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file's SHA-256, which the received bytes must have."""

    EXAMPLE: ClassVar = {"sha256": "9f86d081" * 8}

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$"), "SHA-256 of the whole file, hexadecimal."]


async def _imports_of(scope: ScopeOf, home: HomeOf) -> FileImports:
    if home.imports is None or not home.serves(scope):
        raise ProblemError(
            404,
            "no-imports",
            "No imports here",
            "This API runs without the farm's broker: use `headland edge import` on the station's machine.",
        )
    return home.imports


ImportsOf = Annotated[FileImports, Depends(_imports_of)]

router = Router(prefix="/v1/imports", tags=["imports"], responses=declare_problems(404, 422, 503))


@router.get("", name="list_imports", response_model=FileImportList)
def get_imports(request: Request, imports: ImportsOf) -> PlainResponse:
    """List the imports, the newest first: those under way, those that lack something, and the last results."""
    return reply(request, imports.list(current_language()))


@router.post("", name="begin_import", response_model=FileImport, status_code=201, responses=declare_problems(409, 413))
def post_import(request: Request, scope: ScopeOf, imports: ImportsOf, body: Sent[NewImport]) -> PlainResponse:
    """Begin the import of a file; its parts follow, each `part_bytes` long but the last."""
    with _Refusals():
        begun = imports.begin(body.name, body.bytes, scope.by)
    _log(scope, begun.id, "add")
    answer = reply(request, begun)
    answer.status_code = 201
    answer.headers["Location"] = f"/v1/imports/{begun.id}"
    return answer


@router.get("/{id}", name="get_import", response_model=FileImport)
def get_import(request: Request, home: HomeOf, imports: ImportsOf, id: ImportId) -> PlainResponse:  # noqa: A002
    """Return an import: which parts are here, how far it is, or its result."""
    with _Refusals():
        found = imports.get(id, current_language())
    return reply(request, _with_quarantined(home, found))


@router.put(
    "/{id}/parts/{number}",
    name="put_import_part",
    response_model=FileImport,
    openapi_extra=_PART,
    responses=declare_problems(400, 409, 413),
)
def put_part(
    request: Request,
    imports: ImportsOf,
    id: ImportId,  # noqa: A002
    number: Annotated[int, Path(description="Number of the part, from 1.", ge=1, le=100_000)],
    body: BodyOf,
) -> PlainResponse:
    """Hand over a part of the file. A part that was lost on the way is sent again."""
    with _Refusals():
        return reply(request, imports.put_part(id, number, body))


@router.post("/{id}/finish", name="finish_import", response_model=FileImport, responses=declare_problems(400, 409))
def post_finish(
    request: Request,
    scope: ScopeOf,
    imports: ImportsOf,
    id: ImportId,  # noqa: A002
    body: Sent[FileDigest],
) -> PlainResponse:
    """Say that all parts were sent. The station checks the file and imports it, or names in `state` what it lacks."""
    with _Refusals():
        finished = imports.finish(id, body.sha256, current_language())
    _log(scope, id, "change")
    return reply(request, finished)


@router.get("/{id}/preview", name="preview_import", response_model=TablePreview, responses=declare_problems(409))
def get_preview(
    request: Request,
    imports: ImportsOf,
    id: ImportId,  # noqa: A002
    encoding: Annotated[
        str | None, Query(description="Encoding of the text.", pattern="^(utf-8|latin-1|windows-1252|gb18030)$")
    ] = None,
    delimiter: Annotated[str | None, Query(description="Mark between cells.", min_length=1, max_length=1)] = None,
) -> PlainResponse:
    """Return the first rows of a table, and the quantities and units that its columns can be."""
    with _Refusals():
        return reply(request, imports.preview(id, encoding, delimiter))


@router.put(
    "/{id}/choice",
    name="choose_import",
    response_model=FileImport | ConvertedTable,
    responses=declare_problems(400, 409),
)
def put_choice(
    request: Request,
    scope: ScopeOf,
    imports: ImportsOf,
    id: ImportId,  # noqa: A002
    body: Sent[ImportChoice],
    dry_run: Annotated[bool, Query(description="Return what it makes of the first rows, and import nothing.")] = False,
) -> PlainResponse:
    """Say what a file does not say by itself, and import it: the columns of a table, or a log's first instant.

    A table of a device that exists becomes part of it and is sent in the name of its gateway.
    """
    device, owner = _find_owner(scope, body)
    with _Refusals():
        if dry_run:
            return reply(request, imports.convert(id, body, device, owner, current_language()))
        chosen = imports.choose(id, body, device, owner, current_language())
    _log(scope, id, "change")
    return reply(request, chosen)


@router.delete("/{id}", name="drop_import", status_code=204, responses=declare_problems(409))
def delete_import(scope: ScopeOf, imports: ImportsOf, id: ImportId) -> Response:  # noqa: A002
    """Forget an import and its file. What is in the store remains; one that runs is not interrupted."""
    with _Refusals():
        imports.drop(id)
    _log(scope, id, "delete")
    return Response(status_code=204)


def _find_owner(scope: OrgScope, body: ImportChoice) -> tuple[Descriptor | None, str]:
    """Return the existing device of a table and its gateway."""
    if body.table is None:
        return None, ""
    devices = scope.store.devices(scope.organisation)
    found = next((record for record in devices if record.descriptor.device == body.table.device), None)
    return (None, "") if found is None else (found.descriptor, found.gateway)


def _with_quarantined(home: HomeServices, found: FileImport) -> FileImport:
    """Add to a result how many of its messages ingest refused."""
    if found.result is None or home.gateways is None:
        return found
    try:
        messages = home.gateways.quarantined(_MOST_QUARANTINED, None, found.result.gateway)
    except RetryLater:
        return found
    epochs = set(found.result.epochs)
    refused = sum(m.epoch in epochs and m.last_seen_ms >= found.created_ms for m in messages)
    return msgspec.structs.replace(found, result=msgspec.structs.replace(found.result, quarantined=refused))


def _log(scope: OrgScope, id: str, action: Action) -> None:  # noqa: A002
    if scope.registry is not None:
        scope.repositories.log("import", id, action)


class _Refusals:
    """Turns a refusal in its block into a problem."""

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise ProblemError in place of ImportRefused."""
        if isinstance(error, ImportRefused):
            raise ProblemError(error.status, error.kind, error.title, error.detail) from error
