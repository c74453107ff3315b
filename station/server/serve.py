"""Services: the station (ingest and API in one process on one store), ingest alone and the API alone."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from api.app import create_app
from api.auth.authenticators import TokenAuthenticator
from api.auth.oidc import authenticator_of
from api.live.sources import CommitSource, LiveFeeds
from api.ops.ingest_port import IngestPort
from api.ops.store_admin_port import StoreAdmin
from headland.alarms.rules.targets import in_real_time
from headland.analysis.inputs.result_cache import ResultCache
from headland.clock.station_clock.station_clock import StationClock
from headland.errors import RetryLater
from headland.files.damage_notes import load_notes, open_sentences
from headland.i18n import Language
from headland.network.address_policy import AddressPolicy
from headland.registry.registry import Registry
from headland.runtime.readiness import Check
from headland.runtime.service_manager import ServiceManager
from headland.runtime.supervised_thread import ThreadStatus
from headland.runtime.tracing.exporter import TraceExporter, start_exporter
from headland.runtime.tracing.settings import TraceSettings
from headland.store.port import Store
from ingest.machine import machine_of
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.clock_access import LocalClock, check_clock
from station.server.commit_listeners import CommitListeners
from station.server.homeassistant.bridge import HomeAssistantBridge
from station.server.http_server import serve_until_stopped
from station.server.ingest_access.local_ingest import LocalIngest
from station.server.notifications.channels import MailSettings
from station.server.notifications.sender import NotificationSender, unreachable_kinds
from station.server.organisation import add_demo, ensure_bootstrap_key, ensure_organisation
from station.server.posted_uplinks import read_uplink
from station.server.process_memory import GarbageSearch, limit_arenas
from station.server.settings import ApiSettings, StationSettings
from station.server.site_outlooks import SiteOutlooks
from station.server.storage.disk_watch import DiskWatch
from station.server.storage.registries import open_registry
from station.server.storage.stores import (
    deleted_by_retention,
    go_by_clock,
    is_embedded,
    is_file,
    newest_real_ms,
    open_store,
)
from station.server.thread_sources import ThreadSources
from station.server.tried_versions import check_api, check_ingest
from station.server.workers.alarm_worker import AlarmWorker
from station.server.workers.clock_repair import ClockRepair
from station.server.workers.delivery_marks_sync import DeliveryMarksSync
from station.server.workers.forecast_worker import ForecastWorker
from station.server.workers.gateway_rules_sender import GatewayRulesSender
from station.server.workers.record_retention import RecordRetentionWorker
from station.server.workers.registry_sync import RegistrySync
from station.server.workers.registry_workers import CheckedWorker, RegistryWorkers
from station.server.workers.station_books import QuarantineBook, RegistryBook, StationBooks, StoreBook
from station.server.workers.weather_worker import ForecastAccess, WeatherWorker

if TYPE_CHECKING:
    from station.server.api_workers.place import StationPlace
    from station.server.api_workers.services import OwnedServices

_LOGGER = logging.getLogger(__name__)


def run_station(settings: StationSettings, place: StationPlace | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then stop all parts. Raises HeadlandError when it cannot start.

    With a `place` the API is in other processes, which call this one's services.
    """
    check_ingest()
    check_api()
    limit_arenas()
    with ExitStack() as cleanup:
        store = open_store(settings.store_url)
        cleanup.callback(store.close)
        registry, threads = None, ThreadSources()
        threads.add_store(store)
        threads.add(_start_garbage_search(cleanup))
        clock = _start_clock(settings, store, threads, cleanup)
        spans = _start_traces(settings.traces, "headland-station", settings.ingest.client_id, threads, cleanup)
        if settings.registry_url is not None:
            registry = open_registry(settings.registry_url, now_ms=clock.now_ms, deferred=True)
            registry.first_language = settings.demo_language
            cleanup.callback(registry.close)
            threads.add(_start_sync(registry, settings.ingest.organisation, store, cleanup))
        live = CommitSource(store, settings.ingest.organisation)
        live.start()
        threads.add(live)
        cleanup.callback(live.stop)
        commits = CommitListeners(live.hand_over)
        is_followed = live.feed.has_clients
        ingest = IngestService(
            settings.ingest, store, commits.on_commit, machine_of(clock), spans=spans, is_followed=is_followed
        )
        threads.add(ingest)
        repair = ClockRepair(clock, store if is_embedded(store) else None, ingest.replay_untimely)
        repair.start()
        cleanup.callback(repair.stop)
        threads.add(repair)
        gateways = LocalIngest(ingest)
        disk = _start_disk_watch(settings, clock, threads, cleanup)
        workers, answers = None, ResultCache()
        if registry is not None:
            marks = DeliveryMarksSync(registry, store, settings.ingest.organisation)
            ingest.recorded_marks = marks.known
            books = _books_of(store, registry, settings.ingest.organisation, ingest)
            # Before the first commit, and before what is in one book is copied to another.
            books.begin()
            for each in (books, marks):
                each.start()
                threads.add(each)
                cleanup.callback(each.stop)
            organisation, broker = settings.ingest.organisation, settings.ingest
            prepare = partial(_prepare_registry, registry, settings)
            workers = _start_workers(
                registry,
                store,
                organisation,
                gateways,
                settings.mail,
                broker,
                settings.webhooks_to,
                cleanup,
                prepare,
                commits,
                settings.simulated_lag_ms,
                clock=clock,
                language=settings.demo_language,
                forecasts_from=ForecastAccess(
                    settings.webhooks_to,
                    settings.forecast_keys,
                    settings.simulated_forecasts,
                    None if settings.farm_folder is None else settings.farm_folder / "forecasts",
                ),
                answers=answers if place is None else None,
                disk=disk,
            )
            threads.add(workers)
        home = None
        if settings.home_prefix is not None:
            home = HomeAssistantBridge(
                settings.home_prefix,
                store,
                settings.ingest.organisation,
                settings.ingest,
                None if registry is None else partial(_alarmed, registry, settings.ingest.organisation),
                None if registry is None else SiteOutlooks(store, registry, settings.ingest.organisation).all,
            )
            home.start()
            cleanup.callback(home.stop)
            threads.add(home)
        parts = _StationParts(
            settings, store, ingest, registry, workers, live, home, threads, spans, clock, disk, answers
        )
        ingest.start()
        cleanup.callback(ingest.stop)
        if settings.imports is not None:
            threads.add(settings.imports)
            settings.imports.start()
            cleanup.callback(settings.imports.stop)
        if place is None:
            serve_until_stopped(_station_app(parts), settings.host, settings.port, threads.list)
        else:
            from station.server.api_workers.owner import serve_workers

            feeds = LiveFeeds(store, settings.ingest.organisation, live.feed)
            serve_workers(place, _owned_services(parts, feeds), threads, feeds.close)


