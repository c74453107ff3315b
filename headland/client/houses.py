"""Greenhouses, sites and devices: answers about their air by period, and samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

from headland.client.api.records import (
    ClimateAnswers,
    HouseAnswersBody,
    LeftOutItem,
    PeriodAnswers,
    Series,
    SiteWeatherBody,
    WeatherDay,
)
from headland.client.frame import Column, Frame, frame_of_answers
from headland.client.reading import Instant
from headland.client.things import Thing
from headland.client.windows import Span

By = Literal["hour", "day", "stage"]
R = TypeVar("R", ClimateAnswers, HouseAnswersBody, SiteWeatherBody)


class Answers(Frame, Generic[R]):
    """Answers by period as a frame; `record` is the API's whole answer, with reasons, targets and notes."""

    record: R

    def __init__(self, record: R) -> None:
        items: list[PeriodAnswers] | list[WeatherDay] = record.items
        rows = [(item.window.start_ms, item.answers) for item in items]
        more = {"time_zone": record.time_zone, "devices": list(record.devices)}
        made = frame_of_answers(rows, simulated=record.simulated, more=more)
        super().__init__(made.columns, made.simulated, made.time_ms, None, made.more)
        object.__setattr__(self, "record", record)

    @property
    def left_out(self) -> list[LeftOutItem]:
        """Return the findings about sensors whose samples were left out."""
        return self.record.left_out


class Samples(Frame):
    """Samples of a device as a frame; `record` is the API's whole answer."""

    record: Series

    def __init__(self, record: Series) -> None:
        aggregation = record.aggregation
        method = "samples" if aggregation is None else aggregation.method
        columns = {name: Column(values, record.units.get(name, ""), method) for name, values in record.channels.items()}
        super().__init__(columns, record.simulated, record.time_ms, None, {"device": record.device})
        object.__setattr__(self, "record", record)


class Device(Thing):
    """A device that sends samples."""

    def series(
        self,
        channels: str | Sequence[str],
        *,
        last: Span | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        max_points: int | None = None,
    ) -> Samples:
        """Return samples of channels, or means of too many, as `record.aggregation` says."""
        start, end = self._window(last, start, end)
        asked = self._farm.api.get_series(self.name, channel=channels, start=start, end=end, max_points=max_points)
        return Samples(asked)


class Greenhouse(Device):
    """A greenhouse, by its name or by the id of its device."""

    def climate(
        self,
        *,
        last: Span | None = None,
        by: By | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        zone: str | None = None,
    ) -> Answers[ClimateAnswers]:
        """Return the answers about the air, such as `vpd_kpa`, by period."""
        start, end = self._window(last, start, end)
        return Answers(self._farm.api.get_climate(self.name, start=start, end=end, by=by, zone=zone))

    def condensation(
        self,
        *,
        last: Span | None = None,
        by: By | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        zone: str | None = None,
    ) -> Answers[HouseAnswersBody]:
        """Return how near to condensation the house was, and how long leaves were wet."""
        start, end = self._window(last, start, end)
        return Answers(self._farm.api.get_condensation(self.name, start=start, end=end, by=by, zone=zone))

    def light(
        self,
        *,
        last: Span | None = None,
        by: Literal["hour", "day"] | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        zone: str | None = None,
    ) -> Answers[HouseAnswersBody]:
        """Return the light of the plants, such as the daily light integral."""
        start, end = self._window(last, start, end)
        return Answers(self._farm.api.get_light(self.name, start=start, end=end, by=by, zone=zone))

    def disease(
        self,
        *,
        last: Span | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        zone: str | None = None,
    ) -> Answers[HouseAnswersBody]:
        """Return the indices of diseases by day."""
        start, end = self._window(last, start, end)
        return Answers(self._farm.api.get_disease(self.name, start=start, end=end, zone=zone))


class Site(Thing):
    """A site with its weather."""

    def weather(
        self,
        *,
        last: Span | None = None,
        by: Literal["day", "hour"] | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
    ) -> Answers[SiteWeatherBody]:
        """Return the weather by local day or hour."""
        start, end = self._window(last, start, end)
        return Answers(self._farm.api.get_weather(self.name, start=start, end=end, by=by))
