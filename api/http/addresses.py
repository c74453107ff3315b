"""Addresses of a request: by which the station is linked to, and from which its client asks.

Nothing that a client names is taken for either. Links begin with the public URL that the administrator stated, else
with the address at which the connection arrived; the client is the peer of the connection, and where that is a trusted
proxy the last address in its `X-Forwarded-For`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.problems import reply_problem
from headland.network.address_policy import IPNetwork

_LOGGER = logging.getLogger(__name__)

_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
#: Headers that a proxy adds.
_OF_PROXIES: Final = frozenset((b"x-forwarded-for", b"forwarded", b"x-real-ip"))
_NOT_STATED: Final = (
    "A proxy passes requests on, and this station does not know by which URL customers reach it: its public pages, QR"
    " codes and passports name %s. Start it with --public-url https://NAME, or set HEADLAND_PUBLIC_URL."
)
_PORTS: Final = {"http": 80, "https": 443}
#: Proxies that are walked through behind one another.
_MOST_HOPS: Final = 8
#: Bits of an IPv6 address that one customer of a provider has as a whole.
_V6_CUSTOMER_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Addresses:
    """The public URL of a station, None for none, and the networks whose `X-Forwarded-For` names the client.

    `origins` are those of pages whose scripts may read answers, with the handles of the organisations that allow each.
    """

    public_url: str | None = None
    proxies: tuple[IPNetwork, ...] = ()
    origins: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a client named: the header Host and the scheme."""

    host: bytes
    scheme: str


class AddressMiddleware:
    """Puts the station's own address in place of the client's Host, and the client's behind a trusted proxy.

    Whatever makes a link of the request, a redirect too, makes it of that.
    """

    def __init__(self, app: ASGIApp, addresses: Addresses) -> None:
        self._app = app
        self._proxies = addresses.proxies
        self._was_said = False
        self._public: tuple[str, bytes] | None = None
        if addresses.public_url is not None:
            scheme, _, host = addresses.public_url.partition("://")
            self._public = scheme, host.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = _header(scope, b"host")
        if host and not _HOST.fullmatch(host):
            sentence = "Name the host in the header Host: a name or an address, and a port where it has one."
            await reply_problem(400, sentence, kind="bad-host", title="Invalid Host")(scope, receive, send)
            return
        proto = _header(scope, b"x-forwarded-proto")
        scheme = proto.decode() if proto in (b"https", b"http") else scope["scheme"]
        scope.setdefault("state", {})["asked"] = _Asked(host, scheme)
        scope["state"]["is_public_url_set"] = self._public is not None
        _be_called(scope, *(self._public or (scope["scheme"], _arrived_at(scope))))
        self._say_what_is_not_stated(scope)
        if self._proxies and scope.get("client"):
            scope["client"] = self._client_of(scope), scope["client"][1]
        await self._app(scope, receive, send)

    def _say_what_is_not_stated(self, scope: Scope) -> None:
        if self._public is not None or self._was_said:
            return
        if _OF_PROXIES.intersection(name for name, _ in scope["headers"]):
            self._was_said = True
            _LOGGER.warning(_NOT_STATED, _arrived_at(scope).decode())

    def _client_of(self, scope: Scope) -> str:
        """Return the first address from the right that is no trusted proxy, as these name it."""
        address: str = scope["client"][0]
        named = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
        for hop in reversed(named.split(",")[-_MOST_HOPS:]):
            if not self._is_proxy(address):
                break
            try:
                address = str(ip_address(hop.strip()))
            except ValueError:
                break
        return address

    def _is_proxy(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._proxies if network.version == address.version)


def call_as_asked(connection: HTTPConnection) -> None:
    """Let the links of an answer begin as its client asked, who has a key; not where there is a public URL."""
    if not connection.state.is_public_url_set:
        asked = _asked_of(connection)
        _be_called(connection.scope, asked.scheme, asked.host or _arrived_at(connection.scope))


def asked_host(connection: HTTPConnection) -> str:
    """Return the Host that the client named: to be compared, and never to be written."""
    return _asked_of(connection).host.decode("latin-1")


def asked_scheme(connection: HTTPConnection) -> str:
    """Return the scheme by which the client, or its proxy, asked."""
    return _asked_of(connection).scheme


def customer_of(connection: HTTPConnection) -> str:
    """Return the address by which limits know a client: of IPv6 the part that one customer of a provider has."""
    if connection.client is None:
        return ""
    try:
        address = ip_address(connection.client.host)
    except ValueError:
        return connection.client.host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _V6_CUSTOMER_BITS << _V6_CUSTOMER_BITS))


def _asked_of(connection: HTTPConnection) -> _Asked:
    asked: _Asked = connection.state.asked
    return asked


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def _be_called(scope: Scope, scheme: str, host: bytes) -> None:
    scope["scheme"] = scheme
    scope["headers"] = [(b"host", host), *(each for each in scope["headers"] if each[0] != b"host")]


def _arrived_at(scope: Scope) -> bytes:
    """Return the own address at which a connection arrived, as a Host."""
    server: Any = scope.get("server")
    if not server or server[1] is None:
        return b"localhost"
    host, port = server
    try:
        address = ip_address(str(host).partition("%")[0])
    except ValueError:
        written = str(host)
    else:
        if isinstance(address, IPv6Address):
            written = f"[{address}]" if address.ipv4_mapped is None else str(address.ipv4_mapped)
        else:
            written = str(address)
    return (written if port == _PORTS.get(scope["scheme"]) else f"{written}:{port}").encode()
