"""One of several processes that serve a station's API: store and ingest are in another, the registry is its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Final, cast

from api.app import create_app
from api.auth.oidc import authenticator_of
from api.auth.shared_limits import SharedLimits
from api.live.followers import FeedPort
from api.live.places import LivePlaces
from api.live.sources import FOLLOW_S, FeedFollower
from headland.clock.station_clock.station_clock import StationClock
from headland.errors import RetryLater
from headland.runtime.remote.client import PortConnections, RemotePort
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from headland.runtime.tracing.exporter import start_exporter
from station.server.api_workers.place import StationPlace
from station.server.api_workers.services import CONNECTIONS, StationServices, remote_services
from station.server.http_server import serve_until_stopped
from station.server.notifications.sender import unreachable_kinds
from station.server.posted_uplinks import read_uplink
from station.server.process_memory import GarbageSearch, limit_arenas
from station.server.settings import StationSettings
from station.server.storage.registries import open_registry
from station.server.storage.stores import is_file
from station.server.thread_sources import ThreadSources

#: How long a worker waits for the owner at its start, and between two questions.
_OWNER_WITHIN_S: Final = 60.0
_ASK_EVERY_S: Final = 0.2
_REPORT_EVERY_S: Final = 5.0


def run_worker(settings: StationSettings, place: StationPlace) -> None:
    """Serve the API until SIGTERM or SIGINT. Raises HeadlandError where it cannot start.

    While the owner is away, requests that need it are told to come again, and /readyz says so.
    """
    limit_arenas()
    organisation = settings.ingest.organisation
    # No other process ever has this name: sums of counters rely on that.
    name = f"{place.name}/{os.getpid()}"
    with ExitStack() as cleanup:
        connections = {
            purpose: PortConnections(place.owner_path, f"{name}/{purpose}", most)
            for purpose, most in CONNECTIONS.items()
        }
        for each in connections.values():
            cleanup.callback(each.close)
        owned = remote_services(connections, lacking_of(settings))
        _await_owner(owned.station)
        # The owner's record tells what time it is; only the owner hears gateways.
        clock = StationClock(settings.clock_path, saves=False)
        registry = None
        if settings.registry_url is not None:
            registry = open_registry(settings.registry_url, now_ms=clock.now_ms, deferred=True)
            cleanup.callback(registry.close)
        places = LivePlaces()
        own_feed = _follower(place, name, places, organisation, cleanup)
        own_feed.start(_OWNER_WITHIN_S)
        threads = ThreadSources()
        garbage = GarbageSearch()
        garbage.start()
        cleanup.callback(garbage.stop)
        threads.add(garbage)
        threads.add(own_feed)
        spans = start_exporter(settings.traces, "headland-api", name)
        if spans is not None:
            cleanup.callback(spans.stop)
            threads.add(spans)
        shared = SharedLimits(place.limits_path)
        cleanup.callback(shared.close)
        report = CounterReport(owned.station, name)
        app = create_app(
            owned.store,
            organisation=organisation,
            readiness=owned.station.readiness,
            counters=report.now,
            gateways=owned.ingest,
            registry=registry,
            store_admin=owned.admin,
            now_ms=clock.now_ms,
            live=own_feed.feed,
            follow=lambda other, others_places: _follower(place, name, others_places, other, cleanup),
            shared_limits=shared,
            metrics_folder=place.metrics_folder,
            authenticator=authenticator_of(registry, settings.issuer, clock.now_ms),
            limits=settings.limits,
            addresses=settings.addresses,
            threads=lambda: [*owned.station.threads(), *threads.list()],
            webhooks_to=settings.webhooks_to,
            unreachable=unreachable_kinds(settings.mail, has_broker=True),
            registrar=owned.registrar,
            enrolment=owned.enrolment,
            imports=owned.imports,
            uplinks=read_uplink,
            clock=owned.clock,
            base_map=settings.base_map,
            photos=settings.photos,
            book_notes=settings.ingest.quarantine_path,
            farm_folder=settings.farm_folder,
            spans=spans,
            traced_share=1.0 if spans is None else spans.settings.share,
        )
        report.start(app.state.home.cache.counters)
        cleanup.callback(report.stop)
        threads.add(report)
        serve_until_stopped(app, settings.host, settings.port, threads.list, place.take_socket())


def lacking_of(settings: StationSettings) -> list[str]:
    """Return the services that the owner does not have with these settings."""
    has_admin = settings.store_token is not None and is_file(settings.store_url)
    optional = ("registrar", "enrolment", "imports")
    return [*([] if has_admin else ["admin"]), *(name for name in optional if getattr(settings, name) is None)]


class CounterReport:
    """Tells the owner the counters of this worker now and then, from the thread `api-report`."""

    def __init__(self, station: StationServices, name: str) -> None:
        self._station = station
        self._name = name
        self._own: Callable[[], Mapping[str, float]] = dict
        self._thread = SupervisedThread(
            "api-report", self.now, every_s=_REPORT_EVERY_S, retry_wait_s=lambda _: _REPORT_EVERY_S
        )

    def start(self, own: Callable[[], Mapping[str, float]]) -> None:
        """Start the thread; `own` returns the counters of this worker."""
        self._own = own
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop(1)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def now(self) -> Mapping[str, float]:
        """Tell the counters now; return those of the owner and of all workers together."""
        return self._station.counters(self._name, dict(self._own()))


def _follower(
    place: StationPlace, name: str, places: LivePlaces, organisation: str, cleanup: ExitStack
) -> FeedFollower:
    """Return what passes on the owner's feed of an organisation; each has a connection of its own, where it waits."""
    connections = PortConnections(place.owner_path, f"{name}/live/{organisation}", 1)
    feeds = cast("FeedPort", RemotePort(connections, FeedPort, "live", within_s=FOLLOW_S * 2))
    follower = FeedFollower(feeds, organisation, name, places)
    cleanup.callback(follower.stop)
    # Closed first: the thread waits there for the next event.
    cleanup.callback(connections.close)
    return follower


def _await_owner(station: StationServices) -> None:
    """Wait for the owner, which opens the store and prepares the registry meanwhile. Raises RetryLater."""
    until_s = time.monotonic() + _OWNER_WITHIN_S
    while True:
        try:
            station.threads()
        except RetryLater:
            if time.monotonic() > until_s:
                raise
            time.sleep(_ASK_EVERY_S)
        else:
            return
