"""Foreign unit names and their conversion to the units of channels.

The units with their spellings and factors are those of the catalogue (`headland.contract.units`): spelling follows what
SenML, BACnet, Home Assistant, ESPHome, Zigbee2MQTT, Tasmota, UCUM and data sheets write. An ambiguous name (`gal`: two
gallons) is not known, and neither are lux as photons: that factor depends on the lamp.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from headland.contract.catalogue import CATALOGUE, Unit
from headland.contract.quantities import split_channel, unit_of_channel
from headland.contract.units import factors_of


@dataclass(frozen=True, slots=True)
class Conversion:
    """Conversion of a value to `unit`: `scale * value + offset`."""

    unit: str
    scale: float = 1.0
    offset: float = 0.0

    def apply(self, value: float) -> float:
        """Return `value` in `unit`."""
        return self.scale * value + self.offset

    @property
    def is_identity(self) -> bool:
        """Whether a value remains unchanged."""
        return self.scale == 1.0 and self.offset == 0.0


@dataclass(frozen=True, slots=True)
class NoConversion:
    """The reason why a unit cannot be converted to another: a sentence for a person."""

    sentence: str


#: The unit of each name: its symbol, its names in SenML and BACnet, and further spellings in the form that `_plain`
#: returns.
_NAMED: Final[dict[str, Unit]] = {
    name: unit for unit in CATALOGUE.units for name in (unit.symbol, *unit.senml, *unit.spellings, *unit.bacnet)
}
#: The unit of each whole word, in lower case.
_WORDS: Final[dict[str, Unit]] = {word: unit for unit in CATALOGUE.units for word in unit.words}

_CHARACTERS: Final = str.maketrans(
    {
        "µ": "u", "μ": "u", "º": "°", "℃": "°C", "℉": "°F", "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁻": "-",
        "−": "-", "·": ".", "⋅": ".", "∙": ".", "*": ".", "∕": "/",
    }
)  # fmt: skip
#: A factor of a product: its name and its exponent (`m-2`, `m^-2`, `m2`, `s`).
_FACTOR: Final = re.compile(r"([A-Za-z%]+|\[[A-Za-z_]+\])\^?(-?[0-9])?")


def convert_to_channel(channel: str, name: str) -> Conversion | NoConversion:
    """Return the conversion from the foreign unit `name` to the unit of `channel`."""
    if split_channel(channel) is None:
        return NoConversion(f"{channel!r} is not written as a channel")
    unit = unit_of_channel(channel)
    if unit is None:
        return NoConversion(f"the name {channel!r} does not end in a unit")
    return convert_unit(name, unit)


@lru_cache(maxsize=1024)
def convert_unit(name: str, unit: str) -> Conversion | NoConversion:
    """Return the conversion from the foreign unit `name` to `unit`, a symbol of the quantities table."""
    if unit in (name, _plain(name)):
        return Conversion(unit)
    meant = _NAMED.get(name) or _NAMED.get(_plain(name)) or _WORDS.get(name.strip().lower())
    if meant is None or not (factors := factors_of(meant)):
        return NoConversion(f"the unit {name[:40]!r} is not known; use a known one, such as {unit!r}")
    if unit not in factors:
        return NoConversion(f"{name[:40]!r} cannot be converted to {unit!r}")
    return Conversion(unit, *factors[unit])


def _plain(name: str) -> str:
    """Return a unit's name in ASCII, a product as `a.b/c/d` with its divisors in alphabetical order."""
    # ecCodes and netCDF write a power as m**-2.
    text = " ".join(name.replace("**", "^").translate(_CHARACTERS).replace("°", "deg").split())
    if text.startswith("deg ") or text in ("%", "/"):
        return text.replace(" ", "")
    above: list[str] = []
    below: list[str] = []
    for index, term in enumerate(re.sub(r"\s*/\s*", "/", text).replace("(", "").replace(")", "").split("/")):
        # Within one divisor data sheets multiply: µmol/m²·s is per square metre and per second.
        for word in re.split(r"[ .]+", term):
            match = _FACTOR.fullmatch(word)
            if match is None:
                return text
            symbol = "L" if match[1] == "l" else match[1].removesuffix("l") + "L" if match[1] == "ml" else match[1]
            power = int(match[2] or 1)
            factor = symbol if abs(power) == 1 else f"{symbol}{abs(power)}"
            (below if (power < 0) != (index > 0) else above).append(factor)
    return "/".join([".".join(above) or "1", *sorted(below)])
