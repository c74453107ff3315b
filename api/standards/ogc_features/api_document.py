"""OpenAPI 3.0 document of the map features: the standard names 3.0, and its clients look for it."""

from __future__ import annotations

from typing import Any, Final

from api.standards.ogc_features.collections import LAYERS, Layer
from api.standards.ogc_features.query import BBOX_PATTERN, DEFAULT_FEATURES, MOST_FEATURES

_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "bbox": {
        "name": "bbox",
        "in": "query",
        "description": "West,south,east,north [deg]: only features that intersect it.",
        "schema": {"type": "string", "pattern": BBOX_PATTERN},
    },
    "datetime": {
        "name": "datetime",
        "in": "query",
        "description": "An instant with a zone, or two with / between; .. is open.",
        "schema": {"type": "string"},
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "Features per page.",
        "style": "form",
        "explode": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_FEATURES, "default": DEFAULT_FEATURES},
    },
    "cursor": {
        "name": "cursor",
        "in": "query",
        "description": "From the link next.",
        "schema": {"type": "string", "maxLength": 200},
    },
    "pass_id": {
        "name": "pass_id",
        "in": "query",
        "description": "Only features of this pass.",
        "style": "form",
        "explode": False,
        "schema": {"type": "string", "maxLength": 120},
    },
    "feature": {
        "name": "feature",
        "in": "path",
        "required": True,
        "description": "Id of a feature.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,160}$"},
    },
}


def describe_api(base: str) -> dict[str, Any]:
    """Return the document; its paths follow `base`, the address of the landing page."""
    paths = {
        "/": _path("Return the landing page.", "application/json"),
        "/api": _path("Return this document.", "application/vnd.oai.openapi+json;version=3.0"),
        "/conformance": _path("List the conformance classes.", "application/json"),
        "/collections": _path("List the collections.", "application/json"),
    }
    for layer in LAYERS.values():
        paths |= _paths_of(layer)
    problem = {
        "description": "A problem (RFC 9457).",
        "content": {"application/problem+json": {"schema": {"type": "object"}}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Headland map features", "version": "1", "description": "Map layers of a farm, read only."},
        "servers": [{"url": base}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "parameters": _PARAMETERS,
            "responses": {"problem": problem},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths_of(layer: Layer) -> dict[str, Any]:
    here = f"/collections/{layer.id}"
    asked = ["bbox", "datetime", "limit", "cursor", *(["pass_id"] if layer.id in ("passes", "as-applied") else [])]
    return {
        here: _path(f"Describe the collection {layer.title}.", "application/json"),
        f"{here}/schema": _path(f"Return the schema of {layer.title}.", "application/schema+json"),
        f"{here}/items": _path(layer.description, "application/geo+json", asked),
        f"{here}/items/{{feature}}": _path("Return a feature.", "application/geo+json", ["feature"]),
    }


def _path(summary: str, media: str, parameters: list[str] | None = None) -> dict[str, Any]:
    return {
        "get": {
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in parameters or ()],
            "responses": {
                "200": {"description": "The answer.", "content": {media: {"schema": {"type": "object"}}}},
                "default": {"$ref": "#/components/responses/problem"},
            },
        }
    }
