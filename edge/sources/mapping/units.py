"""Unit names as other systems write them, and what takes a value in one of them to the unit a channel's name ends in.

The units that SenML has are converted by its table (`headland.contract.senml.units`); here stands how others spell
them, and the units that SenML lacks. Spelling follows what Home Assistant, ESPHome, Zigbee2MQTT, Tasmota, UCUM
and data sheets write. A name that means two things (`gal`: two gallons) is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from headland.contract.quantities import QUANTITIES, UNIT_BY_SUFFIX, split_channel, unit_of_name
from headland.contract.senml.units import UNITS


@dataclass(frozen=True, slots=True)
class Conversion:
    """What takes a value to `unit`: `scale * value + offset`."""

    unit: str
    scale: float = 1.0
    offset: float = 0.0

    def apply(self, value: float) -> float:
        """Return `value` in `unit`."""
        return self.scale * value + self.offset

    @property
    def is_identity(self) -> bool:
        """Whether a value stays as it is."""
        return self.scale == 1.0 and self.offset == 0.0


@dataclass(frozen=True, slots=True)
class NoConversion:
    """Why a value in some unit cannot be had in another one: a sentence for a person."""

    sentence: str


#: How a unit is spelt, in the form that `_plain` gives it -> the unit meant (SenML's, or ours where SenML has none),
#: with scale and offset that take a value to it.
_SPELLINGS: Final[dict[str, tuple[str, float, float]]] = {
    # Temperature.
    "C": ("Cel", 1.0, 0.0),
    "degC": ("Cel", 1.0, 0.0),
    "F": ("Cel", 5 / 9, -160 / 9),
    "degF": ("Cel", 5 / 9, -160 / 9),
    "[degF]": ("Cel", 5 / 9, -160 / 9),
    "K": ("Cel", 1.0, -273.15),
    # Ratios.
    "%rH": ("%RH", 1.0, 0.0),
    "%.RH": ("%RH", 1.0, 0.0),
    "%{RH}": ("%RH", 1.0, 0.0),
    "%{vol}": ("%", 1.0, 0.0),
    "%.vol": ("%", 1.0, 0.0),
    "%.VWC": ("%", 1.0, 0.0),
    "m3/m3": ("/", 1.0, 0.0),
    "[ppm]": ("ppm", 1.0, 0.0),
    "umol/mol": ("ppm", 1.0, 0.0),
    "ppb": ("ppm", 0.001, 0.0),
    "[ppb]": ("ppm", 0.001, 0.0),
    # Pressure.
    "mbar": ("hPa", 1.0, 0.0),
    "bar": ("hPa", 1000.0, 0.0),
    "kPa": ("Pa", 1000.0, 0.0),
    "MPa": ("Pa", 1e6, 0.0),
    "mmHg": ("Pa", 133.322387415, 0.0),
    "m[Hg]": ("Pa", 133322.387415, 0.0),
    "inHg": ("Pa", 3386.389, 0.0),
    "psi": ("Pa", 6894.757293168, 0.0),
    # Light and radiation. Lux and photon flux are not converted: the factor is the lamp's, not the unit's.
    "klx": ("lx", 1000.0, 0.0),
    "kW/m2": ("W/m2", 1000.0, 0.0),
    "umol/m2/s": ("umol/m2/s", 1.0, 0.0),
    "uE/m2/s": ("umol/m2/s", 1.0, 0.0),
    "J/cm2": ("MJ/m2", 0.01, 0.0),
    "J/m2": ("MJ/m2", 1e-6, 0.0),
    "kJ/m2": ("MJ/m2", 0.001, 0.0),
    # Conductivity.
    "dS/m": ("mS/cm", 1.0, 0.0),
    "mS/m": ("mS/cm", 0.01, 0.0),
    "uS/cm": ("mS/cm", 0.001, 0.0),
    # Speed, length, precipitation.
    "kph": ("km/h", 1.0, 0.0),
    "kmh": ("km/h", 1.0, 0.0),
    "mph": ("m/s", 0.44704, 0.0),
    "mi/h": ("m/s", 0.44704, 0.0),
    "[mi_i]/h": ("m/s", 0.44704, 0.0),
    "kn": ("m/s", 1852 / 3600, 0.0),
    "kt": ("m/s", 1852 / 3600, 0.0),
    "[kn_i]": ("m/s", 1852 / 3600, 0.0),
    "ft/s": ("m/s", 0.3048, 0.0),
    "ft": ("m", 0.3048, 0.0),
    "[ft_i]": ("m", 0.3048, 0.0),
    "in": ("mm", 25.4, 0.0),
    "[in_i]": ("mm", 25.4, 0.0),
    "L/m2": ("mm", 1.0, 0.0),
    "deg": ("deg", 1.0, 0.0),
    # Volume and flow.
    "L": ("l", 1.0, 0.0),
    "mL": ("l", 0.001, 0.0),
    "m3": ("l", 1000.0, 0.0),
    "[gal_us]": ("l", 3.785411784, 0.0),
    "[gal_br]": ("l", 4.54609, 0.0),
    "L/s": ("l/s", 1.0, 0.0),
    "L/min": ("L/min", 1.0, 0.0),
    "lpm": ("L/min", 1.0, 0.0),
    "L/h": ("L/min", 1 / 60, 0.0),
    "mL/min": ("L/min", 0.001, 0.0),
    "m3/h": ("L/min", 1000 / 60, 0.0),
    "m3/s": ("L/min", 60_000.0, 0.0),
    # Mass in air.
    "g/m3": ("g/m3", 1.0, 0.0),
    "mg/m3": ("g/m3", 0.001, 0.0),
    "kg/m3": ("g/m3", 1000.0, 0.0),
    # Mass.
    "g": ("kg", 0.001, 0.0),
    "kg/h": ("kg/min", 1 / 60, 0.0),
    "kg/s": ("kg/min", 60.0, 0.0),
    "g/s": ("kg/min", 0.06, 0.0),
    # Electricity.
    "uV": ("V", 1e-6, 0.0),
    "kV": ("V", 1000.0, 0.0),
    "uA": ("A", 1e-6, 0.0),
    "mW": ("W", 0.001, 0.0),
    "MW": ("W", 1e6, 0.0),
    "Wh": ("kWh", 0.001, 0.0),
    "MWh": ("kWh", 1000.0, 0.0),
    "mAh": ("mAh", 1.0, 0.0),
    "Ah": ("mAh", 1000.0, 0.0),
    # Time and turning.
    "us": ("us", 1.0, 0.0),
    "d": ("h", 24.0, 0.0),
    "rad/s": ("rad/s", 1.0, 0.0),
    "deg/s": ("deg/s", 1.0, 0.0),
    "rpm": ("rpm", 1.0, 0.0),
    "r/min": ("rpm", 1.0, 0.0),
    "[pH]": ("pH", 1.0, 0.0),
    "1": ("/", 1.0, 0.0),
}

#: Whole words, in any case, and the spelling they stand for.
_WORDS: Final[dict[str, str]] = {
    "celsius": "Cel", "fahrenheit": "degF", "kelvin": "K", "deg c": "degC", "deg f": "degF", "percent": "%", "pct": "%",
    "lux": "lx", "ppm": "ppm", "ppb": "ppb", "rpm": "rpm", "volt": "V", "volts": "V", "ampere": "A", "watt": "W",
    "watts": "W", "seconds": "s", "meters": "m", "inches": "in", "mph": "mph", "lpm": "lpm", "ph": "pH", "dbm": "dBm",
    "kwh": "kWh", "psi": "psi", "mbar": "mbar", "degrees": "deg",
}  # fmt: skip

_CHARACTERS: Final = str.maketrans(
    {
        "µ": "u", "μ": "u", "º": "°", "℃": "°C", "℉": "°F", "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁻": "-",
        "−": "-", "·": ".", "⋅": ".", "∙": ".", "*": ".", "∕": "/",
    }
)  # fmt: skip
#: A factor of a product: its name and its exponent (`m-2`, `m^-2`, `m2`, `s`).
_FACTOR: Final = re.compile(r"([A-Za-z%]+|\[[A-Za-z_]+\])\^?(-?[0-9])?")


def convert_to_channel(channel: str, said: str) -> Conversion | NoConversion:
    """Return what takes a value in the unit that somebody calls `said` to the unit in which `channel` is written."""
    parts = split_channel(channel)
    if parts is None:
        return NoConversion(f"{channel!r} is not written as a channel")
    quantity = QUANTITIES.get(parts[0])
    unit = unit_of_name(parts[0]) if quantity is None else quantity.unit
    if unit is None:
        return NoConversion(f"the name {channel!r} does not end in a unit")
    return convert_unit(said, unit)


@lru_cache(maxsize=1024)
def convert_unit(said: str, unit: str) -> Conversion | NoConversion:
    """Return what takes a value in the unit that somebody calls `said` to `unit`, a symbol of the quantities table."""
    if unit in (said, _plain(said)):
        return Conversion(unit)
    found = _meaning(said)
    if found is None:
        return NoConversion(f"the unit {said[:40]!r} is not known; name one that is, such as {unit!r}")
    meant, scale, offset = found
    factor = 1.0 if meant == unit else UNITS.get(meant, {}).get(unit)
    if factor is None:
        return NoConversion(f"{said[:40]!r} cannot be converted to {unit!r}")
    return Conversion(unit, scale * factor, offset * factor)


def _meaning(said: str) -> tuple[str, float, float] | None:
    """Return the unit meant by `said` with scale and offset to it; None where it is not known."""
    for name in (said, _plain(said)):
        if name in UNITS or name in _OUR_UNITS:
            return name, 1.0, 0.0
        if name in _SPELLINGS:
            return _SPELLINGS[name]
    word = _WORDS.get(said.strip().lower())
    return None if word is None else _meaning(word)


#: Our own symbols mean themselves, except where SenML's table converts them further.
_OUR_UNITS: Final = frozenset(UNIT_BY_SUFFIX.values()) - set(_SPELLINGS)


def _plain(said: str) -> str:
    """Return a unit's name in ASCII, a product as `a.b/c/d` with its divisors in alphabetical order."""
    text = " ".join(said.translate(_CHARACTERS).replace("°", "deg").split())
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
            name = "L" if match[1] == "l" else match[1].removesuffix("l") + "L" if match[1] == "ml" else match[1]
            power = int(match[2] or 1)
            shown = name if abs(power) == 1 else f"{name}{abs(power)}"
            (below if (power < 0) != (index > 0) else above).append(shown)
    return "/".join([".".join(above) or "1", *sorted(below)])
