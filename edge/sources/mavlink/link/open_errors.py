"""Sentences about a link that cannot be opened: the condition, and the remedy."""

from __future__ import annotations

import errno
from typing import Final

_REMEDIES: Final = {
    errno.EADDRINUSE: (
        "another program has this port, often a ground station: close it there, or choose another port here and let "
        "the gateway share the link (forward, in docs/how-to/connect-an-autopilot.md)"
    ),
    errno.EADDRNOTAVAIL: "this machine does not have this address: name one that it has, or 0.0.0.0 for all",
    errno.EACCES: "this user may not open it: a port below 1024 needs more rights, a serial device the group dialout",
    errno.ECONNREFUSED: "nothing listens there: start the program or the bridge that should, or correct the address",
    errno.ENOENT: "there is no such device: plug it in, or correct its name",
    errno.EBUSY: (
        "another program has this device, often a ground station: close it there and let the gateway share the link "
        "(forward, in docs/how-to/connect-an-autopilot.md)"
    ),
}
_OTHER: Final = "correct the address, or make the device available; it is tried again"


def sentence_of_open_error(url: str, error: OSError) -> str:
    """Return why a link is not open, and what to do."""
    number = error.errno
    if number is None:  # pyserial puts the reason into its text
        number = next((each for each, text in _SERIAL_TEXTS.items() if text in str(error)), None)
    remedy = _REMEDIES.get(number or 0, _OTHER)
    return f"{url} cannot be opened ({error.strerror or error}): {remedy}"


_SERIAL_TEXTS: Final = {
    errno.EBUSY: "Could not exclusively lock",
    errno.EACCES: "Permission denied",
    errno.ENOENT: "No such file",
}
