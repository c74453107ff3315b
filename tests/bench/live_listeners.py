"""Many listeners of /v1/live on one event loop, which cost little beside what they measure."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Final

#: Connections that are opened at once.
_OPENED_AT_ONCE: Final = 25
_SAMPLE: Final = b'"time_ms":'
_SAMPLE_DIGITS: Final = 13


@dataclass(slots=True)
class Heard:
    """What all listeners have: milliseconds from the newest sample of each piece to its arrival, and bytes."""

    took_ms: list[float] = field(default_factory=list)
    events: int = 0
    received_bytes: int = 0
    hellos: int = 0
    refused: int = 0
    lost: int = 0


class Listener(asyncio.Protocol):
    """A connection with one stream: it looks for what it needs in the bytes and decodes nothing."""

    def __init__(self, request: bytes, heard: Heard) -> None:
        self._request = request
        self._heard = heard
        self.has_begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note how old the newest sample is."""
        now_ms = time.time_ns() / 1e6
        heard = self._heard
        heard.received_bytes += len(data)
        if not self.has_begun.done():
            if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 200"):
                heard.refused += 1
                self.has_begun.set_result(None)
            elif b"event: hello" in data:
                heard.hellos += 1
                self.has_begun.set_result(None)
            return
        events = data.count(b"event: latest")
        heard.events += events
        place = data.rfind(_SAMPLE)
        if events and place >= 0:
            digits = data[place + len(_SAMPLE) : place + len(_SAMPLE) + _SAMPLE_DIGITS]
            if digits.isdigit() and len(digits) == _SAMPLE_DIGITS:
                heard.took_ms.append(now_ms - int(digits))

    def connection_lost(self, exc: Exception | None) -> None:
        """Count a stream that ended."""
        self._heard.lost += 1
        if not self.has_begun.done():
            self.has_begun.set_result(None)


def listen(pipe: Connection, port: int, clients: int, keys: int, every_s: float = 0.0) -> None:
    """Open so many streams with so many keys; answer each word from the pipe with what was heard since the one before.

    With `every_s` they ask for about one event in that time. The word `end` ends it.
    """
    asyncio.run(_listen(pipe, port, clients, keys, every_s))


async def _listen(pipe: Connection, port: int, clients: int, keys: int, every_s: float) -> None:
    path = f"/v1/live?every_s={every_s}" if every_s else "/v1/live"
    loop = asyncio.get_running_loop()
    heard = Heard()
    gate = asyncio.Semaphore(_OPENED_AT_ONCE)
    transports: list[asyncio.BaseTransport] = []

    async def join(number: int) -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer key-{number % keys}\r\n\r\n".encode()
        async with gate:
            transport, listener = await loop.create_connection(lambda: Listener(request, heard), "127.0.0.1", port)
            transports.append(transport)
            await listener.has_begun

    await asyncio.gather(*(join(number) for number in range(clients)))
    pipe.send((heard, _cpu_s()))
    while True:
        while not pipe.poll():  # noqa: ASYNC110 - a pipe of another process has no event of this loop
            await asyncio.sleep(0.02)
        if pipe.recv() == "end":
            break
        pipe.send((heard, _cpu_s()))
        _forget(heard)
    for transport in transports:
        transport.close()
    pipe.send(None)


def _forget(heard: Heard) -> None:
    """Begin to hear anew."""
    heard.took_ms = []
    heard.events = heard.received_bytes = heard.lost = 0


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
