"""Whether the process lives, whether it can work, and what it counted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import Response

from api.bodies import reply
from api.farm import Farm, FarmOf, HomeOf
from api.live_sources import LiveFeeds
from api.metrics import FarmCollector, LiveCollector
from api.problems import declare_problems, reply_problem
from api.readiness import Check
from api.schema import Health, Readiness, ReadinessCheck
from headland.errors import HeadlandError
from headland.registry.registry import Access

router = APIRouter(tags=["health"])

_METRICS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/healthz", response_model=Health)
def get_health(request: Request) -> Response:
    """Answer as long as the process serves at all."""
    return reply(request, Health(status="ok"))


@router.get("/readyz", response_model=Readiness, responses=declare_problems(503))
def get_readiness(request: Request, farm: HomeOf) -> Response:
    """Answer 200 once everything is there, else 503 with the checks that fail."""
    checks = [*farm.readiness(), check_store(farm), *check_registry(farm)]
    failing = [check for check in checks if not check.ok]
    access: Access | None = getattr(request.state, "access", None)
    if access is not None and access.organisation.handle != farm.organisation:
        checks = [Check(check.name, check.ok, "") for check in checks]
        failing = [Check(check.name, False, "not ready") for check in failing]
    shown = [ReadinessCheck(name=check.name, ok=check.ok, detail=check.detail) for check in checks]
    if not failing:
        return reply(request, Readiness(ready=True, checks=shown))
    sentence = "; ".join(f"{check.name}: {check.detail}" for check in failing)
    extra = {"ready": False, "checks": [check.model_dump() for check in shown]}
    return reply_problem(503, sentence, kind="not-ready", title="The station is not ready", extra=extra)


@router.get("/metrics", response_class=Response, responses=_METRICS)
def get_metrics(request: Request, farm: FarmOf, home: HomeOf) -> Response:
    """Answer with counters for Prometheus: of the whole process to who runs it, else of the key's organisation."""
    own = CollectorRegistry()
    feeds: LiveFeeds = request.app.state.live
    is_home = farm.organisation == home.organisation
    own.register(FarmCollector(farm, whole=is_home))
    own.register(LiveCollector(feeds.of(farm.organisation)))
    text = generate_latest(own) + (generate_latest(request.app.state.metrics) if is_home else b"")
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def check_store(farm: Farm) -> Check:
    """Return whether the store answers."""
    try:
        info = farm.store.info()
    except HeadlandError as error:
        return Check("store", False, str(error))
    return Check("store", True, f"{info.engine}: {info.points} points in {info.series} series")


def check_registry(farm: Farm) -> list[Check]:
    """Return whether the registry answers, where there is one."""
    if farm.registry is None:
        return []
    try:
        info = farm.registry.info()
    except HeadlandError as error:
        return [Check("registry", False, str(error))]
    return [Check("registry", True, f"{info.url}, revision {info.revision}")]
