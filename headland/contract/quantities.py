"""Table of quantities: unit, physical range and kind of every channel.

A channel is `quantity` or `quantity:instance` (`battery_voltage_v:1`), so that two batteries never share a series.
The name ends in the unit; a bare count or state has none. The rows are in `catalogue.json`.
"""

from __future__ import annotations

import re
from typing import Final

from headland.contract.catalogue import CATALOGUE, Quantity
from headland.contract.units import UNIT_BY_SUFFIX

QUANTITIES: Final[dict[str, Quantity]] = {quantity.name: quantity for quantity in CATALOGUE.quantities}

#: At most 64 characters before the instance: a channel is no place for long texts.
_CHANNEL = re.compile(r"([a-z][a-z0-9_]{0,63})(?::([0-9]{1,3}))?")


def split_channel(channel: str) -> tuple[str, int | None] | None:
    """Return (quantity name, instance or None), or None where `channel` is not a valid channel name."""
    match = _CHANNEL.fullmatch(channel)
    if match is None:
        return None
    return match[1], None if match[2] is None else int(match[2])


def quantity_of(channel: str) -> Quantity | None:
    """Return the quantity of a channel, or None for one that is not in the table."""
    parts = split_channel(channel)
    return None if parts is None else QUANTITIES.get(parts[0])


def unit_of_name(name: str) -> str | None:
    """Return the unit symbol that a quantity's name ends in (the longest ending wins), or None."""
    words = name.split("_")
    for start in range(1, len(words)):
        unit = UNIT_BY_SUFFIX.get("_".join(words[start:]))
        if unit is not None:
            return unit
    return None


def unit_of_channel(channel: str) -> str | None:
    """Return the unit of a channel, by the table or else by its name; None where it has none."""
    parts = split_channel(channel)
    if parts is None:
        return None
    quantity = QUANTITIES.get(parts[0])
    return unit_of_name(parts[0]) if quantity is None else quantity.unit
