"""Ninety per cent intervals over simulated flights: they hold what landed on cells and beside the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.bench_cells import check_cells
from tests.walk.field_flight import fly_field, serve_flight


@pytest.mark.long
@pytest.mark.parametrize(
    ("scenario", "seed"), [("chongqing-terrace", 61), ("jurong-rapeseed", 62), ("jurong-wheat", 63)]
)
def test_nine_of_ten_cells_are_in_their_interval(scenario: str, seed: int, tmp_path: Path) -> None:
    with serve_flight(fly_field(scenario, seed), tmp_path) as flown:
        check = check_cells(flown)
    assert 85.0 <= check.coverage_pct <= 95.0
    beside_true = sum(true for *_, true in check.bands)
    assert sum(low for _, low, _, _ in check.bands) <= beside_true <= sum(high for _, _, high, _ in check.bands)
