"""Handlers of one vehicle's messages, and what a handler can return.

A message becomes a row, unless its handler returns otherwise. A handler changes nothing outside its own part: the
effects of a message are returned, and `Vehicle` applies them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from edge.sources.mavlink.mapping.row_compiler import HasRow, Raw
from edge.sources.mavlink.mapping.rows import ROW_KINDS, RowKind, Stamp, kind_of_values
from edge.sources.mavlink.protocol.messages import LAYOUTS, AutopilotVersion, SystemTime
from edge.sources.mavlink.timing.pending import EventBody
from headland.contract.records import Evidence


class DerivedRow(NamedTuple):
    """A row besides the message's own. `raw` is its stamp in the sense of its kind; None: the time of the last one."""

    kind: RowKind
    values: Any
    raw: int | None = None


class EvidenceUpdate(NamedTuple):
    """How the channels of spraying are measured, as far as is known now."""

    evidence: Mapping[str, Evidence]


class Signal(Enum):
    """Effects without data."""

    FIX = "the vehicle has a 3D fix"
    SIMULATED = "the vehicle is a simulator's"
    CHECK_SPRAY = "spray conditions may have changed; check them at the present time since boot"


#: What a message leads to besides its own row.
Effect = EventBody | DerivedRow | EvidenceUpdate | SystemTime | AutopilotVersion | Signal

#: What `OnValues` returns as kind of a message that is no row of its own.
NO_ROW: Final = kind_of_values("")
#: Kind of messages that are rows only where a profile names them; their own stamp comes first.
UNNAMED: Final = kind_of_values("", Stamp.BOOT_MS)


class RowResult(NamedTuple):
    """The kind as which a message becomes a row (None: its usual one), and its effects."""

    kind: RowKind | None
    effects: Sequence[Effect] = ()


SKIP_ROW: Final = RowResult(NO_ROW)
#: The usual row of a position with a 3D fix.
HAS_FIX: Final = RowResult(None, (Signal.FIX,))

#: Handles a decoded message, received at a UTC in ms; it is no row.
OnMessage = Callable[[Any, int], Sequence[Effect]]
#: Handles the id and values of a message that becomes a row, at a time since boot in ms; None: the row as it is.
OnValues = Callable[[int, Raw, int], RowResult | None]


#: How one kind of message is handled: `OnMessage`, or size and function to unpack its values, its usual kind of row,
#: whether that has instances, the place of its stamp, and `OnValues`. A plain tuple, as it is unpacked per message.
MessageHandler = tuple[OnMessage | None, int, Callable[[bytes], Raw], RowKind, bool, int, OnValues | None]


def make_handlers(on_message: Mapping[int, OnMessage], on_values: Mapping[int, OnValues]) -> dict[int, MessageHandler]:
    """Return the handler of every message that is read, by message id; one with neither row nor handler is ignored."""
    handlers: dict[int, MessageHandler] = {}
    for message_id, layout in LAYOUTS.items():
        kind = ROW_KINDS.get(message_id, UNNAMED)
        is_row = message_id in ROW_KINDS or message_id in on_values
        handlers[message_id] = (
            on_message.get(message_id) or (None if is_row else _ignore),
            layout.size,
            layout.unpack,
            kind,
            kind.has_instances,
            kind.stamp_at,
            on_values.get(message_id) or (None if kind.has_row is None else _skip_unless(kind.has_row)),
        )
    return handlers


def _ignore(_message: Any, _now_ms: int) -> Sequence[Effect]:
    """Ignore a message, e.g. a ground station's part in a transfer that the vehicle itself sends."""
    return ()


def _skip_unless(has_row: HasRow) -> OnValues:
    """Return the handler of a message that may hold no row."""

    def on_values(_: int, values: Raw, _boot_ms: int) -> RowResult | None:
        return None if has_row(values) else SKIP_ROW

    return on_values
