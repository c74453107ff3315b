"""Base of the things of a farm: their farm, and windows of its time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from headland.client.client import Client
from headland.client.errors import RequestRefused, UnknownName
from headland.client.reading import Instant
from headland.client.windows import Span, instant_ms, span_ms

#: So many names are told where none fits.
_MOST_NAMES: Final = 20


class Thing:
    """A thing of a farm, by the name or id that the API has for it."""

    def __init__(self, farm: Client, name: str) -> None:
        self._farm = farm
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _window(
        self, last: Span | None, start: Instant | None, end: Instant | None
    ) -> tuple[Instant | None, Instant | None]:
        return window_of(self._farm, last, start, end)


def window_of(
    farm: Client, last: Span | None, start: Instant | None, end: Instant | None
) -> tuple[Instant | None, Instant | None]:
    """Return start and end: `last` ends at `end`, or now by the station's own clock."""
    if last is None:
        return start, end
    if start is not None:
        raise ValueError("last and start both say where the window begins: give one of them.")
    end_ms = now_ms(farm) if end is None else instant_ms(end)
    return end_ms - span_ms(last), end_ms


def now_ms(farm: Client) -> int:
    """Return the present by the station's clock, by this machine's where the station judges none."""
    try:
        return farm.api.get_clock().believed_ms
    except RequestRefused:
        return time.time_ns() // 1_000_000


def choose(kind: str, wanted: str, known: Iterable[tuple[str, str]]) -> str:
    """Return the id of what has a name or id; raises UnknownName with the names that there are."""
    listed = list(known)
    fitting = [key for key, name in listed if key == wanted] or [key for key, name in listed if name == wanted]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UnknownName(f"{len(fitting)} {kind}s are named {wanted!r}: choose by id, {' or '.join(fitting)}.")
    names = ", ".join(name for _, name in listed[:_MOST_NAMES]) or "none"
    raise UnknownName(f"There is no {kind} {wanted!r}: there are {names}.")
