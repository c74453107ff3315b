"""Harvest of a played season: what each plot yields, its lot, and the variety trial within the first block."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.trials.analyses import TrialData
from headland.agronomy.trials.designs import Design, design_blocks
from headland.registry.models.lots import Harvest, Lot
from headland.registry.models.plant_protection import EvidenceClass
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS
from station.demo.season.village import FIRST_MS, PLOT_M, PlotBlock, Village

CROP: Final = "小麦"
#: Varieties with what each really yields more than the first [t/ha].
VARIETIES: Final = {"扬麦25": 0.0, "宁麦13": 0.30, "镇麦12": -0.15}
_HARVEST_MS: Final = FIRST_MS + 92 * DAY_MS
_MEAN_T_HA, _GROUND_SD_T_HA, _PLOT_SD_T_HA = 6.2, 0.25, 0.18
_GROUND_LIKE_NEXT: Final = 0.7


def design_trial(block: PlotBlock, seed: int) -> Design:
    """Return complete blocks of neighbouring plots of a row, every variety once in each at random."""
    return design_blocks(list(VARIETIES), max(2, len(block.plots) // len(VARIETIES)), seed)


def sow(village: Village, design: Design) -> dict[str, str]:
    """Return the variety on each plot by its id: the trial's in the first block, else one variety for a block."""
    names = list(VARIETIES)
    sown = {plot.id: names[block.number % len(names)] for block in village.blocks for plot in block.plots}
    first = village.blocks[0].plots
    for place in design.plots:
        number = place.row * len(VARIETIES) + place.column
        if number < len(first):
            sown[first[number].id] = place.treatment
    return sown


def harvest(
    repositories: OrganisationRepositories, village: Village, sown: dict[str, str], rng: np.random.Generator
) -> dict[str, float]:
    """Record the harvest of each plot with its lot; return the yields by plot [t/ha]."""
    yields: dict[str, float] = {}
    for block in village.blocks:
        ground = rng.normal(0.0, _GROUND_SD_T_HA)
        for number, plot in enumerate(block.plots):
            ground = _GROUND_LIKE_NEXT * ground + rng.normal(0.0, _GROUND_SD_T_HA * (1 - _GROUND_LIKE_NEXT**2) ** 0.5)
            yields[plot.id] = _MEAN_T_HA + VARIETIES[sown[plot.id]] + ground + rng.normal(0.0, _PLOT_SD_T_HA)
            grams = round(yields[plot.id] * 100.0 * PLOT_M[0] * PLOT_M[1])
            time_ms = _HARVEST_MS + block.number % 10 * DAY_MS + number * 600_000
            record = Harvest(field=plot.id, crop=CROP, variety=sown[plot.id], time_ms=time_ms, grams=grams,
                             author="合作社", evidence=EvidenceClass.SIMULATED)  # fmt: skip
            code = f"W26-{plot.name}"
            repositories.lots.record_harvest(
                record, Lot(code=code, product=CROP, crop=CROP, time_ms=time_ms, grams=grams, simulated=True)
            )
    return yields


def trial_data(village: Village, design: Design, yields: dict[str, float]) -> TrialData:
    """Return the trial's plots with their yields."""
    first = village.blocks[0].plots
    placed = [(p, p.row * len(VARIETIES) + p.column) for p in design.plots]
    placed = [(place, number) for place, number in placed if number < len(first)]
    return TrialData(
        np.array([yields[first[number].id] for _, number in placed]),
        [place.treatment for place, _ in placed],
        [str(place.block) for place, _ in placed],
        np.array([float(place.row) for place, _ in placed]),
        np.array([float(place.column) for place, _ in placed]),
    )
