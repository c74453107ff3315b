"""Process that reads a GRIB file: one a file, with a deadline, that a stop of the station ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from headland.errors import HeadlandError
from headland.formats.weather.grib_points import GribPoint
from headland.registry.models.weather import ForecastPlace

WITHIN_S: Final = 120.0
_LOOK_EVERY_S: Final = 0.1
_MOST_BYTES: Final = 200_000_000


class NoReaderError(HeadlandError):
    """EcCodes is not installed."""


class FileFaultError(HeadlandError):
    """A file cannot be read; the message is why."""


def has_reader() -> bool:
    """Tell whether ecCodes is installed."""
    return find_spec("eccodes") is not None


def read_file(path: Path, places: Sequence[ForecastPlace], stopping: threading.Event) -> list[GribPoint]:
    """Return the points of a file at the grid points nearest to places. Raises NoReaderError and FileFaultError."""
    if not has_reader():
        raise NoReaderError("GRIB needs ecCodes: install headland[grib].")
    texts = [f"{place.latitude_deg:g},{place.longitude_deg:g}" for place in places]
    command = [sys.executable, "-m", "headland.formats.weather.grib_points", str(path), *texts]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)  # noqa: S603 - ours
        try:
            code = _wait(process, stopping)
        finally:
            process.kill()
            process.wait()
        if code is None:
            raise FileFaultError(f"it was not read within {WITHIN_S:g} s: cut the region and the quantities out of it")
        if code != 0:
            errors.seek(0)
            last = errors.read(4096).decode(errors="replace").strip().splitlines()[-1:] or [""]
            raise FileFaultError(f"its reader ended with {code}: {last[0][:120]}")
        if os.fstat(output.fileno()).st_size > _MOST_BYTES:
            raise FileFaultError("it has more values than a forecast")
        output.seek(0)
        decode = msgspec.json.Decoder(GribPoint).decode
        return [decode(line) for line in output]


def _wait(process: subprocess.Popen[bytes], stopping: threading.Event) -> int | None:
    """Return the code of a process; None where it took too long, or the station stops."""
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s and not stopping.is_set():
        try:
            return process.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            continue
    return None
