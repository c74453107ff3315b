"""Provider of forecasts: what every adapter offers, and the adapters by name.

Another distribution adds one by an entry point of the group `headland.forecast_providers`, named like the provider,
that is a `ForecastProvider`. `tests/formats/weather/contract.py` has what each must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

from headland.i18n import Language
from headland.registry.models.weather import Attribution, ForecastIssue, ForecastPlace


class RefusedAnswer(StrEnum):
    """Why an answer of a provider is no forecast."""

    NOT_READABLE = "not_readable"
    WRONG_SHAPE = "wrong_shape"
    PROVIDER_ERROR = "provider_error"
    NO_VALUES = "no_values"
    TIMES_OUT_OF_ORDER = "times_out_of_order"
    OTHER_PLACE = "other_place"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class RefusedForecast:
    """An answer that is no forecast: the reason, and what was found.

    `status` is the status of HTTP that the answer has in itself, where the provider states an error in a good answer.
    """

    reason: RefusedAnswer
    detail: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class DecodedForecast:
    """A forecast, and how many of its values were left out, by reason: `unknown_unit`, `out_of_range` and others."""

    issue: ForecastIssue
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastQuery:
    """What is asked: the place, rounded as far as the provider allows, the model, and the time zone of the site."""

    place: ForecastPlace
    model: str = ""
    time_zone: str = "UTC"
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A GET: path, parameters of the query, and headers; `host` where it is another than the provider's usual one."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = ""

    @property
    def target(self) -> str:
        """Path and query; commas stay, as the providers write them."""
        return f"{self.path}?{urlencode(self.parameters, safe=',')}" if self.parameters else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSource:
    """Where forecasts come from: a provider that is asked, or a folder.

    title, title_zh
        Its name for people; the Chinese one is empty where it is the same.
    decimals
        Those to which a place is rounded before it leaves the station: 2 are about a kilometre.
    old_after_s
        The time without news after which a forecast is said to be old.
    """

    name: str
    title: str
    attribution: Attribution
    decimals: int = 2
    old_after_s: float = 3 * 3600.0
    title_zh: str = ""

    def title_in(self, language: Language) -> str:
        """Return its name in a language."""
        return self.title_zh or self.title if language == "zh" else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastProvider(ForecastSource):
    """An adapter. It does no I/O and has no clock.

    every_s, quota_a_day
        The shortest time between two requests for a place, and the most requests of a day in all.
    request, decode
        The request of a query with a key, and what its answer is; `decode` raises nothing whatever the bytes are.
    """

    host: str
    request: Callable[[ForecastQuery, str], ProviderRequest]
    decode: Callable[[bytes, ForecastQuery, int], DecodedForecast | RefusedForecast]
    every_s: float = 3600.0
    quota_a_day: int = 500
    most_bytes: int = 4_000_000
    needs_key: bool = False


def round_place(place: ForecastPlace, decimals: int) -> ForecastPlace:
    """Return a place without its height, rounded: nobody outside has to know where in a village a house is."""
    latitude_deg, longitude_deg = round(place.latitude_deg, decimals), round(place.longitude_deg, decimals)
    # -0.0 would be another place than 0.0.
    return ForecastPlace(latitude_deg=latitude_deg + 0.0, longitude_deg=longitude_deg + 0.0)
