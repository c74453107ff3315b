"""Requests that were carried out, by their keys, with the answers to repeat."""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import request_marks
from headland.registry.repositories.context import RepositoryContext
from headland.units_of_time import DAY_MS

#: How long a request is known; a phone may have been without a network for weeks.
KEPT_MS: Final = 90 * DAY_MS


class RequestAnswer(msgspec.Struct, frozen=True):
    """Answer to a request: status, headers, and the body as text."""

    status: int
    headers: dict[str, str]
    body: str


class RequestMark(msgspec.Struct, frozen=True):
    """A request that was carried out; without `answer` it is not known what was answered."""

    digest: str
    answer: RequestAnswer | None


class RequestMarkRepository:
    """Repository of the marks of one organisation. Raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = request_marks.c.organisation == context.organisation

    def find(self, key: str) -> RequestMark | None:
        """Return the mark of a key, or None where no such request was carried out."""
        query = sa.select(request_marks.c.digest, request_marks.c.answer).where(self._mine, request_marks.c.key == key)
        with self._context.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        answer = None if row.answer is None else msgspec.json.decode(row.answer, type=RequestAnswer)
        return RequestMark(row.digest, answer)

    def keep_answer(self, key: str, answer: RequestAnswer) -> None:
        """Keep the answer to repeat, and forget requests of long ago."""
        text = msgspec.json.encode(answer).decode()
        with self._context.database.writing() as connection:
            which = self._mine & (request_marks.c.key == key)
            connection.execute(request_marks.update().where(which).values(answer=text))
            until_ms = self._context.now_ms() - KEPT_MS
            connection.execute(request_marks.delete().where(self._mine, request_marks.c.made_ms < until_ms))
