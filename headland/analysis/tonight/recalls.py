"""Recalls of the first page: treatments with lots that were harvested within their pre-harvest interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.plant_protection.harvest_alarms import HARVESTED_IN_INTERVAL
from headland.analysis.plant_protection.harvest_review import TreatmentReview, standing_breaches
from headland.analysis.tonight.subjects import OutlookSubject
from headland.registry.models.alarms import Alarm


@dataclass(frozen=True, slots=True)
class Recall:
    """Lots to recall after a treatment; `alarm` is the active alarm about it, None until the station has raised it."""

    review: TreatmentReview
    alarm: Alarm | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.alarm is None or self.alarm.acknowledged_ms is None


def list_recalls(scope: OrgScope, active: Iterable[Alarm]) -> Sequence[Recall]:
    """Return the recalls of the whole organisation, those that nobody has acknowledged first."""
    alarms = {alarm.subject: alarm for alarm in active if alarm.rule == HARVESTED_IN_INTERVAL}
    found = [Recall(review, alarms.get(review.treatment.id)) for review in standing_breaches(scope)]
    return sorted(found, key=lambda recall: not recall.is_open)


def recalls_of(subject: OutlookSubject, recalls: Iterable[Recall]) -> Sequence[Recall]:
    """Return the recalls of a subject: of the field, or of a zone of the greenhouse."""
    names = subject.alarm_subjects | {subject.id}
    return [recall for recall in recalls if recall.review.place.id in names]
