"""Routes of gateways, their delivery, and the quarantine."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from api.dependencies import HomeOf, ScopeOf
from api.http.pagination import MOST, Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf, Sent, encode
from api.http.responses import reply
from api.http.router import Router
from api.ops.ingest_port import IngestPort
from api.routes.parameters import NAME_PATTERN
from api.schemas.devices.gateways import Delivery, GatewayList, NewGateway, QuarantineList, ReplayAsked, RulesToSend
from api.schemas.model import fill
from headland.analysis.inputs.flights import list_gateway_flights
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.delivery import QuarantinedDetail
from headland.contract.gateway_rules import is_content
from headland.contract.posts.packs import read_packs
from headland.contract.posts.receipts import read_receipt
from headland.errors import SettingsError
from headland.network.enrolment.gateways import RegisteredGateway
from headland.registry.models.models import Gateway
from headland.units_of_time import DAY_MS, HOUR_MS

GatewayId = Annotated[str, Path(description="Id of a gateway.", pattern=NAME_PATTERN)]
#: Flights that a delivery lists.
MOST_FLIGHTS: Final = 50

MessageId = Annotated[int, Path(description="Id of a quarantined message.", ge=1, le=2**53)]


async def ingest_of(scope: ScopeOf, home: HomeOf) -> IngestPort:
    """Return the ingest beside this API; raises ProblemError (404) where the request's organisation has none."""
    if home.gateways is None or not home.serves(scope):
        raise ProblemError(
            404, "no-ingest", "No ingest", "This API runs without an ingest: ask the station that runs it."
        )
    return home.gateways


IngestOf = Annotated[IngestPort, Depends(ingest_of)]

router = Router(prefix="/v1", tags=["gateways"], responses=declare_problems(404, 422, 503))
#: What an API and its ingest workers say to one another in a form of their own.
between = Router(prefix="/v1", include_in_schema=False)


@router.get("/gateways", name="list_gateways", response_model=GatewayList, responses=declare_problems(400))
def get_gateways(
    request: Request,
    ingest: IngestOf,
    online: Annotated[bool | None, Query(description="Only gateways that are online, or offline.")] = None,
    cursor: Cursor = None,
    limit: Limit = MOST,
) -> Response:
    """List the gateways by id, each with its newest status."""
    after = read_cursor(cursor, tuple[str])
    rest = [
        gateway
        for gateway in ingest.gateways()
        if (after is None or gateway.id > after[0]) and online in (None, gateway.online)
    ]
    page = rest[:limit]
    return reply_page(request, GatewayList(items=page, next=write_cursor(page[-1].id) if len(rest) > limit else None))


@router.post(
    "/gateways", name="add_gateway", response_model=RegisteredGateway, status_code=201, responses=declare_problems(409)
)
def post_gateway(scope: ScopeOf, home: HomeOf, body: Sent[NewGateway]) -> Response:
    """Add a gateway: a login at the farm's broker, which may publish to its own topics only, and its settings.

    The settings hold its password and are in this response only.
    """
    if home.registrar is None or not home.serves(scope):
        sentence = "Gateways are added where the farm's broker runs: use `headland gateway add` there."
        raise ProblemError(404, "no-registrar", "No broker here", sentence)
    try:
        added = home.registrar.register(body.name, body.site, body.host)
    except SettingsError as error:
        raise ProblemError(409, "gateway-refused", "Gateway not added", str(error)) from error
    if scope.registry is not None and not scope.repositories.gateways.list(name=added.name, limit=1):
        scope.repositories.gateways.add(Gateway(name=added.name, site=added.site))
    headers = {"Location": f"/v1/gateways/{added.name}/delivery", "Cache-Control": "no-store"}
    return Response(encode(added), 201, headers, "application/json")


@router.get("/gateways/{gateway}/delivery", response_model=Delivery)
def get_delivery(request: Request, scope: ScopeOf, ingest: IngestOf, gateway: GatewayId) -> Response:
    """Return the delivery of a gateway: each numbered record is stored, refused, dropped, missing or lost.

    With the coverage of its vehicles' flights: what came by link, was read from the vehicle's card, and remains.
    """
    delivery = ingest.delivery(gateway)
    if delivery is None:
        raise ProblemError(404, "unknown-gateway", "Unknown gateway", f"There is no gateway {gateway}: check its id.")
    flights = list_gateway_flights(scope, gateway, Window(scope.now_ms - DAY_MS, scope.now_ms + HOUR_MS))
    shown, left_out = flights[:MOST_FLIGHTS], len(flights[MOST_FLIGHTS:])
    return reply(request, fill(Delivery, delivery, flights=shown, flights_left_out=left_out))


@router.post("/gateways/{gateway}/refresh", status_code=204)
def refresh_devices(ingest: IngestOf, gateway: GatewayId) -> None:
    """Take the owners of devices from the store now, and repeat what the gateway sent about a device before.

    An API sends this to its ingest workers when a device is moved; a worker also does it every half minute.
    """
    ingest.devices_moved(gateway)


