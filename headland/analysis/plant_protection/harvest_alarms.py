"""Alarms of the farm's records: each treatment with lots that were harvested within its pre-harvest interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from headland.analysis.plant_protection.harvest_review import TreatmentReview, review_treatments
from headland.i18n import CatalogText
from headland.registry.models.alarms import Alarm, Severity
from headland.registry.models.plant_protection import EvidenceClass
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Name of the alarms, as a rule has one; no rule of it can be changed or deleted. Their subject is the treatment.
HARVESTED_IN_INTERVAL: Final = "harvested-in-interval"
#: Source of an alarm that stands by the farm's records.
RECORDS: Final = "records"
_KIND: Final = "treatment"


def alarms_of_records(repositories: OrganisationRepositories) -> Callable[[int], Sequence[Alarm]]:
    """Return a function of the present time that returns the alarms that stand by the records then.

    It reads the records again after each change of one.
    """
    known: tuple[int, list[TreatmentReview]] | None = None

    def read(now_ms: int) -> Sequence[Alarm]:
        nonlocal known
        newest = repositories.audit_entries(limit=1)
        seq = newest[0].seq if newest else 0
        if known is None or known[0] != seq:
            known = seq, review_treatments(repositories)
        return [_alarm_of(repositories, review, now_ms) for review in known[1]]

    return read


def _alarm_of(repositories: OrganisationRepositories, review: TreatmentReview, now_ms: int) -> Alarm:
    place, breach = review.place, review.worst
    site = place.site_id
    text = CatalogText(
        "plant_protection_findings",
        "recall_alarm",
        {
            "count": str(review.lot_count),
            "day": breach.harvested_on.isoformat(),
            "product": breach.interval.product[:60],
            "end": "" if breach.interval.ends_on is None else breach.interval.ends_on.isoformat(),
        },
    )
    return Alarm(
        rule=HARVESTED_IN_INTERVAL,
        subject=review.treatment.id,
        kind=_KIND,
        site="" if site is None else repositories.sites.get(site, also_deleted=True).name,
        severity=Severity.CRITICAL,
        by_station=True,
        standing=(RECORDS,),
        # It is known since the treatment was entered, and raised now.
        began_ms=max(each.harvest.time_ms for each in review.breaches),
        raised_ms=now_ms,
        fresh_ms=now_ms,
        simulated=review.treatment.evidence is EvidenceClass.SIMULATED or all(lot.simulated for lot in review.lots),
        name=place.name,
        text=text.text("en"),
        text_zh=text.text("zh"),
    )
