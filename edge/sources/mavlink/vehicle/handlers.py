"""How each message of a vehicle is taken, all that the fast way needs of it in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from edge.sources.mavlink.mapping.row_compiler import HasRow, Raw
from edge.sources.mavlink.mapping.rows import ROW_KINDS, RowKind, Stamp, kind_of_values
from edge.sources.mavlink.protocol.messages import LAYOUTS

#: Follows what a message says of the vehicle's state.
Note = Callable[[Any, int], None]
#: Sees the values of a message before they become a row; returns another kind to take it as, or `NO_ROW`.
Tap = Callable[[int, Raw, int], RowKind | None]
#: What a tap returns of a message that shall be no row of its own.
NO_ROW: Final = kind_of_values("")


class MessageHandler(NamedTuple):
    """How a message is taken: by `note`, or as a row; its own stamp stands at `stamp_at`."""

    note: Note | None
    size: int
    unpack: Callable[[bytes], Raw]
    kind: RowKind
    has_instances: bool
    stamp_at: int
    tap: Tap | None


#: Of messages that are rows only where a profile says so; their own stamp comes first.
NAMELESS: Final = kind_of_values("", Stamp.BOOT_MS)


def make_lanes(notes: Mapping[int, Note], taps: Mapping[int, Tap]) -> dict[int, MessageHandler]:
    """Return the lane of every message that is read."""
    lanes = {}
    for message_id, layout in LAYOUTS.items():
        kind = ROW_KINDS.get(message_id, NAMELESS)
        lanes[message_id] = MessageHandler(
            notes.get(message_id),
            layout.size,
            layout.unpack,
            kind,
            kind.has_instances,
            kind.stamp_at,
            taps.get(message_id) or (None if kind.has_row is None else _tap_empty(kind.has_row)),
        )
    return lanes


def _tap_empty(has_row: HasRow) -> Tap:
    """Return the tap of a message that may hold no row."""

    def tap(_: int, values: Raw, _now_ms: int) -> RowKind | None:
        return None if has_row(values) else NO_ROW

    return tap
