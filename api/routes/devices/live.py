"""Live values as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.auth.middleware import credentials_of
from api.auth.sessions_cache import auth_cache_of
from api.auth.stream_permits import StreamPermit, StreamPermits
from api.dependencies import ScopeOf, access_of
from api.http.problems import declare_problems, reply_problem
from api.http.router import Router
from api.live.client import LiveClient
from api.live.encodings import EncodedEvent, encoding_for
from api.live.events import Selection, frame_of
from api.live.feed import LiveFeed
from api.live.places import FeedFullError
from api.live.sources import LiveFeeds
from api.routes.parameters import NAME_PATTERN
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device

#: Seconds after which a refused client may connect again.
RETRY_AFTER_S: Final = 5

_EVENT: Final = {
    "type": "object",
    "description": "One event of the stream; `data` is JSON.",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["hello", "latest", "gap", "heartbeat"]},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events: hello, latest, gap, heartbeat.",
        "content": {"text/event-stream": {"schema": _EVENT}},
    }
}
#: A proxy that buffers responses would delay the events.
_HEADERS: Final = {"Cache-Control": "no-store", "Vary": "Accept-Encoding", "X-Accel-Buffering": "no"}

router = Router(prefix="/v1", tags=["devices"], responses=declare_problems(404, 422, 503))


@router.get("/live", response_class=Response, responses=_STREAM)
async def get_live(
    request: Request,
    scope: ScopeOf,
    device: Annotated[
        list[Annotated[str, Query(pattern=NAME_PATTERN)]] | None,
        Query(description="A device; repeat it for more. All by default.", max_length=100),
    ] = None,
    channel: Annotated[
        list[Annotated[str, Query(max_length=128)]] | None,
        Query(description="A channel; repeat it for more. All by default.", max_length=100),
    ] = None,
    every_s: Annotated[
        float | None,
        Query(
            ge=0.1,
            le=60.0,
            description="Send about one event in so many seconds, with the newest value of each channel.",
        ),
    ] = None,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="Continue after this event.", max_length=128)
    ] = None,
    accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Stream values as they are committed: all newest values first, or the events after `Last-Event-ID`.

    `hello` names the source; `latest` has values, shaped as the items of /v1/latest; `gap` reports that values were
    left out, and all newest values follow; `heartbeat` reports that there was no new value. With `every_s`, and for a
    client that reads too slowly, an event has the newest value of each channel, and `skipped` counts the others.
    """
    feeds: LiveFeeds = request.app.state.live
    feed = feeds.of(scope.organisation)
    if device is not None:
        await run_in_threadpool(_find_devices, scope, device)
    selection = Selection(
        None if device is None else frozenset(device), None if channel is None else frozenset(channel)
    )
    try:
        access = access_of(request)
        encoding = encoding_for(accept_encoding)
        owner = access.key or access.by
        client = feed.join(selection, last_event_id, owner, every_s=every_s or 0.0, encoding=encoding)
    except FeedFullError as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return reply_problem(503, str(error), kind="too-many-listeners", title="Too many live clients", headers=headers)
    credentials = credentials_of(request)
    permit = None if credentials is None else StreamPermit(credentials, scope.organisation, client.end)
    return _LiveResponse(feed, client, auth_cache_of(request).streams, permit)


class _LiveResponse(StreamingResponse):
    """A stream that ends with its permission, and removes its client from the feed when it ends."""

    def __init__(self, feed: LiveFeed, client: LiveClient, permits: StreamPermits, permit: StreamPermit | None) -> None:
        headers = _HEADERS if client.encoding.name is None else {**_HEADERS, "Content-Encoding": client.encoding.name}
        super().__init__(_events(feed, client), media_type="text/event-stream", headers=headers)
        self._feed, self._client = feed, client
        self._permits, self._permit = permits, permit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client, the feed or the permission ends."""
        try:
            if self._permit is not None:
                self._permits.enter(self._permit, self._feed.heartbeat_s)
            await super().__call__(scope, receive, send)
        finally:
            if self._permit is not None:
                self._permits.leave(self._permit)
            self._feed.leave(self._client)


async def _events(feed: LiveFeed, client: LiveClient) -> AsyncIterator[bytes]:
    hello = EncodedEvent(frame_of("hello", {"source": feed.source, "heartbeat_s": feed.heartbeat_s}))
    yield client.encoding.begin() + client.encoding.encode(hello)
    loop = asyncio.get_running_loop()
    end_s = loop.time() + feed.longest_s
    while (left_s := end_s - loop.time()) > 0:
        frame = await client.take(min(feed.heartbeat_s, left_s))
        if frame is None:
            break
        yield frame
    if end := client.encoding.end():
        yield end


def _find_devices(scope: OrgScope, devices: list[str]) -> None:
    for device in devices:
        find_device(scope, device)
