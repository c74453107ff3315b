"""Foreign unit names and their conversion to the units of channels.

The units of SenML are converted by its table (`headland.contract.senml.units`); this module has other spellings of
them, and the units that SenML lacks. Spelling follows what Home Assistant, ESPHome, Zigbee2MQTT, Tasmota, UCUM
and data sheets write. An ambiguous name (`gal`: two gallons) is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from headland.contract.quantities import QUANTITIES, split_channel, unit_of_name
from headland.contract.senml.units import UNITS
from headland.contract.units import UNIT_BY_SUFFIX


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


#: Spelling of a unit, in the form that `_plain` returns -> its unit (SenML's, or ours where SenML has none), with scale
#: and offset of the conversion to it.
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
    # Light and radiation. Lux and photon flux are not converted: the factor depends on the lamp.
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
    "t": ("kg", 1000.0, 0.0),
    "lb": ("kg", 0.45359237, 0.0),  # avoirdupois, exactly (NIST SP 811 appendix B)
    "t/h": ("kg/min", 1000 / 60, 0.0),
    "lb/s": ("kg/min", 60 * 0.45359237, 0.0),
    "lb/min": ("kg/min", 0.45359237, 0.0),
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

#: Whole words, in any case, and their spelling as a unit.
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


def convert_to_channel(channel: str, name: str) -> Conversion | NoConversion:
    """Return the conversion from the foreign unit `name` to the unit of `channel`."""
    parts = split_channel(channel)
    if parts is None:
        return NoConversion(f"{channel!r} is not written as a channel")
    quantity = QUANTITIES.get(parts[0])
    unit = unit_of_name(parts[0]) if quantity is None else quantity.unit
    if unit is None:
        return NoConversion(f"the name {channel!r} does not end in a unit")
    return convert_unit(name, unit)


@lru_cache(maxsize=1024)
def convert_unit(name: str, unit: str) -> Conversion | NoConversion:
    """Return the conversion from the foreign unit `name` to `unit`, a symbol of the quantities table."""
    if unit in (name, _plain(name)):
        return Conversion(unit)
    meaning = _meaning(name)
    if meaning is None:
        return NoConversion(f"the unit {name[:40]!r} is not known; use a known one, such as {unit!r}")
    meant, scale, offset = meaning
    factor = 1.0 if meant == unit else UNITS.get(meant, {}).get(unit)
    if factor is None:
        return NoConversion(f"{name[:40]!r} cannot be converted to {unit!r}")
    return Conversion(unit, scale * factor, offset * factor)


def _meaning(name: str) -> tuple[str, float, float] | None:
    """Return the unit of `name` with scale and offset to it; None where it is not known."""
    for spelling in (name, _plain(name)):
        if spelling in UNITS or spelling in _OUR_UNITS:
            return spelling, 1.0, 0.0
        if spelling in _SPELLINGS:
            return _SPELLINGS[spelling]
    word = _WORDS.get(name.strip().lower())
    return None if word is None else _meaning(word)


#: Our own symbols, except those that SenML's table converts further.
_OUR_UNITS: Final = frozenset(UNIT_BY_SUFFIX.values()) - set(_SPELLINGS)


def _plain(name: str) -> str:
    """Return a unit's name in ASCII, a product as `a.b/c/d` with its divisors in alphabetical order."""
    text = " ".join(name.translate(_CHARACTERS).replace("°", "deg").split())
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
