"""Issue of a certificate for a lot: refused with the reason where the promise could not be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.lots.happenings import rests_on_simulation
from headland.analysis.lots.lot_history import LotHistory, read_lot_history
from headland.analysis.plant_protection.growing_place import grown_from_ms
from headland.analysis.plant_protection.harvest_review import LotReview
from headland.registry.models.lots import Certificate, CertificateBasis
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What a person enters for a certificate; without an `origin` it follows from the places of harvest."""

    issuer: str
    contact: str
    author: str
    basis: tuple[CertificateBasis, ...]
    tested: str = ""
    origin: str = ""
    product: str = ""
    form: str = ""


def issue_certificate(scope: OrgScope, lot_id: str, request: CertificateRequest) -> Certificate:
    """Issue a certificate for what remains of a lot.

    Raises PreconditionError: lot-simulated, lot-used-up, interval-runs, interval-not-known, sample-label or
    certificate-valid.
    """
    repositories = scope.repositories
    history = read_lot_history(scope, lot_id, with_happenings=False)
    refuse_simulated(scope, repositories, history)
    if history.remaining_g == 0 or not history.harvests:
        sentence = f"Nothing is left of lot {history.lot.code}: issue a certificate for the lots made from it."
        raise PreconditionError("lot-used-up", "Nothing is left of this lot", sentence)
    _refuse_intervals(history)
    valid = [
        each for each in repositories.certificates.of_lot(lot_id) if not repositories.certificates.is_void(each.id)
    ]
    if valid:
        sentence = f"Certificate {valid[0].number} of this lot is valid: print it again, or make it void first."
        raise PreconditionError("certificate-valid", "The lot has a certificate", sentence)
    first = history.harvests[0].place
    certificate = Certificate(
        number="0",
        lot=lot_id,
        product=request.product or history.lot.product,
        grams=history.remaining_g,
        origin=request.origin or origin_of(history),
        issuer=request.issuer,
        contact=request.contact,
        issued_ms=scope.now_ms,
        basis=request.basis,
        tested=request.tested,
        token="0" * 22,
        follows=_followed(repositories, history),
    )
    day = f"{first.day_of(scope.now_ms):%Y%m%d}"
    return repositories.certificates.issue(certificate, day, request.author, request.form)


def refuse_simulated(scope: OrgScope, repositories: OrganisationRepositories, history: LotHistory) -> None:
    """Raise PreconditionError (lot-simulated) where a lot, or anything that it rests on, is simulated."""
    if not history.lot.simulated and not any(
        rests_on_simulation(
            scope, repositories, share.place, grown_from_ms(repositories, share.harvest), share.harvest.time_ms
        )
        for share in history.harvests
    ):
        return
    sentence = f"Lot {history.lot.code} rests on simulated data: no certificate is issued for goods that do not exist."
    raise PreconditionError("lot-simulated", "This lot is simulated", sentence)


def refuse_breached(review: LotReview, what_follows: Literal["certificate", "copy", "release"]) -> None:
    """Raise PreconditionError (harvested-in-interval) where a harvest of a lot was within a pre-harvest interval."""
    breach = review.worst
    if breach is None:
        return
    place, day = breach.place.name, breach.harvested_on
    product, end = breach.interval.product, breach.interval.ends_on
    if what_follows == "certificate":
        sentence = (
            f"{place} was harvested on {day}, while the pre-harvest interval of {product} ran until {end}: "
            "no certificate is issued for this harvest."
        )
    elif what_follows == "copy":
        sentence = (
            f"{place} was harvested on {day}, while the pre-harvest interval of {product} ran until {end}: "
            "the certificate is not printed, make it void."
        )
    else:
        sentence = (
            f"{place} was harvested on {day}, while the pre-harvest interval of {product} ran until {end}: "
            "the lot is not released."
        )
    extra = {"ends_on": None if end is None else end.isoformat(), "treatment": breach.interval.treatment.id}
    raise PreconditionError("harvested-in-interval", "Harvested within a pre-harvest interval", sentence, extra)


def origin_of(history: LotHistory) -> str:
    """Return the places of harvest of a lot, as people name them."""
    names = dict.fromkeys(f"{share.place.farm} {share.place.name}" for share in history.harvests)
    return "; ".join(names)[:200]


def _refuse_intervals(history: LotHistory) -> None:
    """Refuse a harvest within an interval, also by a treatment that was entered after it."""
    refuse_breached(history.review, "certificate")
    for review in history.review.harvests:
        if review.unknown:
            sentence = (
                f"The register has no pre-harvest interval of {review.unknown[0].product} for {review.harvest.crop}: "
                "enter the product's label for this crop, if it has one."
            )
            raise PreconditionError("interval-not-known", "A pre-harvest interval is not known", sentence)
        samples = [each for each in review.state.over if each.is_sample]
        if samples:
            sentence = f"{samples[0].product} is a sample of the register with made-up values: enter the real product."
            raise PreconditionError("sample-label", "A label is a sample", sentence)


def _followed(repositories: OrganisationRepositories, history: LotHistory) -> tuple[str, ...]:
    """Return the valid certificates of the lots that this lot was made from."""
    parents = dict.fromkeys(link.parent for link in history.links)
    return tuple(
        certificate.id
        for parent in parents
        for certificate in repositories.certificates.of_lot(parent)
        if not repositories.certificates.is_void(certificate.id)
    )
