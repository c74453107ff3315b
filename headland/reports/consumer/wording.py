"""Words, times and masses of a lot's page in one language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headland.analysis.plant_protection.harvest_review import HarvestBreach
from headland.i18n import Language, find_term
from headland.units_of_time import HOUR_MS


@dataclass(frozen=True, slots=True)
class Wording:
    """Language of a page and the time zone of its lot."""

    language: Language
    time_zone: str

    def word(self, name: str, **values: object) -> str:
        """Return a text of the page; raises KeyError for an unknown one."""
        text = find_term("consumer_page", name, self.language)
        if text is None:
            raise KeyError(name)
        return text.format(**values) if values else text

    def crop(self, crop: str) -> str:
        """Return the name of a crop: the catalogue's, else as it was entered."""
        return find_term("crops", crop.strip().lower(), self.language) or crop

    def day(self, time_ms: int) -> str:
        """Return a local day."""
        return f"{self._local(time_ms):%Y-%m-%d}"

    def said_day(self, time_ms: int) -> str:
        """Return a local day as people say it."""
        day = self._local(time_ms)
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {day:%b} {day.year}"

    def minute(self, time_ms: int) -> str:
        """Return a local time to the minute."""
        return f"{self._local(time_ms):%Y-%m-%d %H:%M}"

    def mass(self, grams: int) -> str:
        """Return a mass, exact."""
        return f"{grams:,} g" if grams < 1000 else f"{grams / 1000:,.3f}".rstrip("0").rstrip(".") + " kg"

    def stopped(self, breach: HarvestBreach) -> str:
        """Return that a lot was harvested within an interval."""
        return self.word("in_interval", day=breach.harvested_on, end=breach.interval.ends_on)

    def picked(self, harvest_ms: int, now_ms: int) -> str:
        """Return how long ago a harvest was."""
        hours = (now_ms - harvest_ms) // HOUR_MS
        if hours < 1:
            return self.word("picked_now")
        return self.word("picked_hours", count=hours) if hours < 48 else self.word("picked_days", count=hours // 24)

    def _local(self, time_ms: int) -> datetime:
        try:
            zone = ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        return datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(zone)
