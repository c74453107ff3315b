"""Routes of the data that is kept of a person: what and why, a copy, and its erasure."""

from __future__ import annotations

from itertools import chain
from pathlib import Path as FilePath
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from api.auth.sessions_cache import auth_cache_of
from api.dependencies import AccessOf, HomeOf, HomeServices, ScopeOf
from api.http.languages import current_language
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import ID_PATTERN
from api.schemas.model import fill
from api.schemas.person_data import ErasureBody, ErasureOrder, KeptItem, PersonDataBody
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.person_data.blockers import GROUP, find_blockers
from headland.analysis.person_data.copy import copy_data
from headland.analysis.person_data.summary import KeptData, summarise
from headland.files.file_search import FileSearch, search_files
from headland.i18n import CatalogText, Language
from headland.registry.models.access_table import Role
from headland.registry.models.errors import NotFound
from headland.registry.models.models import NotePhoto
from headland.registry.models.people import Person
from headland.registry.models.personal_data import kind_of_table, lifecycles_of
from headland.registry.registry import Access
from headland.registry.repositories.person_data.erasure import Erased

#: Bytes of the farm's folder that are searched after an erasure, the smallest files first.
MOST_SEARCHED_BYTES: Final = 2_000_000_000

PersonId = Annotated[str, Path(description="Id of a person.", pattern=ID_PATTERN)]
_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The copy.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = Router(prefix="/v1/person-data", tags=["registry"], responses=declare_problems(404, 422, 503))


@router.get("/{person}", response_model=PersonDataBody)
def get_person_data(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    person: PersonId,
    also: Annotated[
        list[Annotated[str, Field(min_length=2, max_length=200)]],
        Query(description="Another spelling of the name to look for; for managers.", max_length=20),
    ] = [],  # noqa: B006 - it is never changed
) -> Response:
    """Return what is kept of a person: kinds of data with purpose, legal basis, time and count.

    A person asks for their own data; managers for everybody's, with what must be settled before an erasure.
    """
    record = _person_of(scope, access, person)
    is_manager = access.acts_as is Role.MANAGER
    names = scope.repositories.person_data.names(person, also if is_manager else ())
    language = current_language()
    blockers: list[CatalogText] = []
    if is_manager and record.erased is None:
        blockers = find_blockers(scope, person, names)
        blockers += [CatalogText(GROUP, "own")] if access.person == person else []
    body = fill(
        PersonDataBody,
        record,
        person=person,
        items=[_item_of(kept, language) for kept in summarise(scope, person, names)],
        blockers=tuple(blocker.text(language) for blocker in blockers),
        shared=tuple(sorted(names.shared)) if is_manager else (),
    )
    answer = reply(request, body)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/{person}/copy", response_class=StreamingResponse, responses=_ZIP)
def copy_person_data(scope: ScopeOf, home: HomeOf, access: AccessOf, person: PersonId) -> Response:
    """Return a copy of a person's data as a ZIP: records as JSON lines, photos, and tracks of their machines as CSV.

    Of a record that is about others, too, only the texts that name this person are in it. It is sent while it is
    written, and has at most 500 MB before it is packed.
    """
    _person_of(scope, access, person)
    names = scope.repositories.person_data.names(person)

    def read_photo(organisation: str, photo: NotePhoto) -> bytes | None:
        return None if home.photos is None else home.photos.read(organisation, photo)

    pieces = copy_data(scope, person, names, read_photo)
    # Read before the response begins, so that a registry that is away is reported as a problem.
    first = next(pieces)
    headers = {"Content-Disposition": f'attachment; filename="person-{person}.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(chain([first], pieces), media_type="application/zip", headers=headers)


@router.post("/{person}/erasure", response_model=ErasureBody, responses=declare_problems(400, 409, 413))
def erase_person(
    request: Request, scope: ScopeOf, home: HomeOf, access: AccessOf, person: PersonId, body: Sent[ErasureOrder]
) -> Response:
    """Erase a person: names are taken out of all that is kept, everything else is deleted.

    What is open refuses it (409, `erasure-blocked`). Ledger, audit log, sums and proofs stay valid. Sent again for a
    person who is erased, it cleans the files again. What was printed, what others hold and backups made before are
    outside of it.
    """
    repositories = scope.repositories
    record = _person_of(scope, access, person)
    if record.erased is not None:
        erased = Erased(number=record.erased, names=tuple(body.also), rows={})
        return _cleaned(request, scope, home, person, erased)
    if body.name.strip() != record.name:
        sentence = "The name is not that of the person: write it as the record has it, to confirm the erasure."
        raise ProblemError(400, "name-differs", "Erasure not confirmed", sentence)
    names = repositories.person_data.names(person, body.also)
    blockers = find_blockers(scope, person, names)
    blockers += [CatalogText(GROUP, "own")] if access.person == person else []
    if blockers:
        texts = [blocker.text(current_language()) for blocker in blockers]
        raise ProblemError(409, "erasure-blocked", "Something is open", texts[0], {"blockers": texts})
    erased = repositories.person_data.erase(person, body.also)
    for key in erased.keys:
        auth_cache_of(request).forget_key(key)
    return _cleaned(request, scope, home, person, erased)


def _cleaned(request: Request, scope: OrgScope, home: HomeServices, person: str, erased: Erased) -> Response:
    """Delete files, write the database again, search what is left, and answer."""
    repositories = scope.repositories
    photos = 0
    if home.photos is not None:
        photos = home.photos.keep_only(repositories.organisation, (photo.id for photo in repositories.photos.all()))
    is_scrubbed = repositories.person_data.scrub()
    searched = FileSearch(0, 0, (), ())
    if isinstance(home.farm_folder, FilePath):
        searched = search_files(home.farm_folder, erased.names, MOST_SEARCHED_BYTES)
    rows: dict[Any, int] = {}
    for table, count in erased.rows.items():
        kind = kind_of_table(table)
        rows[kind] = rows.get(kind, 0) + count
    return reply(
        request,
        fill(
            ErasureBody,
            searched,
            person=person,
            number=erased.number,
            rows=rows,
            photos=photos,
            is_scrubbed=is_scrubbed,
            searched_files=searched.files,
            searched_bytes=searched.size_bytes,
        ),
    )


def _person_of(scope: OrgScope, access: Access, person: str) -> Person:
    """Return the record of a person; raises NotFound for that of somebody else, unless a manager asks."""
    if access.acts_as is not Role.MANAGER and access.person != person:
        raise NotFound("person", person)
    return scope.repositories.person_data.record(person)


def _item_of(kept: KeptData, language: Language) -> KeptItem:
    def text(part: str) -> str:
        return CatalogText(f"personal_data{part}", kept.kind.value).text(language)

    bounds = lifecycles_of(kept.kind)
    return fill(
        KeptItem,
        kept,
        label=text(""),
        purpose=text("_purpose"),
        basis=text("_basis"),
        kept=" ".join((text("_time"), *(CatalogText("lifecycle_bounds", each).text(language) for each in bounds))),
        on_erasure=text("_erasure"),
    )
