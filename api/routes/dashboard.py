"""The dashboard and the API's own description, as built files; nothing on them comes from another host."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

#: Built from `dashboard/` at the top; what lies in `assets/` has the hash of its content in its name.
FOLDER: Final = Path(__file__).parent.parent / "dashboard"
#: Read once: what is not listed here does not exist, whatever the path says.
FILES: Final = {file.relative_to(FOLDER).as_posix(): file for file in FOLDER.rglob("*") if file.is_file()}

#: The page may talk to its own host and to no other. A map's buttons are pictures within its style sheet.
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_FOR_EVER: Final = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
#: What Python does not know everywhere, and a browser refuses to run under another name.
MEDIA_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
@router.api_route("/dashboard", methods=["GET", "HEAD"])
def get_page() -> Response:
    """Serve the dashboard."""
    return FileResponse(FOLDER / "index.html", headers=HEADERS)


@router.api_route("/docs", methods=["GET", "HEAD"])
def get_docs() -> Response:
    """Serve the API's own description for people; it needs no other host."""
    return FileResponse(FOLDER / "docs.html", headers=HEADERS)


@router.api_route("/dashboard/{name:path}", methods=["GET", "HEAD"])
def get_file(name: str) -> Response:
    """Serve one of the dashboard's files; a browser may keep those whose name changes with their content for ever."""
    file = FILES.get(name)
    if file is None:
        raise HTTPException(404)
    headers = _FOR_EVER if name.startswith("assets/") else HEADERS
    return FileResponse(file, headers=headers, media_type=MEDIA_TYPES.get(file.suffix))
