"""Envelope of BrAPI: metadata with pagination and status, and the result; filters of lists and searches."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from fastapi import Request
from starlette.responses import Response

from api.http.problems import ProblemError
from headland.plain_numbers import is_digits
from headland.registry.models.errors import NotFound

ROOT: Final = "/brapi/v2"
MOST_PAGE: Final = 1000
#: Characters of a search's id, which stands in an address.
_LONGEST_SEARCH: Final = 1500
#: Parameters of every list that say how it is paged or shown.
_PAGING: Final = frozenset(("page", "pageSize", "pageToken"))
#: Names that BrAPI v2.1 gives parameters of the lists that are served, by `Specification` of plantbreeding/BrAPI at
#: V2.1 (0c305978): one that is no filter here is named as not used.
#: A name of no list is refused: a list that ignores a misspelt filter is another list.
_LEVEL: Final = ("Name", "Order", "Code")
PARAMETERS: Final = frozenset((
    "page", "pageSize", "pageToken", "sortBy", "sortOrder", "contentType", "dataType",
    "externalReferenceId", "externalReferenceID", "externalReferenceSource", "commonCropName",
    "programDbId", "programName", "programType", "abbreviation", "active", "contactDbId",
    "trialDbId", "trialName", "trialPUI", "searchDateRangeStart", "searchDateRangeEnd",
    "studyDbId", "studyName", "studyType", "studyCode", "studyPUI", "seasonDbId", "seasonName", "season", "year",
    "locationDbId", "locationName", "locationType", "parentLocationDbId", "parentLocationName",
    "observationUnitDbId", "observationUnitName", "includeObservations",
    *(f"observationUnitLevel{part}" for part in _LEVEL),
    *(f"observationUnitLevelRelationship{part}" for part in (*_LEVEL, "DbId")),
    "observationDbId", "observationVariableDbId", "observationVariableName", "observationVariablePUI",
    "observationTimeStampRangeStart", "observationTimeStampRangeEnd",
    *(f"{thing}{part}" for thing in ("method", "scale", "trait") for part in ("DbId", "Name", "PUI")), "traitClass",
    "germplasmDbId", "germplasmName", "germplasmPUI", "accessionNumber", "collection", "binomialName", "genus",
    "species", "synonym", "parentDbId", "progenyDbId", "ontologyDbId", "observationLevel", "searchResultsDbId",
))  # fmt: skip
Entity = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EntityRow:
    """An entity as BrAPI shows it, and the values by which a list can be filtered beside those of the entity."""

    entity: Entity
    also: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, name: str, wanted: frozenset[str]) -> bool:
        """Tell whether a value, or one of several, is among the wanted ones."""
        value = self.also[name] if name in self.also else self.entity.get(name)
        values = value if isinstance(value, (list, tuple, set, frozenset)) else (value,)
        return any(_text(each) in wanted for each in values if each is not None)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list or a search asks for: the page, and wanted values by the name of the filter."""

    page: int
    size: int
    wanted: Mapping[str, frozenset[str]]


def read_query(request: Request, names: Iterable[str]) -> tuple[ListQuery, list[str]]:
    """Return what a GET asks for, and the names of parameters that are no filter; raises ProblemError (400)."""
    known = frozenset(names)
    query = request.query_params
    wanted = {name: frozenset(query.getlist(name)) for name in query if name in known and query[name] != ""}
    return (
        ListQuery(_number(query.get("page"), "page", 0), _size(query.get("pageSize")), wanted),
        sorted(set(query) - known - _PAGING),
    )


def read_search(body: bytes, names: Mapping[str, str]) -> tuple[ListQuery, list[str]]:
    """Return what a search asks for; `names` maps its lists to filters. Raises ProblemError (422, 400)."""
    asked = read_json(body or b"{}", dict[str, Any])
    wanted: dict[str, frozenset[str]] = {}
    for name, value in asked.items():
        if name in names and isinstance(value, list) and value:
            wanted[names[name]] = frozenset(
                _text(each.get("levelName") if isinstance(each, dict) else each) for each in value
            )
    ask = ListQuery(_number(asked.get("page"), "page", 0), _size(asked.get("pageSize")), wanted)
    return ask, sorted(name for name in asked if name not in names and name not in _PAGING)


def write_search_id(body: bytes) -> str | None:
    """Return the id of a search: what was asked for, so that nothing is kept here; None where it is too long."""
    key = urlsafe_b64encode(body or b"{}").rstrip(b"=").decode()
    return key if len(key) <= _LONGEST_SEARCH else None


def read_search_id(key: str) -> bytes:
    """Return what a search asked for; raises NotFound for an id that is none."""
    try:
        return urlsafe_b64decode(key + "=" * (-len(key) % 4))
    except ValueError as error:
        raise NotFound("search", key[:64]) from error


def reply_list(
    rows: Iterable[EntityRow],
    ask: ListQuery,
    ignored: Sequence[str] = (),
    notes: Sequence[str] = (),
    search: str | None = None,
) -> Response:
    """Return a page of the entities that match; `search` is the id of the search that it answers."""
    found = [row.entity for row in rows if all(row.matches(name, wanted) for name, wanted in ask.wanted.items())]
    shown = found[ask.page * ask.size : (ask.page + 1) * ask.size]
    pagination = {
        "currentPage": ask.page,
        "pageSize": len(shown),
        "totalCount": len(found),
        "totalPages": -(-len(found) // ask.size),
    }
    warnings = [*(f"Not used: {name}." for name in ignored), *notes]
    result: Entity = {"data": shown}
    if search is not None:
        result["searchResultsDbId"] = search
    return _reply(result, pagination, warnings)


def reply_stored(entities: Sequence[Entity], notes: Sequence[str] = ()) -> Response:
    """Return stored entities, all on one page, in the order in which they were sent."""
    count = len(entities)
    pagination = {"currentPage": 0, "pageSize": count, "totalCount": count, "totalPages": 1}
    return _reply({"data": list(entities)}, pagination, notes)


def reply_one(entity: Entity, notes: Sequence[str] = ()) -> Response:
    """Return one entity."""
    pagination = {"currentPage": 0, "pageSize": 1, "totalCount": 1, "totalPages": 1}
    return _reply(entity, pagination, notes)


def read_json(body: bytes, kind: type[T]) -> T:
    """Return a body as a type; raises ProblemError (422)."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(422, "bad-body", "Invalid request body", f"Correct the body: {error}.") from error


def _reply(result: Entity, pagination: Mapping[str, int], notes: Sequence[str]) -> Response:
    status = [{"message": note, "messageType": "WARNING"} for note in notes]
    body = {"metadata": {"datafiles": [], "pagination": pagination, "status": status}, "result": result}
    return Response(msgspec.json.encode(body), headers={"Cache-Control": "no-cache"}, media_type="application/json")


def _size(value: object) -> int:
    return min(max(_number(value, "pageSize", MOST_PAGE), 1), MOST_PAGE)


def _number(value: object, name: str, usual: int) -> int:
    if value is None or value == "":
        return usual
    text = str(value)
    if not is_digits(text, 9):
        raise ProblemError(400, "bad-page", "Invalid page", f"Set {name} to a number from 0.")
    return int(text)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
