"""Moves of actuators by a plan: what a hand does to a compartment between two instants. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from headland.agronomy.house_model.state import Actuators

MovedActuator = Literal["boiler", "vent", "windward", "screen", "irrigating", "quilt"]


@dataclass(frozen=True, slots=True)
class Move:
    """A range that an actuator is held in during [start_ms, end_ms): 0 to 1 of its most."""

    actuator: MovedActuator
    start_ms: int
    end_ms: int
    least: float = 0.0
    most: float = 1.0


def moved(target: Actuators, moves: Mapping[int, Sequence[Move]], time_ms: int) -> Actuators:
    """Return the targets of the controller, those of some compartments held in the ranges of their moves.

    What the controller wants within a range stays. A top vent that a quilt is to lie on stays shut.
    """
    changed: dict[str, np.ndarray] = {}
    for at, own in moves.items():
        for move in own:
            if move.start_ms <= time_ms < move.end_ms:
                values = changed.setdefault(move.actuator, np.array(getattr(target, move.actuator), np.float64))
                values[at] = min(move.most, max(move.least, float(values[at])))
    if not changed:
        return target
    target = replace(target, **changed)
    open_most = 1.0 - target.quilt
    return replace(target, vent=np.minimum(target.vent, open_most), windward=np.minimum(target.windward, open_most))
