"""Clock words: an instant and a span as people say them, today without the day, never by the weekday. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headland.analysis.tonight.today.answer import TodayText
from headland.i18n import LANGUAGES, Language, load_terms

#: Hours of tomorrow that are still this night, and its morning.
_NIGHT_H, _MORNING_H = 5, 11
_GAP: Final = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


class PhoneClock:
    """The clock of a place at an instant, by which sentences tell times."""

    def __init__(self, zone: ZoneInfo, now_ms: int) -> None:
        self.zone, self.now_ms = zone, now_ms

    def at(self, time_ms: int, language: Language) -> str:
        """Return an instant: 16:30, or tomorrow morning at 6:00; in Chinese 16:30, 明早 6:00."""
        moment, today = self._local(time_ms), self._local(self.now_ms)
        days = (moment.date() - today.date()).days
        clock = f"{moment:%H:%M}" if language == "en" else f"{moment.hour}:{moment:%M}"
        if days == 1 and (moment.hour, moment.minute) == (0, 0):
            return "24:00"
        if days == 0:
            return clock
        if days == 1:
            part = "night" if moment.hour < _NIGHT_H else "morning" if moment.hour < _MORNING_H else "day"
            return term(f"tomorrow_{part}", language).format(clock=clock)
        if days == -1:
            return term("yesterday", language).format(clock=clock)
        return term("day", language).format(month=moment.month, day=moment.day, clock=clock)

    def span(self, start_ms: int, end_ms: int, language: Language) -> str:
        """Return a span of time; one that has begun is told by its end."""
        if start_ms <= self.now_ms:
            return _without_gaps(term("until", language).format(end=self.at(end_ms, language)))
        end = self.at(end_ms, language)
        first, last = self._local(start_ms), self._local(end_ms)
        if first.date() == last.date() and first.date() != self._local(self.now_ms).date():
            end = f"{last:%H:%M}" if language == "en" else f"{last.hour}:{last:%M}"
        return _without_gaps(term("span", language).format(start=self.at(start_ms, language), end=end))

    def midnight_ms(self, days_ahead: int = 0) -> int:
        """Return the local midnight that today began with, or that of a later day."""
        today = self._local(self.now_ms).replace(hour=0, minute=0, second=0, microsecond=0)
        day = (today + timedelta(days=days_ahead)).replace(fold=0)
        return round(day.timestamp() * 1000)

    def day_of(self, time_ms: int) -> str:
        """Return the local day of an instant, as 2026-12-01."""
        return self._local(time_ms).date().isoformat()

    def _local(self, time_ms: int) -> datetime:
        return datetime.fromtimestamp(time_ms / 1000, self.zone)


def term(identifier: str, language: Language) -> str:
    """Return a text of today in a language."""
    return load_terms()["today"][identifier][language]


def said(identifier: str, **values: object) -> TodayText:
    """Return a text of today in both languages; a value may be a mapping of its own texts by language."""
    told = {language: fill(identifier, language, values) for language in LANGUAGES}
    return TodayText(text=told["en"], text_zh=told["zh"])


def fill(identifier: str, language: Language, values: dict[str, object]) -> str:
    """Return a text of today with its values; a value that has texts by language is told in this one."""
    own = {name: _in(value, language) for name, value in values.items()}
    own |= {f"{name}_s": "" if value == 1 else "s" for name, value in values.items()}
    own |= {f"{name}_need": "needs" if value == 1 else "need" for name, value in values.items()}
    return _without_gaps(term(identifier, language).format(**own))


def _without_gaps(text: str) -> str:
    """Return a text without spaces between Chinese characters: one stands only beside a figure or a letter."""
    return _GAP.sub("", text)


def _in(value: object, language: Language) -> object:
    if isinstance(value, TodayText):
        return value.text if language == "en" else value.text_zh
    if isinstance(value, Mapping):
        return value[language]
    return value


def joined(texts: list[TodayText], mark: str = "comma") -> TodayText:
    """Return several sentences as one, parted by a mark."""
    return TodayText(
        text=term(mark, "en").join(each.text for each in texts if each.text),
        text_zh=term(mark, "zh").join(each.text_zh for each in texts if each.text_zh),
    )


def instant(clock: PhoneClock, time_ms: int) -> TodayText:
    """Return an instant in both languages."""
    return TodayText(text=clock.at(time_ms, "en"), text_zh=clock.at(time_ms, "zh"))


def span_text(clock: PhoneClock, start_ms: int, end_ms: int) -> TodayText:
    """Return a span of time in both languages."""
    return TodayText(text=clock.span(start_ms, end_ms, "en"), text_zh=clock.span(start_ms, end_ms, "zh"))
