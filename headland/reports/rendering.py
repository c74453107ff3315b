"""How a report's parts read in one language and time zone: the same words and numbers on the page and on paper."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from headland.reports.document import Band, Cell, Chart, Document, Figure, Line, Moment, Note
from headland.reports.formatting import Language, is_word, say, say_number, say_time, say_unit
from headland.units_of_time import HOUR_MS

#: Of a chart's lines, in their order; told apart by the colour-blind too.
LINE_COLOURS: Final = ("#b2182b", "#2166ac", "#4d9221")
#: A hole in a line of hourly values is one where an hour is missing.
_LONGEST_STEP_MS: Final = 2 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Shown:
    """A language and a time zone to show a document in."""

    language: Language
    zone: ZoneInfo

    def word(self, name: str) -> str:
        """Return the word of a name."""
        return say(name, self.language)

    def unit(self, unit: str) -> str:
        """Return how a unit is written."""
        return say_unit(unit, self.language)

    def note(self, note: Note) -> str:
        """Return a sentence with what is put into it; one without a word is told as it was given."""
        if not is_word(note.name) and "detail" in note.parts:
            return note.parts["detail"]
        return self.word(note.name).format(**note.parts)

    def day(self, time_ms: int) -> str:
        """Return a day with its weekday, without the year."""
        return say_time(time_ms, self.zone, is_day=True, language=self.language)[5:]

    def head(self, document: Document) -> list[str]:
        """Return the lines under the title: when it was, when this was made, and whose clock it is."""
        begin, end = (say_time(time_ms, self.zone) for time_ms in (document.start_ms, document.end_ms))
        clock = self.word("times_in" if document.is_zone_known else "times_in_utc").format(zone=self.zone.key)
        made = self.word("made").format(time=say_time(document.made_ms, self.zone))
        return [f"{begin} - {end}", f"{made}. {clock}" if self.language == "en" else f"{made}。{clock}"]

    def instant(self, moment: Moment) -> str:
        """Return an instant by ISO 8601 with its zone, a day as its date."""
        local = datetime.fromtimestamp(moment.time_ms / 1000.0, UTC).astimezone(self.zone)
        return local.date().isoformat() if moment.is_day else local.isoformat(timespec="seconds")

    def cell(self, cell: Cell, *, with_unit: bool = False) -> str:
        """Return what a cell says; without a value the reason."""
        if cell is None:
            return ""
        if isinstance(cell, Moment):
            return say_time(cell.time_ms, self.zone, is_day=cell.is_day, language=self.language)
        if cell.value is None:
            why = self.word(cell.reason or "not_known")
            return f"{self.word('not_known')}: {why}" if with_unit and cell.reason != "not_told" else why
        text = self._value(cell)
        if with_unit and self.unit(cell.unit):
            text = f"{text} {self.unit(cell.unit)}"
        return text if cell.level is None else f"{text} ({self.word(cell.level)})"

    def rests_on(self, figure: Figure) -> str:
        """Return what a figure rests on in one line; empty where nothing is told of it."""
        told = []
        if figure.evidence is not None:
            told.append(f"{self.word('evidence_is')}: {self.word(figure.evidence)}")
        if figure.coverage is not None:
            told.append(f"{self.word('coverage')} {figure.coverage * 100.0:.0f} %")
        if figure.n is not None:
            told.append(f"{self.word('samples_n')} {figure.n:,}")
        if figure.quality is not None:
            told.append(f"{self.word('quality')} {figure.quality}")
        return " · ".join(told)

    def band(self, band: Band, unit: str) -> str:
        """Return what a colour of a map means."""
        if band.low is None:
            return self.word(band.word)
        low = say_number(band.low, unit)
        high = "" if band.high is None else say_number(band.high, unit)
        return f"{low} - {high} {self.unit(unit)}" if high else f"> {low} {self.unit(unit)}"

    def runs(self, line: Line) -> Iterator[list[tuple[int, float]]]:
        """Yield the stretches of a line without a hole."""
        run: list[tuple[int, float]] = []
        for time_ms, value in line.points:
            if run and (value is None or time_ms - run[-1][0] > _LONGEST_STEP_MS):
                yield run
                run = []
            if value is not None:
                run.append((time_ms, value))
        if run:
            yield run

    def _value(self, figure: Figure) -> str:
        value = figure.value
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return say_number(value, figure.unit, figure.name)
        text = str(value)
        if figure.is_name or not text:
            return text if text else self._heading(figure)
        scoped = f"{figure.name}.{text}"
        return self.word(scoped if is_word(scoped) else text)

    def _heading(self, figure: Figure) -> str:
        """Return the name of a row that is nothing but its heading."""
        return self.word(figure.name) if figure.name == "week_sum" else ""


def chart_scale(chart: Chart) -> tuple[list[float], float, float]:
    """Return round ticks of a chart's values and the lowest and highest of its axis."""
    values = [value for line in chart.lines for _, value in line.points if value is not None]
    low, high = min(values), max(values)
    if chart.target is not None:
        low, high = min(low, chart.target[0]), max(high, chart.target[1])
    step = _round_step((high - low) / 4.0 or 1.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    ticks = [round(count * step, 6) for count in range(first, last + 1)]
    return ticks, ticks[0], ticks[-1]


def scale_bar_m(width_m: float) -> float:
    """Return a round length of about a fifth of a map's width."""
    return _round_step(width_m / 5.0)


def _round_step(rough: float) -> float:
    """Return the number 1, 2 or 5 times a power of ten that is next above."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.999)
