"""Addresses of message services (Apprise URLs): which are refused, what of them may be shown, what is secret."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

#: What runs on the station's own machine, or reaches another program of it: its desktop, its log, its files.
LOCAL_SCHEMES: Final = frozenset((
    "blink1", "config", "dbus", "exec", "file", "files", "gio", "glib", "gnome", "kde", "macosx", "qt", "script",
    "syslog", "unix", "windows",
))  # fmt: skip
#: Services whose host is a server; that of every other one may be a key.
_WITH_HOST: Final = frozenset((
    "apprise", "apprises", "form", "forms", "gotify", "gotifys", "json", "jsons", "mailto", "mailtos", "ntfy", "ntfys",
    "rocket", "rockets", "smseagle", "smseagles", "synology", "synologys", "xml", "xmls",
))  # fmt: skip
#: What stands for a secret.
HIDDEN: Final = "***"
_SCHEME: Final = re.compile(r"[a-z0-9]{2,32}")
_PIECE: Final = re.compile(r"[/?&=:@,;]")
_LEAST_PIECE: Final = 4


def check_service_url(url: str) -> str:
    """Return the scheme of a service's address; raises ValueError with the remedy as its text."""
    if not url.isprintable() or any(letter.isspace() for letter in url) or HIDDEN in url:
        raise ValueError("write it whole, without blanks, as SERVICE://KEY")
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or not rest or not _SCHEME.fullmatch(scheme):
        raise ValueError("write SERVICE://KEY, such as smseagle://KEY@HOST/NUMBER")
    if scheme in LOCAL_SCHEMES:
        raise ValueError(f"{scheme}:// stays on the station's own machine and reaches nobody: use another service")
    return scheme


def mask_service_url(url: str) -> str:
    """Return what may be shown of an address: the service, and its server where the host is one."""
    scheme = check_service_url(url)
    host = _host_of(url) if scheme in _WITH_HOST else ""
    return f"{scheme}://{f'{host}/' if host else ''}{HIDDEN}"


def inside_host(url: str) -> str | None:
    """Return the host of an address where it is one of this machine or an IP address; None for names and keys."""
    host = _host_of(url)
    if host.rstrip(".") == "localhost":
        return host
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return f"[{address}]" if address.version == 6 else str(address)


def hide_secrets(text: str, url: str) -> str:
    """Return what a service said without the parts of its address: keys, passwords, numbers of phones."""
    pieces = {part for raw in _PIECE.split(url.partition("://")[2]) for part in (raw, unquote(raw))}
    host = _host_of(url) if url.partition("://")[0].lower() in _WITH_HOST else ""
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= _LEAST_PIECE and piece != host:
            text = text.replace(piece, HIDDEN)
    return text


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
