"""Routes of OGC API Features 1.0.1 (core, GeoJSON), for QGIS and other map programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import Path, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.standards.ogc_features.api_document import describe_api
from api.standards.ogc_features.collections import LAYERS, Feature, Layer, LayerRead
from api.standards.ogc_features.extents import describe_extents
from api.standards.ogc_features.feature_schemas import schema_of
from api.standards.ogc_features.query import BBOX_PATTERN, DEFAULT_FEATURES, MOST_FEATURES, FeatureQuery, read_query
from headland.analysis.inputs.window import utc_of

_JSON: Final = "application/json"
_GEOJSON: Final = "application/geo+json"
_OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"
_OPENAPI_WHOLE: Final = "application/vnd.oai.openapi+json;version=3.1"
_SCHEMA: Final = "application/schema+json"
_SCHEMA_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/schema"
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
)
_OBJECT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "An object of the standard.", "content": {_JSON: {"schema": {"type": "object"}}}}
}
_FEATURES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "GeoJSON (RFC 7946).", "content": {_GEOJSON: {"schema": {"type": "object"}}}}
}

LayerId = Annotated[str, Path(description=f"One of {', '.join(LAYERS)}.", pattern="^[a-z-]{1,40}$")]
#: Parameters are declared as in the standard; invalid values give 400, not 422.
Bbox = Annotated[
    str | None,
    Query(
        description="west,south,east,north [deg]: only features that intersect it.",
        json_schema_extra={"pattern": BBOX_PATTERN, "example": "119.1,31.9,119.2,32.0"},
    ),
]
Datetime = Annotated[
    str | None,
    Query(
        alias="datetime",
        description="An instant with a zone, or two with / between; .. is open.",
        openapi_examples={"day": {"value": "2026-11-24T00:00:00Z/2026-11-25T00:00:00Z"}},
    ),
]
LimitOf = Annotated[
    str | None,
    Query(
        description=f"Features per page, {DEFAULT_FEATURES} by default; more than {MOST_FEATURES} are never sent.",
        json_schema_extra={"type": "integer", "minimum": 1},
    ),
]
CursorOf = Annotated[str | None, Query(description="From the link `next`.", max_length=200)]
PassId = Annotated[str | None, Query(description="Only features of this pass (passes, as-applied).", max_length=120)]

#: Clients name the form of an answer; there is one.
router = Router(prefix="/ogc", tags=["maps"], responses=declare_problems(400, 404, 422, 503), reads=("f",))


@router.get("", responses=_OBJECT)
def get_landing(request: Request) -> Response:
    """Return the landing page of OGC API Features."""
    base = _base_of(request)
    links = [
        _link(base, "self", _JSON, "This page"),
        _link(f"{base}/api", "service-desc", _OPENAPI, "OpenAPI document of the map features"),
        _link(f"{str(request.base_url).rstrip('/')}/openapi.json", "service-desc", _OPENAPI_WHOLE, "OpenAPI document"),
        _link(f"{base}/conformance", "conformance", _JSON, "Conformance classes"),
        _link(
            f"{base}/conformance", "http://www.opengis.net/def/rel/ogc/1.0/conformance", _JSON, "Conformance classes"
        ),
        _link(f"{base}/collections", "data", _JSON, "Collections"),
    ]
    body = {"title": "Headland", "description": "Map layers of a farm, read only.", "links": links}
    return reply(request, body)


@router.get("/api", responses={200: {"description": "OpenAPI 3.0.", "content": {_OPENAPI: {}}}})
def get_api(request: Request) -> Response:
    """Return the OpenAPI 3.0 document of the map features alone, as the standard's clients read it."""
    return Response(orjson.dumps(describe_api(_base_of(request))), media_type=_OPENAPI)


@router.get("/conformance", responses=_OBJECT)
def get_conformance(request: Request) -> Response:
    """List the implemented conformance classes."""
    return reply(request, {"conformsTo": list(_CONFORMANCE)})


@router.get("/collections", responses=_OBJECT)
def get_collections(request: Request, scope: ScopeOf) -> Response:
    """List the collections, each with the box and the time of its features."""
    base = _base_of(request)
    links = [_link(f"{base}/collections", "self", _JSON, "This list")]
    extents = describe_extents(scope)
    described = [_describe(base, layer, extents[layer.id]) for layer in LAYERS.values()]
    return reply(request, {"links": links, "collections": described})


@router.get("/collections/{collection}", responses=_OBJECT)
def get_collection(request: Request, scope: ScopeOf, collection: LayerId) -> Response:
    """Return a collection's description."""
    layer = _layer(collection)
    return reply(request, _describe(_base_of(request), layer, describe_extents(scope, (layer,))[layer.id]))


