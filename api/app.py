"""The FastAPI application: routes over one store and registry, each request limited to its organisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from anyio import CapacityLimiter
from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.middleware.gzip import GZipMiddleware

from api.auth.authenticators import Authenticator, ClosedAuthenticator, RegistryAuthenticator
from api.auth.limits import Limits
from api.auth.middleware import AuthMiddleware
from api.auth.openapi_security import describe_access
from api.auth.public_access import PublicLimiter, PublicLimits
from api.auth.public_edge import PublicEdge
from api.auth.sessions_cache import AuthCache
from api.auth.shared_limits import SharedLimits
from api.auth.timeout_middleware import RunningRequests, TimeoutMiddleware
from api.dependencies import HomeServices, no_threads
from api.http.addresses import Addresses, AddressMiddleware
from api.http.browser_headers import BrowserHeadersMiddleware
from api.http.cors import CorsMiddleware
from api.http.field_texts import describe_fields
from api.http.idempotency import IdempotencyMiddleware, describe_idempotency
from api.http.languages import LanguageMiddleware
from api.http.negotiation import check_exchange, describe_exchange
from api.http.problems import install_problems
from api.http.query_windows import exclude_foreign_instants
from api.http.records import describe_records
from api.http.router import DeferredRoute
from api.http.tracing import TraceMiddleware
from api.live.feed import LiveFeed
from api.live.places import LivePlaces
from api.live.sources import FeedSource, LiveFeeds
from api.ops.clock_port import ClockPort
from api.ops.file_imports import FileImports
from api.ops.gateway_enrolment import GatewayEnrolment, GatewayRegistrar
from api.ops.ingest_port import IngestPort
from api.ops.map_tiles import MapTiles
from api.ops.metrics import DurationMiddleware
from api.ops.store_admin_port import StoreAdmin
from api.posts.recorder import PostRecorder
from api.routes import doubts as doubt_routes
from api.routes import registry as registry_routes
from api.routes import reports as report_routes
from api.routes import today as today_routes
from api.routes import tonight as tonight_routes
from api.routes import weather as weather_routes
from api.routes.access import keys as key_routes
from api.routes.access import session as session_routes
from api.routes.access import webhooks as webhook_routes
from api.routes.alarms import alarms
from api.routes.alarms import duty as duty_routes
from api.routes.alarms import push as push_routes
from api.routes.alarms import recipients as recipient_routes
from api.routes.alarms import rules as alarm_rule_routes
from api.routes.alarms.kinds import ALARM_KINDS
from api.routes.cooperative import cooperative as cooperative_routes
from api.routes.cooperative import deliveries as delivery_routes
from api.routes.cooperative import people as people_routes
from api.routes.cooperative import person_data as person_data_routes
from api.routes.devices import device_owners as owner_routes
from api.routes.devices import devices
from api.routes.devices import enrolments as enrolment_routes
from api.routes.devices import gateway_orders as gateway_order_routes
from api.routes.devices import gateways as gateway_routes
from api.routes.devices import live as live_routes
from api.routes.devices import places as place_routes
from api.routes.exchange import consoles as console_routes
from api.routes.exchange import farmos as farmos_routes
from api.routes.exchange import imports as import_routes
from api.routes.exchange import sample_logins as sample_login_routes
from api.routes.exchange import samples as sample_routes
from api.routes.exchange import senders as sender_routes
from api.routes.exchange import uplinks as uplink_routes
from api.routes.fields import base_map as base_map_routes
from api.routes.fields import catalog, field_import, field_outlook, field_plan, outline_edits, recommendation, water
from api.routes.fields import map_sources as map_source_routes
from api.routes.fields import photos as photo_routes
from api.routes.fields import prescriptions as prescription_routes
from api.routes.fields import trials as trial_routes
from api.routes.greenhouses import default_bands, energy, what_if
from api.routes.greenhouses import greenhouses as climate_routes
from api.routes.greenhouses import plan as house_plan
from api.routes.harvest import certificates as certificate_routes
from api.routes.harvest import lots as lot_routes
from api.routes.harvest import treatments as treatment_routes
from api.routes.harvest import yields as yield_routes
from api.routes.passes import application
from api.routes.passes import ledger as ledger_routes
from api.routes.passes import passes as pass_routes
from api.routes.record_kinds import ACCOUNT_KINDS, KINDS, TRIAL_KINDS
from api.routes.station import catalogue as catalogue_routes
from api.routes.station import clock as clock_routes
from api.routes.station import dashboard, health
from api.routes.station import document as document_routes
from api.routes.station import help as help_routes
from api.routes.station import lifecycle as lifecycle_routes
from api.routes.station import security as security_routes
from api.routes.station import store_admin as store_routes
from api.routes.things import find_unknown
from api.routes.traceability import proof_log as proof_routes
from api.routes.traceability import public as public_routes
from api.routes.traceability import releases as release_routes
from api.routes.traceability.epcis import capture as epcis_capture
from api.routes.traceability.epcis import events as epcis_events
from api.routes.traceability.finished import FinishedAnswers
from api.schemas.examples import add_examples
from api.schemas.problem import Problem
from api.standards.brapi import routes as brapi_routes
from api.standards.ogc_features import routes as ogc_routes
from api.standards.sensorthings import routes as sta_routes
from api.standards.sensorthings import writing as sta_writing
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.inputs.result_cache import ResultCache
from headland.clock import wall_clock_ms
from headland.contract.posts.uplinks import UplinkReader
from headland.formats.weather.providers import ForecastProviderKind
from headland.network.address_policy import AddressPolicy
from headland.network.map_tiles import KnownMapService
from headland.registry.db.photo_files import PhotoFiles
from headland.registry.models.fertilizer_catalog import CatalogProduct
from headland.registry.registry import Registry
from headland.runtime.readiness import Check
from headland.runtime.supervised_thread import ThreadStatus
from headland.runtime.tracing.spans import SpanSink
from headland.store.port import Store

VERSION: Final = "1.0.0"
_TITLE: Final = "Headland"

_DESCRIPTION: Final = """\
Measurements of a farm's drones and greenhouses, and analyses of them.

