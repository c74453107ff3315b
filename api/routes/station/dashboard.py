"""The dashboard and the API reference page, as built files without external resources."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from api.http.router import Router

#: Built from `dashboard/`; file names in `assets/` contain the hash of their content.
FOLDER: Final = Path(__file__).parents[2] / "dashboard"
#: Files by folder and name. A path that is not listed does not exist, whatever it is made of.
_listed: dict[Path, dict[str, Path]] = {}
#: The page connects to its own host only. A map's buttons are images in its style sheet.
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
#: The logo of the browser's tab and of the sign-in form.
_FOR_A_DAY: Final = {**HEADERS, "Cache-Control": "public, max-age=86400"}
_IMAGES: Final = frozenset({".svg", ".png"})
#: Types that Python does not know on every system and browsers require.
MEDIA_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
#: Files that are compressed as far as possible, once: a phone on a slow link waits for each of their bytes.
_COMPRESSED: Final = frozenset({".js", ".mjs", ".css"})
_MOST_COMPRESSED: Final = 256
#: The service worker is a file of the dashboard and works for the page at `/`.
_WORKER: Final = {**HEADERS, "Service-Worker-Allowed": "/"}

#: Why the query of a page is nobody's business.
PASSED_ON: Final = "Programs that pass a link on, such as messengers, append parameters of their own."

router = Router(include_in_schema=False, open_query=PASSED_ON)


@router.get_and_head("/")
@router.get_and_head("/dashboard")
def get_page() -> Response:
    """Serve the dashboard."""
    return FileResponse(FOLDER / "index.html", headers=HEADERS)


@router.get_and_head("/docs")
def get_docs() -> Response:
    """Serve the API reference page."""
    return FileResponse(FOLDER / "docs.html", headers=HEADERS)


@router.get_and_head("/dashboard/{name:path}")
def get_file(name: str, request: Request) -> Response:
    """Serve a file of the dashboard; browsers cache files with a hash in their name for ever, images for a day."""
    file = _find_file(FOLDER, name)
    if file is None:
        raise HTTPException(404)
    media_type = MEDIA_TYPES.get(file.suffix)
    headers = HEADERS
    if name.startswith("assets/"):
        headers = _FOR_EVER
    elif name == "sw.js":
        headers = _WORKER
    elif file.suffix in _IMAGES:
        headers = _FOR_A_DAY
    if headers is _FOR_EVER and file.suffix in _COMPRESSED and _takes_compressed(request):
        headers = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(_compress(file), headers=headers, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)


def _takes_compressed(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "") and "range" not in request.headers


@lru_cache(_MOST_COMPRESSED)
def _compress(file: Path) -> bytes:
    """Return a file whose name has the hash of its content, compressed."""
    return gzip.compress(file.read_bytes(), mtime=0)


def _find_file(folder: Path, name: str) -> Path | None:
    """Return a file of a folder, which is listed again where it lacks it: the page may have been built since."""
    file = _listed.get(folder, {}).get(name)
    if file is None or not file.is_file():
        _listed[folder] = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
        file = _listed[folder].get(name)
    return file
