"""SenML units (RFC 8428 section 12.1, RFC 8798 section 3) and what takes a value in them to our units."""

from __future__ import annotations

from typing import Final

#: SenML unit -> our unit symbols, the first the default, each with the factor that takes a SenML value to it.
UNITS: Final[dict[str, dict[str, float]]] = {
    "%": {"%": 1.0},
    "%EL": {"%": 1.0},
    "%RH": {"%": 1.0},
    "/": {"1": 1.0, "%": 100.0},
    "/100": {"%": 1.0},
    "A": {"A": 1.0},
    "Cel": {"degC": 1.0},
    "Pa": {"hPa": 0.01, "kPa": 0.001},
    "V": {"V": 1.0},
    "W/m2": {"W/m2": 1.0},
    "cm": {"m": 0.01},
    "count": {"1": 1.0},
    "dBm": {"dBm": 1.0},
    "h": {"s": 3600.0},
    "hPa": {"hPa": 1.0, "kPa": 0.1},
    "km": {"m": 1000.0},
    "km/h": {"m/s": 1 / 3.6},
    "l": {"L": 1.0},
    "l/s": {"L/min": 60.0},
    "lat": {"deg": 1.0},
    "lon": {"deg": 1.0},
    "m": {"m": 1.0},
    "m/s": {"m/s": 1.0},
    "mA": {"A": 0.001},
    "mV": {"V": 0.001},
    "min": {"s": 60.0},
    "mm": {"m": 0.001},
    "ms": {"s": 0.001},
    "ppm": {"ppm": 1.0},
    "rad": {"rad": 1.0},
    "s": {"s": 1.0},
}

#: Our unit symbol -> the ending of a channel whose record names the unit apart; a bare ratio or count has none.
SUFFIX_OF_UNIT: Final[dict[str, str]] = {
    "%": "pct",
    "A": "a",
    "L": "l",
    "L/min": "l_min",
    "V": "v",
    "W/m2": "w_m2",
    "dBm": "dbm",
    "deg": "deg",
    "degC": "degc",
    "hPa": "hpa",
    "m": "m",
    "m/s": "m_s",
    "ppm": "ppm",
    "rad": "rad",
    "s": "s",
}
