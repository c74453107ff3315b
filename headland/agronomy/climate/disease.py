"""Indices of disease pressure by published rules: an index to act on, never a count of sick plants.

Each rule needs good humidity or wetness over the whole span; the caller checks the coverage.

Sources
-------
.. [1] Broome et al. (1995), Phytopathology 85, 97-102: Botrytis bunch rot of grape.
.. [2] Gubler and Thomas, UC IPM: risk index of grape powdery mildew.
.. [3] Wallin (1962), Am. Potato J. 39, 300-312; severity values as Michigan State University prints them.
.. [4] MacKenzie (1981), Plant Disease 65, 394-399: Blitecast.
.. [5] Smith (1956), Plant Pathology 5, 83-87; Hutton criteria: Dancey et al. (2017), James Hutton Institute.
.. [6] Magarey, Sutton, Russo (2005), Phytopathology 95, 92-100: wetness that an infection needs by temperature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Values

Level = Literal["low", "moderate", "high"]

#: [1]: clamps of the temperature [degC], and from which index on the pressure is moderate and high.
_BOTRYTIS_LOW_DEGC, _BOTRYTIS_HIGH_DEGC, _BOTRYTIS_DEAD_DEGC = 12.0, 32.0, 40.0
BOTRYTIS_LEVELS: Final = (0.5, 1.0)
#: Dry hours that end a wet period; [1].
BOTRYTIS_DRY_H: Final = 4.0
#: The index before the first wet hour, the model's constant.
BOTRYTIS_WHEN_DRY: Final = -2.647866


def botrytis_index(wet_hours: float, wet_degc: float) -> float | None:
    """Return the index ln(Y / (1 - Y)) after a wet period of `wet_hours` at a mean of `wet_degc`; [1].

    None for a mean above 40 degC, which the model does not count, or no wetness. Made for grape: elsewhere it orders
    days, it does not say how many fruits rot.
    """
    found = float(botrytis_indices(wet_hours, wet_degc))
    return None if math.isnan(found) else found


def botrytis_indices(wet_hours: ArrayLike, wet_degc: ArrayLike) -> Values:
    """Return the index of many wet periods, arrays that broadcast; NaN where `botrytis_index` says None."""
    hours, degc = np.asarray(wet_hours, np.float64), np.asarray(wet_degc, np.float64)
    t = np.clip(degc, _BOTRYTIS_LOW_DEGC, _BOTRYTIS_HIGH_DEGC)
    index = BOTRYTIS_WHEN_DRY - 0.374927 * hours + 0.061601 * hours * t - 0.001511 * hours * t * t
    return np.where((hours > 0.0) & (degc <= _BOTRYTIS_DEAD_DEGC), index, np.nan)


def botrytis_incidence(index: float) -> float:
    """Return the share Y that an index stands for in the model's own crop; [1]."""
    return 1.0 / (1.0 + math.exp(-index))


def level_of(value: float, levels: tuple[float, float]) -> Level:
    """Return low, moderate from the first level on, or high from the second."""
    return "high" if value >= levels[1] else "moderate" if value >= levels[0] else "low"


#: [2]: the favourable range, the heat that sets the fungus back [degC], the hours and days they need, steps and limits.
MILDEW_FAVOURABLE_DEGC: Final = (21.1, 29.4)
MILDEW_HEAT_DEGC: Final = 35.0
MILDEW_HEAT_H: Final = 0.25
_MILDEW_HOURS, _MILDEW_DAYS, _MILDEW_START = 6.0, 3, 60
_MILDEW_UP, _MILDEW_DOWN, _MILDEW_MOST = 20, 10, 100
MILDEW_LEVELS: Final = (40.0, 60.0)


@dataclass(frozen=True, slots=True)
class MildewDay:
    """The hours on end between 21.1 and 29.4 degC, and whether it was 35 degC or hotter for a quarter of an hour."""

    favourable_h: float
    hot: bool = False


def powdery_mildew_index(days: Sequence[MildewDay], *, started_at: int | None = None) -> list[int]:
    """Return the index 0..100 after each day; [2].

    It starts at 60 after three favourable days on end, 20 for each; one that is broken off begins again from 0.
    `started_at` goes on from an index that had started.
    """
    index, started, run = started_at or 0, started_at is not None, 0
    found = []
    for day in days:
        favourable = day.favourable_h >= _MILDEW_HOURS
        if not started:
            run = run + 1 if favourable else 0
            started = run >= _MILDEW_DAYS
            index = run * _MILDEW_UP
        else:
            change = _MILDEW_UP if favourable else -_MILDEW_DOWN
            if day.hot:
                # Heat takes ten: off a favourable day's twenty, but never more than ten from a day.
                change = _MILDEW_UP - _MILDEW_DOWN if favourable else -_MILDEW_DOWN
            index = min(max(index + change, 0), _MILDEW_MOST)
        found.append(index)
    return found


