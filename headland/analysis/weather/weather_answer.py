"""Weather of a site as the API gives it, by local day or hour."""

from __future__ import annotations

from typing import Annotated

import msgspec

from headland.analysis.greenhouse.house_answer import notes_in_chinese, notes_of, place_of_house, sourced
from headland.analysis.inputs.answers import DeviceFinding, SourcedAnswer
from headland.analysis.inputs.window import Window
from headland.analysis.weather.site_weather import SiteWeather


class WeatherPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one local day or hour."""

    window: Annotated[Window, "The day or hour."]
    answers: Annotated[dict[str, SourcedAnswer], "Answers by index."]


class WeatherOfSite(msgspec.Struct, frozen=True, kw_only=True):
    """The weather of a site by local day or hour."""

    site: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    items: list[WeatherPeriod]
    left_out: list[DeviceFinding]
    notes: Annotated[dict[str, str], "How a value was computed, or why it is missing."]
    notes_zh: Annotated[dict[str, str], "The notes that there are in Chinese."]


def site_weather_of(weather: SiteWeather) -> WeatherOfSite:
    """Return the weather of a site."""
    house = weather.house
    return WeatherOfSite(
        site=house.id,
        **place_of_house(house),
        items=[
            WeatherPeriod(window=Window(*window), answers=sourced(answers, house)) for window, answers in weather.days
        ],
        left_out=weather.left_out,
        notes=notes_of(weather.notes),
        notes_zh=notes_in_chinese(weather.notes),
    )
