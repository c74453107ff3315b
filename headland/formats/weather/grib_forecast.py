"""Forecasts of the points of GRIB files: one issue for each run of a model, from as many files as it has.

A value is that of the nearest grid point, as the message states it. Amounts since the run began become those between
its steps, energy the mean power of the time between, dew point the humidity, and two winds their speed and direction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa
from headland.formats.weather.grib_points import GribPoint
from headland.formats.weather.issue_builder import ForeignName, IssueBuilder, load_names
from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.registry.models.weather import Attribution, ForecastPlace, StepKind

NAME: Final = "files"
#: What ecCodes calls a forecast: one run, or one of an ensemble. Means, spreads and analyses are none.
_FORECASTS: Final = frozenset(("fc", "pf", "cf", "cp"))
_KINDS: Final = {
    "instant": StepKind.INSTANT,
    "avg": StepKind.MEAN,
    "accum": StepKind.SUM,
    "max": StepKind.MAXIMUM,
    "min": StepKind.MINIMUM,
}
#: Units of ecCodes that are read by their quantity: of a share, of water by depth and by mass, and of energy.
_SHARE, _DEPTH, _MASS, _ENERGY = "(0 - 1)", "m", "kg m**-2", "J m**-2"
#: Packing loses digits: an amount that falls by no more is one that stays [mm] and [J/m2].
_PACKED_MM, _PACKED_J_M2 = 0.05, 20_000.0
_SPEED: Final = ForeignName(name="", channel="wind_speed_m_s", height_m=10.0)
_DIRECTION: Final = ForeignName(name="", channel="wind_from_deg", height_m=10.0)
_HUMIDITY: Final = ForeignName(name="", channel="relative_humidity_pct", height_m=2.0)
#: A calm has no direction.
_CALM_M_S: Final = 0.05

_ECMWF: Final = Attribution(
    text="Weather forecast: ECMWF open data, CC BY 4.0, processed by this station.",
    text_zh="天气预报数据来自欧洲中期天气预报中心（ECMWF）开放数据，CC BY 4.0，经本站处理。",
    licence="CC BY 4.0",
    url="https://www.ecmwf.int/en/forecasts/datasets/open-data",
)
_CMA: Final = Attribution(
    text="Weather forecast: data from the China Meteorological Administration.",
    text_zh="天气预报数据来自中国气象局。",
    licence="as CMA grants it to this farm",
    url="https://data.cma.cn/",
)
OTHERS: Final = Attribution(
    text="Weather forecast: from a file of this farm; its licence is that of whoever made it.",
    text_zh="天气预报来自本农场的文件，许可以制作方为准。",
    licence="of whoever made the file",
    url="https://localhost/",
)
_BY_CENTRE: Final[Mapping[str, Attribution]] = {"ecmf": _ECMWF, "babj": _CMA, "38": _CMA}

#: What values of one quantity are of: name, member, begin and end [s].
_Steps = dict[tuple[int, int], GribPoint]


def decode_run(points: Sequence[GribPoint], query: ForecastQuery, fetched_ms: int) -> DecodedForecast | RefusedForecast:
    """Return the issue of a run by its points at a place, or why it has none."""
    builder = IssueBuilder()
    is_ensemble = any(point.data == "pf" or (point.member or 0) > 0 for point in points)
    rows: dict[tuple[str, int | None], _Steps] = {}
    for point in points:
        if point.problem:
            builder.left_out["damaged"] += 1
        elif point.data not in _FORECASTS:
            builder.left_out["not_a_forecast"] += 1
        else:
            member = (point.member or 0) if is_ensemble else None
            steps = rows.setdefault((point.name, member), {})
            if (point.start_s, point.end_s) in steps:
                builder.left_out["repeated"] += 1
            steps.setdefault((point.start_s, point.end_s), point)
    used = [point for steps in rows.values() for point in steps.values()]
    if not used:
        return RefusedForecast(RefusedAnswer.NO_VALUES, ", ".join(sorted(builder.left_out)))
    names = load_names("grib")
    for (name, member), steps in rows.items():
        known = names.get(name)
        if known is None:
            continue
        if known.aggregation is StepKind.SUM or steps_are_energy(steps.values()):
            _add_amounts(builder, known, steps, member)
        else:
            _add_values(builder, known, steps.values(), member)
    _add_winds(builder, rows)
    _add_humidity(builder, rows)
    first = used[0]
    answered = ForecastPlace(latitude_deg=first.latitude_deg, longitude_deg=first.longitude_deg)
    model = " ".join(part for part in (first.centre, first.stream) if part)
    return builder.finish(
        query,
        NAME,
        _BY_CENTRE.get(first.centre, OTHERS),
        fetched_ms,
        issued_ms=first.run_ms,
        answered=answered,
        model=model,
    )


def _unit(unit: str) -> str:
    """Return the name of a unit that the catalogue knows; a millimetre of water is a kilogram on a square metre."""
    if unit in (_SHARE, _MASS, _DEPTH):
        return "1" if unit == _SHARE else "mm"
    return unit.removesuffix(" true")


def steps_are_energy(points: Iterable[GribPoint]) -> bool:
    """Tell whether values are energy, whose mean power is asked for."""
    return any(point.unit == _ENERGY for point in points)


def _times_ms(point: GribPoint) -> tuple[int, int]:
    return point.run_ms + point.start_s * 1000, point.run_ms + point.end_s * 1000


def _add_values(builder: IssueBuilder, known: ForeignName, points: Iterable[GribPoint], member: int | None) -> None:
    for point in points:
        kind = _KINDS.get(point.kind, StepKind.SUM)
        is_instant = kind is StepKind.INSTANT
        # Extremes and means need a time over which they are; the older edition states none for some.
        is_extreme = known.aggregation in (StepKind.MAXIMUM, StepKind.MINIMUM, StepKind.MEAN)
        if kind is StepKind.SUM or (is_extreme if is_instant else point.start_s >= point.end_s):
            builder.left_out["no_period"] += 1
            continue
        start_ms, end_ms = _times_ms(point)
        named = ForeignName(name=known.name, channel=known.channel, aggregation=kind, height_m=known.height_m)
        times_ms = (end_ms, end_ms) if is_instant else (start_ms, end_ms)
        builder.add(named, times_ms, point.value, _unit(point.unit), member=member)


def _add_amounts(builder: IssueBuilder, known: ForeignName, steps: _Steps, member: int | None) -> None:
    """Add what fell or shone between the steps: a message's own amount where it has a begin, else differences."""
    since_run: list[GribPoint] = []
    for (start_s, end_s), point in sorted(steps.items()):
        # The older edition of ECMWF has no begin for what it counts from the run's.
        if point.kind == "instant" and point.edition == 1 and point.centre == "ecmf":
            since_run.append(point)
        elif point.kind != "accum":
            builder.left_out["no_period"] += 1
        elif start_s == 0:
            since_run.append(point)
        elif end_s > start_s:
            _add_amount(builder, known, point, start_s, point.value, member)
    zero = GribPoint(value=0.0)
    since_run.sort(key=lambda point: point.end_s)
    for before, point in pairwise([zero, *since_run]):
        if point.end_s == before.end_s:
            continue
        known_both = point.value is not None and before.value is not None
        amount = (point.value or 0.0) - (before.value or 0.0) if known_both else None
        _add_amount(builder, known, point, before.end_s, amount, member)


