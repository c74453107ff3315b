"""Points of a GRIB file: the values of its messages at the grid points nearest to places.

It runs as a process of its own (`python -m headland.formats.weather.grib_points FILE LATITUDE,LONGITUDE ...`), since
ecCodes is a library of C that reads bytes of others: what ends it ends no station. It writes one line of JSON for each
message and place.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import msgspec

from headland.formats.weather.issue_builder import load_names

#: Messages of a file that are looked at.
MOST_MESSAGES: Final = 100_000
#: Of winds and accumulated amounts, which become channels together with others.
PARTS: Final = ("2d", "10u", "10v")
_NICE: Final = 10
#: Names by which the same is called at a height: ecCodes knows some encodings by the general name alone.
_AT_HEIGHT: Final = {("t", 2): "2t", ("r", 2): "2r", ("dpt", 2): "2d", ("u", 10): "10u", ("v", 10): "10v"}


class GribPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A value at the grid point nearest to a place, by ecCodes' names and units.

    `problem` is why there is none. Seconds are from the run to the begin and end of what the value is of; `member` is
    the number of an ensemble's run, None where it is of no ensemble. Winds `on_grid` are along the grid's axes.
    """

    place: int = 0
    problem: str = ""
    name: str = ""
    unit: str = ""
    kind: str = ""
    data: str = ""
    centre: str = ""
    stream: str = ""
    edition: int = 2
    run_ms: int = 0
    start_s: int = 0
    end_s: int = 0
    member: int | None = None
    value: float | None = None
    latitude_deg: float = 0.0
    longitude_deg: float = 0.0
    on_grid: bool = False


def read_points(file: BinaryIO, places: Sequence[tuple[float, float]]) -> Iterator[GribPoint]:
    """Yield the points of a file's messages. Raises ImportError without ecCodes."""
    import eccodes

    wanted = {*load_names("grib"), *PARTS}
    for _ in range(MOST_MESSAGES):
        try:
            message = eccodes.codes_grib_new_from_file(file)
        except eccodes.CodesInternalError as error:
            yield GribPoint(problem=f"damaged: {error}"[:120])
            return
        if message is None:
            return
        try:
            yield from _points(eccodes, message, places, wanted)
        finally:
            eccodes.codes_release(message)
    yield GribPoint(problem="more messages than a forecast has")


def _points(eccodes: Any, message: Any, places: Sequence[tuple[float, float]], wanted: set[str]) -> Iterator[GribPoint]:
    def get(key: str, default: Any = None) -> Any:
        try:
            return eccodes.codes_get(message, key)
        except eccodes.CodesInternalError:
            return default

    name = get("shortName", "")
    if get("typeOfLevel") == "heightAboveGround":
        name = _AT_HEIGHT.get((name, get("level")), name)
    if name not in wanted:
        return
    try:
        eccodes.codes_set(message, "stepUnits", "s")
        start_s, end_s = (eccodes.codes_get_long(message, key) for key in ("startStep", "endStep"))
        run_ms = _run_ms(get("dataDate"), get("dataTime"))
        missing = eccodes.codes_get_double(message, "missingValue")
    except (eccodes.CodesInternalError, ValueError, TypeError) as error:
        yield GribPoint(name=name, problem=f"time: {error}"[:120])
        return
    many = (get("numberOfForecastsInEnsemble", 0) or 0) > 1
    about = GribPoint(
        name=name,
        unit=str(get("units", "")),
        kind=str(get("stepType", "")),
        data=str(get("dataType", "")),
        centre=str(get("centre", "")),
        stream=str(get("stream", "")),
        edition=int(get("edition", 2)),
        run_ms=run_ms,
        start_s=start_s,
        end_s=end_s,
        member=get("number") if many or get("dataType") in ("pf", "cf", "cp") else None,
        on_grid=bool(get("uvRelativeToGrid", 0)) and not str(get("gridType")).startswith(("regular_", "reduced_")),
    )
    for index, (latitude_deg, longitude_deg) in enumerate(places):
        try:
            nearest = eccodes.codes_grib_find_nearest(message, latitude_deg, longitude_deg)[0]
        except eccodes.CodesInternalError as error:
            yield msgspec.structs.replace(about, place=index, problem=str(error)[:120])
            continue
        value = float(nearest.value)
        yield msgspec.structs.replace(
            about,
            place=index,
            value=None if value == missing else value,
            latitude_deg=float(nearest.lat),
            longitude_deg=(float(nearest.lon) + 180.0) % 360.0 - 180.0,
        )


def _run_ms(date: int, time: int) -> int:
    """Return the instant of a run: YYYYMMDD and HHMM. Raises ValueError."""
    from datetime import UTC, datetime

    at = datetime(date // 10_000, date // 100 % 100, date % 100, time // 100, time % 100, tzinfo=UTC)
    return round(at.timestamp()) * 1000


def main(arguments: Sequence[str]) -> int:
    """Write the points of a file; return 0, or 3 where ecCodes is not installed."""
    os.nice(_NICE)
    path, *texts = arguments
    places = [(float(latitude), float(longitude)) for latitude, longitude in (text.split(",") for text in texts)]
    encode = msgspec.json.Encoder().encode
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - ecCodes takes a file of the operating system
            for point in read_points(file, places):
                sys.stdout.buffer.write(encode(point) + b"\n")
    except ImportError:
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
