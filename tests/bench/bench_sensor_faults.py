"""Recall and precision of faults planted in real greenhouse series, and what is named in those as they are.

`--data` is a copy of the public data of the Autonomous Greenhouse Challenges (github.com/CEAOD/Data). Each seed plants
sixty faults, half of them in a channel with a second sensor beside it: kind, house, channel, size and onset are drawn.
A fault is found where a finding names its channel and a kind of its group (stands still; noise; spikes; level) from its
onset on, or little before. False is every finding about another channel, or from before, that is not there without it.

The detector was developed on the lettuce's `Reference` and on `AiCU`, which count with `--tune` only, seeds below 100.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.detector import find_faults
from headland.agronomy.sensor_faults.fault import SIZES, quantity_of
from headland.agronomy.series.qartod import FAIL
from headland.agronomy.series.sensor_health import check_channel
from headland.units_of_time import DAY_MS
from tests.agronomy.sensor_faults.planted import KINDS, Planted, Series, draw_fault, plant
from tests.agronomy.sensor_faults.planted import SIZES as PLANTED_SIZES
from tests.bench.real_houses import read_houses

TUNED_ON: Final = frozenset(("february/Reference", "cucumber/AiCU"))
#: The `_sigrow` probe and the leaf thermometer of `Reference` are those of `DigitalCucumbers`: the same values.
SECTION_MS: Final = 24 * DAY_MS
ONSET_MS: Final = (9 * DAY_MS, 16 * DAY_MS)
#: How much earlier than its onset a fault may be dated: light tells nothing at night, a drift little at first.
EARLY_MS: Final = {"still": DAY_MS // 2, "noise": DAY_MS // 2, "spikes": DAY_MS // 2, "level": DAY_MS}
EARLY_DRIFT_MS: Final = 3 * DAY_MS
GROUPS: Final = {
    "stuck": "still", "alternating": "still", "flat_line": "still", "flat_at_limit": "still", "noise": "noise",
    "spike": "spikes", "spikes": "spikes", "gross_range": "spikes", "step": "level", "drift": "level", "gain": "level",
}  # fmt: skip
_FAULTS_A_SEED: Final = 60

Found = tuple[str, str, int, float]


def find_all(series: Series) -> list[Found]:
    """Return what is named in a section, as an answer would: channel, kind, since when, chance."""
    found: list[Found] = []
    usable: Series = {}
    for channel, (time_ms, value) in series.items():
        flags, findings = check_channel(channel, time_ms, value)
        found += [
            (channel, one.test, one.start_ms, 1.0)
            for one in findings
            if one.test in GROUPS and quantity_of(channel) in SIZES
        ]
        keep = flags < FAIL
        usable[channel] = (time_ms[keep], value[keep])
    return found + [(one.channel, one.kind, one.start_ms, one.chance) for one in find_faults(usable)]


def section(series: Series, start_ms: int) -> Series:
    """Return the part of a house in a section; channels with too few samples there are not in it."""
    part = {}
    for channel, (time_ms, value) in series.items():
        inside = (time_ms >= start_ms) & (time_ms < start_ms + SECTION_MS)
        if inside.sum() > 1500:
            part[channel] = (time_ms[inside], value[inside])
    return part


def sections(series: Series) -> Iterator[int]:
    """Return the starts of the sections that cover a house, each half over the one before."""
    first, last = (max(min(t[0] for t, _ in series.values()), 0), max(t[-1] for t, _ in series.values()))
    start = int(first)
    while start + SECTION_MS <= last + DAY_MS:
        yield start
        start += SECTION_MS // 2


def draw_section(
    random: np.random.Generator, houses: dict[str, Series], *, twin: bool
) -> tuple[str, Series, list[str]]:
    """Return a house's section and the channels in which a fault may be planted, with or without a sensor beside."""
    while True:
        name = str(random.choice(sorted(houses)))
        spans = [t for c, (t, _) in houses[name].items() if quantity_of(c) in PLANTED_SIZES]
        first, last = max(int(t[0]) for t in spans), min(int(t[-1]) for t in spans)
        if last - first < SECTION_MS:
            continue
        part = section(houses[name], int(random.integers(first, last - SECTION_MS + 1)))
        beside = [c for c in part if c.endswith(":1") and quantity_of(c) in part and quantity_of(c) in SIZES]
        if twin and beside:
            return name, part, [*beside, *(quantity_of(c) for c in beside)]
        if not twin:
            part = {c: s for c, s in part.items() if c.endswith("pct:1") or ":" not in c}
            part.pop("relative_humidity_pct:1", None)
            return name, part, [c for c in part if quantity_of(c) in PLANTED_SIZES]


