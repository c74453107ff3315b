"""A report before it has a language or a form: sections of figures, tables, pictures and lines, by the names of words.

A figure keeps its full value and all that it rests on; rounding belongs to the forms. What is not known is a figure
without a value and with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from headland.agronomy.series.answer import Answer, Method

Value = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One value by its name; `level` is a word for how it stands to its target.

    `is_name`: a text that people gave, never looked up in the words.
    """

    name: str
    value: Value
    unit: str = ""
    reason: str | None = None
    evidence: str | None = None
    coverage: float | None = None
    n: int | None = None
    quality: int | None = None
    method: str | None = None
    level: str | None = None
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, shown in the report's time zone; a day as its date alone."""

    time_ms: int
    is_day: bool = False


Cell = Figure | Moment | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns; a column's unit stands in its head."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A colour of a map and what it means: from `low` to `high`, None for open; or a word alone."""

    colour: tuple[int, int, int]
    low: float | None = None
    high: float | None = None
    word: str = ""


Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A picture of the ground, north up: pixels as PNG, the outlines over them in metres from its south-west corner."""

    name: str
    png: bytes
    width_m: float
    height_m: float
    outlines: tuple[Ring, ...]
    buffers: tuple[Ring, ...]
    bands: tuple[Band, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: values by time, None where not known."""

    name: str
    points: tuple[tuple[int, float | None], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over one stretch of time; `target` is where they should lie."""

    name: str
    unit: str
    start_ms: int
    end_ms: int
    days_ms: tuple[int, ...]
    lines: tuple[Line, ...]
    target: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence: a word of the words where `name` is one, with what is put into it, else a text as it was given."""

    name: str
    parts: dict[str, str] = field(default_factory=dict)


Part = Figure | Table | Map | Chart | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `title` is a word, `subject` the name of what it is about, `sources` the methods it rests on."""

    title: str
    subject: str
    is_simulated: bool
    zone: ZoneInfo
    is_zone_known: bool
    made_ms: int
    start_ms: int
    end_ms: int
    sections: tuple[Section, ...]
    sources: tuple[Method, ...]
    #: Where the same figures are answered, for whoever wants to check them.
    addresses: tuple[str, ...]
    week: str = ""


def figure_of(name: str, answer: Answer, level: str | None = None) -> Figure:
    """Return an answer as a figure, with all that it rests on."""
    return Figure(
        name,
        answer.value,
        answer.unit,
        reason=answer.reason,
        evidence=answer.evidence,
        coverage=answer.coverage,
        n=answer.n,
        quality=answer.quality,
        method=answer.method.id,
        level=level,
    )


def share_of(figure: Figure, name: str, factor: float, unit: str) -> Figure:
    """Return a figure times a factor, as from a hectare to a mu; it rests on the same."""
    value = figure.value * factor if isinstance(figure.value, int | float) else None
    return Figure(
        name,
        value,
        unit,
        reason=figure.reason,
        evidence=figure.evidence,
        coverage=figure.coverage,
        n=figure.n,
        quality=figure.quality,
        method=figure.method,
    )


def collect_methods(answers: Sequence[Answer]) -> tuple[Method, ...]:
    """Return the methods of some answers, each once, in their order."""
    return tuple({(answer.method.id, answer.method.version): answer.method for answer in answers}.values())
