"""Clock words: today without a day, tonight and tomorrow as people say them, never a weekday."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from headland.analysis.tonight.today.clock_words import PhoneClock, said
from headland.i18n import load_terms
from headland.units_of_time import HOUR_MS, MINUTE_MS

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> int:
    return round(datetime(2026, 12, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


NOON = PhoneClock(ZONE, at(1, 12, 24))


@pytest.mark.parametrize(
    ("time_ms", "chinese", "english"),
    [
        (at(1, 16, 30), "16:30", "16:30"),
        (at(1, 9, 5), "9:05", "09:05"),
        (at(2, 0), "24:00", "24:00"),
        (at(2, 2), "明晨 2:00", "tomorrow 02:00"),
        (at(2, 6), "明早 6:00", "tomorrow 06:00"),
        (at(2, 15), "明天 15:00", "tomorrow 15:00"),
        (at(3, 15), "12月3日 15:00", "12/3 15:00"),
    ],
)
def test_an_instant_is_told_as_people_say_it(time_ms: int, chinese: str, english: str) -> None:
    assert (NOON.at(time_ms, "zh"), NOON.at(time_ms, "en")) == (chinese, english)


def test_a_span_that_has_begun_is_told_by_its_end_and_one_of_tomorrow_names_the_day_once() -> None:
    assert NOON.span(at(1, 10), at(1, 16, 30), "zh") == "到 16:30"
    assert NOON.span(at(2, 6), at(2, 9), "zh") == "明早 6:00 到 9:00"
    assert NOON.span(at(1, 22), at(2, 6), "zh") == "22:00 到明早 6:00"
    assert NOON.span(at(1, 22), at(2, 6), "en") == "22:00 to tomorrow 06:00"


def test_no_instant_of_the_next_days_has_a_weekday_in_it() -> None:
    weekdays = [load_terms()["report_page"][f"weekday_{day}"] for day in range(1, 8)]
    for minutes in range(0, 72 * 60, 17):
        for language in ("en", "zh"):
            text = NOON.at(NOON.now_ms + minutes * MINUTE_MS, language)
            assert not any(day[language] in text for day in weekdays)
            assert re.search(r"\d:\d\d$", text)


def test_midnight_is_local_also_where_a_clock_changes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    clock = PhoneClock(berlin, round(datetime(2026, 10, 24, 13, tzinfo=berlin).timestamp() * 1000))
    days = [clock.midnight_ms(day) for day in range(4)]
    assert [(after - before) // HOUR_MS for before, after in pairwise(days)] == [24, 25, 24]


def test_a_value_with_texts_of_its_own_is_told_in_the_language_of_its_sentence() -> None:
    told = said("quiet_flying", device={"en": "ArduPilot quadrotor", "zh": "ArduPilot 四旋翼"}, time="8:00")
    assert told.text == "ArduPilot quadrotor at work since 8:00"
    assert told.text_zh == "ArduPilot 四旋翼 8:00 起在作业"
