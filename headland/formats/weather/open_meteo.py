"""Open-Meteo: hourly forecasts and ensembles, of its own hosts or of another one that runs its software.

The answer states its units. Amounts, means and maxima are of the hour before (https://open-meteo.com/en/docs). It does
not say when a model's run was issued. The data is under CC BY 4.0.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

import msgspec

from headland.formats.weather.error_documents import read_error
from headland.formats.weather.iso_times import read_time_ms
from headland.formats.weather.issue_builder import ForeignName, IssueBuilder, load_names
from headland.formats.weather.provider import (
    DecodedForecast,
    ForecastProvider,
    ForecastQuery,
    ProviderRequest,
    RefusedAnswer,
    RefusedForecast,
)
from headland.registry.models.weather import Attribution, ForecastPlace, StepKind
from headland.units_of_time import HOUR_MS

_NAME: Final = "open-meteo"
ATTRIBUTION: Final = Attribution(
    text="Weather forecast: data by Open-Meteo.com, CC BY 4.0.",
    text_zh="天气预报数据来自 Open-Meteo.com，CC BY 4.0。",
    licence="CC BY 4.0",
    url="https://open-meteo.com/en/licence",
)
_MEMBER: Final = re.compile(r"_member([0-9]{2,3})$")
_DAYS: Final = 7
#: Models of the ensemble API have one of these in their names (https://open-meteo.com/en/docs/ensemble-api).
_ENSEMBLE: Final = re.compile(r"_eps$|_ensemble|gefs")


class _Answer(msgspec.Struct):
    latitude: float
    longitude: float
    utc_offset_seconds: float
    hourly_units: dict[str, str]
    hourly: dict[str, list[Any]]
    elevation: float | None = None


class _Fault(msgspec.Struct):
    error: bool


def _request(query: ForecastQuery, key: str) -> ProviderRequest:
    place = query.place
    parameters = {
        "latitude": f"{place.latitude_deg:g}",
        "longitude": f"{place.longitude_deg:g}",
        "hourly": ",".join(load_names(_NAME)),
        "timeformat": "unixtime",
        "timezone": "GMT",
        "wind_speed_unit": "ms",
        "forecast_days": str(_DAYS),
    }
    if query.model:
        parameters["models"] = query.model
    if key:
        parameters["apikey"] = key
    path, server = ("ensemble", "ensemble-api") if _ENSEMBLE.search(query.model) else ("forecast", "api")
    # Whoever has a key has hosts of their own.
    return ProviderRequest(
        f"/v1/{path}", parameters, host=f"https://{'customer-' if key else ''}{server}.open-meteo.com"
    )


def _decode(body: bytes, query: ForecastQuery, fetched_ms: int) -> DecodedForecast | RefusedForecast:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _refused(body, error)
    times_ms = _times(answer)
    if times_ms is None or any(later <= before for before, later in pairwise(times_ms)):
        return RefusedForecast(RefusedAnswer.TIMES_OUT_OF_ORDER)
    if any(len(column) != len(times_ms) for column in answer.hourly.values()):
        return RefusedForecast(RefusedAnswer.WRONG_SHAPE, "columns of different lengths")
    if not (abs(answer.latitude) <= 90 and abs(answer.longitude) <= 180):
        return RefusedForecast(RefusedAnswer.WRONG_SHAPE, "coordinates")
    builder, names = IssueBuilder(), load_names(_NAME)
    is_ensemble = any(_MEMBER.search(column) for column in answer.hourly)
    for column, values in answer.hourly.items():
        match = _MEMBER.search(column)
        known = names.get(column if match is None else column[: match.start()])
        if known is None:
            continue
        # The column without a number is the control run: one member more.
        member = (0 if match is None else int(match[1])) if is_ensemble else None
        _add_column(builder, known, times_ms, values, answer.hourly_units.get(column, ""), member)
    return builder.finish(
        query,
        _NAME,
        ATTRIBUTION,
        fetched_ms,
        issued_ms=None,
        answered=ForecastPlace(
            latitude_deg=answer.latitude, longitude_deg=answer.longitude, altitude_m=answer.elevation
        ),
        model=query.model or "best_match",
    )


def _add_column(
    builder: IssueBuilder, known: ForeignName, times_ms: list[int], values: list[Any], unit: str, member: int | None
) -> None:
    before_ms = 0 if known.aggregation is StepKind.INSTANT else HOUR_MS
    for time_ms, value in zip(times_ms, values, strict=True):
        builder.add(known, (time_ms - before_ms, time_ms), value, unit, member=member)


def _times(answer: _Answer) -> list[int] | None:
    """Return the times as instants; None where one is none. Local ones are `utc_offset_seconds` ahead, all of them."""
    column = answer.hourly.get("time", [])
    if answer.hourly_units.get("time") == "unixtime":
        if not all(isinstance(each, int) and not isinstance(each, bool) and abs(each) < 1e11 for each in column):
            return None
        return [each * 1000 for each in column]
    times_ms = [read_time_ms(each, answer.utc_offset_seconds) for each in column]
    return None if None in times_ms else [each for each in times_ms if each is not None]


def _refused(body: bytes, error: Exception) -> RefusedForecast:
    try:
        msgspec.json.decode(body, type=_Fault)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        is_json = isinstance(error, msgspec.ValidationError)
        return RefusedForecast(RefusedAnswer.WRONG_SHAPE if is_json else RefusedAnswer.NOT_READABLE, str(error)[:200])
    return RefusedForecast(RefusedAnswer.PROVIDER_ERROR, read_error(body))


OPEN_METEO: Final = ForecastProvider(
    name=_NAME,
    title="Open-Meteo",
    host="https://api.open-meteo.com",
    attribution=ATTRIBUTION,
    request=_request,
    decode=_decode,
)
