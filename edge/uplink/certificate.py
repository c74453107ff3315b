"""Certificate of a gateway: enrolment with a one-time code, and renewal before its end."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edge.uplink.settings import TlsSettings
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, PeerRefused, RetryLater, SettingsError
from headland.network.enrolment.code import read_code
from headland.network.enrolment.keys import make_key, make_request, requested_key, sign
from headland.network.enrolment.life import renewable_from_ms
from headland.network.enrolment.messages import (
    ENROL_PATH,
    MOST_ANSWER_BYTES,
    RENEW_PATH,
    EnrolmentPapers,
    EnrolmentRequest,
    RenewalRequest,
    RenewedCertificate,
    SealedPapers,
)
from headland.network.http_client import OutgoingClient
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

SETTINGS_FILE: Final = "edge.toml"
AUTHORITY_FILE: Final = "broker-ca.pem"
_LOOK_EVERY_S: Final = 6 * 3600.0
_RETRY_S: Final = (60.0, 3600.0)
_WITHIN_S: Final = 20.0
_ASKED_KEY: Final = "enrolment.key"
_DATA_DIR_LINE: Final = re.compile(r"^data_dir = .*$", re.MULTILINE)
_JSON: Final = {"Content-Type": "application/json"}
_OK, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 403, 404, 409

Answer = TypeVar("Answer")
#: Sends a body to a path of a station and returns the body of its answer. Raises PeerRefused and RetryLater.
Post = Callable[[str, str, bytes], bytes]


def enrol_gateway(
    station: str, code_text: str, folder: Path, post: Post | None = None, data_dir: Path | None = None
) -> str:
    """Get settings and certificate from a station, write them into `folder`, and return the gateway's id.

    The key is made here, kept before it is used, and never sent: a repetition after a lost answer is the same gateway.
    The files belong to the owner of the folder: root enrols for the user that runs the gateway. With `data_dir` the
    settings name it as the folder of spool and status.
    Raises SettingsError for a wrong code or URL, a folder with settings or without permission; PeerRefused; RetryLater.
    """
    code = read_code(code_text)
    if (folder / SETTINGS_FILE).exists():
        raise SettingsError(f"{folder / SETTINGS_FILE} exists already: move it aside, or choose another --out.")
    key = _kept_key(folder / _ASKED_KEY)
    request = make_request(key)
    asked = EnrolmentRequest(code_id=code.id, request=request, signature=code.sign(request.encode()))
    body = (post or post_to_station)(station, ENROL_PATH, msgspec.json.encode(asked))
    try:
        sealed = base64.b64decode(_decode(body, SealedPapers).sealed, validate=True)
    except binascii.Error as error:
        raise RetryLater("The station's answer cannot be read: try again.") from error
    opened = code.open_sealed(sealed, request.encode())
    if opened is None:
        raise PeerRefused(f"{station} does not know the code that it was asked with: check its address.")
    papers = _decode(opened, EnrolmentPapers)
    _write(folder / f"{papers.gateway}.pem", papers.certificate.encode() + key)
    _write(folder / AUTHORITY_FILE, papers.authority.encode())
    settings = papers.settings
    if data_dir is not None:
        line = f"data_dir = {json.dumps(str(data_dir), ensure_ascii=False)}"
        settings = _DATA_DIR_LINE.sub(lambda _: line, settings, count=1)
    _write(folder / SETTINGS_FILE, settings.encode())
    (folder / _ASKED_KEY).unlink(missing_ok=True)
    return papers.gateway


class CertificateRenewal:
    """Owns the thread `certificate`, which renews a gateway's certificate; the uplink's next connection uses it."""

    def __init__(
        self, settings: TlsSettings, now_ms: Callable[[], int] = wall_clock_ms, post: Post | None = None
    ) -> None:
        if settings.cert is None or settings.renew_at is None:
            raise SettingsError("broker.tls.renew_at needs broker.tls.cert: enrol the gateway, or remove renew_at.")
        self._path = Path(settings.cert)
        self._station = settings.renew_at
        self._now_ms = now_ms
        self._post = post or post_to_station
        self._thread = SupervisedThread(
            "certificate",
            self.renew_if_due,
            every_s=_LOOK_EVERY_S,
            overdue_after_s=None,
            retry_wait_s=lambda failures: min(_RETRY_S[0] * 2.0 ** min(failures, 10), _RETRY_S[1]),
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a request under way is left behind."""
        self._thread.stop(0.1)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def renew_if_due(self) -> bool:
        """Renew the certificate in the second half of its life; return whether it was. Raises HeadlandError."""
        present = self._path.read_bytes()
        certificate = _certificate(present, self._path)
        if self._now_ms() < renewable_from_ms(round(certificate.not_valid_after_utc.timestamp() * 1000)):
            return False
        waiting = self._path.with_name(f"{self._path.name}.next-key")
        key = _kept_key(waiting)
        request = make_request(key)
        asked = RenewalRequest(
            certificate=_pem(certificate), request=request, signature=sign(_key_part(present), request.encode())
        )
        answer = _decode(self._post(self._station, RENEW_PATH, msgspec.json.encode(asked)), RenewedCertificate)
        renewed = _certificate(answer.certificate.encode(), self._path)
        if renewed.public_key() != requested_key(request):
            raise RetryLater("The station's answer is a certificate of another key: it is asked again.")
        _write(self._path, answer.certificate.encode() + key)
        waiting.unlink(missing_ok=True)
        until = datetime.fromtimestamp(renewed.not_valid_after_utc.timestamp(), UTC)
        _LOGGER.info("The certificate was renewed until %s", until.strftime("%Y-%m-%d"))
        return True


def post_to_station(station: str, path: str, body: bytes) -> bytes:
    """Send a body to a station and return the body of its answer. Raises SettingsError, PeerRefused and RetryLater."""
    try:
        target = parse_target(f"{station.rstrip('/')}{path}", permits_zone=True)
    except ValueError as error:
        raise SettingsError(f"{station} is not the address of a station: {error}.") from error
    client = OutgoingClient(None)
    try:
        answer = client.post(target, body, _JSON, _WITHIN_S, MOST_ANSWER_BYTES)
    except OutgoingError as error:
        raise RetryLater(f"{station} cannot be reached: {error}. Try again.") from error
    finally:
        client.close()
    if answer.status == _OK:
        return answer.body
    if answer.status == _FORBIDDEN:
        raise PeerRefused(
            f"{station} refuses: the code is unknown, was used or has expired, or the certificate is no longer the "
            "newest. Ask for a new code: headland gateway code NAME"
        )
    if answer.status == _NOT_FOUND:
        raise PeerRefused(f"{station} enrols no gateways: name the station that runs the broker.")
    if answer.status == _CONFLICT:
        raise RetryLater(f"{station} finds it too early for a new certificate: check the clocks of both machines.")
    raise RetryLater(f"{station} answers with {answer.status}. Try again.")


def _kept_key(path: Path) -> bytes:
    """Return the key in a file, made where it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        key = make_key()
        _write(path, key)
        return key
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step; only the owner of its folder may read it."""
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)  # and not what a link of this name leads to
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error


def _decode(body: bytes, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise RetryLater("The station's answer cannot be read: try again.") from error


def _certificate(pem: bytes, path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise HeadlandError(f"{path} holds no certificate: enrol the gateway again with a new code.") from error


def _key_part(pem: bytes) -> bytes:
    return pem[pem.find(b"-----BEGIN PRIVATE KEY-----") :]


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
