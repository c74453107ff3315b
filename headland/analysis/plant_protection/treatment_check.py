"""Check of a treatment: each product of its mix against the label, with a sentence for each finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from headland.agronomy.geometry.outline import polygons_of
from headland.agronomy.plant_protection import checks
from headland.agronomy.plant_protection.checks import DECLARED, MixRates, ProtectionFinding
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.cell_map import default_cell_m
from headland.analysis.passes.detection import find_pass
from headland.analysis.plant_protection.growing_place import GrowingPlace, find_place
from headland.analysis.plant_protection.harvest_review import BreachKind, TreatmentReview, review_treatment
from headland.analysis.plant_protection.intervals import find_use, label_of
from headland.analysis.weather.spray_window import assess_weather
from headland.i18n import CatalogText
from headland.registry.models.errors import NotFound
from headland.registry.models.models import ZoneKind
from headland.registry.models.plant_protection import (
    EvidenceClass,
    MixPart,
    PlantProtectionProduct,
    ProductUse,
    Treatment,
)
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import HOUR_MS

_GROUP: Final = "plant_protection_findings"
#: Decimals of figures in sentences, by name; others have up to three significant ones.
_WHOLE: Final = frozenset(("days", "uses", "above_pct", "coverage_pct", "area", "count"))
#: Lots that a sentence names; it tells how many there are.
_MOST_NAMED: Final = 5
_FINDINGS_OF_HARVESTS: Final[dict[BreachKind, tuple[str, str]]] = {
    "pre_harvest": ("harvest", "harvested_within"),
    "reentry": ("harvest_entry", "entered_within"),
}


@dataclass(frozen=True, slots=True)
class CheckedFinding:
    """A finding with its sentence."""

    finding: ProtectionFinding
    sentence: CatalogText


@dataclass(frozen=True, slots=True)
class ProductCheck:
    """The findings about one product of the mix; `use` is None where the label does not name the crop."""

    product: PlantProtectionProduct
    dose_ha: float
    use: ProductUse | None
    findings: list[CheckedFinding]


@dataclass(frozen=True, slots=True)
class TreatmentCheck:
    """A treatment with the findings about each product; `no_map` is why no dose by cell is known.

    `review` has the lots that were harvested within its intervals, None where there are none.
    """

    treatment: Treatment
    place: GrowingPlace
    products: list[ProductCheck]
    no_map: str | None
    review: TreatmentReview | None = None


def check_treatment(scope: OrgScope, treatment: Treatment) -> TreatmentCheck:
    """Check a treatment against the labels of its products, with what its pass measured where it names one."""
    repositories = scope.repositories
    place = find_place(repositories, treatment.field, treatment.zone)
    applied, no_map = _applied(scope, treatment)
    review = review_treatment(repositories, treatment)
    products = [
        _with_harvests(_check_product(scope, repositories, treatment, place, part, applied), review)
        for part in treatment.mix
    ]
    return TreatmentCheck(treatment, place, products, no_map, review)


def _with_harvests(check: ProductCheck, review: TreatmentReview | None) -> ProductCheck:
    """Add to a product's findings what was harvested within its intervals: a treatment may be entered after it."""
    if review is None:
        return check
    findings = list(check.findings)
    for kind, (name, id_) in _FINDINGS_OF_HARVESTS.items():
        own = [
            each
            for each in review.breaches
            if each.kind == kind and each.interval.registration_number == check.product.registration_number
        ]
        if not own:
            continue
        worst = max(own, key=lambda each: each.harvest.time_ms)
        lots = ", ".join(lot.code for lot in review.lots[:_MOST_NAMED])
        values: dict[str, float | int | str] = {
            "count": review.lot_count,
            "lots": lots if review.lot_count <= _MOST_NAMED else f"{lots}, …",
            "day": worst.harvested_on.isoformat(),
            "end": "" if worst.interval.ends_on is None else worst.interval.ends_on.isoformat(),
        }
        finding = ProtectionFinding(name, "broken", id_, DECLARED, values)
        findings.insert(0, CheckedFinding(finding, _sentence(finding, check.product.unit)))
    return replace(check, findings=findings)


def _applied(scope: OrgScope, treatment: Treatment) -> tuple[AppliedPass | None, str | None]:
    if treatment.pass_id is None:
        return None, "no_pass"
    try:
        field_pass = find_pass(scope, treatment.pass_id)
        return compute_as_applied(scope, field_pass, cell_m=default_cell_m(field_pass)), None
    except AnalysisError as error:
        return None, error.reason
    except NotFound:
        return None, "unknown_pass"


