"""Schemas of certificates and their register, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from api.schemas.harvest.lots import IntervalStateOf, Note
from api.schemas.harvest.treatments import Named, Title
from api.schemas.model import Model
from headland.analysis.lots.certification import CertificateRequest
from headland.analysis.plant_protection.harvest_review import LotReview
from headland.registry.models.lots import Certificate, CertificateBasis, CertificateEntry

Basis = Literal["own_control", "own_test", "commissioned_test"]


class NewCertificate(Model):
    """What a person enters for a certificate; an empty `origin` follows from the places of harvest."""

    issuer: Named
    contact: Named
    author: Named
    basis: Annotated[list[Basis], Field(min_length=1, max_length=3)]
    tested: Annotated[str, Field(max_length=2000, description="What was tested, with report and result.")] = ""
    origin: Title = ""
    product: Title = ""

    def request(self) -> CertificateRequest:
        """Return it as a request of the library."""
        basis = tuple(CertificateBasis(each) for each in self.basis)
        return CertificateRequest(**{**self.model_dump(), "basis": basis})


class CertificateBody(Model):
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


class CertificateEntryBody(Model):
    """An entry of the register: issued, copied or void."""

    id: str
    certificate: str
    kind: str
    time_ms: int
    author: str
    form: str
    reason: str


class CertificateList(Model):
    """Certificates in the order of their issue."""

    items: list[CertificateBody]
    next: str | None


class CertificateShown(Model):
    """A certificate with its entries of the register."""

    certificate: CertificateBody
    entries: list[CertificateEntryBody]


class NewVoid(Model):
    """Why a certificate becomes void."""

    author: Named
    reason: Annotated[Note, Field(min_length=1)]


class NewCopy(Model):
    """A print of a certificate.

    The QR code leads to the station's public URL; where none is set, to `base_url`.
    """

    author: Named
    form: Literal["a4", "a7", "label_60x40"] = "a4"
    base_url: Annotated[str, Field(max_length=200, pattern=r"^https?://[^\s/]+(/[^\s]*)?$")]


def certificate_of(certificate: Certificate, review: LotReview, *, is_void: bool) -> CertificateBody:
    """Return a certificate as its body, with the review of its lot."""
    values: dict[str, Any] = {
        **msgspec.to_builtins(certificate),
        "state": "void" if is_void else "valid",
        "interval_state": review.state,
    }
    return CertificateBody(**{name: values[name] for name in CertificateBody.model_fields})


def entry_of(entry: CertificateEntry) -> CertificateEntryBody:
    """Return an entry as its body."""
    values: dict[str, Any] = msgspec.to_builtins(entry)
    return CertificateEntryBody(**{name: values[name] for name in CertificateEntryBody.model_fields})
