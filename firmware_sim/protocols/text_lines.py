"""Text lines of a simple serial data logger: JSON, CSV or key=value, one line per compartment. Pure.

A line has no time, as with most loggers. A missing value is null, an empty field or nan.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from firmware_sim.protocols.readings import Readings

#: Short name -> channel and decimals.
COLUMNS: Final[dict[str, tuple[str, int]]] = {
    "temp": ("air_temperature_degc", 2),
    "hum": ("relative_humidity_pct", 2),
    "co2": ("co2_ppm", 0),
    "par": ("par_umol_m2_s", 0),
    "leaf": ("leaf_temperature_degc", 2),
    "soil_t": ("soil_temperature_degc", 2),
    "soil_m": ("substrate_moisture_pct", 1),
}

BANNER: Final = f"# headland-sim lines v1: id,{','.join(COLUMNS)}\r\n".encode()


def json_line(unit: int, readings: Readings) -> bytes:
    """Return `{"id":1,"temp":21.43,...}`."""
    values = {name: _rounded(readings.get(channel), decimals) for name, (channel, decimals) in COLUMNS.items()}
    return json.dumps({"id": unit, **values}, separators=(",", ":")).encode() + b"\r\n"


def csv_line(unit: int, readings: Readings) -> bytes:
    """Return `1,21.43,...` in the order of `COLUMNS`."""
    fields = [_text(readings.get(channel), decimals, "") for channel, decimals in COLUMNS.values()]
    return ",".join([str(unit), *fields]).encode() + b"\r\n"


def key_value_line(unit: int, readings: Readings) -> bytes:
    """Return `id=1 temp=21.43 ...`."""
    pairs = [f"{name}={_text(readings.get(channel), decimals, 'nan')}" for name, (channel, decimals) in COLUMNS.items()]
    return " ".join([f"id={unit}", *pairs]).encode() + b"\r\n"


LINES: Final[dict[str, Callable[[int, Readings], bytes]]] = {
    "json": json_line,
    "csv": csv_line,
    "kv": key_value_line,
}


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals) if decimals else round(value)


def _text(value: float | None, decimals: int, missing: str) -> str:
    return missing if value is None else f"{value:.{decimals}f}"