Times are epoch milliseconds UTC; windows are half-open. Every number carries its unit. Errors are problem+json
(RFC 9457). An analysis returns null with a reason where its data does not suffice. Commanded amounts are never
reported as applied. Simulated data is always marked `simulated`.
"""

_LIMITS: Final = Limits()
_ADDRESSES: Final = Addresses()
#: A body from this size on is compressed in a thread, and not by the event loop.
_LARGE_BODY_BYTES: Final = 32 * 1024
#: Threads that answer /readyz and /metrics, and nothing else.
_HEALTH_THREADS: Final = 4

#: Schemas whose published names have the place that their module had first: the names stay where a module moves.
#: Names of schemas that are not those of their types: the document keeps a name that it had.
_PUBLISHED_NAMES: Final = {
    "headland.agronomy.application.cell_conditions.Disturbance": "DisturbanceBody",
    "headland.agronomy.prescription.nutrients.NitrogenUse": "EfficiencyBody",
    "headland.agronomy.climate.condensation.WetEvent": "WetEventItem",
    "headland.analysis.greenhouse.house_answer.StageTarget": "Target",
    "headland.analysis.greenhouse.house_answer.PeriodOfHouse": "PeriodAnswers",
    "headland.analysis.greenhouse.house_answer.AnswersOfHouse": "HouseAnswersBody",
    "headland.analysis.greenhouse.house_answer.HourAhead": "ForecastHour",
    "headland.analysis.greenhouse.house_answer.ForecastOfHouse": "ForecastBody",
    "headland.analysis.greenhouse.house_answer.PastForecasts": "PastForecastBody",
    "headland.analysis.greenhouse.house_answer.SensorsOfHouse": "DataQualityBody",
    "headland.analysis.weather.hourly_forecast.ForecastHour": "WeatherForecastHour",
    "headland.analysis.weather.weather_answer.WeatherPeriod": "WeatherDay",
    "headland.analysis.weather.weather_answer.WeatherOfSite": "SiteWeatherBody",
    "headland.analysis.greenhouse.overview_answer.OverviewAnswer": "OverviewBody",
    "headland.analysis.greenhouse.overview_answer.PlaceOfMap": "OverviewPlace",
    "headland.analysis.inputs.answers.SourcedAnswer": "Answer",
    "headland.analysis.inputs.answers.DeviceFinding": "LeftOutItem",
    "headland.analysis.passes.plan.PlanSummary": "PlanBody",
    "headland.analysis.passes.cell_answer.CellSquare": "CellSpot",
    "headland.analysis.passes.cell_map.CellMapAnswer": "CellMapBody",
    "headland.analysis.passes.remaining_work.RemainingZone": "RemainingZoneBody",
    "headland.agronomy.application.zone_deviation.ZoneDeviation": "ZoneBody",
    "headland.analysis.passes.deviation_answer.DeviationRegion": "RegionBody",
    "headland.analysis.passes.deviation_answer.DeviationAnswer": "DeviationBody",
    "headland.agronomy.application.released.Reconciliation": "ReconciliationBody",
    "headland.analysis.passes.as_applied.SpreadUniformity": "UniformityBody",
    "headland.analysis.passes.as_applied.LandingTiming": "TimingBody",
    "headland.analysis.passes.applied_answer.GroundPart": "Place",
    "headland.analysis.passes.applied_answer.PassCover": "CoverBody",
    "headland.analysis.passes.applied_answer.AppliedGrid": "GridBody",
    "headland.analysis.passes.applied_answer.PassDrift": "DriftBody",
    "headland.analysis.passes.nutrients_answer.LossRisk": "RiskBody",
    "headland.analysis.passes.nutrients_answer.NutrientsOfPass": "PassNutrientsBody",
    "headland.analysis.passes.nutrients_answer.NutrientsOfSeason": "NutrientsBody",
    "headland.agronomy.prescription.nutrients.Elements": "ElementsBody",
    "headland.agronomy.prescription.nutrients.NitrogenBalance": "BalanceBody",
    "headland.analysis.weather.spray_window.MeasuredHour": "HourBody",
    "headland.registry.repositories.ledger.entries.LedgerEntry": "EntryBody",
    "headland.agronomy.application.pass_detection.Segment": "SegmentItem",
    "headland.agronomy.series.answer.Method": "AnswerMethod",
    "headland.analysis.inputs.window.Window": "AnswerWindow",
    "headland.agronomy.climate.forecast.Skill": "ForecastSkill",
    "headland.registry.repositories.harvest.lot_lineage.LotLink": "LotLinkBody",
    "headland.agronomy.prescription.interpolation.Variogram": "VariogramBody",
    "headland.registry.models.releases.ReleaseRequest": "NewRelease",
    "headland.analysis.tonight.statements.StatementRecord": "StatementSkill",
    "headland.analysis.tonight.cards.answer.TonightCard": "CardBody",
    "headland.analysis.tonight.cards.answer.TonightCards": "TonightBody",
    "headland.analysis.tonight.cards.answer.CardStatement": "StatementBody",
    "headland.analysis.tonight.cards.answer.CardAdvice": "AdviceBody",
    "headland.analysis.tonight.cards.answer.CardWithheld": "WithheldBody",
    "headland.analysis.tonight.cards.answer.CardRecall": "RecallBody",
    "headland.analysis.yields.yield_map.AppliedLag": "FlowLagBody",
    "headland.analysis.tonight.done.Done": "DoneBody",
    "headland.analysis.tonight.orders.Order": "OrderBody",
    "headland.analysis.tonight.orders.HouseOrder": "HouseOrderBody",
    "headland.analysis.inputs.flights.FlightCoverage": "FlightCoverageBody",
    "headland.contract.gateway_state.GatewayState": "Gateway",
    "headland.contract.gateway_state.SourceState": "GatewaySource",
    "headland.contract.gateway_state.SpoolState": "Spool",
    "headland.files.damage_notes.FileDamage": "DamageItem",
    "headland.network.enrolment.messages.EnrolmentRequest": "EnrolmentBody",
    "headland.network.enrolment.messages.RenewalRequest": "RenewalBody",
    "headland.network.enrolment.messages.RenewedCertificate": "api__routes__enrolments__CertificateBody",
    "headland.network.enrolment.messages.SealedPapers": "SealedBody",
    "headland.analysis.inputs.origin.LeftOut": "api__schemas__series__LeftOut",
    "headland.contract.file_imports.ReasonCount": "api__schemas__imports__LeftOut",
    "headland.contract.file_imports.SeenColumn": "TableColumn",
    "api.schemas.harvest.certificates.CertificateBody": "api__schemas__harvest__certificates__CertificateBody",
}

#: Names of schemas that are now one: a generated client may have either.
_SECOND_NAMES: Final = {"Method": "AnswerMethod", "YieldMethod": "AnswerMethod"}

_TAGS: Final = [
    {"name": "access", "description": "Keys, members, sessions and the audit log."},
    {"name": "devices", "description": "Devices and their measurements."},
    {"name": "answers", "description": "Analyses: each number with its method, coverage and evidence."},
    {
        "name": "registry",
        "description": "Farms, fields, products and machines: versioned, with history.",
    },
    {"name": "passes", "description": "Field passes and the amounts applied, with their evidence."},
    {"name": "harvest", "description": "Plant protection, harvests, lots, recall and certificates."},
    {"name": "reports", "description": "Reports as a printable page, PDF or table, in English and Chinese."},
    {"name": "cooperative", "description": "Treated ground, accounts, statements, disputes and subsidy claims."},
    {"name": "trials", "description": "Field trials: designs, plots, observations and results."},
    {"name": "fertilization", "description": "Recommendations and prescriptions, with their sources."},
    {"name": "alarms", "description": "Alarms, rules, recipients, and simulation of rules on past data."},
    {"name": "imports", "description": "Logs and tables that people hand over, with progress."},
    {"name": "gateways", "description": "Delivery of every record, and the quarantine."},
    {
        "name": "sensorthings",
        "description": "OGC SensorThings API 1.1 for GIS programs, and for those that write Observations.",
    },
    {"name": "maps", "description": "OGC API Features for map programs, read only."},
    {"name": "health", "description": "Health, readiness and metrics for operators."},
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
    store_admin: StoreAdmin | None = None,
    clock: ClockPort | None = None,
    live: LiveFeed | None = None,
    authenticator: Authenticator | None = None,
    limits: Limits = _LIMITS,
    threads: Callable[[], Sequence[ThreadStatus]] = no_threads,
    webhooks_to: AddressPolicy | None = None,
    unreachable: Mapping[str, str] = MappingProxyType({}),
    registrar: GatewayRegistrar | None = None,
    enrolment: GatewayEnrolment | None = None,
    imports: FileImports | None = None,
    uplinks: UplinkReader | None = None,
    base_map: Path | None = None,
    photos: PhotoFiles | None = None,
    book_notes: Path | None = None,
    farm_folder: Path | None = None,
    answers: ResultCache | None = None,
    public_limits: PublicLimits | None = None,
    spans: SpanSink | None = None,
    traced_share: float = 1.0,
    follow: Callable[[str, LivePlaces], FeedSource] | None = None,
    shared_limits: SharedLimits | None = None,
    metrics_folder: Path | None = None,
    addresses: Addresses = _ADDRESSES,
) -> FastAPI:
    """Return the application that serves `store`; every call to the store is in a worker thread.

    `authenticator` determines the organisation of a request; by default the registry's keys do, and without a registry
    every request is refused. `organisation` owns the services in this process (ingest, alarms, commits): no other
    organisation's key reads them.

    `readiness` and `counters` are read at each /readyz and /metrics; `now_ms` is the end of windows without one.
    `gateways` is the ingest beside this API; without it the routes of gateways and the quarantine respond with 404.
    `store_admin` runs maintenance on a store that only this process may open. `live` receives commits as they happen;
    without it the store is polled once a second while any client is connected. `threads` returns the status of the
    threads of this process, which /readyz and /metrics report. A recipient at an address that `webhooks_to` does not
    permit is refused when it is saved. `unreachable` says by kind of recipient why this station cannot send to it.
    `registrar` adds gateways to the broker of this station, `enrolment` enrols them by code, `imports` takes files.
    `clock` is the station's. `uplinks` reads what network servers of LoRaWAN post.
    `answers` is a cache of results that this process fills before somebody asks.
    `base_map` is the file of a base map, `photos` are the files of photos of notes; without them no photo is accepted.
    `addresses` says by which URL links lead here, which proxies name their clients, and whose scripts may read answers.
    `public_limits` are those of the pages that are open to everybody. `spans` takes the spans of requests, of which
    `traced_share` is traced; without it none is.

    Where several processes serve the same address, `follow` returns what passes on another process's live feed of an
    organisation, `shared_limits` are the limits of all, and `metrics_folder` has the figures of all (the client library
    of Prometheus writes them there where its environment variable says so).
    """
    # An invalid file of crop targets is reported at the start, not at the first request.
    load_crop_targets()
    app = FastAPI(
        title=_TITLE,
        version=VERSION,
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[*_routes()],
    )
    feeds = LiveFeeds(store, organisation, live, follow)
    home = HomeServices(
        store,
        registry,
        organisation,
        now_ms,
        readiness,
        counters,
        gateways,
        store_admin,
        threads=lambda: [*threads(), *feeds.threads()],
        webhooks_to=webhooks_to,
        unreachable=unreachable,
        registrar=registrar,
        enrolment=enrolment,
        imports=imports,
        base_map=base_map,
        photos=photos,
        book_notes=book_notes,
        farm_folder=farm_folder,
        cache=ResultCache() if answers is None else answers,
        clock=clock,
        public_url=addresses.public_url,
        uplinks=uplinks,
    )
    metrics, all_metrics = CollectorRegistry(), None
    if metrics_folder is not None:
        all_metrics = CollectorRegistry()
        MultiProcessCollector(all_metrics, str(metrics_folder))  # type: ignore[no-untyped-call]
    if authenticator is None:
        authenticator = ClosedAuthenticator() if registry is None else RegistryAuthenticator(registry)
    app.state.home = home
    app.state.metrics = all_metrics or metrics
    app.state.live = feeds
    app.state.public_limiter = PublicLimiter(
        public_limits, buckets=None if shared_limits is None else shared_limits.buckets
    )
    app.state.public_edge = PublicEdge()
    app.state.finished_answers = FinishedAnswers(
        home.cache,
        (lambda _: ()) if registry is None else registry.change_mark,
        (lambda _: {}) if registry is None else registry.organisations_of,
    )
    app.state.auth_cache = AuthCache(authenticator, limits, shared=shared_limits)
    app.add_middleware(IdempotencyMiddleware, registry=registry, now_ms=now_ms)
    app.add_middleware(AuthMiddleware, router=app.router, limits=limits)
    app.add_middleware(PostRecorder)
    app.state.running = RunningRequests()
    app.state.map_tiles = MapTiles(webhooks_to)
    app.state.health_limiter = CapacityLimiter(_HEALTH_THREADS)
    app.add_middleware(TimeoutMiddleware, answer_s=limits.answer_s, running=app.state.running)
    app.add_middleware(GZipMiddleware, minimum_size=2048, compresslevel=1, thread_minimum_size=_LARGE_BODY_BYTES)
    app.add_middleware(DurationMiddleware, registry=metrics)
    app.add_middleware(AddressMiddleware, addresses=addresses)
    app.add_middleware(BrowserHeadersMiddleware)
    if addresses.origins:
        app.add_middleware(CorsMiddleware, origins=addresses.origins)
    app.add_middleware(LanguageMiddleware)
    if spans is not None:
        app.add_middleware(TraceMiddleware, sink=spans, share=traced_share)
    install_problems(app, find_unknown)
    app.openapi = _document  # type: ignore[method-assign] # the way FastAPI documents to extend it
    return app


@cache
def _routes() -> list[DeferredRoute]:
    """Return the routes of every application; what FastAPI finds out about their parameters is kept in them."""
    routers = (
        devices.router,
        application.router,
        pass_routes.router,
        ledger_routes.router,
        gateway_routes.router,
        gateway_routes.between,
        gateway_order_routes.router,
        enrolment_routes.router,
        store_routes.router,
        health.router,
        document_routes.router,
        dashboard.router,
        help_routes.router,
        security_routes.router,
        session_routes.router,
        key_routes.router,
        webhook_routes.router,
        store_routes.damage_router,
        store_routes.retention_router,
        store_routes.space_router,
        lifecycle_routes.router,
        clock_routes.router,
        catalogue_routes.router,
        climate_routes.router,
        place_routes.router,
        place_routes.places,
        owner_routes.router,
        import_routes.router,
        sample_routes.router,
        sender_routes.router,
        console_routes.router,
        sample_login_routes.router,
        uplink_routes.router,
        report_routes.router,
        proof_routes.router,
        epcis_capture.router,
        epcis_events.router,
        release_routes.router,
        public_routes.router,
        today_routes.router,
        tonight_routes.router,
        weather_routes.router,
        live_routes.router,
        sta_writing.router,
        sta_routes.router,
        ogc_routes.router,
        farmos_routes.router,
        brapi_routes.router,
        # Fixed paths below a kind of record come before that kind's `{record}`.
        catalog.router,
        weather_routes.catalog_router,
        map_source_routes.router,
        default_bands.router,
        doubt_routes.router,
        energy.router,
        what_if.router,
        house_plan.router,
        field_import.router,
        people_routes.router,
        person_data_routes.router,
        cooperative_routes.router,
        delivery_routes.router,
        *cooperative_routes.RECORD_ROUTERS,
        trial_routes.router,
        *trial_routes.RECORD_ROUTERS,
        outline_edits.router,
        base_map_routes.router,
        photo_routes.router,
        recommendation.router,
        field_plan.router,
        water.router,
        field_outlook.router,
        prescription_routes.router,
        treatment_routes.router,
        lot_routes.router,
        yield_routes.router,
        certificate_routes.router,
        *registry_routes.ROUTERS,
        key_routes.members,
        webhook_routes.webhooks,
        alarms.router,
        recipient_routes.router,
        alarm_rule_routes.router,
        duty_routes.router,
        push_routes.router,
        *alarms.RECORD_ROUTERS,
    )
    return [route for router in routers for route in router.routes((Depends(check_exchange),))]


#: Kinds of records that everybody may list, add and change.
_KINDS: Final = (
    *KINDS,
    *ALARM_KINDS,
    key_routes.MEMBERS,
    webhook_routes.WEBHOOKS,
    *ACCOUNT_KINDS,
    *TRIAL_KINDS,
)


@cache
def _document() -> dict[str, Any]:
    """Return the OpenAPI document of every application; whoever changes it changes a copy."""
    document = get_openapi(
        title=_TITLE,
        version=VERSION,
        description=_DESCRIPTION,
        routes=[route.analysed for route in _routes()],
        tags=_TAGS,
        servers=[{"url": "/", "description": "The station that serves this document."}],
    )
    shown = [route for route in _routes() if route.options["include_in_schema"]]
    document["components"]["schemas"] |= describe_records(
        [
            CatalogProduct,
            ForecastProviderKind,
            KnownMapService,
            Problem,
            *(kind.wire for kind in _KINDS),
            *(kind for route in shown for kind in route.answers),
        ],
        [kind for route in shown for kind in route.bodies],
    )
    _publish_names(document)
    schemas = document["components"]["schemas"]
    schemas |= {second: schemas[name] for second, name in _SECOND_NAMES.items()}
    schemas["Problem"] |= {"additionalProperties": True, "example": Problem.EXAMPLE}
    for kind in _KINDS:
        schemas[kind.wire.__name__] |= {"additionalProperties": False, "example": kind.example}
    exclude_foreign_instants(schemas)
    describe_fields(schemas)
    _drop_null(document["paths"])
    describe_access(document)
    describe_exchange(document)
    describe_idempotency(document)
    add_examples(document)
    return document


def _publish_names(document: dict[str, Any]) -> None:
    """Give the schemas their published names, in the order of those."""
    schemas = document["components"]["schemas"]
    names = {name: _PUBLISHED_NAMES.get(name, name.rpartition(".")[2]) for name in schemas}
    if len(set(names.values())) < len(names):
        twice = sorted(name for name, to in names.items() if list(names.values()).count(to) > 1)
        raise ValueError(f"two schemas of the API have one name: {', '.join(twice)}")
    if gone := _PUBLISHED_NAMES.keys() - names.keys():
        raise ValueError(f"the API has no such record any more: {', '.join(sorted(gone))}")
    document["components"]["schemas"] = dict(sorted((names[name], schema) for name, schema in schemas.items()))
    references = {f"#/components/schemas/{name}": f"#/components/schemas/{to}" for name, to in names.items()}
    nodes: list[Any] = [document]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if node.get("$ref") in references:
                node["$ref"] = references[node["$ref"]]
            if isinstance(mapping := node.get("mapping"), dict) and "propertyName" in node:
                node["mapping"] = {value: references[reference] for value, reference in mapping.items()}
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)


def _drop_null(paths: dict[str, Any]) -> None:
    """Remove null from the parameters' types: a parameter may be absent, but a query cannot hold null."""
    for operation in (operation for methods in paths.values() for operation in methods.values()):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
            if kinds:
                del schema["anyOf"]
                schema.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