#: [3]: from and to mean temperature of the wet period [degC], and from how many hours on the severity is 1, 2, 3, 4.
WALLIN: Final = (
    (7.2, 11.7, (16.0, 19.0, 22.0, math.inf)),
    (11.7, 15.1, (13.0, 16.0, 19.0, 22.0)),
    (15.1, 26.7, (10.0, 13.0, 16.0, 19.0)),
)
#: Severity since emergence at which late blight is first to be expected; [3].
WALLIN_FIRST_SPRAY: Final = 18


def wallin_severity(humid_hours: float, humid_degc: float) -> int:
    """Return the severity value 0..4 of a period of RH 90 % or more and its mean temperature; [3]."""
    for low, high, hours in WALLIN:
        if low <= humid_degc < high:
            return sum(humid_hours >= least for least in hours)
    return 0


#: [4]: below which severity of seven days which message, with up to 4 and with 5 or more rain-favourable days.
_BLITECAST_DRY: Final = ((3, -1), (5, 0), (7, 1))
_BLITECAST_WET: Final = ((3, -1), (4, 0), (5, 1))
#: What a message says: -1 no spray, 0 a late blight warning, 1 spray every 7 days, 2 every 5 days.
BLITECAST_MESSAGES: Final = {-1: "no_spray", 0: "warning", 1: "spray_7_days", 2: "spray_5_days"}


def blitecast(severity_of_7_days: int, favourable_days_of_7: int) -> str:
    """Return the spray message from seven days' severity and rain-favourable days; [4]."""
    steps = _BLITECAST_WET if favourable_days_of_7 >= 5 else _BLITECAST_DRY
    message = next((each for below, each in steps if severity_of_7_days < below), 2)
    return BLITECAST_MESSAGES[message]


@dataclass(frozen=True, slots=True)
class HumidDay:
    """A day's lowest temperature [degC] and its hours of RH 90 % or more."""

    low_degc: float
    humid_h: float


#: [5]: the least temperature [degC], and the humid hours that each of two days on end needs.
_BLIGHT_DEGC, _SMITH_H, _HUTTON_H = 10.0, 11.0, 6.0


def smith_periods(days: Sequence[HumidDay]) -> list[bool]:
    """Tell for each day whether it ends a Smith period: two days of 10 degC or more with 11 humid hours each; [5]."""
    return _two_on_end(days, _SMITH_H)


def hutton_periods(days: Sequence[HumidDay]) -> list[bool]:
    """Tell for each day whether it ends a Hutton period: two days of 10 degC or more with 6 humid hours each; [5]."""
    return _two_on_end(days, _HUTTON_H)


def _two_on_end(days: Sequence[HumidDay], hours: float) -> list[bool]:
    fits = [day.low_degc >= _BLIGHT_DEGC and day.humid_h >= hours for day in days]
    return [fit and at > 0 and fits[at - 1] for at, fit in enumerate(fits)]


@dataclass(frozen=True, slots=True)
class Infection:
    """A pathogen's cardinal temperatures [degC] and the hours of wetness it needs at the best of them; for [6]."""

    name: str
    low_degc: float
    best_degc: float
    high_degc: float
    least_wet_h: float


#: Defaults to be calibrated: not from [6]'s own table.
DOWNY_MILDEWS: Final[dict[str, Infection]] = {
    "cucumber": Infection("Pseudoperonospora cubensis", 1.0, 20.0, 28.0, 2.0),
    "lettuce": Infection("Bremia lactucae", 1.0, 15.0, 25.0, 4.0),
}


def wetness_needed_h(infection: Infection, wet_degc: float) -> float | None:
    """Return the hours of wetness that an infection needs at a temperature; [6] eq 1 and 2. None where it cannot."""
    share = float(infection_shares(infection, 1.0, wet_degc))
    return 1.0 / share if share > 0.0 else None


def infection_share(infection: Infection, wet_hours: float, wet_degc: float) -> float:
    """Return how much of the wetness an infection needs a period had: 1 and more is an infection; 0 where it cannot."""
    return float(infection_shares(infection, wet_hours, wet_degc))


def infection_shares(infection: Infection, wet_hours: ArrayLike, wet_degc: ArrayLike) -> Values:
    """Return `infection_share` of many wet periods, arrays that broadcast; [6] eq 1 and 2."""
    degc = np.asarray(wet_degc, np.float64)
    fits = (degc > infection.low_degc) & (degc < infection.high_degc)
    t = np.where(fits, degc, infection.best_degc)
    above, below = infection.high_degc - infection.best_degc, infection.best_degc - infection.low_degc
    response = (infection.high_degc - t) / above * ((t - infection.low_degc) / below) ** (below / above)
    return np.where(fits, np.asarray(wet_hours, np.float64) * response / infection.least_wet_h, 0.0)
