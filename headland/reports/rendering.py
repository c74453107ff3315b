"""Parts of a report as texts of one language and time zone, the same for HTML, PDF and CSV."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from headland.agronomy.series.answer import Method
from headland.contract.palette import PALETTE
from headland.i18n import CatalogText, Language, find_term
from headland.reports.document import Band, Cell, Chart, ChartLine, Figure, Note, Report, ReportInstant
from headland.reports.formatting import (
    evidence_text,
    label_of,
    level_text,
    number_text,
    time_text,
    unit_text,
    value_text,
)
from headland.units_of_time import HOUR_MS

#: Colours of a chart's lines in their order, which colour-blind people can distinguish.
LINE_COLOURS: Final = tuple(PALETTE.lines)
#: The place of a value in a sentence of the catalogue, and what follows it.
_PLACEHOLDER: Final = re.compile(r"\s*[:：]?\s*\{\w+\}.*", re.DOTALL)
#: A line of hourly values has a gap where an hour is missing.
_LONGEST_STEP_MS: Final = 2 * HOUR_MS
#: Least and most letters by which a column's texts are weighed: names and sources are long, numbers are short.
_LEAST_LETTERS, _MOST_LETTERS = 9.0, 40.0


@dataclass(frozen=True, slots=True)
class ReportLocale:
    """A language and a time zone in which a document is locale."""

    language: Language
    zone: ZoneInfo

    def word(self, name: str) -> str:
        """Return the text for the name of a part."""
        return label_of(name, self.language)

    def heading(self, name: str) -> str:
        """Return the text for the name of a part without the place of its value."""
        return _PLACEHOLDER.sub("", self.word(name))

    def unit(self, unit: str) -> str:
        """Return the form of a unit."""
        return unit_text(unit, self.language)

    def note(self, note: Note) -> str:
        """Return a sentence with its values; in English a problem has its own detail, in Chinese the reason's text."""
        if isinstance(note.detail, str):
            return note.detail if self.language == "en" else self.reason(note.name)
        values = dict(note.parts)
        if note.detail is not None:
            values["detail"] = note.detail.text(self.language)
        return self.word(note.name).format(**values)

    def reason(self, reason: str) -> str:
        """Return why something is not known."""
        return find_term("reasons", reason, self.language) or self.word("other_problem")

    def method(self, method: Method) -> str:
        """Return the version and description of a method: its source in English, the catalogue's text in Chinese."""
        text = method.source
        if self.language == "zh":
            text = find_term("methods", method.id, "zh") or self.word("other_method").format(id=method.id)
        return self.word("method_line").format(version=method.version, text=text)

    def day(self, time_ms: int) -> str:
        """Return a day with its weekday, without the year."""
        return time_text(time_ms, self.zone, is_day=True, language=self.language)[5:]

    def head(self, document: Report) -> list[str]:
        """Return the lines under the title: period, time of creation and time zone."""
        begin, end = (time_text(time_ms, self.zone) for time_ms in (document.start_ms, document.end_ms))
        clock = self.word("times_in" if document.is_zone_known else "times_in_utc").format(zone=self.zone.key)
        made = self.word("made").format(time=time_text(document.made_ms, self.zone))
        return [f"{begin} - {end}", f"{made}. {clock}" if self.language == "en" else f"{made}。{clock}"]

    def instant(self, moment: ReportInstant) -> str:
        """Return an instant by ISO 8601 with its zone, a day as its date."""
        local = datetime.fromtimestamp(moment.time_ms / 1000.0, UTC).astimezone(self.zone)
        return local.date().isoformat() if moment.is_day else local.isoformat(timespec="seconds")

    def cell(self, cell: Cell, *, with_unit: bool = False) -> str:
        """Return the text of a cell; without a value the reason."""
        if cell is None:
            return ""
        if isinstance(cell, ReportInstant):
            return time_text(cell.time_ms, self.zone, is_day=cell.is_day, language=self.language)
        if cell.value is None:
            why = self.word("not_known") if cell.reason is None else self.reason(cell.reason)
            return f"{self.word('not_known')}: {why}" if with_unit and cell.reason != "not_told" else why
        text = self._value(cell)
        if with_unit and self.unit(cell.unit):
            text = f"{text} {self.unit(cell.unit)}"
        return text if cell.level is None else f"{text} ({level_text(cell.level, self.language)})"

    def provenance(self, figure: Figure) -> str:
        """Return a figure's evidence, coverage, samples and quality in one line; empty where there are none."""
        parts = []
        if figure.evidence is not None:
            parts.append(f"{self.word('evidence_is')}: {evidence_text(figure.evidence, self.language)}")
        if figure.coverage is not None:
            parts.append(f"{self.word('coverage')} {figure.coverage * 100.0:.0f} %")
        if figure.n is not None:
            parts.append(f"{self.word('samples_n')} {figure.n:,}")
        if figure.quality is not None:
            parts.append(f"{self.word('quality')} {figure.quality}")
        return " · ".join(parts)

    def band(self, band: Band, unit: str) -> str:
        """Return the meaning of a colour of a map."""
        if band.low is None:
            return self.word(band.word)
        low = number_text(band.low, unit)
        high = "" if band.high is None else number_text(band.high, unit)
        return f"{low} - {high} {self.unit(unit)}" if high else f"> {low} {self.unit(unit)}"

    def runs(self, line: ChartLine) -> Iterator[list[tuple[int, float]]]:
        """Yield the parts of a line without gaps."""
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
            return self.word(str(value).lower())
        if isinstance(value, int | float):
            return number_text(value, figure.unit, figure.name)
        text = value.text(self.language) if isinstance(value, CatalogText) else str(value)
        if figure.is_name or not text:
            return text if text else self._heading(figure)
        return value_text(figure.name, text, self.language)

    def _heading(self, figure: Figure) -> str:
        """Return the name of a row that has only its heading."""
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


def column_widths(
    rows: Sequence[Sequence[str]],
    heads: Sequence[str],
    whole: float,
    letters_of: Callable[[str], float],
    word_width_of: Callable[[str], float],
) -> list[float]:
    """Return the widths of columns, together `whole`, of which none has a broken word where the others have room.

    `letters_of` is the length of a text in letters, `word_width_of` the width of its longest word in units of `whole`.
    """
    columns = list(range(len(heads)))
    texts = [[row[at] for row in rows] for at in columns]
    weights = [
        max(_LEAST_LETTERS, letters_of(heads[at]) / 2.0, *(min(letters_of(text), _MOST_LETTERS) for text in texts[at]))
        for at in columns
    ]
    widths = [whole * weight / sum(weights) for weight in weights]
    needed = [max(map(word_width_of, (heads[at], *texts[at]))) for at in columns]
    missing = sum(max(needed[at] - widths[at], 0.0) for at in columns)
    spare = sum(max(widths[at] - needed[at], 0.0) for at in columns)
    if not 0.0 < missing <= spare:
        return widths
    share = missing / spare
    return [max(widths[at], needed[at]) - max(widths[at] - needed[at], 0.0) * share for at in columns]


def _round_step(rough: float) -> float:
    """Return the number 1, 2 or 5 times a power of ten that is next above."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.999)
