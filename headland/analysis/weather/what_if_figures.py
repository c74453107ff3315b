"""Figures of a what-if answer: lowest temperature, hours of cold and of humid air, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from headland.agronomy.house_model.course import HouseCourse
from headland.agronomy.series.arrays import Mask, Values
from headland.registry.models.house_model import HeldOut
from headland.units_of_time import HOUR_MS

Quantity = Literal["lowest_degc", "cold_h", "humid_h"]
INSIDE: Final = ("air_temperature_degc", "relative_humidity_pct")
_UNITS: Final[Mapping[Quantity, str]] = {"lowest_degc": "degC", "cold_h": "h", "humid_h": "h"}
#: The half of a 90 % interval in standard errors.
_SPREADS: Final = 1.645
_DECIMALS: Final = 1


@dataclass(frozen=True, slots=True)
class WhatIfLimits:
    """Limit of cold air [degC] and of humid air [%]."""

    below_degc: float
    humid_pct: float


class WhatIfValue(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the model; its interval is null where the model was not fitted."""

    value: Annotated[float, "The number."]
    low: Annotated[float | None, "Lower end of the interval of nine of ten errors."]
    high: Annotated[float | None, "Upper end of the interval of nine of ten errors."]


class WhatIfFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of the night as it is, with the setting changed, and the difference."""

    quantity: Annotated[Quantity, "Lowest air temperature, hours below the limit, hours of humid air."]
    unit: Annotated[str, "Unit of the numbers."]
    limit: Annotated[float | None, "Limit of hours; null of a temperature."]
    as_is: Annotated[WhatIfValue, "With the setting as it is."]
    changed: Annotated[WhatIfValue, "With the setting as changed."]
    difference: Annotated[WhatIfValue, "Changed less as it is."]
    measured: Annotated[float | None, "Measured in the house; null for what is to come and where too little was."]
    is_told: Annotated[bool, "Whether the interval of the difference leaves its sign no doubt."]


def figures_of(
    course: HouseCourse, measured: Mapping[str, Values], limits: WhatIfLimits, held_out: HeldOut | None
) -> tuple[WhatIfFigure, ...]:
    """Return the figures of a course: as is and changed, with intervals by the held-out errors of a fit."""
    error_k = None if held_out is None else _SPREADS * held_out.temperature_rmse_k
    error_pct = None if held_out is None else _SPREADS * held_out.humidity_rmse_pct
    air, humidity = (measured.get(name, np.empty(0)) for name in INSIDE)
    cold, humid = limits.below_degc, limits.humid_pct
    hours = len(course.time_ms) * (course.time_ms[1] - course.time_ms[0]) / HOUR_MS
    return (
        _figure("lowest_degc", None, course.air_degc, error_k, lambda one: float(one.min()), _lowest(air)),
        _figure("cold_h", cold, course.air_degc, error_k, lambda one: hours * _share(one < cold), _hours(air < cold)),
        _figure(
            "humid_h", humid, course.humidity_pct, error_pct,
            lambda one: hours * _share(one >= humid), _hours(humidity >= humid),
        ),
    )  # fmt: skip


def not_counted(figures: Sequence[WhatIfFigure], *, is_forecast: bool) -> tuple[str, ...]:
    """Return the notes on what the intervals of some figures do not count; none where there is no interval."""
    if all(figure.difference.low is None for figure in figures):
        return ()
    return ("positions_not_counted", *(("forecast_not_counted",) if is_forecast else ()))


def _figure(
    quantity: Quantity,
    limit: float | None,
    courses: Values,
    error: float | None,
    of_course: Callable[[Values], float],
    measured: float | None,
) -> WhatIfFigure:
    as_is, changed = (_value(courses[:, at], error, of_course) for at in (0, 1))
    difference = changed.value - as_is.value
    low = high = None
    if changed.low is not None and changed.high is not None and as_is.low is not None and as_is.high is not None:
        low = difference - math.hypot(changed.value - changed.low, as_is.high - as_is.value)
        high = difference + math.hypot(changed.high - changed.value, as_is.value - as_is.low)
    told, shown = _rounded(difference, low, high), _rounded(as_is.value, as_is.low, as_is.high)
    return WhatIfFigure(
        quantity=quantity,
        unit=_UNITS[quantity],
        limit=limit,
        as_is=shown,
        # Without an interval whole numbers are shown, which add up.
        changed=_rounded(changed.value, changed.low, changed.high) if low is not None else _sum_of(shown, told),
        difference=told,
        measured=None if measured is None else round(measured, _DECIMALS),
        is_told=low is not None and high is not None and (low > 0 or high < 0),
    )


def _value(course: Values, error: float | None, of_course: Callable[[Values], float]) -> WhatIfValue:
    value = of_course(course)
    if error is None:
        return WhatIfValue(value=value, low=None, high=None)
    low, high = sorted((of_course(course - error), of_course(course + error)))
    return WhatIfValue(value=value, low=low, high=high)


def _sum_of(one: WhatIfValue, other: WhatIfValue) -> WhatIfValue:
    return WhatIfValue(value=one.value + other.value, low=None, high=None)


def _rounded(value: float, low: float | None, high: float | None) -> WhatIfValue:
    """Return a number with an interval to a tenth; without one to a whole, which is all that can be said of it."""
    if low is None or high is None:
        return WhatIfValue(value=float(round(value)), low=None, high=None)
    return WhatIfValue(value=round(value, _DECIMALS), low=round(low, _DECIMALS), high=round(high, _DECIMALS))


def _share(mask: Mask) -> float:
    return float(mask.mean())


def _lowest(hours: Values) -> float | None:
    return float(np.nanmin(hours)) if np.isfinite(hours).any() else None


def _hours(mask: Mask) -> float | None:
    return float(mask.sum()) if len(mask) else None
