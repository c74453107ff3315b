"""Keys of a gateway, on the curve P-256, and its requests for certificates."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from headland.errors import SettingsError

#: What somebody else's certificate or request raises that cannot be read: the library's errors have no common base.
UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


def make_key() -> bytes:
    """Return a new private key as PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def make_request(key: bytes, gateway: str = "gateway") -> str:
    """Return the request for a certificate of a key, as PEM; who signs it decides the name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, gateway)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(_load(key), SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def sign(key: bytes, message: bytes) -> str:
    """Return the signature of a message, base64."""
    return base64.b64encode(_load(key).sign(message, ec.ECDSA(SHA256()))).decode("ascii")


def has_signed(key: ec.EllipticCurvePublicKey, message: bytes, signature: str) -> bool:
    """Tell whether a signature (base64) of a message is by a key."""
    try:
        key.verify(base64.b64decode(signature, validate=True), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def requested_key(request: str) -> ec.EllipticCurvePublicKey:
    """Return the public key of a request. Raises SettingsError where it is no request of a gateway."""
    try:
        parsed = x509.load_pem_x509_csr(request.encode("ascii"))
        key = parsed.public_key()
        is_signed = parsed.is_signature_valid
    except UNREADABLE as error:
        raise SettingsError("The request for a certificate cannot be read: update Headland on the gateway.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1) or not is_signed:
        raise SettingsError("The request for a certificate is not of a key on P-256: update Headland on the gateway.")
    return key


def _load(key: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        loaded = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise SettingsError("The gateway's key cannot be read: enrol it again with a new code.") from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise SettingsError("The gateway's key is not on P-256: enrol it again with a new code.")
    return loaded
