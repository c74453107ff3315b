"""Van Henten's model against every vector of the oracle file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.accept.conftest import Agreement
from tests.agronomy.house_model.lettuce import (
    LettuceControl,
    LettuceOutside,
    LettuceState,
    lettuce_rates,
    step_lettuce,
)
from tests.agronomy.house_model.test_lettuce import START, STEP_S, day, numbers


@pytest.fixture(scope="module")
def oracle(real_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((real_data / "oracles.json").read_text())["van_henten"]
    return found


def test_every_rate_agrees_to_a_millionth(oracle: dict[str, Any], agree: Agreement) -> None:
    assert len(oracle["rhs"]) >= 5
    for row in oracle["rhs"]:
        found = lettuce_rates(LettuceState(*row["x"]), LettuceControl(*row["u"]), LettuceOutside(*row["v"]))
        agree("rates of a lettuce", numbers(found), row["dx"], "van Henten", rel=1e-6, within=1e-12)


def test_the_whole_trajectory_agrees_to_a_millionth(oracle: dict[str, Any], agree: Agreement) -> None:
    wanted = {row["t_h"]: row["x"] for row in oracle["rk4_day"]}
    state, met = START, 0
    for index in range(24 * 3600 // STEP_S):
        state = step_lettuce(state, *day(index * STEP_S / 3600), STEP_S)
        expected = wanted.get((index + 1) * STEP_S / 3600)
        if expected is not None:
            agree("a day of a lettuce", numbers(state), expected, "van Henten, RK4", rel=1e-6, within=1e-12)
            met += 1
    assert met == len(wanted)
