"""QWeather (和风天气): forecasts by hour for 24 to 240 hours, and by day.

Version 7: numbers are texts; a place has two decimals at most, longitude first; every answer is gzip. An error is a
`code` other than 200 in an answer with status 200. Version 1, which replaces it: numbers with their units, shares in
place of percents, place in the path. Its errors are documents of RFC 9457
(https://dev.qweather.com/docs/api/weather, https://dev.qweather.com/docs/resource/error-code).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from headland.formats.weather.error_documents import read_error
from headland.formats.weather.iso_times import read_time_ms
from headland.formats.weather.issue_builder import IssueBuilder, load_names
from headland.formats.weather.provider import (
    DecodedForecast,
    ForecastProvider,
    ForecastQuery,
    ProviderRequest,
    RefusedAnswer,
    RefusedForecast,
)
from headland.plain_numbers import read_whole
from headland.registry.models.weather import Attribution, StepKind
from headland.units_of_time import HOUR_MS

_NAME: Final = "qweather"
_USUAL: Final = "72h"
#: What `model` chooses: hours of the hourly forecast, or days of the daily one.
PRODUCTS: Final = ("24h", "72h", "168h", "3d", "7d", "10d", "15d", "30d", "v1-24h", "v1-72h", "v1-168h", "v1-240h")
_GOOD: Final = "200"
_VERSION_1: Final = "v1-"
#: Names of its values in the table begin so: some are those of version 7, in other units.
_OF_VERSION_1: Final = "v1."
#: A group of its own for days, of which two in a year are an hour shorter or longer.
_DAYS: Final = -1
#: Objects within objects, as deep as version 1 has them.
_DEEPEST: Final = 3
ATTRIBUTION: Final = Attribution(
    text="Weather forecast: data from QWeather (www.qweather.com).",
    text_zh="天气预报数据来自和风天气（www.qweather.com）。",
    licence="QWeather Developers License",
    url="https://www.qweather.com/legal",
)


class _Error(msgspec.Struct):
    status: int = 0


class _Answer(msgspec.Struct):
    code: str = ""
    updateTime: str = ""  # noqa: N815 - the provider's name
    hourly: list[dict[str, Any]] = []
    daily: list[dict[str, Any]] = []
    hours: list[dict[str, Any]] | None = None
    error: _Error | None = None


def _request(query: ForecastQuery, key: str) -> ProviderRequest:
    product = query.model if query.model in PRODUCTS else _USUAL
    place, headers = query.place, {"X-QW-Api-Key": key}
    if product.startswith(_VERSION_1):
        path = f"/weather/v1/hourly/{place.latitude_deg:.2f}/{place.longitude_deg:.2f}"
        hours = product.removeprefix(_VERSION_1).removesuffix("h")
        return ProviderRequest(path, {"hours": hours, "lang": "en"}, headers)
    parameters = {"location": f"{place.longitude_deg:.2f},{place.latitude_deg:.2f}", "unit": "m", "lang": "en"}
    return ProviderRequest(f"/v7/weather/{product}", parameters, headers)


def _decode(body: bytes, query: ForecastQuery, fetched_ms: int) -> DecodedForecast | RefusedForecast:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        is_json = isinstance(error, msgspec.ValidationError)
        return RefusedForecast(RefusedAnswer.WRONG_SHAPE if is_json else RefusedAnswer.NOT_READABLE, str(error)[:200])
    if answer.error is not None:
        return RefusedForecast(RefusedAnswer.PROVIDER_ERROR, read_error(body), answer.error.status)
    if answer.hours is None and answer.code != _GOOD:
        status = read_whole(answer.code, 3) or 0
        return RefusedForecast(RefusedAnswer.PROVIDER_ERROR, f"code {answer.code[:20]}", status)
    builder = IssueBuilder()
    kinds = ((answer.hourly, _hour, ""), (answer.daily, _day, ""), (answer.hours or [], _hour, _OF_VERSION_1))
    for rows, times_of, path in kinds:
        before_ms = -1
        for row in rows:
            times_ms = times_of(row, query.time_zone)
            if times_ms is None or times_ms[0] <= before_ms:
                shown = row.get("fxTime", row.get("fxDate", row.get("forecastTime")))
                return RefusedForecast(RefusedAnswer.TIMES_OUT_OF_ORDER, str(shown)[:40])
            before_ms = times_ms[0]
            _add(builder, _values(row, path), times_ms, is_day=times_of is _day)
    return builder.finish(
        query,
        _NAME,
        ATTRIBUTION,
        fetched_ms,
        issued_ms=read_time_ms(answer.updateTime),
        answered=None,
        model=query.model if query.model in PRODUCTS else _USUAL,
    )


def _add(
    builder: IssueBuilder, values: Iterable[tuple[str, Any, str]], times_ms: tuple[int, int], *, is_day: bool
) -> None:
    for name, value, unit in values:
        known = load_names(_NAME).get(name)
        if known is None:
            continue
        # Of a day only the sum and the extremes are said: its humidity or wind is of no stated time.
        is_instant = known.aggregation is StepKind.INSTANT
        if is_day and is_instant:
            continue
        builder.add(
            known,
            (times_ms[0], times_ms[0]) if is_instant else times_ms,
            value,
            unit or known.unit,
            group=_DAYS if is_day else None,
        )


def _values(row: dict[str, Any], path: str) -> Iterator[tuple[str, Any, str]]:
    """Yield name, value and stated unit of each value of a row; those of version 1 are named by their path in it."""
    for name, value in row.items():
        inner = f"{path}{name}"
        if not isinstance(value, dict):
            yield inner, value, ""
        elif "value" in value:
            yield inner, value["value"], str(value.get("unit", ""))
        elif path.count(".") < _DEEPEST:
            yield from _values(value, f"{inner}.")


def _hour(row: dict[str, Any], _time_zone: str) -> tuple[int, int] | None:
    start_ms = read_time_ms(row.get("fxTime", row.get("forecastTime")))
    return None if start_ms is None else (start_ms, start_ms + HOUR_MS)


def _day(row: dict[str, Any], time_zone: str) -> tuple[int, int] | None:
    """Return the local day of a row: the provider states dates without a time zone."""
    try:
        day, zone = date.fromisoformat(str(row.get("fxDate", ""))), ZoneInfo(time_zone)
        starts = [datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1))]
        return round(starts[0].timestamp()) * 1000, round(starts[1].timestamp()) * 1000
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        return None


QWEATHER: Final = ForecastProvider(
    name=_NAME,
    title="QWeather",
    title_zh="和风天气（QWeather）",
    host="https://devapi.qweather.com",
    attribution=ATTRIBUTION,
    request=_request,
    decode=_decode,
    needs_key=True,
)
