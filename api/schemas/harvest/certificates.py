"""Answers and bodies of certificates and their register."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.schemas.harvest.lots import IntervalStateOf
from api.schemas.model import answer_of_record, fill
from headland.analysis.lots.certification import CertificateRequest
from headland.analysis.plant_protection.harvest_review import LotReview
from headland.registry.models.lots import Certificate, CertificateBasis, CertificateEntry
from headland.registry.models.models import Note, Text
from headland.registry.models.plant_protection import Title

_ENTERED = ("version", "created_ms", "changed_ms")


class NewCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a person enters for a certificate; an empty `origin` follows from the places of harvest."""

    issuer: Text
    contact: Text
    author: Text
    basis: Annotated[
        list[Literal["own_control", "own_test", "commissioned_test"]],
        Meta(min_length=1, max_length=3),
        "What the promise rests on.",
    ]
    tested: Annotated[Note, "What was tested, with report and result."] = ""
    origin: Title = ""
    product: Annotated[Title, "Name of the goods; empty: that of the lot."] = ""

    def request(self) -> CertificateRequest:
        """Return it as a request of the library."""
        basis = tuple(CertificateBasis(each) for each in self.basis)
        return CertificateRequest(**{**msgspec.structs.asdict(self), "basis": basis})


@answer_of_record(Certificate, without=_ENTERED)
class CertificateBody(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it was issued; `state` is valid or void, `follows` are those of the lots it was made from.

    `interval_state` is that of its lot now: a treatment may have been entered since.
    """

    basis: list[str]
    state: Annotated[str, "valid or void."]
    interval_state: IntervalStateOf


@answer_of_record(CertificateEntry, without=_ENTERED)
class CertificateEntryBody(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the register: issued, copied or void."""

    kind: str


class CertificateList(msgspec.Struct, frozen=True, kw_only=True):
    """Certificates in the order of their issue."""

    items: list[CertificateBody]
    next: str | None


class CertificateShown(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate with its entries of the register."""

    certificate: Annotated[CertificateBody, "The certificate as it was issued."]
    entries: Annotated[list[CertificateEntryBody], "Its entries of the register, by time."]


class NewVoid(msgspec.Struct, frozen=True, kw_only=True):
    """Why a certificate becomes void."""

    author: Text
    reason: Annotated[Note, Meta(min_length=1), "Why it becomes void."]


class NewCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A print of a certificate.

    The QR code leads to the station's public URL; where none is set, to `base_url`.
    """

    author: Text
    form: Annotated[Literal["a4", "a7", "label_60x40"], "A4, A7, or a label of 60 x 40 mm."] = "a4"
    base_url: Annotated[
        str,
        Meta(max_length=200, pattern=r"^https?://[^\s/]+(/[^\s]*)?$"),
        "Where the code leads without a public URL of the station.",
    ]


def certificate_of(certificate: Certificate, review: LotReview, *, is_void: bool) -> CertificateBody:
    """Return a certificate as its body, with the review of its lot."""
    state = "void" if is_void else "valid"
    return fill(CertificateBody, certificate, state=state, interval_state=review.state)
