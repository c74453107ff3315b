"""What serves: the station, which is ingest and API in one process on one store, and each of the two alone."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.auth.authenticators import Authenticator, RegistryAuthenticator, TokenAuthenticator
from api.auth.limits import Limits
from api.auth.oidc import Issuer, OidcTokenVerifier
from api.live.sources import CommitSource
from api.ops.ingest_port import IngestPort
from api.ops.readiness import Check
from api.ops.store_admin_port import StoreAdmin
from headland.registry.registry import Registry
from headland.store.port import Store
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.homeassistant.bridge import HomeAssistantBridge
from station.server.ingest_access.local_ingest import LocalIngest
from station.server.ingest_access.remote_ingest import RemoteIngest
from station.server.notifications.channels import MailSettings
from station.server.notifications.sender import NotificationSender
from station.server.organisation import add_demo, ensure_bootstrap_key, ensure_organisation
from station.server.signals import stop_event
from station.server.storage.registries import open_registry
from station.server.storage.stores import is_file, open_store
from station.server.workers.alarm_worker import AlarmWorker
from station.server.workers.forecast_worker import ForecastWorker
from station.server.workers.registry_sync import RegistrySync

_LOGGER = logging.getLogger(__name__)

_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What `headland station`, and `headland ingest run --listen`, need to know; `demo` is what is simulated."""

    store_url: str
    host: str
    port: int
    ingest: IngestSettings
    registry_url: str | None = None
    demo: str | None = None
    demo_scale: int | None = None
    store_token: str | None = None
    mail: MailSettings | None = None
    #: The discovery prefix of Home Assistant, None: it is told nothing.
    home_prefix: str | None = None
    #: Where the key of whoever runs this is kept.
    api_key_path: Path | None = None
    #: What the API elsewhere shows to this worker, where there is no registry.
    worker_token: str | None = None
    issuer: Issuer | None = None
    limits: Limits = _LIMITS


