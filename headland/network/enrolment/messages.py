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

    code_id: Annotated[str, msgspec.Meta(max_length=16)]
    request: _Pem
    signature: _Signature


class EnrolmentPapers(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway gets, sealed with its code: its settings, its certificate, and the CA of the broker's."""

    gateway: str
    settings: str
    certificate: str
    authority: str


class SealedPapers(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to an enrolment: base64 of the sealed papers."""

    sealed: str


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway's request for its next certificate, signed with the key of the present one (base64)."""

    certificate: _Pem
    request: _Pem
    signature: _Signature


class RenewedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a renewal."""

    certificate: str
