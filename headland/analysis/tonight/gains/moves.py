"""Moves by which a person carries out the orders of a plan: a hand's width of the vents, a little heat. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from headland.agronomy.house_model.moves import Move, MovedActuator
from headland.analysis.tonight.orders import Actuator, Direction, HouseOrder
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: A hand's width of the vents, and the heat that growers give with it, as shares of the most.
SMALL_VENT: Final = 0.15
SMALL_HEAT: Final = 0.3
#: What an order holds each actuator between: 0 to 1 of its most. Orders that move nothing in a house are not here.
_HELD: Final[Mapping[tuple[Actuator, Direction], tuple[tuple[MovedActuator, float, float], ...]]] = {
    ("vents", "open"): (("vent", SMALL_VENT, 1.0), ("windward", SMALL_VENT, 1.0)),
    ("vents", "close"): (("vent", 0.0, 0.0), ("windward", 0.0, 0.0)),
    ("heating", "on"): (("boiler", SMALL_HEAT, 1.0),),
    ("heating", "off"): (("boiler", 0.0, 0.0),),
    ("screens", "close"): (("screen", 1.0, 1.0), ("quilt", 1.0, 1.0)),
    ("screens", "open"): (("screen", 0.0, 0.0), ("quilt", 0.0, 0.0)),
    ("water", "withhold"): (("irrigating", 0.0, 0.0),),
}
_STEP_MS: Final = 10 * MINUTE_MS


def moves_of(orders: Sequence[HouseOrder], now_ms: int) -> tuple[Move, ...]:
    """Return the moves of a plan's orders.

    What begins now began with this hour, and ends are told to ten minutes: the same plan, looked at a minute later, has
    the same moves.
    """
    moves = []
    for order in orders:
        start_ms = order.start_ms if order.start_ms > now_ms else now_ms // HOUR_MS * HOUR_MS
        end_ms = order.end_ms // _STEP_MS * _STEP_MS
        for actuator, least, most in _HELD.get((order.actuator, order.direction), ()):
            moves.append(Move(actuator, start_ms, end_ms, least, most))
    return tuple(moves)
