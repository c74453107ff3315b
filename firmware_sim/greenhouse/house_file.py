"""Parameters of a house in a TOML file: what `headland sim fit` found, and what the simulator takes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from headland.agronomy.house_model.compartment import Compartment
from headland.agronomy.house_model.parameters import BY_NAME
from headland.errors import SettingsError

#: Sizes that the fit was told, and that the parameters belong to.
SIZES: Final = {"height_m": (1.5, 15.0), "cover_ratio": (1.0, 4.0)}
_TITLE: Final = "# Parameters of a house for `headland sim greenhouse --house`, by `headland sim fit`.\n"


@dataclass(frozen=True, slots=True)
class FoundParameter:
    """A parameter: value, the range that the data leave, and whether they show it at all."""

    name: str
    value: float
    low: float
    high: float
    shown: bool


def write_house(path: Path, sizes: Mapping[str, float], found: Iterable[FoundParameter], notes: Iterable[str]) -> None:
    """Write a house file; raises SettingsError where it cannot be written."""
    lines = [_TITLE, *(f"# {note}\n" for note in notes), "\n[size]\n"]
    lines += [f"{name} = {value!r}\n" for name, value in sizes.items()]
    for each in found:
        lines += [f"\n[parameter.{each.name}]\n", f"value = {each.value:.6g}\n"]
        lines += [f"low = {each.low:.6g}\n", f"high = {each.high:.6g}\n", f"shown = {str(each.shown).lower()}\n"]
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The house file {path} cannot be written: {error}.") from error


def with_house(compartment: Compartment[float], path: Path) -> Compartment[float]:
    """Return a compartment with the values of a house file; raises SettingsError with a sentence for a wrong one."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The house file {path} cannot be read: {error}.") from error
    ranges = {f"parameter.{name}": (each.low, each.high) for name, each in BY_NAME.items()}
    ranges |= {f"size.{name}": ends for name, ends in SIZES.items()}
    values = {}
    for key, value in _numbers(content, path):
        if key not in ranges:
            raise SettingsError(f"The house file {path} has {key}, which no house has: see `headland sim fit`.")
        low, high = ranges[key]
        # A value is written with six digits: one at its limit may be a millionth beyond it.
        if not low * (1 - 1e-5) <= value <= high * (1 + 1e-5):
            raise SettingsError(f"{key} in {path} is {value:g}: give {low:g} to {high:g}.")
        values[key.partition(".")[2]] = value
    return replace(compartment, **values)


def _numbers(content: Mapping[str, object], path: Path) -> Iterable[tuple[str, float]]:
    for table, entries in content.items():
        for name, entry in entries.items() if isinstance(entries, dict) else [("", entries)]:
            value = entry.get("value") if isinstance(entry, dict) else entry
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SettingsError(f"{table}.{name} in {path} needs a number.")
            yield f"{table}.{name}", float(value)
