"""Flights over fields with the truth beside them: what the API shows of the ground against what landed on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.walk.field_flight import FlownField, errors_of, fly_field, serve_flight


@pytest.fixture(scope="module")
def sprayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlownField]:
    with serve_flight(fly_field("demo", 31), tmp_path_factory.mktemp("demo")) as flown:
        yield flown


def test_a_liquid_lies_where_the_wind_carried_it(sprayed: FlownField) -> None:
    errors = errors_of(sprayed)
    print(errors)
    assert abs(errors.total_pct) <= 1.0
    assert errors.cells_rms_pct <= 10.0
    assert max(abs(errors.overlap_pct), abs(errors.skip_pct)) <= 1.0


def test_the_answer_says_how_far_it_drifted_and_how_sure_that_is(sprayed: FlownField) -> None:
    answer = sprayed.get("as-applied", cell_m=2.0)
    drift = answer["drift"]
    # The simulated wind of 2.5 m/s comes from 120 deg: droplets go to the north-west by about 0.7 m.
    assert drift["basis"] == "usual_class"
    assert (drift["shift_east_m"], drift["shift_north_m"]) == (
        pytest.approx(-0.65, abs=0.12),
        pytest.approx(0.37, abs=0.1),
    )
    assert 0.0 < drift["uncertain_share"] < 0.5
    assert answer["timing"] == {
        "basis": "implement", "latency_s": 0.0, "feeder_opening_s": None, "feeder_closing_s": None,
    }  # fmt: skip
    rows = answer["grid"]["uncertainty_ha"]
    middle = max(max(row) for row in rows)
    assert 0.0 < middle < 0.5 * 30.0
    cells = sprayed.get("cells", cell_m=5.0)["features"]
    assert all("uncertainty_ha" in cell["properties"] for cell in cells)
