"""`/.well-known/security.txt`: to whom vulnerabilities are reported, as SECURITY.md states it (RFC 9116)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from api.dependencies import HomeOf
from api.http.router import Router
from api.routes.station.dashboard import HEADERS, PASSED_ON
from headland.network.security_txt import PATH, read_fields, write_security_txt

_API: Final = Path(__file__).parents[2]
#: In an installed wheel the file is part of the package.
_FILES: Final = (_API / "SECURITY.md", _API.parent / "SECURITY.md")

router = Router(include_in_schema=False, open_query=PASSED_ON)


@router.get_and_head(PATH)
def get_security_txt(home: HomeOf) -> Response:
    """Return to whom vulnerabilities are reported, until when that is true, and in which languages."""
    text = _security_file()
    if text is None:
        raise HTTPException(404)
    return PlainTextResponse(
        write_security_txt(read_fields(text), home.public_url), headers=HEADERS, media_type="text/plain; charset=utf-8"
    )


@cache
def _security_file() -> str | None:
    file = next((file for file in _FILES if file.is_file()), None)
    return None if file is None else file.read_text(encoding="utf-8")
