"""Free loopback ports of this test run: no other run on this machine, and no outgoing connection, takes one meanwhile.

A port that the system picks is free for everybody again until a server is started on it, which on a busy machine takes
seconds. Each process of the tests therefore has a block of ports of its own, below those that the system gives away,
and holds it by the lock of a file until it ends.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Above 10080, the last port that browsers refuse to ask, and below those of outgoing connections on Linux and macOS.
_FIRST: Final = 10_800
_LAST: Final = 32_700
_BLOCK: Final = 400


def find_free_port() -> int:
    """Return another loopback port at each call, free for TCP and UDP, that nobody else is given meanwhile."""
    for port in islice(_own_ports(os.getpid()), _BLOCK):
        if _is_free(port):
            return port
    return _port_of_the_system()


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts connections on a port."""
    try:
        socket.create_connection((host, port), 1.0).close()
    except OSError:
        return False
    return True


@cache
def _own_ports(pid: int) -> Iterator[int]:
    """Return the ports of a block that no other process holds, again and again; none where all are held."""
    folder = Path(tempfile.gettempdir()) / f"headland-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    blocks = range(_FIRST, _LAST - _BLOCK, _BLOCK)
    for at in range(len(blocks)):
        first = blocks[(pid + at) % len(blocks)]
        lock = os.open(folder / str(first), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        return cycle(range(first, first + _BLOCK))
    return iter(())


def _port_of_the_system() -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if _is_free(port):
            return port


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:  # as servers do: connections that have just ended are no hindrance
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
