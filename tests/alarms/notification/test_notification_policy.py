"""Notification policy: once, repeated by the rule, escalated without acknowledgement, limited, always to the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.alarms.notification.notification_policy import Notification, decide_notifications
from headland.registry.models.alarms import (
    Alarm,
    AlarmRecipient,
    AlarmRule,
    AlarmTest,
    Escalation,
    MaintenanceWindow,
    RecipientKind,
    Severity,
)
from headland.units_of_time import HOUR_MS
from tests.examples import examples

MINUTE = 60_000
LI = AlarmRecipient(id="1", name="Li", kind=RecipientKind.EMAIL, address="li@example.org")
BOSS = AlarmRecipient(id="2", name="Boss", kind=RecipientKind.EMAIL, address="boss@example.org")
FROST = AlarmRule(
    name="frost",
    any_of=((AlarmTest(what="air_temperature_degc", below=2.0),),),
    repeat_s=1800.0,
    most_an_hour=4,
    recipients=("Li",),
    escalation=(Escalation(after_s=600.0, severity=Severity.CRITICAL, recipients=("Boss",)),),
)


def alarm(subject: str = "gh-1", at_ms: int = 0, **more: object) -> Alarm:
    values: dict[str, object] = {
        "id": f"{subject}@{at_ms}", "rule": "frost", "subject": subject, "kind": "greenhouse", "site": "home",
        "severity": Severity.WARNING, "began_ms": at_ms, "raised_ms": at_ms, "noted_ms": at_ms, "fresh_ms": at_ms,
        **more,
    }  # fmt: skip
    return Alarm(**values)  # type: ignore[arg-type]


class Desk:
    """Alarms that stand, and what has been said of them."""

    def __init__(self, rule: AlarmRule = FROST, windows: tuple[MaintenanceWindow, ...] = ()) -> None:
        self.rule, self.windows = rule, windows
        self.alarms: dict[str, Alarm] = {}
        self.said: list[tuple[int, Notification]] = []

    def put(self, *alarms: Alarm) -> None:
        self.alarms.update((one.id, one) for one in alarms)

    def change(self, id_: str, **values: object) -> None:
        self.alarms[id_] = msgspec.structs.replace(self.alarms[id_], **values)

    def at(self, now_ms: int) -> list[tuple[str, str, int]]:
        heard = Counter((s.recipient.id, s.rule) for time, s in self.said if time > now_ms - HOUR_MS)
        rules = {self.rule.name: self.rule}
        changed, sayings = decide_notifications(self.alarms.values(), rules, [LI, BOSS], self.windows, heard, now_ms)
        self.put(*changed)
        self.said += [(now_ms, saying) for saying in sayings]
        return [(saying.recipient.name, saying.what, len(saying.alarms)) for saying in sayings]


def test_many_alarms_of_a_rule_are_one_notice() -> None:
    desk = Desk()
    desk.put(*(alarm(f"gh-{at}") for at in range(200)))
    assert desk.at(0) == [("Li", "raised", 200)]
    assert desk.at(MINUTE) == []


def test_an_alarm_without_acknowledgement_escalates_and_reaches_the_next() -> None:
    desk = Desk()
    desk.put(alarm())
    assert desk.at(0) == [("Li", "raised", 1)]
    assert desk.at(10 * MINUTE) == [("Li", "escalated", 1), ("Boss", "raised", 1)]
    assert desk.alarms["gh-1@0"].severity is Severity.CRITICAL
    assert desk.at(39 * MINUTE) == []
    assert desk.at(40 * MINUTE) == [("Li", "repeated", 1), ("Boss", "repeated", 1)]


def test_an_acknowledged_alarm_is_notified_again_only_when_it_clears() -> None:
    desk = Desk()
    desk.put(alarm())
    desk.at(0)
    desk.change("gh-1@0", acknowledged_ms=MINUTE)
    assert [desk.at(at * MINUTE) for at in (10, 60, 600)] == [[], [], []]
    desk.change("gh-1@0", ended_ms=601 * MINUTE, ended_why="cleared")
    assert desk.at(601 * MINUTE) == [("Li", "cleared", 1)]
    assert desk.at(602 * MINUTE) == []


def test_a_snoozed_alarm_is_notified_again_when_it_is_still_active() -> None:
    desk = Desk()
    desk.put(alarm())
    desk.at(0)
    desk.change("gh-1@0", snoozed_until_ms=120 * MINUTE)
    assert [desk.at(at * MINUTE) for at in (10, 60, 119)] == [[], [], []]
    assert desk.at(120 * MINUTE) == [("Li", "escalated", 1), ("Boss", "raised", 1)]


def test_a_maintenance_window_suppresses_notifications_until_its_end() -> None:
    window = MaintenanceWindow(name="sensors", start_ms=0, end_ms=60 * MINUTE, kind="greenhouse")
    desk = Desk(windows=(window,))
    desk.put(alarm("gh-1"), alarm("gh-2"))
    assert desk.at(0) == []
    desk.change("gh-2@0", ended_ms=MINUTE, ended_why="cleared")
    assert desk.at(5 * MINUTE) == []
    assert ("Li", "raised", 1) in desk.at(60 * MINUTE)


def test_an_alarm_that_is_found_too_late_is_never_notified() -> None:
    desk = Desk()
    desk.put(alarm(fresh_ms=None))
    assert desk.at(0) == []
    desk.change("gh-1@0", ended_ms=1, ended_why="cleared")
    assert desk.at(1) == []


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.integers(0, 5), st.sampled_from(["raise", "end", "care", "snooze", "look"])),
        max_size=80,
    ),
    st.integers(1, 6),
)
@settings(max_examples=examples(150), deadline=None)
def test_no_recipient_gets_more_than_the_rule_permits_and_everybody_gets_the_end(
    steps: list[tuple[int, int, str]], most: int
) -> None:
    desk = Desk(msgspec.structs.replace(FROST, most_an_hour=most))
    live(desk, steps)
    times: dict[str, list[int]] = defaultdict(list)
    heard: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for time, saying in desk.said:
        times[saying.recipient.name].append(time)
        for one in saying.alarms:
            heard[saying.recipient.name, one.id].append((time, saying.what))
    for listed in times.values():
        assert all(sum(start - HOUR_MS < time <= start for time in listed) <= most for start in listed)
    for news in heard.values():
        whats = [what for _, what in news]
        assert whats[0] == "raised"
        assert whats[-1] == "cleared"
        assert whats.count("raised") == whats.count("cleared") == 1
        assert whats.count("escalated") <= 1
        assert all(b - a >= 30 * MINUTE for (a, _), (b, what) in pairwise(news) if what == "repeated")


def live(desk: Desk, steps: list[tuple[int, int, str]]) -> None:
    """Let alarms come, be cared for and go, until all are over and the last hour has passed."""
    now = 0
    for wait, place, deed in steps:
        now += wait * MINUTE
        subject = f"gh-{place}"
        stands = [one.id for one in desk.alarms.values() if one.subject == subject and one.is_active]
        if deed == "raise" and not stands:
            desk.put(alarm(subject, now))
        for id_ in stands:
            match deed:
                case "end":
                    desk.change(id_, ended_ms=now, ended_why="cleared")
                case "care":
                    desk.change(id_, acknowledged_ms=now)
                case "snooze":
                    desk.change(id_, snoozed_until_ms=now + 45 * MINUTE)
        desk.at(now)
    for one in list(desk.alarms.values()):
        desk.change(one.id, ended_ms=one.ended_ms or now, ended_why="cleared")
    for hour in range(1, 4):
        desk.at(now + hour * HOUR_MS)
