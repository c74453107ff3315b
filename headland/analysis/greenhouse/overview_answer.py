"""Overview of a greenhouse as the API gives it: columns of values, with what all days share given once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
import numpy as np

from headland.agronomy.climate.condensation import WetEvent
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.time_grid import STEP_MS
from headland.analysis.greenhouse.climate import PeriodAnswers
from headland.analysis.greenhouse.house_answer import (
    StageTarget,
    notes_in_chinese,
    notes_of,
    place_of_house,
    target_of,
)
from headland.analysis.greenhouse.overview import MAPPED, ChartLines, Overview
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.columns import IntegerColumn, NumberColumn, TimeColumn
from headland.contract.indices import unit_of
from headland.registry.models.models import GrowerNote


class OverviewSamples(msgspec.Struct, frozen=True, kw_only=True):
    """Means of five minutes for a chart, null where unknown; in a narrow chart the lowest and highest of each pixel.

    A gap has a null also in a narrow chart: two values with no null between them are to be joined.
    """

    step_ms: Annotated[int, "Length of a step in milliseconds."]
    chosen_by: Annotated[str | None, "min_max where steps were left out; null where all are present."]
    time_ms: Annotated[TimeColumn, "The beginning of each step, in order."]
    channels: Annotated[dict[str, NumberColumn], "Values by channel."]
    units: Annotated[dict[str, str], "Units by channel."]
    coldest: Annotated[IntegerColumn, "The most critical surface: its index in `surfaces`, -1 for none."]


class OverviewSurface(msgspec.Struct, frozen=True, kw_only=True):
    """A surface on which water may condense."""

    name: str
    estimated: Annotated[str | None, "The rule of the estimate; null for a measured surface."]


class OverviewBands(msgspec.Struct, frozen=True, kw_only=True):
    """The target bands in the part of the window with one crop stage."""

    start_ms: int
    end_ms: int
    stage: Annotated[str, "Crop stage."]
    targets: dict[str, StageTarget]


class AnswerColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One index over all days: values by day; what all days share is given once."""

    unit: str
    method: Annotated[Method, "Method of the values."]
    inputs: Annotated[list[str], "Channels used, and figures that were declared or assumed."]
    value: Annotated[list[float | None], "Values by day; null with a reason."]
    low: Annotated[list[float | None], "Smallest values, where meaningful."]
    high: Annotated[list[float | None], "Largest values, where meaningful."]
    n: Annotated[list[int], "Samples used."]
    coverage: Annotated[list[float], "Known share of the data, 0 to 1."]
    quality: Annotated[list[int], "Worst QARTOD flags of the samples used; 9 without samples."]
    evidence: Annotated[list[str | None], "Kinds of evidence; null without a value."]
    reason: Annotated[list[str | None], "Causes of missing values; null with a value."]
    level: Annotated[
        list[str | None],
        "below, within or above its target; for a disease low, moderate or high.",
    ]


class OverviewDays(msgspec.Struct, frozen=True, kw_only=True):
    """Whole local days that the window touches; the present day ends with the window."""

    start_ms: list[int]
    end_ms: list[int]
    answers: Annotated[dict[str, AnswerColumn], "Answers by index."]


class PlaceOfMap(msgspec.Struct, frozen=True, kw_only=True):
    """A zone, or a device in no zone: a row of the map."""

    name: str
    devices: list[str]
    crop: str
    stage: Annotated[str, "Crop stage; empty where none is known."]
    channels: Annotated[dict[str, NumberColumn], "By hour; null below half of it."]


class OverviewMap(msgspec.Struct, frozen=True, kw_only=True):
    """The means of each place by local hour."""

    time_ms: Annotated[TimeColumn, "The beginning of each hour."]
    units: Annotated[dict[str, str], "Units by channel."]
    places: Annotated[list[PlaceOfMap], "Zones, and devices in no zone."]


class OverviewNote(msgspec.Struct, frozen=True, kw_only=True):
    """A grower's note; `/v1/notes` creates and changes notes."""

    id: str
    time_ms: int
    author: str
    text: Annotated[str, "Text of the note."]
    photos: Annotated[tuple[str, ...], "Ids of its photos, for `/v1/photos/{photo}`."]


class OverviewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Overview of a greenhouse over a day or a week, for its page."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    crop: str
    stage: Annotated[str, "Crop stage; empty where none is known."]
    start_ms: int
    end_ms: int
    samples: Annotated[OverviewSamples, "Lines of the chart."]
    surfaces: Annotated[list[OverviewSurface], "Surfaces on which water may condense."]
    bands: Annotated[list[OverviewBands], "Target bands by crop stage."]
    events: Annotated[list[WetEvent], "Periods of condensation."]
    days: Annotated[OverviewDays, "Answers by local day."]
    map: Annotated[OverviewMap, "Values of the places by hour."]
    left_out: list[DeviceFinding]
    notes: Annotated[dict[str, str], "How a value was computed, or the validity of an index."]
    notes_zh: dict[str, str]
    grower_notes: Annotated[list[OverviewNote], "Notes about the greenhouse in the window, by time."]


def overview_of(overview: Overview) -> OverviewAnswer:
    """Return the overview of a house; its columns stay arrays."""
    house = overview.house
    start_ms, end_ms = overview.window.pair
    places = [
        PlaceOfMap(
            name=place.name,
            devices=place.devices,
            crop=place.crop,
            stage=place.stage,
            channels=_rounded(place.columns),
        )
        for place in overview.places
    ]
    mapped = [name for name in MAPPED if any(name in place.channels for place in places)]
    return OverviewAnswer(
        greenhouse=house.id,
        **place_of_house(house),
        crop=house.crop,
        stage=house.stage,
        start_ms=start_ms,
        end_ms=end_ms,
        samples=_samples_of(overview.lines),
        surfaces=[OverviewSurface(name=each.name, estimated=each.estimated) for each in overview.surfaces],
        bands=[
            OverviewBands(
                start_ms=part.window[0],
                end_ms=part.window[1],
                stage=part.stage,
                targets={name: target_of(band) for name, band in part.bands.items()},
            )
            for part in overview.bands
        ],
        events=overview.events,
        days=days_of(overview.days),
        map=OverviewMap(time_ms=overview.hours, units=_units_of(mapped), places=places),
        left_out=overview.left_out,
        notes=notes_of(overview.notes),
        notes_zh=notes_in_chinese(overview.notes),
        grower_notes=[_note_of(note) for note in overview.grower_notes],
    )


def _samples_of(lines: ChartLines) -> OverviewSamples:
    return OverviewSamples(
        step_ms=STEP_MS,
        chosen_by="min_max" if lines.is_chosen else None,
        time_ms=lines.time_ms,
        channels=_rounded(lines.columns),
        units=_units_of(lines.columns),
        coldest=lines.coldest,
    )


def _units_of(names: Iterable[str]) -> dict[str, str]:
    return {name: unit_of(name) or "1" for name in names}


def _note_of(note: GrowerNote) -> OverviewNote:
    return OverviewNote(**{name: getattr(note, name) for name in OverviewNote.__struct_fields__})


def days_of(days: list[PeriodAnswers]) -> OverviewDays:
    """Return the answers of several days by column: constant parts once, the others as lists."""
    names = dict.fromkeys(name for day in days for name in day.answers)
    return OverviewDays(
        start_ms=[day.window[0] for day in days],
        end_ms=[day.window[1] for day in days],
        answers={name: _column_of(name, days) for name in names},
    )


def _column_of(name: str, days: list[PeriodAnswers]) -> AnswerColumn:
    answers = [day.answers[name] for day in days]
    varying = ("value", "low", "high", "n", "coverage", "quality", "evidence", "reason")
    columns: dict[str, Any] = {each: [getattr(answer, each) for answer in answers] for each in varying}
    return AnswerColumn(
        unit=answers[0].unit,
        method=answers[0].method,
        inputs=list(answers[0].inputs),
        **columns,
        level=[day.levels.get(name) for day in days],
    )


def _rounded(columns: Mapping[str, Values]) -> dict[str, Values]:
    """Return columns rounded to four decimals, which exceeds every sensor's accuracy and saves most bytes."""
    return {name: np.round(column, 4) for name, column in columns.items()}
