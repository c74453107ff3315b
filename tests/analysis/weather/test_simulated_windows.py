"""Spray windows a day ahead against the truth of the simulated sites, and those of "as yesterday"."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from headland.agronomy.prescription.forecast_window import assess_forecast
from headland.agronomy.prescription.weather_window import CAUTION, GO, assess_hours
from headland.analysis.tonight.forecast_statements import with_rain_ahead
from headland.analysis.weather.outdoors.forecast_hours import hours_to_judge
from tests.analysis.weather.simulated_outdoors import TAUGHT_DAYS, SimulatedSite

#: 2026-03-01.
SPRING_MS = 1_772_323_200_000
LEAD_H = 24
RAINFAST_H = 6
SCENARIOS = (
    "hubei-tomato", "hubei-greenhouses", "chongqing-film", "chongqing-hill-film", "chongqing-forest-edge",
    "jurong-seedlings", "jurong-houses",
)  # fmt: skip
_SUITABLE = frozenset({GO, CAUTION})


@dataclass(frozen=True)
class Right:
    """Shares of hours that came as they were said, suitable or not; `exact`: with the same state of the three."""

    forecast: float
    exact: float
    provider: float
    as_yesterday: float
    #: Of the hours that were said to be go, those that came suitable.
    go_kept: float
    go_hours: int


def judge(scenario: str, seed: int, days: int, start_ms: int = SPRING_MS) -> Right:
    """Return how the verdicts of 24 to 26 h before came true at a site."""
    site = SimulatedSite(scenario, seed, start_ms, days)
    truth = [verdict.state for verdict in assess_hours(with_rain_ahead(site.truth, RAINFAST_H), "liquid")]
    first = TAUGHT_DAYS * 24
    said: dict[bool, dict[int, str]] = {True: {}, False: {}}
    for corrected, told in said.items():
        for origin in range(first - LEAD_H, site.hours - LEAD_H, 3):
            ahead = site.ahead(origin, corrected=corrected, first=LEAD_H)
            calm = [site.truth[origin + LEAD_H + at].is_calm_time for at in range(len(ahead))]
            judged = hours_to_judge(ahead, calm, RAINFAST_H)[:3]
            told |= {
                origin + LEAD_H + at: verdict.state for at, verdict in enumerate(assess_forecast(judged, "liquid"))
            }
    hours = [hour for hour in said[True] if hour >= first]

    def share(states: dict[int, str]) -> float:
        return sum((states[hour] in _SUITABLE) == (truth[hour] in _SUITABLE) for hour in hours) / len(hours)

    go = [hour for hour in hours if said[True][hour] == GO]
    return Right(
        forecast=share(said[True]),
        exact=sum(said[True][hour] == truth[hour] for hour in hours) / len(hours),
        provider=share(said[False]),
        as_yesterday=share({hour: truth[hour - 24] for hour in hours}),
        go_kept=sum(truth[hour] in _SUITABLE for hour in go) / max(1, len(go)),
        go_hours=len(go),
    )


def test_a_forecast_of_two_weeks_tells_more_hours_right_than_yesterday_does() -> None:
    right = judge("jurong-houses", 1, 14)
    assert right.forecast >= 0.85
    assert right.forecast > right.as_yesterday
    assert right.go_kept >= 0.95


@pytest.mark.long
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_spray_windows_are_right_in_nine_of_ten_hours_a_day_ahead(scenario: str) -> None:
    seeds = [judge(scenario, seed, 60) for seed in range(1, 11)]
    mean = sum(each.forecast for each in seeds) / len(seeds)
    assert mean >= 0.9, seeds
    assert mean > sum(each.as_yesterday for each in seeds) / len(seeds)
