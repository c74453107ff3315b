"""GRIB2 files as a model writes them, made by ecCodes: a field of so many cells around a place, a message a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyproj  # noqa: F401  # each brings a libproj of its own, and that of ecCodes loaded first ends pyproj's process

import eccodes  # isort: skip

#: Corner of the field and its spacing: 0.25 degrees, as ECMWF's open data.
NORTH_DEG, WEST_DEG, STEP_DEG = 33.0, 118.0, 0.25
ROWS, COLUMNS = 9, 9
_MISSING: Final = 9999.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message: ecCodes' name, its step or steps [h] (`3`, `0-3`), the value of all cells, and keys of its own."""

    name: str
    step: str
    value: float | None
    date: int = 20270115
    time: int = 0
    centre: str = "ecmf"
    number: int | None = None
    keys: tuple[tuple[str, Any], ...] = ()


def write_grib(path: Path, messages: Iterable[Message], gradient: float = 0.0) -> Path:
    """Write a file; each value grows by `gradient` from cell to cell eastwards."""
    with path.open("wb") as file:
        for message in messages:
            handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            try:
                _fill(handle, message, gradient)
                eccodes.codes_write(handle, file)
            finally:
                eccodes.codes_release(handle)
    return path


def _fill(handle: Any, message: Message, gradient: float) -> None:
    keys: dict[str, Any] = {
        "centre": message.centre,
        "Ni": COLUMNS,
        "Nj": ROWS,
        "latitudeOfFirstGridPointInDegrees": NORTH_DEG,
        "longitudeOfFirstGridPointInDegrees": WEST_DEG,
        "latitudeOfLastGridPointInDegrees": NORTH_DEG - (ROWS - 1) * STEP_DEG,
        "longitudeOfLastGridPointInDegrees": WEST_DEG + (COLUMNS - 1) * STEP_DEG,
        "iDirectionIncrementInDegrees": STEP_DEG,
        "jDirectionIncrementInDegrees": STEP_DEG,
        "dataDate": message.date,
        "dataTime": message.time,
    }
    if message.number is None:
        keys |= {"dataType": "fc"}
    else:
        # Template 1: one run of an ensemble. Number 0 is the control run.
        keys |= {"productDefinitionTemplateNumber": 1, "typeOfEnsembleForecast": 3, "numberOfForecastsInEnsemble": 5}
        keys |= {"dataType": "pf" if message.number else "cf", "perturbationNumber": message.number}
    keys |= {"shortName": message.name, "stepRange": message.step, "bitsPerValue": 24, **dict(message.keys)}
    for key, value in keys.items():
        eccodes.codes_set(handle, key, value)
    cells = [
        _MISSING if message.value is None else message.value + gradient * column
        for _ in range(ROWS)
        for column in range(COLUMNS)
    ]
    if message.value is None:
        eccodes.codes_set(handle, "bitmapPresent", 1)
        eccodes.codes_set(handle, "missingValue", _MISSING)
    eccodes.codes_set_values(handle, cells)
