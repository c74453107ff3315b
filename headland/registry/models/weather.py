"""Weather forecasts of providers: which provider is asked, and what each of its issues said.

An issue is kept as it was said: nothing in it is interpolated, summed up or filled in.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from headland.registry.models.models import Latitude, Longitude, VersionedRecord

#: Bounds of an issue; what is longer is no forecast of a place.
MOST_SERIES: Final = 60
MOST_STEPS: Final = 1000
MOST_MEMBERS: Final = 100

#: Providers of this package; other distributions add theirs as extensions.
OWN_PROVIDERS: Final = ("files", "met-norway", "open-meteo", "qweather")

Values = tuple[float | None, ...]


class StepKind(StrEnum):
    """What a value is of its time: of its instant, or of all the time from its start to its end."""

    INSTANT = "instant"
    MEAN = "mean"
    SUM = "sum"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    CHANCE = "chance"  # that it happens at all within the time


class ForecastPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place, WGS84; `altitude_m` is the height of the provider's grid point, or None where it does not say."""

    latitude_deg: Latitude
    longitude_deg: Longitude
    altitude_m: float | None = None


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be said wherever a number is shown, with the licence of the data."""

    text: Annotated[str, "The sentence that the licence asks for."]
    text_zh: str
    licence: Annotated[str, "Name of the licence."]
    url: Annotated[str, "Address of the licence or of the provider's terms."]


class ForecastSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one channel, in its unit, each of [`starts_ms`, `ends_ms`]; an instant begins and ends at once.

    `quantiles` are by percent ("10"), `members` one row each of an ensemble; all as long as `ends_ms`. A None is a step
    that the provider left out, or whose value is impossible. `height_m` is the height above the ground.
    """

    channel: str
    aggregation: StepKind
    starts_ms: tuple[int, ...]
    ends_ms: tuple[int, ...]
    values: Values
    quantiles: dict[str, Values] = {}
    members: tuple[Values, ...] = ()
    height_m: float | None = None


class ForecastIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast as its provider issued it for a place.

    `asked` is the place as it was asked for, rounded; `answered` the one of the answer. `issued_ms` is None where the
    provider does not say when it made the forecast: its age then counts from `fetched_ms`.
    """

    provider: str
    model: str
    asked: ForecastPlace
    answered: ForecastPlace | None
    issued_ms: int | None
    fetched_ms: int
    series: tuple[ForecastSeries, ...]
    attribution: Attribution
    simulated: bool = False

    @property
    def said_ms(self) -> int:
        """When it was said: the instant of issue, or of the fetch where the provider states none."""
        return self.fetched_ms if self.issued_ms is None else self.issued_ms

    @property
    def digest(self) -> str:
        """Name of the content, whenever it was fetched: 32 hexadecimal digits of its SHA-256."""
        content = msgspec.json.encode(msgspec.structs.replace(self, fetched_ms=0))
        return hashlib.sha256(content).hexdigest()[:32]

    def leads_h(self, series: ForecastSeries) -> tuple[float, ...]:
        """Return the lead time of each step of a series: from `said_ms` to the end of the step [h]."""
        return tuple((end_ms - self.said_ms) / 3_600_000 for end_ms in series.ends_ms)


class ForecastProviderSetting(VersionedRecord, frozen=True, kw_only=True):
    """A provider that the station asks for the weather to come of each site; without one nothing is asked.

    The key of a provider that needs one is a setting of the station.
    """

    provider: Annotated[
        str,
        Meta(pattern="^[a-z][a-z0-9-]{0,39}$"),
        "Name of an adapter: met-norway, open-meteo, qweather, files, or one that another package adds.",
    ]
    enabled: bool = False
    model: Annotated[
        str, Meta(pattern="^[A-Za-z0-9_.-]{0,60}$"), "One of the provider's models, or empty for its usual one."
    ] = ""
    url: Annotated[str, Meta(max_length=300), "Another host than the provider's own, or empty."] = ""
    contact: Annotated[
        str, Meta(max_length=200), "Address or page by which the provider reaches whoever runs this station."
    ] = ""
