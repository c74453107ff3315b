"""A rule replay gives the alarms that the station would have raised, in any number of weeks."""

from __future__ import annotations

import numpy as np

from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.targets import load_targets
from headland.registry.models.alarms import AlarmTest
from tests.alarms.conftest import AIR, HANDLE, MINUTE, START_MS, Station, frost


def test_a_month_is_replayed_over_the_bounds_of_what_is_read_at_a_time(station: Station) -> None:
    cold = {float(at): 1.0 if at % 1440 < 60 else 8.0 for at in range(0, 30 * 1440, 10)}
    station.measure(cold)
    targets = load_targets(station.store, station.repositories, HANDLE, {})
    end_ms = START_MS + 30 * 1440 * MINUTE
    simulation = simulate_rule(frost(), targets.devices["gh-1"], targets, station.store, HANDLE, START_MS, end_ms)
    assert simulation.known_count == len(cold)
    minutes = [
        ((a.raised_ms - START_MS) // MINUTE, ((a.ended_ms or 0) - START_MS) // MINUTE) for a in simulation.alarms
    ]
    assert minutes == [(day * 1440 + 10, day * 1440 + 70) for day in range(30)]
    assert station.alarms() == []


def test_silence_is_replayed_too(station: Station) -> None:
    station.measure({**{float(at): 8.0 for at in range(60)}, **{float(at): 8.0 for at in range(200, 300)}})
    dead = frost(name="dead", any_of=((AlarmTest(what="age_s", above=900.0, of=AIR),),), for_s=0.0, clear_for_s=60.0)
    targets = load_targets(station.store, station.repositories, HANDLE, {})
    simulation = simulate_rule(
        dead, targets.devices["gh-1"], targets, station.store, HANDLE, START_MS, START_MS + 300 * MINUTE
    )
    assert [((a.raised_ms - START_MS) // MINUTE, a.ended_why) for a in simulation.alarms] == [(75, "cleared")]
    assert np.isclose(simulation.alarms[0].value or 0.0, 960.0)
