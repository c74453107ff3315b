"""Answers of a sprayer for constructed flights at the equator, where metres per degree are the ellipsoid's axes."""

import numpy as np
import pytest

from headland.agronomy.application.metering import FlowMeter
from headland.agronomy.application.product_answers import Application, assess_application
from headland.agronomy.application.swaths import Track
from headland.agronomy.application.treated import PumpStates

EAST_DEG_M = 111_319.4908
NORTH_DEG_M = 110_574.2758
SPEED_M_S = 5.0
FLOW_L_MIN = 3.0
SECONDS = 400

NO_TIME = np.empty(0, dtype=np.int64)
NOTHING = np.empty(0)


def fly(
    *,
    lost_s: tuple[int, int] | None = None,
    metered: bool = True,
    totalled: bool = True,
    dry_from_s: int | None = None,
    window: tuple[int, int] = (0, SECONDS * 1000),
    swath_m: float = 5.0,
) -> Application:
    """Fly 40 s swaths of 200 m, 5 m apart, with 10 s turns in which the pump is off; every row is 1 s."""
    seconds = np.arange(SECONDS + 1)
    swath, into = seconds // 50, seconds % 50
    along = np.minimum(into, 40) * SPEED_M_S
    east = np.where(swath % 2 == 0, along, 200.0 - along)
    north = swath * 5.0 + np.maximum(into - 40, 0) / 10 * 5.0
    on = (into >= 1) & (into <= 39)
    flow = np.where(on & (seconds < (dry_from_s or SECONDS + 1)), FLOW_L_MIN, 0.0)
    total = 100.0 + np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 2 / 60)))
    received = np.ones(len(seconds), dtype=bool)
    if lost_s is not None:
        received = (seconds < lost_s[0]) | (seconds >= lost_s[1])
    time = (seconds * 1000).astype(np.int64)[received]
    return assess_application(
        Track(time, north[received] / NORTH_DEG_M, east[received] / EAST_DEG_M),
        PumpStates(time, on[received]),
        FlowMeter(
            time if totalled else NO_TIME,
            total[received] if totalled else NOTHING,
            time if metered else NO_TIME,
            flow[received] if metered else NOTHING,
        ),
        window=window,
        swath_m=swath_m,
    )


def test_a_flight_answers_litres_ground_and_rate() -> None:
    done = fly()
    # Eight swaths; the pump was on for 39 s of each: 195 m by 5 m, side by side, 1.95 L.
    assert done.product_applied_l.value == pytest.approx(8 * 39 / 60 * FLOW_L_MIN, rel=1e-6)
    assert done.area_treated_m2.value == pytest.approx(8 * 195 * 5, rel=0.001)
    assert done.area_treated_ha.value == pytest.approx(0.78, rel=0.001)
    assert done.overlap_m2.value == pytest.approx(0.0, abs=1.0)
    assert done.mean_rate_l_ha.value == pytest.approx(15.6 / 0.78, rel=0.001)
    assert {a.evidence for a in (done.product_applied_l, done.area_treated_m2, done.mean_rate_l_ha)} == {
        "measured_flow"
    }


def test_a_wider_swath_overlaps() -> None:
    done = fly(swath_m=6.0)
    assert done.area_treated_m2.value == pytest.approx(195 * (7 * 5 + 6), rel=0.001)
    assert done.overlap_m2.value == pytest.approx(195 * 7 * 1.0, rel=0.01)


def test_without_a_flow_meter_there_are_no_litres() -> None:
    done = fly(metered=False, totalled=False)
    assert (done.product_applied_l.value, done.product_applied_l.reason) == (None, "no_flow_meter")
    assert (done.mean_rate_l_ha.value, done.mean_rate_l_ha.reason) == (None, "no_flow_meter")
    assert done.area_treated_m2.value == pytest.approx(8 * 195 * 5, rel=0.001)
    assert done.area_treated_m2.evidence == "pump_pwm"


def test_flow_alone_is_integrated() -> None:
    done = fly(totalled=False)
    assert done.product_applied_l.value == pytest.approx(15.6, rel=1e-6)
    assert done.product_applied_l.method.id == "volume_from_flow"


def test_a_dry_pump_treats_nothing() -> None:
    done = fly(dry_from_s=200)
    assert done.area_treated_m2.value == pytest.approx(4 * 195 * 5, rel=0.005)
    assert done.area_treated_m2.evidence == "measured_flow"


def test_a_short_hole_lowers_coverage_and_area_but_not_the_metered_litres() -> None:
    done = fly(lost_s=(110, 130))
    assert done.product_applied_l.value == pytest.approx(15.6, rel=1e-6)
    assert done.area_treated_m2.coverage == pytest.approx(1 - 21 / (8 * 39), abs=0.01)
    assert done.area_treated_m2.value == pytest.approx((8 * 195 - 21 * 5) * 5, rel=0.005)


def test_a_long_hole_gives_litres_but_no_ground() -> None:
    done = fly(lost_s=(100, 240))
    assert done.product_applied_l.value == pytest.approx(15.6, rel=1e-6)
    assert (done.area_treated_m2.value, done.area_treated_m2.reason) == (None, "insufficient_data")
    assert (done.mean_rate_l_ha.value, done.mean_rate_l_ha.reason) == (None, "insufficient_data")


def test_windows_beside_one_another_add_up() -> None:
    whole, first, second = fly(), fly(window=(0, 173_000)), fly(window=(173_000, 400_000))
    for answer in ("product_applied_l", "area_treated_m2"):
        parts = [getattr(part, answer).value for part in (first, second)]
        assert sum(parts) == pytest.approx(getattr(whole, answer).value, rel=1e-6)


def test_a_long_quiet_time_around_a_flight_does_not_remove_its_answer() -> None:
    done = fly(window=(-86_400_000, 86_400_000))
    assert done.area_treated_m2.value == pytest.approx(8 * 195 * 5, rel=0.001)
    assert done.area_treated_m2.coverage == pytest.approx(1.0)


def test_a_window_without_data_has_no_answer() -> None:
    done = fly(window=(10_000_000, 20_000_000))
    assert done.area_treated_m2.value is None
    assert done.product_applied_l.value is None
    assert done.area_treated_m2.reason == "insufficient_data"


def test_a_turn_without_spraying_treats_nothing_and_has_no_rate() -> None:
    done = fly(window=(42_000, 48_000))
    assert done.area_treated_m2.value == 0.0
    assert done.product_applied_l.value == pytest.approx(0.0)
    assert (done.mean_rate_l_ha.value, done.mean_rate_l_ha.reason) == (None, "nothing_treated")
