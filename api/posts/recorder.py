"""Receipts of posts of samples: each answer that a sender gets for good is counted before it is sent."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import HomeServices
from headland.contract.posts.packs import PostedResult
from headland.contract.posts.receipts import NOBODY, PostReceipt, gateway_of_key, shorten
from headland.contract.posts.senders import SAMPLE_SENDERS, SampleSender
from headland.errors import HeadlandError
from headland.registry.registry import Access

_LOGGER = logging.getLogger(__name__)

#: What a route leaves in the request's state for its receipt.
POSTED: Final = "posted"
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")
#: A sender that gets one of these tries again: nothing of its post is decided.
_LATER: Final = frozenset((408, 425, 429))
_UNKNOWN_KEY: Final = "unknown-key"
#: Receipts that are written at once: each waits for the disk, and no other work for it.
_WRITING: Final = 4


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a post, the devices that it is about, and the time of its newest sample."""

    result: PostedResult
    devices: tuple[str, ...] = ()
    newest_ms: int | None = None


_NOTHING: Final = Posted(PostedResult())


class PostRecorder:
    """Counts the answers to posts of samples where the ingest is: whichever process answers, the sums are one place.

    Around authentication: posts without a valid key are counted too, as those of nobody. A receipt that cannot be
    written now keeps no sender waiting, and is logged: then the counts are short of it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; where it posts samples, count its answer."""
        sender = sender_of(scope) if scope["type"] == "http" else None
        if sender is None:
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def count_then_send(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            await self._note(scope, sender.slug, start["status"], body)
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, count_then_send)

    async def _note(self, scope: Scope, kind: str, status: int, body: bytes) -> None:
        home: HomeServices = scope["app"].state.home
        receipt = receipt_of(scope.get("state", {}), home, kind, status, body)
        if receipt is None or home.gateways is None:
            return
        self._limiter = self._limiter or CapacityLimiter(_WRITING)
        try:
            await to_thread.run_sync(home.gateways.note_post, receipt, limiter=self._limiter)
        except HeadlandError as error:
            _LOGGER.warning("a post of %s was not counted: %s", receipt.gateway or "nobody", error)


def sender_of(scope: Scope) -> SampleSender | None:
    """Return the kind of sender that posts a request; None for a request that posts no samples."""
    method, path = scope["method"], scope["path"]
    found = [each for each in SAMPLE_SENDERS.items if method in each.methods and _takes(each, path)]
    if len(found) < 2:
        return found[0] if found else None
    said = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
    return next((each for each in found if said in each.content_types), found[0])


def receipt_of(state: dict[str, Any], home: HomeServices, kind: str, status: int, body: bytes) -> PostReceipt | None:
    """Return the receipt of an answer; None where nothing was decided, and of the posts of other organisations."""
    access: Access | None = state.get("asker")
    if status >= 500 or status in _LATER:
        return None
    if access is None:
        if status not in (401, 403):
            return None
        return PostReceipt(gateway=NOBODY, kind=kind, time_ms=home.now_ms(), posts=1, refused=1, reason=_UNKNOWN_KEY)
    if access.key is None or access.organisation.handle != home.organisation:
        return None
    posted: Posted = state.get(POSTED, _NOTHING)
    result = posted.result
    is_taken = result.stored + result.duplicate + result.conflicting > 0
    is_refused = status >= 400 or bool(result.refused)
    reason, detail = _cause_of(result, body) if is_refused else ("", "")
    receipt = PostReceipt(
        gateway=gateway_of_key(access.key),
        kind=kind,
        time_ms=home.now_ms(),
        posts=1,
        refused=int(is_refused),
        # Of a device of which nothing was taken there is nothing to see.
        devices=posted.devices if is_taken else (),
        newest_ms=posted.newest_ms if is_taken else None,
        reason=reason,
        detail=shorten(detail),
    )
    return receipt.counted(result)


def _cause_of(result: PostedResult, body: bytes) -> tuple[str, str]:
    """Return word and sentence of a refusal: that of the first refused part, else that of the problem."""
    if result.refused:
        return result.refused[0].reason.value, result.refused[0].detail
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(problem, dict):
        return "", ""
    return str(problem.get("type", "")).rpartition(":")[2][:64], str(problem.get("detail", ""))


def _takes(sender: SampleSender, path: str) -> bool:
    return any(_pattern_of(each).fullmatch(path) for each in (sender.path, *sender.more_paths))


@cache
def _pattern_of(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in _PLACEHOLDER.split(path)), re.DOTALL)
