"""The catalog of common fertilizers, from which a farm takes over what it uses."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.routes.registry import show_thing
from api.schemas.registry import PRODUCTS
from headland.analysis.registry_access import repositories_of
from headland.registry.models.fertilizer_catalog import find_in_catalog, list_catalog

router = APIRouter(prefix="/v1/products/catalog", tags=["registry"], responses=declare_problems(404, 422, 503))

_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/CatalogProduct"}},
        "next": {"type": "null"},
    },
    "required": ["items", "next"],
}


@router.get("", name="list_product_catalog", responses={200: {"content": {"application/json": {"schema": _LIST}}}})
def get_catalog(request: Request) -> Response:
    """List common fertilizers, each with its grade, forms of nitrogen, density and where these figures are from."""
    return reply(request, {"items": list_catalog(), "next": None})


@router.post(
    "/{name}",
    name="take_over_product",
    status_code=201,
    responses={
        201: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Product"}}}},
        **declare_problems(409),
    },
)
def take_over(
    scope: ScopeOf, name: Annotated[str, Path(description="Its name in the catalog.", max_length=200)]
) -> Response:
    """Keep a fertilizer of the catalog as a product of the farm, to be changed there to what its bag says."""
    return show_thing(PRODUCTS, repositories_of(scope).products.add(find_in_catalog(name).product()), 201)
