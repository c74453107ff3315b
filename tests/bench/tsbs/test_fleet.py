"""The telemetry of the fleet: the same for the same seed, and of the shape that it claims."""

import numpy as np

from tests.bench.tsbs.fleet import FIELDS, START_MS, TABLES, Telemetry, make_telemetry

TRUCKS, INSTANTS, EVERY_S = 20, 400, 30


def make(seed: int = 5) -> Telemetry:
    return make_telemetry(TRUCKS, INSTANTS, EVERY_S, seed)


def test_the_same_seed_makes_the_same_telemetry_and_another_seed_another() -> None:
    one, again, other = make(), make(), make(6)
    assert one.trucks == again.trucks
    assert np.array_equal(one.value, again.value, equal_nan=True)
    assert np.array_equal(one.arrival, again.arrival)
    assert not np.array_equal(one.value, other.value, equal_nan=True)


def test_batches_hold_each_value_once_at_its_instant() -> None:
    telemetry = make()
    found = np.full_like(telemetry.value, np.nan)
    points = 0
    for batch in telemetry.batches(700):
        assert sum(map(len, batch)) <= 700
        for rows in batch:
            at = (rows.time_ms - START_MS) // (EVERY_S * 1000)
            assert np.isnan(found[at, rows.truck, TABLES[rows.table]]).all()
            found[at, rows.truck, TABLES[rows.table]] = rows.value
            points += rows.points
    assert np.array_equal(found, telemetry.value, equal_nan=True)
    assert points == telemetry.points


def test_a_tenth_of_rows_is_lost_a_tenth_has_a_null_and_a_third_arrives_late() -> None:
    telemetry = make()
    sent = len(telemetry.arrival) / (TRUCKS * INSTANTS * len(TABLES))
    assert 0.86 < sent < 0.92
    values_sent = telemetry.points / (len(telemetry.arrival) / len(TABLES) * len(FIELDS))
    assert 0.97 < values_sent < 0.99
    is_late = np.diff(telemetry.arrival) < 0
    assert 0.05 < is_late.mean() < 0.3
    # Nobody waits for long: ten rows, held some times.
    assert np.abs(np.argsort(np.argsort(telemetry.arrival)) - np.arange(len(telemetry.arrival))).max() < 300


def test_values_walk_within_their_bounds_with_their_decimals() -> None:
    value = make().value
    lowest, highest = np.nanmin(value, axis=(0, 1)), np.nanmax(value, axis=(0, 1))
    bounds = dict(zip(FIELDS, zip(lowest.tolist(), highest.tolist(), strict=True), strict=True))
    assert bounds["velocity"][0] == 0.0
    assert 50.0 < bounds["velocity"][1] <= 100.0
    assert 0.0 <= bounds["fuel_state"][0] < bounds["fuel_state"][1] <= 1.0
    assert bounds["status"] == (0.0, 5.0)
    assert 4000.0 < bounds["current_load"][1] <= 5000.0
    whole = value[:, :, [FIELDS.index(name) for name in ("velocity", "heading", "current_load", "status")]]
    assert np.array_equal(whole, np.trunc(whole), equal_nan=True)
    tenths = value[:, :, FIELDS.index("fuel_consumption")] * 10
    assert np.allclose(tenths, np.round(tenths), equal_nan=True)
