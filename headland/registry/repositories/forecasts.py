"""Forecasts of greenhouses and the values measured later; a forecast is never changed after it was made."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Final, Literal

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.farm_tables import forecasts
from headland.registry.models.weather import Attribution
from headland.registry.repositories.context import RepositoryContext
from headland.units_of_time import DAY_MS

#: Retention of forecasts.
KEEP_MS: Final = 90 * DAY_MS
#: Houses that one query names: a database has a limit for the parameters of one.
_NAMES_A_QUERY: Final = 200

Hours = list[float | None]


class QuantityForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Forecast of one quantity by hour ahead, the values measured later, and two naive forecasts for comparison.

    measured
        None for a future hour, or one with too few samples when it was settled.
    with_weather, without_weather
        What was forecast with a weather forecast and without, both empty where there was none.
    uses_weather
        Which of the two is `made`.
    """

    made: Hours
    low: Hours
    high: Hours
    as_now: float | None
    as_yesterday: Hours
    measured: Hours
    with_weather: Hours = []
    without_weather: Hours = []
    uses_weather: bool = False


class UsedForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The weather forecast that a forecast used, as its provider said it or corrected by the farm's own station."""

    basis: Annotated[Literal["provider", "corrected"], "As its provider said it, or corrected by the own station."]
    provider: Annotated[str, "Name of the provider's adapter."]
    title: Annotated[str, "Name of the provider for people."]
    simulated: bool
    issued_ms: Annotated[int | None, "Null where the provider does not say it."]
    fetched_ms: Annotated[int, "When the station received it."]
    attribution: Annotated[Attribution | None, "To be shown wherever a number of it is."]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Forecast of a greenhouse from `origin_ms` on, by quantity, computed at `made_ms`; `weather` is what it used."""

    house: str
    origin_ms: int
    made_ms: int
    quantities: dict[str, QuantityForecast]
    is_settled: bool = False
    weather: UsedForecast | None = None


class ForecastRepository:
    """Repository of forecasts. Every call is one transaction and raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    def save(self, forecast: Forecast) -> None:
        """Add a forecast; where one of the same origin exists, only its missing hours further ahead are added."""
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            mine = self._mine(forecast.house, forecast.origin_ms)
            known = connection.execute(sa.select(forecasts).where(*mine)).one_or_none()
            if known is not None:
                longer = _row(_lengthen(_forecast(known), forecast))["body"]
                connection.execute(forecasts.update().where(*mine).values(body=longer))
                return
            connection.execute(forecasts.insert().values(organisation=self._context.organisation, **_row(forecast)))
            old = forecasts.c.origin_ms < forecast.origin_ms - KEEP_MS
            connection.execute(forecasts.delete().where(*self._mine(forecast.house), old))

    def save_measured(self, forecast: Forecast) -> None:
        """Store the measured values; the forecast values remain."""
        values = _row(forecast)
        with self._context.database.writing() as connection:
            mine = self._mine(forecast.house, forecast.origin_ms)
            connection.execute(
                forecasts.update().where(*mine).values(is_settled=values["is_settled"], body=values["body"])
            )

    def find(self, house: str, start_ms: int, end_ms: int, *, open_only: bool = False) -> list[Forecast]:
        """Return the forecasts of a greenhouse with an origin in [start_ms, end_ms), the oldest first."""
        query = sa.select(forecasts).where(
            *self._mine(house), forecasts.c.origin_ms >= start_ms, forecasts.c.origin_ms < end_ms
        )
        if open_only:
            query = query.where(forecasts.c.is_settled.is_(False))
        with self._context.database.reading() as connection:
            return [_forecast(row) for row in connection.execute(query.order_by(forecasts.c.origin_ms))]

    def of_origins(self, house: str, origins_ms: Collection[int]) -> list[Forecast]:
        """Return the forecasts of a greenhouse with these origins, the oldest first."""
        query = sa.select(forecasts).where(*self._mine(house), forecasts.c.origin_ms.in_(list(origins_ms)))
        with self._context.database.reading() as connection:
            return [_forecast(row) for row in connection.execute(query.order_by(forecasts.c.origin_ms))]

    def newest(self, houses: Collection[str], origins_ms: Collection[int]) -> dict[str, Forecast]:
        """Return for each greenhouse the newest of its forecasts with one of these origins."""
        newest: dict[str, Forecast] = {}
        all_names = list(houses)
        for start in range(0, len(all_names), _NAMES_A_QUERY):
            names = all_names[start : start + _NAMES_A_QUERY]
            query = sa.select(forecasts).where(
                forecasts.c.organisation == self._context.organisation,
                forecasts.c.house.in_(names),
                forecasts.c.origin_ms.in_(list(origins_ms)),
            )
            with self._context.database.reading() as connection:
                rows = connection.execute(query.order_by(forecasts.c.origin_ms))
                newest |= {row.house: _forecast(row) for row in rows}
        return newest

    def _mine(self, house: str, origin_ms: int | None = None) -> list[sa.ColumnElement[bool]]:
        mine = [forecasts.c.organisation == self._context.organisation, forecasts.c.house == house]
        return mine if origin_ms is None else [*mine, forecasts.c.origin_ms == origin_ms]


def _lengthen(existing: Forecast, forecast: Forecast) -> Forecast:
    """Return an existing forecast with the further hours of a new one."""
    quantities = dict(existing.quantities)
    for name, quantity in forecast.quantities.items():
        before = quantities.setdefault(name, quantity)
        count = len(before.made)
        further = {
            column: [*getattr(before, column), *getattr(quantity, column)[count:]]
            for column in ("made", "low", "high", "as_yesterday", "measured")
        }
        if before.uses_weather != quantity.uses_weather:
            # What is said of further hours rests on what the nearer ones do.
            other = quantity.with_weather if before.uses_weather else quantity.without_weather
            nothing: Hours = [None] * len(quantity.made[count:])
            further |= {"made": [*before.made, *(other[count:] or nothing)]}
            further |= {"low": [*before.low, *nothing], "high": [*before.high, *nothing]}
        if before.with_weather:
            missing: Hours = [None] * len(quantity.made)
            for column in ("with_weather", "without_weather"):
                more = (getattr(quantity, column) or missing)[count:]
                further[column] = [*getattr(before, column), *more]
        quantities[name] = msgspec.structs.replace(before, **further)
    return msgspec.structs.replace(existing, quantities=quantities)


def _row(forecast: Forecast) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(forecast)
    body = {"quantities": plain.pop("quantities"), "weather": plain.pop("weather")}
    return {**plain, "body": body}


def _forecast(row: sa.Row[*tuple[Any, ...]]) -> Forecast:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    names = ("house", "origin_ms", "made_ms", "is_settled")
    return msgspec.convert({**values["body"], **{name: values[name] for name in names}}, Forecast)
