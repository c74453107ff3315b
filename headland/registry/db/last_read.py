"""Answers of the registry, kept until anybody commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from headland.registry.db.database import Database

T = TypeVar("T")
#: Questions that are remembered; with one more the one that was asked least lately is forgotten.
MOST_QUESTIONS: Final = 256


class LastRead(Generic[T]):
    """Answers of a database by question. What they hold must not be changed: it is handed out again.

    Whoever looks every few seconds for what seldom changes asks SQLite for its change count instead, a tenth of the
    time. Servers have no such count: they are read each time. From any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[object, T]] = {}

    def read(self, question: Hashable, read: Callable[[], T], *, keeps: Callable[[T], bool] = lambda _: True) -> T:
        """Return what `read` returns or did since the last commit; `keeps` is whether an answer is to be remembered."""
        # Asked first: what is committed while `read` runs changes it again.
        count = self._database.change_count()
        with self._lock:
            known = self._answers.pop(question, None)
            if count is not None and known is not None and known[0] == count:
                self._answers[question] = known
                return known[1]
        answer = read()
        if count is not None and keeps(answer):
            with self._lock:
                self._answers[question] = count, answer
                if len(self._answers) > MOST_QUESTIONS:
                    del self._answers[next(iter(self._answers))]
        return answer
