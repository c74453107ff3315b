"""Corrections learned from a site's stations for a provider's forecast, once a day, kept in the cache."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from headland.agronomy.weather_forecast.forecast_record import LeadRecord, RecordSums, judge
from headland.agronomy.weather_forecast.station_correction import (
    QUANTITIES,
    CorrectedBand,
    CorrectedQuantity,
    Learned,
    SaidAndMeasured,
    learn,
)
from headland.agronomy.weather_forecast.teaching import TeachingFault
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.correction.said_origins import first_said_ms, read_said_days
from headland.analysis.weather.correction.teachers import Teacher, measures, read_teachers
from headland.analysis.weather.outdoor_weather import site_devices
from headland.registry.models.models import Site
from headland.registry.models.weather import ForecastIssue
from headland.registry.repositories.weather import name_of_place
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS


@dataclass(frozen=True, slots=True)
class LearnedQuantity:
    """What was learned of a quantity: who measured it, why it does not teach, the corrections and their record."""

    device: str | None = None
    fault: TeachingFault | None = None
    learned: Learned | None = None
    sums: RecordSums | None = None

    def leads(self, day: int) -> tuple[LeadRecord, ...]:
        """Return the record as it was known at a day."""
        return () if self.sums is None else self.sums.leads(day)


@dataclass(frozen=True, slots=True)
class LearnedSite:
    """What was learned of a provider's forecast of a site, from the day of `first_ms` on."""

    first_ms: int
    usual_age_h: float
    quantities: dict[CorrectedQuantity, LearnedQuantity]

    def day_of(self, at_ms: int) -> int:
        """Return the day of an instant, counted from the first one; before it is negative."""
        return (at_ms - self.first_ms) // DAY_MS


def learned_site(scope: OrgScope, site: Site, issue: ForecastIssue) -> LearnedSite:
    """Return what was learned by the begin of the present day of the provider and place of an issue.

    Stations teach forecasts of their own origin: a simulated station a simulated forecast. A day's arithmetic is made
    once, by whoever asks first, and again where issues of earlier days were added.
    """
    end_ms = scope.now_ms // DAY_MS * DAY_MS
    devices = tuple(
        sorted(
            (record for record in site_devices(scope, site.name) if record.descriptor.simulated == issue.simulated),
            key=lambda record: record.descriptor.device,
        )
    )
    names = tuple((record.descriptor.device, tuple(sorted(record.descriptor.channels))) for record in devices)
    family = ("weather-learned", scope.organisation, site.id, issue.provider, name_of_place(issue.asked))
    first_ms = first_said_ms(scope, issue.asked, issue.provider, end_ms)

    def compute() -> LearnedSite:
        said = read_said_days(scope, issue.asked, issue.provider, end_ms)
        if said is None:
            return LearnedSite(
                end_ms, 0.0, {each: LearnedQuantity(_first_measuring(devices, each)) for each in QUANTITIES}
            )
        teachers = read_teachers(scope, devices, said, issue.asked, end_ms)
        quantities = {
            quantity: _learn(SaidAndMeasured(quantity, said.values[at], teacher.measured), teacher)
            if (teacher := teachers.get(quantity)) is not None
            else LearnedQuantity()
            for at, quantity in enumerate(QUANTITIES)
        }
        return LearnedSite(said.first_ms, said.usual_age_h, quantities)

    return scope.cache.get((*family, first_ms, end_ms, issue.simulated, names), compute, family)


def older_by_h(site: LearnedSite, issue: ForecastIssue, origin_ms: int) -> int:
    """Return by how many hours an issue is older than those that taught usually were; up to three do not count."""
    older = (origin_ms - issue.said_ms) / HOUR_MS - site.usual_age_h
    return int(np.ceil(older)) if older > 3.0 else 0


def _first_measuring(devices: Iterable[DeviceRecord], quantity: CorrectedQuantity) -> str | None:
    return next((each.descriptor.device for each in devices if measures(each, quantity)), None)


def _learn(pairs: SaidAndMeasured, teacher: Teacher) -> LearnedQuantity:
    if teacher.fault is not None:
        return LearnedQuantity(teacher.device, teacher.fault)
    learned = learn(pairs)
    if learned is None:
        return LearnedQuantity(teacher.device)
    sums = judge(pairs, learned)
    # What each day said is in the record's sums now.
    nothing = CorrectedBand(*(np.empty((0, 0)) for _ in range(3)))
    return LearnedQuantity(teacher.device, None, replace(learned, said_then=nothing), sums)
