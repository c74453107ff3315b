"""Route of orders to gateways: look for sensors, read them, read them no more."""

from __future__ import annotations

from api.dependencies import ScopeOf
from api.http.problems import RETRY_AFTER_S, ProblemError, declare_problems
from api.http.records import Sent
from api.http.router import Router
from api.ops.ingest_port import IngestPort
from api.routes.devices.gateways import GatewayId, IngestOf
from headland.contract.gateway_orders import AnswerState, NewOrder, Order, OrderOutcome, PutSource, RemoveSource
from headland.errors import RetryLater

router = Router(prefix="/v1", tags=["gateways"], responses=declare_problems(404, 422, 503))


@router.post("/gateways/{gateway}/orders", name="order_gateway", response_model=OrderOutcome)
def post_order(scope: ScopeOf, ingest: IngestOf, gateway: GatewayId, body: Sent[NewOrder]) -> OrderOutcome:
    """Give a gateway an order and return its answer: what it found, or that it reads a source now, or why not.

    A gateway keeps what it reads on its own disk. 503 where it is offline or does not answer.
    """
    if not any(each.id == gateway for each in ingest.gateways()):
        raise ProblemError(404, "unknown-gateway", "Unknown gateway", f"There is no gateway {gateway}: check its id.")
    answer = _answer_of(ingest, gateway, body.order)
    if answer.state is AnswerState.APPLIED and scope.registry is not None:
        match body.order:
            case PutSource(source=source):
                scope.repositories.log("source of a gateway", f"{gateway}/{source.name}", "change")
            case RemoveSource(name=name):
                scope.repositories.log("source of a gateway", f"{gateway}/{name}", "delete")
            case _:
                pass
    return answer


def _answer_of(ingest: IngestPort, gateway: str, order: Order) -> OrderOutcome:
    """Return a gateway's answer. Raises ProblemError where none comes, whatever of the way to it is away."""
    try:
        return ingest.order(gateway, order)
    except RetryLater as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise ProblemError(
            503, "gateway-unavailable", "No answer from the gateway", str(error), headers=headers
        ) from error