@router.post("/gateways/{gateway}/rules", status_code=204, responses=declare_problems(400))
def send_rules(ingest: IngestOf, gateway: GatewayId, body: Sent[RulesToSend]) -> None:
    """Send alarm rules to a gateway, signed and retained.

    An API sends this to its ingest worker when the farm's rules change; what became of it is in the gateway's state.
    """
    content = body.content.encode()
    if not is_content(content):
        sentence = "content is not the JSON of alarm rules for a gateway."
        raise ProblemError(400, "bad-body", "Invalid request body", sentence)
    ingest.send_rules(gateway, body.number, content)


def needs_own_key() -> ProblemError:
    """Return the answer to samples in the name of a gateway that is not that of the request's key."""
    sentence = "Samples are written with an API key, whose own they are: make one of scope write."
    return ProblemError(403, "key-required", "API key required", sentence)


@between.post("/gateways/{gateway}/packs")
def store_packs(request: Request, scope: ScopeOf, ingest: IngestOf, gateway: GatewayId, body: BodyOf) -> Response:
    """Store posted samples in the name of a gateway, answered after the commit.

    An API sends this to the ingest worker of the gateway's shard; programs send theirs to `/v1/samples`.
    """
    _refuse_keys(scope)
    order = read_packs(body)
    if order is None:
        raise ProblemError(400, "bad-body", "Invalid request body", "The body is not the MessagePack of packs.")
    result = ingest.hand_over(gateway, order.packs, order.within_s)
    if result is None:
        raise ProblemError(404, "unknown-gateway", "Unknown gateway", f"There is no gateway {gateway}: check its id.")
    return reply(request, result)


@between.post("/receipts", status_code=204)
def note_receipt(scope: ScopeOf, ingest: IngestOf, body: BodyOf) -> None:
    """Add the receipt of a post to those of its login: an API sends it to the ingest worker of the login's shard."""
    _refuse_keys(scope)
    receipt = read_receipt(body)
    if receipt is None:
        raise ProblemError(400, "bad-body", "Invalid request body", "The body is not the MessagePack of a receipt.")
    if not ingest.note_post(receipt):
        raise ProblemError(404, "unknown-gateway", "Unknown gateway", "Another worker has its shard: ask that one.")


@between.get("/receipts")
def get_receipts(request: Request, scope: ScopeOf, ingest: IngestOf) -> Response:
    """Return what each login has posted, as this worker counted it."""
    _refuse_keys(scope)
    return reply(request, ingest.received_posts())


@between.post("/quarantine/{message}/read", status_code=204)
def take_read(scope: ScopeOf, ingest: IngestOf, message: MessageId) -> None:
    """Remove a message of which all is stored by now, without a loss: an API sends it after it read its bytes again."""
    _refuse_keys(scope)
    if not ingest.take_read(message):
        raise unknown_message(message)


def _refuse_keys(scope: OrgScope) -> None:
    if scope.registry is not None:
        # Here keys and people ask: nobody writes in the name of a gateway that is not his own.
        raise needs_own_key()


@router.get("/quarantine", name="list_quarantine", response_model=QuarantineList, responses=declare_problems(400))
def get_quarantine(
    request: Request,
    ingest: IngestOf,
    gateway: Annotated[str | None, Query(description="Only messages of this gateway.", pattern=NAME_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the messages in quarantine, the newest first."""
    before = read_cursor(cursor, tuple[int])
    messages = ingest.quarantined(limit + 1, None if before is None else before[0], gateway)
    page = messages[:limit]
    following = write_cursor(page[-1].id) if len(messages) > limit else None
    return reply_page(request, QuarantineList(items=page, next=following))


@router.get("/quarantine/{message}", response_model=QuarantinedDetail)
def get_quarantined(request: Request, ingest: IngestOf, message: MessageId) -> Response:
    """Return a quarantined message with its bytes."""
    detail = ingest.find_quarantined(message)
    if detail is None:
        raise unknown_message(message)
    return reply(request, detail)


@router.post("/quarantine/{message}/replay", response_model=ReplayAsked, status_code=202)
def ask_replay(ingest: IngestOf, message: MessageId) -> ReplayAsked:
    """Process a quarantined message again; accepted parts are stored once, a fully stored message leaves."""
    if not ingest.replay(message):
        raise unknown_message(message)
    return ReplayAsked(id=message)


@router.delete("/quarantine/{message}", status_code=204)
def drop_quarantined(scope: ScopeOf, ingest: IngestOf, message: MessageId) -> None:
    """Delete a quarantined message; its records are lost, and the gateway's delivery and the audit log say so."""
    if not ingest.drop(message):
        raise unknown_message(message)
    if scope.registry is not None:
        scope.repositories.log("quarantined message", str(message), "delete")


def unknown_message(message: int) -> ProblemError:
    """Return the problem of a message that is not in quarantine."""
    return ProblemError(
        404,
        "unknown-message",
        "Unknown message",
        f"There is no message {message} in quarantine: list them at /v1/quarantine.",
    )
