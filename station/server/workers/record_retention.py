"""Thread that deletes old audit entries and closed alarms by the retention that people set.

What the store's own retention has deleted is noted in the audit log, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from headland.registry.lifecycle import REGISTRY_KINDS
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from headland.units_of_time import DAY_MS
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.registry.registry import Registry

_LOGGER = logging.getLogger(__name__)

_EVERY_S: Final = 900.0
#: How many records of a kind a store's retention has deleted so far, and before which instant.
StoreDeleted = Mapping[str, tuple[int, int | None]]


class RecordRetentionWorker(SupervisedWorker):
    """Does one round a day of each kind; none while the station's clock is in doubt."""

    def __init__(
        self,
        registry: Registry,
        handle: str,
        now_ms: Callable[[], int],
        in_doubt: Callable[[], bool],
        store_deleted: Callable[[], StoreDeleted] = dict,
    ) -> None:
        self._registry, self._handle, self._now_ms, self._in_doubt = registry, handle, now_ms, in_doubt
        self._store_deleted = store_deleted
        self._deleted = dict.fromkeys(REGISTRY_KINDS, 0)
        self._thread = SupervisedThread(
            "record-retention", self.look, every_s=_EVERY_S, waits_first=True, overdue_after_s=4 * _EVERY_S
        )

    def counters(self) -> Mapping[str, float]:
        """Return the number of deleted records since the start, by kind."""
        return {f"{kind}_deleted_by_retention": float(count) for kind, count in self._deleted.items()}

    def look(self) -> dict[str, int]:
        """Do a round of each kind whose last one is a day old; return the counts. Raises HeadlandError."""
        repository = ensure_organisation(self._registry, self._handle, "station").retention
        counts: dict[str, int] = {}
        with self._thread.items.isolate("What the store has deleted"):
            for kind, (deleted, until_ms) in self._store_deleted().items():
                repository.note_deleted(kind, deleted, until_ms, self._now_ms())
        for kept in repository.all():
            now_ms = self._now_ms()
            # A round that a wrong clock has put into the future keeps none of today away.
            is_done = kept.looked_ms is not None and 0 <= now_ms - kept.looked_ms < DAY_MS
            if is_done or self._in_doubt():
                continue
            with self._thread.items.isolate(f"The retention of {kept.kind}"):
                counts[kept.kind] = repository.expire(kept.kind, now_ms)
                self._deleted[kept.kind] += counts[kept.kind]
                if counts[kept.kind]:
                    _LOGGER.info("retention deleted %d records of the kind %s", counts[kept.kind], kept.kind)
        return counts
