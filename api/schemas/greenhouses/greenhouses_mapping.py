"""Mapping of greenhouse and weather answers to response models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from api.schemas.greenhouses import greenhouses as schema
from api.schemas.model import fill
from headland.agronomy.climate.forecast import Skill
from headland.analysis.greenhouse.climate import HouseAnswers
from headland.analysis.greenhouse.forecast import HouseForecast
from headland.analysis.greenhouse.forecast_history import PastForecast
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.sensor_health import ChannelHealth
from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.analysis.inputs.window import Window
from headland.analysis.weather.site_weather import SiteWeather
from headland.contract.indices import unit_of
from headland.i18n import CatalogText
from headland.i18n.sentences import translate_sentence


def climate_answers_of(answers: HouseAnswers) -> schema.ClimateAnswers:
    """Return the answers about a house's air, those over the whole window also by their own keys."""
    whole: dict[str, SourcedAnswer] = {}
    if answers.by == "window":
        (period,) = answers.periods
        whole = {name: answer_of(answer, answers.house.simulated) for name, answer in period.answers.items()}
    return schema.ClimateAnswers(
        **_house_fields(answers),
        vpd_kpa=whole.get("vpd_kpa"),
        dew_point_degc=whole.get("dew_point_degc"),
        humidity_deficit_g_m3=whole.get("humidity_deficit_g_m3"),
        frost_point_degc=whole.get("frost_point_degc"),
    )


def house_answers_of(answers: HouseAnswers) -> schema.HouseAnswersBody:
    """Return the answers about a house."""
    return schema.HouseAnswersBody(**_house_fields(answers))


def _house_fields(answers: HouseAnswers) -> dict[str, Any]:
    house = answers.house
    return {
        "greenhouse": house.id,
        "devices": [record.descriptor.device for record in house.records],
        "simulated": house.simulated,
        "time_zone": str(house.place.time_zone),
        "time_zone_known": house.place.time_zone_known,
        "by": answers.by,
        "crop": house.crop,
        "stage": house.stage,
        "targets": {name: fill(schema.Target, band) for name, band in answers.targets.items()},
        "items": [
            schema.PeriodAnswers(
                window=Window(start_ms=period.window[0], end_ms=period.window[1]),
                stage=period.stage,
                answers={name: answer_of(answer, house.simulated) for name, answer in period.answers.items()},
                levels=period.levels,
            )
            for period in answers.periods
        ],
        "left_out": answers.left_out,
        "notes": notes_of(answers.notes),
        "notes_zh": notes_in_chinese(answers.notes),
        "events": None if answers.events is None else [fill(schema.WetEventItem, event) for event in answers.events],
    }


def notes_of(notes: Mapping[str, str | CatalogText]) -> dict[str, str]:
    """Return the notes of an answer in English, the language of the API."""
    return {name: note if isinstance(note, str) else note.text("en") for name, note in notes.items()}


def notes_in_chinese(notes: Mapping[str, str | CatalogText]) -> dict[str, str]:
    """Return the notes that there are in Chinese."""
    found = {
        name: translate_sentence(note, "zh") if isinstance(note, str) else note.text("zh")
        for name, note in notes.items()
    }
    return {name: text for name, text in found.items() if text}


def forecast_of(
    house: House, forecast: HouseForecast, record: Mapping[str, Sequence[Skill | None]]
) -> schema.ForecastBody:
    """Return the forecast of a house with the errors of recorded forecasts."""
    simulated = house.simulated
    return fill(
        schema.ForecastBody,
        forecast,
        greenhouse=house.id,
        simulated=simulated,
        weather_forecast=forecast.expected,
        items=[
            schema.ForecastHour(
                ahead_h=hour.hours,
                window=Window(start_ms=hour.window[0], end_ms=hour.window[1]),
                answers={name: answer_of(answer, simulated) for name, answer in hour.answers.items()},
                skill=dict(hour.skill.items()),
                record={
                    name: skills[hour.hours - 1] if hour.hours <= len(skills) else None
                    for name, skills in record.items()
                },
            )
            for hour in forecast.ahead
        ],
        left_out=forecast.left_out,
    )


def past_forecasts_of(
    house: House, ahead_h: int, window: Window, recorded: Mapping[str, PastForecast]
) -> schema.PastForecastBody:
    """Return the recorded forecasts of a house."""
    return schema.PastForecastBody(
        greenhouse=house.id,
        simulated=house.simulated,
        ahead_h=ahead_h,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        quantities={
            name: schema.PastForecast(unit=unit_of(name) or "1", **asdict(column)) for name, column in recorded.items()
        },
    )


def data_quality_of(house: House, window: Window, channels: list[ChannelHealth]) -> schema.DataQualityBody:
    """Return the health of the sensors of a house."""
    devices = list(dict.fromkeys(health.device for health in channels))
    return schema.DataQualityBody(
        greenhouse=house.id,
        simulated=house.simulated,
        window=window,
        devices=[
            schema.DeviceHealth(
                device=device,
                channels=[
                    fill(schema.ChannelHealth, health, findings=health.findings)
                    for health in channels
                    if health.device == device
                ],
            )
            for device in devices
        ],
    )


def site_weather_of(weather: SiteWeather) -> schema.SiteWeatherBody:
    """Return the weather of a site."""
    house = weather.house
    return schema.SiteWeatherBody(
        site=house.id,
        devices=[record.descriptor.device for record in house.records],
        simulated=house.simulated,
        time_zone=str(house.place.time_zone),
        time_zone_known=house.place.time_zone_known,
        items=[
            schema.WeatherDay(
                window=Window(start_ms=window[0], end_ms=window[1]),
                answers={name: answer_of(answer, house.simulated) for name, answer in answers.items()},
            )
            for window, answers in weather.days
        ],
        left_out=weather.left_out,
        notes=weather.notes,
    )
