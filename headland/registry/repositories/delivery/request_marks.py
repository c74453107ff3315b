"""Requests that were carried out, by their keys, with the answers to repeat."""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.request_marks import MarkedRequest, unmarked, write_mark
from headland.registry.db.tables.farm_tables import request_marks
from headland.registry.models.errors import RequestRepeated
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


class ReceivedBody(msgspec.Struct, frozen=True):
    """A body that may be sent again with its key: the digest of its content, and when it came first."""

    digest: str
    made_ms: int


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

    def note_received(self, key: str, digest: str) -> ReceivedBody:
        """Return what was received first with a key, which is noted for good before anything is done with it."""
        first = self._find_received(key)
        if first is not None:
            return first
        now_ms = self._context.now_ms()
        request = MarkedRequest(self._context.organisation, key, digest, now_ms)
        try:
            with unmarked(), self._context.database.writing() as connection:
                write_mark(connection, request)
                self._forget_old(connection)
        except RequestRepeated:
            # Another request with this key was first, and its transaction has ended.
            return self._find_received(key) or ReceivedBody(digest, now_ms)
        return ReceivedBody(digest, now_ms)

    def note_receipt(self, key: str, digest: str, now_ms: int, within_ms: int) -> int:
        """Return when what a device sent last was received first, where it is this content and not older; else now.

        The receipt is noted for good before anything is done with it. A device has one mark, its newest.
        """
        which = self._mine & (request_marks.c.key == key)
        with unmarked(), self._context.database.writing() as connection:
            query = sa.select(request_marks.c.digest, request_marks.c.made_ms).where(which)
            row = connection.execute(query).one_or_none()
            if row is None:
                write_mark(connection, MarkedRequest(self._context.organisation, key, digest, now_ms))
            elif row.digest == digest and now_ms - row.made_ms <= within_ms:
                return int(row.made_ms)
            else:
                connection.execute(request_marks.update().where(which).values(digest=digest, made_ms=now_ms))
        return now_ms

    def _find_received(self, key: str) -> ReceivedBody | None:
        query = sa.select(request_marks.c.digest, request_marks.c.made_ms).where(self._mine, request_marks.c.key == key)
        with self._context.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else ReceivedBody(row.digest, row.made_ms)

    def _forget_old(self, connection: sa.Connection) -> None:
        until_ms = self._context.now_ms() - KEPT_MS
        connection.execute(request_marks.delete().where(self._mine, request_marks.c.made_ms < until_ms))

    def keep_answer(self, key: str, answer: RequestAnswer) -> None:
        """Keep the answer to repeat, and forget requests of long ago."""
        text = msgspec.json.encode(answer).decode()
        with self._context.database.writing() as connection:
            which = self._mine & (request_marks.c.key == key)
            connection.execute(request_marks.update().where(which).values(answer=text))
            self._forget_old(connection)
