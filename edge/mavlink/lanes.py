"""How each message of a vehicle is taken, all that the fast way needs of it in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from edge.mavlink.messages import LAYOUTS
from edge.mavlink.samples import ROW_KINDS, Make, Raw, RowKind, Stamp, Values

#: Follows what a message says of the vehicle's state.
Note = Callable[[Any, int], None]
#: Sees the values of a message before they become a row; returns channels to add to it, or `NO_ROW`.
Tap = Callable[[int, Raw, int], Values | None]
#: What a tap returns of a message that shall be no row of its own.
NO_ROW: Final[Values] = {}


class Lane(NamedTuple):
    """How a message is taken: by `note`, or as a row. `instanced` only where a kind has instances."""

    note: Note | None
    size: int
    unpack: Callable[[bytes], Raw]
    make: Make
    family: str
    stamp: int
    stamp_at: int
    instanced: RowKind | None
    tap: Tap | None


def _nothing(_: Raw) -> None:
    return None


#: Of messages that are rows only where a profile says so; their own stamp comes first.
NAMELESS: Final = RowKind("", _nothing, stamp=Stamp.BOOT_MS)


def make_lanes(notes: Mapping[int, Note], taps: Mapping[int, Tap]) -> dict[int, Lane]:
    """Return the lane of every message that is read."""
    lanes = {}
    for message_id, layout in LAYOUTS.items():
        kind = ROW_KINDS.get(message_id, NAMELESS)
        lanes[message_id] = Lane(
            notes.get(message_id),
            layout.size,
            layout.unpack,
            kind.make,
            kind.family,
            kind.stamp,
            kind.stamp_at,
            kind if kind.has_instances else None,
            taps.get(message_id),
        )
    return lanes
