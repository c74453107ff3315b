"""Network addresses: URLs without their secrets, and loopback hosts."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

_SECRET_PARAMETER: Final = re.compile(r"([?&](?:token|password)=)[^&]*")


def hide_secrets(url: str) -> str:
    """Return a URL for display and logs: passwords and tokens are replaced by ***, also in URLs nested in it.

    A password may hold unescaped separators: everything up to the last @ counts as login.
    """
    scheme, *parts = url.split("://")
    return _SECRET_PARAMETER.sub(r"\1***", "://".join([scheme, *map(_hide_password, parts)]))


def is_loopback_address(text: str) -> bool:
    """Return whether a text is an IP address of the loopback interface; False for a host name."""
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine only; a name other than localhost counts as the network."""
    return host == "localhost" or is_loopback_address(host)


def _hide_password(part: str) -> str:
    login, at, rest = part.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{user}:***{at}{rest}" if colon else part
