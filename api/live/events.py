"""Events of the live feed, and what a client selects of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.live.encodings import EncodedEvent
from api.live.values import LiveValue, items_of


@dataclass(frozen=True, slots=True)
class Selection:
    """Devices and channels that a client subscribes to; None for all."""

    devices: frozenset[str] | None = None
    channels: frozenset[str] | None = None

    def choose(self, values: Sequence[LiveValue]) -> Sequence[LiveValue]:
        """Return the values that are selected."""
        if self.devices is None and self.channels is None:
            return values
        return [
            value
            for value in values
            if (self.devices is None or value.device in self.devices)
            and (self.channels is None or value.channel in self.channels)
        ]


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event at the position `seq` of the feed: values, or a description of what was missed (`gap`)."""

    seq: int
    time_ms: int
    values: Sequence[LiveValue] = ()
    skipped: int = 0
    gap: Mapping[str, Any] | None = None
    #: Computed once for all clients with the same selection.
    _chosen: dict[Selection, Sequence[LiveValue]] = field(default_factory=dict, compare=False, repr=False)
    _frames: dict[Selection, EncodedEvent] = field(default_factory=dict, compare=False, repr=False)

    def values_for(self, selection: Selection) -> Sequence[LiveValue]:
        """Return the selected values."""
        chosen = self._chosen.get(selection)
        if chosen is None:
            chosen = self._chosen[selection] = selection.choose(self.values)
        return chosen

    def frame(self, epoch: str, selection: Selection) -> EncodedEvent:
        """Return the event as a server-sent event."""
        frame = self._frames.get(selection)
        if frame is None:
            frame = self._frames[selection] = EncodedEvent(self._encode(f"{epoch}-{self.seq}", selection))
        return frame

    def forget_frames(self) -> None:
        """Free what was computed for clients: only one that continues after an interruption takes the event again."""
        self._chosen.clear()
        self._frames.clear()

    def _encode(self, event_id: str, selection: Selection) -> bytes:
        if self.gap is not None:
            return frame_of("gap", self.gap, event_id)
        data = {"sent_ms": self.time_ms, "skipped": self.skipped, "items": items_of(self.values_for(selection))}
        return frame_of("latest", data, event_id)


@dataclass(frozen=True, slots=True)
class Merged:
    """What several events came to, and the number of values that were left out for newer ones."""

    events: tuple[FeedEvent, ...]
    left_out: int


def merge(events: Sequence[FeedEvent], selection: Selection) -> Merged:
    """Merge events to one with the newest value of each channel, after the last gap event among them.

    `skipped` of the event includes what was left out.
    """
    newest: dict[tuple[str, str], LiveValue] = {}
    total = 0
    for event in events:
        for value in event.values_for(selection):
            total += 1
            newest[value.device, value.channel] = value
    left_out = total - len(newest)
    skipped = left_out + sum(event.skipped for event in events)
    gaps = [event for event in events if event.gap is not None][-1:]
    values = [FeedEvent(events[-1].seq, events[-1].time_ms, list(newest.values()), skipped)] if newest else []
    return Merged((*gaps, *values), left_out)


def frame_of(kind: str, data: Mapping[str, Any], event_id: str | None = None) -> bytes:
    """Return a server-sent event."""
    head = b"" if event_id is None else f"id: {event_id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (head, kind.encode(), orjson.dumps(data))
