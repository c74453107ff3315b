"""Thread that records beside the store how far each gateway's spools were committed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from ingest.quarantine.replays import spool_marks
from station.server.organisation import ensure_organisation
from station.server.workers.station_books import STATION

if TYPE_CHECKING:
    from headland.registry.registry import Registry
    from headland.registry.repositories.delivery.delivery_marks import DeliveryMarks
    from headland.store.port import Store

_SYNC_EVERY_S: Final = 10.0
#: Marks of one transaction at most: others are written in the next round.
_MAX_MARKS: Final = 2000


class DeliveryMarksSync(SupervisedWorker):
    """Copies the marks of the store to the registry every ten seconds, and at the end; never lowers one.

    Where the store was replaced by an empty or an older one, the registry still knows what was committed and deleted by
    the gateways. Ingest never waits for the registry: a round that fails is repeated.
    """

    def __init__(self, registry: Registry, store: Store, handle: str) -> None:
        self._registry = registry
        self._store = store
        self._handle = handle
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], int] = {}
        self._thread = SupervisedThread("delivery-marks", self.sync, every_s=_SYNC_EVERY_S, finish=self.sync)

    def known(self) -> DeliveryMarks:
        """Return the marks of the registry, from memory; none before the first round."""
        with self._lock:
            return dict(self._known)

    def sync(self) -> int:
        """Do one round; return the number of marks that were written. Raises HeadlandError."""
        repository = ensure_organisation(self._registry, self._handle, "station").delivery_marks
        known = {key: mark for key, mark in repository.load().items() if key[0] != STATION}
        risen = [(key, state.high_water) for key, state in spool_marks(self._store.marks()).items()]
        chosen = dict([(key, mark) for key, mark in risen if mark > known.get(key, 0)][:_MAX_MARKS])
        if chosen:
            repository.save(chosen)
        with self._lock:
            self._known = {**known, **chosen}
        return len(chosen)
