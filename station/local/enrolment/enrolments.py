"""Enrolments of a farm: codes that wait, the newest certificate of each gateway, and the revoked ones."""

from __future__ import annotations

import base64
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from headland.errors import PeerRefused, SettingsError
from headland.network.enrolment.code import EnrolmentCode, make_code
from headland.network.enrolment.keys import UNREADABLE, has_signed, requested_key
from headland.network.enrolment.life import RenewalTooEarly, renewable_from_ms
from headland.network.enrolment.messages import (
    EnrolmentPapers,
    EnrolmentRequest,
    RenewalRequest,
    RenewedCertificate,
    SealedPapers,
)
from headland.units_of_time import DAY_MS
from station.local.enrolment.authority import CertificateAuthority, certificate_text, gateway_of, utc
from station.local.enrolment.record import ENROLMENTS_FILE, Enrolment, read_enrolments
from station.server.files import write_whole

#: How long a code may be used.
CODE_DAYS: Final = 7
#: One sentence for every wrong request: it tells a stranger nothing.
REFUSED: Final = "The code is unknown, was used or has expired: ask for a new one (headland gateway code NAME)."
_RENEWAL_REFUSED: Final = (
    "The certificate is not the newest one of this gateway, has expired or was revoked: enrol the gateway again with a "
    "new code. If nobody renewed it here, another machine has a copy of its card."
)
_TOO_EARLY: Final = "The certificate is renewed from {due} on, in the second half of its life: ask again then."


