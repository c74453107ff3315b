"""Health, readiness and metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from anyio import CapacityLimiter, to_thread
from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import Response

from api.dependencies import HomeOf, HomeServices, ScopeOf
from api.http.problems import declare_problems, reply_problem
from api.http.responses import reply
from api.http.router import Router
from api.live.sources import LiveFeeds
from api.ops.metrics import FarmCollector, LiveCollector, OwnMetrics
from api.schemas.model import fill
from api.schemas.station.health import Health, Readiness, ReadinessCheck
from headland.analysis.inputs.scope import OrgScope
from headland.errors import HeadlandError
from headland.registry.registry import Access, Registry
from headland.runtime.readiness import Check, check_threads
from headland.store.port import Store

router = Router(tags=["health"])

_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/healthz", response_model=Health)
async def get_health(request: Request) -> Response:
    """Return ok while the process serves requests."""
    return reply(request, Health(status="ok"))


@router.get("/readyz", response_model=Readiness, responses=declare_problems(503))
async def get_readiness(request: Request, home: HomeOf) -> Response:
    """Return 200 when all checks pass, else 503 with the failing checks."""
    return await _in_own_thread(request, _readiness, request, home)


def _readiness(request: Request, home: HomeServices) -> Response:
    checks = [
        *home.readiness(),
        *check_threads(home.threads()),
        check_store(home.store),
        *check_registry(home.registry),
    ]
    failing = [check for check in checks if not check.ok]
    access: Access | None = getattr(request.state, "access", None)
    if access is not None and access.organisation.handle != home.organisation:
        checks = [Check(check.name, check.ok, "") for check in checks]
        failing = [Check(check.name, False, "not ready") for check in failing]
    listed = [fill(ReadinessCheck, check) for check in checks]
    if not failing:
        return reply(request, Readiness(ready=True, checks=listed))
    sentence = "; ".join(f"{check.name}: {check.detail}" for check in failing)
    extra = {"ready": False, "checks": [msgspec.structs.asdict(check) for check in listed]}
    return reply_problem(503, sentence, kind="not-ready", title="Station not ready", extra=extra)


@router.get("/metrics", response_class=Response, responses=_METRICS)
async def get_metrics(request: Request, scope: ScopeOf, home: HomeOf) -> Response:
    """Return metrics for Prometheus: of the whole process for its own organisation, else of the key's organisation."""
    return await _in_own_thread(request, _metrics, request, scope, home)


def _metrics(request: Request, scope: OrgScope, home: HomeServices) -> Response:
    own = CollectorRegistry()
    feeds: LiveFeeds = request.app.state.live
    is_home = home.serves(scope)
    own.register(FarmCollector(scope.store, OwnMetrics(home.gateways, home.count, home.threads) if is_home else None))
    own.register(LiveCollector(feeds.of(scope.organisation)))
    text = generate_latest(own) + (generate_latest(request.app.state.metrics) if is_home else b"")
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def _in_own_thread(request: Request, make: Callable[..., Response], *arguments: object) -> Response:
    """Return the response of a function that blocks: in threads that no other route takes."""
    limiter: CapacityLimiter = request.app.state.health_limiter
    return await to_thread.run_sync(make, *arguments, limiter=limiter)


def check_store(store: Store) -> Check:
    """Check that the store responds."""
    try:
        info = store.info()
    except HeadlandError as error:
        return Check("store", False, str(error))
    if info.damage:
        sentences = " ".join(info.damage)
        return Check("store", False, f"{sentences} Run `headland store acknowledge` once this is known.")
    return Check("store", True, f"{info.engine}: {info.points} points in {info.series} series")


def check_registry(registry: Registry | None) -> list[Check]:
    """Check that the registry responds; no check without a registry."""
    if registry is None:
        return []
    try:
        info = registry.info()
    except HeadlandError as error:
        return [Check("registry", False, str(error))]
    if info.damage:
        sentence = f"{' '.join(info.damage)} Run `headland store acknowledge` once this is known."
        return [Check("registry", False, sentence)]
    return [Check("registry", True, f"{info.url}, revision {info.revision}")]
