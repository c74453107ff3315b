"""Table of indices, and what a page, a report or a rule knows of a quantity or an index by its name."""

from __future__ import annotations

from typing import Final

from headland.contract.catalogue import CATALOGUE, IndexSpec
from headland.contract.quantities import QUANTITIES, quantity_of, unit_of_channel
from headland.contract.units import Labels, decimals_of_unit

INDICES: Final[dict[str, IndexSpec]] = {index.name: index for index in CATALOGUE.indices}

#: The descriptions of the indices' methods for people, by language.
METHOD_LABELS: Final[dict[str, Labels]] = {
    index.method: {"en": index.method_en, "zh": index.method_zh} for index in CATALOGUE.indices if index.method_en
}


def unit_of_index(name: str) -> str:
    """Return the unit of an index of the table. Raises KeyError for another."""
    return INDICES[name].unit or QUANTITIES[name].unit


def unit_of(name: str) -> str | None:
    """Return the unit of an index, or of a channel by the table or its name; None for neither."""
    return unit_of_index(name) if name in INDICES else unit_of_channel(name)


def is_summable(name: str) -> bool:
    """Tell whether the values of days add up."""
    index = INDICES.get(name)
    return index is not None and index.summable


def decimals_of(name: str, unit: str) -> int:
    """Return the decimals of a channel's or index's value in `unit`: its own, else those of the unit."""
    index, quantity = INDICES.get(name), quantity_of(name)
    for own in (index, quantity):
        if own is not None and own.decimals is not None:
            return own.decimals
    return decimals_of_unit(unit)


#: The names of all quantities and indices for people, by language.
LABELS: Final[dict[str, Labels]] = {
    **{index.name: {"en": index.en, "zh": index.zh} for index in CATALOGUE.indices if index.en},
    **{quantity.name: {"en": quantity.en, "zh": quantity.zh} for quantity in CATALOGUE.quantities},
}