def _start_clock(settings: StationSettings, store: Store, threads: ThreadSources, cleanup: ExitStack) -> StationClock:
    """Start to look at the clock; a store that deletes asks it."""
    organisation = settings.ingest.organisation
    clock = StationClock(
        settings.clock_path, partial(newest_real_ms, store, organisation), local=settings.local_gateways
    )
    go_by_clock(store, clock)
    clock.start()
    cleanup.callback(clock.stop)
    threads.add(clock)
    return clock


def _start_disk_watch(
    settings: StationSettings, clock: StationClock, threads: ThreadSources, cleanup: ExitStack
) -> DiskWatch | None:
    """Start to measure the room on the farm's disk; None where the farm has no folder here."""
    if settings.farm_folder is None:
        return None
    disk = DiskWatch(settings.farm_folder, clock.now_ms, clock.in_doubt)
    disk.start()
    cleanup.callback(disk.stop)
    threads.add(disk)
    return disk


def _books_of(store: Store, registry: Registry, organisation: str, ingest: IngestService) -> StationBooks:
    """Return the comparison of the station's books; its notes are beside the quarantine."""
    books = (StoreBook(store), RegistryBook(registry, organisation), QuarantineBook(ingest.quarantine))
    return StationBooks(books, store, ingest.quarantine.path)


def _start_sync(registry: Registry, organisation: str, store: Store, cleanup: ExitStack) -> RegistrySync:
    """Start to register the devices of the store."""
    sync = RegistrySync(registry, store, organisation)
    sync.start()
    cleanup.callback(sync.stop)
    return sync


