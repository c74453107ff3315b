"""Amounts that a person enters, against what is possible and what is usual: yields, rates, harvests, prices.

One table has for each crop the usual yields and the highest known one. A yield half as much again is impossible; one
that is not usual is doubted. Where another unit makes it usual, the sentence names that unit and the value.

Sources
-------
.. [1] Guinness World Records, wheat, E. Watson, Ashburton, New Zealand, 2020: 17.4 t/ha (Irish Farmers Journal).
.. [2] U.S. National Corn Yield Contest 2019, D. Hula: 616 bushels an acre, 38.7 t/ha (AGDAILY, world farming records).
.. [3] Nichols (2024), Grower2Grower: tomatoes 1,600 t/ha a year in a closed house; strawberries 250 t/ha.
.. [4] Heuvelink (2009), High tomato yield: 600 t/ha of tomatoes and 800 of cucumbers in Dutch houses.

The usual yields of the other crops are our own figures for fields and houses in China and Europe; a crop without a
record has three times the upper usual yield instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from headland.agronomy.plausibility.doubt import RecordDoubt
from headland.agronomy.series.finding import FieldChange


@dataclass(frozen=True, slots=True)
class YieldRange:
    """Yields of a crop [t/ha] in a season: usual from `low` to `high`, the highest known one, and one in open ground.

    Houses under glass make the usual yields of vegetables wide: `open_ground` tells which of several units is meant.
    """

    low: float
    high: float
    record: float | None = None
    open_ground: float | None = None

    @property
    def most(self) -> float:
        """The highest yield that is taken [t/ha]: half as much again as the highest known one."""
        return 1.5 * self.record if self.record is not None else 3.0 * self.high

    @property
    def typical(self) -> float:
        """A yield that is usual where people write one down [t/ha]."""
        return 0.6 * self.high if self.open_ground is None else self.open_ground


#: By the identifiers of the terms `crops`.
YIELDS: Final[Mapping[str, YieldRange]] = MappingProxyType(
    {
        "wheat": YieldRange(0.5, 13.0, 17.4),  # [1]
        "winter_wheat": YieldRange(0.5, 13.0, 17.4),  # [1]
        "barley": YieldRange(0.5, 11.0),
        "rice": YieldRange(1.0, 14.0),
        "maize": YieldRange(1.0, 20.0, 38.7),  # [2]
        "rapeseed": YieldRange(0.4, 5.5),
        "soybean": YieldRange(0.4, 5.5),
        "peanut": YieldRange(0.5, 8.0),
        "sesame": YieldRange(0.2, 2.5),
        "seed_cotton": YieldRange(0.5, 8.0),
        "kidney_bean": YieldRange(0.5, 50.0, open_ground=15.0),
        "potato": YieldRange(5.0, 80.0),
        "sweet_potato": YieldRange(5.0, 80.0),
        "tomato": YieldRange(10.0, 800.0, 1600.0, open_ground=80.0),  # [3], [4]
        "cucumber": YieldRange(10.0, 900.0, open_ground=80.0),  # [4]
        "pepper": YieldRange(5.0, 400.0, open_ground=50.0),
        "eggplant": YieldRange(10.0, 600.0, open_ground=60.0),
        "strawberry": YieldRange(3.0, 120.0, 250.0, open_ground=30.0),  # [3]
        "lettuce": YieldRange(5.0, 500.0, open_ground=40.0),
        "cabbage": YieldRange(10.0, 150.0),
        "radish": YieldRange(5.0, 150.0),
        "carrot": YieldRange(10.0, 120.0),
        "onion": YieldRange(10.0, 120.0),
        "celery": YieldRange(10.0, 200.0),
        "spinach": YieldRange(3.0, 100.0),
        "leek": YieldRange(5.0, 120.0),
    }
)
#: Crops that are harvested dry: grain, oil seeds, pulses, fibre; and those that are harvested fresh.
DRY: Final = YieldRange(0.2, 20.0, 38.7)
FRESH: Final = YieldRange(0.2, 900.0, 1600.0, open_ground=60.0)
#: Uptake of nitrogen for 100 kg of harvest from which on a crop is harvested dry [kg]: wheat 3, kidney bean 0.81.
DRY_FROM_KG_100KG: Final = 1.5
#: Units in which people write yields, and how many t/ha one of each is.
_UNITS: Final = {"dt/ha": 0.1, "kg/ha": 0.001, "kg/mu": 0.015, "jin/mu": 0.0075, "t/mu": 15.0}


def yields_of(crop: str | None, uptake_kg_100kg: float | None = None) -> YieldRange:
    """Return the yields of a crop by its name; of an unknown one those of its kind, by its uptake if it is given."""
    name = (crop or "").strip().lower().replace(" ", "_").replace("-", "_")
    found = YIELDS.get(name)
    if found is not None:
        return found
    is_dry = uptake_kg_100kg is not None and uptake_kg_100kg >= DRY_FROM_KG_100KG
    return DRY if is_dry else FRESH


def impossible_yield(yields: YieldRange, yield_t_ha: float) -> str | None:
    """Return the sentence about a yield [t/ha] that no crop of its kind ever had, with the remedy; None for another."""
    if yield_t_ha <= yields.most:
        return None
    found = read_other_unit(yields, yield_t_ha)
    if found is None:
        return f"{yield_t_ha:g} t/ha is more than this crop ever yielded, {yields.most:g} at most: write it in t/ha."
    unit, right = found
    return (
        f"{yield_t_ha:g} t/ha is more than this crop ever yielded, {yields.most:g} at most: "
        f"if it is in {unit}, write {right:g}."
    )


def doubt_yield(yields: YieldRange, yield_t_ha: float, field: str) -> RecordDoubt | None:
    """Return the doubt about a yield [t/ha] that is possible and unusual; `field` is where it was entered."""
    if yields.low <= yield_t_ha <= yields.high:
        return None
    facts = {"value": f"{yield_t_ha:g}", "low": f"{yields.low:g}", "high": f"{yields.high:g}"}
    found = read_other_unit(yields, yield_t_ha)
    if found is None:
        return RecordDoubt("yield_unusual", f"{yield_t_ha:g} t/ha", facts)
    unit, right = found
    change = FieldChange(field, yield_t_ha, right)
    return RecordDoubt("yield_unit", f"{yield_t_ha:g} t/ha", {**facts, "unit": unit, "right": f"{right:g}"}, (change,))


def read_other_unit(yields: YieldRange, number: float) -> tuple[str, float] | None:
    """Return the unit in which a number is a usual yield, and that yield [t/ha]: of several the most typical one."""
    usual = [(unit, number * size) for unit, size in _UNITS.items() if yields.low <= number * size <= yields.high]
    if not usual:
        return None
    unit, right = min(usual, key=lambda each: abs(each[1] / yields.typical - 1.0))
    return unit, round(right, 6)


#: The most of a nutrient that one pass brings [kg/ha]: several times what any rule here recommends for a year.
_MOST_NUTRIENT_KG_HA: Final = 1500.0
#: The density of a liquid fertilizer whose own is not told [kg/L].
_LIQUID_KG_L: Final = 1.3
#: How many kilograms of grain a kilogram of nitrogen costs: 2 to 10 in most markets. A price for the wrong mass is a
#: thousand times off.
_LEAST_GRAIN_FOR_N, _MOST_GRAIN_FOR_N = 0.1, 200.0
#: The highest price of a kilogram of a crop that is harvested dry [fen], and of any [fen].
_MOST_FEN_DRY, _MOST_FEN = 10_000, 1_000_000


def impossible_rate(rate_ha: float, shares_pct: Iterable[float], density_kg_l: float | None) -> str | None:
    """Return the sentence about a rate of a fertilizer [kg/ha, of a liquid L/ha] that no ground is given; None else.

    `shares_pct` are nutrients in percent of mass; `density_kg_l` is 1 for granules, None for a liquid of unknown one.
    """
    richest = max(shares_pct, default=0.0)
    brought = rate_ha * (density_kg_l or _LIQUID_KG_L) * richest / 100.0
    if brought <= _MOST_NUTRIENT_KG_HA:
        return None
    return (
        f"A rate of {rate_ha:g} a hectare brings {brought:.0f} kg/ha of one nutrient, more than any ground is given: "
        "write kilograms, or litres, per hectare; a kilogram a mu is 15."
    )


def impossible_harvest(yields: YieldRange, grams: float, area_m2: float) -> str | None:
    """Return the sentence about a harvest of more than its whole ground can yield; None for another."""
    if area_m2 <= 0.0 or grams / area_m2 * 0.01 <= yields.most:
        return None
    return (
        f"{grams / 1000.0:g} kg from {area_m2:.0f} m2 are {grams / area_m2 * 0.01:.0f} t/ha, and this crop yields "
        f"{yields.most:g} at most: check the unit of the weight; a jin is half a kilogram."
    )


def impossible_price(crop: str, fen_per_kg: int) -> str | None:
    """Return the sentence about a price of a crop that is of a tonne, not of a kilogram; None for another."""
    most = _MOST_FEN_DRY if yields_of(crop).most <= DRY.most else _MOST_FEN
    if fen_per_kg <= most:
        return None
    return (
        f"{fen_per_kg} fen are {fen_per_kg / 100:g} yuan for a kilogram of {crop}: "
        "write the price of a kilogram, not of a tonne."
    )


def impossible_prices(nitrogen_price_kg: float, grain_price_t: float) -> str | None:
    """Return the sentence about prices of a kg of nitrogen and a t of grain of which one is for another mass."""
    grain_for_n = nitrogen_price_kg / (grain_price_t / 1000.0)
    if _LEAST_GRAIN_FOR_N <= grain_for_n <= _MOST_GRAIN_FOR_N:
        return None
    return (
        f"A kilogram of nitrogen would cost as much as {grain_for_n:.3g} kg of grain: give the price of a kilogram of "
        "nitrogen and of a tonne of grain."
    )
