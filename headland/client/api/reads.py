"""Each GET of the API as a method; written by `python -m docs.generator.python_client`."""

# ruff: noqa: A002, N803 - a parameter has the name that it has in the API

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from headland.client.api.records import (
    AccountEntry,
    AlarmItem,
    AlarmRecipient,
    AlarmRule,
    ApplicationAnswers,
    AppliedBody,
    AuditChecked,
    AuditItem,
    AuthorNames,
    BaseMapBody,
    CatalogProduct,
    CatalogueAnswer,
    CellEvidence,
    CellMapBody,
    CertificatesCertificateBody,
    CertificateShown,
    CheckpointBody,
    ClimateAnswers,
    ClockState,
    Columns,
    Confirmation,
    ConflictItem,
    CropBand,
    DamageList,
    DataQualityBody,
    DefaultBand,
    Delivery,
    DeviationBody,
    Device,
    DeviceDetail,
    DeviceOwner,
    DevicePlace,
    DevicePlaceList,
    Dispute,
    DoubtQuestion,
    DutyList,
    DutyRota,
    EnergyOfHouse,
    EnrolledGateways,
    EntryBody,
    EventItem,
    Farm,
    FieldOutlook,
    FieldPlan,
    FieldResource,
    FieldWater,
    FileImport,
    FileImportList,
    FlightList,
    ForecastBody,
    ForecastProviderKind,
    ForecastProviderSetting,
    ForecastRulesList,
    ForecastWindows,
    Gateway,
    GatewayRulesList,
    Germplasm,
    GetSharedGround,
    GreenhouseResource,
    GreenhouseZone,
    GrowerNote,
    GrowthBody,
    HarvestBody,
    HarvestPassBody,
    Health,
    Holding,
    HourlyForecast,
    HouseAnswersBody,
    Implement,
    InclusionBody,
    IntervalStateBody,
    IrrigationRecord,
    IrrigationZone,
    KeptKind,
    KeptKinds,
    KeyItem,
    KnownMapService,
    Latest,
    LedgerCheckBody,
    ListedPass,
    LogKeysBody,
    LotBody,
    LotHistoryBody,
    MaintenanceWindow,
    MapSource,
    Member,
    MemberDelivery,
    NamedWitness,
    NotificationItem,
    NutrientsBody,
    OverviewBody,
    PassDetail,
    PassToSettle,
    PassVerdict,
    PastForecastBody,
    Person,
    PersonDataBody,
    PlanOfHouse,
    PlantProtectionProduct,
    PlotObservation,
    PostedResult,
    Prescription,
    Product,
    PushKeyBody,
    Quarantined,
    QuarantinedDetail,
    ReachFact,
    Readiness,
    RecipientDeliveryList,
    RecipientWays,
    Recommendation,
    ReleaseBody,
    ResumeBody,
    RetentionPreview,
    RunPreview,
    SampleLogin,
    SampleLogins,
    SampleSender,
    SeasonResource,
    SeasonsOfField,
    SeasonStatement,
    Series,
    Session,
    SiteForecast,
    SiteResource,
    SiteWeatherBody,
    StatementRunItem,
    StoreSpace,
    SubsidyRule,
    TablePreview,
    TariffRecord,
    Today,
    TonightBody,
    TreatedItem,
    TreatmentBody,
    TreatmentCheckBody,
    Trial,
    TrialAnswer,
    TrialDrawing,
    TrialVariable,
    WeatherBody,
    WeatherForecastRecord,
    Webhook,
    WhatIf,
    YieldAgainstAppliedBody,
    YieldBody,
    YieldStabilityBody,
)
from headland.client.reading import Instant, Reading, in_path


