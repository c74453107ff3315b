"""Routes of SensorThings: the service document, and one route for all resource paths."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request
from starlette.responses import PlainTextResponse, Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.standards.sensorthings.catalog import EntityCatalog
from api.standards.sensorthings.entities import ENTITY_TYPES, OBSERVATION
from api.standards.sensorthings.filter_parser import FilterError
from api.standards.sensorthings.query_options import Options, read_options
from api.standards.sensorthings.resource_path import PathTarget, resolve_path
from api.standards.sensorthings.serializer import Serializer, to_json_value
from headland.analysis.inputs.scope import OrgScope

_ROOT: Final = "/sta/v1.1"
_SKIPTOKEN: Final = "$skiptoken"
_RESULT_FORMAT: Final = "$resultFormat"
_OPTIONS: Final = ("$filter", "$expand", "$select", "$orderby", "$top", "$skip", "$count")

#: Requirement classes of OGC 18-088 that are implemented in full.
CONFORMANCE: Final = [
    f"http://www.opengis.net/spec/iot_sensing/1.1/req/{name}"
    for name in (
        "datamodel",
        "resource-path/resource-path-to-entities",
        "request-data/status-code",
        "request-data/query-status-code",
        "request-data/order",
        "request-data/expand",
        "request-data/select",
        "request-data/orderby",
        "request-data/skip",
        "request-data/top",
        "request-data/count",
        "request-data/filter",
        "request-data/built-in-filter-operations",
        "request-data/pagination",
        "data-array/data-array",
    )
]

_JSON: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "An entity, a collection with `value` and `@iot.nextLink`, a field, or its raw value.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}

router = Router(prefix=_ROOT, tags=["sensorthings"], responses=declare_problems(503))


@router.get("", response_class=Response, responses={200: _JSON[200]})
def get_sensor_things(request: Request) -> Response:
    """List the collections and the implemented requirements of OGC SensorThings 1.1."""
    root = f"{str(request.base_url).rstrip('/')}{_ROOT}"
    value = [{"name": plural, "url": f"{root}/{plural}"} for plural in ENTITY_TYPES]
    return reply(request, {"value": value, "serverSettings": {"conformance": CONFORMANCE}})


class AskedOptions:
    """The query options of the standard, declared for the document; their values are read from the raw query."""

    def __init__(
        self,
        condition: Annotated[
            str | None, Query(alias="$filter", description="A condition on the entities.", max_length=2000)
        ] = None,
        expand: Annotated[
            str | None, Query(alias="$expand", description="Relations to include.", max_length=2000)
        ] = None,
        select: Annotated[
            str | None, Query(alias="$select", description="Fields and relations to return.", max_length=500)
        ] = None,
        orderby: Annotated[
            str | None, Query(alias="$orderby", description="Sort keys, as in `phenomenonTime desc`.", max_length=500)
        ] = None,
        top: Annotated[
            int | None, Query(alias="$top", description="Entities per page: 100 by default, at most 10000.", ge=0)
        ] = None,
        skip: Annotated[int | None, Query(alias="$skip", description="Number of entities to skip.", ge=0)] = None,
        count: Annotated[bool | None, Query(alias="$count", description="Whether to return the total number.")] = None,
        result_format: Annotated[
            str | None,
            Query(
                alias=_RESULT_FORMAT, description="`dataArray` returns Observations as arrays.", pattern="^dataArray$"
            ),
        ] = None,
        skiptoken: Annotated[
            str | None,
            Query(alias=_SKIPTOKEN, description="Position of the next page, from `@iot.nextLink`.", max_length=300),
        ] = None,
    ) -> None:
        del condition, expand, select, orderby, top, skip, count
        self.paging = (result_format, skiptoken)


Asked = Annotated[AskedOptions, Depends()]
_ANSWERS = {**_JSON, **declare_problems(400, 404, 422)}


# Two paths have a route of their own, as POST has one there: the document says what each path accepts.
@router.get("/Observations", response_class=Response, responses=_ANSWERS)
def get_observations(request: Request, scope: ScopeOf, asked: Asked) -> Response:
    """Return Observations, as `GET /sta/v1.1/{resource}` does."""
    return _answer(request, scope, "Observations", asked)


@router.get("/Datastreams({datastream})/Observations", response_class=Response, responses=_ANSWERS)
def get_observations_of(
    request: Request,
    scope: ScopeOf,
    asked: Asked,
    datastream: Annotated[str, Path(description="Quoted id of a Datastream.", max_length=300)],
) -> Response:
    """Return the Observations of a Datastream, as `GET /sta/v1.1/{resource}` does."""
    return _answer(request, scope, f"Datastreams({datastream})/Observations", asked)


@router.get("/{resource:path}", response_class=Response, responses=_ANSWERS)
def get_resource(
    request: Request,
    scope: ScopeOf,
    asked: Asked,
    resource: Annotated[
        str,
        Path(
            description="As in the standard: `Things`, `Things('gh-1')/Datastreams`, `Datastreams('gh-1:co2_ppm')`.",
            max_length=500,
            openapi_examples={"things": {"value": "Things"}},
        ),
    ],
) -> Response:
    """Return measurements by OGC SensorThings 1.1, for QGIS and other GIS programs.

    A suspect or failed sample is an Observation as well: `resultQuality` lists its QARTOD flag (1 good, 2 not
    evaluated, 3 suspect, 4 failed), `parameters` has it as the number `qartod`. `$filter=resultQuality le 2` leaves
    those out.
    """
    return _answer(request, scope, resource, asked) if resource else get_sensor_things(request)


def _answer(request: Request, scope: OrgScope, resource: str, asked: AskedOptions) -> Response:
    written = _query_options(request)
    with EntityCatalog(scope) as catalog:
        return _respond(request, catalog, resource, written, asked.paging)


def _respond(
    request: Request,
    catalog: EntityCatalog,
    resource: str,
    written: dict[str, str],
    paging: tuple[str | None, str | None],
) -> Response:
    target = resolve_path(catalog, resource)
    serializer = Serializer(catalog, f"{str(request.base_url).rstrip('/')}{_ROOT}", catalog.scope.now_ms)
    if target.field:
        return _reply_field(request, target)
    try:
        options = read_options(written, target.kind)
    except FilterError as error:
        raise ProblemError(400, "bad-query", "Invalid query", f"The query {error}.") from error
    if target.entity is not None:
        body = serializer.entity(target.entity, options)
        return reply(request, {"@iot.selfLink": serializer.link(target.entity)} if target.as_reference else body)
    return reply(request, _collection(request, serializer, target, options, paging))


def _collection(
    request: Request,
    serializer: Serializer,
    target: PathTarget,
    options: Options,
    paging: tuple[str | None, str | None],
) -> dict[str, Any]:
    result_format, skiptoken = paging
    if (result_format or skiptoken) and target.kind is not OBSERVATION:
        raise ProblemError(
            400, "bad-query", "Invalid query", f"{_RESULT_FORMAT} and {_SKIPTOKEN} are for Observations."
        )
    page = serializer.page(target.kind, target.parent, target.relation, options, skiptoken)
    address = str(request.url.replace(query="", fragment=""))
    if result_format:
        if page.following is not None:
            page.following += f"&{_RESULT_FORMAT}={result_format}"
        return serializer.data_array(page, options, address)
    if target.as_reference:
        return serializer.collection(page, Options(select=frozenset({"@iot.selfLink"})), address)
    return serializer.collection(page, options, address)


def _reply_field(request: Request, target: PathTarget) -> Response:
    assert target.entity is not None  # noqa: S101 # a field is of an entity
    value = to_json_value(target.entity.value_of(target.field))
    if value is None:
        raise ProblemError(404, "unknown-entity", "No such entity", f"{target.entity.id} has no {target.field}.")
    if target.as_value and not isinstance(value, dict | list):
        return PlainTextResponse(str(value))
    return reply(request, value if target.as_value else {target.field: value})


def _query_options(request: Request) -> dict[str, str]:
    """Return the query options as text."""
    return {name: request.query_params[name] for name in _OPTIONS if name in request.query_params}
