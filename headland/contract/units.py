"""Table of units, and what derives from it: the endings of channels' names, decimals, and forms for people."""

from __future__ import annotations

from typing import Final, Literal

from headland.contract.catalogue import CATALOGUE, Unit

Labels = dict[Literal["en", "zh"], str]

UNITS: Final[dict[str, Unit]] = {unit.symbol: unit for unit in CATALOGUE.units}
#: Unit symbol by the ending of a channel's name.
UNIT_BY_SUFFIX: Final[dict[str, str]] = dict(
    sorted((ending, unit.symbol) for unit in CATALOGUE.units for ending in unit.endings)
)


def decimals_of_unit(symbol: str) -> int:
    """Return the decimals of a value in a unit; two in one that is not in the table."""
    unit = UNITS.get(symbol)
    return 2 if unit is None else unit.decimals


def unit_labels(unit: Unit) -> Labels:
    """Return how a unit is written, by language."""
    english = unit.symbol if unit.en is None else unit.en
    return {"en": english, "zh": unit.zh or english}


def factors_to(symbol: str) -> dict[str, float]:
    """Return the factor to a unit by each name of a unit that converts to it without an offset."""
    return {
        name: factors[symbol][0]
        for unit in CATALOGUE.units
        if symbol in (factors := factors_of(unit)) and factors[symbol][1] == 0.0
        for name in (unit.symbol, *unit.spellings)
    }


def home_spelling(unit: Unit) -> str | None:
    """Return how Home Assistant writes a unit: as in English, unless the table has another form; None for no unit."""
    return (unit_labels(unit)["en"] if unit.home is None else unit.home) or None


def factors_of(unit: Unit) -> dict[str, tuple[float, float]]:
    """Return factor and offset of a unit to each unit of channels that it converts to, the usual one first."""
    into = {to: factor if isinstance(factor, tuple) else (factor, 0.0) for to, factor in unit.into.items()}
    return into if unit.symbol in into or not unit.endings else {unit.symbol: (1.0, 0.0), **into}
