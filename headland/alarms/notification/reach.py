"""Reach of alarms: the one judgement of whether a person gets them. Pure but for `read_reach`.

That a service took a message is one fact, and that a person got it is another: the first is the outcome of a delivery,
the second somebody's word. Only both together say that alarms reach a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from headland.alarms.notification.chat_robots import robot_of
from headland.registry.models.alarms import AlarmRecipient, Notice, NoticeState, RecipientKind
from headland.registry.models.reach import MessageConfirmed, ReachFact, ReachState
from headland.registry.repositories.alarms import RecipientNotices
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

RecipientState = Literal["never_tried", "tried", "failed", "confirmed"]
#: A notice that nobody has attempted for so long is stuck.
_STUCK_MS: Final = 300_000
#: Kinds that are a person's whatever their address.
_PERSONAL: Final = frozenset((RecipientKind.EMAIL, RecipientKind.PUSH))
#: From the best: what is said of a farm is what is said of its best recipient.
_BEST_FIRST: Final[tuple[RecipientState, ...]] = ("confirmed", "tried", "failed", "never_tried")


@dataclass(frozen=True, slots=True)
class RecipientReach:
    """Whether messages reach a recipient; `last_ms` is when one last arrived or failed."""

    recipient: AlarmRecipient
    is_persons: bool
    state: RecipientState
    last_ms: int | None
    confirmed: MessageConfirmed | None


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
    return RecipientReach(recipient, is_persons(recipient, confirmed), state, last_ms, confirmed)


def sum_up(recipients: Iterable[RecipientReach]) -> ReachFact:
    """Return whether alarms reach a person, by all recipients of a farm."""
    people = [each for each in recipients if each.recipient.enabled and each.is_persons]
    states = {each.state for each in people}
    state: ReachState = next((known for known in _BEST_FIRST if known in states), "none")
    confirmations = [each.confirmed.time_ms for each in people if each.confirmed is not None]
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
) -> list[RecipientReach]:
    """Return whether messages reach each recipient; `unreachable` says by kind why none can be sent."""
    notices = repositories.alarms.notices_by_recipient()
    confirmed = repositories.alarm_recipients.confirmed()
    return [
        judge_recipient(
            each, notices.get(each.id, RecipientNotices()), confirmed.get(each.id), unreachable.get(each.kind), now_ms
        )
        for each in repositories.alarm_recipients.all()
    ]


def read_reach(repositories: OrganisationRepositories, unreachable: Mapping[str, str], now_ms: int) -> ReachFact:
    """Return whether alarms of a farm reach a person."""
    return sum_up(read_recipients(repositories, unreachable, now_ms))


def _has_failed(notice: Notice, now_ms: int) -> bool:
    """Tell whether a notice did not arrive so far, though it was attempted or should have been."""
    return notice.state is NoticeState.DEAD or notice.attempts > 0 or now_ms - notice.created_ms > _STUCK_MS


def _newest(notices: Iterable[Notice]) -> Notice | None:
    return max(notices, key=lambda notice: notice.id, default=None)
