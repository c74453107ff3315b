"""Live values by server-sent events, with reconnection after a break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from headland.client.connection import refusal
from headland.client.errors import RequestRefused
from headland.client.records import Gap, News

#: A station sends something every ten seconds; after this long without data the connection is lost.
_SILENCE_S: Final = 25.0
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """Event of a stream."""

    kind: str
    id: str | None
    data: str


def parse_events(lines: Iterable[str]) -> Iterator[ServerSentEvent]:
    """Yield the events of a stream's lines (WHATWG HTML, 9.2.6); an incomplete one is left out."""
    kind, id_ = "message", None
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield ServerSentEvent(kind, id_, "\n".join(data))
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            id_ = value


def listen(
    http: httpx.Client, query: dict[str, Any], sleep: Callable[[float], None] = time.sleep
) -> Iterator[News | Gap]:
    """Yield values and gaps for ever; after a break it continues after the last event. Raises RequestRefused."""
    last_id: str | None = None
    wait_s = _FIRST_WAIT_S
    timeout = httpx.Timeout(http.timeout.connect, read=_SILENCE_S)
    while True:
        headers = {"Accept": "text/event-stream", **({} if last_id is None else {"Last-Event-ID": last_id})}
        try:
            with http.stream("GET", "/v1/live", params=query, headers=headers, timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                    problem = refusal(answer)
                    if isinstance(problem, RequestRefused) and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                        raise problem
                else:
                    for event in parse_events(answer.iter_lines()):
                        wait_s = _FIRST_WAIT_S
                        last_id = event.id or last_id
                        if event.kind == "latest":
                            yield msgspec.json.decode(event.data, type=News)
                        elif event.kind == "gap":
                            yield msgspec.json.decode(event.data, type=Gap)
        except httpx.TransportError:
            pass  # the station is away: try again until the caller stops
        sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
