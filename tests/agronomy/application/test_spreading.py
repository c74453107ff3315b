"""Answers of a spreader for constructed passes at the equator, where metres per degree are the ellipsoid's axes."""

import numpy as np
import pytest

from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.product_answers import DRY_KG_MIN, Spreading, assess_spreading
from headland.agronomy.application.swaths import Track
from headland.agronomy.application.treated import FlowSamples, PumpStates

EAST_DEG_M = 111_319.4908
NORTH_DEG_M = 110_574.2758
SPEED_M_S = 6.0
FLOW_KG_MIN = 18.0
SECONDS = 300

NO_TIME = np.empty(0, dtype=np.int64)
NOTHING = np.empty(0)


def fly(
    *,
    sensed: bool = True,
    weighed: bool = True,
    refill_s: int | None = None,
    lost_s: tuple[int, int] | None = None,
    empty_from_s: int | None = None,
    window: tuple[int, int] = (0, SECONDS * 1000),
) -> Spreading:
    """Fly swaths of 240 m, 5.5 m apart, feeder on for 39 s of each 50 s; every row is 1 s. 40 kg are spread in all."""
    seconds = np.arange(SECONDS + 1)
    swath, into = seconds // 50, seconds % 50
    along = np.minimum(into, 40) * SPEED_M_S
    east = np.where(swath % 2 == 0, along, 240.0 - along)
    north = swath * 5.5 + np.maximum(into - 40, 0) / 10 * 5.5
    on = (into >= 1) & (into <= 39)
    flow = np.where(on & (seconds < (empty_from_s or SECONDS + 1)), FLOW_KG_MIN, 0.0)
    left = 80.0 - np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 2 / 60)))
    left += np.where(seconds > (refill_s or SECONDS + 1), 30.0, 0.0)
    left += 0.1 * np.sin(seconds)
    received = np.ones(len(seconds), dtype=bool)
    if lost_s is not None:
        received = (seconds < lost_s[0]) | (seconds >= lost_s[1])
    time = (seconds * 1000).astype(np.int64)[received]
    return assess_spreading(
        Track(time, north[received] / NORTH_DEG_M, east[received] / EAST_DEG_M),
        PumpStates(time, on[received]),
        FlowSamples(time if sensed else NO_TIME, flow[received] if sensed else NOTHING, DRY_KG_MIN, "mass_flow_kg_min"),
        HopperWeights(time if weighed else NO_TIME, left[received] if weighed else NOTHING),
        window=window,
        swath_m=5.5,
    )


# 39 s of each of six swaths at 18 kg/min, with a ramp of a second at each end.
SPREAD_KG = 6 * 39 / 60 * FLOW_KG_MIN
AREA_M2 = 6 * 39 * SPEED_M_S * 5.5


def test_a_pass_answers_kilograms_ground_and_rate_of_a_flow_sensor() -> None:
    done = fly()
    assert done.product_applied_kg.value == pytest.approx(SPREAD_KG, rel=1e-6)
    assert done.product_applied_kg.unit == "kg"
    assert done.product_applied_kg.inputs == ("mass_flow_kg_min",)
    assert done.area_treated_m2.value == pytest.approx(AREA_M2, rel=0.03)
    assert done.mean_rate_kg_ha.value == pytest.approx(SPREAD_KG / AREA_M2 * 10_000, rel=0.03)
    assert done.mean_rate_kg_ha.unit == "kg/ha"
    assert {a.evidence for a in (done.product_applied_kg, done.area_treated_m2, done.mean_rate_kg_ha)} == {
        "measured_flow"
    }


def test_without_a_sensor_the_amount_is_the_hoppers_loss_and_the_ground_has_the_commands_evidence() -> None:
    done = fly(sensed=False)
    assert done.product_applied_kg.value == pytest.approx(SPREAD_KG, abs=0.3)
    assert (done.product_applied_kg.evidence, done.product_applied_kg.inputs) == ("tank_mass", ("hopper_kg",))
    assert done.area_treated_m2.evidence == "pump_pwm"
    assert done.mean_rate_kg_ha.evidence == "pump_pwm"


def test_a_refill_is_not_subtracted_from_the_spread_amount() -> None:
    done = fly(sensed=False, refill_s=145)
    assert done.product_applied_kg.value == pytest.approx(SPREAD_KG, abs=0.5)


def test_without_sensor_and_hopper_no_amount_is_applied() -> None:
    done = fly(sensed=False, weighed=False)
    assert (done.product_applied_kg.value, done.product_applied_kg.reason) == (None, "no_mass_meter")
    assert (done.mean_rate_kg_ha.value, done.mean_rate_kg_ha.reason) == (None, "no_mass_meter")
    assert done.area_treated_m2.value == pytest.approx(AREA_M2, rel=0.03)


def test_an_empty_hopper_treats_nothing_whatever_the_command() -> None:
    done = fly(empty_from_s=150)
    assert done.product_applied_kg.value == pytest.approx(SPREAD_KG / 2, rel=1e-6)
    assert done.area_treated_m2.value == pytest.approx(AREA_M2 / 2, rel=0.03)


def test_a_hole_in_the_telemetry_is_bridged_by_the_hopper_and_not_by_the_flow() -> None:
    assert fly(sensed=False, lost_s=(110, 130)).product_applied_kg.value == pytest.approx(SPREAD_KG, abs=0.4)
    flow = fly(lost_s=(110, 130)).product_applied_kg
    assert flow.value == pytest.approx(SPREAD_KG - 21 / 60 * FLOW_KG_MIN, rel=0.01)
    assert flow.coverage == pytest.approx(1 - 21 / SECONDS, abs=0.01)


def test_a_refill_in_a_hole_leaves_it_unknown() -> None:
    done = fly(sensed=False, refill_s=145, lost_s=(100, 200))
    assert (done.product_applied_kg.value, done.product_applied_kg.reason) == (None, "insufficient_data")
    assert done.product_applied_kg.coverage < 0.8


@pytest.mark.parametrize("sensed", [True, False])
def test_windows_beside_one_another_add_up(sensed: bool) -> None:
    whole = fly(sensed=sensed, refill_s=145)
    parts = [fly(sensed=sensed, refill_s=145, window=window) for window in ((0, 73_000), (73_000, 300_000))]
    values = [part.product_applied_kg.value for part in parts]
    assert None not in values
    assert sum(value or 0.0 for value in values) == pytest.approx(whole.product_applied_kg.value, rel=1e-6)


def test_a_window_without_data_has_no_answer() -> None:
    done = fly(window=(10_000_000, 20_000_000))
    assert (done.product_applied_kg.value, done.product_applied_kg.reason) == (None, "insufficient_data")
    assert done.area_treated_m2.value is None
