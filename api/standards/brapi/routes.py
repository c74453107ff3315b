"""Routes of BrAPI v2.1: what Field Book and other programs of breeders call, scoped to the key's organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError
from api.http.records import BodyOf
from api.http.router import Router
from api.standards.brapi import requests as sent
from api.standards.brapi.entities import PLOT_LEVEL, BrapiCatalog, germplasm_entity, unit_id, variable_entity
from api.standards.brapi.envelope import (
    PARAMETERS,
    ROOT,
    Entity,
    EntityRow,
    ListQuery,
    read_json,
    read_query,
    read_search,
    read_search_id,
    reply_list,
    reply_one,
    reply_stored,
    write_search_id,
)
from headland.registry.models.errors import NotFound
from headland.registry.models.trials import PlotObservation, TrialVariable
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

# BrAPI describes these paths in its own OpenAPI documents; ours has those of Headland.
router = Router(prefix=ROOT, tags=["brapi"], include_in_schema=False, reads=PARAMETERS)

_STUDY: Final = ("programDbId", "trialDbId", "studyDbId", "locationDbId", "seasonDbId")
_UNIT_LEVEL: Final = ("observationUnitLevelName", "observationUnitLevelCode")
#: Collections that are listed and searched: their filters.
_FILTERS: Final[dict[str, tuple[str, ...]]] = {
    "programs": ("programDbId", "programName", "commonCropName", "programType"),
    "locations": ("locationDbId", "locationName", "locationType"),
    "seasons": ("seasonDbId", "seasonName", "season", "year"),
    "trials": (*_STUDY[:4], "trialName", "programName", "commonCropName", "active"),
    "studies": (
        *_STUDY, "studyName", "studyType", "trialName", "programName", "commonCropName", "active", "germplasmDbId",
        "observationVariableDbId",
    ),
    "observationunits": (
        *_STUDY, *_UNIT_LEVEL, "observationUnitDbId", "observationUnitName", "germplasmDbId", "germplasmName",
    ),
    "observations": (
        *_STUDY, *_UNIT_LEVEL, "observationDbId", "observationUnitDbId", "observationVariableDbId", "germplasmDbId",
        "observationVariableName",
    ),
    "variables": ("observationVariableDbId", "observationVariableName", "studyDbId", "traitName"),
    "germplasm": (
        "germplasmDbId", "germplasmName", "germplasmPUI", "commonCropName", "accessionNumber", "studyDbId", "trialDbId",
        "synonym",
    ),
}  # fmt: skip
_PLURALS: Final = {
    "observationUnitLevelName": "observationLevels",
    "commonCropName": "commonCropNames",
    "synonym": "synonyms",
    "studyType": "studyTypes",
    "active": "active",
    "year": "years",
    "season": "seasons",
}
_ROWS: Final[dict[str, Callable[[BrapiCatalog], Iterator[EntityRow]]]] = {
    "programs": BrapiCatalog.programs,
    "locations": BrapiCatalog.locations,
    "seasons": BrapiCatalog.seasons,
    "trials": BrapiCatalog.trial_rows,
    "studies": BrapiCatalog.studies,
    "observationunits": BrapiCatalog.units,
    "observations": BrapiCatalog.observations,
    "variables": BrapiCatalog.variables,
    "germplasm": BrapiCatalog.germplasm,
}
_CALLS: Final = (
    ("serverinfo", ("GET",)),
    ("commoncropnames", ("GET",)),
    ("studytypes", ("GET",)),
    ("observationlevels", ("GET",)),
    *((name, ("GET",)) for name in ("programs", "locations", "seasons", "trials")),
    *((name, ("GET", "POST")) for name in ("studies", "observationunits", "variables", "germplasm")),
    ("observations", ("GET", "POST", "PUT")),
    ("observations/table", ("GET",)),
    *((f"{name}/{{{key}}}", ("GET",)) for name, key in (
        ("programs", "programDbId"), ("locations", "locationDbId"), ("seasons", "seasonDbId"), ("trials", "trialDbId"),
        ("studies", "studyDbId"), ("observationunits", "observationUnitDbId"), ("observations", "observationDbId"),
        ("variables", "observationVariableDbId"), ("germplasm", "germplasmDbId"),
    )),
    *((f"search/{name}", ("POST",)) for name in _FILTERS if name != "seasons"),
    *((f"search/{name}/{{searchResultsDbId}}", ("GET",)) for name in _FILTERS if name != "seasons"),
)  # fmt: skip
_KEYS: Final = {
    "programs": "programDbId",
    "locations": "locationDbId",
    "seasons": "seasonDbId",
    "trials": "trialDbId",
    "studies": "studyDbId",
    "observationunits": "observationUnitDbId",
    "observations": "observationDbId",
    "variables": "observationVariableDbId",
    "germplasm": "germplasmDbId",
}
#: Columns of a table before those of its variables.
_COLUMNS: Final = (
    "studyDbId", "studyName", "observationUnitDbId", "observationUnitName", "germplasmDbId", "germplasmName",
    "positionCoordinateX", "positionCoordinateY",
)  # fmt: skip


@router.get("/serverinfo")
def get_server_info(request: Request) -> Response:
    """Name this server and list its calls."""
    ask, ignored = read_query(request, ("contentType", "dataType"))
    del ask, ignored
    calls = [
        {
            "service": service,
            "methods": list(methods),
            "versions": ["2.0", "2.1"],
            "contentTypes": ["application/json"],
            "dataTypes": ["application/json"],
        }
        for service, methods in _CALLS
    ]
    return reply_one(
        {"serverName": "Headland", "serverDescription": "BrAPI v2.1 of a Headland station", "calls": calls}
    )


@router.get("/commoncropnames")
def list_crops(request: Request, scope: ScopeOf) -> Response:
    """List the crops of germplasm and seasons."""
    ask, ignored = read_query(request, ())
    return _plain(BrapiCatalog(scope.repositories).crops(), ask, ignored)


@router.get("/studytypes")
def list_study_types(request: Request) -> Response:
    """List the types of studies."""
    ask, ignored = read_query(request, ())
    return _plain(["Field trial"], ask, ignored)


@router.get("/observationlevels")
def list_levels(request: Request) -> Response:
    """List the levels on which observations are made: plots."""
    ask, ignored = read_query(request, ("studyDbId", "trialDbId", "programDbId"))
    return reply_list([EntityRow(dict(PLOT_LEVEL))], ListQuery(ask.page, ask.size, {}), ignored)


@router.get("/observations/table")
def get_table(request: Request, scope: ScopeOf) -> Response:
    """Return the observations of plots as a table: a row for each plot, a column for each variable."""
    ask, ignored = read_query(request, _FILTERS["observations"])
    catalog = BrapiCatalog(scope.repositories)
    study = next(iter(ask.wanted.get("studyDbId", ())), None)
    rows = [row for row in catalog.observations(study) if all(row.matches(*each) for each in ask.wanted.items())]
    found = [row.entity for row in rows]
    units = {row.entity["observationUnitDbId"]: row.entity for row in catalog.units(study)}
    variables = {each["observationVariableDbId"]: each["observationVariableName"] for each in found}
    cells: dict[str, dict[str, str]] = {}
    for each in sorted(found, key=lambda each: str(each.get("observationTimeStamp", ""))):
        cells.setdefault(each["observationUnitDbId"], {})[each["observationVariableDbId"]] = each["value"]
    data = [
        [*(_cell(units[name], column) for column in _COLUMNS), *(values.get(each, "") for each in variables)]
        for name, values in cells.items()
        if name in units
    ]
    page = data[ask.page * ask.size : (ask.page + 1) * ask.size]
    table = {
        "headerRow": list(_COLUMNS),
        "observationVariables": [
            {"observationVariableDbId": key, "observationVariableName": name} for key, name in variables.items()
        ],
        "data": page,
    }
    return reply_one(table, [f"Not used: {name}." for name in ignored])


@router.get("/{collection}")
def list_entities(request: Request, scope: ScopeOf, collection: str) -> Response:
    """List the entities of a collection by its filters."""
    filters = _filters(collection)
    also = ("includeObservations",) if collection == "observationunits" else ()
    ask, ignored = read_query(request, (*filters, *also))
    catalog = BrapiCatalog(scope.repositories)
    study = next(iter(ask.wanted.get("studyDbId", ())), None) if len(ask.wanted.get("studyDbId", ())) == 1 else None
    if collection == "observationunits":
        included = ask.wanted.get("includeObservations") == frozenset(("true",))
        wanted = {name: values for name, values in ask.wanted.items() if name != "includeObservations"}
        rows = catalog.units(study, _by_unit(catalog, study) if included else None)
        return reply_list(rows, ListQuery(ask.page, ask.size, wanted), ignored)
    if collection == "observations":
        return reply_list(catalog.observations(study), ask, ignored)
    return reply_list(_ROWS[collection](catalog), ask, ignored)


@router.post("/search/{collection}")
def search_entities(scope: ScopeOf, collection: str, body: BodyOf) -> Response:
    """Search a collection by lists of values; the answer comes at once, and can be read again by its id."""
    ask, ignored = read_search(body, _plurals(collection))
    rows = _ROWS[collection](BrapiCatalog(scope.repositories))
    return reply_list(rows, ask, ignored, search=write_search_id(body))


@router.get("/search/{collection}/{key}")
def read_search_again(request: Request, scope: ScopeOf, collection: str, key: str) -> Response:
    """Return a page of a search by its id, which holds what was asked for."""
    ask, ignored = read_search(read_search_id(key), _plurals(collection))
    page, unused = read_query(request, ())
    rows = _ROWS[collection](BrapiCatalog(scope.repositories))
    return reply_list(rows, ListQuery(page.page, page.size, ask.wanted), [*ignored, *unused], search=key)


@router.get("/{collection}/{key}")
def get_entity(scope: ScopeOf, collection: str, key: str) -> Response:
    """Return one entity."""
    _filters(collection)
    name = _KEYS[collection]
    for row in _ROWS[collection](BrapiCatalog(scope.repositories)):
        if row.entity[name] == key:
            return reply_one(row.entity)
    raise NotFound(name, key[:64])


@router.post("/observations")
def add_observations(scope: ScopeOf, body: BodyOf) -> Response:
    """Store observations, all or none; one that was sent before is the same by its external references."""
    repositories = scope.repositories
    bodies = read_json(body, list[sent.ObservationBody])
    notes = sent.not_kept(body, sent.ObservationBody)
    variables = _variables(repositories)
    made = [sent.observation_of(each, _variable(variables, each.observation_variable_db_id), notes) for each in bodies]
    stored = repositories.plot_observations.add_all(made)
    catalog = BrapiCatalog(repositories)
    return reply_stored([catalog.observation(each) for each in stored], notes)


@router.put("/observations")
def change_observations(scope: ScopeOf, body: BodyOf) -> Response:
    """Change observations by their ids, all or none; the audit log keeps the values before."""
    repositories = scope.repositories
    bodies = read_json(body, dict[str, sent.ObservationBody])
    notes = sent.not_kept(body, sent.ObservationBody)
    changed = [_changed(repositories, key, each, notes) for key, each in bodies.items()]
    stored = repositories.plot_observations.change_all(changed)
    catalog = BrapiCatalog(repositories)
    return reply_stored([catalog.observation(each) for each in stored], notes)


@router.put("/observations/{key}")
def change_observation(scope: ScopeOf, key: str, body: BodyOf) -> Response:
    """Change one observation."""
    repositories = scope.repositories
    notes: list[str] = []
    changed = _changed(repositories, key, read_json(body, sent.ObservationBody), notes)
    (stored,) = repositories.plot_observations.change_all([changed])
    return reply_one(BrapiCatalog(repositories).observation(stored), notes)


@router.post("/variables")
def add_variables(scope: ScopeOf, body: BodyOf) -> Response:
    """Store observation variables, all or none."""
    bodies = read_json(body, list[sent.VariableBody])
    stored = scope.repositories.trial_variables.add_all([sent.variable_of(each) for each in bodies])
    return reply_stored([variable_entity(each) for each in stored], sent.not_kept(body, sent.VariableBody))


@router.post("/germplasm")
def add_germplasm(scope: ScopeOf, body: BodyOf) -> Response:
    """Store germplasm, all or none."""
    bodies = read_json(body, list[sent.GermplasmBody])
    stored = scope.repositories.germplasm.add_all([sent.germplasm_of(each) for each in bodies])
    return reply_stored([germplasm_entity(each) for each in stored], sent.not_kept(body, sent.GermplasmBody))


@router.post("/studies")
def add_studies(scope: ScopeOf, body: BodyOf) -> Response:
    """Store studies of another program, all or none: each is a trial whose plots follow as observation units."""
    repositories = scope.repositories
    bodies = read_json(body, list[sent.StudyBody])
    stored = repositories.trials.add_all([sent.trial_of(each) for each in bodies])
    catalog = BrapiCatalog(repositories)
    return reply_stored([catalog.study(each) for each in stored], sent.not_kept(body, sent.StudyBody))


@router.post("/observationunits")
def add_units(scope: ScopeOf, body: BodyOf) -> Response:
    """Add plots to a study of another program."""
    repositories = scope.repositories
    bodies = read_json(body, list[sent.UnitBody])
    studies = {each.study_db_id for each in bodies}
    if len(studies) != 1:
        sentence = "Send the units of one study at a time."
        raise ProblemError(400, "bad-units", "Invalid observation units", sentence)
    trial = repositories.trials.get(studies.pop())
    changed = repositories.trials.change(sent.with_units(trial, bodies))
    new = {unit_id(trial.id, plot.number) for plot in changed.plots[len(trial.plots) :]}
    rows = BrapiCatalog(repositories).units(trial.id)
    entities = [row.entity for row in rows if row.entity["observationUnitDbId"] in new]
    return reply_stored(entities, sent.not_kept(body, sent.UnitBody))


def _plurals(collection: str) -> dict[str, str]:
    """Return the filters of a collection by the names of their lists in a search."""
    return {_PLURALS.get(name, f"{name}s"): name for name in _filters(collection)}


def _filters(collection: str) -> tuple[str, ...]:
    if collection not in _FILTERS:
        raise NotFound("call", collection[:64])
    return _FILTERS[collection]


def _plain(values: list[str], ask: ListQuery, ignored: list[str]) -> Response:
    """Return a page of texts, which are their own entities."""
    rows: list[Any] = [EntityRow(value, {}) for value in values]  # type: ignore[arg-type]  # crops and types are texts
    return reply_list(rows, ask, ignored)


def _by_unit(catalog: BrapiCatalog, study: str | None) -> dict[str, list[Entity]]:
    observed: dict[str, list[Entity]] = {}
    for row in catalog.observations(study):
        observed.setdefault(row.entity["observationUnitDbId"], []).append(row.entity)
    return observed


def _cell(unit: Entity, column: str) -> str:
    return str(unit.get(column, unit["observationUnitPosition"].get(column, "")))


def _variables(repositories: OrganisationRepositories) -> dict[str, TrialVariable]:
    return {each.id: each for each in repositories.trial_variables.all()}


def _variable(variables: dict[str, TrialVariable], key: str | None) -> TrialVariable:
    if key not in variables:
        raise NotFound("observation variable", str(key)[:64])
    return variables[key or ""]


def _changed(
    repositories: OrganisationRepositories, key: str, body: sent.ObservationBody, notes: list[str]
) -> PlotObservation:
    before = repositories.plot_observations.records.get(key)
    variable = repositories.trial_variables.get(before.variable, also_deleted=True)
    return sent.changed_observation(before, body, variable, notes)
