"""Forecasts that were given and what came of them, of one organisation: what was said stays as it was said."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables import forecasts
from headland.registry.repositories.context import RepositoryContext
from headland.units_of_time import DAY_MS

#: So long forecasts are kept.
KEEP_MS: Final = 90 * DAY_MS

Hours = list[float | None]


class ForecastOf(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity: what was said for each hour ahead, what was measured then, and what two naive forecasts would say.

    `measured` is None for an hour that has not come, or of which too little was measured when it was settled.
    """

    made: Hours
    low: Hours
    high: Hours
    as_now: float | None
    as_yesterday: Hours
    measured: Hours


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What was forecast of a house from `origin_ms` on, by quantity; said at `made_ms`."""

    house: str
    origin_ms: int
    made_ms: int
    quantities: dict[str, ForecastOf]
    is_settled: bool = False


class ForecastRepository:
    """Every call is one transaction; RetryLater while the database is away."""

    def __init__(self, binding: RepositoryContext) -> None:
        self._binding = binding

    def keep(self, forecast: Forecast) -> None:
        """Keep what was said. Of hours of which something was said before that stays; hours further ahead are added."""
        with self._binding.database.writing() as connection:
            lock_organisation(connection, self._binding.organisation)
            mine = self._mine(forecast.house, forecast.origin_ms)
            known = connection.execute(sa.select(forecasts).where(*mine)).one_or_none()
            if known is not None:
                longer = _row(_lengthen(_forecast(known), forecast))["body"]
                connection.execute(forecasts.update().where(*mine).values(body=longer))
                return
            connection.execute(forecasts.insert().values(organisation=self._binding.organisation, **_row(forecast)))
            old = forecasts.c.origin_ms < forecast.origin_ms - KEEP_MS
            connection.execute(forecasts.delete().where(*self._mine(forecast.house), old))

    def settle(self, forecast: Forecast) -> None:
        """Note what was measured; what was said is not changed."""
        values = _row(forecast)
        with self._binding.database.writing() as connection:
            mine = self._mine(forecast.house, forecast.origin_ms)
            connection.execute(
                forecasts.update().where(*mine).values(is_settled=values["is_settled"], body=values["body"])
            )

    def given(self, house: str, start_ms: int, end_ms: int, *, open_only: bool = False) -> list[Forecast]:
        """Return what was forecast of a house from hours in [start_ms, end_ms), the oldest first."""
        query = sa.select(forecasts).where(
            *self._mine(house), forecasts.c.origin_ms >= start_ms, forecasts.c.origin_ms < end_ms
        )
        if open_only:
            query = query.where(forecasts.c.is_settled.is_(False))
        with self._binding.database.reading() as connection:
            return [_forecast(row) for row in connection.execute(query.order_by(forecasts.c.origin_ms))]

    def _mine(self, house: str, origin_ms: int | None = None) -> list[sa.ColumnElement[bool]]:
        mine = [forecasts.c.organisation == self._binding.organisation, forecasts.c.house == house]
        return mine if origin_ms is None else [*mine, forecasts.c.origin_ms == origin_ms]


def _lengthen(kept: Forecast, forecast: Forecast) -> Forecast:
    """Return what was said before with the hours that it did not reach."""
    quantities = dict(kept.quantities)
    for name, told in forecast.quantities.items():
        before = quantities.setdefault(name, told)
        count = len(before.made)
        quantities[name] = msgspec.structs.replace(
            before,
            **{
                column: [*getattr(before, column), *getattr(told, column)[count:]]
                for column in ("made", "low", "high", "as_yesterday", "measured")
            },
        )
    return msgspec.structs.replace(kept, quantities=quantities)


def _row(forecast: Forecast) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(forecast)
    body = {"quantities": plain.pop("quantities")}
    return {**plain, "body": body}


def _forecast(row: sa.Row[*tuple[Any, ...]]) -> Forecast:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    names = ("house", "origin_ms", "made_ms", "is_settled")
    return msgspec.convert({**values["body"], **{name: values[name] for name in names}}, Forecast)
