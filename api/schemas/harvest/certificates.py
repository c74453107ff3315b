"""Schemas of certificates and their register, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.schemas.harvest.lots import IntervalStateOf, Note
from api.schemas.harvest.treatments import Named, Title
from api.schemas.model import fill
from headland.analysis.lots.certification import CertificateRequest
from headland.analysis.plant_protection.harvest_review import LotReview
from headland.registry.models.lots import Certificate, CertificateBasis, CertificateEntry

Basis = Literal["own_control", "own_test", "commissioned_test"]


class NewCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a person enters for a certificate; an empty `origin` follows from the places of harvest."""

    issuer: Named
    contact: Named
    author: Named
    basis: Annotated[list[Basis], Meta(min_length=1, max_length=3)]
    tested: Annotated[str, Meta(max_length=2000), "What was tested, with report and result."] = ""
    origin: Title = ""
    product: Title = ""

    def request(self) -> CertificateRequest:
        """Return it as a request of the library."""
        basis = tuple(CertificateBasis(each) for each in self.basis)
        return CertificateRequest(**{**msgspec.structs.asdict(self), "basis": basis})


class CertificateBody(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it was issued; `state` is valid or void, `follows` are those of the lots it was made from.

    `interval_state` is that of its lot now: a treatment may have been entered since.
    """

    id: str
    number: str
    lot: str
    product: str
    grams: int
    origin: str
    issuer: str
    contact: str
    issued_ms: int
    basis: list[str]
    tested: str
    token: str
    follows: list[str]
    state: str
    interval_state: IntervalStateOf


class CertificateEntryBody(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the register: issued, copied or void."""

    id: str
    certificate: str
    kind: str
    time_ms: int
    author: str
    form: str
    reason: str


class CertificateList(msgspec.Struct, frozen=True, kw_only=True):
    """Certificates in the order of their issue."""

    items: list[CertificateBody]
    next: str | None


class CertificateShown(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with its entries of the register."""

    certificate: CertificateBody
    entries: list[CertificateEntryBody]


class NewVoid(msgspec.Struct, frozen=True, kw_only=True):
    """Why a certificate becomes void."""

    author: Named
    reason: Annotated[Note, Meta(min_length=1)]


class NewCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A print of a certificate.

    The QR code leads to the station's public URL; where none is set, to `base_url`.
    """

    author: Named
    form: Literal["a4", "a7", "label_60x40"] = "a4"
    base_url: Annotated[str, Meta(max_length=200, pattern=r"^https?://[^\s/]+(/[^\s]*)?$")]


def certificate_of(certificate: Certificate, review: LotReview, *, is_void: bool) -> CertificateBody:
    """Return a certificate as its body, with the review of its lot."""
    state = "void" if is_void else "valid"
    return fill(CertificateBody, certificate, state=state, interval_state=review.state)


def entry_of(entry: CertificateEntry) -> CertificateEntryBody:
    """Return an entry as its body."""
    return fill(CertificateEntryBody, entry)
