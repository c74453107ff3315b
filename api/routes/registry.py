"""Routes of registry records: list, add, get, change and delete, the same for every kind."""

import inspect
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final, get_type_hints

import msgspec
from fastapi import Header, Path, Query, Request
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from api.dependencies import ScopeOf, access_of, home_of
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf, check_instants, encode, whole_numbers
from api.http.router import Router
from api.routes.parameters import check_filters
from api.routes.record_kinds import KINDS, RecordResource
from api.schemas.model import EXAMPLE_ID
from headland.analysis.inputs.doubts import Judge
from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.errors import NotFound
from headland.registry.models.models import VersionedRecord
from headland.registry.registry import Access
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.targets import check_permitted

# No `from __future__ import annotations` here: `make_router` annotates with local values.

ID_PATTERN: Final = "^[0-9a-z]{26}$"
_ETAG: Final = re.compile(r'^(?:W/)?"(\d{1,9})"$')
#: No record has a larger version: such a one is another version than the present one.
_MOST_VERSION: Final = 2**31 - 1


class _RecordId(Convertor[str]):
    """A record id in a path; other words, such as `import`, belong to routes of their own."""

    regex = "[0-9a-z]{26}"

    def convert(self, value: str) -> str:
        """Return the id."""
        return value

    def to_string(self, value: str) -> str:
        """Return the id."""
        return value


register_url_convertor("record_id", _RecordId())

RecordId = Annotated[str, Path(description="Id of a record.", pattern=ID_PATTERN, examples=[EXAMPLE_ID])]
IfMatch = Annotated[
    str | None, Header(description='Version of the record to change, as in its ETag: "3".', max_length=64)
]