def judge_seed(houses: dict[str, Series], seed: int, said: bool) -> Counter[str]:
    """Return the counts of one seed."""
    random = np.random.default_rng(seed)
    counts: Counter[str] = Counter()
    for number in range(_FAULTS_A_SEED):
        twin = number % 2 == 1
        kind = KINDS[number // 2 % len(KINDS)]
        name, part, channels = draw_section(random, houses, twin=twin)
        start = min(int(t[0]) for t, _ in part.values())
        fault = draw_fault(random, kind, channels, (start + ONSET_MS[0], start + ONSET_MS[1]))
        planted = plant(part, fault, random)
        before = {(channel, GROUPS[test]) for channel, test, _, _ in find_all(part)}
        found = find_all(planted)
        hits = [one for one in found if _hits(one, fault)]
        false = {
            (channel, GROUPS[test]) for channel, test, since, chance in found
            if channel != fault.channel or since < fault.onset_ms - _early_ms(fault)
        } - before  # fmt: skip
        beside = "twin" if twin else "single"
        counts.update({"planted": 1, f"planted_{kind}": 1, f"planted_{beside}": 1, "false": len(false)})
        if hits:
            exact = any(one[1] == kind or GROUPS[kind] in {"still", "spikes"} for one in hits)
            counts.update({"found": 1, f"found_{kind}": 1, f"found_{beside}": 1, "kind_right": int(exact)})
        if said:
            line = f"{kind:12} {fault.channel:26} {fault.size:8.2f} {beside:6} {name}"
            print("  " if hits else "X ", line, [(o[1], o[3]) for o in hits], "FALSE" if false else "", false or "")
    return counts


def _hits(found: Found, fault: Planted) -> bool:
    channel, test, since, _ = found
    return (
        channel == fault.channel and GROUPS[test] == GROUPS[fault.kind] and since >= fault.onset_ms - _early_ms(fault)
    )


def _early_ms(fault: Planted) -> int:
    return EARLY_DRIFT_MS if fault.kind == "drift" else EARLY_MS[GROUPS[fault.kind]]


def name_real(houses: dict[str, Series], said: bool) -> tuple[int, list[tuple[str, Found]]]:
    """Return the samples of the houses as they are, and what is named in them."""
    named: dict[tuple[str, str, str], Found] = {}
    samples = sum(len(v) for name, s in houses.items() for c, (_, v) in s.items() if quantity_of(c) in SIZES)
    for name, series in houses.items():
        for start in sections(series):
            for found in find_all(section(series, start)):
                named.setdefault((name, found[0], GROUPS[found[1]]), found)
    told = [(key[0], one) for key, one in named.items()]
    if said:
        for name, one in told:
            first = min(int(t[0]) for t, _ in houses[name].values())
            print("named", name, one, f"day {(one[2] - first) / DAY_MS:.1f}")
    return samples, told


def main() -> None:
    """Judge and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="*", default=[101, 102, 103])
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--say", action="store_true")
    options = parser.parse_args()
    houses = read_houses(options.data)
    houses = {name: series for name, series in houses.items() if (name in TUNED_ON) == options.tune}
    found: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for seed in options.seeds:
        one = judge_seed(houses, seed, options.say)
        found[f"recall_{seed}"] = round(one["found"] / one["planted"], 3)
        found[f"precision_{seed}"] = round(one["found"] / max(one["found"] + one["false"], 1), 3)
        counts += one
    found |= {
        f"recall_{group}": round(counts[f"found_{group}"] / counts[f"planted_{group}"], 3)
        for group in (*KINDS, "twin", "single")
    }
    found |= {"recall": round(counts["found"] / counts["planted"], 3), "kind_right": counts["kind_right"]}
    found["precision"] = round(counts["found"] / max(counts["found"] + counts["false"], 1), 3)
    found["samples"], named = name_real(houses, options.say)
    found["named_in_real"] = len(named)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
