"""Server-sent events: lines in, events out; and a stream that goes on where it was broken off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from headland.client.connection import refusal
from headland.client.errors import Refused
from headland.client.records import Gap, News

#: A station says something every ten seconds; after so long without a word it is gone.
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
    """Yield the events in the lines of a stream (WHATWG HTML, 9.2.6); one that is cut off is none."""
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
    """Yield values and gaps for ever; after a break it goes on behind the last event. Raises Refused."""
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
                    if isinstance(problem, Refused) and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                        raise problem
                else:
                    for said in parse_events(answer.iter_lines()):
                        wait_s = _FIRST_WAIT_S
                        last_id = said.id or last_id
                        if said.kind == "latest":
                            yield msgspec.json.decode(said.data, type=News)
                        elif said.kind == "gap":
                            yield msgspec.json.decode(said.data, type=Gap)
        except httpx.TransportError:
            pass  # the station is away: it comes back, or whoever listens stops
        sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
