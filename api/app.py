"""The FastAPI application: routes over one store and registry, each request bound to the organisation of who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from api.auth.authenticators import Authenticator, ClosedAuthenticator, RegistryAuthenticator
from api.auth.limits import Limits
from api.auth.middleware import AuthMiddleware
from api.auth.openapi_security import describe_access
from api.auth.sessions_cache import AuthCache
from api.auth.timeout_middleware import TimeoutMiddleware
from api.dependencies import HomeServices
from api.http.negotiation import check_exchange, describe_exchange
from api.http.problems import install_problems
from api.live.feed import LiveFeed
from api.live.sources import LiveFeeds
from api.ogc_features import routes as ogc_routes
from api.ops.ingest_port import IngestPort
from api.ops.metrics import DurationMiddleware
from api.ops.readiness import Check
from api.ops.store_admin_port import StoreAdmin
from api.routes import alarms, application, catalog, dashboard, devices, field_import, health, recommendation
from api.routes import farmos as farmos_routes
from api.routes import gateways as gateway_routes
from api.routes import greenhouses as climate_routes
from api.routes import help as help_routes
from api.routes import keys as key_routes
from api.routes import ledger as ledger_routes
from api.routes import live as live_routes
from api.routes import passes as pass_routes
from api.routes import places as place_routes
from api.routes import prescriptions as prescription_routes
from api.routes import registry as thing_routes
from api.routes import reports as report_routes
from api.routes import session as session_routes
from api.routes import store_admin as store_routes
from api.routes import webhooks as webhook_routes
from api.schemas.alarm_registry import ALARM_KINDS
from api.schemas.base import Problem
from api.schemas.examples import add_examples
from api.schemas.registry import describe_kinds, describe_things
from api.sensorthings import routes as sta_routes
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.clock import wall_clock_ms
from headland.registry.registry import Registry
from headland.store.port import Store

VERSION: Final = "1.0.0"

_DESCRIPTION: Final = """\
What a farm's drones and greenhouses measured, and what that means for the crop.

Times are epoch milliseconds UTC; windows are half-open. Every number carries its unit. Errors are problem+json
(RFC 9457). An analytic answer is null, with a reason, where it would be a guess; what was commanded is never shown
as applied. What a simulator made is marked `simulated` for ever.
"""

_LIMITS: Final = Limits()

_TAGS: Final = [
    {"name": "access", "description": "Who asks: keys, members, sessions, and the log of all changes."},
    {"name": "devices", "description": "What there is and what it measured."},
    {"name": "answers", "description": "What it means: each number with its method, coverage and evidence."},
    {
        "name": "registry",
        "description": "Whose ground, which products and machines: versioned, with history.",
    },
    {"name": "passes", "description": "Where product was applied, how much, and what that rests on."},
    {"name": "reports", "description": "The same on paper: a printable page, PDF, or a table, in English and Chinese."},
    {"name": "fertilization", "description": "How much of what a field should get, and what that rests on."},
    {"name": "alarms", "description": "What stands, who is told, by which rules; and what would have been raised."},
    {"name": "gateways", "description": "What became of every record, and what was refused."},
    {"name": "sensorthings", "description": "The same for GIS programs: OGC SensorThings 1.1, for reading."},
    {"name": "maps", "description": "The same for map programs: OGC API Features, for reading."},
    {"name": "health", "description": "For those who run it."},
]


def create_app(
    store: Store,
    *,
    organisation: str,
    readiness: Callable[[], list[Check]],
    counters: Callable[[], Mapping[str, float]],
    now_ms: Callable[[], int] = wall_clock_ms,
    gateways: IngestPort | None = None,
    registry: Registry | None = None,
    store_desk: StoreAdmin | None = None,
    live: LiveFeed | None = None,
    gate: Authenticator | None = None,
    limits: Limits = _LIMITS,
) -> FastAPI:
    """Return the application that serves `store`; every call to the store is in a worker thread.

    A request is served from the organisation of who asks, as `gate` says; without one that are the registry's keys, and
    without a registry nobody is let in. `organisation` is whose ingest, alarms and commits the rest here is about: no
    other organisation's key gets to see it.

    `readiness` and `counters` are asked at each /readyz and /metrics; `now_ms` is where windows without an end stop.
    `gateways` is the ingest beside it; without one there are no answers about gateways and refused messages.
    `registry` says who owns what. `store_desk` takes work on a store that only this process may open.
    `live` is told of commits as they happen; without one the store is asked once a second while anybody listens.
    """
    # A file of crops that cannot be used is said now, not at the first question.
    load_crop_targets()
    app = FastAPI(
        title="Headland",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(check_exchange)],
    )
    home = HomeServices(store, registry, organisation, now_ms, readiness, counters, gateways, store_desk)
    metrics = CollectorRegistry()
    if gate is None:
        gate = ClosedAuthenticator() if registry is None else RegistryAuthenticator(registry)
    app.state.home = home
    app.state.metrics = metrics
    app.state.live = LiveFeeds(store, organisation, live)
    app.state.auth_cache = AuthCache(gate, limits)
    app.add_middleware(AuthMiddleware, router=app.router, limits=limits)
    app.add_middleware(TimeoutMiddleware, answer_s=limits.answer_s)
    app.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=1)
    app.add_middleware(DurationMiddleware, registry=metrics)
    install_problems(app)
    for room in (
        devices,
        application,
        pass_routes,
        ledger_routes,
        gateway_routes,
        store_routes,
        health,
        dashboard,
        help_routes,
        session_routes,
        key_routes,
        webhook_routes,
    ):
        app.include_router(room.router)
    app.include_router(climate_routes.router)
    app.include_router(place_routes.router)
    app.include_router(report_routes.router)
    app.include_router(live_routes.router)
    app.include_router(sta_routes.router)
    app.include_router(ogc_routes.router)
    app.include_router(farmos_routes.router)
    # What has a name of its own below a kind of thing comes before that kind's `{thing}`.
    for router in (
        catalog.router,
        field_import.router,
        recommendation.router,
        prescription_routes.router,
        *thing_routes.ROUTERS,
        key_routes.members,
        webhook_routes.webhooks,
        alarms.router,
        *alarms.KEPT,
    ):
        app.include_router(router)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign] # the way FastAPI documents to extend it
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once, with the problem's schema in it."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        document["components"]["schemas"].update(
            {**describe_things(), **describe_kinds((*ALARM_KINDS, key_routes.MEMBERS, webhook_routes.WEBHOOKS))}
        )
        document["components"]["schemas"].update(prescription_routes.describe_prescriptions())
        _drop_null(document["paths"])
        describe_access(document)
        describe_exchange(document)
        add_examples(document)
        app.openapi_schema = document
    return app.openapi_schema


def _drop_null(paths: dict[str, Any]) -> None:
    """A parameter may be left out, but a query cannot say null: what FastAPI writes of `X | None` is too much."""
    for operation in (operation for methods in paths.values() for operation in methods.values()):
        for parameter in operation.get("parameters", ()):
            told = parameter["schema"]
            kinds = [kind for kind in told.get("anyOf", ()) if kind != {"type": "null"}]
            if kinds:
                del told["anyOf"]
                told.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
