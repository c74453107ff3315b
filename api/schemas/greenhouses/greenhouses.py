"""Response models of the greenhouse and weather routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.answers import Answer, AnswerMethod, AnswerWindow, LeftOutItem
from api.schemas.model import Model


class Target(Model):
    """The target band of an index for the crop and its stage."""

    low: float
    high: float
    crop: str
    stage: str
    source: str
    source_zh: Annotated[str, Field(description="The source in Chinese; empty where it has none.")] = ""


class PeriodAnswers(Model):
    """The answers of one period: an hour, a local day, a crop stage or the whole window."""

    window: AnswerWindow
    stage: str | None
    answers: dict[str, Answer]
    levels: Annotated[
        dict[str, str],
        Field(description="below, within or above its target; for a disease low, moderate or high."),
    ]


class WetEventItem(Model):
    """A period in which a surface was at or below the dew point."""

    start_ms: int
    end_ms: int
    hours: float
    surface: str
    least_margin_k: float


class HouseAnswersBody(Model):
    """The answers about a greenhouse by period, with targets, notes and samples left out."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: Annotated[bool, Field(description="false: no site in the registry, so days are those of UTC.")]
    by: str
    crop: str
    stage: str
    targets: dict[str, Target]
    items: list[PeriodAnswers]
    left_out: list[LeftOutItem]
    notes: Annotated[dict[str, str], Field(description="How a value was computed, or the validity of an index.")]
    notes_zh: Annotated[dict[str, str], Field(description="The notes that there are in Chinese.")]
    events: Annotated[list[WetEventItem] | None, Field(description="For condensation only.")]


class ClimateAnswers(HouseAnswersBody):
    """The answers about a greenhouse's air; without `by` the main ones also under keys of their own."""

    vpd_kpa: Annotated[Answer | None, Field(description="Over the whole window; null with `by`.")]
    dew_point_degc: Annotated[Answer | None, Field(description="Over the whole window; null with `by`.")]
    humidity_deficit_g_m3: Annotated[Answer | None, Field(description="Over the whole window; null with `by`.")]
    frost_point_degc: Annotated[
        Answer | None,
        Field(description="Over the whole window, only where hoar could have formed; null with `by`."),
    ]


class ForecastSkill(Model):
    """Errors of such forecasts in the past days against the measured values."""

    n: int
    rmse: float
    mean_error: float
    p90_error: float
    persistence_rmse: Annotated[float, Field(description="Error of the naive forecast: as now.")]
    yesterday_rmse: Annotated[float, Field(description="Error of the naive forecast: as at that hour yesterday.")]


class ForecastHour(Model):
    """One hour ahead: each quantity with the range of nine of ten past errors."""

    ahead_h: int
    window: AnswerWindow
    answers: dict[str, Answer]
    skill: Annotated[
        dict[str, ForecastSkill | None],
        Field(
            description="By quantity. With a weather forecast, computed as if past ones had been right: too optimistic."
        ),
    ]
    record: Annotated[
        dict[str, ForecastSkill | None],
        Field(description="By quantity: the errors of the forecasts recorded in the last 30 days."),
    ]


class ForecastBody(Model):
    """The forecast of a greenhouse for the next hours."""

    greenhouse: str
    simulated: bool
    origin_ms: int
    history_hours: int
    drivers: Annotated[list[str], Field(description="The weather channels used.")]
    weather_forecast: Annotated[list[str], Field(description="The weather channels with a given forecast.")]
    items: list[ForecastHour]
    left_out: list[LeftOutItem]


class PastForecast(Model):
    """Recorded forecasts of one quantity by forecast hour, with the measured values."""

    unit: str
    time_ms: list[int]
    made: list[float | None]
    low: list[float | None]
    high: list[float | None]
    measured: Annotated[
        list[float | None], Field(description="Null where the hour has not passed, or nothing was measured.")
    ]


class PastForecastBody(Model):
    """Recorded forecasts, unchanged since they were made."""

    greenhouse: str
    simulated: bool
    ahead_h: int
    start_ms: int
    end_ms: int
    quantities: dict[str, PastForecast]


class ChannelHealth(Model):
    """The health of a channel over the window."""

    channel: str
    zone: str
    state: Annotated[str, Field(description="good, doubtful (used, see findings), failed (left out) or silent.")]
    n: int
    coverage: Annotated[float, Field(ge=0, le=1, description="Share of the window covered by used samples.")]
    findings: list[LeftOutItem]


class DeviceHealth(Model):
    """The channels of one device."""

    device: str
    channels: list[ChannelHealth]


class DataQualityBody(Model):
    """The health of the sensors of a greenhouse."""

    greenhouse: str
    simulated: bool
    window: AnswerWindow
    devices: list[DeviceHealth]


class WeatherDay(Model):
    """The answers of one local day or hour."""

    window: AnswerWindow
    answers: dict[str, Answer]


class SiteWeatherBody(Model):
    """The weather of a site by local day or hour."""

    site: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    items: list[WeatherDay]
    left_out: list[LeftOutItem]
    notes: dict[str, str]


class OverviewSamples(Model):
    """Means of five minutes for a chart, null where unknown; in a narrow chart the lowest and highest of each pixel.

    A gap has a null also in a narrow chart: two values with no null between them are to be joined.
    """

    step_ms: int
    chosen_by: Annotated[
        str | None, Field(description="min_max where steps were left out; null where all are present.")
    ]
    time_ms: Annotated[list[int], Field(description="The beginning of each step, in order.")]
    channels: dict[str, list[float | None]]
    units: dict[str, str]
    coldest: Annotated[list[int], Field(description="The most critical surface: its index in `surfaces`, -1 for none.")]


class OverviewSurface(Model):
    """A surface on which water may condense."""

    name: str
    estimated: Annotated[str | None, Field(description="The rule of the estimate; null for a measured surface.")]


class OverviewBands(Model):
    """The target bands in the part of the window with one crop stage."""

    start_ms: int
    end_ms: int
    stage: str
    targets: dict[str, Target]


class AnswerColumn(Model):
    """One index over all days: values by day; what all days share is given once."""

    unit: str
    method: AnswerMethod
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
        Field(description="below, within or above its target; for a disease low, moderate or high."),
    ]


class OverviewDays(Model):
    """Whole local days that the window touches; the present day ends with the window."""

    start_ms: list[int]
    end_ms: list[int]
    answers: dict[str, AnswerColumn]


class OverviewPlace(Model):
    """A zone, or a device in no zone: a row of the map."""

    name: str
    devices: list[str]
    crop: str
    stage: str
    channels: Annotated[dict[str, list[float | None]], Field(description="By hour; null below half of it.")]


class OverviewMap(Model):
    """The means of each place by local hour."""

    time_ms: Annotated[list[int], Field(description="The beginning of each hour.")]
    units: dict[str, str]
    places: list[OverviewPlace]


class OverviewNote(Model):
    """A grower's note; `/v1/notes` creates and changes notes."""

    id: str
    time_ms: int
    author: str
    text: str
    photos: Annotated[list[str], Field(description="Ids of its photos, for `/v1/photos/{photo}`.")]


class OverviewBody(Model):
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
    left_out: list[LeftOutItem]
    notes: dict[str, str]
    notes_zh: dict[str, str]
    grower_notes: Annotated[list[OverviewNote], Field(description="Notes about the greenhouse in the window, by time.")]
