"""What the climate routes answer with, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schema import Answer, AnswerWindow, LeftOutItem, Model


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
