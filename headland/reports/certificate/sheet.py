"""Content of a certificate (承诺达标合格证) as it is printed, and its address in the QR code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from headland.registry.models.lots import Certificate, CertificateBasis, Lot

Form = Literal["a4", "a7", "label_60x40"]
FORMS: Final[tuple[Form, ...]] = ("a4", "a7", "label_60x40")
#: Path of the public page of a certificate; its token follows.
PUBLIC_PATH: Final = "/p"


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """A certificate to print: texts as they are shown. `address` is in the QR code.

    A specimen has no number and no address, and says on every form that it is one; a void certificate says so, too.
    """

    number: str
    product: str
    quantity: str
    origin: str
    issued_on: str
    issuer: str
    contact: str
    basis: tuple[CertificateBasis, ...]
    tested: str
    lot: str
    address: str
    is_specimen: bool = False
    is_simulated: bool = False
    is_void: bool = False


def make_sheet(certificate: Certificate, lot: Lot, zone: ZoneInfo, base_url: str, *, is_void: bool) -> CertificateSheet:
    """Return the sheet of an issued certificate; `base_url` is the address of this station for customers."""
    return CertificateSheet(
        number=certificate.number,
        product=certificate.product,
        quantity=quantity_text(certificate.grams),
        origin=certificate.origin,
        issued_on=f"{datetime.fromtimestamp(certificate.issued_ms / 1000.0, zone):%Y-%m-%d}",
        issuer=certificate.issuer,
        contact=certificate.contact,
        basis=certificate.basis,
        tested=certificate.tested,
        lot=lot.code,
        address=public_address(base_url, certificate.token),
        is_void=is_void,
    )


def make_specimen(
    lot: Lot,
    zone: ZoneInfo,
    time_ms: int,
    *,
    origin: str,
    issuer: str,
    contact: str,
    basis: tuple[CertificateBasis, ...],
) -> CertificateSheet:
    """Return a specimen: what a certificate of a lot would look like. It is in no register and leads nowhere."""
    simulated = " · simulated 模拟数据" if lot.simulated else ""
    return CertificateSheet(
        number="SPECIMEN",
        product=lot.product,
        quantity=quantity_text(lot.grams),
        origin=origin,
        issued_on=f"{datetime.fromtimestamp(time_ms / 1000.0, zone):%Y-%m-%d}",
        issuer=issuer,
        contact=contact,
        basis=basis,
        tested="",
        lot=lot.code,
        address=f"SPECIMEN 样张{simulated} · no certificate 非合格证",
        is_specimen=True,
        is_simulated=lot.simulated,
    )


def public_address(base_url: str, token: str) -> str:
    """Return the address of a certificate's public page."""
    return f"{base_url.rstrip('/')}{PUBLIC_PATH}/{token}"


def quantity_text(grams: int) -> str:
    """Return a mass in kilograms, exact: 12 kg, 0.35 kg."""
    whole, rest = divmod(grams, 1000)
    return f"{whole:,} kg" if not rest else f"{whole:,}.{rest:03d}".rstrip("0") + " kg"
