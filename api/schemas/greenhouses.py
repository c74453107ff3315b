"""What the climate routes answer with, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.answers import Answer, AnswerMethod, AnswerWindow, LeftOutItem
from api.schemas.model import Model


class Target(Model):
    """Where an index should lie for the crop and its stage."""

    low: float
    high: float
    crop: str
    stage: str
    source: str


class PeriodAnswers(Model):
    """The answers of one hour, local day or crop stage."""

    window: AnswerWindow
    stage: str | None
    answers: dict[str, Answer]
    levels: Annotated[
        dict[str, str],
        Field(description="below, within or above its target; of a disease low, moderate or high."),
    ]


class WetEventItem(Model):
    """A stretch in which a surface was at or below the dew point."""

    start_ms: int
    end_ms: int
    hours: float
    surface: str
    least_margin_k: float


class HouseAnswersBody(Model):
    """The answers about a greenhouse by hour, local day or crop stage, and what they rest on."""

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
    notes: Annotated[dict[str, str], Field(description="How a thing was made, or what an index holds for.")]
    events: Annotated[list[WetEventItem] | None, Field(description="Of condensation only.")]


class ClimateAnswers(HouseAnswersBody):
    """The answers about a greenhouse's air; those over the whole window also by their own keys."""

    vpd_kpa: Annotated[Answer | None, Field(description="Over the whole window; null with `by`.")]
    dew_point_degc: Annotated[Answer | None, Field(description="Over the whole window; null with `by`.")]
    humidity_deficit_g_m3: Annotated[Answer | None, Field(description="Over the whole window; null with `by`.")]
    frost_point_degc: Annotated[
        Answer | None,
        Field(description="Over the whole window, only where hoar could have formed; null with `by`."),
    ]


class ForecastSkill(Model):
    """What such forecasts were worth in the past days, against what then was measured."""

    n: int
    rmse: float
    mean_error: float
    p90_error: float
    persistence_rmse: Annotated[float, Field(description="Of saying: as now.")]
    yesterday_rmse: Annotated[float, Field(description="Of saying: as at that hour yesterday.")]


class ForecastHour(Model):
    """One hour ahead: each quantity with the span that nine of ten past errors stayed within."""

    ahead_h: int
    window: AnswerWindow
    answers: dict[str, Answer]
    skill: Annotated[
        dict[str, ForecastSkill | None],
        Field(description="By quantity. With a weather forecast: as if past ones had been right, so rather too good."),
    ]
    record: Annotated[
        dict[str, ForecastSkill | None],
        Field(description="By quantity: the errors of the forecasts that were really given in the last 30 days."),
    ]


class ForecastBody(Model):
    """The next hours of a greenhouse."""

    greenhouse: str
    simulated: bool
    origin_ms: int
    history_hours: int
    drivers: Annotated[list[str], Field(description="The weather channels it learnt from.")]
    weather_forecast: Annotated[list[str], Field(description="Those whose coming hours were given.")]
    items: list[ForecastHour]
    left_out: list[LeftOutItem]


class PastForecast(Model):
    """What was said of one quantity, by the hour that it was said of, and what then was measured."""

    unit: str
    time_ms: list[int]
    made: list[float | None]
    low: list[float | None]
    high: list[float | None]
    measured: Annotated[list[float | None], Field(description="Null: it has not come, or nothing was measured.")]


class PastForecastBody(Model):
    """Forecasts that were given, as they were given."""

    greenhouse: str
    simulated: bool
    ahead_h: int
    start_ms: int
    end_ms: int
    quantities: dict[str, PastForecast]


class ChannelHealth(Model):
    """How far a channel can be trusted over the window."""

    channel: str
    zone: str
    state: Annotated[str, Field(description="good, doubtful (used, see findings), failed (left out) or silent.")]
    n: int
    coverage: Annotated[float, Field(ge=0, le=1, description="Known share of the window, of samples that were used.")]
    findings: list[LeftOutItem]


class DeviceHealth(Model):
    """The channels of one device."""

    device: str
    channels: list[ChannelHealth]


class DataQualityBody(Model):
    """Which sensors of a greenhouse lie."""

    greenhouse: str
    simulated: bool
    window: AnswerWindow
    devices: list[DeviceHealth]


class WeatherDay(Model):
    """The answers of one local day."""

    window: AnswerWindow
    answers: dict[str, Answer]


class SiteWeatherBody(Model):
    """The weather of a site by local day."""

    site: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    items: list[WeatherDay]
    left_out: list[LeftOutItem]
    notes: dict[str, str]


class OverviewSamples(Model):
    """Means of steps of five minutes, null where unknown, for a chart: of each pixel the lowest and highest."""

    step_ms: int
    chosen_by: Annotated[str | None, Field(description="min_max where steps were left out; null: all are here.")]
    time_ms: Annotated[list[int], Field(description="The beginning of each step, in order.")]
    channels: dict[str, list[float | None]]
    units: dict[str, str]
    coldest: Annotated[list[int], Field(description="The most critical surface: its place in `surfaces`, -1 for none.")]


class OverviewSurface(Model):
    """A surface that may grow wet."""

    name: str
    estimated: Annotated[str | None, Field(description="How; null where it is measured.")]


class OverviewBands(Model):
    """Where indices should lie in a part of the window: that of one crop stage."""

    start_ms: int
    end_ms: int
    stage: str
    targets: dict[str, Target]


class AnswerColumn(Model):
    """One index of all days: an answer a day, what is the same for all of them once."""

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
        Field(description="below, within or above its target; of a disease low, moderate or high."),
    ]


class OverviewDays(Model):
    """Whole local days that the window touches; one that is under way ends at the window's end."""

    start_ms: list[int]
    end_ms: list[int]
    answers: dict[str, AnswerColumn]


class OverviewPlace(Model):
    """A zone, or a device in none: a row of the map."""

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
    """What a grower noted; `/v1/notes` keeps and changes it."""

    id: str
    time_ms: int
    author: str
    text: str


class OverviewBody(Model):
    """A greenhouse over a day or a week in one piece, as its page draws it."""

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
    grower_notes: Annotated[list[OverviewNote], Field(description="Of the greenhouse, within the window, by time.")]
