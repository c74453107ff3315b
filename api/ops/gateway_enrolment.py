"""Port from the API to the enrolment of gateways: one-time codes, and certificates of the farm's own authority."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

import msgspec

from headland.network.enrolment.messages import EnrolmentRequest, RenewalRequest, RenewedCertificate, SealedPapers


class GatewayCode(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time code by which a gateway gets its settings and its certificate; it is in this response only."""

    name: str
    site: str
    code: Annotated[str, "Four groups of five letters; any case, dashes may be left out."]
    expires_ms: int
    command: Annotated[str, "What to enter on the gateway."]


class EnrolledGateway(msgspec.Struct, frozen=True, kw_only=True):
    """State of a gateway's one-time code and of its certificate, without the code."""

    name: str
    code: Annotated[
        Literal["none", "waiting", "used", "expired"],
        "The newest code; none once it was revoked.",
    ]
    code_expires_ms: Annotated[int | None, "Until when a code that waits may be used."]
    enrolled_ms: Annotated[int | None, "When its present certificate's code was used."]
    renewed_ms: int | None
    is_revoked: Annotated[bool, "It had a code or a certificate, and neither is accepted any more."]


class GatewayEnrolment(Protocol):
    """Enrols gateways at the broker of this station."""

    def enrolled(self) -> list[EnrolledGateway]:
        """Return the gateways that were given a code, by name. Raises SettingsError."""
        ...

    def give_code(self, name: str, site: str, host: str | None, station: str | None) -> GatewayCode:
        """Return a one-time code for a gateway, new or known; whatever a known one had is refused from now on.

        Raises SettingsError with what prevents it.
        """
        ...

    def enrol(self, request: EnrolmentRequest) -> SealedPapers:
        """Sign a gateway's first certificate. Raises PeerRefused and SettingsError."""
        ...

    def renew(self, request: RenewalRequest) -> RenewedCertificate:
        """Sign a gateway's next certificate. Raises PeerRefused, RenewalTooEarly and SettingsError."""
        ...

    def revoke(self, name: str) -> None:
        """Refuse a gateway's certificates and its code from now on. Raises SettingsError."""
        ...
