"""The supervised threads of a process, by the parts that own them."""

from __future__ import annotations

from typing import Protocol

from headland.runtime.supervised_thread import ThreadStatus
from headland.store.port import Store
from station.server.storage.stores import is_embedded


class ThreadOwner(Protocol):
    """A part of the station that owns supervised threads."""

    def threads(self) -> list[ThreadStatus]:
        """Return the status of its threads."""
        ...


class ThreadSources:
    """The parts of a process that own supervised threads."""

    def __init__(self) -> None:
        self._owners: list[ThreadOwner] = []

    def add(self, owner: ThreadOwner) -> None:
        """Add a part."""
        self._owners.append(owner)

    def add_store(self, store: Store) -> None:
        """Add a store where it has threads: the embedded one does, a server's client has none."""
        if is_embedded(store):
            self._owners.append(store)

    def list(self) -> list[ThreadStatus]:
        """Return the status of all threads."""
        return [status for owner in self._owners for status in owner.threads()]
