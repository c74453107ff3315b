"""The first page and its files; nothing on it comes from another host."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

FOLDER: Final = Path(__file__).parent.parent / "page"
#: Read once: what is not listed here does not exist, whatever the path says.
FILES: Final = frozenset(file.name for file in FOLDER.iterdir() if file.suffix in (".css", ".js", ".svg", ".html"))

#: The page may talk to its own host and to no other.
_POLICY: Final = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
def get_page() -> Response:
    """Serve the page."""
    return FileResponse(FOLDER / "index.html", headers=HEADERS)


@router.api_route("/docs", methods=["GET", "HEAD"])
def get_docs() -> Response:
    """Serve the API's own description for people; it needs no other host."""
    return FileResponse(FOLDER / "docs.html", headers=HEADERS)


@router.api_route("/page/{name}", methods=["GET", "HEAD"])
def get_file(name: str) -> Response:
    """Serve one of the page's files."""
    if name not in FILES:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, headers=HEADERS)
