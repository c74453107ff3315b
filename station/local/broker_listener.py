"""Network listener of the broker for gateways on other machines, with its certificates."""

from __future__ import annotations

import re
import socket
import ssl
from pathlib import Path
from typing import Final

import msgspec

from headland.errors import SettingsError
from headland.network.addresses import is_loopback

_TLS_PORT: Final = 8883
_PLAIN_PORT: Final = 1883
_ADDRESS: Final = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::(?P<port>\d{1,5}))?|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"
)


class TlsFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Certificate, key and CA of the broker. With `mutual`, gateways must present a certificate of `ca`, too.

    `revoked` is the farm's own authority's list of certificates that it no longer accepts; there the certificate is
    the login, and no password is asked for.
    """

    cert: str
    key: str
    ca: str | None = None
    mutual: bool = False
    revoked: str | None = None

    @property
    def enrols(self) -> bool:
        """Whether gateways get their certificates from this farm, by a code."""
        return self.revoked is not None


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A listener beside the farm's loopback port; without `tls` it is on loopback or explicitly insecure."""

    host: str
    port: int
    tls: TlsFiles | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)


class BrokerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Listeners of the farm's broker at its last start: the loopback port, and the one for gateways."""

    port: int
    listener: Listener | None = None


def make_listener(listen: str | None, tls: TlsFiles | None, *, insecure: bool) -> Listener | None:
    """Return the listener for `HOST[:PORT]`; raises SettingsError where it would be insecure or cannot work."""
    if listen is None:
        if tls is not None or insecure:
            raise SettingsError("The --tls options and --insecure need --listen HOST[:PORT].")
        return None
    host, port = host_and_port(listen, _PLAIN_PORT if tls is None else _TLS_PORT)
    if tls is None and not insecure and not is_loopback(host):
        raise SettingsError(
            f"With --listen {listen} passwords would cross the network unencrypted. Give the broker a certificate with "
            "--tls-cert FILE --tls-key FILE, or accept the risk with --insecure."
        )
    if tls is not None:
        tls = _check_tls(tls)
    _check_address(host, port)
    return Listener(host=host, port=port, tls=tls)


def tls_files(cert: Path | None, key: Path | None, ca: Path | None, *, mutual: bool) -> TlsFiles | None:
    """Combine the TLS options, None where none is given; raises SettingsError for an incomplete set."""
    if cert is None and key is None and ca is None and not mutual:
        return None
    if cert is None or key is None:
        raise SettingsError("--tls-cert and --tls-key are needed together; one is missing.")
    if mutual and ca is None:
        raise SettingsError("--tls-mutual needs --tls-ca FILE: the CA that signs the gateways' certificates.")
    absolute = [None if path is None else str(path.expanduser().absolute()) for path in (cert, key, ca)]
    return TlsFiles(cert=str(absolute[0]), key=str(absolute[1]), ca=absolute[2], mutual=mutual)


def host_and_port(text: str, port: int) -> tuple[str, int]:
    """Split `HOST`, `HOST:PORT`, `::` or `[::]:PORT`; `port` is the default."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"] or port) < 65536:
        raise SettingsError(f"--listen {text!r} is not HOST or HOST:PORT; 0.0.0.0 means every address.")
    return match["name"] or match["six"] or match["bare"], int(match["port"] or port)


def _check_tls(tls: TlsFiles) -> TlsFiles:
    """Validate the files before the broker reads them: they are readable and the key fits its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.cert, tls.key, password="")
    except FileNotFoundError as error:
        missing = next((name for name in (tls.cert, tls.key) if not Path(name).is_file()), tls.cert)
        raise SettingsError(f"The certificate file {missing} does not exist.") from error
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{tls.cert} and {tls.key} are not a certificate and its unencrypted key in PEM form: {error}"
        ) from error
    if tls.ca is not None:
        try:
            context.load_verify_locations(tls.ca)
        except (OSError, ValueError) as error:
            raise SettingsError(f"{tls.ca} is not a CA certificate in PEM form: {error}") from error
    return tls


def _check_address(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(f"The broker cannot listen on {host} port {port}: {error.strerror or error}.") from error
