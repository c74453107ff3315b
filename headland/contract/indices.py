"""Table of indices, and what a page, a report or a rule knows of a quantity or an index by its name."""

from __future__ import annotations

from typing import Final

from headland.contract.catalogue import CATALOGUE, IndexSpec
from headland.contract.quantities import QUANTITIES, quantity_of
from headland.contract.units import decimals_of_unit

INDICES: Final[dict[str, IndexSpec]] = {index.name: index for index in CATALOGUE.indices}


def unit_of_index(name: str) -> str:
    """Return the unit of an index of the table. Raises KeyError for another."""
    return INDICES[name].unit or QUANTITIES[name].unit


def decimals_of(name: str, unit: str) -> int:
    """Return the decimals of a channel's or index's value in `unit`: its own, else those of the unit."""
    index, quantity = INDICES.get(name), quantity_of(name)
    for own in (index, quantity):
        if own is not None and own.decimals is not None:
            return own.decimals
    return decimals_of_unit(unit)


def labels_of(name: str) -> dict[str, str] | None:
    """Return the name of a quantity or an index for people by language, None for an unknown one."""
    row = QUANTITIES.get(name) or INDICES.get(name)
    return None if row is None else {"en": row.en, "zh": row.zh}
