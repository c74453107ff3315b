"""Energy of a greenhouse and its cost: what is recorded, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from headland.agronomy.climate.energy_use import energy_by_period
from headland.agronomy.series.time_grid import STEP_MS, make_periods
from headland.analysis.greenhouse.energy.house_energy import cost_of, kwh_price
from headland.registry.models.energy_price import EnergyPrice

DAY_MS = 86_400_000
STEPS = DAY_MS // STEP_MS
MONDAY = date(2026, 11, 23)


def price(amount: float, day: date = MONDAY, **more: Any) -> EnergyPrice:
    values: dict[str, Any] = {"kind": "heat", "unit": "kWh", "currency": "CNY", "price": amount, "from_day": day}
    return EnergyPrice(**{**values, **more})


def test_a_hundred_watts_for_a_day_are_two_point_four_kwh() -> None:
    use = energy_by_period(make_periods([0, DAY_MS], 2 * DAY_MS), np.full(2 * STEPS, 100.0))
    assert use.kwh_m2 == pytest.approx([2.4, 2.4])
    assert use.coverage == pytest.approx([1.0, 1.0])


def test_a_gap_counts_nothing_and_is_said() -> None:
    power = np.full(2 * STEPS, 100.0)
    power[: STEPS // 4] = np.nan
    power[STEPS:] = np.nan
    use = energy_by_period(make_periods([0, DAY_MS], 2 * DAY_MS), power)
    assert use.kwh_m2[0] == pytest.approx(1.8)
    assert use.known_h == pytest.approx([18.0, 0.0])
    assert use.coverage == pytest.approx([0.75, 0.0])
    assert np.isnan(use.kwh_m2[1])  # nothing recorded is not nothing used


def test_a_gigajoule_and_a_cubic_metre_have_their_kwh() -> None:
    assert kwh_price(price(100.0, unit="GJ")) == pytest.approx(0.36)
    assert kwh_price(price(4.5, unit="m3", kwh_per_unit=9.0)) == pytest.approx(0.5)


def test_a_day_has_the_price_of_its_time() -> None:
    prices = [price(0.5), price(0.8, date(2026, 11, 25))]
    used = [(date(2026, 11, 24), 1.0), (date(2026, 11, 25), 1.0), (date(2026, 11, 26), 1.0)]
    cost, currency, reason = cost_of("heat", used, prices, 1000.0)
    assert cost == pytest.approx(500 + 800 + 800)
    assert (currency, reason) == ("CNY", None)


@pytest.mark.parametrize(
    ("prices", "area_m2", "said"),
    [
        ([], 1000.0, "未登记加温能源价格"),
        ([price(1.0, kind="lamps")], 1000.0, "未登记加温能源价格"),
        ([price(1.0, date(2026, 11, 24))], 1000.0, "有 1 天早于首个价格的生效日期 2026-11-24"),
        ([price(1.0), price(1.0, date(2026, 11, 24), currency="EUR")], 1000.0, "多种货币（CNY, EUR）"),
        ([price(1.0)], None, "未登记温室面积"),
    ],
)
def test_without_a_price_of_every_day_or_an_area_there_is_a_reason_and_no_cost(
    prices: list[EnergyPrice], area_m2: float | None, said: str
) -> None:
    used = [(date(2026, 11, 23), 1.0), (date(2026, 11, 24), 1.0)]
    cost, currency, reason = cost_of("heat", used, prices, area_m2)
    assert (cost, currency) == (None, None)
    assert reason is not None
    assert said in reason.text_zh
