"""Channel of a SenML record, by its name and unit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from headland.contract.quantities import QUANTITIES, split_channel, unit_of_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.units import SUFFIX_OF_UNIT, UNITS

#: The longest name, base name included.
MAX_NAME: Final = 256

_INSTANCE: Final = re.compile(r":[0-9]{1,3}")


def find_channel(full_name: str, senml_unit: str) -> tuple[str, float] | Refused:
    """Return (channel, factor to the channel's unit) of a record's name after its base name, where its unit agrees."""
    if len(full_name) > MAX_NAME or len(senml_unit) > MAX_NAME:
        return Refused(Reason.BAD_NAME, f"{full_name[-60:]!r} with its base name is longer than {MAX_NAME}")
    return _find_channel(full_name, senml_unit)


@lru_cache(maxsize=8192)
def _find_channel(full_name: str, senml_unit: str) -> tuple[str, float] | Refused:
    name = drop_prefix(full_name)
    factors = UNITS.get(senml_unit, {})
    if senml_unit and not factors:
        return Refused(Reason.UNKNOWN_CHANNEL, f"unit {senml_unit[:20]!r} of {name[:60]!r} is not known")
    parts = split_channel(name)
    if parts is None:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{name[:80]!r} is not a channel")
    known = QUANTITIES.get(parts[0])
    own_unit = known.unit if known is not None else unit_of_name(parts[0])
    if own_unit is not None:
        if factors and own_unit not in factors:
            return Refused(Reason.UNKNOWN_CHANNEL, f"{name[:60]!r} is in {own_unit}, the record's unit is {senml_unit}")
        return name, factors.get(own_unit, 1.0)
    # Prefer a unit in which the table has this quantity: rain in mm is not a length in m.
    listed = [item for item in factors.items() if f"{parts[0]}_{SUFFIX_OF_UNIT.get(item[0])}" in QUANTITIES]
    unit, factor = next(iter(listed or factors.items()), ("", 1.0))
    suffix = SUFFIX_OF_UNIT.get(unit)
    if suffix is None:
        return Refused(Reason.UNKNOWN_CHANNEL, f"{name[:80]!r} has no unit")
    instance = "" if parts[1] is None else f":{parts[1]}"
    return f"{parts[0]}_{suffix}{instance}", factor


def drop_prefix(name: str) -> str:
    """Return a name without its device prefix: `urn:dev:0a1b:air_temperature_degc:1` -> `air_temperature_degc:1`."""
    return split_name(name)[1]


def split_name(full: str) -> tuple[str, str]:
    """Return (device, name) of a name, split at its last `/` or `:`; an instance (`:1`) stays with the name."""
    stem, colon, digits = full.rpartition(":")
    if not stem or not _INSTANCE.fullmatch(colon + digits):
        stem = full
    at = max(stem.rfind("/"), stem.rfind(":"))
    return full[: max(at, 0)], full[at + 1 :]