def _check_product(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    treatment: Treatment,
    place: GrowingPlace,
    part: MixPart,
    applied: AppliedPass | None,
) -> ProductCheck:
    product = repositories.plant_protection.get(part.product, also_deleted=True)
    use = find_use(product, treatment.crop, treatment.target)
    findings: list[ProtectionFinding] = []
    if use is None:
        findings.append(ProtectionFinding("crop", "broken", "crop_not_on_label", DECLARED, {"crop": treatment.crop}))
    else:
        label = label_of(use)
        findings += [
            checks.check_declared_dose(part.dose_ha, label),
            _dose_by_cell(treatment, product, part, applied, label),
            checks.check_water(treatment.water_l_ha, label),
            _interval(scope, treatment, place, label),
            checks.check_uses(_count_uses(repositories, treatment, place, product), label),
            _buffer(place, applied, label),
            checks.check_reentry((scope.now_ms - treatment.end_ms) / HOUR_MS, label),
        ]
    findings.append(_weather(scope, repositories, treatment, place))
    simulated = treatment.evidence is EvidenceClass.SIMULATED or (applied is not None and applied.field_pass.simulated)
    if simulated:
        findings = [
            replace(finding, evidence="simulated") if finding.evidence != DECLARED else finding for finding in findings
        ]
    return ProductCheck(
        product, part.dose_ha, use, [CheckedFinding(each, _sentence(each, product.unit)) for each in findings]
    )


def _interval(scope: OrgScope, treatment: Treatment, place: GrowingPlace, label: checks.LabelUse) -> ProtectionFinding:
    treated, today = place.day_of(treatment.end_ms - 1), place.day_of(scope.now_ms)
    finding = checks.check_interval(treated.toordinal(), today.toordinal(), label)
    end_day = finding.values.get("end_day")
    if not isinstance(end_day, int):
        return finding
    return replace(finding, values={"days": finding.values["days"], "end": date.fromordinal(end_day).isoformat()})


def _dose_by_cell(
    treatment: Treatment,
    product: PlantProtectionProduct,
    part: MixPart,
    applied: AppliedPass | None,
    label: checks.LabelUse,
) -> ProtectionFinding:
    if applied is None:
        return ProtectionFinding("dose_by_cell", "unknown", "cells_no_pass", DECLARED)
    share: float | None = None
    if applied.unit == "L":
        # What the machine metered is the mix: its declared dose is in the declared water.
        share = None if treatment.water_l_ha is None else part.dose_ha / treatment.water_l_ha
    elif product.unit == "kg" and len(treatment.mix) == 1:
        share = 1.0
    rates = MixRates(applied.map.grid, applied.map.rate_ha, _treated(applied), share)
    return checks.check_measured_dose(rates, label)


def _treated(applied: AppliedPass) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(applied.map.evidence > 0, np.bool_)


def _buffer(place: GrowingPlace, applied: AppliedPass | None, label: checks.LabelUse) -> ProtectionFinding:
    if place.field is None:
        return ProtectionFinding("buffer", "holds", "buffer_indoors", DECLARED)
    if applied is None:
        return ProtectionFinding("buffer", "unknown", "buffer_no_pass", DECLARED)
    plane = plane_of(place.field)
    protected = {
        zone.name: polygons_of(zone.geometry, plane) for zone in place.field.zones if zone.kind is ZoneKind.EXCLUSION
    }
    return checks.check_buffer(applied.map.grid, _treated(applied), protected, applied.inputs.outline.buffer, label)


def _weather(
    scope: OrgScope, repositories: OrganisationRepositories, treatment: Treatment, place: GrowingPlace
) -> ProtectionFinding:
    if place.field is None:
        return ProtectionFinding("weather", "holds", "weather_indoors", DECLARED)
    window = Window(treatment.start_ms, treatment.end_ms)
    return checks.check_weather(assess_weather(scope, repositories, place.field, window, "liquid").verdicts)


def _count_uses(
    repositories: OrganisationRepositories, treatment: Treatment, place: GrowingPlace, product: PlantProtectionProduct
) -> int:
    """Return how often the product was used at the place until this treatment, in its season or else its year."""
    day = place.day_of(treatment.start_ms)
    seasons = [] if place.field is None else list(repositories.seasons.all(field=place.field.id))
    starts = [season.sowing_date for season in seasons if season.sowing_date is not None]
    start = max((sown for sown in starts if sown <= day), default=day.replace(month=1, day=1))
    earlier = repositories.treatments.list(field=treatment.field, zone=treatment.zone)
    return (
        sum(
            start <= place.day_of(other.start_ms)
            and (other.start_ms, other.id) <= (treatment.start_ms, treatment.id or other.id)
            and any(part.product == product.id for part in other.mix)
            for other in earlier
            if other.id != treatment.id
        )
        + 1
    )


def _sentence(finding: ProtectionFinding, unit: str) -> CatalogText:
    values: dict[str, str | CatalogText] = {"unit": CatalogText(_GROUP, f"unit_{unit}")}
    values |= {name: _figure(name, value) for name, value in finding.values.items()}
    return CatalogText(_GROUP, finding.id, values)


def _figure(name: str, value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if name in _WHOLE else f"{value:.3g}"
