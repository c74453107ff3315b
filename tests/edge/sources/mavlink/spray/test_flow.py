from __future__ import annotations

import random

import pytest

from edge.sources.mavlink.spray.flow import FuelFlowMonitor, Scale

#: int16 centiamperes at 0.01 L/h each: 327.67 L/h.
CLIP_CA = 32767


def read_meter(flow_l_min: float, seconds: float, *, jitter_ms: int = 0, rate_hz: int = 5) -> list[float | None]:
    """Return the readings of a FuelFlow monitor at a true flow: whole millilitres, a clipped current."""
    meter, chance = FuelFlowMonitor(), random.Random(7)
    readings = []
    for n in range(int(seconds * rate_hz)):
        time_ms = n * 1000 // rate_hz
        consumed_ml = int(flow_l_min * 1000 * time_ms / 60_000)
        current_ca = min(CLIP_CA, round(flow_l_min * 60 * 100))
        readings.append(meter.flow_l_min(current_ca, consumed_ml, time_ms - chance.randint(0, jitter_ms)))
    return readings


def test_a_flow_within_the_wires_range_is_its_current() -> None:
    assert read_meter(2.0, 1.0) == [2.0] * 5


@pytest.mark.parametrize("jitter_ms", [0, 60])
@pytest.mark.parametrize("flow_l_min", [5.5, 8.0, 20.0])
def test_a_flow_beyond_it_is_the_volume_over_time_within_one_percent(flow_l_min: float, jitter_ms: int) -> None:
    readings = read_meter(flow_l_min, 30, jitter_ms=jitter_ms)
    assert readings[:9] == [None] * 9
    settled = [value for value in readings if value is not None][15:]
    assert len(settled) > 100
    for value in settled:
        assert value == pytest.approx(flow_l_min, rel=0.01)


def test_a_volume_that_starts_anew_gives_no_flow_until_it_is_known_again() -> None:
    meter = FuelFlowMonitor()
    for n in range(20):
        meter.flow_l_min(CLIP_CA, 1000 + 27 * n, 200 * n)
    assert meter.flow_l_min(CLIP_CA, 5, 4000) is None
    assert meter.flow_l_min(-1, -1, 4200) is None


def test_a_hopper_that_loses_mass_has_that_mass_flow_and_a_refill_is_none() -> None:
    scale, chance = Scale(), random.Random(3)
    falling = [scale.mass_flow_kg_min(40.0 - 0.05 * n + chance.gauss(0, 0.3), 200 * n) for n in range(120)]
    assert falling[:39] == [None] * 39
    assert falling[-1] == pytest.approx(15.0, rel=0.1)  # 0.25 kg/s
    filled = [scale.mass_flow_kg_min(60.0, 24_000 + 200 * n) for n in range(60)]
    assert None in filled[:9]
    assert filled[-1] == 0.0
