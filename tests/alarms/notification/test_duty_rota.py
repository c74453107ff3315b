"""Duty rota: by the clocks of the site, also where they are set; who is called next; hand-over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.alarms.notification.duty_rota import Duty, duty_at, hand_over, next_change_ms, on_duty
from headland.alarms.notification.notification_policy import decide_notifications
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, RecipientKind
from headland.registry.models.duty import DutyException, DutyRota, DutyShift
from tests.alarms.notification.test_notification_policy import FROST, alarm
from tests.examples import examples

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
WEEKDAYS, ALL = (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)
MINUTE = 60_000
ROTA = DutyRota(
    name="Nights",
    site="s",
    weekly=(
        DutyShift(days=WEEKDAYS, start="06:00", end="18:00", people=("Li",)),
        DutyShift(days=ALL, start="18:00", end="06:00", people=("Wang",)),
    ),
    order=("Li", "Wang", "Boss"),
    next_after_s=600.0,
)
PEOPLE = [
    AlarmRecipient(id=name, name=name, kind=RecipientKind.EMAIL, address=f"{name}@example.org")
    for name in ("Li", "Wang", "Boss", "Log")
]
PLAIN = msgspec.structs.replace(FROST, recipients=(), escalation=(), repeat_s=None)


def at(zone: ZoneInfo, *parts: int, fold: int = 0) -> int:
    return round(datetime(*parts, tzinfo=zone, fold=fold).timestamp() * 1000)  # type: ignore[misc, arg-type]


def notified(now_ms: int, duties: list[Duty], rule: AlarmRule = PLAIN, at_ms: int = 0, **more: object) -> list[str]:
    raised = alarm("gh-1", at_ms, **more)
    _, notifications = decide_notifications([raised], {"frost": rule}, PEOPLE, (), {}, now_ms, duties=duties)
    return sorted(one.recipient.name for one in notifications)


def test_the_week_is_read_by_the_clocks_of_the_site() -> None:
    # 2026-11-27 is a Friday.
    assert on_duty(ROTA, SHANGHAI, at(SHANGHAI, 2026, 11, 27, 6, 0)) == ("Li",)
    assert on_duty(ROTA, SHANGHAI, at(SHANGHAI, 2026, 11, 27, 5, 59)) == ("Wang",)
    assert on_duty(ROTA, SHANGHAI, at(UTC, 2026, 11, 27, 9, 59)) == ("Li",)  # type: ignore[arg-type]
    assert on_duty(ROTA, SHANGHAI, at(UTC, 2026, 11, 27, 10, 0)) == ("Wang",)  # type: ignore[arg-type]
    # The shift of Sunday night ends on Monday; on Saturday morning nobody is on duty.
    assert on_duty(ROTA, SHANGHAI, at(SHANGHAI, 2026, 11, 30, 3, 0)) == ("Wang",)
    assert on_duty(ROTA, SHANGHAI, at(SHANGHAI, 2026, 11, 28, 9, 0)) == ()
    assert next_change_ms(ROTA, SHANGHAI, at(SHANGHAI, 2026, 11, 28, 9, 0)) == at(SHANGHAI, 2026, 11, 28, 18, 0)


def test_a_shift_that_begins_in_the_hour_that_clocks_leave_out_begins_when_they_go_on() -> None:
    early = DutyShift(days=ALL, start="02:30", end="10:00", people=("Li",))
    late = DutyShift(days=ALL, start="10:00", end="02:30", people=("Wang",))
    rota = msgspec.structs.replace(ROTA, weekly=(early, late))
    # Clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
    jump_ms = at(BERLIN, 2026, 3, 29, 3, 0)
    assert on_duty(rota, BERLIN, jump_ms - 1) == ("Wang",)
    assert on_duty(rota, BERLIN, jump_ms) == ("Li",)
    assert next_change_ms(rota, BERLIN, jump_ms - MINUTE) == jump_ms
    twice = [at(BERLIN, 2026, 10, 25, 2, 30, fold=fold) for fold in (0, 1)]
    assert [on_duty(rota, BERLIN, ms) for ms in twice] == [("Li",), ("Li",)]
    # What the clocks show again, holds again.
    assert on_duty(rota, BERLIN, at(BERLIN, 2026, 10, 25, 2, 0, fold=1)) == ("Wang",)


@settings(max_examples=examples(60))
@given(
    starts=st.lists(st.integers(0, 1439), min_size=1, max_size=4, unique=True),
    minutes=st.integers(0, 6 * 1440),
    spring=st.booleans(),
)
def test_shifts_that_follow_one_another_leave_no_minute_out_where_clocks_are_set(
    starts: list[int], minutes: int, spring: bool
) -> None:
    clocks = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(starts)]
    weekly = tuple(
        DutyShift(days=ALL, start=start, end=end, people=(start,))
        for start, end in zip(clocks, clocks[1:] + clocks[:1], strict=True)
    )
    rota = msgspec.structs.replace(ROTA, weekly=weekly)
    start = datetime(2026, 3, 26, tzinfo=UTC) if spring else datetime(2026, 10, 22, tzinfo=UTC)
    now_ms = round((start + timedelta(minutes=minutes)).timestamp() * 1000)
    assert len(on_duty(rota, BERLIN, now_ms)) == 1
    change_ms = next_change_ms(rota, BERLIN, now_ms)
    if change_ms is None:
        assert len(starts) == 1
        return
    assert on_duty(rota, BERLIN, change_ms) != on_duty(rota, BERLIN, change_ms - 1)
    assert on_duty(rota, BERLIN, change_ms - 1) == on_duty(rota, BERLIN, now_ms)


def test_an_alarm_goes_to_whoever_is_on_duty_and_to_those_who_always_are() -> None:
    night_ms = at(SHANGHAI, 2026, 11, 27, 3, 0)
    duties = [duty_at(ROTA, SHANGHAI, night_ms)]
    assert notified(night_ms, duties, at_ms=night_ms) == ["Log", "Wang"]
    # Nobody is on duty on Saturday morning: all are called, rather than none.
    gap_ms = at(SHANGHAI, 2026, 11, 28, 9, 0)
    assert notified(gap_ms, [duty_at(ROTA, SHANGHAI, gap_ms)], at_ms=gap_ms) == ["Boss", "Li", "Log", "Wang"]
    # A rule's own recipients are notified whenever; the name of a rota means whoever is called by it.
    own = msgspec.structs.replace(PLAIN, recipients=("Boss",))
    assert notified(night_ms, duties, own, at_ms=night_ms) == ["Boss"]
    of_rota = msgspec.structs.replace(PLAIN, recipients=("Nights",))
    assert notified(night_ms, duties, of_rota, at_ms=night_ms) == ["Wang"]


def test_the_next_one_is_called_where_nobody_acknowledges_in_time() -> None:
    night_ms = at(SHANGHAI, 2026, 11, 27, 3, 0)
    duties = [duty_at(ROTA, SHANGHAI, night_ms)]
    for minutes, expected in (
        (9, ["Wang"]),
        (10, ["Li", "Wang"]),
        (20, ["Boss", "Li", "Wang"]),
        (99, ["Boss", "Li", "Wang"]),
    ):
        assert notified(night_ms + minutes * MINUTE, duties, at_ms=night_ms) == sorted([*expected, "Log"])
    assert notified(night_ms + 20 * MINUTE, duties, at_ms=night_ms, acknowledged_ms=night_ms) == []
    # One who is switched off is passed over at once.
    off = [msgspec.structs.replace(one, enabled=one.name != "Wang") for one in PEOPLE]
    _, sent = decide_notifications([alarm(at_ms=night_ms)], {"frost": PLAIN}, off, (), {}, night_ms, duties=duties)
    assert sorted(one.recipient.name for one in sent) == ["Li", "Log"]


def test_a_hand_over_holds_until_the_next_change_and_the_next_hand_over_ends_it() -> None:
    night_ms = at(SHANGHAI, 2026, 11, 27, 3, 0)
    handed = hand_over(ROTA, SHANGHAI, "Boss", None, night_ms)
    assert on_duty(handed, SHANGHAI, night_ms) == ("Boss",)
    assert on_duty(handed, SHANGHAI, at(SHANGHAI, 2026, 11, 27, 6, 0)) == ("Li",)
    again = hand_over(handed, SHANGHAI, "Wang", None, night_ms + MINUTE)
    assert on_duty(again, SHANGHAI, night_ms + MINUTE) == ("Wang",)
    holiday = DutyException(start_ms=night_ms - 1, end_ms=night_ms + 10 * MINUTE, people=("Li", "Boss"))
    rested = msgspec.structs.replace(ROTA, exceptions=(holiday,))
    assert on_duty(rested, SHANGHAI, night_ms) == ("Li", "Boss")
    assert next_change_ms(rested, SHANGHAI, night_ms) == holiday.end_ms
