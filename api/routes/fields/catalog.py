"""Routes of the fertilizer catalog."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Request
from starlette.responses import Response

from api.dependencies import ScopeOf, access_of
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.record_kinds import PRODUCTS
from api.routes.registry import reply_record
from headland.registry.models.fertilizer_catalog import find_in_catalog, list_catalog

router = Router(prefix="/v1/products/catalog", tags=["registry"], responses=declare_problems(404, 422, 503))

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
    """List common fertilizers with grade, nitrogen forms, density and the source of these figures."""
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
    request: Request, scope: ScopeOf, name: Annotated[str, Path(description="Name in the catalog.", max_length=200)]
) -> Response:
    """Copy a fertilizer of the catalog to the farm's products, to be corrected there by its label."""
    product = scope.repositories.products.add(find_in_catalog(name).product())
    return reply_record(PRODUCTS, product, access_of(request), scope.repositories, 201)
