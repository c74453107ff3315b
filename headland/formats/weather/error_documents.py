"""Errors of providers: the sentence in an answer that has no forecast, as one printable line.

Open-Meteo writes `reason`, QWeather `error` with `title`, `detail` and `invalidParams`, others the problem details of
RFC 9457 or a page. It is what somebody outside wrote: shown as a quotation, never trusted.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

#: Of a longer sentence the rest is left out.
_MOST: Final = 160
_TAG: Final = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^>]{0,2000}>", re.DOTALL | re.IGNORECASE)
_PARTS: Final = ("title", "reason", "detail", "message", "invalidParams")


def read_error(body: bytes, key: str = "") -> str:
    """Return what an error document says in at most 160 characters, empty for nothing; a key in it is left out."""
    text = _of_json(body)
    if text is None:
        text = _TAG.sub(" ", body.decode("utf-8", errors="replace"))
    if key:
        text = text.replace(key, "…")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"


def _of_json(body: bytes) -> str | None:
    """Return the sentence of a JSON document; None where it is none."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(document, dict):
        return document if isinstance(document, str) else ""
    inner = document.get("error")
    if isinstance(inner, str):
        return inner
    return ": ".join(_parts(inner if isinstance(inner, dict) else document))


def _parts(document: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name in _PARTS:
        part = document.get(name)
        if isinstance(part, list):
            part = ", ".join(each for each in part if isinstance(each, str))
        if isinstance(part, str) and part and part not in found:
            found.append(part)
    return found
