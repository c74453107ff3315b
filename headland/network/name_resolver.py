"""Resolver of host names for outgoing requests: within a deadline, although the system's own cannot be interrupted."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from headland.errors import HeadlandError
from headland.network.address_policy import IPAddress

#: Names that are resolved at once: the system's resolver cannot be interrupted, so a thread that waits for it is left.
_MOST_RESOLVING: Final = 16
#: How soon a request that waits for a resolver or for a connection notices that its client is closed.
LOOK_EVERY_S: Final = 0.1
CLOSED: Final = "the client is closed"


class OutgoingError(HeadlandError):
    """A request that was not answered; `is_final` where another attempt would end in the same way."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


class Deadline:
    """The end of the request that is under way on a connection."""

    def __init__(self) -> None:
        self._at_s = 0.0

    def begin(self, within_s: float) -> None:
        """Begin a request that ends within a time."""
        self._at_s = time.monotonic() + within_s

    def left_s(self) -> float:
        """Return the time that is left; raises TimeoutError where none is."""
        left_s = self._at_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("no time is left")
        return left_s

    def is_over(self) -> bool:
        """Tell whether no time is left."""
        return time.monotonic() >= self._at_s


_resolving: Final = threading.Semaphore(_MOST_RESOLVING)


def resolve_name(host: str, deadline: Deadline, is_closed: Callable[[], bool]) -> list[IPAddress]:
    """Return the addresses of a name. Raises OutgoingError."""
    while not _resolving.acquire(timeout=LOOK_EVERY_S):
        if deadline.is_over() or is_closed():
            raise OutgoingError("too many names are being resolved")
    answers: queue.SimpleQueue[list[IPAddress] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            # Bytes: a text would pass through a codec that raises for some names.
            infos = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
            answers.put([ip_address(str(info[4][0]).partition("%")[0]) for info in infos])
        except OSError as error:
            answers.put(error)
        except Exception as error:  # whatever the resolver raises is an answer, too
            answers.put(OSError(f"{type(error).__name__}: {error}"))
        finally:
            _resolving.release()

    threading.Thread(target=look_up, name="resolve-name", daemon=True).start()
    answer: list[IPAddress] | OSError | None = None
    while answer is None:
        try:
            answer = answers.get(timeout=LOOK_EVERY_S)
        except queue.Empty as error:
            if is_closed():
                raise OutgoingError(CLOSED) from error
            if deadline.is_over():
                raise OutgoingError("the name of the host was not resolved in time") from error
    if isinstance(answer, OSError):
        raise OutgoingError("the name of the host is not known") from answer
    return answer
