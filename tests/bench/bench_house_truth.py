"""Accuracy of the indices of simulated greenhouses, over seeds and seasons, against the simulator's truth.

Two days of the twelve compartments of `hubei-greenhouses` with all sensor errors, some seeds in each of three seasons.
Figures: lowest, median and highest over the seeds of the precision and recall of condensation hours, for leaf and cover
apart; of the largest error of an hour's VPD [kPa] and of a day's light sum [%]. Beside them what is said about their
uncertainty: the precision of the hours that are sure, the recall of those and of the hours that cannot be told, these
hours, and the share of hours whose true VPD is within two standard deviations.

`--errors noise` leaves out what lasts of the sensors' errors (bias and drift) and planted faults, `--errors none` all
of them: what the formulas could tell with calibrated, and with perfect sensors.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import HouseScenario, house_named
from firmware_sim.greenhouse.sensors import SensorKind
from headland.analysis.greenhouse.climate import ClimateQuery, answer_air, answer_condensation, answer_light
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series

DAY_MS, STEP_MS, READ_MS, DAYS = 86_400_000, 20_000, 60_000, 2
SCENARIO: Final = house_named("hubei-greenhouses")
UNITS: Final = len(SCENARIO.compartments)
SURFACES: Final = ("leaf", "cover")
_NOTHING_H: Final = 1e-9
#: The first UTC midnights of the seasons: 2026-01-10, 2026-06-20 and 2026-10-15.
SEASONS: Final = {"winter": 1_768_003_200_000, "plum_rain": 1_781_913_600_000, "autumn": 1_792_022_400_000}


def scenario_with(errors: str) -> HouseScenario:
    """Return the scenario with all sensor errors, without those that last, or with none."""
    if errors == "all":
        return SCENARIO
    kinds = [replace(kind, bias=0.0, drift_per_day=0.0) for kind in SCENARIO.sensors]
    if errors == "none":
        kinds = [SensorKind(kind.channel) for kind in SCENARIO.sensors]
    return replace(SCENARIO, sensors=kinds, planted=())


def measure(seed: int, start_ms: int, errors: str = "all") -> dict[str, float]:
    """Simulate a base and return how right its indices are."""
    house = Compartments(scenario_with(errors), seed, start_ms, step_ms=STEP_MS)
    kept = ("vpd_kpa", "par_umol_m2_s", *(f"{surface}_condensation_margin_k" for surface in SURFACES))
    truth: dict[str, list[np.ndarray]] = {each: [] for each in kept}
    readings: list[list[Mapping[str, float | None]]] = [[] for _ in range(UNITS)]
    times: list[int] = []
    while house.time_ms < start_ms + DAYS * DAY_MS:
        for each in kept:
            truth[each].append(house.truth[each])
        if house.time_ms % READ_MS == 0:
            times.append(house.time_ms)
            for unit in range(UNITS):
                readings[unit].append(house.readings(unit + 1))
        house.step()
    return compare(start_ms, np.array(times), readings, {each: np.array(rows) for each, rows in truth.items()})


def compare(
    start_ms: int, time_ms: np.ndarray, readings: list[list[Mapping[str, float | None]]], truth: dict[str, np.ndarray]
) -> dict[str, float]:
    """Return precision, recall and largest errors of all compartments' indices, and how sure they are said to be."""
    store, window = MemoryStore(), Window(start_ms, start_ms + DAYS * DAY_MS)
    place = HouseLocation(latitude_deg=SCENARIO.place.latitude_deg, longitude_deg=SCENARIO.place.longitude_deg)
    wet: dict[str, list[tuple[float, ...]]] = {surface: [] for surface in SURFACES}
    vpd: list[tuple[float, float]] = []
    light: list[float] = []
    for unit in range(UNITS):
        name = f"greenhouse-{unit + 1}"
        for channel in readings[unit][0]:
            values = np.array([np.nan if row[channel] is None else row[channel] for row in readings[unit]], np.float64)
            told = np.isfinite(values)
            write_series(store, OWN, "wuhan", "greenhouse", name, time_ms[told], {channel: values[told]})
        store.describe(OWN, "gw-1", Descriptor(device=name, kind="greenhouse", site="wuhan", name=name))
        records = [record for record in store.devices(OWN) if record.descriptor.device == name]
        scope, house = OrgScope(store, None, OWN, window.end_ms), House(name, records, place, {})
        hours, days = (ClimateQuery(scope, house, window, by, load_crop_targets()) for by in ("hour", "day"))
        condensation, air = answer_condensation(hours).periods, answer_air(hours).periods
        for surface in SURFACES:
            really = (truth[f"{surface}_condensation_margin_k"][:, unit] <= 0.0).reshape(DAYS * 24, -1).mean(axis=1)
            for period, really_h in zip(condensation, really.tolist(), strict=True):
                answered = [
                    period.answers[f"{surface}_condensation{which}_h"].value for which in ("", "_sure", "_doubtful")
                ]
                known = [value for value in answered if value is not None]
                wet[surface] += [(really_h, *known)] if len(known) == len(answered) else []
        really = truth["vpd_kpa"][:, unit].reshape(DAYS * 24, -1).mean(axis=1)
        for period, really_kpa in zip(air, really.tolist(), strict=True):
            value, sigma = (period.answers[name].value for name in ("vpd_kpa", "vpd_uncertainty_kpa"))
            vpd += [] if value is None or sigma is None else [(abs(value - really_kpa), sigma)]
        sums = truth["par_umol_m2_s"][:, unit].reshape(DAYS, -1).sum(axis=1) * STEP_MS / 1e9
        for period, really_mol in zip(answer_light(days, None, None).periods, sums.tolist(), strict=True):
            value = period.answers["dli_mol_m2"].value
            light += [] if value is None else [100.0 * abs(value / really_mol - 1.0)]
    off_kpa, sigma_kpa = np.array(vpd).T
    found = {
        "vpd_off_kpa": float(off_kpa.max()), "vpd_off_p95_kpa": float(np.quantile(off_kpa, 0.95)),
        "vpd_within_two_u": float((off_kpa <= 2.0 * sigma_kpa).mean()), "light_off_pct": max(light),
    }  # fmt: skip
    for surface, rows in wet.items():
        really_h, told_h, sure_h, doubtful_h = np.array(rows).T
        wet_h = max(float(really_h.sum()), _NOTHING_H)
        both = float(np.minimum(told_h, really_h).sum())
        found[f"{surface}_precision"] = both / max(float(told_h.sum()), _NOTHING_H)
        found[f"{surface}_recall"] = both / wet_h
        # Nothing told is no wrong word: without a sure hour there is no precision of those.
        if sure_h.sum() > 0.0:
            found[f"{surface}_sure_precision"] = float(np.minimum(sure_h, really_h).sum() / sure_h.sum())
        if really_h.sum() > 0.0:
            found[f"{surface}_possible_recall"] = float(np.minimum(sure_h + doubtful_h, really_h).sum() / wet_h)
        found |= {f"{surface}_{name}_h": float(column.sum()) for name, column in (
            ("wet", really_h), ("sure", sure_h), ("doubtful", doubtful_h), ("told", told_h),
        )}  # fmt: skip
    return found


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--errors", choices=("all", "noise", "none"), default="all")
    options = parser.parse_args()
    found: dict[str, Any] = {"seeds_count": options.seeds, "errors": options.errors}
    for season, start_ms in SEASONS.items():
        rows = [measure(seed, start_ms, options.errors) for seed in range(1, options.seeds + 1)]
        for figure in dict.fromkeys(name for row in rows for name in row):
            values = np.array([row[figure] for row in rows if figure in row])
            for name, value in (("low", values.min()), ("median", np.median(values)), ("high", values.max())):
                found[f"{season}_{figure}_{name}"] = round(float(value), 4)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
