"""The OpenAPI document, for the address at which it was asked for."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.http.responses import reply
from api.http.router import Router

router = Router(include_in_schema=False)


@router.get("/openapi.json")
def get_document(request: Request) -> Response:
    """Return the document; its one server is this station, by the address that links of answers begin with."""
    server = {"url": str(request.base_url).rstrip("/"), "description": "This station."}
    return reply(request, {**request.app.openapi(), "servers": [server]})
