"""Whether alarms reach a person: what a service took, and what a person has said, are two facts."""

from __future__ import annotations

import pytest

from headland.alarms.notification.delivery_policy import DeliveryOutcome, record_attempt
from headland.alarms.notification.reach import judge_recipient, sum_up
from headland.registry.models.alarms import AlarmRecipient, Notice, RecipientKind
from headland.registry.models.reach import MessageConfirmed, RecipientReach
from headland.registry.repositories.alarms import RecipientNotices

NOW_MS = 1_795_507_200_000
LI = AlarmRecipient(id="1", name="Li", kind=RecipientKind.EMAIL, address="li@example.org")
BROKER = AlarmRecipient(id="2", name="farm broker", kind=RecipientKind.MQTT)
PROGRAM = AlarmRecipient(id="3", name="app", kind=RecipientKind.WEBHOOK, address="https://app.example/alarms")
GROUP = AlarmRecipient(
    id="4", name="group", kind=RecipientKind.WEBHOOK, address="https://oapi.dingtalk.com/robot/send?access_token=a"
)
YES = MessageConfirmed(time_ms=NOW_MS - 5000, by="key:hl_1")
DELIVERED, REFUSED = DeliveryOutcome("delivered"), DeliveryOutcome("refused", "the robot refused the message")
LATER = DeliveryOutcome("later", "there was no answer within 10 s")


def sent(number: int, *outcomes: DeliveryOutcome, created_ms: int = NOW_MS) -> Notice:
    notice = Notice(
        id=f"n{number}",
        recipient="1",
        rule="",
        what="test",
        about=(),
        body="{}",
        created_ms=created_ms,
        due_ms=created_ms,
    )
    for outcome in outcomes:
        notice = record_attempt(notice, outcome, created_ms + 1000)
    return notice


def judged(
    *notices: Notice, confirmed: MessageConfirmed | None = None, to: AlarmRecipient = LI, fault: str | None = None
) -> RecipientReach:
    """Return the judgement of a recipient by its notices, as the repository gives the newest of each state."""
    newest = {notice.state: notice for notice in notices}
    return judge_recipient(to, RecipientNotices(newest), confirmed, fault, NOW_MS)


def test_what_a_service_took_is_not_what_a_person_got() -> None:
    assert judged().state == "never_tried"
    assert judged(sent(1, REFUSED)).state == "failed"
    assert judged(sent(1, DELIVERED)).state == "tried"
    assert judged(sent(1, DELIVERED), confirmed=YES).state == "confirmed"


@pytest.mark.parametrize("outcome", [REFUSED, LATER])
def test_what_fails_after_a_confirmation_is_told_until_something_arrives_again(outcome: DeliveryOutcome) -> None:
    broken = judged(sent(1, DELIVERED), sent(2, outcome), confirmed=YES)
    assert (broken.state, sum_up([(LI, broken)]).state, sum_up([(LI, broken)]).failing) == ("failed", "failed", 1)
    again = judged(sent(2, outcome), sent(3, DELIVERED), confirmed=YES)
    assert (again.state, sum_up([(LI, again)]).state, sum_up([(LI, again)]).failing) == ("confirmed", "confirmed", 0)


def test_a_message_under_way_changes_nothing_and_one_that_nobody_attempts_is_stuck() -> None:
    assert judged(sent(1, DELIVERED), sent(2), confirmed=YES).state == "confirmed"
    assert judged(sent(1)).state == "never_tried"
    assert judged(sent(1, created_ms=NOW_MS - 301_000)).state == "failed"


def test_a_confirmation_outlives_the_notices_and_not_a_fault_of_its_way() -> None:
    assert judged(confirmed=YES).state == "confirmed"
    assert judged(sent(1, DELIVERED), confirmed=YES, fault="no_mail_server").state == "failed"


@pytest.mark.parametrize(
    ("to", "confirmed", "people"),
    [(LI, None, 1), (GROUP, None, 1), (PROGRAM, None, 0), (PROGRAM, YES, 1), (BROKER, None, 0), (BROKER, YES, 0)],
)
def test_a_broker_is_nobody_and_a_program_is_somebody_once_a_person_confirmed_it(
    to: AlarmRecipient, confirmed: MessageConfirmed | None, people: int
) -> None:
    fact = sum_up([(to, judged(sent(1, DELIVERED), confirmed=confirmed, to=to))])
    assert (fact.people, fact.state == "none") == (people, people == 0)


def test_a_farm_is_as_its_best_recipient_and_says_how_many_fail() -> None:
    fine, broken = judged(sent(1, DELIVERED), confirmed=YES), judged(sent(2, REFUSED), to=GROUP)
    fact = sum_up([(GROUP, broken), (LI, fine)])
    assert (fact.people, fact.state, fact.confirmed, fact.failing) == (2, "confirmed", 1, 1)
    assert (fact.confirmed_ms, fact.tried_ms) == (YES.time_ms, NOW_MS + 1000)
    assert sum_up([(GROUP, broken), (LI, judged())]).state == "failed"
    assert sum_up([]).state == "none"


def test_who_is_disabled_is_nobody() -> None:
    off = AlarmRecipient(id="5", name="Li", kind=RecipientKind.EMAIL, address="li@example.org", enabled=False)
    assert sum_up([(off, judged(sent(1, DELIVERED), confirmed=YES, to=off))]).state == "none"