def _start_traces(
    settings: TraceSettings | None, service: str, instance: str, threads: ThreadSources, cleanup: ExitStack
) -> TraceExporter | None:
    """Start the export of traces, which ends after all that makes them; None where they are off."""
    exporter = start_exporter(settings, service, instance)
    if exporter is not None:
        cleanup.callback(exporter.stop)
        threads.add(exporter)
    return exporter


def _start_garbage_search(cleanup: ExitStack) -> GarbageSearch:
    """Start to search for garbage."""
    garbage = GarbageSearch()
    garbage.start()
    cleanup.callback(garbage.stop)
    return garbage


def _start_workers(
    registry: Registry,
    store: Store,
    organisation: str,
    gateways: IngestPort | None,
    mail: MailSettings | None,
    broker: IngestSettings | None,
    policy: AddressPolicy,
    cleanup: ExitStack,
    prepare: Callable[[], object],
    commits: CommitListeners | None = None,
    simulated_lag_ms: Callable[[int], int] = in_real_time,
    *,
    clock: StationClock,
    forecasts_from: ForecastAccess,
    answers: ResultCache | None = None,
    disk: DiskWatch | None = None,
    language: Language = "en",
) -> RegistryWorkers:
    """Start alarm rules, the delivery of notices, hourly forecasts and the requests to providers, after `prepare`.

    `commits` are those of this process, None where others write the store. `answers` is the cache from which this
    process answers requests, None where it answers none.
    """
    list_gateways = None if gateways is None else gateways.gateways

    def build_checked() -> Sequence[CheckedWorker]:
        sender = NotificationSender(registry, organisation, mail, broker, policy=policy, now_ms=clock.now_ms)
        alarms = AlarmWorker(
            registry,
            store,
            organisation,
            list_gateways,
            has_broker=broker is not None,
            language=language,
            is_told=commits is not None,
            on_notices=sender.wake,
            simulated_lag_ms=simulated_lag_ms,
            now_ms=clock.now_ms,
            in_doubt=clock.in_doubt,
            shown_ms=clock.shown_ms,
            station_values=partial(station_values, clock, disk),
        )
        if commits is not None:
            commits.add(alarms.wake)
        return alarms, sender

    workers = RegistryWorkers(
        prepare,
        build_checked,
        lambda: (
            *(
                []
                if gateways is None
                else [GatewayRulesSender(registry, organisation, gateways.gateways, gateways.send_rules, clock.now_ms)]
            ),
            ForecastWorker(registry, store, organisation, clock.now_ms, answers),
            WeatherWorker(registry, organisation, forecasts_from, clock.now_ms),
            RecordRetentionWorker(
                registry, organisation, clock.now_ms, clock.in_doubt, partial(deleted_by_retention, store)
            ),
        ),
    )
    cleanup.callback(workers.stop)
    workers.start()
    return workers


def station_values(clock: StationClock, disk: DiskWatch | None) -> dict[str, float]:
    """Return the values of the station that alarm rules test."""
    return {"clock_in_doubt": float(clock.in_doubt()), **({} if disk is None else disk.values())}


def _prepare_registry(registry: Registry, settings: StationSettings) -> None:
    """Add the first records and the bootstrap key."""
    repositories = ensure_organisation(registry, settings.ingest.organisation, "station")
    if settings.demo is not None:
        add_demo(repositories, settings.demo, settings.demo_scale, settings.demo_language)
    if settings.api_key_path is not None:
        ensure_bootstrap_key(registry, repositories, settings.api_key_path)


def _alarmed(registry: Registry, organisation: str) -> frozenset[str]:
    """Return the subjects of the active alarms."""
    repositories = registry.repositories(registry.organisation(organisation).id, "station")
    return frozenset(alarm.subject for alarm in repositories.alarms.active())


def check_delivery(ingest: IngestService) -> Check:
    """Return what is lost, contradicts or is wrong with a gateway: no condition of the station's readiness.

    It fails where the station cannot read its own books now.
    """
    try:
        return Check("delivery", True, ingest.describe_delivery())
    except RetryLater as error:
        return Check("delivery", False, f"not checked: {error}")
    except Exception as error:
        _LOGGER.exception("the delivery could not be checked")
        return Check("delivery", False, f"not checked: {type(error).__name__}, see the log")


