"""Settings file (edge.toml) of an added gateway, ready to copy to its machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headland.errors import SettingsError
from station.local.broker_listener import BrokerAddress, Listener
from station.local.gateways import GatewayLogin

#: File name of the CA certificate beside edge.toml.
CA_FILE: Final = "broker-ca.pem"
_EVERY_ADDRESS: Final = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Address of the broker for a gateway, and its TLS settings."""

    host: str
    port: int
    tls: bool = False
    ca_path: Path | None = None
    mutual: bool = False
    #: Gateways get their certificates from this farm, by a code.
    enrols: bool = False


def find_broker_access(address: BrokerAddress, public_host: str | None) -> BrokerAccess:
    """Return how a gateway reaches this farm's broker; raises SettingsError where --host is needed or useless."""
    listener = address.listener
    if listener is None:
        if public_host is not None:
            raise SettingsError(
                "The broker of this farm listens on loopback only: --host has no effect. Open it to the network first: "
                "headland up --listen 0.0.0.0 --tls-cert FILE --tls-key FILE"
            )
        return BrokerAccess("127.0.0.1", address.port)
    tls = listener.tls
    host = public_host or _own_host(listener)
    if tls is None:
        return BrokerAccess(host, listener.port)
    return BrokerAccess(
        host,
        listener.port,
        tls=True,
        ca_path=None if tls.ca is None else Path(tls.ca),
        mutual=tls.mutual,
        enrols=tls.enrols,
    )


def write_toml(gateway: GatewayLogin, access: BrokerAccess, ack_key: str, renew_at: str | None = None) -> str:
    """Return the settings as text; it passes `headland edge check` beside the certificate files that it names.

    With `renew_at`, the station that renews its certificate, the certificate is the login: there is no password.
    """
    quoted = json.dumps  # TOML's basic strings escape as JSON's do
    made_by = "`headland gateway add`. It contains a password" if renew_at is None else "its code. It contains a key"
    password = [f"password = {quoted(gateway.password)}"] if renew_at is None else []
    lines = [
        f"# The gateway {gateway.name}, created by {made_by}: keep it secret.",
        "# Check it: headland edge check -c edge.toml    Run it: headland edge run -c edge.toml",
        "[gateway]",
        f"id = {quoted(gateway.name)}",
        f"site = {quoted(gateway.site)}",
        'data_dir = "edge-data"                   # spool and status; beside this file unless absolute',
        "",
        "[broker]",
        f"host = {quoted(access.host)}",
        f"port = {access.port}",
        f"username = {quoted(gateway.name)}",
        *password,
        f"ack_key = {quoted(ack_key)}",
    ]
    if access.tls:
        lines += ["", "[broker.tls]"]
        if access.ca_path is not None:
            lines.append(f'ca = "{CA_FILE}"                     # CA of the broker\'s certificate')
        if access.mutual:
            files = (".pem", ".key") if renew_at is None else (".pem", ".pem")
            lines += [f"cert = {quoted(gateway.name + files[0])}", f"key = {quoted(gateway.name + files[1])}"]
        if renew_at is not None:
            lines.append(f"renew_at = {quoted(renew_at)}   # station that renews the certificate")
    return "\n".join([*lines, "", _SOURCES])


def _own_host(listener: Listener) -> str:
    if listener.host in _EVERY_ADDRESS:
        raise SettingsError(
            f"The broker listens on every address ({listener.host}): name the address by which the gateway reaches "
            "this machine: --host NAME."
        )
    return listener.host


_SOURCES: Final = """# Sources of this gateway; edge/edge.sample.toml explains every line.
# [[source]]
# type = "mavlink"
# name = "drone-link"
# url = "udpin:0.0.0.0:14550"
#
# [[source]]
# type = "modbus_tcp"
# name = "house-1"
# host = "192.168.0.20"
# device = "gh-1"
# kind = "greenhouse"
# registers = "my-map.toml"
"""
