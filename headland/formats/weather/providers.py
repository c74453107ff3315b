"""All providers: those of this package, and those that other distributions add by an entry point."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from headland.errors import SettingsError
from headland.formats.weather.met_norway import MET_NORWAY
from headland.formats.weather.open_meteo import OPEN_METEO
from headland.formats.weather.provider import GROUP, ForecastProvider
from headland.formats.weather.qweather import QWEATHER

PROVIDERS: Final[dict[str, ForecastProvider]] = {each.name: each for each in (MET_NORWAY, OPEN_METEO, QWEATHER)}


def provider_named(name: str) -> ForecastProvider:
    """Return the provider of a name. Raises SettingsError for an unknown one, or one that cannot be loaded."""
    own = PROVIDERS.get(name)
    if own is not None:
        return own
    points = list(entry_points(group=GROUP, name=name))
    if not points:
        raise SettingsError(
            f"There is no provider of forecasts {name!r}: choose one of {', '.join(sorted(PROVIDERS))}."
        )
    try:
        found = points[0].load()
    except Exception as error:
        raise SettingsError(
            f"The provider of forecasts {name!r} cannot be loaded ({type(error).__name__}: {error}): update or remove "
            f"the package that adds it."
        ) from error
    if not isinstance(found, ForecastProvider) or found.name != name:
        raise SettingsError(
            f"The provider of forecasts {name!r} is no ForecastProvider of that name: update its package."
        )
    return found
