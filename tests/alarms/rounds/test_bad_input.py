"""No event, rule or notification that is wrong stops the evaluation of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from headland.alarms.notification.messages import text_of, title_of
from headland.alarms.notification.notification_policy import Notification
from headland.alarms.rounds import evaluator
from headland.alarms.rounds.gateway_alarms import collect_gateway_alarms, to_alarm
from headland.alarms.rounds.retry_schedule import LONGEST_WAIT_MS, MOST_ITEMS, RetrySchedule
from headland.alarms.rules import evaluation
from headland.alarms.rules.targets import EvaluationTargets
from headland.contract.codec import MAX_TIME_MS
from headland.contract.records import ALARM_RAISED, Clock, Event
from headland.registry.models.alarms import Alarm, AlarmRecipient, RecipientKind, Severity
from headland.registry.repositories.alarms import AlarmRepository, AlarmUpdate
from tests.alarms.conftest import Station, frost
from tests.runtime.test_supervised_thread import PanicError

NOW_MS = 1_790_000_000_000
MAILBOX = AlarmRecipient(name="Li", kind=RecipientKind.EMAIL, address="li@example.org")
ALARM = Alarm(
    id="a",
    rule="frost",
    subject="gh-1",
    kind="greenhouse",
    site="home",
    severity=Severity.WARNING,
    began_ms=0,
    raised_ms=0,
)


def raised(**data: Any) -> Event:
    return Event(
        t=NOW_MS,
        device="gh-1",
        device_kind="greenhouse",
        site="home",
        kind=ALARM_RAISED,
        clock=Clock.NTP,
        data={"rule": "frost", **data},
    )


@pytest.mark.parametrize(
    "data",
    [
        {"raised_ms": 2**53 - 1},
        {"raised_ms": MAX_TIME_MS},
        {"raised_ms": NOW_MS + 300_001},
        {"raised_ms": -1},
        {"raised_ms": True},
        {"raised_ms": 1.5},
        {"raised_ms": "1"},
        {"raised_ms": NOW_MS, "rule": "a\x00b"},
        {"raised_ms": NOW_MS, "rule": "a\nBcc: x@example.org"},
        {"raised_ms": NOW_MS, "rule": 7},
    ],
)
def test_an_event_with_an_impossible_time_or_name_is_no_alarm(data: dict[str, Any]) -> None:
    assert collect_gateway_alarms([raised(**data)]) == []


@pytest.mark.parametrize("since_ms", [2**53 - 1, 10**30, MAX_TIME_MS, -5, None, [], "soon"])
@pytest.mark.parametrize("value", [10**400, float("inf"), None, {}])
def test_an_alarm_has_the_time_of_its_raising_where_its_beginning_is_impossible(since_ms: Any, value: Any) -> None:
    [found] = collect_gateway_alarms([raised(raised_ms=NOW_MS, since_ms=since_ms, value=value, text="a\x00b\r\nc")])
    alarm = to_alarm(found, NOW_MS)
    assert (alarm.began_ms, alarm.value, alarm.text) == (NOW_MS, None, "abc")


@pytest.mark.parametrize("time_ms", [2**63, 10**30, MAX_TIME_MS, MAX_TIME_MS + 1, -(10**20), -1])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_text_is_written_whatever_the_times_are(time_ms: int, language: str) -> None:
    for alarm in (
        msgspec.structs.replace(ALARM, began_ms=time_ms),
        msgspec.structs.replace(ALARM, ended_ms=time_ms, ended_why="cleared"),
    ):
        notification = Notification(MAILBOX, "frost", "raised", (alarm,))
        assert title_of(notification, language)
        assert "gh-1" in text_of(notification, language)


FAILURES = [ValueError("bad"), UnicodeError("idna"), MemoryError(), SystemExit(1), PanicError("bug")]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["_evaluate", "_has_new_samples", "inputs_of", "lookback_ms"])
def test_a_rule_that_fails_stops_no_other_and_keeps_its_state(
    station: Station, monkeypatch: pytest.MonkeyPatch, where: str, error: BaseException
) -> None:
    for name in ("a-evil", "frost", "z-evil"):
        station.repositories.alarm_rules.add(frost(name=name))
    station.measure(dict.fromkeys(range(10), 1.0))
    real = getattr(evaluation, where)

    def fail_for_evil(subject: Any, *others: Any) -> Any:
        if getattr(subject, "rule", subject).name != "frost":
            raise error
        return real(subject, *others)

    with monkeypatch.context() as patch:
        patch.setattr(evaluation, where, fail_for_evil)
        station.at(10)
        station.at(11)
        assert [alarm.rule for alarm in station.alarms()] == ["frost"]
        assert station.said() == [("frost", "raised")]
        assert station.evaluator.failures.count >= 2
    station.at(12)
    assert sorted(alarm.rule for alarm in station.alarms()) == ["a-evil", "frost", "z-evil"]


def test_a_rule_that_cannot_be_matched_does_not_end_its_alarm(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.repositories.alarm_rules.add(frost())
    station.measure(dict.fromkeys(range(10), 1.0))
    station.at(10)
    with monkeypatch.context() as patch:
        patch.setattr(EvaluationTargets, "subjects_of", lambda *_: 1 / 0)
        station.at(11)
        station.at(12)
    station.at(13)
    assert [(alarm.rule, alarm.is_active) for alarm in station.alarms()] == [("frost", True)]
    assert station.said() == [("frost", "raised")]


def test_a_notification_whose_text_fails_is_sent_without_it(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    station.repositories.alarm_rules.add(frost())
    station.measure(dict.fromkeys(range(10), 1.0))
    monkeypatch.setattr(evaluator, "body_of", lambda *_: 1 / 0)
    station.at(10)
    [notice] = station.repositories.alarms.notices()
    body = json.loads(notice.body)
    assert (body["rule"], body["count"], body["alarms"], body["severity"]) == ("frost", 1, [], "warning")
    assert "frost" in body["title"]


def fail_to_save(patch: pytest.MonkeyPatch, concerns: Callable[[AlarmUpdate], bool]) -> list[int]:
    """Let the saving of some changes fail; return a list with an entry for each failure."""
    save, failed = AlarmRepository.save, list[int]()

    def save_or_fail(self: AlarmRepository, changes: AlarmUpdate) -> None:
        if concerns(changes):
            failed.append(1)
            raise ValueError("a text with a NUL")
        save(self, changes)

    patch.setattr(AlarmRepository, "save", save_or_fail)
    return failed


def is_evil(changes: AlarmUpdate) -> bool:
    return any(alarm.rule == "evil" for alarm in changes.alarms.values())


@pytest.mark.parametrize("by", ["station", "gateway"])
def test_an_alarm_that_cannot_be_stored_stops_no_other_and_is_tried_again(
    station: Station, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    station.repositories.alarm_rules.add(frost())
    if by == "station":
        station.repositories.alarm_rules.add(frost(name="evil"))
    else:
        station.gateway_says(ALARM_RAISED, 9.5, 9.5, rule="evil")
    station.measure(dict.fromkeys(range(10), 1.0))
    with monkeypatch.context() as patch:
        failed = fail_to_save(patch, is_evil)
        station.at(10)
        assert [alarm.rule for alarm in station.alarms()] == ["frost"]
        assert station.said() == [("frost", "raised")]
        tries = len(failed)
        station.at(10.01)  # not each round: the wait grows
        assert len(failed) == tries
        station.at(10.1)
        assert len(failed) > tries
        assert "1 items could not be stored" in station.evaluator.retries.sentence(station.clock[0])
        assert station.said() == [("frost", "raised")]
    station.at(10.5)  # without new data, and without a restart
    assert sorted(alarm.rule for alarm in station.alarms()) == ["evil", "frost"]
    assert sorted(station.said()) == [("evil", "raised"), ("frost", "raised")]
    assert len(station.evaluator.retries) == 0
    station.at(11)
    assert len(station.said()) == 2


def test_a_notification_that_cannot_be_stored_is_due_again_and_its_alarm_is_stored(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("evil", "frost"):
        station.repositories.alarm_rules.add(frost(name=name))
    station.measure(dict.fromkeys(range(10), 1.0))
    with monkeypatch.context() as patch:
        failed = fail_to_save(patch, lambda changes: any(notice.rule == "evil" for notice in changes.notices))
        station.at(10)
        assert {alarm.rule: len(alarm.told) for alarm in station.alarms()} == {"evil": 0, "frost": 1}
        tries = len(failed)
        station.at(10.01)
        assert len(failed) == tries
    station.measure(dict.fromkeys(range(10, 30), 9.0))
    station.at(10.5)
    assert sorted(station.said()) == [("evil", "raised"), ("frost", "raised")]
    station.at(30)
    with monkeypatch.context() as patch:
        fail_to_save(patch, lambda changes: any(notice.rule == "evil" for notice in changes.notices))
        station.at(31)
    station.at(32)
    assert sorted(station.said()) == [(rule, what) for rule in ("evil", "frost") for what in ("cleared", "raised")]


def test_a_retry_waits_longer_each_time_and_remembers_so_many_items_only() -> None:
    retries = RetrySchedule()
    assert (retries.is_due("a", 0), retries.sentence(0), len(retries)) == (True, "", 0)
    waits = []
    now_ms = 0
    for _ in range(12):
        retries.fail("a", now_ms)
        wait_ms = next(wait for wait in range(0, 400_000, 1000) if retries.is_due("a", now_ms + wait))
        waits.append(wait_ms)
        now_ms += wait_ms
    assert waits[:4] == [2000, 4000, 8000, 16000]
    assert waits[-1] == LONGEST_WAIT_MS
    assert retries.is_due("a", -(10**9))  # a clock that was set back
    for number in range(2000):
        retries.fail(number, now_ms)
    assert len(retries) == MOST_ITEMS
    retries.forget_ended(now_ms + 10**7)
    assert len(retries) == 0
