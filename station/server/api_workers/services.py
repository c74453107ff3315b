"""Services that the owner of the store has and the API's workers call: their ports over the owner's socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from api.live.followers import FeedPort
from api.live.summed_counters import SummedCounters
from api.ops.clock_port import ClockPort
from api.ops.file_imports import FileImports
from api.ops.gateway_enrolment import GatewayEnrolment, GatewayRegistrar
from api.ops.ingest_port import IngestPort
from api.ops.store_admin_port import StoreAdmin
from headland.errors import ImportRefused
from headland.network.enrolment.life import RenewalTooEarly
from headland.runtime.readiness import Check
from headland.runtime.remote.client import PortConnections, RemotePort
from headland.runtime.remote.server import ServedPort
from headland.runtime.supervised_thread import ThreadStatus
from headland.store.port import Store
from headland.store.remote import PORT as STORE
from headland.store.remote import RemoteStore, served_store

#: Connections of a worker: for its questions to the store, for posted samples, which wait for their commit, for all
#: else, and for each feed that it follows. Questions of one worker that take long keep neither another's waiting nor
#: its own health.
CONNECTIONS: Final[Mapping[str, int]] = {"store": 8, "samples": 8, "others": 4}
#: What is there now, in the counters of a worker.
LEVELS: Final = frozenset(("result_cache_entries", "result_cache_bytes"))


class StationServices(Protocol):
    """State of the process that owns the store, and of all workers together."""

    def readiness(self) -> list[Check]:
        """Return what the owner's services have to say about their readiness."""
        ...

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the owner's threads."""
        ...

    def counters(self, worker: str, own: dict[str, float]) -> dict[str, float]:
        """Take a worker's counters; return the owner's, and the sums of all workers'."""
        ...


class OwnerServices:
    """Implements `StationServices` in the process that owns the store."""

    def __init__(
        self,
        readiness: Callable[[], list[Check]],
        threads: Callable[[], Sequence[ThreadStatus]],
        counters: Callable[[], Mapping[str, float]],
    ) -> None:
        self._readiness = readiness
        self._threads = threads
        self._counters = counters
        self._workers = SummedCounters(LEVELS)

    def readiness(self) -> list[Check]:
        """Return what the owner's services have to say about their readiness."""
        return self._readiness()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the owner's threads."""
        return list(self._threads())

    def counters(self, worker: str, own: dict[str, float]) -> dict[str, float]:
        """Take a worker's counters; return the owner's, and the sums of all workers'."""
        self._workers.hear(worker, own)
        return {**self._counters(), **self._workers.sum()}


@dataclass(frozen=True, slots=True)
class OwnedServices:
    """Everything of the owner that workers call; None where it has no such service."""

    store: Store
    station: StationServices
    live: FeedPort
    ingest: IngestPort | None = None
    admin: StoreAdmin | None = None
    registrar: GatewayRegistrar | None = None
    enrolment: GatewayEnrolment | None = None
    imports: FileImports | None = None
    clock: ClockPort | None = None


_PROTOCOLS: Final[Mapping[str, type]] = {
    "station": StationServices,
    "live": FeedPort,
    "ingest": IngestPort,
    "admin": StoreAdmin,
    "registrar": GatewayRegistrar,
    "enrolment": GatewayEnrolment,
    "imports": FileImports,
    "clock": ClockPort,
}
_ERRORS: Final[Mapping[str, type[Exception]]] = {each.__name__: each for each in (ImportRefused, RenewalTooEarly)}


def served_ports(owned: OwnedServices) -> dict[str, ServedPort]:
    """Return the owner's services as `PortServer` serves them."""
    ports = {
        name: ServedPort(protocol, service, _ERRORS)
        for name, protocol in _PROTOCOLS.items()
        if (service := getattr(owned, name)) is not None
    }
    return {STORE: served_store(owned.store), **ports}


def remote_services(connections: Mapping[str, PortConnections], lacking: Sequence[str] = ()) -> OwnedServices:
    """Return the services of the owner as a worker calls them, without those that it is `lacking`.

    `connections` are those of `CONNECTIONS`, by their names.
    """
    others, apart = connections["others"], {"hand_over": connections["samples"]}

    def remote(name: str) -> Any:
        return RemotePort(others, _PROTOCOLS[name], name, _ERRORS, apart=apart)

    names = (name for name in _PROTOCOLS if name not in lacking)
    return OwnedServices(store=RemoteStore(connections["store"]), **{name: remote(name) for name in names})
