"""Basis of a house's forecast for people: its own past alone, or a weather forecast as well, with its source."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

import msgspec

from headland.analysis.greenhouse.forecast import HouseForecast
from headland.i18n import LANGUAGES, CatalogText, Language, find_term
from headland.i18n.durations import duration_text
from headland.registry.models.weather import Attribution
from headland.registry.repositories.forecasts import Forecast, QuantityForecast, UsedForecast

#: A house's forecast rests on its own past alone, or on a weather forecast as well: as said, or corrected.
HouseBasis = Literal["corrected", "provider", "request", "own_past"]
_GROUP = "house_forecast"
_BETWEEN: Mapping[Language, str] = {"en": " ", "zh": ""}
_LIST: Mapping[Language, str] = {"en": ", ", "zh": "、"}


class BasisOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """What a greenhouse's forecast rests on."""

    basis: Annotated[
        HouseBasis,
        "The house's `own_past` alone; with a weather forecast as its `provider` said it, `corrected` by the farm's "
        "own station, or of the `request`.",
    ]
    text: Annotated[str, "Whose weather forecast it is and how old, or why there is none."]
    text_zh: str
    provider: Annotated[str | None, "Name of the provider's adapter; null without one."]
    title: Annotated[str | None, "Name of the provider for people; null without one."]
    simulated: Annotated[bool, "Whether a simulator said the weather forecast."]
    issued_ms: Annotated[int | None, "Null where the provider does not say it."]
    fetched_ms: Annotated[int | None, "When the station received it."]
    attribution: Annotated[Attribution | None, "To be shown wherever a number of it is."]
    not_used_for: Annotated[list[str], "Quantities whose recorded errors are larger with the weather forecast."]


def basis_of_quantity(record: Forecast, quantity: QuantityForecast, ahead_h: int) -> HouseBasis:
    """Return what a recorded forecast of a quantity rests on, so many hours ahead."""
    reaches = len(quantity.with_weather) >= ahead_h and quantity.with_weather[ahead_h - 1] is not None
    return record.weather.basis if record.weather is not None and quantity.uses_weather and reaches else "own_past"


def basis_of_record(record: Forecast, now_ms: int) -> BasisOfHouse:
    """Return what a recorded forecast rests on."""
    used = {name for name, quantity in record.quantities.items() if quantity.uses_weather}
    given = {name for name, quantity in record.quantities.items() if quantity.with_weather}
    return _basis(record.weather, used, given - used, now_ms)


def basis_of_forecast(forecast: HouseForecast, now_ms: int) -> BasisOfHouse:
    """Return what a forecast rests on; without a weather forecast, why there is none."""
    weather = forecast.weather
    if weather.basis == "request" and forecast.expected:
        return _told("request", None, [CatalogText(_GROUP, "request")], [], now_ms)
    if not forecast.expected:
        reason = CatalogText(_GROUP, "not_measured") if weather.values else None
        texts: list[CatalogText | Mapping[Language, str]] = [CatalogText(_GROUP, "own_past")]
        if reason is not None:
            texts.append(reason)
        elif weather.text:
            texts.append({"en": weather.text, "zh": weather.text_zh})
        return _told("own_past", None, texts, [], now_ms)
    used = {name for name, verdict in forecast.verdicts.items() if verdict.is_used}
    return _basis(weather.source, used, set(forecast.verdicts) - used, now_ms)


def _basis(source: UsedForecast | None, used: Collection[str], unused: Collection[str], now_ms: int) -> BasisOfHouse:
    if source is None or not (used or unused):
        return _told("own_past", None, [CatalogText(_GROUP, "own_past")], [], now_ms)
    names = sorted(unused)
    if not used:
        return _told("own_past", source, [CatalogText(_GROUP, "own_past"), CatalogText(_GROUP, "worse")], names, now_ms)
    how = source.basis if source.issued_ms is not None else f"{source.basis}_unissued"
    texts: list[CatalogText | Mapping[Language, str]] = [CatalogText(_GROUP, how)]
    if names:
        texts.append(CatalogText(_GROUP, "worse_for"))
    return _told(source.basis, source, texts, names, now_ms)


def _told(
    basis: HouseBasis,
    source: UsedForecast | None,
    texts: Collection[CatalogText | Mapping[Language, str]],
    not_used_for: list[str],
    now_ms: int,
) -> BasisOfHouse:
    told = {language: _text(language, source, texts, not_used_for, now_ms) for language in LANGUAGES}
    return BasisOfHouse(
        basis=basis,
        text=told["en"],
        text_zh=told["zh"],
        provider=None if source is None else source.provider,
        title=None if source is None else source.title,
        simulated=source is not None and source.simulated,
        issued_ms=None if source is None else source.issued_ms,
        fetched_ms=None if source is None else source.fetched_ms,
        attribution=None if source is None else source.attribution,
        not_used_for=not_used_for,
    )


def _text(
    language: Language,
    source: UsedForecast | None,
    texts: Collection[CatalogText | Mapping[Language, str]],
    not_used_for: Collection[str],
    now_ms: int,
) -> str:
    values: dict[str, str | CatalogText] = {
        "names": _LIST[language].join(find_term("quantities", name, language) or name for name in not_used_for)
    }
    if source is not None:
        said_ms = source.fetched_ms if source.issued_ms is None else source.issued_ms
        name = source.title
        values["name"] = CatalogText("forecast_states", "simulated", {"name": name}) if source.simulated else name
        values["age"] = duration_text(max(0, now_ms - said_ms) / 1000, language)
    told = [
        CatalogText(text.group, text.identifier, values).text(language)
        if isinstance(text, CatalogText)
        else text[language]
        for text in texts
    ]
    return _BETWEEN[language].join(told)
