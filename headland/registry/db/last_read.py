"""Answers of the registry, kept until anybody commits."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from headland.registry.db.database import Database

T = TypeVar("T")
#: Questions that are remembered; with one more all are forgotten.
_MOST_QUESTIONS: Final = 32


class LastRead(Generic[T]):
    """Answers of a database by question. What they hold must not be changed: it is handed out again.

    A thread that looks every few seconds for what seldom changes asks SQLite for its change count instead, a tenth of
    the time. Servers have no such count: they are read each time. From any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: dict[Hashable, tuple[object, T]] = {}

    def read(self, question: Hashable, read: Callable[[], T], *, keeps: Callable[[T], bool] = lambda _: True) -> T:
        """Return what `read` returns or did since the last commit; `keeps` is whether an answer is to be remembered."""
        # Asked first: what is committed while `read` runs changes it again.
        count = self._database.change_count()
        known = self._answers.get(question)
        if count is not None and known is not None and known[0] == count:
            return known[1]
        answer = read()
        if count is not None and keeps(answer):
            if question not in self._answers and len(self._answers) >= _MOST_QUESTIONS:
                self._answers.clear()
            self._answers[question] = count, answer
        elif known is not None:
            self._answers.pop(question, None)
        return answer
