"""Repository of weather forecasts: each issue as it was said, added once, never changed, and aged out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.weather_tables import weather_issues, weather_requests
from headland.registry.models.weather import ForecastIssue, ForecastPlace
from headland.registry.repositories.context import RepositoryContext
from headland.units_of_time import DAY_MS

#: Retention of issues, and the most of a place and provider: those of every hour for so long, and 32 MiB.
KEEP_MS: Final = 90 * DAY_MS
MOST_ISSUES: Final = 2400
MOST_BYTES: Final = 32 * 1024 * 1024
#: Days after which the state of requests that nobody makes any more is deleted.
_KEEP_STATE_MS: Final = 30 * DAY_MS
#: Digests of one statement.
_AT_ONCE: Final = 200


def name_of_place(place: ForecastPlace) -> str:
    """Return the name of a rounded place: `31.95,119.17`."""
    return f"{place.latitude_deg:g},{place.longitude_deg:g}"


class WeatherRepository:
    """Repository of issues. Every call is one transaction and raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    def add(self, issue: ForecastIssue) -> bool:
        """Add an issue and delete those that are too old or too many; return False where it is there already."""
        body = zlib.compress(msgspec.json.encode(issue), 6)
        place, digest = name_of_place(issue.asked), issue.digest
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            known = sa.select(weather_issues.c.digest).where(self._mine, weather_issues.c.digest == digest)
            if connection.execute(known).one_or_none() is not None:
                return False
            connection.execute(
                weather_issues.insert().values(
                    organisation=self._context.organisation,
                    digest=digest,
                    provider=issue.provider,
                    place=place,
                    issued_ms=issue.issued_ms,
                    fetched_ms=issue.fetched_ms,
                    bytes=len(body),
                    body=body,
                )
            )
            self._age_out(connection, issue.provider, place, issue.fetched_ms)
        return True

    def said_at(self, place: ForecastPlace, at_ms: int, provider: str | None = None) -> ForecastIssue | None:
        """Return the newest issue for a place that was known at an instant; None where there was none."""
        query = (
            sa.select(weather_issues.c.body)
            .where(self._mine, weather_issues.c.place == name_of_place(place), weather_issues.c.fetched_ms <= at_ms)
            .order_by(weather_issues.c.fetched_ms.desc(), weather_issues.c.digest)
            .limit(1)
        )
        if provider is not None:
            query = query.where(weather_issues.c.provider == provider)
        with self._context.database.reading() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else _issue(body)

    def between(self, place: ForecastPlace, start_ms: int, end_ms: int, limit: int = 200) -> list[ForecastIssue]:
        """Return the issues for a place that were fetched in [start_ms, end_ms), the oldest first."""
        query = (
            sa.select(weather_issues.c.body)
            .where(self._mine, weather_issues.c.place == name_of_place(place))
            .where(weather_issues.c.fetched_ms >= start_ms, weather_issues.c.fetched_ms < end_ms)
            .order_by(weather_issues.c.fetched_ms, weather_issues.c.digest)
            .limit(limit)
        )
        with self._context.database.reading() as connection:
            return [_issue(row.body) for row in connection.execute(query)]

    def fetched(
        self, place: ForecastPlace, provider: str, start_ms: int, end_ms: int, limit: int
    ) -> list[tuple[int, str]]:
        """Return when the issues of a provider for a place were fetched, in [start_ms, end_ms), with their digests.

        The oldest come first; of more than `limit` the oldest.
        """
        columns = weather_issues.c
        query = (
            sa.select(columns.fetched_ms, columns.digest)
            .where(self._mine, columns.place == name_of_place(place), columns.provider == provider)
            .where(columns.fetched_ms >= start_ms, columns.fetched_ms < end_ms)
            .order_by(columns.fetched_ms, columns.digest)
            .limit(limit)
        )
        with self._context.database.reading() as connection:
            return [(row.fetched_ms, row.digest) for row in connection.execute(query)]

    def issues(self, digests: Sequence[str]) -> dict[str, ForecastIssue]:
        """Return issues by their digests; those that are not there any more lack."""
        found: dict[str, ForecastIssue] = {}
        for start in range(0, len(digests), _AT_ONCE):
            columns = weather_issues.c
            named = columns.digest.in_(digests[start : start + _AT_ONCE])
            query = sa.select(columns.digest, columns.body).where(self._mine, named)
            with self._context.database.reading() as connection:
                found |= {row.digest: _issue(row.body) for row in connection.execute(query)}
        return found

    def state(self, provider: str, place: str) -> dict[str, Any] | None:
        """Return what was saved of the requests to a provider for a place, or of its day where the place is empty."""
        query = sa.select(weather_requests.c.state).where(*self._request(provider, place))
        with self._context.database.reading() as connection:
            found: dict[str, Any] | None = connection.execute(query).scalar_one_or_none()
        return found

    def save_state(self, provider: str, place: str, state: dict[str, Any], now_ms: int) -> None:
        """Save the state of the requests to a provider for a place."""
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            values = {"changed_ms": now_ms, "state": state}
            mine = self._request(provider, place)
            if connection.execute(weather_requests.update().where(*mine).values(**values)).rowcount == 0:
                connection.execute(
                    weather_requests.insert().values(
                        organisation=self._context.organisation, provider=provider, place=place, **values
                    )
                )
            old = weather_requests.c.changed_ms < now_ms - _KEEP_STATE_MS
            organisation = weather_requests.c.organisation == self._context.organisation
            connection.execute(weather_requests.delete().where(organisation, old))

    @property
    def _mine(self) -> sa.ColumnElement[bool]:
        return weather_issues.c.organisation == self._context.organisation

    def _request(self, provider: str, place: str) -> tuple[sa.ColumnElement[bool], ...]:
        mine = weather_requests.c.organisation == self._context.organisation
        return mine, weather_requests.c.provider == provider, weather_requests.c.place == place

    def _age_out(self, connection: sa.Connection, provider: str, place: str, now_ms: int) -> None:
        """Delete the issues of a place that are too old, and the oldest where they are too many or too large."""
        connection.execute(weather_issues.delete().where(self._mine, weather_issues.c.fetched_ms < now_ms - KEEP_MS))
        rows = connection.execute(
            sa.select(weather_issues.c.digest, weather_issues.c.bytes)
            .where(self._mine, weather_issues.c.place == place, weather_issues.c.provider == provider)
            .order_by(weather_issues.c.fetched_ms.desc(), weather_issues.c.digest)
        ).all()
        total, gone = 0, []
        for number, row in enumerate(rows):
            total += row.bytes
            # The newest stays whatever its size.
            if number and (number >= MOST_ISSUES or total > MOST_BYTES):
                gone.append(row.digest)
        for start in range(0, len(gone), _AT_ONCE):
            named = weather_issues.c.digest.in_(gone[start : start + _AT_ONCE])
            connection.execute(weather_issues.delete().where(self._mine, named))


def _issue(body: bytes) -> ForecastIssue:
    return msgspec.json.decode(zlib.decompress(body), type=ForecastIssue)
