"""Failures of single items in a loop's work: counted and logged, and no item stops another."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Final

from headland.errors import DataDamaged, HeadlandError, RetryLater

_LOGGER = logging.getLogger(__name__)

#: Items whose last failure is remembered, so that the same failure is logged once and not at every round.
_MOST_REMEMBERED: Final = 1000


class ItemFailures:
    """Failures of the items of one loop. Not safe to call from several threads at once."""

    def __init__(self) -> None:
        self.count = 0
        self._logged: OrderedDict[str, str] = OrderedDict()

    def isolate(self, item: str) -> _Isolation:
        """Return a context for one item: whatever its block raises is counted and logged, and the caller goes on.

        RetryLater and DataDamaged pass: they concern the store or the registry, and with it every item.
        """
        return _Isolation(self, item)

    def forget(self, item: str) -> None:
        """Forget an item's last failure: it succeeded."""
        if self._logged:
            self._logged.pop(item, None)

    def note(self, item: str, error: BaseException) -> None:
        """Count a failure, and log it where it differs from the item's last one."""
        self.count += 1
        sentence = sentence_of(error)
        if self._logged.get(item) == sentence:
            return
        self._logged[item] = sentence
        self._logged.move_to_end(item)
        while len(self._logged) > _MOST_REMEMBERED:
            self._logged.popitem(last=False)
        trace = None if isinstance(error, HeadlandError) else error
        _LOGGER.warning("%s is left out: %s", item, sentence, exc_info=trace)


class _Isolation:
    """The context of one item."""

    __slots__ = ("_failures", "_item")

    def __init__(self, failures: ItemFailures, item: str) -> None:
        self._failures = failures
        self._item = item

    def __enter__(self) -> None:
        """Begin the item."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Count what the item raised; a panic of a compiled library, too, which is no Exception."""
        if error is None:
            self._failures.forget(self._item)
            return False
        if isinstance(error, RetryLater | DataDamaged):
            return False
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            return False
        self._failures.note(self._item, error)
        return True


def sentence_of(error: BaseException) -> str:
    """Return an exception as one line: the sentence of ours, type and text of another."""
    try:
        text = str(error)
    except Exception:  # an exception whose text raises, too
        text = ""
    return text if isinstance(error, HeadlandError) else f"{type(error).__name__}: {text}"
