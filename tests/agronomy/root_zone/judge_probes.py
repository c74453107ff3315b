"""Judge of two probes on places that were held out: on simulated fields, and on plots that others measured.

    python -m tests.agronomy.root_zone.judge_probes
    python -m tests.agronomy.root_zone.judge_probes --plots CHECKOUT

CHECKOUT is one of the public repository kthorp/pyfao56 (USDA): cotton at Maricopa, 2018, 64 plots, four of each
irrigation treatment, read by neutron probe about weekly. Two plots of a treatment teach, the other two are held out,
each pair once. Crop and soil are told as a farm tells them: cotton, its sowing date, sandy loam. A plot's field
capacity is what it was seen to hold: the 95 % quantile of each layer's readings (Ratliff et al. 1983, Soil Sci. Soc.
Am. J. 47, 770-775, for field-measured limits). The published ones were fitted to this very balance.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np

from headland.agronomy.root_zone.balance import SoilAndCrop, SoilLayers, WaterColumns, WaterState, run_balance
from headland.agronomy.root_zone.crop_course import follow_crop
from headland.agronomy.root_zone.ensemble import SeasonCase
from headland.agronomy.root_zone.evaporation import total_evaporable_mm
from headland.agronomy.root_zone.probe_smoother import smooth_season
from headland.agronomy.root_zone.sensors import SensorPrior, SoilSensor, StatedErrors, irrigation_error
from headland.agronomy.root_zone.tables import CROPS, SOILS
from headland.agronomy.series.arrays import Values
from tests.agronomy.root_zone.layered_truth import make_field

#: Seeds by which the stated errors were chosen, those that were looked at while they were, and those that judge them.
CHOSEN_BY: Final = (*range(10), *range(300, 316))
LOOKED_AT: Final = (*range(100, 130), *range(200, 230))
JUDGED_BY: Final = range(400, 430)
#: The irrigation of a simulated field is written down before losses that nobody knows; that of the plots was measured.
WRITTEN_DOWN: Final = StatedErrors(irrigation=irrigation_error(is_metered=False, knows_losses=False))
#: Depths of a probe's sensors [m]: four, three, two.
DEPTHS_M: Final = ((0.1, 0.3, 0.6, 0.9), (0.1, 0.3, 0.6), (0.3, 0.6))
PLOT_DEPTHS_M: Final = ((0.1, 0.3, 0.5, 0.9), (0.1, 0.3, 0.5), (0.3, 0.5))
#: Half a millimetre: a full soil is at the end of every interval.
_END_MM: Final = 0.5


@dataclass(frozen=True)
class Judgement:
    """Error at held-out places without and with two probes [mm], and the share of days within their 90 % interval."""

    alone_mm: float
    taught_mm: float
    covered: float
    width_mm: float

    @property
    def gain(self) -> float:
        return 1.0 - self.taught_mm / self.alone_mm


@dataclass(frozen=True)
class Held:
    """A held-out place: true depletion, that of the balance alone, the smoother's and its interval for places [mm]."""

    true: Values
    alone: Values
    value: Values
    low: Values
    high: Values

    @property
    def inside(self) -> float:
        within = (self.true >= self.low - _END_MM) & (self.true <= self.high + _END_MM)
        return float(within[np.isfinite(self.true)].mean())


def judge(places: Sequence[Held]) -> Judgement:
    """Return the judgement of places: the mean of their root mean square errors, of coverage and of width."""

    def error(guess: str) -> float:
        return float(np.mean([np.sqrt(np.nanmean((each.true - getattr(each, guess)) ** 2)) for each in places]))

    return Judgement(
        error("alone"),
        error("value"),
        float(np.mean([each.inside for each in places])),
        float(np.mean([(each.high - each.low).mean() for each in places])),
    )


def open_loop(case: SeasonCase) -> Values:
    """Return the depletion of the root zone by the balance alone [mm]."""
    return np.asarray(run_balance(case.start, case.water, case.course, case.available_mm, case.soil).state.root_mm)


def hold_out(
    case: SeasonCase, sensors: Sequence[SoilSensor], true_mm: Sequence[Values], errors: StatedErrors | None = None
) -> list[Held]:
    """Return the held-out places of a season with the smoother's answer by the sensors of others."""
    water = smooth_season(case, sensors, errors)
    alone = open_loop(case)
    return [Held(true, alone, water.depletion_mm.value, water.place_mm.low, water.place_mm.high) for true in true_mm]


def simulated_places(seeds: Sequence[int], depths_m: Sequence[float]) -> list[Held]:
    """Return the held-out places of simulated fields: the first two places teach, the other four are held out."""
    held = []
    for seed in seeds:
        field = make_field(seed)
        sensors = [each for each in field.sensors([0, 1]) if each.depth_m in depths_m]
        held += hold_out(field.case, sensors, field.depletion_mm[2:], WRITTEN_DOWN)
    return held


def as_of_today(seeds: Sequence[int], depths_m: Sequence[float], every: int = 20) -> Judgement:
    """Return the judgement of each day's own answer, by the readings until then, every so many days."""
    held = []
    for seed in seeds:
        field = make_field(seed)
        case, alone = field.case, open_loop(field.case)
        days = np.arange(every - 1, len(case.water.et0_mm), every)
        answers = []
        for day in days.tolist():
            known = [
                SoilSensor(each.probe, each.depth_m, np.where(np.arange(len(alone)) <= day, each.reading, np.nan),
                           each.prior)
                for each in field.sensors([0, 1]) if each.depth_m in depths_m
            ]  # fmt: skip
            water = smooth_season(case, known, WRITTEN_DOWN)
            answers.append((water.depletion_mm.value[day], water.place_mm.low[day], water.place_mm.high[day]))
        value, low, high = np.array(answers).T
        held += [Held(true[days], alone[days], value, low, high) for true in field.depletion_mm[2:]]
    return judge(held)


