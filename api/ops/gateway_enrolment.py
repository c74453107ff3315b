"""Ports from the API to the gateways of the farm's broker: logins, one-time codes and certificates."""

from __future__ import annotations

from typing import Protocol

from headland.network.enrolment.gateways import EnrolledGateway, GatewayCode, RegisteredGateway
from headland.network.enrolment.messages import EnrolmentRequest, RenewalRequest, RenewedCertificate, SealedPapers


class GatewayRegistrar(Protocol):
    """Adds gateways to the broker of this station."""

    def register(self, name: str, site: str, host: str | None) -> RegisteredGateway:
        """Add a gateway and return its settings. Raises SettingsError with what prevents it."""
        ...


class GatewayEnrolment(Protocol):
    """Enrols gateways at the broker of this station."""

    def enrolled(self) -> list[EnrolledGateway]:
        """Return the gateways that were given a code, by name. Raises SettingsError."""
        ...

    def refusal(self) -> str | None:
        """Return why no gateway can be given a code; None where one can. Raises SettingsError."""
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
