"""Pre-harvest and re-entry intervals of a place by the labels of the register: which run, when they end, and which
are not known.

The use on a label is found by the crop's name in any of its languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from headland.agronomy.plant_protection.checks import LabelUse, interval_end
from headland.analysis.plant_protection.growing_place import GrowingPlace
from headland.i18n import load_terms
from headland.registry.models.plant_protection import PlantProtectionProduct, ProductUse, Treatment
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS, HOUR_MS

#: The longest interval that a label can have.
LONGEST_MS: Final = 731 * DAY_MS
_SOWN: Final = re.compile("^(?:winter |spring |early |late |冬|春|早|晚)")


class RegisterReader:
    """Products of the register by their ids, each read once, and their uses; deleted ones too."""

    def __init__(self, repositories: OrganisationRepositories) -> None:
        self._register = repositories.plant_protection
        self._known: dict[str, PlantProtectionProduct] = {}
        self._uses: dict[tuple[str, str, str], ProductUse | None] = {}

    def product(self, id: str) -> PlantProtectionProduct:  # noqa: A002 - it is the record's id
        """Return a product; raises NotFound."""
        if id not in self._known:
            self._known[id] = self._register.get(id, also_deleted=True)
        return self._known[id]

    def use(self, id: str, crop: str, target: str) -> ProductUse | None:  # noqa: A002
        """Return the use of a product as `find_use` does; raises NotFound."""
        key = id, crop, target
        if key not in self._uses:
            self._uses[key] = find_use(self.product(id), crop, target)
        return self._uses[key]


def find_use(product: PlantProtectionProduct, crop: str, target: str = "") -> ProductUse | None:
    """Return the use of a product for a crop; None where the label does not name the crop.

    Of several uses for the crop, that for `target`, else the one with the longest interval before harvest.
    """
    names = set(names_of_crop(crop))
    uses = [use for use in product.uses if names & set(names_of_crop(use.crop))]
    same = [use for use in uses if target and use.target.casefold() == target.casefold()]
    return max(same or uses, key=lambda use: use.pre_harvest_interval_days or 0, default=None)


def label_of(use: ProductUse) -> LabelUse:
    """Return a use as the checks take it."""
    return LabelUse(**{name: getattr(use, name) for name in LabelUse.__dataclass_fields__})


def names_of_crop(crop: str) -> Iterator[str]:
    """Yield the names under which a crop is known: its own, and the catalogue's in each language.

    A season of sowing is no other crop: a label for wheat is for winter wheat.
    """
    name = crop.strip().casefold()
    yield name
    name = _SOWN.sub("", name)
    yield name
    for identifier, texts in load_terms()["crops"].items():
        known = {identifier, *(text.casefold() for text in texts.values())}
        if name in known:
            yield from known


@dataclass(frozen=True, slots=True)
class RunningInterval:
    """The interval of one product of a treatment: treated on a local day, over on `ends_on`.

    `ends_on` is None where the label has no interval, or not this crop (`is_on_label` false). `reentry_until_ms` is
    when the place may be entered again, None where the label does not say.
    """

    treatment: Treatment
    product: str
    registration_number: str
    treated_on: date
    ends_on: date | None
    reentry_until_ms: int | None
    is_on_label: bool
    is_sample: bool


@dataclass(frozen=True, slots=True)
class IntervalState:
    """The intervals of a crop at a place on a local day: those that run, that are not known, and that are over.

    `entry` are those whose re-entry interval runs at the instant itself, whether or not the other runs.
    """

    day: date
    running: list[RunningInterval]
    unknown: list[RunningInterval]
    over: list[RunningInterval]
    entry: list[RunningInterval]

    @property
    def ends_on(self) -> date | None:
        """The first day on which no interval runs; None where none runs."""
        return max((interval.ends_on for interval in self.running if interval.ends_on is not None), default=None)


def intervals_at(repositories: OrganisationRepositories, place: GrowingPlace, crop: str, time_ms: int) -> IntervalState:
    """Return the intervals at an instant, of the treatments that had begun then, whenever they were entered."""
    treatments = treatments_before(repositories, place, time_ms)
    return judge_intervals(RegisterReader(repositories), place, crop, time_ms, treatments)


def treatments_before(repositories: OrganisationRepositories, place: GrowingPlace, first_ms: int) -> list[Treatment]:
    """Return the treatments of a place whose intervals can run at `first_ms` or later; later treatments included."""
    return repositories.treatments.list(
        field=None if place.field is None else place.field.id,
        zone=None if place.zone is None else place.zone.id,
        from_ms=max(0, first_ms - LONGEST_MS),
    )


def judge_intervals(
    register: RegisterReader, place: GrowingPlace, crop: str, time_ms: int, treatments: Iterable[Treatment]
) -> IntervalState:
    """Return the intervals at an instant, of those treatments of a place that had begun then.

    Those of the last two years count: no interval is longer.
    """
    day = place.day_of(time_ms)
    state = IntervalState(day, [], [], [], [])
    for treatment in treatments:
        if treatment.start_ms > time_ms or treatment.end_ms < time_ms - LONGEST_MS:
            continue
        for interval in _intervals_of(register, place, crop, treatment):
            if interval.ends_on is None:
                state.unknown.append(interval)
            elif day < interval.ends_on:
                state.running.append(interval)
            else:
                state.over.append(interval)
            if interval.reentry_until_ms is not None and time_ms < interval.reentry_until_ms:
                state.entry.append(interval)
    return state


def longest_reach_ms(register: RegisterReader, treatment: Treatment) -> int:
    """Return until when a harvest can be within an interval of a treatment, of whatever crop."""
    uses = [use for part in treatment.mix for use in register.product(part.product).uses]
    # The interval counts local days: one more reaches the end of the last one in every time zone.
    days_ms = max(((use.pre_harvest_interval_days or 0) for use in uses), default=0) * DAY_MS + DAY_MS
    entry_ms = round(max(((use.reentry_h or 0.0) for use in uses), default=0.0) * HOUR_MS)
    return treatment.end_ms + max(days_ms, entry_ms)


def _intervals_of(
    register: RegisterReader, place: GrowingPlace, crop: str, treatment: Treatment
) -> list[RunningInterval]:
    treated_on = place.day_of(treatment.end_ms - 1)
    found = []
    for part in treatment.mix:
        product = register.product(part.product)
        use = register.use(part.product, crop, treatment.target)
        end_day = None if use is None else interval_end(treated_on.toordinal(), label_of(use))
        reentry_h = None if use is None else use.reentry_h
        found.append(
            RunningInterval(
                treatment,
                product.name,
                product.registration_number,
                treated_on,
                ends_on=None if end_day is None else date.fromordinal(end_day),
                reentry_until_ms=None if reentry_h is None else treatment.end_ms + round(reentry_h * HOUR_MS),
                is_on_label=use is not None,
                is_sample=product.is_sample,
            )
        )
    return found
