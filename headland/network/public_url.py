"""The URL by which others reach a station: scheme, host and port, as its administrator states it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from headland.network.addresses import is_loopback

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_PORTS: Final = {"http": 80, "https": 443}


def parse_public_url(text: str) -> str:
    """Return a public URL as links begin with it, `https://farm.example`; raises ValueError with the remedy.

    The scheme's own port is left out; a name in other letters is written as the DNS has it.
    """
    remedy = f"{text!r} is not a public URL: write https://farm.example, without a path"
    parts = urlsplit(text.strip())
    try:
        port = parts.port
        host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}").encode("idna").decode().lower()
    except ValueError as error:  # a port that is none, or a name that the DNS cannot have
        raise ValueError(remedy) from error
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _PORTS or has_more or not _HOST.fullmatch(host):
        raise ValueError(remedy)
    return f"{parts.scheme}://{host}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def url_for_customers(public_url: str | None) -> str | None:
    """Return a stated public URL where others can reach it; None for one of this machine alone, or for none."""
    if public_url is None or is_loopback(urlsplit(public_url).hostname or ""):
        return None
    return public_url
