"""Processes that pass a feed on to clients of their own, and what they get of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from api.live.summed_counters import SummedCounters
from api.live.values import LiveValue

#: Counted once, where it is published, whoever passes it on.
_PUBLISHED: Final = frozenset(("values", "gaps"))


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """An event of a feed at the position `seq`: values, or a description of what was missed."""

    seq: int
    time_ms: int
    values: Sequence[LiveValue]
    gap: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events of a feed up to `seq`, in order. Where it is the whole feed, `newest` has every channel's newest value.

    `counters` are those of the feed in all processes.
    """

    epoch: str
    seq: int
    is_whole: bool
    events: Sequence[PublishedEvent]
    newest: Sequence[LiveValue]
    counters: Mapping[str, float]


class FeedPort(Protocol):
    """The live feeds of the process that has the commits."""

    def follow(
        self, organisation: str, follower: str, counters: dict[str, int], epoch: str, seq: int, wait_s: float
    ) -> FeedPage:
        """Return what followed an event of an organisation's feed; wait up to `wait_s` for it.

        `counters` are those of the follower, with the number of its clients.
        """
        ...


class Followers:
    """The counters of the processes that follow a feed; from any thread."""

    def __init__(self) -> None:
        self._counters = SummedCounters(frozenset(("clients",)))

    def hear(self, follower: str, counters: Mapping[str, int]) -> bool:
        """Take the counters of a follower; return whether it has the first client of all."""
        had_clients = self.have_clients()
        self._counters.hear(follower, counters)
        return not had_clients and self.have_clients()

    def have_clients(self) -> bool:
        """Tell whether any follower has a client."""
        return self._counters.sum()["clients"] > 0

    def sum(self, own: Mapping[str, int]) -> dict[str, float]:
        """Return counters of this process with those of all followers; what all of them count once is not added."""
        added = self._counters.sum()
        return {name: count + (0 if name in _PUBLISHED else added[name]) for name, count in own.items()}
