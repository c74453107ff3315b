"""All providers: those of this package, and those that other distributions add by an entry point."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from headland.errors import SettingsError
from headland.formats.weather.files import FILES
from headland.formats.weather.met_norway import MET_NORWAY
from headland.formats.weather.open_meteo import OPEN_METEO
from headland.formats.weather.provider import ForecastProvider, ForecastSource
from headland.formats.weather.qweather import QWEATHER
from headland.registry.models.weather import Attribution
from headland.runtime.extensions import FORECAST_PROVIDERS, ExtensionError, extension_names, load_extension

PROVIDERS: Final[dict[str, ForecastProvider]] = {each.name: each for each in (MET_NORWAY, OPEN_METEO, QWEATHER)}


#: Those that are asked, and those that are not.
SOURCES: Final[dict[str, ForecastSource]] = {**PROVIDERS, FILES.name: FILES}


def source_named(name: str) -> ForecastSource:
    """Return the provider of a name, or the folder. Raises SettingsError as `provider_named`."""
    return FILES if name == FILES.name else provider_named(name)


def provider_named(name: str) -> ForecastProvider:
    """Return the provider of a name. Raises SettingsError for an unknown one, or one that cannot be loaded."""
    own = PROVIDERS.get(name)
    if own is not None:
        return own
    try:
        loaded = load_extension(FORECAST_PROVIDERS, name)
    except ExtensionError as error:
        raise SettingsError(f"{error}. Update or remove the package that adds it.") from error
    if loaded is None:
        raise SettingsError(f"There is no provider of forecasts {name!r}: choose one of {', '.join(sorted(SOURCES))}.")
    found = loaded.value
    if not isinstance(found, ForecastProvider) or found.name != name:
        raise SettingsError(
            f"The provider of forecasts {name!r} of {loaded.owner} is no ForecastProvider of that name: "
            f"update {loaded.owner}."
        )
    return found


class ForecastProviderKind(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that can be chosen: what leaves the station, what it asks for, and its licence."""

    name: Annotated[str, "What a record of `/v1/forecast-providers` names it."]
    title: Annotated[str, "Name of the provider for people."]
    title_zh: Annotated[str, "The same in Chinese."]
    host: Annotated[str, "The provider's own host, where the record gives no other; empty where nothing is asked."]
    decimals: Annotated[int, "Decimals of a degree to which a place is rounded before it leaves the station."]
    every_s: Annotated[float, "Shortest time between two requests for a place."]
    quota_a_day: Annotated[int, "Most requests of a day, for all places."]
    needs_key: Annotated[bool, "Whether it answers with a key only: HEADLAND_FORECAST_KEYS of the station."]
    attribution: Annotated[Attribution, "To be shown wherever a number of it is."]


def describe_providers() -> tuple[ForecastProviderKind, ...]:
    """Return every provider that can be chosen, by name; one of another distribution that cannot be loaded is none."""
    others: dict[str, ForecastSource] = {}
    for name in extension_names(FORECAST_PROVIDERS):
        try:
            others[name] = provider_named(name)
        except SettingsError:
            continue
    return tuple(_describe(each) for _, each in sorted({**others, **SOURCES}.items()))


def _describe(provider: ForecastSource) -> ForecastProviderKind:
    asked = provider if isinstance(provider, ForecastProvider) else None
    return ForecastProviderKind(
        name=provider.name,
        title=provider.title_in("en"),
        title_zh=provider.title_in("zh"),
        host="" if asked is None else asked.host,
        decimals=provider.decimals,
        every_s=0.0 if asked is None else asked.every_s,
        quota_a_day=0 if asked is None else asked.quota_a_day,
        needs_key=asked is not None and asked.needs_key,
        attribution=provider.attribution,
    )
