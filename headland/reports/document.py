"""A report before it has a language or a form: sections of figures, tables, maps and charts, named by identifiers.

A figure has its full value and its provenance; the forms round it. An unknown value is a figure with a reason instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from headland.agronomy.series.answer import Answer, Method
from headland.i18n import CatalogText

Value = float | int | str | bool | CatalogText | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A value by its name; `level` is how it compares to its target.

    `is_name`: a text that people chose, which is not translated.
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
class ReportInstant:
    """An instant, shown in the report's time zone; a day as its date alone."""

    time_ms: int
    is_day: bool = False


Cell = Figure | ReportInstant | None


def has_own_unit(cell: Cell, column_unit: str) -> bool:
    """Tell whether a figure of a table is in a unit that its column does not name."""
    return isinstance(cell, Figure) and cell.value is not None and cell.unit != column_unit


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows of cells under named columns; a column's unit is in its heading."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A colour of a map and its meaning: a value from `low` to `high`, None for open; or a text."""

    colour: tuple[int, int, int]
    low: float | None = None
    high: float | None = None
    word: str = ""


Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A map, north up: pixels as PNG, and outlines in metres from its south-west corner."""

    name: str
    png: bytes
    width_m: float
    height_m: float
    outlines: tuple[Ring, ...]
    buffers: tuple[Ring, ...]
    bands: tuple[Band, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line of a chart: values by time, None where not known."""

    name: str
    points: tuple[tuple[int, float | None], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over one period; `target` is the range in which they should be."""

    name: str
    unit: str
    start_ms: int
    end_ms: int
    days_ms: tuple[int, ...]
    lines: tuple[ChartLine, ...]
    target: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the catalogue with its values.

    `detail` is a message for `{detail}` in it, or the English sentence of a problem whose reason is `name`.
    """

    name: str
    parts: dict[str, str] = field(default_factory=dict)
    detail: str | CatalogText | None = None


Part = Figure | ReportTable | Map | Chart | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its parts."""

    name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report: `title` is its kind, `subject` the name of field or greenhouse, `sources` the methods used."""

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
    #: Requests that return the same figures.
    addresses: tuple[str, ...]
    week: str = ""


def figure_of(name: str, answer: Answer, level: str | None = None) -> Figure:
    """Return an answer as a figure with its provenance."""
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
    """Return a figure times a factor, as from a hectare to a mu, with the same provenance."""
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
