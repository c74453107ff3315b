"""Routes of alarm recipients: whether messages reach them, a test, a person's word that it came, their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import Request
from starlette.responses import Response

from api.dependencies import HomeOf, HomeServices, ScopeOf, access_of
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.alarms.alarms import Id, show_notice
from api.schemas.alarms import (
    NotificationItem,
    RecipientDelivery,
    RecipientDeliveryList,
    RecipientSecret,
)
from headland.alarms.notification.chat_robots import robot_of
from headland.alarms.notification.messages import TEST, trial_body_of
from headland.alarms.notification.reach import read_reach, read_recipients
from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.alarms import AlarmRecipient, Notice, NoticeState, RecipientKind
from headland.registry.models.reach import ReachFact, RecipientReach, RecipientWays
from headland.registry.registry import Access
from headland.registry.repositories.alarms import AlarmUpdate, RecipientNotices

#: A test of a recipient is not followed by another one before this.
_TEST_EVERY_MS: Final = 10_000

router = Router(prefix="/v1/alarm-recipients", tags=["alarms"], responses=declare_problems(404, 422, 503))


@router.get("/reach", name="get_reach", response_model=ReachFact)
def get_reach(request: Request, scope: ScopeOf, home: HomeOf) -> Response:
    """Return whether alarms reach a person: the same judgement as the first page has."""
    return reply(request, read_reach(scope.repositories, home.unreachable, scope.now_ms))


@router.get("/ways", name="get_recipient_ways", response_model=RecipientWays)
def get_ways(request: Request, home: HomeOf) -> Response:
    """Return why this station cannot send to recipients of some kinds; it can to those of all others."""
    return reply(request, RecipientWays(unreachable=dict(home.unreachable)))


@router.get("/delivery", name="get_recipient_delivery", response_model=RecipientDeliveryList)
def get_delivery(request: Request, scope: ScopeOf, home: HomeOf) -> Response:
    """List whether notifications reach each recipient: the newest one, those that failed, and why none can be sent."""
    return reply(request, RecipientDeliveryList(items=_deliveries(scope, home, access_of(request))))


@router.post(
    "/{recipient}/test",
    response_model=NotificationItem,
    status_code=202,
    responses=declare_problems(409),
)
def test_recipient(request: Request, scope: ScopeOf, recipient: Id) -> NotificationItem:
    """Send a test to a recipient: a notification without alarms. Its state says whether it was delivered."""
    repositories = scope.repositories
    known = repositories.alarm_recipients.get(recipient)
    for sent in repositories.alarms.notices(NoticeState.WAITING, since_ms=scope.now_ms - _TEST_EVERY_MS):
        if sent.recipient == known.id and sent.what == TEST:
            sentence = "A test of this recipient is under way: wait for its result."
            raise ProblemError(409, "test-under-way", "Test under way", sentence)
    id = repositories.alarms.new_id()  # noqa: A001 - it is the notice's id
    notice = Notice(
        id=id,
        recipient=known.id,
        rule="",
        what=TEST,
        about=(),
        body=trial_body_of(known, scope.organisation, id, scope.now_ms),
        created_ms=scope.now_ms,
        due_ms=scope.now_ms,
    )
    repositories.alarms.save(AlarmUpdate(notices=[notice]))
    return show_notice(notice, access_of(request))


@router.post("/{recipient}/confirm", response_model=RecipientDelivery, responses=declare_problems(409))
def confirm_recipient(request: Request, scope: ScopeOf, home: HomeOf, recipient: Id) -> RecipientDelivery:
    """Record that a person got a message to a recipient; until then no person is said to get alarms.

    Refused (409) while no service has taken a message since the recipient was last changed.
    """
    repositories = scope.repositories
    known = repositories.alarm_recipients.get(recipient)
    notices = repositories.alarms.notices_by_recipient().get(known.id, RecipientNotices())
    delivered = notices.newest.get(NoticeState.DELIVERED)
    if delivered is None or delivered.created_ms < known.changed_ms:
        sentence = "No message was taken for this recipient so far: send a test, and confirm it when it has come."
        raise ProblemError(409, "nothing-arrived", "Nothing to confirm", sentence)
    repositories.alarm_recipients.confirm(known.id)
    return next(each for each in _deliveries(scope, home, access_of(request)) if each.recipient == known.id)


@router.post("/{recipient}/secret", response_model=RecipientSecret)
def make_secret(scope: ScopeOf, recipient: Id) -> RecipientSecret:
    """Replace the secret that signs a recipient's webhooks; the response is the only place that contains it."""
    return RecipientSecret(secret=scope.repositories.alarm_recipients.renew_secret(recipient))


def _deliveries(scope: OrgScope, home: HomeServices, access: Access) -> list[RecipientDelivery]:
    notices = scope.repositories.alarms.notices_by_recipient()
    reached = read_recipients(scope.repositories, home.unreachable, scope.now_ms)
    return [
        _delivery_to(recipient, reach, notices.get(recipient.id, RecipientNotices()), home.unreachable, access)
        for recipient, reach in reached
    ]


def _delivery_to(
    recipient: AlarmRecipient,
    reach: RecipientReach,
    notices: RecipientNotices,
    unreachable: Mapping[str, str],
    access: Access,
) -> RecipientDelivery:
    robot = robot_of(recipient.address) if recipient.kind is RecipientKind.WEBHOOK else None
    newest = max(notices.newest.values(), key=lambda notice: notice.id, default=None)
    delivered = notices.newest.get(NoticeState.DELIVERED)
    fault = unreachable.get(recipient.kind)
    return RecipientDelivery(
        recipient=recipient.id,
        robot=None if robot is None else robot.name,
        cannot_send=fault or (None if recipient.enabled else "disabled"),
        newest=None if newest is None else show_notice(newest, access),
        delivered_ms=None if delivered is None else delivered.delivered_ms,
        waiting=notices.count.get(NoticeState.WAITING, 0),
        dead=notices.count.get(NoticeState.DEAD, 0),
        reach=reach,
    )
