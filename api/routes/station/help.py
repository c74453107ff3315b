"""Documentation pages under `/help`, from the built site; no other host is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from api.http.router import Router
from api.routes.station.dashboard import FOLDER, HEADERS, MEDIA_TYPES, PASSED_ON

_API: Final = Path(__file__).parents[2]
#: In an installed wheel the site is part of the package; in a checkout `make docs` and `make run` build it.
FOLDERS: Final = (_API / "help", _API.parent / "build" / "help")
_NOT_BUILT: Final = (
    "The help pages are not built yet: `make run` builds them beside the farm, within a minute or two. "
    "Reload this page then, or run `make docs` in the checkout.\n"
)

#: Notices of others' work, written when dashboard and help pages are built.
NOTICES: Final = "THIRD_PARTY_NOTICES.txt"
_PLAIN: Final = "text/plain; charset=utf-8"

router = Router(include_in_schema=False, open_query=PASSED_ON)


@router.get_and_head("/third-party-notices")
def get_notices() -> Response:
    """Return the notices of what dashboard and help pages contain of others."""
    folders = [FOLDER, *(folder for folder in FOLDERS if (folder / NOTICES).is_file())][:2]
    texts = [(folder / NOTICES).read_text(encoding="utf-8") for folder in folders if (folder / NOTICES).is_file()]
    if not texts:
        raise HTTPException(404)
    return PlainTextResponse("\n\n".join(texts), headers=HEADERS, media_type=_PLAIN)


@router.get_and_head("/help")
def redirect_to_help() -> Response:
    """Redirect to the first page, whose links are relative to its folder."""
    return RedirectResponse("help/", 308, headers=HEADERS)


@router.get_and_head("/help/{name:path}")
def get_help(name: str) -> Response:
    """Return a file of the site, or the page of a folder; 503 with the remedy where the site is not built."""
    folder = next((folder for folder in FOLDERS if (folder / "index.html").is_file()), None)
    if folder is None:
        return PlainTextResponse(_NOT_BUILT, 503, HEADERS)
    file = (folder / name).resolve()
    if file.is_dir():
        file /= "index.html"
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise HTTPException(404)
    return FileResponse(file, headers=HEADERS, media_type=MEDIA_TYPES.get(file.suffix))
