"""Late blight in the field by day: Blitecast's advice from a week's severity and of days that rain made favourable."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.climate.disease import BLITECAST_MESSAGES, blitecast
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import Index, told_index

#: Days that an answer needs before the first one asked for: ten of rain before the first of seven.
RUN_IN_DAYS: Final = 16
_WEEK, _RAIN_DAYS, _WARM_DAYS = 7, 10, 5
#: A day is rain-favourable after so much rain in ten days [mm] while five were no warmer on average [degC].
_LEAST_RAIN_MM, _MOST_DEGC = 30.0, 25.5
_MESSAGE_CODES: Final = {name: code for code, name in BLITECAST_MESSAGES.items()}
_HYRE: Final = (
    f"Hyre (1954): {_LEAST_RAIN_MM:g} mm of rain in ten days while five average below {_MOST_DEGC:g} degC, figures not "
    "re-read in the paper"
)


def blight_indices(
    severity: Index, temperature: Index, rain_mm: Index, inputs: tuple[str, ...]
) -> list[Index]:  # fmt: skip
    """Return by day whether rain made it favourable, the severity of seven days, and Blitecast's message as its code.

    The three are of the same neighbouring days; a sum is known only where each of its days is.
    """
    share = np.minimum(np.minimum(severity.coverage, temperature.coverage), rain_mm.coverage)
    rain, warmth = _over(rain_mm.value, _RAIN_DAYS), _over(temperature.value, _WARM_DAYS) / _WARM_DAYS
    favourable = np.where(
        np.isfinite(rain + warmth), (rain >= _LEAST_RAIN_MM) & (warmth < _MOST_DEGC), np.nan
    )  # fmt: skip
    week, days = _over(severity.value, _WEEK), _over(favourable, _WEEK)
    message = [
        _MESSAGE_CODES[blitecast(int(s), int(d))] if np.isfinite(s + d) else np.nan
        for s, d in zip(week.tolist(), days.tolist(), strict=True)
    ]
    rule = "MacKenzie (1981), Blitecast: -1 no spray, 0 a warning, 1 spray every 7 days, 2 every 5 days"
    columns = (
        ("rain_favourable_day", _HYRE, favourable, _least(share, _RAIN_DAYS)),
        ("late_blight_severity_7_d", f"sum of seven days; {severity.method.source}", week, _least(share, _WEEK)),
        ("blitecast_code", f"{rule}; {_HYRE}", np.array(message), _least(share, _WEEK + _RAIN_DAYS - 1)),
    )
    return [
        told_index(name, "1", Method(name, 1, f"{source}; every day of it from 90 % on"), inputs, value, least,
                   severity.known)
        for name, source, value, least in columns
    ]  # fmt: skip


def _over(value: Values, days: int) -> Values:
    """Return the sum of the last `days` at each day; NaN before there are so many, or with one unknown."""
    total = np.full(len(value), np.nan)
    if len(value) >= days:
        total[days - 1 :] = np.lib.stride_tricks.sliding_window_view(value, days).sum(axis=1)
    return total


def _least(share: Values, days: int) -> Values:
    """Return the worst coverage of the last `days`, as far as there are any."""
    return np.array([share[max(0, at + 1 - days) : at + 1].min() for at in range(len(share))])