def body_of_kind(kind: RecordResource) -> dict[str, Any]:
    """Return the OpenAPI entry of a body that is a record of a kind."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.wire.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def make_router(kind: RecordResource) -> Router:
    """Return the routes of one kind."""
    router = Router(prefix=f"/v1/{kind.path}", tags=["registry"], responses=declare_problems(404, 422, 503))
    reference = {"$ref": f"#/components/schemas/{kind.wire.__name__}"}
    json_content = {"content": {"application/json": {"schema": reference}}}
    body = body_of_kind(kind)
    listed = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": reference}, "next": {"type": ["string", "null"]}},
        "required": ["items", "next"],
    }
    of_list: dict[int | str, dict[str, Any]] = {
        200: {"description": "A page.", "content": {"application/json": {"schema": listed}}},
        **declare_problems(400),
    }

    def list_page(request: Request, scope: OrgScope, where: dict[str, str], cursor: Cursor, limit: int) -> Response:
        after = read_cursor(cursor, tuple[str])
        records = kind.repository(scope.repositories).list(
            after="" if after is None else after[0], limit=limit + 1, **where
        )
        if not records:
            check_filters(scope.repositories, **where)
        access = access_of(request)
        items = kind.show_to(records[:limit], access, Judge(scope.repositories))
        return reply_page(
            request, {"items": items, "next": write_cursor(items[-1].id) if len(records) > limit else None}
        )

    def list_filtered(
        request: Request, scope: ScopeOf, cursor: Cursor = None, limit: Limit = 100, **filters: str | None
    ) -> Response:
        where = {name: str(value) for name, value in filters.items() if value is not None}
        return list_page(request, scope, where, cursor, limit)

    _name_filters(list_filtered, kind)

    def add(request: Request, scope: ScopeOf, body_bytes: BodyOf) -> Response:
        try:
            record = _check_target(kind, request, kind.read(decode_record(kind, body_bytes)))
            record = kind.repository(scope.repositories).add(record)
        except NotFound as error:
            raise unknown_reference(error) from error
        return reply_record(kind, record, access_of(request), scope.repositories, 201)

    def get(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
        record = kind.repository(scope.repositories).get(thing)
        tag = f'"{record.version}"'
        if tag in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache"})
        return reply_record(kind, record, access_of(request), scope.repositories)

    def change(
        request: Request, scope: ScopeOf, thing: RecordId, body_bytes: BodyOf, if_match: IfMatch = None
    ) -> Response:
        repository = kind.repository(scope.repositories)
        record = _check_target(kind, request, kind.read(decode_record(kind, body_bytes)))
        version = choose_version(if_match, record.version, lambda: int(repository.get(thing).version))
        try:
            changed = repository.change(msgspec.structs.replace(record, id=thing, version=version))
            return reply_record(kind, changed, access_of(request), scope.repositories)
        except NotFound as error:
            raise (error if error.id == thing else unknown_reference(error)) from error

    def delete(
        scope: ScopeOf,
        thing: RecordId,
        if_match: IfMatch = None,
        version: Annotated[int, Query(description="Version to delete.", ge=1, le=2**31 - 1)] = 0,
    ) -> Response:
        repository = kind.repository(scope.repositories)
        repository.delete(thing, choose_version(if_match, version, lambda: int(repository.get(thing).version)))
        return Response(status_code=204)

    what, identifier = kind.path.replace("-", " "), kind.noun.replace(" ", "_").replace("-", "_")
    a = f"an {kind.noun}" if kind.noun[0] in "aeiou" else f"a {kind.noun}"
    writes = declare_problems(400, 409, 413)
    router.get(
        "",
        summary=f"List the {what}",
        description=f"List the {what} in order of creation.",
        responses=of_list,
        name=f"list_{kind.path.replace('-', '_')}",
    )(list_filtered)
    router.post(
        "",
        status_code=201,
        summary=f"Add {a}",
        description=f"Add {a}. The registry sets id, version and times; values given for them are ignored.",
        openapi_extra=body,
        responses={201: {"description": f"The stored {kind.noun}.", **json_content}, **writes},
        name=f"add_{identifier}",
    )(add)
    router.get(
        "/{thing:record_id}",
        summary=f"Get {a}",
        description=f"Return {a}; its ETag is its version.",
        responses={200: {"description": f"The {kind.noun}.", **json_content}},
        name=f"get_{identifier}",
    )(get)
    router.put(
        "/{thing:record_id}",
        summary=f"Change {a}",
        description=f"Replace {a} at the version named by If-Match, or by `version` in the body.",
        openapi_extra=body,
        responses={
            200: {"description": f"The stored {kind.noun}.", **json_content},
            **writes,
            **declare_problems(412, 428),
        },
        name=f"change_{identifier}",
    )(change)
    router.delete(
        "/{thing:record_id}",
        status_code=204,
        summary=f"Delete {a}",
        description=f"Delete {a} at the version named by If-Match or `version`; its history remains.",
        responses=declare_problems(400, 409, 412, 428),
        name=f"delete_{identifier}",
    )(delete)
    return router


def _name_filters(handler: Callable[..., Response], kind: RecordResource) -> None:
    """Name the filters of a kind in the signature of its list, which FastAPI reads."""
    signature = inspect.signature(handler)
    fixed = {name: each for name, each in signature.parameters.items() if each.kind is not each.VAR_KEYWORD}
    filters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None,
            annotation=Annotated[_type_of_filter(kind, name), Query(description=f"Only records of this {name}.")],
        )
        for name in kind.within
    ]
    ordered = [fixed["request"], fixed["scope"], *filters, fixed["cursor"], fixed["limit"]]
    handler.__signature__ = signature.replace(parameters=ordered)  # type: ignore[attr-defined] # the documented way


def _type_of_filter(kind: RecordResource, name: str) -> Any:
    """Return the values of a filter: of a closed set where the records have one."""
    of_record = get_type_hints(kind.wire)[name]
    if isinstance(of_record, type) and issubclass(of_record, StrEnum):
        return of_record | None
    return Annotated[str | None, Query(max_length=64)]


ROUTERS: Final = tuple(make_router(kind) for kind in KINDS)


def decode_record(kind: RecordResource, body: bytes) -> Any:
    """Return the record in a body; raises ProblemError (422) for an invalid body and for unknown names."""
    try:
        names = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        # Doubts are an answer's: what a body says of them is not read.
        check_instants(msgspec.json.encode({name: raw for name, raw in names.items() if name != "doubts"}))
        resource = _read(kind, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(422, "bad-body", "Invalid request body", f"Correct the {kind.noun}: {error}.") from error
    unknown = sorted(names.keys() - set(kind.wire.__struct_fields__))
    if unknown:
        sentence = f"Remove {unknown[0][:64]!r}: {kind.noun} has {', '.join(kind.wire.__struct_fields__)}."
        raise ProblemError(422, "bad-body", "Invalid request body", sentence)
    return resource


def _read(kind: RecordResource, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body, type=kind.wire)
    except msgspec.ValidationError:
        # JSON has one type of number: 61.0 is an integer, too.
        return msgspec.convert(whole_numbers(msgspec.json.decode(body)), kind.wire)


def choose_version(if_match: str | None, version: int, current: Any) -> int:
    """Return the version to change: If-Match takes precedence, `*` is the current version."""
    if if_match is None:
        if version > 0:
            return min(version, _MOST_VERSION)
        sentence = "Name the version to change: If-Match with the ETag that was read, or `version`."
        raise ProblemError(428, "no-version", "Version not specified", sentence)
    if if_match.strip() == "*":
        return int(current())
    match = _ETAG.match(if_match.strip())
    if match is None:
        raise ProblemError(400, "bad-etag", "Invalid If-Match", 'Set If-Match to a version, such as "3".')
    return min(int(match.group(1)), _MOST_VERSION)


def unknown_reference(error: NotFound) -> ProblemError:
    """Return the problem (400) of a body that names a record which does not exist."""
    return ProblemError(400, f"unknown-{error.kind.replace(' ', '-')}", "Referenced record not found", str(error))


def _check_target(kind: RecordResource, request: Request, record: VersionedRecord) -> VersionedRecord:
    """Return a record; raises InvalidTarget where it names an address to which this station sends nothing."""
    url, policy = kind.target(record), home_of(request).webhooks_to
    if url is not None and policy is not None:
        check_permitted(url, policy)
    return record


def reply_record(
    kind: RecordResource,
    record: VersionedRecord,
    access: Access,
    repositories: OrganisationRepositories,
    status: int = 200,
) -> Response:
    """Return a record as a response with its version as ETag, and a new record with its address."""
    headers = {"ETag": f'"{record.version}"', "Cache-Control": "no-cache"}
    if status == 201:
        headers["Location"] = f"/v1/{kind.path}/{record.id}"
    return reply_json(kind.show_to([record], access, Judge(repositories))[0], status, headers)


def reply_json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return structs, or containers of structs, as a JSON response."""
    return Response(encode(body), status, headers, "application/json")


def reply_records(records: list[Any], limit: int) -> Response:
    """Return a page of records; `records` has one more than `limit` where another page follows."""
    following = write_cursor(records[limit - 1].id) if len(records) > limit else None
    return reply_json({"items": records[:limit], "next": following})
