"""Pagination by cursor: `{items, next}`, with a `Link` to the next page (RFC 8288).

A cursor holds the key of the last item of a page, so that items added or deleted meanwhile neither repeat nor hide
others. Its content is opaque and may change.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Final, TypeVar

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from api.http.problems import ProblemError
from api.http.responses import reply

MOST: Final = 1000
_LARGEST: Final = 2**53
_TEXT: Final = re.compile(r"[ -~]{0,128}")

Key = TypeVar("Key", bound="tuple[Any, ...]")

Cursor = Annotated[
    str | None,
    Query(description="`next` of the previous page, unchanged.", max_length=256, pattern=r"^[A-Za-z0-9_-]+$"),
]
Limit = Annotated[int, Query(description="Items per page.", ge=1, le=MOST)]


def write_cursor(*key: int | str) -> str:
    """Return the cursor of the page after the item with this key."""
    return urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def read_cursor(cursor: str | None, kind: type[Key]) -> Key | None:
    """Return the key in a cursor of `write_cursor`, None without a cursor; raises ProblemError (400) for other text."""
    if cursor is None:
        return None
    key: Key | None
    try:
        key = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError):
        key = None
    if key is None or not all(_is_ours(part) for part in key):
        raise ProblemError(400, "bad-cursor", "Invalid cursor", "Use `next` of the previous page unchanged.")
    return key


def reply_page(request: Request, body: Any) -> Response:
    """Return a page as `reply` does, with a Link to the next page where there is one."""
    answer = reply(request, body)
    following = body["next"] if isinstance(body, dict) else body.next
    if following is not None:
        url = request.url.include_query_params(cursor=following)
        answer.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return answer


def _is_ours(part: int | str) -> bool:
    return _TEXT.fullmatch(part) is not None if isinstance(part, str) else abs(part) < _LARGEST
