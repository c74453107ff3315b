"""Routes of web push: a browser subscribes itself to alarms, and ends that."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf, home_of
from api.http.problems import declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.alarms.alarms import Id
from api.schemas.alarms import PushKeyBody, PushOrder, PushRecipient
from api.schemas.model import fill
from headland.alarms.notification.web_push import check_keys, make_key, read_key
from headland.registry.models.alarms import AlarmRecipient, PushSubscription, RecipientKind, Severity
from headland.registry.models.errors import InvalidRecord
from headland.registry.validation.targets import check_permitted

router = Router(prefix="/v1/push-subscriptions", tags=["alarms"], responses=declare_problems(403, 404, 422, 503))


@router.get("/key", name="get_push_key", response_model=PushKeyBody)
def get_key(request: Request, scope: ScopeOf) -> Response:
    """Return the public key with which a browser subscribes; the station makes it at its first use."""
    key = read_key(scope.repositories.alarms.push_key(make_key))
    return reply(request, PushKeyBody(public_key=key.public_text))


@router.post(
    "",
    name="add_push_subscription",
    status_code=201,
    response_model=PushRecipient,
    responses=declare_problems(400, 409),
)
def subscribe(request: Request, scope: ScopeOf, body: Sent[PushOrder]) -> PushRecipient:
    """Make a browser an alarm recipient; the same browser again is the same recipient with what is given now.

    The push service is one of the known browsers', or an administrator subscribes. 403 for somebody else's browser.
    """
    try:
        check_keys(body.p256dh, body.auth)
    except ValueError as error:
        raise InvalidRecord("The subscription of this browser is not readable: subscribe again.") from error
    policy = home_of(request).webhooks_to
    if policy is not None:
        check_permitted(body.endpoint, policy)
    recipient = fill(AlarmRecipient, body, kind=RecipientKind.PUSH, least_severity=Severity(body.least_severity))
    subscription = fill(PushSubscription, body)
    stored = scope.repositories.alarm_recipients.subscribe(recipient, subscription)
    return fill(PushRecipient, stored, recipient=stored.id)


@router.delete("/{recipient:record_id}", name="delete_push_subscription", status_code=204)
def unsubscribe(scope: ScopeOf, recipient: Id) -> Response:
    """Delete the alarm recipient of a browser: of one that this key subscribed, or as an administrator of any."""
    scope.repositories.alarm_recipients.unsubscribe(recipient)
    return Response(status_code=204)
