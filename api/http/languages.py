"""The language of an answer's texts: by `Accept-Language`, English where a client names none that there is."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from headland.i18n import Language

#: The tag of a language as answers name it in `Content-Language`.
TAGS: Final[Mapping[Language, str]] = {"en": "en", "zh": "zh-CN"}
_MOST_LETTERS: Final = 500

_LANGUAGE: ContextVar[Language | None] = ContextVar("language", default=None)


def current_language() -> Language:
    """Return the language of the request under way."""
    return _LANGUAGE.get() or "en"


def speaks_to_a_person() -> bool:
    """Tell whether the request under way names a language, as browsers do; programs rarely name any."""
    return _LANGUAGE.get() is not None


def language_of(accepted: str) -> Language:
    """Return the language that an `Accept-Language` asks for most (RFC 9110, 12.5.4), English where it has neither."""
    best: Language = "en"
    highest = 0.0
    for entry in accepted[:_MOST_LETTERS].split(","):
        tag, _, parameter = entry.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        language: Language | None = "zh" if primary == "zh" else "en" if primary in ("en", "*") else None
        weight = _weight_of(parameter)
        if language is not None and weight > highest:
            best, highest = language, weight
    return best


def _weight_of(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


class LanguageMiddleware:
    """Sets the language of a request for everything below it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            accepted = b", ".join(value for name, value in scope["headers"] if name == b"accept-language")
            # Not reset: an error that leaves every middleware is still answered in this language.
            _LANGUAGE.set(language_of(accepted.decode("latin-1")) if accepted else None)
        await self._app(scope, receive, send)
