"""Answers about a greenhouse as the API gives them: by period, with targets, notes and origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from headland.agronomy.climate.condensation import WetEvent
from headland.agronomy.climate.forecast import Skill
from headland.agronomy.series.answer import Answer
from headland.analysis.greenhouse.climate import HouseAnswers
from headland.analysis.greenhouse.crop_targets import TargetBand
from headland.analysis.greenhouse.forecast import HouseForecast
from headland.analysis.greenhouse.forecast_basis import BasisOfHouse, basis_of_forecast
from headland.analysis.greenhouse.forecast_history import PastForecast
from headland.analysis.greenhouse.forecast_record import WeatherComparison, WeatherVerdict
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.sensor_health import DeviceHealth
from headland.analysis.inputs.answers import DeviceFinding, SourcedAnswer, answer_of
from headland.analysis.inputs.window import Window
from headland.i18n import CatalogText
from headland.i18n.sentences import translate_sentence


class StageTarget(msgspec.Struct, frozen=True, kw_only=True):
    """The target band of an index for the crop and its stage."""

    low: Annotated[float, "Lower end of the band, in the unit of the index."]
    high: Annotated[float, "Upper end of the band."]
    crop: str
    stage: Annotated[str, "Crop stage; empty for all stages."]
    source: Annotated[str, "Source of the band."]
    source_zh: Annotated[str, "The source in Chinese; empty where it has none."] = ""


class PeriodOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one period: an hour, a local day, a crop stage or the whole window."""

    window: Annotated[Window, "Time of the period."]
    stage: Annotated[str | None, "Crop stage; null unless stages divide the window."]
    answers: Annotated[dict[str, SourcedAnswer], "Answers by index."]
    levels: Annotated[
        dict[str, str],
        "below, within or above its target; for a disease low, moderate or high.",
    ]


class AnswersOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The answers about a greenhouse by period, with targets, notes and samples left out."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: Annotated[bool, "false: no site in the registry, so days are those of UTC."]
    by: Annotated[str, "Periods: window, hour, day or stage."]
    crop: str
    stage: Annotated[str, "Crop stage; empty where none is known."]
    targets: dict[str, StageTarget]
    items: list[PeriodOfHouse]
    left_out: list[DeviceFinding]
    notes: Annotated[dict[str, str], "How a value was computed, or the validity of an index."]
    notes_zh: Annotated[dict[str, str], "The notes that there are in Chinese."]
    events: Annotated[list[WetEvent] | None, "For condensation only."]


class ClimateAnswers(AnswersOfHouse, frozen=True, kw_only=True):
    """The answers about a greenhouse's air; without `by` the main ones also under keys of their own."""

    vpd_kpa: Annotated[SourcedAnswer | None, "Over the whole window; null with `by`."]
    dew_point_degc: Annotated[SourcedAnswer | None, "Over the whole window; null with `by`."]
    humidity_deficit_g_m3: Annotated[SourcedAnswer | None, "Over the whole window; null with `by`."]
    frost_point_degc: Annotated[
        SourcedAnswer | None,
        "Over the whole window, only where hoar could have formed; null with `by`.",
    ]


class HourAhead(msgspec.Struct, frozen=True, kw_only=True):
    """One hour ahead: each quantity with the range of nine of ten past errors."""

    ahead_h: int
    window: Annotated[Window, "The hour."]
    answers: Annotated[dict[str, SourcedAnswer], "Answers by quantity."]
    skill: Annotated[
        dict[str, Skill | None],
        "By quantity, of forecasts without a weather forecast. With that of a request, computed as if past ones had "
        "been right: too optimistic.",
    ]
    record: Annotated[
        dict[str, Skill | None],
        "By quantity: the errors of the forecasts recorded in the last 30 days.",
    ]
    weather_record: Annotated[
        dict[str, WeatherComparison | None],
        "By quantity: the errors of those of every third hour, with a weather forecast and without.",
    ]


class ForecastOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast of a greenhouse for the next hours."""

    greenhouse: str
    simulated: bool
    origin_ms: int
    history_hours: Annotated[int, "Number of known hours that it rests on."]
    drivers: Annotated[list[str], "The weather channels used."]
    weather_forecast: Annotated[list[str], "The weather channels with a forecast, of the site or of the request."]
    basis: Annotated[BasisOfHouse, "What it rests on."]
    verdicts: Annotated[
        dict[str, WeatherVerdict],
        "By quantity, whether it uses the weather forecast: not where its recorded errors are larger with it.",
    ]
    items: list[HourAhead]
    left_out: list[DeviceFinding]


class PastForecasts(msgspec.Struct, frozen=True, kw_only=True):
    """Recorded forecasts, unchanged since they were made."""

    greenhouse: str
    simulated: bool
    ahead_h: int
    start_ms: int
    end_ms: int
    quantities: Annotated[dict[str, PastForecast], "Recorded forecasts by quantity."]


class SensorsOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The health of the sensors of a greenhouse."""

    greenhouse: str
    simulated: bool
    window: Annotated[Window, "Time that the samples are of."]
    devices: list[DeviceHealth]


def climate_answers_of(answers: HouseAnswers) -> ClimateAnswers:
    """Return the answers about a house's air, those over the whole window also by their own keys."""
    fields = _fields_of(answers)
    whole = fields["items"][0].answers if answers.by == "window" else {}
    keys = set(ClimateAnswers.__struct_fields__) - set(AnswersOfHouse.__struct_fields__)
    return ClimateAnswers(**{**fields, **{key: whole.get(key) for key in keys}})


def house_answers_of(answers: HouseAnswers) -> AnswersOfHouse:
    """Return the answers about a house."""
    return AnswersOfHouse(**_fields_of(answers))


def place_of_house(house: House) -> dict[str, Any]:
    """Return the fields of an answer that say of which devices and time zone it is."""
    return {
        "devices": [record.descriptor.device for record in house.records],
        "simulated": house.simulated,
        "time_zone": str(house.place.time_zone),
        "time_zone_known": house.place.time_zone_known,
    }


def target_of(band: TargetBand) -> StageTarget:
    """Return a target band; its index is the key of the answer."""
    return StageTarget(**{name: getattr(band, name) for name in StageTarget.__struct_fields__})


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
    house: House, forecast: HouseForecast, record: Mapping[str, Sequence[Skill | None]], now_ms: int
) -> ForecastOfHouse:
    """Return the forecast of a house with the errors of recorded forecasts."""
    return ForecastOfHouse(
        greenhouse=house.id,
        simulated=house.simulated,
        origin_ms=forecast.origin_ms,
        history_hours=forecast.history_hours,
        drivers=forecast.drivers,
        weather_forecast=forecast.expected,
        basis=basis_of_forecast(forecast, now_ms),
        verdicts=forecast.verdicts,
        items=[
            HourAhead(
                ahead_h=hour.hours,
                window=Window(*hour.window),
                answers=sourced(hour.answers, house),
                skill=hour.skill,
                record={
                    name: skills[hour.hours - 1] if hour.hours <= len(skills) else None
                    for name, skills in record.items()
                },
                weather_record={
                    name: errors.compare(hour.hours) for name, errors in forecast.record.items() if name in hour.answers
                },
            )
            for hour in forecast.ahead
        ],
        left_out=forecast.left_out,
    )


def past_forecasts_of(
    house: House, ahead_h: int, window: Window, recorded: Mapping[str, PastForecast]
) -> PastForecasts:
    """Return the recorded forecasts of a house."""
    start_ms, end_ms = window.pair
    return PastForecasts(
        greenhouse=house.id,
        simulated=house.simulated,
        ahead_h=ahead_h,
        start_ms=start_ms,
        end_ms=end_ms,
        quantities=dict(recorded),
    )


def sensors_of(house: House, window: Window, devices: list[DeviceHealth]) -> SensorsOfHouse:
    """Return the health of the sensors of a house."""
    return SensorsOfHouse(greenhouse=house.id, simulated=house.simulated, window=window, devices=devices)


def _fields_of(answers: HouseAnswers) -> dict[str, Any]:
    house = answers.house
    return {
        "greenhouse": house.id,
        **place_of_house(house),
        "by": answers.by,
        "crop": house.crop,
        "stage": house.stage,
        "targets": {name: target_of(band) for name, band in answers.targets.items()},
        "items": [
            PeriodOfHouse(
                window=Window(*period.window),
                stage=period.stage,
                answers=sourced(period.answers, house),
                levels=period.levels,
            )
            for period in answers.periods
        ],
        "left_out": answers.left_out,
        "notes": notes_of(answers.notes),
        "notes_zh": notes_in_chinese(answers.notes),
        "events": answers.events,
    }


def sourced(answers: Mapping[str, Answer], house: House) -> dict[str, SourcedAnswer]:
    """Return answers with the origin of a house's samples."""
    return {name: answer_of(answer, house.simulated) for name, answer in answers.items()}
