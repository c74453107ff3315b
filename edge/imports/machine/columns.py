"""Columns of machines' shapefiles: which quantity each one is, and its unit. Pure.

John Deere's exports describe their columns in a JSON file beside them. The names that desktop programs of CNH, Ag
Leader and others write are cut at ten characters, and with them some units: the system of units is taken from the
columns that still name theirs. A column whose unit nobody says is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Role = Literal["distance", "width", "heading", "elevation", "liquid", "mass", "yield", "moisture", "speed", "duration"]
_ACRE_M2: Final = 4046.8564224
_FOOT_M: Final = 0.3048
_POUND_KG: Final = 0.45359237
_GALLON_L: Final = 3.785411784
_OUNCE_L: Final = _GALLON_L / 128.0
#: What a unit is in m, m/s, deg, s, %, L/m2 or kg/m2.
_FACTORS: Final[dict[str, float]] = {
    "ft": _FOOT_M, "m": 1.0, "in": _FOOT_M / 12.0, "cm": 0.01,
    "arcdeg": 1.0, "deg": 1.0, "prcnt": 1.0, "pct": 1.0, "s": 1.0,
    "mph": 0.44704, "mi1hr-1": 0.44704, "km1hr-1": 1.0 / 3.6, "kmh": 1.0 / 3.6, "m1s-1": 1.0,
    "gal1ac-1": _GALLON_L / _ACRE_M2, "l1ha-1": 1e-4, "floz1ac-1": _OUNCE_L / _ACRE_M2,
    "pt1ac-1": _GALLON_L / 8.0 / _ACRE_M2, "qt1ac-1": _GALLON_L / 4.0 / _ACRE_M2,
    "lb1ac-1": _POUND_KG / _ACRE_M2, "kg1ha-1": 1e-4, "t1ha-1": 0.1,
    "ton1ac-1": 2000.0 * _POUND_KG / _ACRE_M2, "g1m-2": 1e-3,
}  # fmt: skip
_LIQUIDS: Final = frozenset(("gal1ac-1", "l1ha-1", "floz1ac-1", "pt1ac-1", "qt1ac-1"))
#: Names of John Deere, in full or cut at ten characters.
_DEERE: Final[dict[str, Role]] = {
    "distance": "distance",
    "swathwidth": "width",
    "heading": "heading",
    "elevation": "elevation",
    "wetmass": "yield",
    "moisture": "moisture",
    "vehiclspee": "speed",
    "vehiclspeed": "speed",
}
_APPLIED: Final = re.compile(r"appliedrat(e)?")
#: Names of desktop programs: the beginning, the role, and the unit in feet and in metres.
_DESKTOP: Final[tuple[tuple[str, Role, str, str], ...]] = (
    ("swth_wdth", "width", "ft", "m"),
    ("distance_", "distance", "ft", "m"),
    ("track_deg", "heading", "deg", "deg"),
    ("elevation_", "elevation", "ft", "m"),
    ("duration_s", "duration", "s", "s"),
    ("speed_mph", "speed", "mph", "mph"),
    ("speed_km_h", "speed", "kmh", "kmh"),
    ("rt_apd_liq", "liquid", "gal1ac-1", "l1ha-1"),
    ("rt_apd_ms", "mass", "lb1ac-1", "kg1ha-1"),
    ("yld_mass_w", "yield", "lb1ac-1", "kg1ha-1"),
    ("moisture_", "moisture", "pct", "pct"),
)
_FEET: Final = re.compile(r"^(distance_f|y_offset_f|x_offset_f|speed_mph)")
_METRES: Final = re.compile(r"^(distance_m|y_offset_m|x_offset_m|speed_km_h)")


@dataclass(frozen=True, slots=True)
class MachineColumn:
    """A column's role, and the factor to m, m/s, deg, s, %, L/m2 or kg/m2."""

    role: Role
    factor: float


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a shapefile that are read, and those that are not although they are of a known kind, with why."""

    by_name: dict[str, MachineColumn]
    without_unit: tuple[str, ...]


def read_columns(names: tuple[str, ...], metadata: Mapping[str, Any]) -> Columns:
    """Return the columns of a shapefile by its names and the maker's description."""
    units = _units_of(metadata)
    feet_named = any(_FEET.match(name.lower()) for name in names)
    metres_named = any(_METRES.match(name.lower()) for name in names)
    imperial, metric = feet_named and not metres_named, metres_named and not feet_named
    found: dict[str, MachineColumn] = {}
    unknown: list[str] = []
    for name in names:
        low = name.lower()
        role, unit = _deere(low, units)
        if role is None:
            for start, its_role, feet, metres in _DESKTOP:
                if low.startswith(start):
                    role = its_role
                    unit = feet if feet == metres or imperial else metres if metric else None
                    break
        if role is None or role in {each.role for each in found.values()}:
            continue
        factor = None if unit is None else _FACTORS.get(unit)
        if factor is None:
            unknown.append(name if unit is None else f"{name} [{unit}]")
        else:
            found[name] = MachineColumn(role, factor)
    return Columns(found, tuple(unknown))


def _deere(low: str, units: Mapping[str, str]) -> tuple[Role | None, str | None]:
    unit = next((unit for name, unit in units.items() if name[:10] == low[:10]), None)
    if _APPLIED.fullmatch(low):
        return ("liquid" if unit in _LIQUIDS else "mass"), unit
    role = _DEERE.get(low)
    return role, "arcdeg" if role == "heading" and unit is None else unit


def _units_of(metadata: Mapping[str, Any]) -> dict[str, str]:
    attributes = metadata.get("DataAttributes")
    return {
        str(each["Name"]).lower(): str(each["Unit"]).lower()
        for each in (attributes if isinstance(attributes, list) else [])
        if isinstance(each, dict) and each.get("Name") and each.get("Unit")
    }