@router.get(
    "/collections/{collection}/schema", responses={200: {"description": "JSON Schema.", "content": {_SCHEMA: {}}}}
)
def get_schema(request: Request, scope: ScopeOf, collection: LayerId) -> Response:
    """Return the JSON Schema of a collection's features (Part 5): the type of each property; any may be null."""
    layer = _layer(collection)
    address = f"{_base_of(request)}/collections/{layer.id}/schema"
    return Response(orjson.dumps(schema_of(scope, layer.id, layer.title, address)), media_type=_SCHEMA)


@router.get("/collections/{collection}/items", responses=_FEATURES)
def get_items(
    request: Request,
    scope: ScopeOf,
    collection: LayerId,
    bbox: Bbox = None,
    time: Datetime = None,
    limit: LimitOf = None,
    cursor: CursorOf = None,
    pass_id: PassId = None,
) -> Response:
    """List the features of a collection; the link `next` leads to the next page.

    Names of numbers end in their unit, or state it in brackets; `source` names the origin of a feature and `quality`
    its quality. Unknown values are null. `numberMatched` is left out while many maps are not computed yet.
    """
    layer = _layer(collection)
    read = LayerRead(scope, replace(read_query(bbox, time, limit, cursor), pass_id=pass_id))
    most, matched = read.query.limit, None
    if layer.count is None:
        every = list(_matching(layer, read))
        matched = len(every)
        features = [item for item in every if item.key > read.query.after][: most + 1]
    else:
        features = list(islice((item for item in _matching(layer, read) if item.key > read.query.after), most + 1))
        matched = layer.count(read)
    page = features[:most]
    links = [
        _link(str(request.url), "self", _GEOJSON, "This page"),
        _link(f"{_base_of(request)}/collections/{layer.id}", "collection", _JSON, layer.title),
    ]
    if len(features) > most:
        query = {**request.query_params, "cursor": page[-1].key}
        links.append(_link(f"{str(request.url).split('?')[0]}?{urlencode(query)}", "next", _GEOJSON, "The next page"))
    body = {
        "type": "FeatureCollection",
        "timeStamp": utc_of(scope.now_ms),
        **({} if matched is None else {"numberMatched": matched}),
        "numberReturned": len(page),
        "links": links,
        "features": [item.as_json() for item in page],
    }
    return Response(orjson.dumps(body), headers={"Cache-Control": "no-cache"}, media_type=_GEOJSON)


@router.get("/collections/{collection}/items/{feature}", responses=_FEATURES)
def get_item(
    request: Request,
    scope: ScopeOf,
    collection: LayerId,
    feature: Annotated[str, Path(description="Id of a feature.", pattern="^[A-Za-z0-9._~-]{1,160}$")],
) -> Response:
    """Return a feature of a collection."""
    layer = _layer(collection)
    # A cell's id begins with its pass's id: no other map is computed for it.
    pass_id = feature.rpartition(".")[0] if layer.id == "as-applied" else None
    for item in layer.find(LayerRead(scope, FeatureQuery(None, None, None, 1, "", pass_id))):
        if item.id == feature:
            base = _base_of(request)
            links = [
                _link(str(request.url), "self", _GEOJSON, "This feature"),
                _link(f"{base}/collections/{layer.id}", "collection", _JSON, layer.title),
            ]
            body = {**item.as_geojson(), "links": links}
            return Response(orjson.dumps(body), headers={"Cache-Control": "no-cache"}, media_type=_GEOJSON)
    raise ProblemError(404, "unknown-feature", "No such feature", f"{layer.title} have no {feature}.")


def _matching(layer: Layer, read: LayerRead) -> Iterator[Feature]:
    """Yield the features of a layer that match the time and the box of a query, also some before its cursor."""
    query = read.query
    return (
        item
        for item in layer.find(read)
        if query.matches_time(item.start_ms, item.end_ms)
        and (layer.finds_in_box or query.matches_geometry(item.geometry))
    )


def _layer(collection: str) -> Layer:
    layer = LAYERS.get(collection)
    if layer is None:
        sentence = f"There is no layer {collection}; there are {', '.join(LAYERS)}."
        raise ProblemError(404, "unknown-collection", "No such layer", sentence)
    return layer


def _describe(base: str, layer: Layer, extent: dict[str, Any]) -> dict[str, Any]:
    here = f"{base}/collections/{layer.id}"
    return {
        "id": layer.id,
        "title": layer.title,
        "description": layer.description,
        **({"extent": extent} if extent else {}),
        "itemType": "feature",
        "crs": [_CRS84],
        "links": [
            _link(here, "self", _JSON, layer.title),
            _link(f"{here}/items", "items", _GEOJSON, layer.title),
            _link(f"{here}/schema", _SCHEMA_REL, _SCHEMA, f"Schema of {layer.title}"),
            _link(f"{here}/schema", "describedby", _SCHEMA, f"Schema of {layer.title}"),
        ],
    }


def _link(href: str, rel: str, media: str, title: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": media, "title": title}


def _base_of(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/ogc"
