"""The words of reports in English and Chinese, and how numbers, units and times are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from headland.contract.quantities import quantity_of
from headland.reports.translations import WORDS

Language = Literal["en", "zh"]

#: A number's decimals by its unit: what the methods can tell. A number without a unit has three.
_DECIMALS: Final = {
    "kg": 2, "L": 2, "kg/ha": 1, "L/ha": 1, "kg/mu": 2, "L/mu": 2, "ha": 3, "mu": 2, "m2": 0, "%": 1, "m": 1, "s": 0,
    "mm": 1, "degC": 1, "m/s": 1, "kPa": 2, "g/m3": 1, "mol/m2": 1, "h": 1, "K": 1, "degC d": 1, "J/cm2": 0, "L/m2": 2,
    "mS/cm": 2, "mol/m2/(degC d)": 2, "umol/m2/s": 0,
}  # fmt: skip
#: Names whose numbers are counts or classes, whatever their unit says.
_DECIMALS_OF: Final = {
    "powdery_mildew_index": 0, "late_blight_severity": 0, "smith_period": 0, "hutton_period": 0, "botrytis_index": 2,
    "least_coverage": 0,
}  # fmt: skip
_UNITS: Final[dict[str, tuple[str, str]]] = {
    "m2": ("m²", "m²"), "degC": ("°C", "°C"), "g/m3": ("g/m³", "g/m³"), "mol/m2": ("mol/m²", "mol/m²"), "1": ("", ""),
    "mu": ("mu", "亩"), "kg/mu": ("kg/mu", "kg/亩"), "L/mu": ("L/mu", "L/亩"), "kg/ha": ("kg/ha", "kg/公顷"),
    "L/ha": ("L/ha", "L/公顷"), "ha": ("ha", "公顷"), "degC d": ("°C d", "°C·日"), "J/cm2": ("J/cm²", "J/cm²"),
    "L/m2": ("L/m²", "L/m²"), "mol/m2/(degC d)": ("mol/m²/(°C d)", "mol/m²/(°C·日)"),
    "umol/m2/s": ("µmol/m²/s", "µmol/m²/s"),
}  # fmt: skip


def is_word(name: str) -> bool:
    """Return whether the list has a word."""
    return name in WORDS


def say(name: str, language: Language) -> str:
    """Return a word; one that the list does not have is shown as it is called, so that nothing is hidden."""
    found = WORDS.get(name)
    if found is None:
        quantity = quantity_of(name)
        return name.replace("_", " ") if quantity is None else quantity.meaning
    return found[0 if language == "en" else 1]


def say_unit(unit: str, language: Language) -> str:
    """Return how a unit is written."""
    found = _UNITS.get(unit)
    return unit if found is None else found[0 if language == "en" else 1]


def say_number(value: float, unit: str, name: str = "") -> str:
    """Return a number with the decimals of its name or unit; whole numbers stay whole."""
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{value:,.{_DECIMALS_OF.get(name, _DECIMALS.get(unit, 3))}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def say_time(time_ms: int, zone: ZoneInfo, *, is_day: bool = False, language: Language = "en") -> str:
    """Return an instant in a time zone; a day with its weekday."""
    moment = datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(zone)
    if not is_day:
        return moment.strftime("%Y-%m-%d %H:%M")
    return f"{moment:%Y-%m-%d} {say(f'weekday_{moment.isoweekday()}', language)}"
