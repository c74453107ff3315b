"""Certificate authority of a farm: it signs the broker's certificate and those of gateways, for its broker alone."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from headland.errors import SettingsError
from headland.network.enrolment.keys import UNREADABLE, make_key, requested_key
from headland.network.enrolment.life import LIFE_DAYS
from station.server.files import write_whole

_AUTHORITY_DAYS: Final = 20 * 365
_BROKER_DAYS: Final = 820
#: The list of revoked certificates is written anew at each start of the farm and at each change.
_LIST_DAYS: Final = 20 * 365
#: Clocks of gateways without a network are late.
_EARLIER: Final = timedelta(days=2)


class CertificateAuthority:
    """The authority in a folder; made at its first use. All files but certificates are its owner's alone."""

    def __init__(self, folder: Path) -> None:
        self.certificate_path = folder / "ca.pem"
        self.broker_certificate_path = folder / "broker.pem"
        self.broker_key_path = folder / "broker.key"
        self.revoked_path = folder / "revoked.pem"
        self._key_path = folder / "ca.key"
        self._folder = folder

    @property
    def exists(self) -> bool:
        """Whether there is a farm's authority."""
        return self._key_path.exists()

    def ensure(self, now: datetime) -> None:
        """Make the authority where it is missing."""
        if self.exists and self.certificate_path.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _load_key(make_key())
        name = _name("Headland farm")
        certificate = (
            _builder(name, name, key.public_key(), now, _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, SHA256())
        )
        write_whole(self.certificate_path, _pem(certificate), mode=0o644)
        write_whole(self._key_path, _key_pem(key))

    def write_broker_certificate(self, names: Sequence[str], now: datetime) -> None:
        """Sign a certificate of the broker for the names by which gateways reach it."""
        key = _load_key(make_key())
        certificate = self._sign(
            _name("Headland broker"), key.public_key(), now, _BROKER_DAYS, is_client=False, names=names
        )
        write_whole(self.broker_key_path, _key_pem(key))
        write_whole(self.broker_certificate_path, _pem(certificate), mode=0o644)

    def broker_names(self) -> list[str]:
        """Return the names in the broker's certificate; none before the first one."""
        try:
            certificate = x509.load_pem_x509_certificate(self.broker_certificate_path.read_bytes())
        except (OSError, ValueError):
            return []
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]

    def sign_gateway(self, gateway: str, request: str, now: datetime, days: float = LIFE_DAYS) -> x509.Certificate:
        """Return a certificate of a gateway for the key of its request. Raises SettingsError for another request."""
        return self._sign(_name(gateway), requested_key(request), now, days, is_client=True)

    def has_signed(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate is of this authority."""
        try:
            certificate.verify_directly_issued_by(self._certificate())
        except (InvalidSignature, *UNREADABLE):
            return False
        return True

    def write_revoked(self, serials: Iterable[int], now: datetime) -> None:
        """Write the list of certificates that the broker refuses."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate().subject)
            .last_update(now - _EARLIER)
            .next_update(now + timedelta(days=_LIST_DAYS))
        )
        for serial in sorted(set(serials)):
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _EARLIER).build()
            builder = builder.add_revoked_certificate(revoked)
        revoked_list = builder.sign(self._key(), SHA256())
        write_whole(self.revoked_path, revoked_list.public_bytes(serialization.Encoding.PEM), mode=0o644)

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        now: datetime,
        days: float,
        *,
        is_client: bool,
        names: Sequence[str] = (),
    ) -> x509.Certificate:
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if is_client else ExtendedKeyUsageOID.SERVER_AUTH
        authority = self._certificate()
        builder = (
            _builder(subject, authority.subject, key, now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
                ),
                critical=False,
            )
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
        return builder.sign(self._key(), SHA256())

    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._read(self.certificate_path))

    def _key(self) -> ec.EllipticCurvePrivateKey:
        return _load_key(self._read(self._key_path))

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise SettingsError(
                f"{path} cannot be read: {error.strerror}. Put it back from a backup; without it, remove {path.parent}"
                " and enrol every gateway again."
            ) from error


def local_names(host: str) -> list[str]:
    """Return the names and addresses of this machine, and `host` where it is a single one."""
    names = {"localhost", "127.0.0.1", socket.gethostname()}
    if host not in ("0.0.0.0", "::"):
        names.add(host)
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        found = []
    names |= {str(address[0]).partition("%")[0] for _, _, _, _, address in found}
    return sorted(names)


def certificate_text(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return _pem(certificate).decode("ascii")


def gateway_of(certificate: x509.Certificate) -> str:
    """Return the gateway that a certificate names."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def utc(time_ms: int) -> datetime:
    """Return an instant as certificates have it."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: float
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SettingsError("The authority's key is not on P-256: put it back from a backup.")
    return key


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
