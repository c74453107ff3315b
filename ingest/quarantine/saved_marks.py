"""Marks of spools saved in the file of ingest, at a bounded rate: known also when the store is another one.

The digests of each spool's newest records are saved with them, and what gateways say is missing in their spools.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from headland.contract.records import GatewayStatus
from headland.errors import RetryLater
from headland.store.port import MarkState
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.quarantine.replays import spool_marks

if TYPE_CHECKING:
    from ingest.quarantine.quarantine import Quarantine

_LOGGER = logging.getLogger(__name__)

#: High-water mark by (gateway, epoch).
HighWater = dict[tuple[str, str], int]


class SavedMarks:
    """Belongs to the thread that commits; `known` may be called from any."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._lock = threading.Lock()
        self._known: HighWater = {}
        self._unsaved: HighWater = {}
        self._shortened: dict[str, list[DispositionEntry]] = {}
        self._unsaved_shortened: list[DispositionEntry] = []

    def load(self) -> None:
        """Read the saved marks. Raises RetryLater."""
        saved = self._quarantine.marks()
        with self._lock:
            self._known = saved

    def note(self, marks: Mapping[tuple[str, str], MarkState]) -> None:
        """Note states that the store has committed; from any thread."""
        with self._lock:
            for spool, state in spool_marks(marks).items():
                if state.high_water > self._known.get(spool, 0):
                    self._unsaved[spool] = max(state.high_water, self._unsaved.get(spool, 0))

    def note_told(self, status: GatewayStatus) -> None:
        """Note how far the epochs of a gateway were acked and what is missing in its spool, as it says.

        What was acked and no store has is lost. What is missing was reported by an event, which a store and a file of
        ingest that were lost or replaced since do not have.
        """
        shortened = [
            DispositionEntry(status.gw, each.epoch, Disposition.SHORTENED, ((each.first_seq, each.last_seq),))
            for each in status.shortened
        ]
        acked = [(each.epoch, each.acked_seq) for each in status.ended]
        acked += [(status.epoch, status.acked_seq)] if status.epoch and status.acked_seq else []
        with self._lock:
            if shortened != self._shortened.get(status.gw, []):
                self._shortened[status.gw] = shortened
                self._unsaved_shortened += shortened
            for epoch, seq in acked:
                spool = (status.gw, epoch)
                if seq > max(self._known.get(spool, 0), self._unsaved.get(spool, 0)):
                    self._unsaved[spool] = seq

    def unsaved(self) -> list[tuple[str, str]]:
        """Return the spools that the next call of `save` saves."""
        with self._lock:
            return list(self._unsaved)

    def save(self, digests: Mapping[tuple[str, str], bytes]) -> None:
        """Save what was noted, with the digests; where that fails, it is saved with the next call."""
        with self._lock:
            marks, self._unsaved = self._unsaved, {}
            shortened, self._unsaved_shortened = self._unsaved_shortened, []
        if not marks and not shortened:
            return
        try:
            self._quarantine.save_marks(marks, digests, shortened)
        except RetryLater as error:
            _LOGGER.debug("marks were not saved: %s", error)
            with self._lock:
                self._unsaved = {**marks, **self._unsaved}
                self._unsaved_shortened = [*shortened, *self._unsaved_shortened]
            return
        with self._lock:
            self._known.update(marks)

    def forget(self, gateway: str) -> None:
        """Forget a gateway's marks, on the disk as well; from any thread. Raises RetryLater."""
        self._quarantine.forget_marks(gateway)
        with self._lock:
            for marks in (self._known, self._unsaved):
                for spool in [spool for spool in marks if spool[0] == gateway]:
                    del marks[spool]

    def known(self) -> HighWater:
        """Return the saved marks."""
        with self._lock:
            return dict(self._known)
