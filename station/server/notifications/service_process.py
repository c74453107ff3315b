"""Process that gives one message to a service by Apprise: `python -m`, an order in, what became of it out.

A process of its own, so that a deadline ends it whatever it waits for, and so that rules hold for all that a service's
code does: it connects to permitted addresses alone, runs no program, writes no file, and reads none but Python's own.
"""

from __future__ import annotations

import logging
import re
import resource
import site
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import msgspec

from headland.network.address_policy import AddressPolicy, parse_networks
from headland.network.service_address import check_service_url, hide_secrets

#: Memory of the process: an answer that never ends fails here.
MOST_BYTES: Final = 1_000_000_000
#: Of what a service said, so much is told.
_MOST_SAID: Final = 300
_PROGRAMS: Final = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.", "ctypes.dl")
_SENDS: Final = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))
#: Libraries that reach other programs of the machine without Python's knowing.
_LOCAL_MODULES: Final = ("dbus", "gi", "win32api", "blink1")
_TRUST: Final = ("/etc/ssl", "/usr/share/ca-certificates", "/usr/lib/ssl", "/usr/local/share/ca-certificates")
_HARMLESS: Final = ("/dev/null", "/dev/urandom", "/etc/mime.types")
_STATUS: Final = re.compile(r"(?:error|status|code)[=: ]+([1-5][0-9]{2})\b", re.IGNORECASE)


class ServiceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A message for a service; `networks` inside are permitted beside the internet."""

    url: str
    title: str
    text: str
    networks: str = ""
    trust: str = ""


class ServiceResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: `is_taken` by the service; else what it said, its status, or why nothing was sent."""

    is_taken: bool
    said: str = ""
    status: int | None = None
    is_inside: bool = False
    is_unknown: bool = False


class NotPermittedError(PermissionError):
    """What a message must not do on this machine."""


class _Said(logging.Handler):
    """Keeps what the library tells of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning, and the answer of a service."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING or text.startswith("Response"):
            self.lines.append(" ".join(text.split()))


class ProcessRules:
    """Rules of the process, asked by Python before each connection, program and file."""

    def __init__(self, policy: AddressPolicy, trust: str) -> None:
        self._policy = policy
        own = (sys.prefix, sys.base_prefix, *site.getsitepackages(), str(Path(__file__).parents[3]))
        self._readable = tuple(str(Path(path)) for path in (*own, *_TRUST, trust) if path)
        #: Something inside the network was asked for.
        self.refused_inside = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Raise NotPermittedError where something is not permitted."""
        if event in _SENDS:
            self._check_address(arguments[1])
        elif event == "open":
            self._check_file(*arguments)
        elif event.startswith(_PROGRAMS):
            raise NotPermittedError(f"a message runs no program ({event})")

    def _check_address(self, address: Any) -> None:
        if address is None:  # of a socket that is connected already
            return
        try:
            is_permitted = self._policy.permits(ip_address(str(address[0]).partition("%")[0]))
        except (ValueError, TypeError, IndexError):
            is_permitted = False  # a socket of this machine, or a name that nobody has looked up
        if not is_permitted:
            self.refused_inside = True
            raise NotPermittedError("its host is in a network to which nothing is sent")

    def _check_file(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        name = str(path)
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & 3):
            if name != "/dev/null":
                raise NotPermittedError("a message writes no file")
        elif not str(Path(name).resolve()).startswith((*self._readable, *_HARMLESS)):
            raise NotPermittedError("a message reads no file of this machine")


def send(order: ServiceOrder, rules: Callable[[str, tuple[Any, ...]], None] | None = None) -> ServiceResult:
    """Give a message to its service; `rules` hold from before its code runs."""
    import apprise

    said = _Said()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    check_service_url(order.url)
    if rules is not None:
        sys.addaudithook(rules)
    service = apprise.Apprise.instantiate(order.url)
    if not isinstance(service, apprise.NotifyBase):
        return ServiceResult(is_taken=False, is_unknown=True)
    most = max(100, int(service.body_maxlen))
    is_taken = bool(service.notify(body=order.text[:most], title=order.title))
    text = "" if is_taken else "; ".join(dict.fromkeys(said.lines))
    status = _STATUS.search(text)
    return ServiceResult(
        is_taken=is_taken,
        said=hide_secrets(text, order.url)[:_MOST_SAID],
        status=None if status is None else int(status[1]),
        is_inside=isinstance(rules, ProcessRules) and rules.refused_inside,
    )


def main() -> None:
    """Read an order, send it, write the result."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=ServiceOrder)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in _LOCAL_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails
    try:
        result = send(order, ProcessRules(parse_networks(order.networks), order.trust))
    except ValueError:
        result = ServiceResult(is_taken=False, is_unknown=True)
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
