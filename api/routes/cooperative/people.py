"""Import of people, and of the fields that they hold, from a table."""

from __future__ import annotations

from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Query
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.languages import current_language
from api.http.problems import ProblemError, declare_problems, detail_in
from api.http.records import BodyOf
from api.http.router import Router
from api.routes.registry import reply_json
from headland.analysis.cooperative.people_import import PeopleImport, match_people
from headland.formats.tables.by_hand import RowFault
from headland.formats.tables.people import read_people

router = Router(prefix="/v1/people", tags=["registry"], responses=declare_problems(404, 422, 503))

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "CSV with a head, in English or Chinese: number, name, role, language, phone, sms, email, "
        "wechat, post; and of a field that the person holds: field, kind, share, start, end.",
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FAULT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"row": {"type": "integer"}, "column": {"type": "string"}, "detail": {"type": "string"}},
    "required": ["row", "column", "detail"],
}
_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "people": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
        "holdings": {"type": "array", "items": {"$ref": "#/components/schemas/Holding"}},
        "known": {"type": "integer", "description": "People and holdings of the table that are there already."},
        "faults": {"type": "array", "items": _FAULT},
        "encoding": {"type": "string"},
        "stored": {"type": "boolean", "description": "False for a dry run."},
    },
    "required": ["people", "holdings", "known", "faults", "encoding", "stored"],
}
_CONTENT: Final = {"application/json": {"schema": _ANSWER}}
MOST_FAULTS: Final = 1000


@router.post(
    "/import",
    status_code=201,
    openapi_extra=_BODY,
    responses={
        201: {"description": "The new people and holdings.", "content": _CONTENT},
        200: {"description": "What a dry run would add.", "content": _CONTENT},
        **declare_problems(400, 409, 413),
    },
)
def import_people(
    scope: ScopeOf,
    body: BodyOf,
    dry_run: Annotated[bool, Query(description="Return what would be added and each fault, and add nothing.")] = False,
) -> Response:
    """Import people and their holdings: all of them, or none with the faults of each row in `faults`.

    A person is recognised by the number, else by the name; a field by its name. Who is there already is left as is, so
    a table can be imported again. Days begin at midnight of the field's site.
    """
    repositories = scope.repositories
    table = read_people(body)
    found = match_people(
        table,
        list(repositories.people.all()),
        list(repositories.fields.all()),
        list(repositories.holdings.all()),
        {site.id: ZoneInfo(site.time_zone) for site in repositories.sites.all()},
    )
    no_table = [fault for fault in table.faults if not fault.row]
    if dry_run and not no_table:
        return reply_json(_shown(found, table.encoding.name, stored=False), 200)
    if found.faults:
        faults = [show_fault(fault) for fault in found.faults[:MOST_FAULTS]]
        sentence = f"{len(found.faults)} rows have faults: correct them, or import a dry run first."
        if no_table:
            sentence = no_table[0].detail
        raise ProblemError(400, "import-refused", "Import refused", sentence, {"faults": faults})
    people, holdings = repositories.add_people(found.people, found.holdings)
    stored = PeopleImport(tuple(people), tuple(holdings), found.known, ())
    return reply_json(_shown(stored, table.encoding.name, stored=True), 201)


def _shown(found: PeopleImport, encoding: str, *, stored: bool) -> dict[str, Any]:
    return {
        "people": found.people,
        "holdings": found.holdings,
        "known": found.known,
        "faults": [show_fault(fault) for fault in found.faults[:MOST_FAULTS]],
        "encoding": encoding,
        "stored": stored,
    }


def show_fault(fault: RowFault) -> dict[str, Any]:
    """Return a fault of a row in the language of the request."""
    detail = detail_in(current_language(), "import-refused", fault.detail)
    return {"row": fault.row, "column": fault.column, "detail": detail}