class Enrolments:
    """Stores the enrolments in `enrolments.json`, readable by its owner alone; each call holds its lock."""

    def __init__(self, folder: Path, authority: CertificateAuthority) -> None:
        self._folder = folder
        self._authority = authority

    def all(self) -> list[Enrolment]:
        """Return the enrolments by gateway."""
        with self._hold() as known:
            return sorted(known.values(), key=lambda each: each.gateway)

    def give_code(self, gateway: str, settings: str, now_ms: int) -> tuple[EnrolmentCode, int]:
        """Return a new code of a gateway and when it expires.

        The earlier code and every certificate are refused from now on: the code is for a new card.
        """
        with self._hold() as known:
            enrolment = known.setdefault(gateway, Enrolment(gateway=gateway, settings=settings))
            code = make_code()
            while any(other.code_id == code.id for other in known.values()):
                code = make_code()
            enrolment.settings, enrolment.code_id, enrolment.secret = settings, code.id, code.secret
            enrolment.expires_ms, enrolment.is_used, enrolment.is_removed = now_ms + CODE_DAYS * DAY_MS, False, False
            enrolment.revoke_all(now_ms)
            self._write(known, now_ms)
            return code, enrolment.expires_ms

    def gateway_of_code(self, code_id: str) -> str | None:
        """Return the gateway that has a code."""
        return next((each.gateway for each in self.all() if each.code_id == code_id), None)

    def enrol(self, asked: EnrolmentRequest, now_ms: int) -> SealedPapers:
        """Sign a gateway's first certificate. Raises PeerRefused and SettingsError.

        The code is used up by it. The same key may ask again, as its answer may have been lost: it gets the same
        certificate. No other may.
        """
        with self._hold() as known:
            enrolment = next((each for each in known.values() if each.code_id and each.code_id == asked.code_id), None)
            request = asked.request.encode()
            code = EnrolmentCode(asked.code_id, "" if enrolment is None else enrolment.secret)
            if enrolment is None or now_ms >= enrolment.expires_ms or not code.has_signed(request, asked.signature):
                raise PeerRefused(REFUSED)
            if enrolment.is_used and enrolment.key != _key_text(requested_key(asked.request)):
                raise PeerRefused(REFUSED)
            if not (enrolment.is_used and enrolment.certificate):
                enrolment.revoke_all(now_ms)
                self._sign(enrolment, asked.request, now_ms)
                enrolment.is_used, enrolment.enrolled_ms = True, now_ms
                self._write(known, now_ms)
            certificate = enrolment.certificate
        papers = EnrolmentPapers(
            gateway=enrolment.gateway,
            settings=enrolment.settings,
            certificate=certificate,
            authority=self._authority.certificate_path.read_text(encoding="ascii"),
        )
        sealed = code.seal(msgspec.json.encode(papers), request)
        return SealedPapers(sealed=base64.b64encode(sealed).decode("ascii"))

    def renew(self, asked: RenewalRequest, now_ms: int) -> RenewedCertificate:
        """Sign a gateway's next certificate. Raises PeerRefused, RenewalTooEarly and SettingsError.

        Of two machines with the same key only the first to renew goes on: the other's certificate is not the newest
        one then. A request that is repeated because its answer was lost gets the same certificate. It is renewed in the
        second half of its life, and the certificate before it ends then.
        """
        try:
            present = x509.load_pem_x509_certificate(asked.certificate.encode())
            key = present.public_key()
        except UNREADABLE as error:
            raise PeerRefused(_RENEWAL_REFUSED) from error
        if not isinstance(key, ec.EllipticCurvePublicKey) or not self._authority.has_signed(present):
            raise PeerRefused(_RENEWAL_REFUSED)
        is_valid = present.not_valid_before_utc <= utc(now_ms) < present.not_valid_after_utc
        if not is_valid or not has_signed(key, asked.request.encode(), asked.signature):
            raise PeerRefused(_RENEWAL_REFUSED)
        wanted, serial = _key_text(requested_key(asked.request)), f"{present.serial_number:x}"
        with self._hold() as known:
            enrolment = known.get(gateway_of(present))
            is_newest = enrolment is not None and enrolment.serial == serial
            is_repeated = enrolment is not None and enrolment.former_serial == serial and enrolment.key == wanted
            if enrolment is None or not (is_newest or is_repeated) or serial in enrolment.revoked:
                raise PeerRefused(_RENEWAL_REFUSED)
            if not (is_repeated and enrolment.certificate):
                due_ms = renewable_from_ms(round(present.not_valid_after_utc.timestamp() * 1000))
                if now_ms < due_ms:
                    raise RenewalTooEarly(_TOO_EARLY.format(due=utc(due_ms).strftime("%Y-%m-%d %H:%M UTC")))
                if is_repeated:
                    enrolment.return_to_former(now_ms)
                self._sign(enrolment, asked.request, now_ms)
                enrolment.renewed_ms = now_ms
                self._write(known, now_ms)
            return RenewedCertificate(certificate=enrolment.certificate)

    def revoke(self, gateway: str, now_ms: int) -> None:
        """Refuse a gateway's certificates and its code from now on. Raises SettingsError where there is none."""
        with self._hold() as known:
            enrolment = known.get(gateway)
            if enrolment is None or not (enrolment.serial or enrolment.code_id):
                raise SettingsError(f"The gateway {gateway!r} was not enrolled by code: nothing to revoke.")
            enrolment.revoke_all(now_ms)
            enrolment.code_id = enrolment.secret = ""
            self._write(known, now_ms)

    def remove(self, gateway: str, now_ms: int) -> None:
        """Revoke what a gateway has whose login is removed; one that was never given a code has nothing."""
        with self._hold() as known:
            enrolment = known.get(gateway)
            if enrolment is not None:
                enrolment.revoke_all(now_ms)
                enrolment.code_id = enrolment.secret = ""
                enrolment.is_removed = True
                self._write(known, now_ms)

    def write_revoked(self, now_ms: int) -> None:
        """Write the broker's list of revoked certificates."""
        with self._hold() as known:
            self._write_revoked(known, now_ms)

    def _sign(self, enrolment: Enrolment, request: str, now_ms: int) -> None:
        certificate = self._authority.sign_gateway(enrolment.gateway, request, utc(now_ms))
        key = _key_text(requested_key(request))
        enrolment.follow(f"{certificate.serial_number:x}", certificate_text(certificate), key, now_ms)

    @contextmanager
    def _hold(self) -> Iterator[dict[str, Enrolment]]:
        with (self._folder / "enrolments.lock").open("w") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield {each.gateway: each for each in read_enrolments(self._folder)}

    def _write(self, known: dict[str, Enrolment], now_ms: int) -> None:
        for enrolment in known.values():
            enrolment.forget_ended(now_ms)
        write_whole(
            self._folder / ENROLMENTS_FILE, msgspec.json.format(msgspec.json.encode(list(known.values()))) + b"\n"
        )
        self._write_revoked(known, now_ms)

    def _write_revoked(self, known: dict[str, Enrolment], now_ms: int) -> None:
        serials = [int(serial, 16) for each in known.values() for serial in each.revoked]
        self._authority.write_revoked(serials, utc(now_ms))


def _key_text(key: ec.EllipticCurvePublicKey) -> str:
    raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode("ascii")
