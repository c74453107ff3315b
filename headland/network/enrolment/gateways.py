"""Gateways as the station of their broker adds them: by a password, or by a one-time code for a certificate."""

from __future__ import annotations

from typing import Annotated, Literal

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
