"""Traits in which the flights of the simulated autopilots differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from firmware_sim.drone.flight.modes import ARMABLE, Mode

#: ArduCopter's FS_GCS_ENABLE -> the modes to try, in order; 1, 2 and every other value return home.
_COPTER_ACTIONS: Final[Mapping[int, tuple[Mode, ...]]] = {
    3: (Mode.SMART_RTL, Mode.RTL),
    4: (Mode.SMART_RTL,),
    5: (),
    6: (Mode.AUTO_RTL, Mode.RTL),
    7: (Mode.BRAKE,),
}


def copter_action(parameters: Mapping[str, float]) -> tuple[Mode, ...]:
    """Return the modes that ArduCopter tries when its ground station is lost."""
    return _COPTER_ACTIONS.get(int(parameters["FS_GCS_ENABLE"]), (Mode.RTL,))


@dataclass(frozen=True, slots=True)
class Traits:
    """A multirotor of ArduCopter unless given otherwise.

    `drives` is a vehicle on the ground. `takes_off_itself` starts a mission that has no take-off with one. `on_silence`
    are the modes to try when the ground station is lost; `last_resort` is entered where none of them can be.
    """

    drives: bool = False
    takes_off_itself: bool = False
    armable: frozenset[Mode] = ARMABLE
    on_silence: Callable[[Mapping[str, float]], tuple[Mode, ...]] = field(default=copter_action)
    last_resort: Mode = Mode.LAND


COPTER: Final = Traits()
