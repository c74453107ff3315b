import numpy as np
import pytest

from headland.agronomy.application.dosing import Meter, unwind_total, volume_from_flow, volume_from_total

NOTHING = (np.empty(0, dtype=np.int64), np.empty(0))


def totals(*rows: tuple[int, float]) -> Meter:
    return Meter(np.array([t for t, _ in rows], dtype=np.int64), np.array([v for _, v in rows]), *NOTHING)


def flows(*rows: tuple[int, float]) -> Meter:
    return Meter(*NOTHING, np.array([t for t, _ in rows], dtype=np.int64), np.array([v for _, v in rows]))


def test_a_total_gives_its_rise() -> None:
    assert volume_from_total(totals((0, 5.0), (1000, 5.5), (2000, 7.0)), (0, 3000)).volume_l == pytest.approx(2.0)


def test_a_fall_is_a_restart_that_counts_from_zero() -> None:
    assert unwind_total(np.array([8.0, 9.0, 0.5, 2.0])).tolist() == [0.0, 1.0, 1.5, 3.0]


def test_the_time_of_a_restart_is_not_known() -> None:
    volume = volume_from_total(totals((0, 8.0), (1000, 9.0), (5000, 0.5), (6000, 2.0)), (0, 6000))
    assert volume.volume_l == pytest.approx(3.0)
    assert volume.known.tolist() == [[0.0, 1000.0], [5000.0, 6000.0]]


def test_volumes_of_adjoining_windows_add_up() -> None:
    meter = totals(*((1000 * s, 0.07 * s) for s in range(101)))
    parts = [volume_from_total(meter, window).volume_l for window in ((0, 33_333), (33_333, 70_001), (70_001, 100_000))]
    assert sum(parts) == pytest.approx(7.0)


def test_a_total_bridges_a_hole_in_the_telemetry() -> None:
    volume = volume_from_total(totals((0, 1.0), (50_000, 4.0)), (0, 50_000))
    assert volume.volume_l == pytest.approx(3.0)
    assert volume.known.tolist() == [[0.0, 50_000.0]]


def test_flow_is_integrated_by_trapezoids() -> None:
    # 0 -> 6 L/min in 10 s, then 6 L/min for 20 s: 0.5 L + 2 L.
    meter = flows(*((1000 * s, 0.6 * s) for s in range(11)), *((1000 * s, 6.0) for s in range(11, 31)))
    assert volume_from_flow(meter, (0, 30_001)).volume_l == pytest.approx(2.5)


def test_flow_is_cut_at_the_window() -> None:
    meter = flows(*((1000 * s, 6.0) for s in range(31)))
    assert volume_from_flow(meter, (2500, 12_500)).volume_l == pytest.approx(1.0)


def test_a_hole_in_the_flow_is_not_integrated() -> None:
    meter = flows((0, 6.0), (1000, 6.0), (20_000, 6.0), (21_000, 6.0))
    volume = volume_from_flow(meter, (0, 30_000))
    assert volume.volume_l == pytest.approx(0.2)
    assert volume.known.tolist() == [[0.0, 1000.0], [20_000.0, 21_000.0]]
    assert volume.n == 4
