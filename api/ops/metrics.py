"""Prometheus metrics: request durations, the store's counts, counters of the services in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.live.feed import LiveFeed
from api.ops.families import LABELLED, family_of, labelled
from api.ops.gateway_metrics import collect_gateways
from api.ops.ingest_port import IngestPort
from headland.errors import HeadlandError
from headland.runtime.supervised_thread import ThreadStatus
from headland.store.port import Store, StoreInfo

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_BUCKETS_S: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True, slots=True)
class OwnMetrics:
    """Sources of the metrics that only the organisation of this process may read."""

    gateways: IngestPort | None
    counters: Callable[[], Mapping[str, float]]
    threads: Callable[[], Sequence[ThreadStatus]] = tuple


class FarmCollector(Collector):
    """Metrics of the store's state and, unless `own` is None, of the store's contents and the services in this process.

    Everything is read anew at each scrape.
    """

    def __init__(self, store: Store, own: OwnMetrics | None) -> None:
        self._store = store
        self._own = own

    def collect(self) -> Iterator[Metric]:
        """Yield the store's counts and all counters; a store that does not respond yields up = 0 alone."""
        up = labelled("headland_store_up")
        try:
            info = self._store.info()
        except HeadlandError:
            up.add_metric([""], 0.0)
            yield up
        else:
            up.add_metric([info.engine], 1.0)
            yield up
            if self._own is not None:
                yield from _collect_store(info)
        if self._own is None:
            return
        yield from collect_gateways(self._own.gateways)
        yield from _collect_threads(self._own.threads())
        for name, value in self._own.counters().items():
            yield family_of(name, value)


def _collect_store(info: StoreInfo) -> Iterator[Metric]:
    yield family_of("store_points", info.points)
    yield family_of("store_series", info.series)
    if info.size_bytes is not None:
        yield family_of("store_size_bytes", info.size_bytes)
    for name, count in info.counters.items():
        yield family_of(f"store_{name}", count)


def _collect_threads(threads: Sequence[ThreadStatus]) -> Iterator[Metric]:
    running = labelled("headland_thread_running")
    age = labelled("headland_thread_success_age_seconds")
    failures = labelled("headland_thread_failures")
    items = labelled("headland_thread_item_failures")
    for thread in threads:
        running.add_metric([thread.name], float(thread.is_running))
        age.add_metric([thread.name], thread.success_age_s)
        failures.add_metric([thread.name], thread.failures)
        items.add_metric([thread.name], thread.item_failures)
    yield from (running, age, failures, items)


class LiveCollector(Collector):
    """Counters of the live feed."""

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed

    def collect(self) -> Iterator[Metric]:
        """Yield the feed's counters."""
        for name, value in self._feed.counters().items():
            yield family_of(f"live_{name}", value)


class DurationMiddleware:
    """Measures the duration of every request, labelled by its route's template: labels stay few."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        name = "headland_http_request_seconds"
        _, meaning, labels = LABELLED[name]
        self._seconds = Histogram(
            name,
            meaning,
            labels,
            buckets=_BUCKETS_S,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and record its duration."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started_s = time.perf_counter()

        async def send_and_record(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_record)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", "") or "other"
            self._seconds.labels(method, route, str(status)).observe(time.perf_counter() - started_s)