@dataclass(frozen=True)
class Plot:
    """A plot that others measured: irrigation by day [mm], and water by day and layer of 0.2 m [share of volume]."""

    name: str
    irrigation_mm: Values
    water: Values

    def depletion_mm(self, root_m: Values) -> Values:
        """Return what the root zone lacked to what the plot was seen to hold [mm]; NaN between readings."""
        seen = np.nanquantile(self.water, 0.95, axis=0)
        top = 0.2 * np.arange(self.water.shape[1])
        inside = np.clip((root_m[:, None] - top[None, :]) / 0.2, 0.0, 1.0)
        return np.asarray(np.maximum(200.0 * (inside * (seen[None, :] - self.water)).sum(axis=1), 0.0))

    def sensors(self, depths_m: Sequence[float], prior: SensorPrior) -> list[SoilSensor]:
        """Return the readings at some of its depths as those of a probe [%]."""
        return [
            SoilSensor(self.name, depth, 100.0 * self.water[:, round((depth - 0.1) / 0.2)], prior)
            for depth in depths_m
        ]  # fmt: skip


def read_plots(folder: Path) -> tuple[Values, Values, list[Plot]]:
    """Return reference evapotranspiration and rain by day [mm], and the plots of a checkout."""
    names, rows = _table(folder / "cotton2018.wth")
    days = [row[0] for row in rows]
    et0, rain = (np.array([float(row[names.index(name)]) for row in rows]) for name in ("ETref", "Rain"))
    at = {day: index for index, day in enumerate(days)}
    plots = []
    for path in sorted(folder.glob("cotton2018p*case00.out")):
        name = path.name.removeprefix("cotton2018").removesuffix("case00.out")
        columns, simulated = _table(path)
        given, water = np.zeros(len(days)), np.full((len(days), 10), np.nan)
        for row in simulated:
            given[at[row[0]]] = float(row[columns.index("Irrig")])
        _, measured = _table(folder / f"cotton2018{name}.sws")
        for row in measured:
            # Day, number of layers, their bottoms, their water.
            if row[1] == "10":
                water[at[row[0]]] = [float(each) for each in row[12:22]]
        plots.append(Plot(name, given, water))
    return et0, rain, plots


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    head = next(at for at, line in enumerate(lines) if line.startswith("Year-DOY"))
    return lines[head].split(), [line.split() for line in lines[head + 1 :] if line.strip()]


def measured_places(folder: Path, depths_m: Sequence[float]) -> list[Held]:
    """Return the held-out plots: each pair of a treatment's four teaches once, and the other two are held out."""
    et0, rain, plots = read_plots(folder)
    crop, row = CROPS["cotton"], SOILS["sandy_loam"]
    capacity, wilting = row.middle
    layers = SoilLayers((3.0,), (capacity,), (wilting,))
    course = follow_crop(crop, np.full(len(et0), 2.0), np.full(len(et0), 45.0))
    evaporable = total_evaporable_mm(capacity, wilting)
    first, deepest = layers.available_mm(crop.first_root_m), layers.available_mm(crop.root_m)
    start = WaterState(0.5 * evaporable, 0.5 * first, 0.5 * deepest, 1.0, first)
    soil = SoilAndCrop(evaporable, row.readily_evaporable_mm, crop.depletion_share, deepest)
    shared = 100.0 * row.capacity_error
    prior = SensorPrior(100.0 * capacity, float(np.hypot(shared, 3.0)), 1.2, shared_error=shared)
    treatments: dict[tuple[float, ...], list[Plot]] = defaultdict(list)
    for plot in plots:
        treatments[tuple(plot.irrigation_mm)].append(plot)
    held = []
    for same in treatments.values():
        water = WaterColumns(et0, rain, same[0].irrigation_mm, np.ones(len(et0)))
        case = SeasonCase(water, course, layers.available_mm(course.root_m), soil, start, crop.root_m)
        for pair in combinations(same, 2):
            sensors = [sensor for plot in pair for sensor in plot.sensors(depths_m, prior)]
            others = [plot.depletion_mm(np.asarray(course.root_m)) for plot in same if plot not in pair]
            held += hold_out(case, sensors, others, StatedErrors(start=0.3))
    return held


def main() -> None:
    """Print the judgements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plots", type=Path, help="a checkout of kthorp/pyfao56")
    folder = parser.parse_args().plots
    for name, seeds in (("chosen by", CHOSEN_BY), ("looked at", LOOKED_AT), ("judged by", JUDGED_BY)):
        for depths in DEPTHS_M:
            _tell(f"{len(seeds)} simulated fields, {name}", depths, judge(simulated_places(seeds, depths)))
    for depths in DEPTHS_M:
        _tell("10 simulated fields, each day by its past", depths, as_of_today(LOOKED_AT[:10], depths))
    if folder is not None:
        for depths in PLOT_DEPTHS_M:
            _tell("measured plots", depths, judge(measured_places(folder / "tests" / "test09", depths)))


def _tell(what: str, depths_m: Sequence[float], judged: Judgement) -> None:
    print(
        f"{what:42} {len(depths_m)} depths: alone {judged.alone_mm:5.1f} mm, two probes {judged.taught_mm:5.1f} mm, "
        f"gain {100.0 * judged.gain:3.0f} %, covered {100.0 * judged.covered:3.0f} %, width {judged.width_mm:4.0f} mm",
        flush=True,
    )


if __name__ == "__main__":
    main()
