"""Response models of the greenhouse and weather routes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from headland.agronomy.climate.forecast import Skill
from headland.agronomy.series.answer import Method
from headland.analysis.inputs.answers import DeviceFinding, SourcedAnswer
from headland.analysis.inputs.window import Window


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The target band of an index for the crop and its stage."""

    low: float
    high: float
    crop: str
    stage: str
    source: str
    source_zh: Annotated[str, "The source in Chinese; empty where it has none."] = ""


class PeriodAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one period: an hour, a local day, a crop stage or the whole window."""

    window: Window
    stage: str | None
    answers: dict[str, SourcedAnswer]
    levels: Annotated[
        dict[str, str],
        "below, within or above its target; for a disease low, moderate or high.",
    ]


class WetEventItem(msgspec.Struct, frozen=True, kw_only=True):
    """A period in which a surface was at or below the dew point."""

    start_ms: int
    end_ms: int
    hours: float
    surface: str
    least_margin_k: float


class HouseAnswersBody(msgspec.Struct, frozen=True, kw_only=True):
    """The answers about a greenhouse by period, with targets, notes and samples left out."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: Annotated[bool, "false: no site in the registry, so days are those of UTC."]
    by: str
    crop: str
    stage: str
    targets: dict[str, Target]
    items: list[PeriodAnswers]
    left_out: list[DeviceFinding]
    notes: Annotated[dict[str, str], "How a value was computed, or the validity of an index."]
    notes_zh: Annotated[dict[str, str], "The notes that there are in Chinese."]
    events: Annotated[list[WetEventItem] | None, "For condensation only."]


class ClimateAnswers(HouseAnswersBody, frozen=True, kw_only=True):
    """The answers about a greenhouse's air; without `by` the main ones also under keys of their own."""

    vpd_kpa: Annotated[SourcedAnswer | None, "Over the whole window; null with `by`."]
    dew_point_degc: Annotated[SourcedAnswer | None, "Over the whole window; null with `by`."]
    humidity_deficit_g_m3: Annotated[SourcedAnswer | None, "Over the whole window; null with `by`."]
    frost_point_degc: Annotated[
        SourcedAnswer | None,
        "Over the whole window, only where hoar could have formed; null with `by`.",
    ]


class ForecastHour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour ahead: each quantity with the range of nine of ten past errors."""

    ahead_h: int
    window: Window
    answers: dict[str, SourcedAnswer]
    skill: Annotated[
        dict[str, Skill | None],
        "By quantity. With a weather forecast, computed as if past ones had been right: too optimistic.",
    ]
    record: Annotated[
        dict[str, Skill | None],
        "By quantity: the errors of the forecasts recorded in the last 30 days.",
    ]


class ForecastBody(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast of a greenhouse for the next hours."""

    greenhouse: str
    simulated: bool
    origin_ms: int
    history_hours: int
    drivers: Annotated[list[str], "The weather channels used."]
    weather_forecast: Annotated[list[str], "The weather channels with a given forecast."]
    items: list[ForecastHour]
    left_out: list[DeviceFinding]


class PastForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Recorded forecasts of one quantity by forecast hour, with the measured values."""

    unit: str
    time_ms: list[int]
    made: list[float | None]
    low: list[float | None]
    high: list[float | None]
    measured: Annotated[list[float | None], "Null where the hour has not passed, or nothing was measured."]


class PastForecastBody(msgspec.Struct, frozen=True, kw_only=True):
    """Recorded forecasts, unchanged since they were made."""

    greenhouse: str
    simulated: bool
    ahead_h: int
    start_ms: int
    end_ms: int
    quantities: dict[str, PastForecast]


class ChannelHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a channel over the window."""

    channel: str
    zone: str
    state: Annotated[str, "good, doubtful (used, see findings), failed (left out) or silent."]
    n: int
    coverage: Annotated[float, Meta(ge=0, le=1), "Share of the window covered by used samples."]
    findings: list[DeviceFinding]


class DeviceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The channels of one device."""

    device: str
    channels: list[ChannelHealth]


class DataQualityBody(msgspec.Struct, frozen=True, kw_only=True):
    """The health of the sensors of a greenhouse."""

    greenhouse: str
    simulated: bool
    window: Window
    devices: list[DeviceHealth]


class WeatherDay(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one local day or hour."""

    window: Window
    answers: dict[str, SourcedAnswer]


class SiteWeatherBody(msgspec.Struct, frozen=True, kw_only=True):
    """The weather of a site by local day or hour."""

    site: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    items: list[WeatherDay]
    left_out: list[DeviceFinding]
    notes: dict[str, str]


class OverviewSamples(msgspec.Struct, frozen=True, kw_only=True):
    """Means of five minutes for a chart, null where unknown; in a narrow chart the lowest and highest of each pixel.

    A gap has a null also in a narrow chart: two values with no null between them are to be joined.
    """

    step_ms: int
    chosen_by: Annotated[str | None, "min_max where steps were left out; null where all are present."]
    time_ms: Annotated[list[int], "The beginning of each step, in order."]
    channels: dict[str, list[float | None]]
    units: dict[str, str]
    coldest: Annotated[list[int], "The most critical surface: its index in `surfaces`, -1 for none."]


class OverviewSurface(msgspec.Struct, frozen=True, kw_only=True):
    """A surface on which water may condense."""

    name: str
    estimated: Annotated[str | None, "The rule of the estimate; null for a measured surface."]


class OverviewBands(msgspec.Struct, frozen=True, kw_only=True):
    """The target bands in the part of the window with one crop stage."""

    start_ms: int
    end_ms: int
    stage: str
    targets: dict[str, Target]


class AnswerColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One index over all days: values by day; what all days share is given once."""

    unit: str
    method: Method
    inputs: list[str]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
    n: list[int]
    coverage: list[float]
    quality: list[int]
    evidence: list[str | None]
    reason: list[str | None]
    level: Annotated[
        list[str | None],
        "below, within or above its target; for a disease low, moderate or high.",
    ]


class OverviewDays(msgspec.Struct, frozen=True, kw_only=True):
    """Whole local days that the window touches; the present day ends with the window."""

    start_ms: list[int]
    end_ms: list[int]
    answers: dict[str, AnswerColumn]


class OverviewPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A zone, or a device in no zone: a row of the map."""

    name: str
    devices: list[str]
    crop: str
    stage: str
    channels: Annotated[dict[str, list[float | None]], "By hour; null below half of it."]


class OverviewMap(msgspec.Struct, frozen=True, kw_only=True):
    """The means of each place by local hour."""

    time_ms: Annotated[list[int], "The beginning of each hour."]
    units: dict[str, str]
    places: list[OverviewPlace]


class OverviewNote(msgspec.Struct, frozen=True, kw_only=True):
    """A grower's note; `/v1/notes` creates and changes notes."""

    id: str
    time_ms: int
    author: str
    text: str
    photos: Annotated[list[str], "Ids of its photos, for `/v1/photos/{photo}`."]


class OverviewBody(msgspec.Struct, frozen=True, kw_only=True):
    """Overview of a greenhouse over a day or a week, for its page."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    crop: str
    stage: str
    start_ms: int
    end_ms: int
    samples: OverviewSamples
    surfaces: list[OverviewSurface]
    bands: list[OverviewBands]
    events: list[WetEventItem]
    days: OverviewDays
    map: OverviewMap
    left_out: list[DeviceFinding]
    notes: dict[str, str]
    notes_zh: dict[str, str]
    grower_notes: Annotated[list[OverviewNote], "Notes about the greenhouse in the window, by time."]
