"""MET Norway: Locationforecast 2.0, complete and compact.

Its terms: an identifying User-Agent, at most four decimals of a place, no request before `Expires`, and conditional
requests after it (https://api.met.no/doc/TermsOfService). The data is under CC BY 4.0 and NLOD 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

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
from headland.registry.models.weather import Attribution, ForecastPlace
from headland.units_of_time import HOUR_MS

_NAME: Final = "met-norway"
#: Products: the usual one has gusts, percentiles and chances.
_COMPLETE, _COMPACT = "complete", "compact"
_PERIODS: Final = {"next_1_hours": 1, "next_6_hours": 6, "next_12_hours": 12}
ATTRIBUTION: Final = Attribution(
    text="Weather forecast: data from MET Norway, CC BY 4.0.",
    text_zh="天气预报数据来自挪威气象研究所（MET Norway），CC BY 4.0。",
    licence="CC BY 4.0",
    url="https://api.met.no/doc/License",
)


class _Details(msgspec.Struct):
    details: dict[str, Any] = {}


class _Data(msgspec.Struct):
    instant: _Details | None = None
    next_1_hours: _Details | None = None
    next_6_hours: _Details | None = None
    next_12_hours: _Details | None = None


class _Step(msgspec.Struct):
    time: str
    data: _Data


class _Meta(msgspec.Struct):
    updated_at: str
    units: dict[str, str]


class _Properties(msgspec.Struct):
    meta: _Meta
    timeseries: list[_Step]


class _Geometry(msgspec.Struct):
    coordinates: list[float]


class _Answer(msgspec.Struct):
    geometry: _Geometry
    properties: _Properties


def _request(query: ForecastQuery, _key: str) -> ProviderRequest:
    product = _COMPACT if query.model == _COMPACT else _COMPLETE
    place = query.place
    parameters = {"lat": f"{place.latitude_deg:g}", "lon": f"{place.longitude_deg:g}"}
    return ProviderRequest(f"/weatherapi/locationforecast/2.0/{product}", parameters)


def _decode(body: bytes, query: ForecastQuery, fetched_ms: int) -> DecodedForecast | RefusedForecast:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        is_json = isinstance(error, msgspec.ValidationError)
        return RefusedForecast(RefusedAnswer.WRONG_SHAPE if is_json else RefusedAnswer.NOT_READABLE, str(error)[:200])
    properties, coordinates = answer.properties, answer.geometry.coordinates
    answered = _place(coordinates)
    if answered is None:
        return RefusedForecast(RefusedAnswer.WRONG_SHAPE, "coordinates")
    names, units, builder = load_names(_NAME), properties.meta.units, IssueBuilder()
    before_ms = None
    for step in properties.timeseries:
        time_ms = read_time_ms(step.time)
        if time_ms is None or (before_ms is not None and time_ms <= before_ms):
            return RefusedForecast(RefusedAnswer.TIMES_OUT_OF_ORDER, step.time[:40])
        before_ms = time_ms
        _add(builder, names, units, step.data.instant, (time_ms, time_ms))
        for period, hours in _PERIODS.items():
            _add(builder, names, units, getattr(step.data, period), (time_ms, time_ms + hours * HOUR_MS))
    return builder.finish(
        query,
        _NAME,
        ATTRIBUTION,
        fetched_ms,
        issued_ms=read_time_ms(properties.meta.updated_at),
        answered=answered,
        model=_COMPACT if query.model == _COMPACT else _COMPLETE,
    )


def _add(
    builder: IssueBuilder,
    names: Mapping[str, ForeignName],
    units: dict[str, str],
    part: _Details | None,
    time_ms: tuple[int, int],
) -> None:
    for name, value in ({} if part is None else part.details).items():
        known = names.get(name)
        if known is not None:
            builder.add(known, time_ms, value, units.get(name, ""))


def _place(coordinates: list[float]) -> ForecastPlace | None:
    if len(coordinates) not in (2, 3) or abs(coordinates[0]) > 180 or abs(coordinates[1]) > 90:
        return None
    altitude_m = coordinates[2] if len(coordinates) == 3 else None
    return ForecastPlace(latitude_deg=coordinates[1], longitude_deg=coordinates[0], altitude_m=altitude_m)


MET_NORWAY: Final = ForecastProvider(
    name=_NAME,
    title="MET Norway Locationforecast 2.0",
    title_zh="挪威气象研究所（MET Norway Locationforecast 2.0）",
    host="https://api.met.no",
    attribution=ATTRIBUTION,
    request=_request,
    decode=_decode,
)
