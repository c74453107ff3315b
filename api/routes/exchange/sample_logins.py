"""Routes of the logins by which senders post samples: what came of their posts, and uplinks that are read again."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import Annotated, Final

from fastapi import Path, Request
from msgspec.structs import replace as replace_fields
from starlette.responses import Response

from api.auth.sessions_cache import auth_cache_of
from api.dependencies import HomeOf, ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.ops.ingest_port import IngestPort
from api.routes.devices.gateways import IngestOf, MessageId, unknown_message
from api.routes.exchange.samples import COMMIT_WITHIN_S
from api.routes.exchange.uplinks import Channels, read_by_map
from api.routes.registry import ID_PATTERN
from headland.analysis.inputs.sample_logins import SampleLogin, SampleLogins, is_senders, list_keys, login_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_latest
from headland.contract.delivery import QuarantinedDetail
from headland.contract.posts.consoles import BodyMap, Console, SenderMap
from headland.contract.posts.packs import PostedResult, packs_of
from headland.contract.posts.receipts import MOST_DEVICES, NOBODY, PostReceipt, gateway_of_key
from headland.contract.posts.uplinks import UplinkServer
from headland.registry.models.errors import NotFound

KeyId = Annotated[str, Path(description="Id of a sender's key.", pattern=ID_PATTERN)]
#: Messages in quarantine that are counted, and those of a login that are shown.
_MOST_COUNTED: Final = 1000
_MOST_MESSAGES: Final = 20

router = Router(prefix="/v1", tags=["devices"], responses=declare_problems(404, 422, 503))


@router.get("/sample-logins", name="list_sample_logins", response_model=SampleLogins, responses=declare_problems(400))
def get_logins(
    request: Request, scope: ScopeOf, ingest: IngestOf, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List the logins of senders, each with what it has posted: what was stored, what was refused last, and why.

    One place counts, whichever process answered a post; the counts outlive a start of the station.
    """
    after = read_cursor(cursor, tuple[str])
    received = {each.gateway: each for each in ingest.received_posts()}
    keys = list_keys(scope, received, "" if after is None else after[0], limit + 1)
    page = keys[:limit]
    waiting: dict[str | None, int] = {}
    for message in ingest.quarantined(_MOST_COUNTED, None, None) if page else ():
        waiting[message.gateway] = waiting.get(message.gateway, 0) + 1
    newest = read_latest(scope) if page else {}
    gateways = [gateway_of_key(key.id) for key in page]
    items = [
        login_of(key, received.get(gateway), waiting.get(gateway, 0), newest)
        for key, gateway in zip(page, gateways, strict=True)
    ]
    following = write_cursor(page[-1].id) if len(keys) > limit else None
    return reply_page(request, SampleLogins(items=items, next=following, without_key=received.get(NOBODY)))


@router.get("/sample-logins/{key}", response_model=SampleLogin)
def get_login(request: Request, scope: ScopeOf, ingest: IngestOf, key: KeyId) -> Response:
    """Return what a key has posted, with its newest messages in quarantine."""
    record = scope.repositories.keys.get(key)
    gateway = gateway_of_key(key)
    received = next((each for each in ingest.received_posts() if each.gateway == gateway), None)
    messages = ingest.quarantined(_MOST_COUNTED, None, gateway)
    devices = () if received is None else received.devices
    newest = {device: read_latest(scope, device).get(device, {}) for device in devices}
    return reply(request, login_of(record, received, len(messages), newest, messages[:_MOST_MESSAGES]))


@router.put("/sample-logins/{key}/map", response_model=SampleLogin, responses=declare_problems(400, 409))
def set_map(
    request: Request, scope: ScopeOf, home: HomeOf, ingest: IngestOf, key: KeyId, body: Sent[SenderMap]
) -> Response:
    """Keep a map of a sender's bodies with its key, in place of the last: then no address has to repeat it.

    What an address says itself counts before it. Bodies of SenML, line protocol and SensorThings need none.
    """
    record = scope.repositories.keys.get(key)
    if not is_senders(record):
        sentence = "Make a key for a sender, with the scope samples: other keys keep no map."
        raise ProblemError(409, "not-a-sender", "Not a sender's key", sentence)
    # A map without a device is complete where the address names it.
    named = body.device is not None or bool(body.device_from)
    tried = body.about(BodyMap(None if named else "any"))
    read_by_map(home, Console.JSON, b"{}", body.channels, tried)
    scope.repositories.keys.change(replace_fields(record, map=body))
    auth_cache_of(request).forget_key(key)
    return get_login(request, scope, ingest, key)


@router.post("/quarantine/{message}/read-again", response_model=PostedResult, responses=declare_problems(400, 404, 409))
def read_again(
    scope: ScopeOf,
    home: HomeOf,
    ingest: IngestOf,
    message: MessageId,
    channel: Channels = [],  # noqa: B006 - FastAPI copies it
) -> PostedResult:
    """Read an uplink in quarantine again, with the channels that its address lacked, and store it after its commit.

    Its samples are stored once, however often it is read or sent again; once all of it is stored it leaves.
    """
    found = ingest.find_quarantined(message)
    if found is None:
        raise unknown_message(message)
    gateway, server = _sender_of(ingest, found)
    if server is None:
        sentence = "Only uplinks of network servers are read again: correct what sends it, and let it be posted again."
        raise ProblemError(409, "not-an-uplink", "Not read again", sentence)
    payload = b64decode(found.payload_base64)
    posted = read_by_map(home, server, payload, _kept_of(scope, gateway).with_channels(channel))
    if posted.is_undated:
        sentence = "It has no time of its own, so that it could be stored twice: let it be posted again."
        raise ProblemError(409, "no-time", "Samples without a time", sentence)
    # What cannot be read is in quarantine already.
    packs = packs_of(replace(posted, refused=()), payload, posted.device, found.first_seen_ms)
    result = ingest.hand_over(gateway, packs, COMMIT_WITHIN_S) if packs else PostedResult()
    if result is None:
        sentence = "This API runs without an ingest: ask the station that runs it."
        raise ProblemError(404, "no-ingest", "No ingest", sentence)
    if packs:
        devices = tuple(dict.fromkeys(pack.device for pack in packs))[:MOST_DEVICES]
        # No post came now, so that its counts alone grow.
        receipt = PostReceipt(gateway=gateway, kind=server.value, time_ms=scope.now_ms, devices=devices)
        ingest.note_post(receipt.counted(result))
    refused = (*posted.refused, *result.refused)
    if refused:
        sentence = f"Correct what is in quarantine, the rest is stored: {refused[0].detail}."
        raise ProblemError(400, "samples-refused", "Samples refused", sentence, extra={"stored": result.stored})
    ingest.take_read(message)
    if scope.registry is not None:
        scope.repositories.log("quarantined message", str(message), "change")
    return replace(result, gateway=gateway, unmapped=tuple(posted.unmapped))


def _kept_of(scope: OrgScope, gateway: str) -> SenderMap:
    """Return what is kept with the key of a gateway; nothing for who may not see keys, and of a key that is gone."""
    try:
        kept = scope.repositories.keys.get(gateway.removeprefix(gateway_of_key(""))).map
    except NotFound:
        kept = None
    return kept or SenderMap()


def _sender_of(ingest: IngestPort, message: QuarantinedDetail) -> tuple[str, UplinkServer | None]:
    """Return the gateway of a message, and the kind of its network server; None where it is none."""
    gateway = message.gateway or NOBODY
    kind = next((each.kind for each in ingest.received_posts() if each.gateway == gateway), "")
    return gateway, UplinkServer(kind) if gateway and kind in list(UplinkServer) else None
