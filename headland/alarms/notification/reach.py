"""Reach of alarms: the one judgement of whether a person gets them. Pure but for `read_reach`.

That a service took a message is one fact, and that a person got it is another: the first is the outcome of a delivery,
the second somebody's word. Only both together say that alarms reach a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from headland.alarms.notification.chat_robots import robot_of
from headland.registry.models.alarms import AlarmRecipient, Notice, NoticeState, RecipientKind
from headland.registry.models.reach import MessageConfirmed, ReachFact, ReachState, RecipientReach, RecipientState
from headland.registry.repositories.alarms import RecipientNotices
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: A notice that nobody has attempted for so long is stuck.
_STUCK_MS: Final = 300_000
#: Kinds that are a person's whatever their address.
_PERSONAL: Final = frozenset((RecipientKind.EMAIL, RecipientKind.PUSH, RecipientKind.APPRISE))
#: From the best: what is said of a farm is what is said of its best recipient.
_BEST_FIRST: Final[tuple[RecipientState, ...]] = ("confirmed", "tried", "failed", "never_tried")


def is_persons(recipient: AlarmRecipient, confirmed: MessageConfirmed | None) -> bool:
    """Tell whether a recipient is a person's: a broker never is, a program's address once a person has confirmed it."""
    if recipient.kind in _PERSONAL:
        return True
    if recipient.kind is not RecipientKind.WEBHOOK:
        return False
    return confirmed is not None or robot_of(recipient.address) is not None


def judge_recipient(
    recipient: AlarmRecipient,
    notices: RecipientNotices,
    confirmed: MessageConfirmed | None,
    fault: str | None,
    now_ms: int,
) -> RecipientReach:
    """Return whether messages reach a recipient; `fault` is why none can be sent to its kind, None where they can.

    What fails after a confirmation is failed, until something arrives again.
    """
    delivered = notices.newest.get(NoticeState.DELIVERED)
    failed = _newest(
        notice
        for notice in (notices.newest.get(NoticeState.DEAD), notices.newest.get(NoticeState.WAITING))
        if notice is not None and _has_failed(notice, now_ms)
    )
    last = _newest(notice for notice in (delivered, failed) if notice is not None)
    state: RecipientState
    if fault is not None or (failed is not None and last is failed):
        state = "failed"
    elif confirmed is not None:
        state = "confirmed"
    else:
        state = "never_tried" if last is None else "tried"
    last_ms = None if last is None else (last.delivered_ms or last.created_ms)
    return RecipientReach(
        is_persons=is_persons(recipient, confirmed),
        state=state,
        last_ms=last_ms,
        confirmed_ms=None if confirmed is None else confirmed.time_ms,
        confirmed_by=None if confirmed is None else confirmed.by,
    )


def sum_up(recipients: Iterable[tuple[AlarmRecipient, RecipientReach]]) -> ReachFact:
    """Return whether alarms reach a person, by all recipients of a farm."""
    people = [each for recipient, each in recipients if recipient.enabled and each.is_persons]
    states = {each.state for each in people}
    state: ReachState = next((known for known in _BEST_FIRST if known in states), "none")
    confirmations = [each.confirmed_ms for each in people if each.confirmed_ms is not None]
    return ReachFact(
        people=len(people),
        tried_ms=max((each.last_ms for each in people if each.last_ms is not None), default=None),
        state=state,
        confirmed=sum(each.state == "confirmed" for each in people),
        failing=sum(each.state == "failed" for each in people),
        confirmed_ms=max(confirmations, default=None),
    )


def read_recipients(
    repositories: OrganisationRepositories, unreachable: Mapping[str, str], now_ms: int
) -> list[tuple[AlarmRecipient, RecipientReach]]:
    """Return the recipients, and whether messages reach each; `unreachable` says by kind why none can be sent."""
    notices = repositories.alarms.notices_by_recipient()
    confirmed = repositories.alarm_recipients.confirmed()
    found = []
    for each in repositories.alarm_recipients.all():
        known = notices.get(each.id, RecipientNotices())
        found.append((each, judge_recipient(each, known, confirmed.get(each.id), unreachable.get(each.kind), now_ms)))
    return found


def read_reach(repositories: OrganisationRepositories, unreachable: Mapping[str, str], now_ms: int) -> ReachFact:
    """Return whether alarms of a farm reach a person."""
    return sum_up(read_recipients(repositories, unreachable, now_ms))


def _has_failed(notice: Notice, now_ms: int) -> bool:
    """Tell whether a notice did not arrive so far, though it was attempted or should have been."""
    return notice.state is NoticeState.DEAD or notice.attempts > 0 or now_ms - notice.created_ms > _STUCK_MS


def _newest(notices: Iterable[Notice]) -> Notice | None:
    return max(notices, key=lambda notice: notice.id, default=None)
