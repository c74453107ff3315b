"""Targets of outgoing requests: URLs and mailboxes, parsed strictly once, before anything is saved or sent."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit

_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
#: What a resolver may take for an address: 2852039166, 0xa9fea9fe, 127.1, 0251.0376.0251.0376.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_MOST_HOST: Final = 253
_PORTS: Final = {"http": 80, "https": 443}
_ATOM: Final = r"[\w!#$%&'*+/=?^`{|}~-]+"
_MAILBOX: Final = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<host>[A-Za-z0-9.-]+)")


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A parsed http or https URL; `host` is a name or an address without brackets, `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str
    login: str | None = None

    @property
    def authority(self) -> str:
        """The Host header: the name, and the port where it is not the scheme's own."""
        # Without the zone of a link-local address, which means something on this machine only.
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme and authority: what may be shown where the path is a secret."""
        return f"{self.scheme}://{self.authority}"


def parse_target(url: str, *, permits_zone: bool = False) -> HttpTarget:
    """Return the target of a URL; raises ValueError with the remedy as its text.

    `permits_zone` is for URLs of this machine's own settings: `http://[fe80::1%eth0]/`.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("write it in printable ASCII letters, an international name as xn--")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("write https://HOST:PORT/PATH with a port of 1 to 65535") from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise ValueError("write https://HOST/PATH")
    is_bracketed = "[" in parts.netloc.rpartition("@")[2]
    host = read_host(parts.hostname, is_bracketed=is_bracketed, permits_zone=permits_zone)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return HttpTarget(parts.scheme, host, port or _PORTS[parts.scheme], path, _login_of(parts))


def read_host(host: str, *, is_bracketed: bool = False, permits_zone: bool = False) -> str:
    """Return a host name or address in lower case; raises ValueError with the remedy as its text."""
    if is_bracketed:
        try:
            return str(IPv6Address(host)) if permits_zone or "%" not in host else _refuse_zone()
        except AddressValueError as error:
            raise ValueError(f"[{host}] is not an IPv6 address: correct it") from error
    host = host.lower()
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except AddressValueError as error:
            raise ValueError(f"write the address {host} as four decimal numbers") from error
    if len(host) > _MOST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{host[:100]} is not a host name: its parts are of 1 to 63 letters, digits and hyphens")
    for label in labels:
        if label.startswith("xn--") and not _is_international(label):
            raise ValueError(f"{label} is not an international name: correct the part after xn--")
    return host


def check_mailbox(address: str) -> str:
    """Return a mailbox NAME@HOST; raises ValueError with the remedy as its text."""
    match = _MAILBOX.fullmatch(address)
    # An encoded word in an address would be decoded into anything, line ends included.
    if match is None or len(match["local"].encode()) > 64 or "=?" in address or "?=" in address:
        raise ValueError("write NAME@HOST without quotation marks, blanks, colons or brackets")
    read_host(match["host"])
    return address


def _refuse_zone() -> str:
    raise ValueError("write the IPv6 address without its %zone")


def _login_of(parts: SplitResult) -> str | None:
    login, at, _ = parts.netloc.rpartition("@")
    return login if at else None


def _is_international(label: str) -> bool:
    """Tell whether a label `xn--...` is what an international name becomes (RFC 5891, 4.4)."""
    try:
        name = label.removeprefix("xn--").encode().decode("punycode")
        again = name.encode("punycode").decode()
    except (UnicodeError, ValueError, OverflowError, IndexError):
        return False
    letters = all(unicodedata.category(letter)[0] in "LMN" or letter in "-·・" for letter in name)
    return letters and not name.isascii() and f"xn--{again}" == label