def check_books(notes: Path) -> Check:
    """Check that no book of the station was lost or restored, or that somebody knows it."""
    sentences = open_sentences(load_notes(notes))
    if sentences:
        return Check("books", False, f"{' '.join(sentences)} Run `headland store acknowledge` once this is known.")
    return Check("books", True, "store, registry and quarantine belong together")


@dataclass(frozen=True, slots=True)
class _StationParts:
    """The parts of a station that its API asks."""

    settings: StationSettings
    store: Store
    ingest: IngestService
    registry: Registry | None
    workers: RegistryWorkers | None
    live: CommitSource
    home: HomeAssistantBridge | None
    threads: ThreadSources
    spans: TraceExporter | None
    clock: StationClock
    disk: DiskWatch | None
    answers: ResultCache
    started_s: float = field(default_factory=time.monotonic)

    def readiness(self) -> list[Check]:
        """Return the checks of the parts."""
        health = self.ingest.health()
        return [
            Check("ingest", health.ok, health.detail),
            check_delivery(self.ingest),
            check_clock(self.clock),
            check_books(self.settings.ingest.quarantine_path),
            *([] if self.workers is None else self.workers.checks()),
            *([] if self.home is None else [self.home.check()]),
        ]

    def counters(self) -> Mapping[str, float]:
        """Return the counters of the parts."""
        home, spans = self.home, self.spans
        return {
            "uptime_s": time.monotonic() - self.started_s,
            **{f"ingest_{name}": float(count) for name, count in self.ingest.counters().items()},
            **{name: float(count) for name, count in self.live.counters().items()},
            **({} if self.workers is None else self.workers.counters()),
            **({} if home is None else {name: float(count) for name, count in home.counters().items()}),
            **({} if spans is None else spans.counters()),
            **({} if self.disk is None else self.disk.counters()),
        }


def _station_app(parts: _StationParts) -> FastAPI:
    settings, registry, spans = parts.settings, parts.registry, parts.spans
    token = settings.worker_token if registry is None else None
    return create_app(
        parts.store,
        organisation=settings.ingest.organisation,
        readiness=parts.readiness,
        counters=parts.counters,
        gateways=LocalIngest(parts.ingest),
        registry=registry,
        store_admin=_store_admin(settings, parts),
        now_ms=parts.clock.now_ms,
        live=parts.live.feed,
        authenticator=authenticator_of(registry, settings.issuer, parts.clock.now_ms)
        if token is None
        else TokenAuthenticator(token, settings.ingest.organisation),
        limits=settings.limits,
        addresses=settings.addresses,
        threads=parts.threads.list,
        webhooks_to=settings.webhooks_to,
        unreachable=unreachable_kinds(settings.mail, has_broker=True),
        registrar=settings.registrar,
        enrolment=settings.enrolment,
        imports=settings.imports,
        uplinks=read_uplink,
        answers=parts.answers,
        clock=LocalClock(parts.clock),
        base_map=settings.base_map,
        photos=settings.photos,
        book_notes=settings.ingest.quarantine_path,
        farm_folder=settings.farm_folder,
        spans=spans,
        traced_share=1.0 if spans is None else spans.settings.share,
    )


def _owned_services(parts: _StationParts, feeds: LiveFeeds) -> OwnedServices:
    """Return the services of this process that the API's workers call."""
    from station.server.api_workers.services import OwnedServices, OwnerServices

    settings = parts.settings

    def list_threads() -> list[ThreadStatus]:
        return [*parts.threads.list(), *feeds.threads()]

    return OwnedServices(
        store=parts.store,
        station=OwnerServices(parts.readiness, list_threads, parts.counters),
        live=feeds,
        ingest=LocalIngest(parts.ingest),
        admin=_store_admin(settings, parts),
        registrar=settings.registrar,
        enrolment=settings.enrolment,
        imports=settings.imports,
        clock=LocalClock(parts.clock),
    )


def _store_admin(settings: StationSettings, parts: _StationParts) -> StoreAdmin | None:
    """Return the administration of the store, None for a server; no other process can open a file that is in use."""
    if settings.store_token is None or not is_file(settings.store_url):
        return None
    from station.server.storage.store_admin import DuckDBAdmin

    return DuckDBAdmin(parts.store, settings.store_token, parts.clock) if is_embedded(parts.store) else None


