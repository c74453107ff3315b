"""Alarms that stand by the farm's records: raised once, said anew where a record changes, ended with their reason."""

from __future__ import annotations

import itertools

from headland.alarms.rounds.active_alarms import ActiveAlarms
from headland.registry.models.alarms import Alarm, Severity

NOW_MS = 1_790_000_000_000


def alarm(subject: str, text: str = "3 lots", now_ms: int = NOW_MS) -> Alarm:
    return Alarm(
        rule="harvested-in-interval",
        subject=subject,
        kind="treatment",
        site="",
        severity=Severity.CRITICAL,
        by_station=True,
        standing=("records",),
        began_ms=NOW_MS - 1,
        raised_ms=now_ms,
        fresh_ms=now_ms,
        text=text,
    )


def apply(known: list[Alarm], wanted: list[Alarm], now_ms: int) -> dict[str, Alarm]:
    ids = (f"id-{now_ms}-{number}" for number in itertools.count())
    active = ActiveAlarms(known, lambda: next(ids), now_ms)
    active.apply_record_alarms(wanted)
    return {each.subject: each for each in active.changed.values()}


def test_an_alarm_of_records_is_raised_once_and_keeps_what_people_did() -> None:
    raised = apply([], [alarm("t1")], NOW_MS)["t1"]
    assert (raised.noted_ms, raised.is_active) == (NOW_MS, True)
    assert apply([raised], [alarm("t1", now_ms=NOW_MS + 1)], NOW_MS + 1) == {}
    more = apply([raised], [alarm("t1", "4 lots", NOW_MS + 2)], NOW_MS + 2)["t1"]
    assert (more.id, more.text, more.raised_ms) == (raised.id, "4 lots", NOW_MS)


def test_it_ends_as_cleared_where_no_record_says_it_and_no_rules_alarm_with_it() -> None:
    raised = apply([], [alarm("t1"), alarm("t2")], NOW_MS)
    other = Alarm(
        id="frost", rule="frost", subject="house", kind="greenhouse", site="", severity=Severity.WARNING,
        standing=("station",), began_ms=NOW_MS, raised_ms=NOW_MS,
    )  # fmt: skip
    ended = apply([*raised.values(), other], [alarm("t2")], NOW_MS + 5)
    assert list(ended) == ["t1"]
    assert (ended["t1"].ended_why, ended["t1"].ended_ms, ended["t1"].late) == ("cleared", NOW_MS + 5, False)
