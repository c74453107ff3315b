"""Port from the API to the logins of gateways at the farm's broker; the station that owns the broker connects them."""

from __future__ import annotations

from typing import Annotated, Protocol

import msgspec


class RegisteredGateway(msgspec.Struct, frozen=True, kw_only=True):
    """A new gateway with its settings, which hold its password: the response is the only place that contains them."""

    name: str
    site: str
    settings: Annotated[str, "Its edge.toml."]
    certificate_name: Annotated[str | None, "File beside edge.toml; null without TLS."]
    certificate: Annotated[str | None, "Content of that file, the broker's CA certificate."]
    host: Annotated[str, "By which the gateway reaches the broker."]
    is_local: Annotated[bool, "The broker listens on this machine only."]
    needs_certificate: Annotated[bool, "It also needs a certificate of its own, of the same CA."]


class GatewayRegistrar(Protocol):
    """Adds gateways to the broker of this station."""

    def register(self, name: str, site: str, host: str | None) -> RegisteredGateway:
        """Add a gateway and return its settings. Raises SettingsError with what prevents it."""
        ...