def _add_amount(
    builder: IssueBuilder, known: ForeignName, point: GribPoint, start_s: int, amount: float | None, member: int | None
) -> None:
    is_energy = point.unit == _ENERGY
    if point.unit == _DEPTH and amount is not None:
        amount *= 1000
    if amount is not None and amount < 0:
        if amount < -(_PACKED_J_M2 if is_energy else _PACKED_MM):
            builder.left_out["amount_falls"] += 1
            amount = None
        else:
            amount = 0.0
    if is_energy and amount is not None:
        amount /= point.end_s - start_s
    unit = "W/m2" if is_energy else _unit(point.unit)
    times_ms = point.run_ms + start_s * 1000, point.run_ms + point.end_s * 1000
    builder.add(known, times_ms, amount, unit, member=member)


def _add_winds(builder: IssueBuilder, rows: Mapping[tuple[str, int | None], _Steps]) -> None:
    for (name, member), steps in rows.items():
        if name != "10u":
            continue
        for times, along in steps.items():
            across = rows.get(("10v", member), {}).get(times)
            if across is None or along.value is None or across.value is None:
                continue
            time_ms = _times_ms(along)[1]
            u, v = along.value, across.value
            builder.add(_SPEED, (time_ms, time_ms), math.hypot(u, v), _unit(along.unit), member=member)
            if along.on_grid:
                # Along the axes of a grid that does not point north.
                builder.left_out["direction_on_grid"] += 1
            elif math.hypot(u, v) >= _CALM_M_S:
                builder.add(
                    _DIRECTION, (time_ms, time_ms), math.degrees(math.atan2(-u, -v)) % 360.0, "deg", member=member
                )


def _add_humidity(builder: IssueBuilder, rows: Mapping[tuple[str, int | None], _Steps]) -> None:
    """Add the humidity of dew point and temperature, where the file has none of its own."""
    for (name, member), steps in rows.items():
        if name != "2d" or ("2r", member) in rows:
            continue
        for times, dew in steps.items():
            air = rows.get(("2t", member), {}).get(times)
            if air is None or air.value is None or dew.value is None or {air.unit, dew.unit} != {"K"}:
                continue
            wet, dry = (float(saturation_vapour_pressure_kpa(each.value - 273.15)) for each in (dew, air) if each.value)
            time_ms = _times_ms(dew)[1]
            builder.add(_HUMIDITY, (time_ms, time_ms), 100.0 * min(1.0, wet / dry), "%", member=member)