def run_ingest(
    settings: IngestSettings,
    store_url: str,
    stop: threading.Event,
    home_prefix: str | None = None,
    traces: TraceSettings | None = None,
) -> None:
    """Run ingest without an API until `stop` is set; changes of its health are logged.

    With `home_prefix` it publishes for Home Assistant, too: no more than one worker of a broker may.
    """
    check_ingest()
    store = open_store(store_url)
    path = settings.quarantine_path.with_name(f"clock-{settings.client_id}.json")
    clock = StationClock(path, partial(newest_real_ms, store, settings.organisation))
    go_by_clock(store, clock)
    spans = start_exporter(traces, "headland-ingest", settings.client_id)
    home = None
    if home_prefix is not None:
        home = HomeAssistantBridge(home_prefix, store, settings.organisation, settings)
        home.start()
    ingest = IngestService(settings, store, machine=machine_of(clock), spans=spans)
    repair = ClockRepair(clock, store if is_embedded(store) else None, ingest.replay_untimely)
    clock.start()
    repair.start()
    manager = ServiceManager(ingest.threads)
    ingest.start()
    manager.report_ready()
    try:
        logged = None
        while not stop.wait(1.0):
            manager.report()
            health = ingest.health()
            if health != logged:
                _LOGGER.log(logging.INFO if health.ok else logging.WARNING, "%s: %s", settings.client_id, health.detail)
                logged = health
    finally:
        manager.report_stopping()
        if home is not None:
            home.stop()
        ingest.stop()
        repair.stop()
        clock.stop()
        if spans is not None:
            spans.stop()
        store.close()


def run_api(settings: ApiSettings) -> None:
    """Serve the API alone, on a store that ingest workers write, until SIGTERM or SIGINT; raises HeadlandError.

    Gateways and quarantined messages are read from the ingest workers.
    """
    from station.server.ingest_access.remote_ingest import RemoteIngest  # its HTTP client is for this alone

    check_api()
    limit_arenas()
    with ExitStack() as cleanup:
        store = open_store(settings.store_url)
        cleanup.callback(store.close)
        remote = RemoteIngest(settings.ingest_urls, settings.worker_token)
        cleanup.callback(remote.close)
        clock = StationClock(None, partial(newest_real_ms, store, settings.organisation))
        go_by_clock(store, clock)
        clock.start()
        cleanup.callback(clock.stop)
        started_s = time.monotonic()
        gateways = remote if settings.ingest_urls else None
        registry = open_registry(settings.registry_url, now_ms=clock.now_ms, deferred=True)
        cleanup.callback(registry.close)
        sync, garbage = _start_sync(registry, settings.organisation, store, cleanup), _start_garbage_search(cleanup)
        prepare = partial(ensure_organisation, registry, settings.organisation, "station")
        answers = ResultCache()
        workers = _start_workers(
            registry,
            store,
            settings.organisation,
            gateways,
            settings.mail,
            None,
            settings.webhooks_to,
            cleanup,
            prepare,
            clock=clock,
            forecasts_from=ForecastAccess(settings.webhooks_to, settings.forecast_keys),
            answers=answers,
        )
        threads = ThreadSources()
        for owner in (sync, garbage, workers, clock):
            threads.add(owner)
        spans = _start_traces(settings.traces, "headland-api", settings.organisation, threads, cleanup)
        app = create_app(
            store,
            organisation=settings.organisation,
            answers=answers,
            readiness=lambda: [check_clock(clock), *workers.checks()],
            now_ms=clock.now_ms,
            counters=lambda: {
                "uptime_s": time.monotonic() - started_s,
                **workers.counters(),
                **({} if spans is None else spans.counters()),
            },
            threads=threads.list,
            webhooks_to=settings.webhooks_to,
            unreachable=unreachable_kinds(settings.mail, has_broker=False),
            gateways=gateways,
            uplinks=read_uplink,
            registry=registry,
            authenticator=authenticator_of(registry, settings.issuer, clock.now_ms),
            limits=settings.limits,
            addresses=settings.addresses,
            photos=settings.photos,
            spans=spans,
            traced_share=1.0 if spans is None else spans.settings.share,
        )
        serve_until_stopped(app, settings.host, settings.port, threads.list)
