"""What judging alarms costs: 200 compartments of twelve channels each minute, twenty rules, on a DuckDB file.

Figures: seconds of processor time of one round, and what a year of one rule on one device takes to replay.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from headland.alarms.rounds.evaluator import AlarmEvaluator
from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.targets import load_targets
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.registry import open_registry
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesKey, Store, WriteBatch

START_MS: Final = 1_795_507_200_000
MINUTE: Final = 60_000
HANDLE: Final = "bench"
CHANNELS: Final = (
    "air_temperature_degc", "relative_humidity_pct", "leaf_temperature_degc", "soil_temperature_degc", "co2_ppm",
    "par_umol_m2_s", "global_radiation_w_m2", "wind_speed_m_s", "vent_open_pct", "screen_closed_pct",
    "substrate_moisture_pct", "pipe_temperature_degc",
)  # fmt: skip


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--compartments", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    houses = [f"gh-{number}" for number in range(options.compartments)]
    clock = [START_MS]
    with tempfile.TemporaryDirectory() as folder:
        registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: clock[0])
        store = DuckDBStore(Path(folder) / "farm.duckdb")
        repositories = registry.repositories(registry.add_organisation(HANDLE, "Bench", "bench").id, "bench")
        rules = [repositories.alarm_rules.add(rule) for rule in twenty_rules()]
        for hour in range(24):  # a day of every five minutes before
            fill(store, houses, [START_MS - (24 - hour) * 60 * MINUTE + 5 * at * MINUTE for at in range(12)])
        evaluator = AlarmEvaluator(store, repositories, HANDLE, dict)
        took_s = []
        for minute in range(options.rounds + 1):
            clock[0] = START_MS + minute * MINUTE
            fill(store, houses, [clock[0]])
            began_s = time.process_time()
            evaluator.round(clock[0])
            took_s.append(time.process_time() - began_s)
        fill(store, houses[:1], range(START_MS - 366 * 1440 * MINUTE, START_MS - 1440 * MINUTE, 5 * MINUTE))
        scene = load_targets(store, repositories, HANDLE, {})
        began_s = time.process_time()
        done = simulate_rule(
            rules[0], scene.devices["gh-0"], scene, store, HANDLE, START_MS - 366 * 1440 * MINUTE, START_MS
        )
        replay_s = time.process_time() - began_s
        store.close()
        registry.close()
    figures = {
        "pairs_count": len(rules) * len(houses),
        "first_round_cpu_s": round(took_s[0], 3),
        "round_cpu_median_s": round(statistics.median(took_s[1:]), 3),
        "core_at_one_a_minute_pct": round(100 * statistics.median(took_s[1:]) / 60, 2),
        "replayed_instants_count": done.known_count,
        "replay_of_a_year_cpu_s": round(replay_s, 3),
    }
    print(json.dumps(figures))


def twenty_rules() -> list[AlarmRule]:
    """Return rules of every kind: fifteen thresholds, indices, both joins, hours of a day, and silence."""
    tests = [
        *(((AlarmTest(what=channel, above=1e6),),) for channel in CHANNELS),
        ((AlarmTest(what=CHANNELS[0], below=2.0, hysteresis=1.0),),),
        ((AlarmTest(what="vpd_kpa", above=3.0),),),
        ((AlarmTest(what="condensation_margin_k", below=0.5),),),
        ((AlarmTest(what=CHANNELS[0], above=30.0), AlarmTest(what=CHANNELS[1], below=30.0)),),
        ((AlarmTest(what=CHANNELS[4], above=1500.0),), (AlarmTest(what=CHANNELS[4], below=250.0),)),
        ((AlarmTest(what=CHANNELS[0], above=35.0, hours=4.0, of_hours=24.0),),),
        ((AlarmTest(what="dli_mol_m2", below=1.0), AlarmTest(what="local_hour", above=18.0)),),
        ((AlarmTest(what="age_s", above=900.0),),),
    ]
    return [AlarmRule(name=f"rule-{number}", any_of=test, for_s=300.0) for number, test in enumerate(tests)]


def fill(store: Store, houses: Sequence[str], times_ms: Sequence[int]) -> None:
    """Store a value of every channel of every house at each time."""
    times = np.array(times_ms, np.int64)
    keys = [SeriesKey(HANDLE, "home", "greenhouse", house, channel) for house in houses for channel in CHANNELS]
    index = np.repeat(np.arange(len(keys), dtype=np.int32), len(times))
    random = np.random.default_rng(int(times[0] // MINUTE))
    value = random.uniform(15.0, 25.0, len(index))
    value[np.isin(index % len(CHANNELS), (1,))] = 70.0
    flags = np.ones(len(index), np.uint8)
    store.write(WriteBatch(Points(keys, index, np.tile(times, len(keys)), value, flags)))


if __name__ == "__main__":
    main()
