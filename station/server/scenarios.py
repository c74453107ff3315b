"""Simulated farms of `headland up --scenario NAME`: their drones and greenhouses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from headland.errors import SettingsError

#: Within the 247 units that Modbus can address.
MAX_COMPARTMENTS: Final = 240


@dataclass(frozen=True, slots=True)
class PastFlight:
    """A treatment in the farm's past: so many days ago, at a local hour, with what its person declared."""

    days_ago: int
    hour: float
    product: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FarmDrone:
    """A drone: its flight scenario (`headland sim drone --scenario`) and its site.

    One that does not fly now is in the farm's past only.
    """

    scenario: str
    site: str
    #: Settings of its sprayer or spreader in edge.toml, below its [[source]].
    profile: str = ""
    #: Crop of its field.
    crop: str = ""
    flies_now: bool = True
    past: tuple[PastFlight, ...] = ()


@dataclass(frozen=True, slots=True)
class FarmHouse:
    """A greenhouse: its scenario (`headland sim greenhouse --scenario`), its site and its device name.

    Each of several `compartments` is a device, named `device` and its number. With `radio` the compartments are
    LoRaWAN nodes of a network server, otherwise units of one Modbus controller.
    """

    scenario: str
    site: str
    device: str = "greenhouse-1"
    compartments: int = 1
    radio: bool = False
    kind: str = "greenhouse"
    #: Crop and stage of each compartment, as its grower entered them; empty where nobody did.
    crops: tuple[tuple[str, str], ...] = ()

    @property
    def devices(self) -> tuple[str, ...]:
        """The device of each compartment."""
        if self.compartments == 1:
            return (self.device,)
        return tuple(f"{self.device}-{unit}" for unit in range(1, self.compartments + 1))


@dataclass(frozen=True, slots=True)
class FarmScenario:
    """A simulated farm. Seeds and system ids count up over its drones and its greenhouses."""

    drones: tuple[FarmDrone, ...]
    houses: tuple[FarmHouse, ...]

    @property
    def flying(self) -> tuple[tuple[int, FarmDrone], ...]:
        """The drones that fly now, with their numbers."""
        return tuple((number, drone) for number, drone in enumerate(self.drones, 1) if drone.flies_now)


# The output is configured here, too: it is known before the vehicle's parameters are read.
_PUMP: Final = """[source.sprayer]
profile = "sprayer-batt-flow"
pump_servo = 9
pump_off_us = 1140
"""

_SPREADER: Final = """[source.sprayer]
profile = "spreader-hopper"
pump_servo = 9
pump_off_us = 1140
"""

_UREA: Final = "urea 46-0-0"
_FEED: Final = "foliar feed"
#: A week of work: a dressing, a repair of it and two sprayings of each kind of field.
_SPREADING: Final = (PastFlight(6, 8.5, _UREA), PastFlight(3, 9.0, _UREA))
_SPRAYING: Final = (PastFlight(5, 8.0, _FEED), PastFlight(2, 16.0, _FEED))

#: The farm of `headland up` without --scenario.
DEFAULT_FARM: Final = "jurong-farm"

FARMS: Final[dict[str, FarmScenario]] = {
    # A family's farm: wheat that is dressed now, rapeseed that was sprayed, three greenhouses beside them.
    "jurong-farm": FarmScenario(
        drones=(
            FarmDrone("jurong-wheat", "jurong", _SPREADER, "wheat", past=_SPREADING),
            FarmDrone("jurong-rapeseed", "jurong", _PUMP, "rapeseed", flies_now=False, past=_SPRAYING),
        ),
        houses=(
            FarmHouse(
                "jurong-houses",
                "jurong",
                "greenhouse",
                compartments=3,
                crops=(("tomato", "fruiting"), ("lettuce", ""), ("cucumber", "fruiting")),
            ),
        ),
    ),
    # Winter wheat at jointing, dressed with urea.
    "jurong-wheat": FarmScenario(
        drones=(FarmDrone("jurong-wheat", "jurong", _SPREADER, "wheat", past=_SPREADING),),
        houses=(FarmHouse("hubei-tomato", "wuhan"),),
    ),
    # The same without a mass-flow sensor: amounts come from the hopper's weight.
    "jurong-wheat-hopper": FarmScenario(
        drones=(FarmDrone("jurong-wheat-hopper", "jurong", _SPREADER, "wheat", past=_SPREADING),),
        houses=(FarmHouse("hubei-tomato", "wuhan"),),
    ),
    "demo": FarmScenario(
        drones=(FarmDrone("demo", "jurong", _PUMP, past=_SPRAYING),),
        houses=(FarmHouse("hubei-tomato", "wuhan"),),
    ),
    "refill": FarmScenario(
        drones=(FarmDrone("jurong-refill", "jurong", _PUMP, past=_SPRAYING),),
        houses=(FarmHouse("hubei-tunnel", "wuhan"),),
    ),
    "heavy": FarmScenario(
        drones=(FarmDrone("jurong-heavy", "jurong", _PUMP, past=_SPRAYING),),
        houses=(FarmHouse("hubei-tomato", "wuhan"),),
    ),
    "chongqing": FarmScenario(
        drones=(FarmDrone("chongqing-terrace", "chongqing", _PUMP, past=_SPRAYING),),
        houses=(FarmHouse("chongqing-film", "chongqing"),),
    ),
    # An ecological-vegetable base: tunnels and multi-span film houses behind one controller.
    "hubei-greenhouses": FarmScenario(
        drones=(),
        houses=(FarmHouse("hubei-greenhouses", "wuhan", "greenhouse", compartments=12),),
    ),
    # Two Chinese solar greenhouses, without heating: earth wall and brick wall.
    "shandong-solar": FarmScenario(
        drones=(),
        houses=(
            FarmHouse(
                "shandong-solar", "shouguang", "solar", compartments=2, crops=(("tomato", "fruiting"), ("tomato", ""))
            ),
        ),
    ),
    # Terraces, a node at the edge of the forest and a film house, both behind a LoRa hop that loses messages.
    "chongqing-mixed": FarmScenario(
        drones=(FarmDrone("chongqing-terrace", "chongqing", _PUMP, past=_SPRAYING),),
        houses=(
            FarmHouse("chongqing-hill-film", "chongqing", "film-house", compartments=2, radio=True),
            FarmHouse("chongqing-forest-edge", "chongqing", "forest-edge", radio=True, kind="field"),
        ),
    ),
}


def farm_named(name: str, scale: int | None = None) -> FarmScenario:
    """Return the farm of a name; raises SettingsError, which lists the names.

    `scale` is the number of compartments of each controller that has more than one.
    """
    if name not in FARMS:
        raise SettingsError(f"Unknown scenario {name!r}: choose one of {', '.join(FARMS)}.")
    farm = FARMS[name]
    if scale is None:
        return farm
    if not any(_is_scalable(house) for house in farm.houses):
        names = ", ".join(scalable for scalable, farm in FARMS.items() if any(map(_is_scalable, farm.houses)))
        raise SettingsError(f"The scenario {name!r} has a fixed size; --scale applies to {names}.")
    if not 2 <= scale <= MAX_COMPARTMENTS:
        raise SettingsError(f"--scale must be 2 to {MAX_COMPARTMENTS} compartments, not {scale}.")
    houses = (replace(house, compartments=scale) if _is_scalable(house) else house for house in farm.houses)
    return replace(farm, houses=tuple(houses))


def _is_scalable(house: FarmHouse) -> bool:
    return house.compartments > 1 and not house.radio and not house.crops