def run_station(settings: StationSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way. Raises HeadlandError when it cannot start."""
    with ExitStack() as ending:
        store = open_store(settings.store_url)
        ending.callback(store.close)
        registry = None
        if settings.registry_url is not None:
            demo = settings.demo, settings.demo_scale
            registry = _open_registry(settings.registry_url, settings.ingest.organisation, store, ending, *demo)
            if settings.api_key_path is not None:
                repositories = ensure_organisation(registry, settings.ingest.organisation, "station")
                ensure_bootstrap_key(registry, repositories, settings.api_key_path)
        live = CommitSource(store, settings.ingest.organisation)
        live.start()
        ending.callback(live.stop)
        ingest = IngestService(settings.ingest, store, live.hand_over)
        desk = LocalIngest(ingest)
        alarms = None
        if registry is not None:
            organisation, broker = settings.ingest.organisation, settings.ingest
            alarms = _start_alarms(registry, store, organisation, desk, settings.mail, broker, ending)
        home = None
        if settings.home_prefix is not None:
            home = HomeAssistantBridge(settings.home_prefix, store, settings.ingest.organisation, settings.ingest)
            home.start()
            ending.callback(home.stop)
        app = _station_app(settings, store, ingest, registry, alarms, live, home)
        ingest.start()
        ending.callback(ingest.stop)
        _serve(app, settings.host, settings.port)


def _open_registry(
    url: str, organisation: str, store: Store, ending: ExitStack, demo: str | None = None, scale: int | None = None
) -> Registry:
    """Return the registry, which learns from now on of what the store hears of; it knows what `demo` simulates."""
    registry = open_registry(url)
    ending.callback(registry.close)
    repositories = ensure_organisation(registry, organisation, "station")
    if demo is not None:
        add_demo(repositories, demo, scale)
    keeper = RegistrySync(registry, store, organisation)
    keeper.start()
    ending.callback(keeper.stop)
    return registry


@dataclass(frozen=True, slots=True)
class AlarmWork:
    """The two threads of the alarms, of which one judges and one delivers, and the one that forecasts."""

    keeper: AlarmWorker
    courier: NotificationSender
    forecasts: ForecastWorker

    def counters(self) -> dict[str, float]:
        """Return what all have counted."""
        workers = (self.keeper, self.courier, self.forecasts)
        return {name: float(count) for one in workers for name, count in one.counters().items()}


def _start_alarms(
    registry: Registry,
    store: Store,
    organisation: str,
    gateways: IngestPort | None,
    mail: MailSettings | None,
    broker: IngestSettings | None,
    ending: ExitStack,
) -> AlarmWork:
    """Judge rules and deliver what they say from now on, and forecast each house by the hour."""
    ask = None if gateways is None else gateways.gateways
    keeper = AlarmWorker(registry, store, organisation, ask, has_broker=broker is not None)
    courier = NotificationSender(registry, organisation, mail, broker)
    forecasts = ForecastWorker(registry, store, organisation)
    for worker in (keeper, courier, forecasts):
        worker.start()
        ending.callback(worker.stop)
    return AlarmWork(keeper, courier, forecasts)


def _station_app(
    settings: StationSettings,
    store: Store,
    ingest: IngestService,
    registry: Registry | None,
    alarms: AlarmWork | None,
    live: CommitSource,
    home: HomeAssistantBridge | None,
) -> FastAPI:
    started_s = time.monotonic()

    def readiness() -> list[Check]:
        health = ingest.health()
        return [Check("ingest", health.ok, health.detail), *([] if alarms is None else [alarms.keeper.check()])]

    def counters() -> Mapping[str, float]:
        return {
            "uptime_s": time.monotonic() - started_s,
            **{f"ingest_{name}": float(count) for name, count in ingest.counters().items()},
            **{name: float(count) for name, count in live.counters().items()},
            **({} if alarms is None else alarms.counters()),
            **({} if home is None else {name: float(count) for name, count in home.counters().items()}),
        }

    token = settings.worker_token if registry is None else None
    return create_app(
        store,
        organisation=settings.ingest.organisation,
        readiness=readiness,
        counters=counters,
        gateways=LocalIngest(ingest),
        registry=registry,
        store_desk=_store_desk(settings, store),
        live=live.feed,
        gate=_gate(registry, settings.issuer)
        if token is None
        else TokenAuthenticator(token, settings.ingest.organisation),
        limits=settings.limits,
    )


def _store_desk(settings: StationSettings, store: Store) -> StoreAdmin | None:
    """Return where work on the store is taken: only for a file, which nobody else can open."""
    if settings.store_token is None or not is_file(settings.store_url):
        return None
    from headland.store.duckdb.store import DuckDBStore
    from station.server.storage.store_admin import DuckDBAdmin

    return DuckDBAdmin(store, settings.store_token) if isinstance(store, DuckDBStore) else None


def run_ingest(settings: IngestSettings, store_url: str, stop: threading.Event) -> None:
    """Take what gateways publish into a store until `stop`, without an API; changes of health go to the log."""
    store = open_store(store_url)
    ingest = IngestService(settings, store)
    ingest.start()
    try:
        said = None
        while not stop.wait(1.0):
            health = ingest.health()
            if health != said:
                _LOGGER.log(logging.INFO if health.ok else logging.WARNING, "%s: %s", settings.client_id, health.detail)
                said = health
    finally:
        ingest.stop()
        store.close()


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What `headland api` needs to know; `ingest_urls` are where the ingest workers listen."""

    store_url: str
    registry_url: str
    organisation: str
    host: str
    port: int
    ingest_urls: Sequence[str] = ()
    worker_token: str = ""
    issuer: Issuer | None = None
    limits: Limits = _LIMITS
    mail: MailSettings | None = None


def run_api(settings: ApiSettings) -> None:
    """Serve the API alone, on a store that others write, until SIGTERM or SIGINT; raises HeadlandError.

    The ingest workers answer for gateways and refused messages.
    """
    with ExitStack() as ending:
        store = open_store(settings.store_url)
        ending.callback(store.close)
        workers = RemoteIngest(settings.ingest_urls, settings.worker_token)
        ending.callback(workers.close)
        started_s = time.monotonic()
        desk = workers if settings.ingest_urls else None
        registry = _open_registry(settings.registry_url, settings.organisation, store, ending)
        alarms = _start_alarms(registry, store, settings.organisation, desk, settings.mail, None, ending)
        app = create_app(
            store,
            organisation=settings.organisation,
            readiness=lambda: [alarms.keeper.check()],
            counters=lambda: {"uptime_s": time.monotonic() - started_s, **alarms.counters()},
            gateways=desk,
            registry=registry,
            gate=_gate(registry, settings.issuer),
            limits=settings.limits,
        )
        _serve(app, settings.host, settings.port)


def _gate(registry: Registry | None, issuer: Issuer | None) -> Authenticator | None:
    """Return who lets people in: the registry's keys, and the tokens of an issuer."""
    return (
        None
        if registry is None
        else RegistryAuthenticator(registry, None if issuer is None else OidcTokenVerifier(issuer))
    )


class _Server(uvicorn.Server):
    """Ends the live streams first: they would keep it from ending by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.live.close()
        await super().shutdown(sockets)


def _serve(app: FastAPI, host: str, port: int) -> None:
    # uvicorn raises the signal that ended it once more: without a handler of ours nothing after it would run.
    stop_event()
    _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            # The process's own log format instead of uvicorn's.
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            server_header=False,
        )
    ).run()
