"""Van Henten's model against numbers computed with an independent implementation of it.

The numbers are those of lettuce-greenhouse-gym 0.1.3 (van Henten 1994 in casadi) with a leakage of 0.75e-5 m/s.
"""

from __future__ import annotations

import math

import pytest

from tests.agronomy.house_model.lettuce import (
    LettuceControl,
    LettuceOutside,
    LettuceState,
    lettuce_rates,
    step_lettuce,
)

Numbers = tuple[float, ...]

#: State, control, outside -> rates.
RATES: list[tuple[Numbers, Numbers, Numbers, Numbers]] = [
    (
        (0.0035, 0.001, 15, 0.008),
        (0, 0, 0),
        (0, 0.00065, 10, 0.006),
        (-4.6375e-10, -4.3237805e-10, -0.0010166667, 4.2793864e-07),
    ),
    (
        (0.02, 0.001, 20, 0.01),
        (0.5, 2.0, 50),
        (400, 0.00065, 12, 0.007),
        (2.8030394e-07, -1.7509548e-07, 0.0020186667, 1.2287895e-06),
    ),
    (
        (0.1, 0.0015, 24, 0.014),
        (1.2, 7.5, 0),
        (800, 0.00065, 28, 0.015),
        (7.4120763e-07, -1.5960735e-06, 0.0074366667, 5.7755581e-06),
    ),
    (
        (0.25, 0.0012, 18, 0.012),
        (0, 0.5, 150),
        (100, 0.00065, 0, 0.004),
        (1.2474896e-07, -1.2401544e-07, 0.0016196667, -5.6518465e-08),
    ),
    (
        (0.05, 0.0008, 30, 0.02),
        (0, 7.5, 0),
        (900, 0.00065, 33, 0.018),
        (4.3567443e-07, -4.7000158e-07, 0.0075775, 1.0895362e-06),
    ),
]
#: The state after so many hours of `day` from `START`.
DAY: dict[float, Numbers] = {
    3: (0.0034955854, 0.00085413283, 11.910062, 0.0085095778),
    9: (0.0039567688, 0.00086907679, 16.756099, 0.0079244714),
    15: (0.0060645814, 0.0007620722, 28.349494, 0.014878733),
    21: (0.0068343273, 0.00083973979, 17.769125, 0.012314539),
}
START = LettuceState(0.0035, 0.001, 15.0, 0.008)
STEP_S = 300


def numbers(state: LettuceState) -> Numbers:
    return state.dry_weight, state.co2, state.air_degc, state.vapour


def day(hour: float) -> tuple[LettuceControl, LettuceOutside]:
    """Return the control and the weather at an hour of a day of sun from six to six."""
    sun = max(0.0, 600 * math.sin(math.pi * (hour - 6) / 12)) if 6 < hour < 18 else 0.0
    control = LettuceControl(0.3 if sun > 0 else 0.0, 1.0 if sun > 200 else 0.2, 40.0 if sun == 0 else 0.0)
    return control, LettuceOutside(sun, 6.5e-4, 10 + 5 * math.sin(math.tau * (hour - 9) / 24), 0.006)


@pytest.mark.parametrize(("state", "control", "outside", "rates"), RATES)
def test_the_rates_are_van_hentens(state: Numbers, control: Numbers, outside: Numbers, rates: Numbers) -> None:
    found = lettuce_rates(LettuceState(*state), LettuceControl(*control), LettuceOutside(*outside))
    assert numbers(found) == pytest.approx(rates, rel=1e-6)


def test_a_day_is_van_hentens() -> None:
    state = START
    for index in range(24 * 3600 // STEP_S):
        state = step_lettuce(state, *day(index * STEP_S / 3600), STEP_S)
        expected = DAY.get((index + 1) * STEP_S / 3600)
        if expected is not None:
            assert numbers(state) == pytest.approx(expected, rel=1e-6)
