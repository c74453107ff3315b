"""The farms that `headland up --scenario NAME` simulates, which drones and which houses, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.errors import SettingsError


@dataclass(frozen=True, slots=True)
class FarmDrone:
    """A drone: the field scenario it flies (`headland sim drone --scenario`) and the site it stands on."""

    scenario: str
    site: str
    #: What edge.toml says of its sprayer or spreader, the lines under its [[source]].
    profile: str = ""


@dataclass(frozen=True, slots=True)
class FarmHouse:
    """A greenhouse: its scenario (`headland sim greenhouse --scenario`), its site and its device name."""

    scenario: str
    site: str
    device: str = "greenhouse-1"


@dataclass(frozen=True, slots=True)
class FarmScenario:
    """One simulated farm. The second drone and house, and so on, get the next seeds and system ids."""

    drones: tuple[FarmDrone, ...]
    houses: tuple[FarmHouse, ...]


_PUMP: Final = """[source.sprayer]
pump_servo = 9
pump_off_us = 1140
flow_battery_id = 1
"""

FARMS: Final[dict[str, FarmScenario]] = {
    "demo": FarmScenario(
        drones=(FarmDrone("demo", "jurong", _PUMP),),
        houses=(FarmHouse("hubei-tomato", "wuhan"),),
    ),
    "refill": FarmScenario(
        drones=(FarmDrone("jurong-refill", "jurong", _PUMP),),
        houses=(FarmHouse("hubei-tunnel", "wuhan"),),
    ),
    "heavy": FarmScenario(
        drones=(FarmDrone("jurong-heavy", "jurong", _PUMP),),
        houses=(FarmHouse("hubei-tomato", "wuhan"),),
    ),
    "chongqing": FarmScenario(
        drones=(FarmDrone("chongqing-terrace", "chongqing", _PUMP),),
        houses=(FarmHouse("chongqing-film", "chongqing"),),
    ),
}


def farm_named(name: str) -> FarmScenario:
    """Return the farm of that name; raises SettingsError that lists the names."""
    if name not in FARMS:
        raise SettingsError(f"There is no scenario {name!r}: take one of {', '.join(FARMS)}.")
    return FARMS[name]
