"""Thread that registers the gateways and devices of the store."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from headland.contract.records import Descriptor
from headland.registry.models.errors import RecordConflict
from headland.registry.registry import Registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from station.server.organisation import add_gateway, ensure_organisation

if TYPE_CHECKING:
    from headland.store.port import DeviceRecord, Store

_LOGGER = logging.getLogger(__name__)

_SYNC_EVERY_S: Final = 10.0


class RegistrySync(SupervisedWorker):
    """Copies gateways and devices from the store to the registry, in a thread.

    It writes changes only, and restores a deleted record only when newer data of it arrives. While the registry is not
    reachable it tries again, with one warning.
    """

    def __init__(self, registry: Registry, store: Store, handle: str) -> None:
        self._registry = registry
        self._store = store
        self._handle = handle
        self._synced: dict[str, tuple[str, Descriptor]] = {}
        self._thread = SupervisedThread("registry-sync", self.sync, every_s=_SYNC_EVERY_S)

    def sync(self) -> int:
        """Do one round; return the number of new or changed devices. Raises HeadlandError."""
        changed = 0
        repositories: OrganisationRepositories | None = None
        for record in self._store.devices(self._handle):
            described = (record.gateway, record.descriptor)
            # Samples without a gateway precede the descriptor, which names it.
            if not record.gateway or self._synced.get(record.descriptor.device) == described:
                continue
            repositories = repositories or ensure_organisation(self._registry, self._handle, "station")
            with self._thread.items.isolate(f"The registration of device {record.descriptor.device}"):
                _register(repositories, record)
                self._synced[record.descriptor.device] = described
                changed += 1
        return changed


def _register(repositories: OrganisationRepositories, record: DeviceRecord) -> None:
    seen_ms = record.last_seen_ms or 0
    try:
        if seen_ms >= (repositories.gateways.deleted_ms(name=record.gateway) or 0):
            add_gateway(repositories, record.gateway, record.descriptor.site)
        if seen_ms >= (repositories.devices.deleted_ms(name=record.descriptor.device) or 0):
            repositories.record_descriptor(record.gateway, record.descriptor)
    except RecordConflict as error:
        _LOGGER.warning("Device %s was not registered: %s", record.descriptor.device, error)
