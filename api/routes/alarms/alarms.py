"""Routes of alarms: list, acknowledge, snooze, notifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import Header, Path, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf, access_of
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import check_match, reply
from api.http.router import Router
from api.routes.alarms.kinds import ALARM_KINDS
from api.routes.parameters import NAME_PATTERN
from api.routes.registry import ID_PATTERN, make_router
from api.schemas.alarms import (
    Acknowledgement,
    AlarmItem,
    AlarmList,
    NotificationItem,
    NotificationList,
    Snooze,
    alarm_of,
)
from api.schemas.model import fill
from headland.alarms.rounds.gateway_alarms import other_limit
from headland.analysis.inputs.scope import OrgScope
from headland.i18n.sentences import translate_sentence
from headland.registry.models.alarms import (
    Alarm,
    GroupAcknowledgement,
    Notice,
    NoticeState,
)
from headland.registry.models.errors import AlreadyAcknowledged
from headland.registry.models.models import Scope
from headland.registry.registry import Access

#: The error of a notification for keys without the scope `admin`.
_NOT_ACCEPTED: Final = "not accepted by the recipient; an administrator's key shows why"
#: A test of a recipient is not followed by another one before this.
_TEST_EVERY_MS: Final = 10_000

Id = Annotated[str, Path(description="Record id.", pattern=ID_PATTERN)]

AsRead = Annotated[str | None, Header(description="ETag of the alarm when it was read.", max_length=256)]

router = Router(prefix="/v1", tags=["alarms"], responses=declare_problems(404, 422, 503))
RECORD_ROUTERS: Final = tuple(make_router(kind) for kind in ALARM_KINDS)


@router.get("/alarms", name="list_alarms", response_model=AlarmList, responses=declare_problems(400))
def get_alarms(
    request: Request,
    scope: ScopeOf,
    state: Annotated[
        Literal["active", "ended"] | None, Query(description="Only alarms in this state; all by default.")
    ] = None,
    subject: Annotated[
        str | None, Query(description="Only alarms of this device or gateway.", pattern=NAME_PATTERN)
    ] = None,
    rule: Annotated[
        str | None, Query(description="Only alarms of the rule with this name.", pattern=NAME_PATTERN)
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List alarms, the newest first: those of the station's rules and of the gateways' own rules.

    A gateway's alarm by a rule of the same name as one of the station is the same alarm. Without a registry the list is
    empty.
    """
    if scope.registry is None:
        return reply_page(request, AlarmList(items=[], next=None))
    alarms = scope.repositories.alarms.newest(
        before=read_cursor(cursor, tuple[int, str]),
        limit=limit + 1,
        active=None if state is None else state == "active",
        subject=subject,
        rule=rule,
    )
    page = alarms[:limit]
    following = write_cursor(page[-1].raised_ms, page[-1].id) if len(alarms) > limit else None
    return reply_page(request, AlarmList(items=_items_of(scope, page), next=following))


@router.get("/alarms/{alarm}", response_model=AlarmItem)
def get_alarm(request: Request, scope: ScopeOf, alarm: Id) -> Response:
    """Return an alarm."""
    return reply(request, _item_of(scope, scope.repositories.alarms.get(alarm)))


@router.post("/alarms/{alarm}/acknowledge", response_model=AlarmItem, responses=declare_problems(400, 409, 412))
def acknowledge(
    request: Request, scope: ScopeOf, alarm: Id, body: Sent[Acknowledgement | None], if_match: AsRead = None
) -> Response:
    """Acknowledge an alarm: it is not repeated and does not escalate; its end is still notified."""
    _check_unchanged(scope, alarm, if_match)
    given = Acknowledgement() if body is None else body
    try:
        changed = scope.repositories.alarms.acknowledge(alarm, given.note, only_first=given.only_first)
    except AlreadyAcknowledged as error:
        who = {"acknowledged_by": error.by, "acknowledged_ms": error.time_ms}
        title = "Alarm acknowledged meanwhile"
        raise ProblemError(409, "acknowledged-meanwhile", title, str(error), extra=who) from error
    return reply(request, _item_of(scope, changed))


@router.post("/alarm-acknowledgements", response_model=AlarmList, responses=declare_problems(400))
def acknowledge_group(request: Request, scope: ScopeOf, body: Sent[GroupAcknowledgement]) -> Response:
    """Acknowledge several alarms at once, all or none; the same request again changes nothing.

    Those that somebody has acknowledged keep who, when and their note. The answer has each alarm once.
    """
    changed = scope.repositories.alarms.acknowledge_all(list(dict.fromkeys(body.alarms)), body.note)
    return reply(request, AlarmList(items=_items_of(scope, changed), next=None))


@router.post("/alarms/{alarm}/snooze", response_model=AlarmItem, responses=declare_problems(400, 412))
def snooze(request: Request, scope: ScopeOf, alarm: Id, body: Sent[Snooze], if_match: AsRead = None) -> Response:
    """Snooze an alarm: no notification until then; if it is still active, it is notified again."""
    _check_unchanged(scope, alarm, if_match)
    return reply(request, _item_of(scope, scope.repositories.alarms.snooze(alarm, body.until_ms)))


@router.get(
    "/alarm-notices", name="list_alarm_notices", response_model=NotificationList, responses=declare_problems(400)
)
def get_notices(
    request: Request,
    scope: ScopeOf,
    state: Annotated[
        Literal["waiting", "delivered", "dead"] | None, Query(description="Only alarms in this state; all by default.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the notifications of alarms, the newest first; `dead` ones were accepted by no recipient."""
    notice_state = None if state is None else NoticeState(state)
    before = read_cursor(cursor, tuple[str])
    notices = scope.repositories.alarms.notices(
        notice_state, before="" if before is None else before[0], limit=limit + 1
    )
    access = access_of(request)
    page = [show_notice(notice, access) for notice in notices[:limit]]
    following = write_cursor(page[-1].id) if len(notices) > limit else None
    return reply_page(request, NotificationList(items=page, next=following))


@router.get("/alarm-notices/{notice}", response_model=NotificationItem)
def get_notice(request: Request, scope: ScopeOf, notice: Id) -> Response:
    """Return a notification."""
    return reply(request, show_notice(scope.repositories.alarms.notice(notice), access_of(request)))


@router.post("/alarm-notices/{notice}/replay", response_model=NotificationItem, status_code=202)
def replay_notice(request: Request, scope: ScopeOf, notice: Id) -> NotificationItem:
    """Retry a dead notification."""
    return show_notice(scope.repositories.alarms.replay(notice), access_of(request))


def show_notice(notice: Notice, access: Access) -> NotificationItem:
    """Return a notification; what a recipient's server said is for administrators: it tells of the network inside."""
    error = notice.error if access.scope is Scope.ADMIN or not notice.error else _NOT_ACCEPTED
    return fill(NotificationItem, notice, error=error, error_zh=translate_sentence(error, "zh") or "")


def _items_of(scope: OrgScope, alarms: Sequence[Alarm]) -> list[AlarmItem]:
    """Return alarms, each with the limit of the farm's rule where its gateway has another."""
    rules = list(scope.repositories.alarm_rules.all()) if any(alarm.by_gateway for alarm in alarms) else []
    return [alarm_of(alarm, other_limit(alarm, rules)) for alarm in alarms]


def _item_of(scope: OrgScope, alarm: Alarm) -> AlarmItem:
    return _items_of(scope, [alarm])[0]


def _check_unchanged(scope: OrgScope, alarm: str, if_match: str | None) -> None:
    if if_match is not None:
        check_match(if_match, _item_of(scope, scope.repositories.alarms.get(alarm)))