class Reads(Reading):
    """Each GET of the API as a method, named as the operation."""

    def list_devices(
        self, *, kind: str | None = None, site: str | None = None, limit: int | None = None
    ) -> Iterator[Device]:
        """List the devices by id."""
        return self._pages("/v1/devices", Device, {"kind": kind, "site": site, "limit": limit})

    def list_latest(
        self, *, kind: str | None = None, site: str | None = None, limit: int | None = None
    ) -> Iterator[Latest]:
        """List the newest value of each channel of every device, by device id."""
        return self._pages("/v1/latest", Latest, {"kind": kind, "site": site, "limit": limit})

    def get_device(self, device: str) -> DeviceDetail:
        """Return a device and its channels."""
        return self._record(f"/v1/devices/{in_path(device)}", DeviceDetail, {})

    def get_latest(self, device: str) -> Latest:
        """Return the newest value of each channel of a device."""
        return self._record(f"/v1/devices/{in_path(device)}/latest", Latest, {})

    def get_series(
        self,
        device: str,
        *,
        channel: str | Sequence[str],
        start: Instant | None = None,
        end: Instant | None = None,
        max_points: int | None = None,
        width: int | None = None,
        method: Literal["min_max", "lttb"] | None = None,
        simulated: bool | None = None,
    ) -> Series:
        """Give samples of [start, end) as columns; suspect and failed samples (QARTOD 3 and 4) are left out."""
        return self._record(
            f"/v1/devices/{in_path(device)}/series",
            Series,
            {
                "channel": channel,
                "start": start,
                "end": end,
                "max_points": max_points,
                "width": width,
                "method": method,
                "simulated": simulated,
            },
        )

    def get_series_file(
        self,
        device: str,
        *,
        channel: str | Sequence[str],
        media_type: Literal["text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"],
        start: Instant | None = None,
        end: Instant | None = None,
        max_points: int | None = None,
        width: int | None = None,
        method: Literal["min_max", "lttb"] | None = None,
        simulated: bool | None = None,
    ) -> bytes:
        """Give samples of [start, end) as columns; suspect and failed samples (QARTOD 3 and 4) are ... As bytes."""
        return self._bytes(
            f"/v1/devices/{in_path(device)}/series",
            media_type,
            {
                "channel": channel,
                "start": start,
                "end": end,
                "max_points": max_points,
                "width": width,
                "method": method,
                "simulated": simulated,
            },
        )

    def list_events(
        self, device: str, *, start: Instant | None = None, end: Instant | None = None, limit: int | None = None
    ) -> Iterator[EventItem]:
        """List the events of [start, end) in time order; the events of one instant are always on one page."""
        return self._pages(
            f"/v1/devices/{in_path(device)}/events", EventItem, {"start": start, "end": end, "limit": limit}
        )

    def get_flights(self, device: str, *, start: Instant | None = None, end: Instant | None = None) -> FlightList:
        """List a vehicle's flights that ended in [start, end): what of each came by link, was healed, and remains."""
        return self._record(f"/v1/devices/{in_path(device)}/flights", FlightList, {"start": start, "end": end})

    def list_conflicts(
        self, device: str, *, start: Instant | None = None, end: Instant | None = None, limit: int | None = None
    ) -> Iterator[ConflictItem]:
        """List the values in [start, end) that contradict stored ones, for example of two gateways that read ..."""
        return self._pages(
            f"/v1/devices/{in_path(device)}/conflicts", ConflictItem, {"start": start, "end": end, "limit": limit}
        )

    def get_application(
        self,
        device: str,
        *,
        swath_m: float | None = None,
        assumed_swath_m: float | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
    ) -> ApplicationAnswers:
        """Return what a device sprayed or spread: amount, area worked, overlap and mean rate, each with its ..."""
        return self._record(
            f"/v1/devices/{in_path(device)}/application",
            ApplicationAnswers,
            {"swath_m": swath_m, "assumed_swath_m": assumed_swath_m, "start": start, "end": end},
        )

    def list_passes(
        self,
        field: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        device: str | None = None,
        limit: int | None = None,
    ) -> Iterator[ListedPass]:
        """List the passes of a field that begin in [start, end), the last seven days by default."""
        return self._pages(
            f"/v1/fields/{in_path(field)}/passes",
            ListedPass,
            {"start": start, "end": end, "device": device, "limit": limit},
        )

    def get_pass(self, pass_id: str) -> PassDetail:
        """Return a pass with its segments: work, turns, transits, refills and the return, each with its evidence."""
        return self._record(f"/v1/passes/{in_path(pass_id)}", PassDetail, {})

    def get_applied(
        self, pass_id: str, *, cell_m: float | None = None, swath_m: float | None = None, latency_s: float | None = None
    ) -> AppliedBody:
        """Return the as-applied map of a pass, by metered amounts only: where only a command is known there is ..."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/as-applied",
            AppliedBody,
            {"cell_m": cell_m, "swath_m": swath_m, "latency_s": latency_s},
        )

    def get_applied_file(
        self,
        pass_id: str,
        *,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
        format: Literal[
            "json", "summary", "geojson", "csv", "arrow", "parquet", "png", "geotiff", "isoxml", "isoxml_log"
        ]
        | None = None,
    ) -> bytes:
        """Return the as-applied map of a pass, by metered amounts only: where only a command is ... As bytes."""
        return self._bytes(
            f"/v1/passes/{in_path(pass_id)}/as-applied",
            "*/*",
            {"cell_m": cell_m, "swath_m": swath_m, "latency_s": latency_s, "format": format},
        )

    def get_cells(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> CellMapBody:
        """Return the cells of a pass for a map: planned and applied rate, their difference, its class and ..."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/cells",
            CellMapBody,
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_cells_file(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
        format: Literal["geojson", "json", "safetensors"] | None = None,
    ) -> bytes:
        """Return the cells of a pass for a map: planned and applied rate, their difference, its ... As bytes."""
        return self._bytes(
            f"/v1/passes/{in_path(pass_id)}/cells",
            "*/*",
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
                "format": format,
            },
        )

    def get_cell(
        self,
        pass_id: str,
        *,
        latitude_deg: float,
        longitude_deg: float,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> CellEvidence:
        """Return the evidence for the cell at a place: each visit that applied product to it, with its samples."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/cell",
            CellEvidence,
            {
                "latitude_deg": latitude_deg,
                "longitude_deg": longitude_deg,
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_resume(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        swath_m: float | None = None,
        implement: str | None = None,
    ) -> ResumeBody:
        """Return the remaining work of an interrupted pass and the address of its mission: no ground is ..."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/resume",
            ResumeBody,
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "swath_m": swath_m,
                "implement": implement,
            },
        )

    def get_resume_plan(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        swath_m: float | None = None,
        implement: str | None = None,
        height_m: float | None = None,
        height_above: Literal["terrain", "home"] | None = None,
        speed_m_s: float | None = None,
    ) -> dict[str, Any]:
        """Return the mission that finishes a pass as a QGroundControl .plan; Headland itself never flies it."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/resume.plan",
            dict[str, Any],
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "swath_m": swath_m,
                "implement": implement,
                "height_m": height_m,
                "height_above": height_above,
                "speed_m_s": speed_m_s,
            },
        )

    def get_verdict(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> PassVerdict:
        """Say in one sentence, in both languages, what a pass did: ground within 10 % of its plan, and strips ..."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/verdict",
            PassVerdict,
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_deviation(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> DeviationBody:
        """Compare a pass with its plan: where too little or too much was applied, and the likeliest cause."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/deviation",
            DeviationBody,
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_settlement(
        self,
        pass_id: str,
        *,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> Columns:
        """Return a table of treated ground and metered product by plot owner, to bill a service by."""
        return self._record(
            f"/v1/passes/{in_path(pass_id)}/settlement",
            Columns,
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_settlement_file(
        self,
        pass_id: str,
        *,
        media_type: Literal["text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"],
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> bytes:
        """Return a table of treated ground and metered product by plot owner, to bill a service by. As bytes."""
        return self._bytes(
            f"/v1/passes/{in_path(pass_id)}/settlement",
            media_type,
            {
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_nutrients(
        self,
        field: str,
        *,
        season: str | None = None,
        yield_kg_ha: float | None = None,
        unfertilised_yield_kg_ha: float | None = None,
        uptake_kg_ha: float | None = None,
        unfertilised_uptake_kg_ha: float | None = None,
        grain_n_pct: float | None = None,
        soil_deficit_mm: float | None = None,
        swath_m: float | None = None,
    ) -> NutrientsBody:
        """Add up nitrogen, phosphorus and potassium by pass and season, and balance the nitrogen with the harvest."""
        return self._record(
            f"/v1/fields/{in_path(field)}/nutrients",
            NutrientsBody,
            {
                "season": season,
                "yield_kg_ha": yield_kg_ha,
                "unfertilised_yield_kg_ha": unfertilised_yield_kg_ha,
                "uptake_kg_ha": uptake_kg_ha,
                "unfertilised_uptake_kg_ha": unfertilised_uptake_kg_ha,
                "grain_n_pct": grain_n_pct,
                "soil_deficit_mm": soil_deficit_mm,
                "swath_m": swath_m,
            },
        )

    def get_weather_window(
        self,
        field: str,
        *,
        kind: Literal["granular", "liquid"] | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
    ) -> WeatherBody:
        """Return for each hour whether its weather suits the work, by the devices of the field's site; no forecast."""
        return self._record(
            f"/v1/fields/{in_path(field)}/weather-window", WeatherBody, {"kind": kind, "start": start, "end": end}
        )

    def list_ledger(
        self, *, field: str | None = None, pass_id: str | None = None, limit: int | None = None
    ) -> Iterator[EntryBody]:
        """List the ledger's entries in the order in which they were written; CSV, Arrow and Parquet hold all ..."""
        return self._pages("/v1/ledger", EntryBody, {"field": field, "pass_id": pass_id, "limit": limit})

    def list_ledger_file(
        self,
        *,
        media_type: Literal["text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"],
        field: str | None = None,
        pass_id: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> bytes:
        """List the ledger's entries in the order in which they were written; CSV, Arrow and Parquet ... As bytes."""
        return self._bytes(
            "/v1/ledger", media_type, {"field": field, "pass_id": pass_id, "cursor": cursor, "limit": limit}
        )

    def check_ledger(self) -> LedgerCheckBody:
        """Verify the whole ledger: no entry was changed, removed, inserted or cut off."""
        return self._record("/v1/ledger/check", LedgerCheckBody, {})

    def list_gateways(self, *, online: bool | None = None, limit: int | None = None) -> Iterator[Gateway]:
        """List the gateways by id, each with its newest status."""
        return self._pages("/v1/gateways", Gateway, {"online": online, "limit": limit})

    def get_delivery(self, gateway: str) -> Delivery:
        """Return the delivery of a gateway: each numbered record is stored, refused, dropped, missing or lost."""
        return self._record(f"/v1/gateways/{in_path(gateway)}/delivery", Delivery, {})

    def list_quarantine(self, *, gateway: str | None = None, limit: int | None = None) -> Iterator[Quarantined]:
        """List the messages in quarantine, the newest first."""
        return self._pages("/v1/quarantine", Quarantined, {"gateway": gateway, "limit": limit})

    def get_quarantined(self, message: int) -> QuarantinedDetail:
        """Return a quarantined message with its bytes."""
        return self._record(f"/v1/quarantine/{in_path(message)}", QuarantinedDetail, {})

    def list_gateway_enrolments(self) -> EnrolledGateways:
        """List the gateways that were given a code: whether it waits, was used or has expired, and the certificate."""
        return self._record("/v1/gateway-enrolments", EnrolledGateways, {})

    def get_health(self) -> Health:
        """Return ok while the process serves requests."""
        return self._record("/healthz", Health, {})

    def get_readiness(self) -> Readiness:
        """Return 200 when all checks pass, else 503 with the failing checks."""
        return self._record("/readyz", Readiness, {})

    def get_metrics(self) -> bytes:
        """Return metrics for Prometheus: of the whole process for its own organisation, else of the ... As bytes."""
        return self._bytes("/metrics", "*/*", {})

    def get_session(self) -> Session:
        """Return the session of the cookie, or the access of the key."""
        return self._record("/v1/session", Session, {})

    def list_keys(self, *, limit: int | None = None) -> Iterator[KeyItem]:
        """List the keys in order of creation, with name, scope and time of last use."""
        return self._pages("/v1/keys", KeyItem, {"limit": limit})

    def get_key(self, key: str) -> KeyItem:
        """Return a key's name, scope and times."""
        return self._record(f"/v1/keys/{in_path(key)}", KeyItem, {})

    def get_authors(self, *, author: str | Sequence[str]) -> AuthorNames:
        """Return who authors of records are, for people: the names behind `acknowledged_by`, `author` and `who`."""
        return self._record("/v1/authors", AuthorNames, {"author": author})

    def list_audit(self, *, record: str | None = None, limit: int | None = None) -> Iterator[AuditItem]:
        """List the changes of records, the newest first: who, when, before and after."""
        return self._pages("/v1/audit", AuditItem, {"record": record, "limit": limit})

    def check_audit(self) -> AuditChecked:
        """Verify the hash chain of the whole audit log."""
        return self._record("/v1/audit/check", AuditChecked, {})

    def list_webhook_posts(self, webhook: str, *, limit: int | None = None) -> Iterator[NotificationItem]:
        """List the posts of a webhook, the newest first; POST /v1/alarm-notices/ID/replay retries a dead one."""
        return self._pages(f"/v1/webhooks/{in_path(webhook)}/posts", NotificationItem, {"limit": limit})

    def get_damage(self) -> DamageList:
        """List damage of store and registry, and lost or older books; `/readyz` fails until it is acknowledged."""
        return self._record("/v1/store/damage", DamageList, {})

    def get_retention(
        self,
        *,
        raw_days: int | None = None,
        minute_days: int | None = None,
        hour_days: int | None = None,
        event_days: int | None = None,
        preview: bool | None = None,
    ) -> RetentionPreview:
        """Return the retention and how many samples it deletes, before when; with `preview` of other days."""
        return self._record(
            "/v1/store/retention",
            RetentionPreview,
            {
                "raw_days": raw_days,
                "minute_days": minute_days,
                "hour_days": hour_days,
                "event_days": event_days,
                "preview": preview,
            },
        )

    def get_space(self) -> StoreSpace:
        """Return the room on the farm's disk and for how many days it lasts."""
        return self._record("/v1/store/space", StoreSpace, {})

    def get_lifecycle(self) -> KeptKinds:
        """List everything that the station keeps: what bounds it, the days in force, and what was deleted by them."""
        return self._record("/v1/store/lifecycle", KeptKinds, {})

    def preview_lifecycle(self, kind: str, *, days: int | None = None, for_ever: bool | None = None) -> KeptKind:
        """Return what a retention of these days deletes, and changes nothing."""
        return self._record(f"/v1/store/lifecycle/{in_path(kind)}", KeptKind, {"days": days, "for_ever": for_ever})

    def get_clock(self) -> ClockState:
        """Return whether the station's clock can be believed; while it is in doubt nothing is deleted or ..."""
        return self._record("/v1/clock", ClockState, {})

    def get_catalogue(self) -> CatalogueAnswer:
        """Return all units, channels and indices with their names in both languages, for people and for forms."""
        return self._record("/v1/catalogue", CatalogueAnswer, {})

    def get_climate(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day", "stage"] | None = None,
        zone: str | None = None,
        base_degc: float | None = None,
        upper_degc: float | None = None,
        cutoff: Literal["horizontal", "intermediate", "vertical"] | None = None,
        degree_days: Literal["average", "average_clamped", "single_sine", "double_sine"]
        | Sequence[Literal["average", "average_clamped", "single_sine", "double_sine"]]
        | None = None,
        heat_degc: float | Sequence[float] | None = None,
        cold_degc: float | Sequence[float] | None = None,
    ) -> ClimateAnswers:
        """Return the indices of the air: vapour pressure deficit, dew point, humidity deficit; by day ..."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/climate",
            ClimateAnswers,
            {
                "start": start,
                "end": end,
                "by": by,
                "zone": zone,
                "base_degc": base_degc,
                "upper_degc": upper_degc,
                "cutoff": cutoff,
                "degree_days": degree_days,
                "heat_degc": heat_degc,
                "cold_degc": cold_degc,
            },
        )

    def get_overview(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        zone: str | None = None,
        width: int | None = None,
    ) -> OverviewBody:
        """Return everything for the page of a greenhouse: chart lines, target bands, days, and a map of its places."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/overview",
            OverviewBody,
            {"start": start, "end": end, "zone": zone, "width": width},
        )

    def get_condensation(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day", "stage"] | None = None,
        zone: str | None = None,
    ) -> HouseAnswersBody:
        """Return condensation on leaves, fruit and cover: margins, hours, and each event."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/condensation",
            HouseAnswersBody,
            {"start": start, "end": end, "by": by, "zone": zone},
        )

    def get_light(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day"] | None = None,
        zone: str | None = None,
        transmission: float | None = None,
        lamp: str | None = None,
    ) -> HouseAnswersBody:
        """Return the light: daily light integral, photoperiod, the last 24 hours, photothermal ratio."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/light",
            HouseAnswersBody,
            {"start": start, "end": end, "by": by, "zone": zone, "transmission": transmission, "lamp": lamp},
        )

    def get_disease(
        self, device: str, *, start: Instant | None = None, end: Instant | None = None, zone: str | None = None
    ) -> HouseAnswersBody:
        """Return the daily risk of Botrytis, powdery mildew, late blight and downy mildew, with its drivers."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/disease", HouseAnswersBody, {"start": start, "end": end, "zone": zone}
        )

    def get_irrigation(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        zone: str | None = None,
        dose_l_m2: float | None = None,
        uptake_ml_j_cm2: float | None = None,
    ) -> HouseAnswersBody:
        """Return irrigation by local day: radiation sum, uptake, water need, target and measured drain."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/irrigation",
            HouseAnswersBody,
            {"start": start, "end": end, "zone": zone, "dose_l_m2": dose_l_m2, "uptake_ml_j_cm2": uptake_ml_j_cm2},
        )

    def get_exchange(
        self,
        device: str,
        *,
        leaf_area_index: float,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day"] | None = None,
        zone: str | None = None,
        height_m: float | None = None,
        co2_given_g_m2_h: float | None = None,
        outside_co2_ppm: float | None = None,
        transmission: float | None = None,
    ) -> HouseAnswersBody:
        """Return transpiration, air exchange by two balances, and carbon dioxide used."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/exchange",
            HouseAnswersBody,
            {
                "leaf_area_index": leaf_area_index,
                "start": start,
                "end": end,
                "by": by,
                "zone": zone,
                "height_m": height_m,
                "co2_given_g_m2_h": co2_given_g_m2_h,
                "outside_co2_ppm": outside_co2_ppm,
                "transmission": transmission,
            },
        )

    def get_compliance(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day", "stage"] | None = None,
        zone: str | None = None,
    ) -> HouseAnswersBody:
        """Return compliance with set points, vent movement, and hours of heating with open vents."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/compliance",
            HouseAnswersBody,
            {"start": start, "end": end, "by": by, "zone": zone},
        )

    def get_uniformity(
        self,
        device: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day", "stage"] | None = None,
        zone: str | None = None,
    ) -> HouseAnswersBody:
        """Return uniformity: the span between the places of a greenhouse, and the bias of each place."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/uniformity",
            HouseAnswersBody,
            {"start": start, "end": end, "by": by, "zone": zone},
        )

    def get_data_quality(
        self, device: str, *, start: Instant | None = None, end: Instant | None = None, zone: str | None = None
    ) -> DataQualityBody:
        """Return the health of the sensors by device and channel: stuck, spikes, drift, sun-heated, saturated, ..."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/data-quality",
            DataQualityBody,
            {"start": start, "end": end, "zone": zone},
        )

    def get_forecast(
        self,
        device: str,
        *,
        end: Instant | None = None,
        zone: str | None = None,
        hours: int | None = None,
        outside_temperature_degc: float | Sequence[float] | None = None,
        outside_humidity_pct: float | Sequence[float] | None = None,
        global_radiation_w_m2: float | Sequence[float] | None = None,
        wind_speed_m_s: float | Sequence[float] | None = None,
    ) -> ForecastBody:
        """Forecast temperature, humidity and condensation margin for each hour ahead of `end`, from the last ..."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/forecast",
            ForecastBody,
            {
                "end": end,
                "zone": zone,
                "hours": hours,
                "outside_temperature_degc": outside_temperature_degc,
                "outside_humidity_pct": outside_humidity_pct,
                "global_radiation_w_m2": global_radiation_w_m2,
                "wind_speed_m_s": wind_speed_m_s,
            },
        )

    def get_past_forecasts(
        self, device: str, *, start: Instant | None = None, end: Instant | None = None, ahead_h: int | None = None
    ) -> PastForecastBody:
        """Return recorded forecasts for the hours in [start, end), made so many hours before, and the measured ..."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/forecast/past",
            PastForecastBody,
            {"start": start, "end": end, "ahead_h": ahead_h},
        )

    def get_weather(
        self,
        site: str,
        *,
        start: Instant | None = None,
        end: Instant | None = None,
        by: Literal["hour", "day"] | None = None,
        wind_height_m: float | None = None,
        stamps: Literal["instant", "before", "after"] | None = None,
        base_degc: float | None = None,
        upper_degc: float | None = None,
        cutoff: Literal["horizontal", "intermediate", "vertical"] | None = None,
        degree_days: Literal["average", "average_clamped", "single_sine", "double_sine"]
        | Sequence[Literal["average", "average_clamped", "single_sine", "double_sine"]]
        | None = None,
        heat_degc: float | Sequence[float] | None = None,
        cold_degc: float | Sequence[float] | None = None,
    ) -> SiteWeatherBody:
        """Return the weather of each local day: extremes, rain, radiation, reference evapotranspiration, ..."""
        return self._record(
            f"/v1/sites/{in_path(site)}/weather",
            SiteWeatherBody,
            {
                "start": start,
                "end": end,
                "by": by,
                "wind_height_m": wind_height_m,
                "stamps": stamps,
                "base_degc": base_degc,
                "upper_degc": upper_degc,
                "cutoff": cutoff,
                "degree_days": degree_days,
                "heat_degc": heat_degc,
                "cold_degc": cold_degc,
            },
        )

    def get_place(self, device: str) -> DevicePlace:
        """Return the greenhouse zone or the field of a device."""
        return self._record(f"/v1/devices/{in_path(device)}/place", DevicePlace, {})

    def get_places(self) -> DevicePlaceList:
        """List the greenhouse zone or field of every registered device."""
        return self._record("/v1/device-places", DevicePlaceList, {})

    def get_owner(self, device: str) -> DeviceOwner:
        """Return the gateway that a device belongs to."""
        return self._record(f"/v1/devices/{in_path(device)}/owner", DeviceOwner, {})

    def list_imports(self) -> FileImportList:
        """List the imports, the newest first: those under way, those that lack something, and the last results."""
        return self._record("/v1/imports", FileImportList, {})

    def get_import(self, id: str) -> FileImport:
        """Return an import: which parts are here, how far it is, or its result."""
        return self._record(f"/v1/imports/{in_path(id)}", FileImport, {})

    def preview_import(self, id: str, *, encoding: str | None = None, delimiter: str | None = None) -> TablePreview:
        """Return the first rows of a table, and the quantities and units that its columns can be."""
        return self._record(
            f"/v1/imports/{in_path(id)}/preview", TablePreview, {"encoding": encoding, "delimiter": delimiter}
        )

    def list_sample_senders(self) -> list[SampleSender]:
        """List the kinds of senders whose samples the station takes over HTTP: their path, and how each is ..."""
        return self._list("/v1/samples/senders", SampleSender, {})

    def get_ecowitt(self, address: str, *, channel: str | Sequence[str] | None = None) -> PostedResult:
        """Store what a console says in the query of a GET, as Weather Underground's protocol does."""
        return self._record(f"/v1/samples/ecowitt/{in_path(address)}", PostedResult, {"channel": channel})

    def get_shelly(self, address: str, *, channel: str | Sequence[str] | None = None) -> PostedResult:
        """Store what a Shelly says in the address of an action: `id`, and tC, tF, rh, hum or what `channel` maps."""
        return self._record(f"/v1/samples/shelly/{in_path(address)}", PostedResult, {"channel": channel})

    def list_sample_logins(self, *, cursor: str | None = None, limit: int | None = None) -> SampleLogins:
        """List the logins of senders, each with what it has posted: what was stored, what was refused last, ..."""
        return self._record("/v1/sample-logins", SampleLogins, {"cursor": cursor, "limit": limit})

    def get_login(self, key: str) -> SampleLogin:
        """Return what a key has posted, with its newest messages in quarantine."""
        return self._record(f"/v1/sample-logins/{in_path(key)}", SampleLogin, {})

    def get_pass_report(
        self,
        pass_id: str,
        *,
        format: Literal["html", "pdf", "csv"] | None = None,
        lang: Literal["en", "zh"] | None = None,
        planned_rate_ha: float | None = None,
        prescription: str | None = None,
        cell_m: float | None = None,
        swath_m: float | None = None,
        latency_s: float | None = None,
    ) -> bytes:
        """Return the report of a field pass: map, amounts by evidence, plan, nutrients, weather, and ... As bytes."""
        return self._bytes(
            f"/v1/passes/{in_path(pass_id)}/report",
            "*/*",
            {
                "format": format,
                "lang": lang,
                "planned_rate_ha": planned_rate_ha,
                "prescription": prescription,
                "cell_m": cell_m,
                "swath_m": swath_m,
                "latency_s": latency_s,
            },
        )

    def get_greenhouse_report(
        self,
        device: str,
        *,
        week: str | None = None,
        zone: str | None = None,
        format: Literal["html", "pdf", "csv"] | None = None,
        lang: Literal["en", "zh"] | None = None,
    ) -> bytes:
        """Return the report of a greenhouse week: air, light, condensation, disease, irrigation by ... As bytes."""
        return self._bytes(
            f"/v1/greenhouses/{in_path(device)}/report",
            "*/*",
            {"week": week, "zone": zone, "format": format, "lang": lang},
        )

    def get_checkpoint(self) -> CheckpointBody:
        """Return a signed checkpoint of the whole ledger: whoever keeps one can prove any later change of what ..."""
        return self._record("/v1/ledger/checkpoint", CheckpointBody, {})

    def get_log_keys(self) -> LogKeysBody:
        """Return the public keys by which this organisation's checkpoints and co-signatures are verified."""
        return self._record("/v1/ledger/log-keys", LogKeysBody, {})

    def get_growth(self, *, old_size: int, size: int | None = None) -> GrowthBody:
        """Return the path that proves an earlier checkpoint to be the beginning of a later one."""
        return self._record("/v1/ledger/growth", GrowthBody, {"old_size": old_size, "size": size})

    def get_inclusion(self, seq: int) -> InclusionBody:
        """Return the path that proves an entry to be in the log of the newest checkpoint."""
        return self._record(f"/v1/ledger/entries/{in_path(seq)}/inclusion", InclusionBody, {})

    def get_tile(self, name: str) -> bytes:
        """Return a tile of the log, named as C2SP tlog-tiles names it: `0/x001/234.p/17`. As bytes."""
        return self._bytes(f"/v1/ledger/tile/{in_path(name)}", "*/*", {})

    def list_witnesses(self) -> list[NamedWitness]:
        """List the witnesses whose signatures this organisation's checkpoints show."""
        return self._list("/v1/ledger/witnesses", NamedWitness, {})

    def get_captures(self, *, perPage: int | None = None, nextPageToken: str | None = None) -> list[dict[str, Any]]:
        """Return the jobs of captures, the newest first; `Link` leads to the next page."""
        return self._record(
            "/epcis/capture", list[dict[str, Any]], {"perPage": perPage, "nextPageToken": nextPageToken}
        )

    def get_capture(self, capture_id: str) -> dict[str, Any]:
        """Return what became of a captured document."""
        return self._record(f"/epcis/capture/{in_path(capture_id)}", dict[str, Any], {})

    def get_captured_document(self, capture_id: str) -> dict[str, Any]:
        """Return a captured document with what its sender said of it: sender, receiver, master data, times."""
        return self._record(f"/epcis/capture/{in_path(capture_id)}/document", dict[str, Any], {})

    def get_captured_document_file(self, capture_id: str) -> bytes:
        """Return a captured document with what its sender said of it: sender, receiver, master data, ... As bytes."""
        return self._bytes(f"/epcis/capture/{in_path(capture_id)}/document", "*/*", {})

    def query_events(
        self,
        *,
        perPage: int | None = None,
        nextPageToken: str | None = None,
        eventType: str | None = None,
        EQ_action: str | None = None,
        EQ_eventID: str | None = None,
        EQ_correctiveEventID: str | None = None,
        EQ_stringValue: str | None = None,
        EQ_hexBinaryValue: str | None = None,
        EQ_bizStep: str | None = None,
        EQ_disposition: str | None = None,
        EQ_persistentDisposition_set: str | None = None,
        EQ_persistentDisposition_unset: str | None = None,
        EQ_errorReason: str | None = None,
        EQ_type: str | None = None,
        EQ_exception: str | None = None,
        EQ_component: str | None = None,
        MATCH_anyEPC: str | None = None,
        MATCH_anyEPCClass: str | None = None,
        MATCH_epc: str | None = None,
        MATCH_parentID: str | None = None,
        MATCH_inputEPC: str | None = None,
        MATCH_outputEPC: str | None = None,
        MATCH_epcClass: str | None = None,
        MATCH_inputEPCClass: str | None = None,
        MATCH_outputEPCClass: str | None = None,
        EQ_readPoint: str | None = None,
        WD_readPoint: str | None = None,
        EQ_bizLocation: str | None = None,
        WD_bizLocation: str | None = None,
        EQ_transformationID: str | None = None,
        EQ_deviceID: str | None = None,
        EQ_dataProcessingMethod: str | None = None,
        EQ_bizRules: str | None = None,
        EQ_microorganism: str | None = None,
        EQ_chemicalSubstance: str | None = None,
        EQ_coordinateReferenceSystem: str | None = None,
        EQ_deviceMetadata: str | None = None,
        EQ_rawData: str | None = None,
        EQ_uriValue: str | None = None,
        GE_eventTime: str | None = None,
        LT_eventTime: str | None = None,
        GE_recordTime: str | None = None,
        LT_recordTime: str | None = None,
        EQ_booleanValue: str | None = None,
        EXISTS_errorDeclaration: str | None = None,
        GE_errorDeclarationTime: str | None = None,
        LT_errorDeclarationTime: str | None = None,
        GE_startTime: str | None = None,
        LT_startTime: str | None = None,
        GE_endTime: str | None = None,
        LT_endTime: str | None = None,
        EQ_quantity: str | None = None,
        GT_quantity: str | None = None,
        GE_quantity: str | None = None,
        LT_quantity: str | None = None,
        LE_quantity: str | None = None,
        orderBy: str | None = None,
        orderDirection: str | None = None,
        eventCountLimit: str | None = None,
        maxEventCount: str | None = None,
    ) -> dict[str, Any]:
        """Return the events that fit all parameters, in the order of their capture; `Link` leads to the next page."""
        return self._record(
            "/epcis/events",
            dict[str, Any],
            {
                "perPage": perPage,
                "nextPageToken": nextPageToken,
                "eventType": eventType,
                "EQ_action": EQ_action,
                "EQ_eventID": EQ_eventID,
                "EQ_correctiveEventID": EQ_correctiveEventID,
                "EQ_stringValue": EQ_stringValue,
                "EQ_hexBinaryValue": EQ_hexBinaryValue,
                "EQ_bizStep": EQ_bizStep,
                "EQ_disposition": EQ_disposition,
                "EQ_persistentDisposition_set": EQ_persistentDisposition_set,
                "EQ_persistentDisposition_unset": EQ_persistentDisposition_unset,
                "EQ_errorReason": EQ_errorReason,
                "EQ_type": EQ_type,
                "EQ_exception": EQ_exception,
                "EQ_component": EQ_component,
                "MATCH_anyEPC": MATCH_anyEPC,
                "MATCH_anyEPCClass": MATCH_anyEPCClass,
                "MATCH_epc": MATCH_epc,
                "MATCH_parentID": MATCH_parentID,
                "MATCH_inputEPC": MATCH_inputEPC,
                "MATCH_outputEPC": MATCH_outputEPC,
                "MATCH_epcClass": MATCH_epcClass,
                "MATCH_inputEPCClass": MATCH_inputEPCClass,
                "MATCH_outputEPCClass": MATCH_outputEPCClass,
                "EQ_readPoint": EQ_readPoint,
                "WD_readPoint": WD_readPoint,
                "EQ_bizLocation": EQ_bizLocation,
                "WD_bizLocation": WD_bizLocation,
                "EQ_transformationID": EQ_transformationID,
                "EQ_deviceID": EQ_deviceID,
                "EQ_dataProcessingMethod": EQ_dataProcessingMethod,
                "EQ_bizRules": EQ_bizRules,
                "EQ_microorganism": EQ_microorganism,
                "EQ_chemicalSubstance": EQ_chemicalSubstance,
                "EQ_coordinateReferenceSystem": EQ_coordinateReferenceSystem,
                "EQ_deviceMetadata": EQ_deviceMetadata,
                "EQ_rawData": EQ_rawData,
                "EQ_uriValue": EQ_uriValue,
                "GE_eventTime": GE_eventTime,
                "LT_eventTime": LT_eventTime,
                "GE_recordTime": GE_recordTime,
                "LT_recordTime": LT_recordTime,
                "EQ_booleanValue": EQ_booleanValue,
                "EXISTS_errorDeclaration": EXISTS_errorDeclaration,
                "GE_errorDeclarationTime": GE_errorDeclarationTime,
                "LT_errorDeclarationTime": LT_errorDeclarationTime,
                "GE_startTime": GE_startTime,
                "LT_startTime": LT_startTime,
                "GE_endTime": GE_endTime,
                "LT_endTime": LT_endTime,
                "EQ_quantity": EQ_quantity,
                "GT_quantity": GT_quantity,
                "GE_quantity": GE_quantity,
                "LT_quantity": LT_quantity,
                "LE_quantity": LE_quantity,
                "orderBy": orderBy,
                "orderDirection": orderDirection,
                "eventCountLimit": eventCountLimit,
                "maxEventCount": maxEventCount,
            },
        )

    def query_events_file(
        self,
        *,
        perPage: int | None = None,
        nextPageToken: str | None = None,
        eventType: str | None = None,
        EQ_action: str | None = None,
        EQ_eventID: str | None = None,
        EQ_correctiveEventID: str | None = None,
        EQ_stringValue: str | None = None,
        EQ_hexBinaryValue: str | None = None,
        EQ_bizStep: str | None = None,
        EQ_disposition: str | None = None,
        EQ_persistentDisposition_set: str | None = None,
        EQ_persistentDisposition_unset: str | None = None,
        EQ_errorReason: str | None = None,
        EQ_type: str | None = None,
        EQ_exception: str | None = None,
        EQ_component: str | None = None,
        MATCH_anyEPC: str | None = None,
        MATCH_anyEPCClass: str | None = None,
        MATCH_epc: str | None = None,
        MATCH_parentID: str | None = None,
        MATCH_inputEPC: str | None = None,
        MATCH_outputEPC: str | None = None,
        MATCH_epcClass: str | None = None,
        MATCH_inputEPCClass: str | None = None,
        MATCH_outputEPCClass: str | None = None,
        EQ_readPoint: str | None = None,
        WD_readPoint: str | None = None,
        EQ_bizLocation: str | None = None,
        WD_bizLocation: str | None = None,
        EQ_transformationID: str | None = None,
        EQ_deviceID: str | None = None,
        EQ_dataProcessingMethod: str | None = None,
        EQ_bizRules: str | None = None,
        EQ_microorganism: str | None = None,
        EQ_chemicalSubstance: str | None = None,
        EQ_coordinateReferenceSystem: str | None = None,
        EQ_deviceMetadata: str | None = None,
        EQ_rawData: str | None = None,
        EQ_uriValue: str | None = None,
        GE_eventTime: str | None = None,
        LT_eventTime: str | None = None,
        GE_recordTime: str | None = None,
        LT_recordTime: str | None = None,
        EQ_booleanValue: str | None = None,
        EXISTS_errorDeclaration: str | None = None,
        GE_errorDeclarationTime: str | None = None,
        LT_errorDeclarationTime: str | None = None,
        GE_startTime: str | None = None,
        LT_startTime: str | None = None,
        GE_endTime: str | None = None,
        LT_endTime: str | None = None,
        EQ_quantity: str | None = None,
        GT_quantity: str | None = None,
        GE_quantity: str | None = None,
        LT_quantity: str | None = None,
        LE_quantity: str | None = None,
        orderBy: str | None = None,
        orderDirection: str | None = None,
        eventCountLimit: str | None = None,
        maxEventCount: str | None = None,
    ) -> bytes:
        """Return the events that fit all parameters, in the order of their capture; `Link` leads to ... As bytes."""
        return self._bytes(
            "/epcis/events",
            "*/*",
            {
                "perPage": perPage,
                "nextPageToken": nextPageToken,
                "eventType": eventType,
                "EQ_action": EQ_action,
                "EQ_eventID": EQ_eventID,
                "EQ_correctiveEventID": EQ_correctiveEventID,
                "EQ_stringValue": EQ_stringValue,
                "EQ_hexBinaryValue": EQ_hexBinaryValue,
                "EQ_bizStep": EQ_bizStep,
                "EQ_disposition": EQ_disposition,
                "EQ_persistentDisposition_set": EQ_persistentDisposition_set,
                "EQ_persistentDisposition_unset": EQ_persistentDisposition_unset,
                "EQ_errorReason": EQ_errorReason,
                "EQ_type": EQ_type,
                "EQ_exception": EQ_exception,
                "EQ_component": EQ_component,
                "MATCH_anyEPC": MATCH_anyEPC,
                "MATCH_anyEPCClass": MATCH_anyEPCClass,
                "MATCH_epc": MATCH_epc,
                "MATCH_parentID": MATCH_parentID,
                "MATCH_inputEPC": MATCH_inputEPC,
                "MATCH_outputEPC": MATCH_outputEPC,
                "MATCH_epcClass": MATCH_epcClass,
                "MATCH_inputEPCClass": MATCH_inputEPCClass,
                "MATCH_outputEPCClass": MATCH_outputEPCClass,
                "EQ_readPoint": EQ_readPoint,
                "WD_readPoint": WD_readPoint,
                "EQ_bizLocation": EQ_bizLocation,
                "WD_bizLocation": WD_bizLocation,
                "EQ_transformationID": EQ_transformationID,
                "EQ_deviceID": EQ_deviceID,
                "EQ_dataProcessingMethod": EQ_dataProcessingMethod,
                "EQ_bizRules": EQ_bizRules,
                "EQ_microorganism": EQ_microorganism,
                "EQ_chemicalSubstance": EQ_chemicalSubstance,
                "EQ_coordinateReferenceSystem": EQ_coordinateReferenceSystem,
                "EQ_deviceMetadata": EQ_deviceMetadata,
                "EQ_rawData": EQ_rawData,
                "EQ_uriValue": EQ_uriValue,
                "GE_eventTime": GE_eventTime,
                "LT_eventTime": LT_eventTime,
                "GE_recordTime": GE_recordTime,
                "LT_recordTime": LT_recordTime,
                "EQ_booleanValue": EQ_booleanValue,
                "EXISTS_errorDeclaration": EXISTS_errorDeclaration,
                "GE_errorDeclarationTime": GE_errorDeclarationTime,
                "LT_errorDeclarationTime": LT_errorDeclarationTime,
                "GE_startTime": GE_startTime,
                "LT_startTime": LT_startTime,
                "GE_endTime": GE_endTime,
                "LT_endTime": LT_endTime,
                "EQ_quantity": EQ_quantity,
                "GT_quantity": GT_quantity,
                "GE_quantity": GE_quantity,
                "LT_quantity": LT_quantity,
                "LE_quantity": LE_quantity,
                "orderBy": orderBy,
                "orderDirection": orderDirection,
                "eventCountLimit": eventCountLimit,
                "maxEventCount": maxEventCount,
            },
        )

    def get_event(self, event_id: str, *, ver: str | None = None) -> dict[str, Any]:
        """Return the event of an id, with the declarations that it was wrong."""
        return self._record(f"/epcis/events/{in_path(event_id)}", dict[str, Any], {"ver": ver})

    def get_event_file(self, event_id: str, *, ver: str | None = None) -> bytes:
        """Return the event of an id, with the declarations that it was wrong. As bytes."""
        return self._bytes(f"/epcis/events/{in_path(event_id)}", "*/*", {"ver": ver})

    def get_release(self, thing: str) -> ReleaseBody:
        """Return the newest release of a lot, withdrawn or not."""
        return self._record(f"/v1/lots/{in_path(thing)}/release", ReleaseBody, {})

    def get_today(self) -> Today:
        """Return the first page: what is to be done today in each greenhouse and field, by when and why."""
        return self._record("/v1/today", Today, {})

    def get_tonight(
        self,
        *,
        kind: Literal["greenhouse", "field"] | None = None,
        subject: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> TonightBody:
        """Return what the next 24 hours bring to each greenhouse and field, most trouble first."""
        return self._record(
            "/v1/tonight", TonightBody, {"kind": kind, "subject": subject, "cursor": cursor, "limit": limit}
        )

    def get_weather_forecast(
        self, site: str, *, at: Instant | None = None, start: Instant | None = None, end: Instant | None = None
    ) -> SiteForecast:
        """Return what the provider said of the weather to come, as it was known at `at`, with its age and its ..."""
        return self._record(
            f"/v1/sites/{in_path(site)}/weather-forecast", SiteForecast, {"at": at, "start": start, "end": end}
        )

    def get_hourly_forecast(self, site: str, *, at: Instant | None = None, hours: int | None = None) -> HourlyForecast:
        """Return the weather to come by whole hours, as every use of this station has it."""
        return self._record(
            f"/v1/sites/{in_path(site)}/weather-forecast/hours", HourlyForecast, {"at": at, "hours": hours}
        )

    def get_forecast_record(self, site: str, *, at: Instant | None = None) -> WeatherForecastRecord:
        """Return how good the forecast of a site was in 30 days: by hours ahead, of the provider and corrected."""
        return self._record(f"/v1/sites/{in_path(site)}/weather-forecast/record", WeatherForecastRecord, {"at": at})

    def get_observations(
        self,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
        result_format: str | None = None,
        skiptoken: str | None = None,
    ) -> dict[str, Any]:
        """Return Observations, as `GET /sta/v1.1/{resource}` does."""
        return self._record(
            "/sta/v1.1/Observations",
            dict[str, Any],
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
                "$count": count,
                "$resultFormat": result_format,
                "$skiptoken": skiptoken,
            },
        )

    def get_observations_file(
        self,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
        result_format: str | None = None,
        skiptoken: str | None = None,
    ) -> bytes:
        """Return Observations, as `GET /sta/v1.1/{resource}` does. As bytes."""
        return self._bytes(
            "/sta/v1.1/Observations",
            "*/*",
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
                "$count": count,
                "$resultFormat": result_format,
                "$skiptoken": skiptoken,
            },
        )

    def get_observations_of(
        self,
        datastream: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
        result_format: str | None = None,
        skiptoken: str | None = None,
    ) -> dict[str, Any]:
        """Return the Observations of a Datastream, as `GET /sta/v1.1/{resource}` does."""
        return self._record(
            f"/sta/v1.1/Datastreams({in_path(datastream)})/Observations",
            dict[str, Any],
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
                "$count": count,
                "$resultFormat": result_format,
                "$skiptoken": skiptoken,
            },
        )

    def get_observations_of_file(
        self,
        datastream: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
        result_format: str | None = None,
        skiptoken: str | None = None,
    ) -> bytes:
        """Return the Observations of a Datastream, as `GET /sta/v1.1/{resource}` does. As bytes."""
        return self._bytes(
            f"/sta/v1.1/Datastreams({in_path(datastream)})/Observations",
            "*/*",
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
                "$count": count,
                "$resultFormat": result_format,
                "$skiptoken": skiptoken,
            },
        )

    def get_sensor_things(self) -> dict[str, Any]:
        """List the collections and the implemented requirements of OGC SensorThings 1.1."""
        return self._record("/sta/v1.1", dict[str, Any], {})

    def get_sensor_things_file(self) -> bytes:
        """List the collections and the implemented requirements of OGC SensorThings 1.1. As bytes."""
        return self._bytes("/sta/v1.1", "*/*", {})

    def get_resource(
        self,
        resource: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
        result_format: str | None = None,
        skiptoken: str | None = None,
    ) -> dict[str, Any]:
        """Return measurements by OGC SensorThings 1.1, for QGIS and other GIS programs."""
        return self._record(
            f"/sta/v1.1/{in_path(resource)}",
            dict[str, Any],
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
                "$count": count,
                "$resultFormat": result_format,
                "$skiptoken": skiptoken,
            },
        )

    def get_resource_file(
        self,
        resource: str,
        *,
        filter: str | None = None,
        expand: str | None = None,
        select: str | None = None,
        orderby: str | None = None,
        top: int | None = None,
        skip: int | None = None,
        count: bool | None = None,
        result_format: str | None = None,
        skiptoken: str | None = None,
    ) -> bytes:
        """Return measurements by OGC SensorThings 1.1, for QGIS and other GIS programs. As bytes."""
        return self._bytes(
            f"/sta/v1.1/{in_path(resource)}",
            "*/*",
            {
                "$filter": filter,
                "$expand": expand,
                "$select": select,
                "$orderby": orderby,
                "$top": top,
                "$skip": skip,
                "$count": count,
                "$resultFormat": result_format,
                "$skiptoken": skiptoken,
            },
        )

    def get_landing(self) -> dict[str, Any]:
        """Return the landing page of OGC API Features."""
        return self._record("/ogc", dict[str, Any], {})

    def get_api(
        self, *, media_type: Literal["application/json", "application/vnd.oai.openapi+json;version=3.0"]
    ) -> bytes:
        """Return the OpenAPI 3.0 document of the map features alone, as the standard's clients read it. As bytes."""
        return self._bytes("/ogc/api", media_type, {})

    def get_conformance(self) -> dict[str, Any]:
        """List the implemented conformance classes."""
        return self._record("/ogc/conformance", dict[str, Any], {})

    def get_collections(self) -> dict[str, Any]:
        """List the collections, each with the box and the time of its features."""
        return self._record("/ogc/collections", dict[str, Any], {})

    def get_collection(self, collection: str) -> dict[str, Any]:
        """Return a collection's description."""
        return self._record(f"/ogc/collections/{in_path(collection)}", dict[str, Any], {})

    def get_schema(
        self, collection: str, *, media_type: Literal["application/json", "application/schema+json"]
    ) -> bytes:
        """Return the JSON Schema of a collection's features (Part 5): the type of each property; any ... As bytes."""
        return self._bytes(f"/ogc/collections/{in_path(collection)}/schema", media_type, {})

    def get_items(
        self,
        collection: str,
        *,
        bbox: str | None = None,
        datetime: str | None = None,
        limit: str | None = None,
        cursor: str | None = None,
        pass_id: str | None = None,
    ) -> dict[str, Any]:
        """List the features of a collection; the link `next` leads to the next page."""
        return self._record(
            f"/ogc/collections/{in_path(collection)}/items",
            dict[str, Any],
            {"bbox": bbox, "datetime": datetime, "limit": limit, "cursor": cursor, "pass_id": pass_id},
        )

    def get_items_file(
        self,
        collection: str,
        *,
        bbox: str | None = None,
        datetime: str | None = None,
        limit: str | None = None,
        cursor: str | None = None,
        pass_id: str | None = None,
    ) -> bytes:
        """List the features of a collection; the link `next` leads to the next page. As bytes."""
        return self._bytes(
            f"/ogc/collections/{in_path(collection)}/items",
            "*/*",
            {"bbox": bbox, "datetime": datetime, "limit": limit, "cursor": cursor, "pass_id": pass_id},
        )

    def get_item(self, collection: str, feature: str) -> dict[str, Any]:
        """Return a feature of a collection."""
        return self._record(f"/ogc/collections/{in_path(collection)}/items/{in_path(feature)}", dict[str, Any], {})

    def get_item_file(self, collection: str, feature: str) -> bytes:
        """Return a feature of a collection. As bytes."""
        return self._bytes(f"/ogc/collections/{in_path(collection)}/items/{in_path(feature)}", "*/*", {})

    def get_farmos(
        self,
        *,
        filter_start: Instant | None = None,
        filter_end: Instant | None = None,
        filter_type: Literal["log--input", "log--observation"] | None = None,
        page_after: str | None = None,
        page_size: int | None = None,
    ) -> dict[str, Any]:
        """Return passes as input logs and days of greenhouse climate as observation logs of farmOS (JSON:API 1.1)."""
        return self._record(
            "/v1/export/farmos",
            dict[str, Any],
            {
                "filter[start]": filter_start,
                "filter[end]": filter_end,
                "filter[type]": filter_type,
                "page[after]": page_after,
                "page[size]": page_size,
            },
        )

    def get_farmos_file(
        self,
        *,
        filter_start: Instant | None = None,
        filter_end: Instant | None = None,
        filter_type: Literal["log--input", "log--observation"] | None = None,
        page_after: str | None = None,
        page_size: int | None = None,
    ) -> bytes:
        """Return passes as input logs and days of greenhouse climate as observation logs of farmOS ... As bytes."""
        return self._bytes(
            "/v1/export/farmos",
            "*/*",
            {
                "filter[start]": filter_start,
                "filter[end]": filter_end,
                "filter[type]": filter_type,
                "page[after]": page_after,
                "page[size]": page_size,
            },
        )

    def list_product_catalog(self) -> list[CatalogProduct]:
        """List common fertilizers with grade, nitrogen forms, density and the source of these figures."""
        return self._list("/v1/products/catalog", CatalogProduct, {})

    def list_forecast_provider_catalog(self) -> list[ForecastProviderKind]:
        """List the providers that can be chosen: what leaves the station, how often, and the licence."""
        return self._list("/v1/forecast-providers/catalog", ForecastProviderKind, {})

    def list_known_map_services(self) -> list[KnownMapService]:
        """List the services whose address, coordinates and attribution are known; nothing is asked of them."""
        return self._list("/v1/map-sources/catalog", KnownMapService, {})

    def get_map_tile(
        self, thing: str, z: int, x: int, y: int, *, media_type: Literal["image/png", "image/jpeg", "image/webp"]
    ) -> bytes:
        """Return a tile of a source, as its service gives it, in the source's grid, counted from the ... As bytes."""
        return self._bytes(
            f"/v1/map-sources/{in_path(thing)}/tiles/{in_path(z)}/{in_path(x)}/{in_path(y)}", media_type, {}
        )

    def list_default_bands(self) -> list[DefaultBand]:
        """List the default target bands with their sources."""
        return self._list("/v1/crop-bands/defaults", DefaultBand, {})

    def list_doubts(self, *, answered: bool | None = None) -> list[DoubtQuestion]:
        """List what is improbable in the farm's records and in the last three days of houses and stations, as ..."""
        return self._list("/v1/doubts", DoubtQuestion, {"answered": answered})

    def get_energy(self, device: str, *, weeks: int | None = None) -> EnergyOfHouse:
        """Return the energy of the last weeks and its cost, of what is recorded."""
        return self._record(f"/v1/greenhouses/{in_path(device)}/energy", EnergyOfHouse, {"weeks": weeks})

    def get_what_if(
        self,
        device: str,
        *,
        setting: Literal["quilt_close_h", "quilt_open_h", "vent_above_degc", "screen_close_h", "night_degc"],
        changed: float,
        as_is: float | None = None,
        night: Literal["last", "next"] | None = None,
        below_degc: float | None = None,
        humid_pct: float | None = None,
    ) -> WhatIf:
        """Return what a changed setting would have done last night, or will do in the next 24 hours: nothing ..."""
        return self._record(
            f"/v1/greenhouses/{in_path(device)}/what-if",
            WhatIf,
            {
                "setting": setting,
                "changed": changed,
                "as_is": as_is,
                "night": night,
                "below_degc": below_degc,
                "humid_pct": humid_pct,
            },
        )

    def get_house_plan(self, device: str) -> PlanOfHouse:
        """Return the plan of the next 24 hours: what each actuator is to do when, why, and what yields to it."""
        return self._record(f"/v1/greenhouses/{in_path(device)}/plan", PlanOfHouse, {})

    def get_shared_ground(self) -> GetSharedGround:
        """Return the pairs of fields that share ground, the largest first: what is applied there counts for both."""
        return self._record("/v1/fields/shared-ground", GetSharedGround, {})

    def get_person_data(self, person: str, *, also: str | Sequence[str] | None = None) -> PersonDataBody:
        """Return what is kept of a person: kinds of data with purpose, legal basis, time and count."""
        return self._record(f"/v1/person-data/{in_path(person)}", PersonDataBody, {"also": also})

    def copy_person_data(self, person: str) -> bytes:
        """Return a copy of a person's data as a ZIP: records as JSON lines, photos, and tracks of ... As bytes."""
        return self._bytes(f"/v1/person-data/{in_path(person)}/copy", "*/*", {})

    def list_statement_passes(
        self, *, start: int, end: int, field: str | None = None, limit: int | None = None
    ) -> Iterator[PassToSettle]:
        """List the passes of a period, and on how many fields the ledger has their treated ground."""
        return self._pages(
            "/v1/statement-passes", PassToSettle, {"start": start, "end": end, "field": field, "limit": limit}
        )

    def preview_treated_ground(self, pass_id: str) -> list[TreatedItem]:
        """Return what recording the treated ground of a pass would say of each field, and what it would correct."""
        return self._list(f"/v1/passes/{in_path(pass_id)}/treated", TreatedItem, {})

    def list_account_entries(self, *, person: str | None = None, limit: int | None = None) -> Iterator[AccountEntry]:
        """List the entries of accounts in the order in which they were added."""
        return self._pages("/v1/accounts", AccountEntry, {"person": person, "limit": limit})

    def list_statement_runs(self, *, limit: int | None = None) -> Iterator[StatementRunItem]:
        """List the runs of statements in the order in which they were made."""
        return self._pages("/v1/statement-runs", StatementRunItem, {"limit": limit})

    def preview_statements(self, *, tariff: str, start: int, end: int) -> RunPreview:
        """Return each flight of a period with its charge, or the reason for none, as a run now would have them."""
        return self._record("/v1/statement-runs/preview", RunPreview, {"tariff": tariff, "start": start, "end": end})

    def get_statement_run(self, run: str, *, lang: Literal["en", "zh"] | None = None) -> StatementRunItem:
        """Return a run, as a spreadsheet with everybody's balance and every line."""
        return self._record(f"/v1/statement-runs/{in_path(run)}", StatementRunItem, {"lang": lang})

    def get_statement_run_file(
        self, run: str, *, format: Literal["json", "xlsx"] | None = None, lang: Literal["en", "zh"] | None = None
    ) -> bytes:
        """Return a run, as a spreadsheet with everybody's balance and every line. As bytes."""
        return self._bytes(f"/v1/statement-runs/{in_path(run)}", "*/*", {"format": format, "lang": lang})

    def list_statements(
        self, *, run: str | None = None, person: str | None = None, limit: int | None = None
    ) -> Iterator[SeasonStatement]:
        """List statements in the order in which they were made; a member's are the own ones."""
        return self._pages("/v1/statements", SeasonStatement, {"run": run, "person": person, "limit": limit})

    def get_statement(self, statement: str, *, lang: Literal["en", "zh"] | None = None) -> SeasonStatement:
        """Return a statement: works by pass and field, the account, and the balance."""
        return self._record(f"/v1/statements/{in_path(statement)}", SeasonStatement, {"lang": lang})

    def get_statement_file(
        self,
        statement: str,
        *,
        format: Literal["json", "html", "pdf", "csv", "xlsx"] | None = None,
        lang: Literal["en", "zh"] | None = None,
    ) -> bytes:
        """Return a statement: works by pass and field, the account, and the balance. As bytes."""
        return self._bytes(f"/v1/statements/{in_path(statement)}", "*/*", {"format": format, "lang": lang})

    def get_disputes(self) -> list[Dispute]:
        """List the disputes with their evidence and outcomes; a member's are the own ones."""
        return self._list("/v1/disputes", Dispute, {})

    def get_deliveries(self, *, person: str | None = None, limit: int | None = None) -> Iterator[MemberDelivery]:
        """List what people delivered, as it stands after the corrections, in the order in which it was added."""
        return self._pages("/v1/deliveries", MemberDelivery, {"person": person, "limit": limit})

    def list_tariffs(self, *, limit: int | None = None) -> Iterator[TariffRecord]:
        """List the tariffs in order of creation."""
        return self._pages("/v1/tariffs", TariffRecord, {"limit": limit})

    def get_tariff(self, thing: str) -> TariffRecord:
        """Return a tariff; its ETag is its version."""
        return self._record(f"/v1/tariffs/{in_path(thing)}", TariffRecord, {})

    def list_subsidy_rules(self, *, limit: int | None = None) -> Iterator[SubsidyRule]:
        """List the subsidy rules in order of creation."""
        return self._pages("/v1/subsidy-rules", SubsidyRule, {"limit": limit})

    def get_subsidy_rule(self, thing: str) -> SubsidyRule:
        """Return a subsidy rule; its ETag is its version."""
        return self._record(f"/v1/subsidy-rules/{in_path(thing)}", SubsidyRule, {})

    def list_trials(self, *, field: str | None = None, limit: int | None = None) -> Iterator[Trial]:
        """List trials in order of creation."""
        return self._pages("/v1/trials", Trial, {"field": field, "limit": limit})

    def get_trial(self, thing: str) -> TrialDrawing:
        """Return a trial with the outlines of its plots."""
        return self._record(f"/v1/trials/{in_path(thing)}", TrialDrawing, {})

    def list_observations(self, thing: str, *, limit: int | None = None) -> Iterator[PlotObservation]:
        """List the observations of a trial's plots in the order in which they came."""
        return self._pages(f"/v1/trials/{in_path(thing)}/observations", PlotObservation, {"limit": limit})

    def get_result(
        self,
        thing: str,
        *,
        variable: str,
        model: Literal["auto", "strips", "mixed", "spatial"] | None = None,
        level: float | None = None,
        nitrogen_price_kg: float | None = None,
        grain_price_t: float | None = None,
        lang: Literal["en", "zh"] | None = None,
    ) -> TrialAnswer:
        """Return means and differences of treatments with intervals and LSD, with prices also the best ..."""
        return self._record(
            f"/v1/trials/{in_path(thing)}/result",
            TrialAnswer,
            {
                "variable": variable,
                "model": model,
                "level": level,
                "nitrogen_price_kg": nitrogen_price_kg,
                "grain_price_t": grain_price_t,
                "lang": lang,
            },
        )

    def get_result_file(
        self,
        thing: str,
        *,
        variable: str,
        model: Literal["auto", "strips", "mixed", "spatial"] | None = None,
        level: float | None = None,
        nitrogen_price_kg: float | None = None,
        grain_price_t: float | None = None,
        format: Literal["json", "html", "pdf", "csv"] | None = None,
        lang: Literal["en", "zh"] | None = None,
    ) -> bytes:
        """Return means and differences of treatments with intervals and LSD, with prices also the ... As bytes."""
        return self._bytes(
            f"/v1/trials/{in_path(thing)}/result",
            "*/*",
            {
                "variable": variable,
                "model": model,
                "level": level,
                "nitrogen_price_kg": nitrogen_price_kg,
                "grain_price_t": grain_price_t,
                "format": format,
                "lang": lang,
            },
        )

    def list_germplasm(self, *, crop: str | None = None, limit: int | None = None) -> Iterator[Germplasm]:
        """List the germplasm in order of creation."""
        return self._pages("/v1/germplasm", Germplasm, {"crop": crop, "limit": limit})

    def get_germplasm_record(self, thing: str) -> Germplasm:
        """Return a germplasm record; its ETag is its version."""
        return self._record(f"/v1/germplasm/{in_path(thing)}", Germplasm, {})

    def list_trial_variables(self, *, limit: int | None = None) -> Iterator[TrialVariable]:
        """List the trial variables in order of creation."""
        return self._pages("/v1/trial-variables", TrialVariable, {"limit": limit})

    def get_trial_variable(self, thing: str) -> TrialVariable:
        """Return a trial variable; its ETag is its version."""
        return self._record(f"/v1/trial-variables/{in_path(thing)}", TrialVariable, {})

    def get_base_map(self) -> BaseMapBody:
        """Return whether the station has a base map, and of which kind."""
        return self._record("/v1/base-map", BaseMapBody, {})

    def get_base_map_file(self) -> str:
        """Return the base map; parts of it by Range, as maps read PMTiles."""
        return self._record("/v1/base-map/file", str, {})

    def get_base_map_file_file(
        self, *, media_type: Literal["application/vnd.pmtiles", "application/geo+json"]
    ) -> bytes:
        """Return the base map; parts of it by Range, as maps read PMTiles. As bytes."""
        return self._bytes("/v1/base-map/file", media_type, {})

    def get_photo(self, photo: str, *, media_type: Literal["image/jpeg", "image/png", "image/webp"]) -> bytes:
        """Return a photo, with the type that its bytes have. As bytes."""
        return self._bytes(f"/v1/photos/{in_path(photo)}", media_type, {})

    def get_recommendation(
        self,
        thing: str,
        *,
        method: str,
        season: str | None = None,
        product: str | None = None,
        target_yield_t_ha: float | None = None,
        crop_n_kg_ha: float | None = None,
        soil_n_kg_ha: float | None = None,
        efficiency: float | None = None,
        uptake_kg_100kg: float | None = None,
        fixed_share: float | None = None,
        unfertilised_yield_t_ha: float | None = None,
        recovery: float | None = None,
        mean_yield_t_ha: float | None = None,
        past_yields_t_ha: float | Sequence[float] | None = None,
        nmin_kg_ha: float | None = None,
        quality_class: Literal["A", "B", "C", "E"] | None = None,
        humus_kg_ha: float | None = None,
        organic_last_year_kg_ha: float | None = None,
        precrop_kg_ha: float | None = None,
        ndvi: float | None = None,
        reference_ndvi: float | None = None,
        growing_days: float | None = None,
        curve: str | None = None,
        index: float | None = None,
        reference_index: float | None = None,
        optimum_kg_ha: float | None = None,
        credits_kg_ha: float | None = None,
        index_low: float | None = None,
        index_high: float | None = None,
        least_kg_ha: float | None = None,
        most_kg_ha: float | None = None,
        direction: Literal["compensate", "proportional"] | None = None,
    ) -> Recommendation:
        """Recommend nitrogen by one published rule, with its source, range of validity and inputs."""
        return self._record(
            f"/v1/fields/{in_path(thing)}/recommendation",
            Recommendation,
            {
                "method": method,
                "season": season,
                "product": product,
                "target_yield_t_ha": target_yield_t_ha,
                "crop_n_kg_ha": crop_n_kg_ha,
                "soil_n_kg_ha": soil_n_kg_ha,
                "efficiency": efficiency,
                "uptake_kg_100kg": uptake_kg_100kg,
                "fixed_share": fixed_share,
                "unfertilised_yield_t_ha": unfertilised_yield_t_ha,
                "recovery": recovery,
                "mean_yield_t_ha": mean_yield_t_ha,
                "past_yields_t_ha": past_yields_t_ha,
                "nmin_kg_ha": nmin_kg_ha,
                "quality_class": quality_class,
                "humus_kg_ha": humus_kg_ha,
                "organic_last_year_kg_ha": organic_last_year_kg_ha,
                "precrop_kg_ha": precrop_kg_ha,
                "ndvi": ndvi,
                "reference_ndvi": reference_ndvi,
                "growing_days": growing_days,
                "curve": curve,
                "index": index,
                "reference_index": reference_index,
                "optimum_kg_ha": optimum_kg_ha,
                "credits_kg_ha": credits_kg_ha,
                "index_low": index_low,
                "index_high": index_high,
                "least_kg_ha": least_kg_ha,
                "most_kg_ha": most_kg_ha,
                "direction": direction,
            },
        )

    def get_plan(
        self,
        thing: str,
        *,
        season: str | None = None,
        anew: bool | None = None,
        unfertilised_yield_t_ha: float | None = None,
        uptake_kg_100kg: float | None = None,
        recovery: float | None = None,
        n_total_kg_ha: float | None = None,
        n_elsewhere_kg_ha: float | None = None,
        n_later_kg_ha: float | None = None,
        rate_ha: float | None = None,
        legal_n_kg_ha: float | None = None,
        product: str | None = None,
        implement: str | None = None,
    ) -> FieldPlan:
        """Return the draft of a field's next dressing, from season to mission, each number with its unit and ..."""
        return self._record(
            f"/v1/fields/{in_path(thing)}/plan",
            FieldPlan,
            {
                "season": season,
                "anew": anew,
                "unfertilised_yield_t_ha": unfertilised_yield_t_ha,
                "uptake_kg_100kg": uptake_kg_100kg,
                "recovery": recovery,
                "n_total_kg_ha": n_total_kg_ha,
                "n_elsewhere_kg_ha": n_elsewhere_kg_ha,
                "n_later_kg_ha": n_later_kg_ha,
                "rate_ha": rate_ha,
                "legal_n_kg_ha": legal_n_kg_ha,
                "product": product,
                "implement": implement,
            },
        )

    def get_water(
        self,
        thing: str,
        *,
        season: str | None = None,
        zone: str | None = None,
        texture: Literal[
            "sand", "loamy_sand", "sandy_loam", "loam", "silt_loam", "silt", "silty_clay_loam", "silty_clay", "clay"
        ]
        | None = None,
        field_capacity_pct: float | None = None,
        wilting_point_pct: float | None = None,
        start_depleted: float | None = None,
        wetted: float | None = None,
        efficiency: float | None = None,
        most_mm: float | None = None,
        flow_m3_h: float | None = None,
        hours_a_day: float | None = None,
        irrigation: str | Sequence[str] | None = None,
        forecast_rain_mm: float | Sequence[float] | None = None,
    ) -> FieldWater:
        """Return the water of the root zone by day since sowing, and when to irrigate and how much."""
        return self._record(
            f"/v1/fields/{in_path(thing)}/water",
            FieldWater,
            {
                "season": season,
                "zone": zone,
                "texture": texture,
                "field_capacity_pct": field_capacity_pct,
                "wilting_point_pct": wilting_point_pct,
                "start_depleted": start_depleted,
                "wetted": wetted,
                "efficiency": efficiency,
                "most_mm": most_mm,
                "flow_m3_h": flow_m3_h,
                "hours_a_day": hours_a_day,
                "irrigation": irrigation,
                "forecast_rain_mm": forecast_rain_mm,
            },
        )

    def get_forecast_window(
        self,
        thing: str,
        *,
        kind: Literal["granular", "liquid"] | None = None,
        rainfast_h: int | None = None,
        hours: int | None = None,
    ) -> ForecastWindows:
        """Return for each hour to come whether its weather suits the work, by the forecast of the field's site."""
        return self._record(
            f"/v1/fields/{in_path(thing)}/forecast-window",
            ForecastWindows,
            {"kind": kind, "rainfast_h": rainfast_h, "hours": hours},
        )

    def get_weather_outlook(self, thing: str, *, hours: int | None = None) -> FieldOutlook:
        """Return what the weather to come brings to a field: frost, heat, late blight, and days of harvest of ..."""
        return self._record(f"/v1/fields/{in_path(thing)}/weather-outlook", FieldOutlook, {"hours": hours})

    def list_prescriptions(self, *, field: str | None = None, limit: int | None = None) -> Iterator[Prescription]:
        """List prescriptions in order of creation."""
        return self._pages("/v1/prescriptions", Prescription, {"field": field, "limit": limit})

    def get_prescription(self, thing: str) -> Prescription:
        """Return a prescription: its grid, zones, rates, checks and method."""
        return self._record(f"/v1/prescriptions/{in_path(thing)}", Prescription, {})

    def export_prescription(
        self,
        thing: str,
        *,
        crs: Literal["wgs84", "utm"] | None = None,
        bearing_deg: float | None = None,
        height_m: float | None = None,
        height_above: Literal["terrain", "home"] | None = None,
        speed_m_s: float | None = None,
        home_latitude_deg: float | None = None,
        home_longitude_deg: float | None = None,
        load: int | None = None,
    ) -> dict[str, Any]:
        """Return a prescription as a file: zones as GeoJSON or shapefile, the grid as ISOXML or GeoTIFF, or a ..."""
        return self._record(
            f"/v1/prescriptions/{in_path(thing)}/export",
            dict[str, Any],
            {
                "crs": crs,
                "bearing_deg": bearing_deg,
                "height_m": height_m,
                "height_above": height_above,
                "speed_m_s": speed_m_s,
                "home_latitude_deg": home_latitude_deg,
                "home_longitude_deg": home_longitude_deg,
                "load": load,
            },
        )

    def export_prescription_file(
        self,
        thing: str,
        *,
        format: str,
        crs: Literal["wgs84", "utm"] | None = None,
        bearing_deg: float | None = None,
        height_m: float | None = None,
        height_above: Literal["terrain", "home"] | None = None,
        speed_m_s: float | None = None,
        home_latitude_deg: float | None = None,
        home_longitude_deg: float | None = None,
        load: int | None = None,
    ) -> bytes:
        """Return a prescription as a file: zones as GeoJSON or shapefile, the grid as ISOXML or ... As bytes."""
        return self._bytes(
            f"/v1/prescriptions/{in_path(thing)}/export",
            "*/*",
            {
                "format": format,
                "crs": crs,
                "bearing_deg": bearing_deg,
                "height_m": height_m,
                "height_above": height_above,
                "speed_m_s": speed_m_s,
                "home_latitude_deg": home_latitude_deg,
                "home_longitude_deg": home_longitude_deg,
                "load": load,
            },
        )

    def get_register_sample(self) -> bytes:
        """Return a sample of the CSV format, with made-up products. As bytes."""
        return self._bytes("/v1/plant-protection-products/sample", "*/*", {})

    def list_treatments(
        self, *, field: str | None = None, zone: str | None = None, limit: int | None = None
    ) -> Iterator[TreatmentBody]:
        """List the treatments of a place, or of all, by their start; what was corrected is left out."""
        return self._pages("/v1/treatments", TreatmentBody, {"field": field, "zone": zone, "limit": limit})

    def get_treatment(self, thing: str) -> TreatmentBody:
        """Return a treatment, also one that was corrected."""
        return self._record(f"/v1/treatments/{in_path(thing)}", TreatmentBody, {})

    def get_treatment_check(self, thing: str) -> TreatmentCheckBody:
        """Check a treatment against the labels of its products."""
        return self._record(f"/v1/treatments/{in_path(thing)}/check", TreatmentCheckBody, {})

    def get_intervals(
        self, *, crop: str, field: str | None = None, zone: str | None = None, time_ms: int | None = None
    ) -> IntervalStateBody:
        """Tell whether a crop may be harvested, and else from which day on; intervals that no label has are listed."""
        return self._record(
            "/v1/harvest-intervals", IntervalStateBody, {"crop": crop, "field": field, "zone": zone, "time_ms": time_ms}
        )

    def list_harvests(
        self, *, field: str | None = None, zone: str | None = None, limit: int | None = None
    ) -> Iterator[HarvestBody]:
        """List the harvests of a field or a greenhouse zone."""
        return self._pages("/v1/harvests", HarvestBody, {"field": field, "zone": zone, "limit": limit})

    def list_lots(self, *, limit: int | None = None) -> Iterator[LotBody]:
        """List lots, the newest first, with what remains of each."""
        return self._pages("/v1/lots", LotBody, {"limit": limit})

    def get_lots_holding(
        self,
        *,
        kind: Literal["pass", "treatment", "alarm", "climate_week", "irrigation_week"],
        id: str,
        limit: int | None = None,
    ) -> Iterator[LotBody]:
        """Return the lots that hold something of a crop to which this happened: a pass, a treatment, an alarm ..."""
        return self._pages("/v1/lots/holding", LotBody, {"kind": kind, "id": id, "limit": limit})

    def get_lots_holding_file(
        self,
        *,
        kind: Literal["pass", "treatment", "alarm", "climate_week", "irrigation_week"],
        id: str,
        format: Literal["json", "csv"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> bytes:
        """Return the lots that hold something of a crop to which this happened: a pass, a treatment, ... As bytes."""
        return self._bytes(
            "/v1/lots/holding", "*/*", {"kind": kind, "id": id, "format": format, "cursor": cursor, "limit": limit}
        )

    def get_lot(self, thing: str, *, happenings: bool | None = None) -> LotHistoryBody:
        """Return a lot: what went into it, and every pass, treatment, alarm and week of its harvests, with its ..."""
        return self._record(f"/v1/lots/{in_path(thing)}", LotHistoryBody, {"happenings": happenings})

    def get_lot_descendants(self, thing: str, *, limit: int | None = None) -> Iterator[LotBody]:
        """Return the lots that hold something of this lot."""
        return self._pages(f"/v1/lots/{in_path(thing)}/descendants", LotBody, {"limit": limit})

    def get_lot_descendants_file(
        self,
        thing: str,
        *,
        format: Literal["json", "csv"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> bytes:
        """Return the lots that hold something of this lot. As bytes."""
        return self._bytes(
            f"/v1/lots/{in_path(thing)}/descendants", "*/*", {"format": format, "cursor": cursor, "limit": limit}
        )

    def list_harvest_passes(
        self, field: str, *, start: Instant | None = None, end: Instant | None = None, limit: int | None = None
    ) -> Iterator[HarvestPassBody]:
        """List the passes of combines over a field that begin in [start, end), the last 60 days by default."""
        return self._pages(
            f"/v1/fields/{in_path(field)}/harvest-passes", HarvestPassBody, {"start": start, "end": end, "limit": limit}
        )

    def get_yield(
        self,
        field: str,
        *,
        season: str | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        cell_m: float | None = None,
        standard_moisture_pct: float | None = None,
        weighed_kg: float | None = None,
        lag_s: float | None = None,
        scale: Literal["harvests", "sensor"] | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        least_speed_m_s: float | None = None,
        most_speed_m_s: float | None = None,
        speed_change: float | None = None,
        most_overlap: float | None = None,
        limit_z: float | None = None,
        least_t_ha: float | None = None,
        most_t_ha: float | None = None,
        neighbour_z: float | None = None,
    ) -> YieldBody:
        """Return the yield of a field by its combines: cleaned by named filters and kriged to cells, with ..."""
        return self._record(
            f"/v1/fields/{in_path(field)}/yield",
            YieldBody,
            {
                "season": season,
                "start": start,
                "end": end,
                "cell_m": cell_m,
                "standard_moisture_pct": standard_moisture_pct,
                "weighed_kg": weighed_kg,
                "lag_s": lag_s,
                "scale": scale,
                "start_s": start_s,
                "end_s": end_s,
                "least_speed_m_s": least_speed_m_s,
                "most_speed_m_s": most_speed_m_s,
                "speed_change": speed_change,
                "most_overlap": most_overlap,
                "limit_z": limit_z,
                "least_t_ha": least_t_ha,
                "most_t_ha": most_t_ha,
                "neighbour_z": neighbour_z,
            },
        )

    def get_yield_file(
        self,
        field: str,
        *,
        season: str | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        format: Literal["json", "summary", "geojson", "points"] | None = None,
        cell_m: float | None = None,
        standard_moisture_pct: float | None = None,
        weighed_kg: float | None = None,
        lag_s: float | None = None,
        scale: Literal["harvests", "sensor"] | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        least_speed_m_s: float | None = None,
        most_speed_m_s: float | None = None,
        speed_change: float | None = None,
        most_overlap: float | None = None,
        limit_z: float | None = None,
        least_t_ha: float | None = None,
        most_t_ha: float | None = None,
        neighbour_z: float | None = None,
    ) -> bytes:
        """Return the yield of a field by its combines: cleaned by named filters and kriged to cells, ... As bytes."""
        return self._bytes(
            f"/v1/fields/{in_path(field)}/yield",
            "*/*",
            {
                "season": season,
                "start": start,
                "end": end,
                "format": format,
                "cell_m": cell_m,
                "standard_moisture_pct": standard_moisture_pct,
                "weighed_kg": weighed_kg,
                "lag_s": lag_s,
                "scale": scale,
                "start_s": start_s,
                "end_s": end_s,
                "least_speed_m_s": least_speed_m_s,
                "most_speed_m_s": most_speed_m_s,
                "speed_change": speed_change,
                "most_overlap": most_overlap,
                "limit_z": limit_z,
                "least_t_ha": least_t_ha,
                "most_t_ha": most_t_ha,
                "neighbour_z": neighbour_z,
            },
        )

    def get_yield_seasons(self, field: str) -> SeasonsOfField:
        """Return the seasons of a field with the time of their harvest, the newest last; a member's are the ..."""
        return self._record(f"/v1/fields/{in_path(field)}/yield/seasons", SeasonsOfField, {})

    def get_yield_against_applied(
        self,
        field: str,
        *,
        pass_id: str,
        season: str | None = None,
        start: Instant | None = None,
        end: Instant | None = None,
        swath_m: float | None = None,
        cell_m: float | None = None,
        standard_moisture_pct: float | None = None,
        weighed_kg: float | None = None,
        lag_s: float | None = None,
        scale: Literal["harvests", "sensor"] | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        least_speed_m_s: float | None = None,
        most_speed_m_s: float | None = None,
        speed_change: float | None = None,
        most_overlap: float | None = None,
        limit_z: float | None = None,
        least_t_ha: float | None = None,
        most_t_ha: float | None = None,
        neighbour_z: float | None = None,
    ) -> YieldAgainstAppliedBody:
        """Compare yield with what a pass really applied, cell by cell: slope with its 95 % interval, and each cell."""
        return self._record(
            f"/v1/fields/{in_path(field)}/yield/against-applied",
            YieldAgainstAppliedBody,
            {
                "pass_id": pass_id,
                "season": season,
                "start": start,
                "end": end,
                "swath_m": swath_m,
                "cell_m": cell_m,
                "standard_moisture_pct": standard_moisture_pct,
                "weighed_kg": weighed_kg,
                "lag_s": lag_s,
                "scale": scale,
                "start_s": start_s,
                "end_s": end_s,
                "least_speed_m_s": least_speed_m_s,
                "most_speed_m_s": most_speed_m_s,
                "speed_change": speed_change,
                "most_overlap": most_overlap,
                "limit_z": limit_z,
                "least_t_ha": least_t_ha,
                "most_t_ha": most_t_ha,
                "neighbour_z": neighbour_z,
            },
        )

    def get_yield_stability(
        self,
        field: str,
        *,
        cell_m: float | None = None,
        standard_moisture_pct: float | None = None,
        weighed_kg: float | None = None,
        lag_s: float | None = None,
        scale: Literal["harvests", "sensor"] | None = None,
        start_s: float | None = None,
        end_s: float | None = None,
        least_speed_m_s: float | None = None,
        most_speed_m_s: float | None = None,
        speed_change: float | None = None,
        most_overlap: float | None = None,
        limit_z: float | None = None,
        least_t_ha: float | None = None,
        most_t_ha: float | None = None,
        neighbour_z: float | None = None,
    ) -> YieldStabilityBody:
        """Return how a field's cells yielded over its seasons: mean relative yield and its variation, from ..."""
        return self._record(
            f"/v1/fields/{in_path(field)}/yield/stability",
            YieldStabilityBody,
            {
                "cell_m": cell_m,
                "standard_moisture_pct": standard_moisture_pct,
                "weighed_kg": weighed_kg,
                "lag_s": lag_s,
                "scale": scale,
                "start_s": start_s,
                "end_s": end_s,
                "least_speed_m_s": least_speed_m_s,
                "most_speed_m_s": most_speed_m_s,
                "speed_change": speed_change,
                "most_overlap": most_overlap,
                "limit_z": limit_z,
                "least_t_ha": least_t_ha,
                "most_t_ha": most_t_ha,
                "neighbour_z": neighbour_z,
            },
        )

    def list_lot_certificates(self, thing: str, *, limit: int | None = None) -> Iterator[CertificatesCertificateBody]:
        """List the certificates of a lot, void ones included."""
        return self._pages(f"/v1/lots/{in_path(thing)}/certificates", CertificatesCertificateBody, {"limit": limit})

    def get_specimen(
        self,
        thing: str,
        *,
        issuer: str,
        contact: str | None = None,
        origin: str | None = None,
        form: Literal["a4", "a7", "label_60x40"] | None = None,
    ) -> bytes:
        """Return what a certificate of a lot would look like: marked as a specimen, without a ... As bytes."""
        return self._bytes(
            f"/v1/lots/{in_path(thing)}/specimen",
            "*/*",
            {"issuer": issuer, "contact": contact, "origin": origin, "form": form},
        )

    def list_certificates(self, *, limit: int | None = None) -> Iterator[CertificatesCertificateBody]:
        """List the register: every certificate that was issued, void ones included."""
        return self._pages("/v1/certificates", CertificatesCertificateBody, {"limit": limit})

    def get_certificate(self, thing: str) -> CertificateShown:
        """Return a certificate with its entries of the register."""
        return self._record(f"/v1/certificates/{in_path(thing)}", CertificateShown, {})

    def list_farms(self, *, limit: int | None = None) -> Iterator[Farm]:
        """List the farms in order of creation."""
        return self._pages("/v1/farms", Farm, {"limit": limit})

    def get_farm(self, thing: str) -> Farm:
        """Return a farm; its ETag is its version."""
        return self._record(f"/v1/farms/{in_path(thing)}", Farm, {})

    def list_sites(self, *, farm: str | None = None, limit: int | None = None) -> Iterator[SiteResource]:
        """List the sites in order of creation."""
        return self._pages("/v1/sites", SiteResource, {"farm": farm, "limit": limit})

    def get_site(self, thing: str) -> SiteResource:
        """Return a site; its ETag is its version."""
        return self._record(f"/v1/sites/{in_path(thing)}", SiteResource, {})

    def list_fields(self, *, farm: str | None = None, limit: int | None = None) -> Iterator[FieldResource]:
        """List the fields in order of creation."""
        return self._pages("/v1/fields", FieldResource, {"farm": farm, "limit": limit})

    def get_field(self, thing: str) -> FieldResource:
        """Return a field; its ETag is its version."""
        return self._record(f"/v1/fields/{in_path(thing)}", FieldResource, {})

    def list_products(self, *, kind: str | None = None, limit: int | None = None) -> Iterator[Product]:
        """List the products in order of creation."""
        return self._pages("/v1/products", Product, {"kind": kind, "limit": limit})

    def get_product(self, thing: str) -> Product:
        """Return a product; its ETag is its version."""
        return self._record(f"/v1/products/{in_path(thing)}", Product, {})

    def list_implements(self, *, kind: str | None = None, limit: int | None = None) -> Iterator[Implement]:
        """List the implements in order of creation."""
        return self._pages("/v1/implements", Implement, {"kind": kind, "limit": limit})

    def get_implement(self, thing: str) -> Implement:
        """Return an implement; its ETag is its version."""
        return self._record(f"/v1/implements/{in_path(thing)}", Implement, {})

    def list_seasons(self, *, field: str | None = None, limit: int | None = None) -> Iterator[SeasonResource]:
        """List the seasons in order of creation."""
        return self._pages("/v1/seasons", SeasonResource, {"field": field, "limit": limit})

    def get_season(self, thing: str) -> SeasonResource:
        """Return a season; its ETag is its version."""
        return self._record(f"/v1/seasons/{in_path(thing)}", SeasonResource, {})

    def list_greenhouses(self, *, farm: str | None = None, limit: int | None = None) -> Iterator[GreenhouseResource]:
        """List the greenhouses in order of creation."""
        return self._pages("/v1/greenhouses", GreenhouseResource, {"farm": farm, "limit": limit})

    def get_greenhouse(self, thing: str) -> GreenhouseResource:
        """Return a greenhouse; its ETag is its version."""
        return self._record(f"/v1/greenhouses/{in_path(thing)}", GreenhouseResource, {})

    def list_greenhouse_zones(
        self, *, greenhouse: str | None = None, limit: int | None = None
    ) -> Iterator[GreenhouseZone]:
        """List the greenhouse zones in order of creation."""
        return self._pages("/v1/greenhouse-zones", GreenhouseZone, {"greenhouse": greenhouse, "limit": limit})

    def get_greenhouse_zone(self, thing: str) -> GreenhouseZone:
        """Return a greenhouse zone; its ETag is its version."""
        return self._record(f"/v1/greenhouse-zones/{in_path(thing)}", GreenhouseZone, {})

    def list_notes(
        self,
        *,
        greenhouse: str | None = None,
        field: str | None = None,
        zone: str | None = None,
        site: str | None = None,
        alarm: str | None = None,
        limit: int | None = None,
    ) -> Iterator[GrowerNote]:
        """List the notes in order of creation."""
        return self._pages(
            "/v1/notes",
            GrowerNote,
            {"greenhouse": greenhouse, "field": field, "zone": zone, "site": site, "alarm": alarm, "limit": limit},
        )

    def get_note(self, thing: str) -> GrowerNote:
        """Return a note; its ETag is its version."""
        return self._record(f"/v1/notes/{in_path(thing)}", GrowerNote, {})

    def list_people(self, *, limit: int | None = None) -> Iterator[Person]:
        """List the people in order of creation."""
        return self._pages("/v1/people", Person, {"limit": limit})

    def get_person(self, thing: str) -> Person:
        """Return a person; its ETag is its version."""
        return self._record(f"/v1/people/{in_path(thing)}", Person, {})

    def list_holdings(
        self, *, field: str | None = None, person: str | None = None, limit: int | None = None
    ) -> Iterator[Holding]:
        """List the holdings in order of creation."""
        return self._pages("/v1/holdings", Holding, {"field": field, "person": person, "limit": limit})

    def get_holding(self, thing: str) -> Holding:
        """Return a holding; its ETag is its version."""
        return self._record(f"/v1/holdings/{in_path(thing)}", Holding, {})

    def list_plant_protection_products(self, *, limit: int | None = None) -> Iterator[PlantProtectionProduct]:
        """List the plant protection products in order of creation."""
        return self._pages("/v1/plant-protection-products", PlantProtectionProduct, {"limit": limit})

    def get_plant_protection_product(self, thing: str) -> PlantProtectionProduct:
        """Return a plant-protection product; its ETag is its version."""
        return self._record(f"/v1/plant-protection-products/{in_path(thing)}", PlantProtectionProduct, {})

    def list_crop_bands(self, *, limit: int | None = None) -> Iterator[CropBand]:
        """List the crop bands in order of creation."""
        return self._pages("/v1/crop-bands", CropBand, {"limit": limit})

    def get_crop_band(self, thing: str) -> CropBand:
        """Return a crop band; its ETag is its version."""
        return self._record(f"/v1/crop-bands/{in_path(thing)}", CropBand, {})

    def list_confirmations(self, *, target: str | None = None, limit: int | None = None) -> Iterator[Confirmation]:
        """List the confirmations in order of creation."""
        return self._pages("/v1/confirmations", Confirmation, {"target": target, "limit": limit})

    def get_confirmation(self, thing: str) -> Confirmation:
        """Return a confirmation; its ETag is its version."""
        return self._record(f"/v1/confirmations/{in_path(thing)}", Confirmation, {})

    def list_forecast_providers(self, *, limit: int | None = None) -> Iterator[ForecastProviderSetting]:
        """List the forecast providers in order of creation."""
        return self._pages("/v1/forecast-providers", ForecastProviderSetting, {"limit": limit})

    def get_forecast_provider(self, thing: str) -> ForecastProviderSetting:
        """Return a forecast provider; its ETag is its version."""
        return self._record(f"/v1/forecast-providers/{in_path(thing)}", ForecastProviderSetting, {})

    def list_map_sources(self, *, limit: int | None = None) -> Iterator[MapSource]:
        """List the map sources in order of creation."""
        return self._pages("/v1/map-sources", MapSource, {"limit": limit})

    def get_map_source(self, thing: str) -> MapSource:
        """Return a map source; its ETag is its version."""
        return self._record(f"/v1/map-sources/{in_path(thing)}", MapSource, {})

    def list_irrigation_zones(self, *, field: str | None = None, limit: int | None = None) -> Iterator[IrrigationZone]:
        """List the irrigation zones in order of creation."""
        return self._pages("/v1/irrigation-zones", IrrigationZone, {"field": field, "limit": limit})

    def get_irrigation_zone(self, thing: str) -> IrrigationZone:
        """Return an irrigation zone; its ETag is its version."""
        return self._record(f"/v1/irrigation-zones/{in_path(thing)}", IrrigationZone, {})

    def list_irrigations(
        self, *, field: str | None = None, zone: str | None = None, limit: int | None = None
    ) -> Iterator[IrrigationRecord]:
        """List the irrigations in order of creation."""
        return self._pages("/v1/irrigations", IrrigationRecord, {"field": field, "zone": zone, "limit": limit})

    def get_irrigation_record(self, thing: str) -> IrrigationRecord:
        """Return an irrigation record; its ETag is its version."""
        return self._record(f"/v1/irrigations/{in_path(thing)}", IrrigationRecord, {})

    def list_members(self, *, limit: int | None = None) -> Iterator[Member]:
        """List the members in order of creation."""
        return self._pages("/v1/members", Member, {"limit": limit})

    def get_member(self, thing: str) -> Member:
        """Return a member; its ETag is its version."""
        return self._record(f"/v1/members/{in_path(thing)}", Member, {})

    def list_webhooks(self, *, limit: int | None = None) -> Iterator[Webhook]:
        """List the webhooks in order of creation."""
        return self._pages("/v1/webhooks", Webhook, {"limit": limit})

    def get_webhook(self, thing: str) -> Webhook:
        """Return a webhook; its ETag is its version."""
        return self._record(f"/v1/webhooks/{in_path(thing)}", Webhook, {})

    def list_alarms(
        self,
        *,
        state: Literal["active", "ended"] | None = None,
        subject: str | None = None,
        rule: str | None = None,
        limit: int | None = None,
    ) -> Iterator[AlarmItem]:
        """List alarms, the newest first: those of the station's rules and of the gateways' own rules."""
        return self._pages("/v1/alarms", AlarmItem, {"state": state, "subject": subject, "rule": rule, "limit": limit})

    def get_alarm(self, alarm: str) -> AlarmItem:
        """Return an alarm."""
        return self._record(f"/v1/alarms/{in_path(alarm)}", AlarmItem, {})

    def list_alarm_notices(
        self, *, state: Literal["waiting", "delivered", "dead"] | None = None, limit: int | None = None
    ) -> Iterator[NotificationItem]:
        """List the notifications of alarms, the newest first; `dead` ones were accepted by no recipient."""
        return self._pages("/v1/alarm-notices", NotificationItem, {"state": state, "limit": limit})

    def get_notice(self, notice: str) -> NotificationItem:
        """Return a notification."""
        return self._record(f"/v1/alarm-notices/{in_path(notice)}", NotificationItem, {})

    def get_reach(self) -> ReachFact:
        """Return whether alarms reach a person: the same judgement as the first page has."""
        return self._record("/v1/alarm-recipients/reach", ReachFact, {})

    def get_recipient_ways(self) -> RecipientWays:
        """Return why this station cannot send to recipients of some kinds; it can to those of all others."""
        return self._record("/v1/alarm-recipients/ways", RecipientWays, {})

    def get_recipient_delivery(self) -> RecipientDeliveryList:
        """List whether notifications reach each recipient: the newest one, those that failed, and why none can ..."""
        return self._record("/v1/alarm-recipients/delivery", RecipientDeliveryList, {})

    def get_gateway_rules(self) -> GatewayRulesList:
        """List what each gateway does with the farm's alarm rules: it applies the current ones, waits or refuses."""
        return self._record("/v1/gateway-rules", GatewayRulesList, {})

    def get_forecast_rules(self) -> ForecastRulesList:
        """List what each rule on the weather to come says now at each site, and why one cannot be judged."""
        return self._record("/v1/forecast-rules", ForecastRulesList, {})

    def get_duty(self) -> DutyList:
        """List who is on duty now, by each rota, and until when."""
        return self._record("/v1/duty", DutyList, {})

    def get_push_key(self) -> PushKeyBody:
        """Return the public key with which a browser subscribes; the station makes it at its first use."""
        return self._record("/v1/push-subscriptions/key", PushKeyBody, {})

    def list_alarm_rules(self, *, limit: int | None = None) -> Iterator[AlarmRule]:
        """List the alarm rules in order of creation."""
        return self._pages("/v1/alarm-rules", AlarmRule, {"limit": limit})

    def get_alarm_rule(self, thing: str) -> AlarmRule:
        """Return an alarm rule; its ETag is its version."""
        return self._record(f"/v1/alarm-rules/{in_path(thing)}", AlarmRule, {})

    def list_alarm_recipients(self, *, limit: int | None = None) -> Iterator[AlarmRecipient]:
        """List the alarm recipients in order of creation."""
        return self._pages("/v1/alarm-recipients", AlarmRecipient, {"limit": limit})

    def get_alarm_recipient(self, thing: str) -> AlarmRecipient:
        """Return an alarm recipient; its ETag is its version."""
        return self._record(f"/v1/alarm-recipients/{in_path(thing)}", AlarmRecipient, {})

    def list_maintenance_windows(self, *, limit: int | None = None) -> Iterator[MaintenanceWindow]:
        """List the maintenance windows in order of creation."""
        return self._pages("/v1/maintenance-windows", MaintenanceWindow, {"limit": limit})

    def get_maintenance_window(self, thing: str) -> MaintenanceWindow:
        """Return a maintenance window; its ETag is its version."""
        return self._record(f"/v1/maintenance-windows/{in_path(thing)}", MaintenanceWindow, {})

    def list_duty_rotas(self, *, limit: int | None = None) -> Iterator[DutyRota]:
        """List the duty rotas in order of creation."""
        return self._pages("/v1/duty-rotas", DutyRota, {"limit": limit})

    def get_duty_rota(self, thing: str) -> DutyRota:
        """Return a duty rota; its ETag is its version."""
        return self._record(f"/v1/duty-rotas/{in_path(thing)}", DutyRota, {})
