"""Route by which programs write samples over HTTP: SenML or line protocol, answered after the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Query, Request

from api.dependencies import AccessOf, ScopeOf
from api.http.idempotency import HEADER, mark_key
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf
from api.http.router import Router
from api.ops.ingest_port import IngestPort
from api.posts.recorder import POSTED, Posted
from api.routes.devices.gateways import IngestOf, needs_own_key
from api.routes.parameters import NAME_PATTERN
from headland.analysis.inputs.scope import OrgScope
from headland.contract.codec import MAX_PAYLOAD_BYTES
from headland.contract.posts.line_protocol import read_lines
from headland.contract.posts.packs import PostedBody, PostedResult, packs_of, read_senml
from headland.contract.posts.receipts import MOST_DEVICES, gateway_of_key
from headland.contract.refusals import Reason
from headland.contract.senml.records import ABSOLUTE_FROM_S
from headland.errors import RetryLater
from headland.registry.registry import Access

#: A commit takes milliseconds; a store that is away for longer is told to the sender, who has the samples.
COMMIT_WITHIN_S: Final = 10.0
#: A device without keys that repeats a body does so at once; its shortest interval is longer.
REPEATED_WITHIN_MS: Final = 15_000
SENML: Final = "application/senml+json"
LINES: Final = "text/plain"
#: Refusals that an answer lists.
_MOST_LISTED: Final = 20
_TEXT: Final = {"type": ["string", "null"]}
_NUMBER: Final = {"type": ["number", "null"]}
#: A SenML record; a field whose name ends in an underscore must be understood, and none is.
_RECORD: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("bn", "bu", "u", "vs", "vd"), _TEXT),
        **dict.fromkeys(("bt", "bv", "bs", "v", "s"), _NUMBER),
        "n": {"type": "string"},
        "t": {"type": "number"},
        "vb": {"type": ["boolean", "null"]},
        "bver": {"type": ["integer", "null"]},
    },
    "patternProperties": {"_$": False},
    "additionalProperties": True,
}
#: Why a body does not fit its schema.
_MISFITS: Final = (Reason.NOT_JSON, Reason.WRONG_SHAPE)
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A SenML JSON pack (RFC 8428), or InfluxDB line protocol; at most 128 KiB.",
        "content": {
            SENML: {
                "schema": {"type": "array", "items": _RECORD},
                "example": [
                    {"bn": "urn:dev:bed-1:", "bt": 1764672000, "n": "soil_temperature", "u": "Cel", "v": 18.5},
                    {"n": "soil_moisture_pct", "v": 31.2},
                ],
            },
            LINES: {
                "schema": {"type": "string"},
                "example": "soil,device=bed-1 soil_temperature_degc=18.5,soil_moisture_pct=31.2 1764672000000000000",
            },
        },
    }
}


router = Router(prefix="/v1", tags=["devices"], responses=declare_problems(404, 422, 503))


@router.post(
    "/samples",
    name="post_samples",
    response_model=PostedResult,
    openapi_extra=_BODY,
    responses=declare_problems(400, 403, 409, 413, 415),
)
def post_samples(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    ingest: IngestOf,
    body: BodyOf,
    device: Annotated[
        str | None, Query(description="Device of records and lines that name none.", pattern=NAME_PATTERN)
    ] = None,
    precision: Annotated[
        str, Query(description="Unit of timestamps in line protocol.", pattern="^(ns|us|ms|s)$")
    ] = "ns",
) -> PostedResult:
    """Store samples of one device or several; the answer comes after the commit, so that nothing answered is lost.

    The same body may be sent again until it is answered: each sample is stored once. Where samples have no time of
    their own, the request needs an Idempotency-Key, by which a repetition has the time of the first receipt. What
    cannot be stored goes to quarantine and is told (400, or 422 where the body cannot be read); the rest is stored.
    """
    is_lines = _kind_of(request) == LINES
    return store_posted(
        request,
        scope,
        access,
        ingest,
        body,
        lambda: _read(request, body, device, precision),
        device,
        speaks=not is_lines,
    )


def store_posted(
    request: Request,
    scope: OrgScope,
    access: Access,
    ingest: IngestPort,
    body: bytes,
    read: Callable[[], PostedBody],
    device: str | None = None,
    *,
    speaks: bool,
    has_keys: bool = True,
) -> PostedResult:
    """Store what `read` makes of a body in the name of the request's key, and return what became of it.

    `speaks` says that a body which does not fit its schema is told with 422. A sender that `has_keys` names its body
    where samples have no time; of another the same body within seconds is the same. Raises ProblemError and RetryLater.
    """
    check_size(body)
    posted = read()
    result = commit_posted(request, scope, access, ingest, body, posted, device, has_keys=has_keys)
    if result.refused:
        raise refusal_of(result, is_unread=speaks and not posted.records)
    return result


def check_size(body: bytes) -> None:
    """Raise ProblemError (413) for a body that ingest would not take."""
    if len(body) > MAX_PAYLOAD_BYTES:
        sentence = f"Send at most {MAX_PAYLOAD_BYTES:,} bytes."
        raise ProblemError(413, "too-large", "Request body too large", sentence)


def commit_posted(
    request: Request,
    scope: OrgScope,
    access: Access,
    ingest: IngestPort,
    body: bytes,
    posted: PostedBody,
    device: str | None = None,
    *,
    has_keys: bool = True,
) -> PostedResult:
    """Return what became of a body that was read, after the commit, with what was refused of it. Raises as above."""
    gateway = _gateway_of(access.key)
    received_ms = (
        _received_ms(request, scope, gateway, body, posted) if has_keys else _receipt_ms(scope, gateway, body, posted)
    )
    packs = packs_of(posted, body, device or posted.device, received_ms)
    result = ingest.hand_over(gateway, packs, COMMIT_WITHIN_S) if packs else PostedResult()
    if result is None:
        raise RetryLater(f"No ingest has the shard of {gateway}.")
    setattr(request.state, POSTED, Posted(result, _devices_of(posted), _newest_ms(posted, received_ms)))
    return replace(result, gateway=gateway, received_ms=received_ms, unmapped=tuple(posted.unmapped))


def _gateway_of(key: str | None) -> str:
    """Return the gateway of a key: its own, as each gateway at the broker has its own login."""
    if key is None:
        raise needs_own_key()
    return gateway_of_key(key)


def _devices_of(posted: PostedBody) -> tuple[str, ...]:
    return tuple(dict.fromkeys(record.device for record in posted.records))[:MOST_DEVICES]


def _newest_ms(posted: PostedBody, received_ms: int) -> int | None:
    times_s = [each.time_s if each.time_s >= ABSOLUTE_FROM_S else received_ms / 1000 for each in posted.records]
    return round(max(times_s) * 1000) if times_s else None


def _read(request: Request, body: bytes, device: str | None, precision: str) -> PostedBody:
    kind = _kind_of(request)
    if kind in (SENML, "application/json"):
        return read_senml(body, device)
    if kind == LINES:
        return read_lines(body, device, precision)
    sentence = f"{request.url.path} accepts {SENML} and {LINES}, not {kind[:60]}: send one of these Content-Types."
    raise ProblemError(415, "unsupported-media-type", "Unsupported media type", sentence)


def _kind_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _received_ms(request: Request, scope: OrgScope, gateway: str, body: bytes, posted: PostedBody) -> int:
    """Return when this body was received first: a repetition is known by its key."""
    key = request.headers.get(HEADER)
    if key is None or scope.registry is None:
        if posted.is_undated:
            sentence = "Give each sample a time, or send the body with an Idempotency-Key, so that it is stored once."
            raise ProblemError(400, "no-time", "Samples without a time", sentence)
        return scope.now_ms
    marks = scope.repositories.request_marks
    digest = hashlib.sha256(f"{request.url.query}\n".encode() + body).hexdigest()
    first = marks.note_received(mark_key("RECEIVED", gateway, key), digest)
    if first.digest != digest:
        sentence = "This key was used for another request: make a new one for each request."
        raise ProblemError(409, "idempotency-key-used", "Idempotency-Key used before", sentence)
    return first.made_ms


def _receipt_ms(scope: OrgScope, gateway: str, body: bytes, posted: PostedBody) -> int:
    """Return when this body was received first; a repetition comes within seconds, before anything else of the device.

    Only samples without a time of their own need it.
    """
    if scope.registry is None or not posted.is_undated:
        return scope.now_ms
    key = mark_key("RECEIPT", gateway, posted.device or "")
    digest = hashlib.sha256(body).hexdigest()
    return scope.repositories.request_marks.note_receipt(key, digest, scope.now_ms, REPEATED_WITHIN_MS)


def refusal_of(result: PostedResult, *, is_unread: bool) -> ProblemError:
    """Return the problem of what was refused, which is in quarantine; the rest is stored."""
    first = result.refused[0]
    listed = [{"reason": each.reason.value, "detail": each.detail} for each in result.refused[:_MOST_LISTED]]
    extra = {"errors": listed, **{name: getattr(result, name) for name in ("stored", "duplicate", "conflicting")}}
    if is_unread and first.reason in _MISFITS:
        sentence = f"Correct the body, which is in quarantine: {first.detail}."
        return ProblemError(422, "bad-body", "Invalid request body", sentence, extra=extra)
    sentence = f"Correct what is in quarantine, the rest is stored: {first.detail}."
    return ProblemError(400, "samples-refused", "Samples refused", sentence, extra=extra)
