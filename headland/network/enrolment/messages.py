"""Messages of an enrolment and of a renewal, as JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec

#: Paths of the API that take them.
ENROL_PATH = "/v1/enrolments"
RENEW_PATH = "/v1/enrolments/renewal"
#: Longest request and answer.
MOST_REQUEST_BYTES = 4096
MOST_ANSWER_BYTES = 64 * 1024

_Pem = Annotated[str, msgspec.Meta(max_length=3000)]
_Signature = Annotated[str, msgspec.Meta(max_length=512)]


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway's request for its first certificate, signed with its code."""

    code_id: Annotated[str, msgspec.Meta(max_length=16), "Number of the code."]
    request: Annotated[_Pem, "PKCS #10, PEM."]
    signature: Annotated[_Signature, "HMAC-SHA256, hexadecimal."]


class EnrolmentPapers(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway gets, sealed with its code: its settings, its certificate, and the CA of the broker's."""

    gateway: str
    settings: str
    certificate: str
    authority: str


class SealedPapers(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway's settings and certificate, sealed with its code."""

    sealed: Annotated[str, "AES-256-GCM, base64."]


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway's request for its next certificate, signed with the key of the present one (base64)."""

    certificate: Annotated[_Pem, "Present certificate, PEM."]
    request: Annotated[_Pem, "PKCS #10, PEM."]
    signature: Annotated[_Signature, "ECDSA with SHA-256, base64."]


class RenewedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway's next certificate."""

    certificate: Annotated[str, "Certificate, PEM."]
