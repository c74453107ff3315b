"""Records of the API's answers; written by `python -m docs.generator.python_client`."""

# ruff: noqa: RUF012 - an empty list as a default is copied for each record

from __future__ import annotations

from typing import Any

from headland.client.record import Record


class AccountEntry(Record, frozen=True, kw_only=True):
    """An entry of a person's account, added and never changed; `harvest` is the one that a delivery ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    person: str
    kind: str
    time_ms: int
    amount_fen: int = 0
    grams: int = 0
    field: str | None = None
    pass_id: str = ""
    corrects: str | None = None
    note: str = ""
    harvest: str | None = None
    crop: str | None = None
    lot_code: str | None = None


class ActiveIngredient(Record, frozen=True, kw_only=True):
    """An active ingredient with its content in the formulation: in percent of mass, or grams per litre."""

    name: str
    content: float
    unit: str


class AdviceBody(Record, frozen=True, kw_only=True):
    """What to do, in both languages, with its source; `until_ms` null: now, or at any time."""

    rule: str
    until_ms: int | None = None
    orders: list[OrderBody]
    withheld: list[WithheldBody]
    text: str
    text_zh: str
    source: str
    source_zh: str


class Aggregation(Record, frozen=True, kw_only=True):
    """Reduction of samples: the mean of each bucket at its start, or samples selected for a chart."""

    method: str
    step_ms: int | None = None
    time: str


class AlarmFact(Record, frozen=True, kw_only=True):
    """Active alarms."""

    open: int
    unacknowledged: int


class AlarmForecast(Record, frozen=True, kw_only=True):
    """The forecast by which an alarm was raised: the time that is furthest beyond the limit, and who said it."""

    start_ms: int
    end_ms: int
    within_h: float
    chance_pct: float | None = None
    least_chance_pct: float | None = None
    low: float | None = None
    high: float | None = None
    basis: str
    title: str = ""
    issued_ms: int | None = None
    fetched_ms: int | None = None
    attribution: Attribution | None = None


class AlarmItem(Record, frozen=True, kw_only=True):
    """An alarm."""

    id: str
    rule: str
    subject: str
    kind: str
    site: str
    severity: str
    by_station: bool
    by_gateway: bool
    began_ms: int
    raised_ms: int
    ended_ms: int | None = None
    ended_why: str | None = None
    what: str
    value: float | None = None
    unit: str
    condition: str
    threshold: float | None = None
    estimated: bool
    late: bool
    simulated: bool
    name: str
    measured_by: str
    forecast: AlarmForecast | None = None
    text: str
    text_zh: str
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    note: str
    snoozed_until_ms: int | None = None
    level: int
    told: dict[str, RecipientNotifications]
    rule_limit: float | None = None


class AlarmRecipient(Record, frozen=True, kw_only=True):
    """A recipient of notices: a URL, a mailbox, the farm's own MQTT broker (without an address), a ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    kind: str
    address: str = ""
    language: str = "en"
    least_severity: str = "info"
    enabled: bool = True
    person: str | None = None


class AlarmRule(Record, frozen=True, kw_only=True):
    """A rule for every device that matches `device`, `kind`, `site` and `zone` (a greenhouse zone's id), ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    any_of: list[list[AlarmTest]]
    severity: str = "warning"
    enabled: bool = True
    device: str | None = None
    kind: str | None = None
    site: str | None = None
    zone: str | None = None
    for_s: float = 300.0
    clear_for_s: float = 300.0
    repeat_s: float | None = None
    hold_s: float = 900.0
    lost_after_s: float = 21600.0
    page_within_s: float = 900.0
    most_an_hour: int = 6
    recipients: list[str] = []
    escalation: list[Escalation] = []
    text: str = ""
    text_zh: str = ""
    source: str = ""


class AlarmTest(Record, frozen=True, kw_only=True):
    """A test: `what` (a channel or an index) is `below` or `above` a threshold, and over only beyond ..."""

    what: str = ""
    below: float | None = None
    above: float | None = None
    hysteresis: float = 0.0
    hours: float | None = None
    of_hours: float | None = None
    of: str | None = None
    rise_h: float | None = None
    device: str | None = None
    across: str | None = None
    within_h: float | None = None
    chance_pct: float | None = None
    any_of: list[list[AlarmTest]] = []
    none_of: list[list[AlarmTest]] = []


class AmountsByPlace(Record, frozen=True, kw_only=True):
    """Mass balance of a pass in the map's unit."""

    released: float
    usable: float
    buffer: float
    exclusion: float
    outside: float
    unlocated: float
    closure: float


class Answer(Record, frozen=True, kw_only=True):
    """A number with its evidence."""

    value: float | None = None
    unit: str
    window: AnswerWindow
    n: int
    coverage: float
    quality: int
    method: AnswerMethod
    inputs: list[str]
    evidence: str | None = None
    reason: str | None = None
    low: float | None = None
    high: float | None = None
    simulated: bool


class AnswerColumn(Record, frozen=True, kw_only=True):
    """One index over all days: values by day; what all days share is given once."""

    unit: str
    method: AnswerMethod
    inputs: list[str]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]
    n: list[int]
    coverage: list[float]
    quality: list[int]
    evidence: list[str | None]
    reason: list[str | None]
    level: list[str | None]


class AnswerMethod(Record, frozen=True, kw_only=True):
    """The method behind a number: a stable id, a version that changes with the arithmetic, and the ..."""

    id: str
    version: int
    source: str


class AnswerWindow(Record, frozen=True, kw_only=True):
    """[start_ms, end_ms)."""

    start_ms: int
    end_ms: int


class ApplicationAnswers(Record, frozen=True, kw_only=True):
    """Amount that a sprayer or spreader applied over a window: metered litres or kilograms, or null."""

    device: str
    simulated: bool
    swath_m: float
    swath_basis: str
    product_applied_l: Answer | None = None
    product_applied_kg: Answer | None = None
    area_treated_m2: Answer
    area_treated_ha: Answer
    overlap_m2: Answer
    mean_rate_l_ha: Answer | None = None
    mean_rate_kg_ha: Answer | None = None


class AppliedBody(Record, frozen=True, kw_only=True):
    """As-applied result of a pass."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: str
    cell_m: float
    swath_m: float
    latency_s: float
    timing: TimingBody
    drift: DriftBody
    amount: Answer
    rate: Answer
    places: AmountsByPlace
    outside: list[OutsideBand]
    cover: CoverBody
    evidence_m2: dict[str, float]
    reconciliation: ReconciliationBody
    uniformity: UniformityBody
    grid: GridBody


class Attribution(Record, frozen=True, kw_only=True):
    """What has to be said wherever a number is shown, with the licence of the data."""

    text: str
    text_zh: str
    licence: str
    url: str


class AuditChecked(Record, frozen=True, kw_only=True):
    """Verification of the audit log: `broken_at` is the first altered change."""

    entries: int
    broken_at: int | None = None
    hash: str
    redacted: int = 0
    altered: list[str] = []
    cut: AuditCutItem | None = None


class AuditCutItem(Record, frozen=True, kw_only=True):
    """Changes that retention has deleted of the audit log: `deleted` of them up to `seq`, all before ..."""

    seq: int
    hash: str
    deleted: int
    first_ms: int
    until_ms: int
    standing: int


class AuditItem(Record, frozen=True, kw_only=True):
    """A change: who, when, and the record before and after."""

    seq: int
    time_ms: int
    who: str
    action: str
    kind: str
    record: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    hash: str
    salt: str | None = None
    erasure: int | None = None


class AuthorName(Record, frozen=True, kw_only=True):
    """The name of an author: of the person who uses a key, or else of the key; of a member's login."""

    by: str
    name: str


class AuthorNames(Record, frozen=True, kw_only=True):
    """Names of authors."""

    items: list[AuthorName]


class BalanceBody(Record, frozen=True, kw_only=True):
    """The season's nitrogen in the EU panel's box (2015): NUE 0.5 to 0.9, surplus at most 80, output from ..."""

    input_kg_ha: float
    output_kg_ha: float
    nue: float
    surplus_kg_ha: float
    verdict: str


class BalanceOfAmounts(Record, frozen=True, kw_only=True):
    """Where the amount of a pass is, in the response's unit: each line is part of the one that it is ..."""

    released: float
    outside: float
    buffer: float
    exclusion: float
    unlocated: float
    usable: float
    unplanned: float
    not_to_treat: float
    compared: float


class BaseMapBody(Record, frozen=True, kw_only=True):
    """The base map of a station."""

    kind: str | None = None
    bytes: int
    changed_ms: int | None = None


class BasisOfHouse(Record, frozen=True, kw_only=True):
    """What a greenhouse's forecast rests on."""

    basis: str
    text: str
    text_zh: str
    provider: str | None = None
    title: str | None = None
    simulated: bool
    issued_ms: int | None = None
    fetched_ms: int | None = None
    attribution: Attribution | None = None
    not_used_for: list[str]


class CardAlarm(Record, frozen=True, kw_only=True):
    """An active alarm of a card."""

    id: str
    rule: str
    severity: str
    raised_ms: int
    text: str
    text_zh: str
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None
    withheld: list[WithheldBody]


class CardBody(Record, frozen=True, kw_only=True):
    """What the next 24 hours bring to a greenhouse or field."""

    kind: str
    id: str
    name: str
    site: str
    simulated: bool
    level: str
    forecast_ms: int | None = None
    forecast_basis: BasisOfHouse | None = None
    time_zone: str
    time_zone_known: bool
    orders: list[HouseOrderBody]
    statements: list[StatementBody]
    alarms: list[CardAlarm]
    recalls: list[RecallBody]
    sensors: list[LeftOutItem]
    done: list[DoneBody]


class CatalogProduct(Record, frozen=True, kw_only=True):
    """A fertilizer with the fields of `Product`, and the source of its figures."""

    name: str
    kind: str
    n_pct: float
    p2o5_pct: float = 0.0
    k2o_pct: float = 0.0
    nitrate_n_pct: float | None = None
    ammonium_n_pct: float | None = None
    amide_n_pct: float | None = None
    s_pct: float = 0.0
    density_kg_l: float | None = None
    source: str


class CatalogueAnswer(Record, frozen=True, kw_only=True):
    """All units, channels and indices, in the order in which people see them."""

    units: list[CatalogueUnit]
    channels: list[CatalogueChannel]
    indices: list[CatalogueIndex]


class CatalogueChannel(Record, frozen=True, kw_only=True):
    """A quantity of which a channel can be; `quantity:1` is a further instance of it."""

    name: str
    unit: str
    labels: Labels
    decimals: int
    kind: str
    low: float
    high: float
    watched: bool
    forecast: str | None = None
    diagnostic: bool


class CatalogueIndex(Record, frozen=True, kw_only=True):
    """An index: a value that is computed."""

    name: str
    unit: str
    labels: Labels
    decimals: int
    section: str
    chart: str | None = None
    method: str | None = None
    method_labels: Labels | None = None
    inputs: list[str]
    alarmable: bool
    bandable: bool
    summable: bool
    mapped: bool


class CatalogueUnit(Record, frozen=True, kw_only=True):
    """A unit in which a value is answered or imported."""

    symbol: str
    labels: Labels
    decimals: int
    endings: list[str]


class CellApplied(Record, frozen=True, kw_only=True):
    """The applied rate of the cell; null where no amount is known."""

    rate_ha: float | None = None
    low_ha: float | None = None
    high_ha: float | None = None
    amount: float | None = None
    drifted: float | None = None
    evidence: str | None = None
    method: AnswerMethod


class CellConditions(Record, frozen=True, kw_only=True):
    """Means over the product that landed on the cell, None where unknown; `covers` counts the swaths over it."""

    speed_m_s: float | None = None
    wind_m_s: float | None = None
    flow_per_min: float | None = None
    hopper_kg: float | None = None
    covers: int


class CellEntry(Record, frozen=True, kw_only=True):
    """A ledger entry about the pass."""

    seq: int
    time_ms: int
    kind: str
    hash: str


class CellEvidence(Record, frozen=True, kw_only=True):
    """Evidence for one cell of a pass: planned and applied rate, and the visits and samples behind them."""

    pass_id: str
    field: str
    device: str
    gateway: str
    clock: str | None = None
    simulated: bool
    unit: str
    swath_m: float
    latency_s: float
    cell: CellSpot
    planned: CellPlanned | None = None
    applied: CellApplied
    difference_ha: float | None = None
    kind: str | None = None
    cause: str | None = None
    reason: str | None = None
    conditions: CellConditions | None = None
    visits: list[CellVisit]
    conflicts: int
    ledger: list[CellEntry]
    delivery_url: str


class CellGrids(Record, frozen=True, kw_only=True):
    """Rows from the south, each from the west."""

    planned_ha: list[list[float | None]]
    applied_ha: list[list[float | None]]
    difference_ha: list[list[float | None]]
    uncertainty_ha: list[list[float]]
    kind: list[list[int]]
    cause: list[list[int]]
    zone: list[list[int]]
    evidence: list[list[int]]
    place: list[list[int]]


class CellMapBody(Record, frozen=True, kw_only=True):
    """A pass on cells: planned, applied and the difference, with its class and cause."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: str
    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float
    plan: PlanBody | None = None
    reason: str | None = None
    names: CellNames
    grid: CellGrids


class CellNames(Record, frozen=True, kw_only=True):
    """Names of the grids' codes, by their index in these lists."""

    kind: list[str]
    cause: list[str]
    evidence: list[str]
    place: list[str]


class CellPlanned(Record, frozen=True, kw_only=True):
    """The planned rate of the cell, and its plan."""

    rate_ha: float | None = None
    zone: int | None = None
    plan: PlanBody


class CellSamples(Record, frozen=True, kw_only=True):
    """The samples of one channel around a visit as stored, rejected ones included."""

    channel: str
    unit: str
    role: str
    evidence: str | None = None
    sensor: str | None = None
    n: int
    quality: dict[str, int]
    time_ms: list[int]
    value: list[float]


class CellSegment(Record, frozen=True, kw_only=True):
    """A segment of the pass."""

    kind: str
    start_ms: int
    end_ms: int
    evidence: str | None = None


class CellSpot(Record, frozen=True, kw_only=True):
    """One cell of a map: its row, column and edges; `place` is one of `outline.PLACES`."""

    row: int
    column: int
    cell_m: float
    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float
    place: str


class CellVisit(Record, frozen=True, kw_only=True):
    """One visit of the machine: when the product that landed here left it, and how much that was."""

    start_ms: int
    end_ms: int
    amount: float | None = None
    share: float | None = None
    amounts: dict[str, float]
    beside_m: float
    speed_m_s: float | None = None
    height_m: float | None = None
    wind_m_s: float | None = None
    wind_from_deg: float | None = None
    flow_per_min: float | None = None
    hopper_kg: float | None = None
    segments: list[CellSegment]
    samples: list[CellSamples]
    series_url: str


class CertificateEntryBody(Record, frozen=True, kw_only=True):
    """An entry of the register: issued, copied or void."""

    id: str
    certificate: str
    kind: str
    time_ms: int
    author: str
    form: str
    reason: str


class CertificateShown(Record, frozen=True, kw_only=True):
    """A certificate with its entries of the register."""

    certificate: CertificatesCertificateBody
    entries: list[CertificateEntryBody]


class CertificatesCertificateBody(Record, frozen=True, kw_only=True):
    """A certificate as it was issued; `state` is valid or void, `follows` are those of the lots it was ..."""

    id: str
    number: str
    lot: str
    product: str
    grams: int
    origin: str
    issuer: str
    contact: str
    issued_ms: int
    basis: list[str]
    tested: str
    token: str
    follows: list[str]
    state: str
    interval_state: str


class Channel(Record, frozen=True, kw_only=True):
    """One measured quantity of a device."""

    unit: str
    meaning: str | None = None
    interval_s: float | None = None
    sensor: str | None = None


class ChannelHealth(Record, frozen=True, kw_only=True):
    """The health of a channel over the window."""

    channel: str
    zone: str
    state: str
    n: int
    coverage: float
    findings: list[LeftOutItem]


class CheckpointBody(Record, frozen=True, kw_only=True):
    """Signed checkpoint of the ledger's log, as a note of C2SP tlog-checkpoint."""

    checkpoint: str
    size: int
    root: str


class ClimateAnswers(Record, frozen=True, kw_only=True):
    """The answers about a greenhouse's air; without `by` the main ones also under keys of their own."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    by: str
    crop: str
    stage: str
    targets: dict[str, Target]
    items: list[PeriodAnswers]
    left_out: list[LeftOutItem]
    notes: dict[str, str]
    notes_zh: dict[str, str]
    events: list[WetEventItem] | None = None
    vpd_kpa: Answer | None = None
    dew_point_degc: Answer | None = None
    humidity_deficit_g_m3: Answer | None = None
    frost_point_degc: Answer | None = None


class ClockState(Record, frozen=True, kw_only=True):
    """The station's clock, and why it cannot be believed; while it is in doubt nothing is deleted or ..."""

    in_doubt: bool | None = None
    cause: str | None = None
    shown_ms: int
    believed_ms: int
    since_ms: int | None = None
    ahead_ms: int | None = None
    witnesses: int = 0
    is_certain: bool = False
    sentence: str


class Columns(Record, frozen=True, kw_only=True):
    """A table by columns of `rows` values; null for unknown values."""

    rows: int
    columns: dict[str, list[str | float | bool | None]]


class Confirmation(Record, frozen=True, kw_only=True):
    """A person's word that a doubted value is right."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    target: str
    target_id: str
    cause: str
    value: str
    author: str
    note: str = ""


class ConfirmedValue(Record, frozen=True, kw_only=True):
    """A person's word that a doubted value is right."""

    id: str
    version: int
    author: str
    time_ms: int


class ConflictItem(Record, frozen=True, kw_only=True):
    """A value for an instant that already has another stored value; the stored one remains."""

    time_ms: int
    channel: str
    unit: str
    stored: float
    value: float
    quality: int
    seen_ms: int
    simulated: bool


class Contact(Record, frozen=True, kw_only=True):
    """An address of a person on one channel."""

    channel: str
    address: str


class CoverBody(Record, frozen=True, kw_only=True):
    """Areas of a pass by its swaths within the usable field, the same at every cell size, with the larger ..."""

    field_m2: float
    covered_m2: float
    overlap_m2: float
    skipped_m2: float | None = None
    beside_m2: float
    remaining_m2: float | None = None
    skips: list[Place]
    overlaps: list[Place]


class CropBand(Record, frozen=True, kw_only=True):
    """A target band of an organisation; it comes before the default ones."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    crop: str
    index: str
    low: float
    high: float
    author: str
    source: str = ""
    stage: str = ""
    valid_from: str | None = None
    valid_until: str | None = None


class DamageItem(Record, frozen=True, kw_only=True):
    """Damage of a file: `sentence` says what was lost; `kept` names the files that hold the damaged bytes."""

    kind: str
    found_ms: int
    sentence: str
    kept: list[str] = []
    lost_samples: int | None = None
    lost_events: int = 0
    suspect_samples: int = 0
    is_verified: bool = True
    start_ms: int | None = None
    end_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str = ""


class DamageList(Record, frozen=True, kw_only=True):
    """Damage of the store's files, oldest first."""

    items: list[DamageItem]


class DataFact(Record, frozen=True, kw_only=True):
    """Whether everything has arrived."""

    complete: bool
    last_ms: int | None = None
    missing: list[MissingDevice]
    waiting: int | None = None
    at_gateways: WaitingFact | None = None


class DataQualityBody(Record, frozen=True, kw_only=True):
    """The health of the sensors of a greenhouse."""

    greenhouse: str
    simulated: bool
    window: AnswerWindow
    devices: list[DeviceHealth]


class DefaultBand(Record, frozen=True, kw_only=True):
    """A default target band of a crop; `default` is every crop without a band of its own."""

    crop: str
    stage: str
    index: str
    low: float
    high: float
    source: str


class Delivery(Record, frozen=True, kw_only=True):
    """Delivery of every record that a gateway numbered, with the flights of its vehicles."""

    gateway: str
    online: bool | None = None
    since_ms: int
    received: int
    duplicate: int
    epochs: list[EpochDelivery]
    epochs_left_out: int = 0
    totals: RecordTotals | None = None
    loss: int
    lost: list[EpochRange]
    lost_left_out: int = 0
    missing: list[EpochRange]
    missing_left_out: int = 0
    latency_ms: Latency
    spool: Spool
    lost_messages: int = 0
    conflicting: int = 0
    other_content: int = 0
    foreign: int = 0
    loss_accepted: int = 0
    refused_devices: list[RefusedDevice] = []
    alternations: int = 0
    spool_reports: list[SpoolReport] = []
    spool_reports_left_out: int = 0
    store_losses: list[StoreLoss] = []
    store_losses_left_out: int = 0
    not_known: list[EpochRange] = []
    not_known_left_out: int = 0
    flights: list[FlightCoverageBody] = []
    flights_left_out: int = 0


class DeliveryCorrection(Record, frozen=True, kw_only=True):
    """What a later entry adds to a delivery, below 0 where it takes back."""

    id: str
    time_ms: int
    grams: int
    amount_fen: int
    note: str


class DeviationBody(Record, frozen=True, kw_only=True):
    """Deviation of a pass from its plan, over the cells of the usable field."""

    pass_id: str
    unit: str
    simulated: bool
    cell_m: float
    plan: PlanBody
    inputs: list[str]
    planned_rate_ha: float
    amount: Answer
    planned: float
    applied: float
    balance: BalanceOfAmounts
    mean_deviation_pct: float
    mean_absolute_ha: float
    rms_ha: float
    on_target_share: float
    class_m2: dict[str, float]
    cause_m2: dict[str, float]
    zones: list[ZoneBody]
    unknown_m2: float
    not_to_treat_m2: float
    unplanned_m2: float
    unplanned: float
    regions: list[RegionBody]
    happenings: list[DisturbanceBody]
    cover: CoverBody


class Device(Record, frozen=True, kw_only=True):
    """A device of the organisation."""

    freshness: str | None = None
    late_after_s: float | None = None
    silent_after_s: float | None = None
    id: str
    kind: str
    name: str
    site: str
    gateway: str
    model: str
    simulated: bool
    clock: str | None = None
    last_seen_ms: int | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    greenhouse: str | None = None


class DeviceDetail(Record, frozen=True, kw_only=True):
    """A device with its channels."""

    freshness: str | None = None
    late_after_s: float | None = None
    silent_after_s: float | None = None
    id: str
    kind: str
    name: str
    site: str
    gateway: str
    model: str
    simulated: bool
    clock: str | None = None
    last_seen_ms: int | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    greenhouse: str | None = None
    software: str
    altitude_m: float | None = None
    channels: dict[str, Channel]


class DeviceHealth(Record, frozen=True, kw_only=True):
    """The channels of one device."""

    device: str
    channels: list[ChannelHealth]


class DeviceOwner(Record, frozen=True, kw_only=True):
    """The owner of a device: the one gateway that may describe it and send its data."""

    device: str
    gateway: str
    simulated: bool


class DevicePlace(Record, frozen=True, kw_only=True):
    """The place of a device."""

    id: str
    device: str
    zone: str | None = None
    field: str | None = None


class DevicePlaceList(Record, frozen=True, kw_only=True):
    """The places of all registered devices, by their names."""

    items: list[DevicePlace]


class DiseaseDay(Record, frozen=True, kw_only=True):
    """Weather of a local day for late blight of potato and tomato; it orders days and counts no sick plants."""

    start_ms: int
    end_ms: int
    reason: str | None = None
    severity: int | None = None
    smith_period: bool | None = None
    hutton_period: bool | None = None
    humid_h: float | None = None
    rain_mm: float | None = None
    measured_h: int
    forecast_h: int
    missing_h: int


class Dispute(Record, frozen=True, kw_only=True):
    """A dispute: who points at which place of a pass, the evidence for its cell, and the outcome once ..."""

    seq: int
    time_ms: int
    who: str
    field: str
    pass_id: str
    person: str | None = None
    latitude_deg: float
    longitude_deg: float
    text: str
    evidence: dict[str, Any]
    outcome: str | None = None
    outcome_seq: int | None = None
    outcome_text: str = ""
    correction: str | None = None


class DisturbanceBody(Record, frozen=True, kw_only=True):
    """An event that may have disturbed a part of a pass: `gust` (`value` in m/s), `refill` (kg or L) or ..."""

    kind: str
    start_ms: int
    end_ms: int
    value: float


class DoneBody(Record, frozen=True, kw_only=True):
    """One thing that was done: `text` is a note's, an alarm's rule or a pass's id, `value` litres of water."""

    kind: str
    time_ms: int
    text: str
    by: str
    value: float | None = None


class DoneToday(Record, frozen=True, kw_only=True):
    """Something that was done today."""

    kind: str
    time_ms: int
    by: str
    text: str
    text_zh: str
    row: str
    row_id: str


class DoubtQuestion(Record, frozen=True, kw_only=True):
    """A question about an improbable value."""

    target: str
    target_id: str
    name: str
    cause: str
    value: str
    text: str
    text_zh: str
    effect: str
    effect_zh: str
    changes: list[FieldChange]
    confirmed: ConfirmedValue | None = None
    chance: float | None = None
    remedy: str | None = None
    remedy_zh: str | None = None


class DriftBody(Record, frozen=True, kw_only=True):
    """Drift of product by wind while it falls: its mean, and how uncertain it is (standard deviations)."""

    basis: str
    shift_east_m: float
    shift_north_m: float
    uncertain_share: float
    uncertain_m: float


class DutyException(Record, frozen=True, kw_only=True):
    """Who is on duty in [start_ms, end_ms) whatever the week says: a holiday, an illness, a hand-over."""

    start_ms: int
    end_ms: int
    people: list[str]


class DutyFact(Record, frozen=True, kw_only=True):
    """Who is on duty."""

    names: list[str]
    until_ms: int | None = None


class DutyList(Record, frozen=True, kw_only=True):
    """All duty rotas now."""

    items: list[DutyNow]


class DutyNow(Record, frozen=True, kw_only=True):
    """A duty rota now: who is on duty, who is called next, and until when."""

    name: str
    next_after_s: float | None = None
    enabled: bool
    rota: str
    on_duty: list[str]
    next: list[str]
    until_ms: int | None = None
    time_zone: str
    time_zone_known: bool = True


class DutyRota(Record, frozen=True, kw_only=True):
    """A rota of alarm recipients, by the clocks of a site."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    site: str
    weekly: list[DutyShift] = []
    exceptions: list[DutyException] = []
    order: list[str] = []
    next_after_s: float | None = None
    enabled: bool = True


class DutyShift(Record, frozen=True, kw_only=True):
    """A shift of a week: on `days` (1 is Monday) from `start` until `end`, through midnight where `end` is ..."""

    days: list[int]
    start: str
    end: str
    people: list[str]


class EfficiencyBody(Record, frozen=True, kw_only=True):
    """Efficiencies of nitrogen; None where an input is missing."""

    pfp: float | None = None
    ae: float | None = None
    re: float | None = None
    pe: float | None = None
    pnb: float | None = None


class ElementsBody(Record, frozen=True, kw_only=True):
    """Nutrients of one area unit [kg]; P and K as elements beside the oxides that labels name."""

    n: float
    p2o5: float
    k2o: float
    p: float
    k: float


class EnergyOfHouse(Record, frozen=True, kw_only=True):
    """Energy of a greenhouse by week, the newest first, and what of it is not known."""

    greenhouse: str
    floor_area_m2: float | None = None
    time_zone: str
    simulated: bool
    prices: list[EnergyPrice]
    weeks: list[EnergyWeek]
    missing: list[EnergyReason]


class EnergyOfKind(Record, frozen=True, kw_only=True):
    """Energy of one kind in a week: of the recorded hours alone."""

    kind: str
    channel: str
    kwh_m2: float
    kwh: float | None = None
    known_h: float
    coverage: float
    cost: float | None = None
    currency: str | None = None
    reason: EnergyReason | None = None


class EnergyPrice(Record, frozen=True, kw_only=True):
    """Price of one kind of energy from a local day on, until the day of the next one of the kind."""

    kind: str
    price: float
    unit: str
    kwh_per_unit: float | None = None
    currency: str
    from_day: str
    source: str = ""


class EnergyReason(Record, frozen=True, kw_only=True):
    """What is not known, and what would make it known."""

    kind: str
    text: str
    text_zh: str


class EnergyWeek(Record, frozen=True, kw_only=True):
    """An ISO 8601 week of local days."""

    week: str
    start_ms: int
    end_ms: int
    items: list[EnergyOfKind]


class EnrolledGateway(Record, frozen=True, kw_only=True):
    """State of a gateway's one-time code and of its certificate, without the code."""

    name: str
    code: str
    code_expires_ms: int | None = None
    enrolled_ms: int | None = None
    renewed_ms: int | None = None
    is_revoked: bool


class EnrolledGateways(Record, frozen=True, kw_only=True):
    """All gateways that were given a code."""

    items: list[EnrolledGateway]
    next: None | None = None
    cannot_give: str | None = None


class EntryBody(Record, frozen=True, kw_only=True):
    """An entry about a pass of a field; `body` is JSON as it was written, `pass_id` the pass's stable id."""

    seq: int
    time_ms: int
    who: str
    kind: str
    field: str
    pass_id: str
    body: str
    hash: str
    leaf_sha256: str | None = None


class EpochDelivery(Record, frozen=True, kw_only=True):
    """The records of one spool by state; `accounted` is the sum of the states."""

    epoch: str
    accounted: int
    stored: int
    quarantined: int
    dropped_by_gateway: int
    gone_unseen: int
    lost: int = 0
    high_water: int
    missing: list[list[int]]
    store_refused: int = 0
    expired: int = 0
    uncounted: int = 0
    not_known: int = 0


class EpochRange(Record, frozen=True, kw_only=True):
    """Records `first`..`last` of one spool."""

    epoch: str
    first: int
    last: int


class ErrorOfForecast(Record, frozen=True, kw_only=True):
    """Errors of a forecast, said less measured, in the unit of the quantity."""

    mean_absolute: float
    bias: float


class Escalation(Record, frozen=True, kw_only=True):
    """Escalation of an alarm that is not acknowledged `after_s` after it was raised: severity and more ..."""

    after_s: float
    severity: str
    recipients: list[str] = []


class EstimatedWater(Record, frozen=True, kw_only=True):
    """A number with its 90 % interval."""

    value: float
    low: float
    high: float


class EventItem(Record, frozen=True, kw_only=True):
    """A change of state or a text at one instant."""

    time_ms: int
    kind: str
    clock: str
    simulated: bool
    data: dict[str, str | float | bool | None]


class ExternalReference(Record, frozen=True, kw_only=True):
    """The id of a record in another program."""

    source: str
    reference: str


class Farm(Record, frozen=True, kw_only=True):
    """A farm with fields and greenhouses."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    note: str = ""


class FieldChange(Record, frozen=True, kw_only=True):
    """One field of a record, as it is and as it would be right."""

    field: str
    before: float | str | None = None
    after: float | str | None = None


class FieldOutlook(Record, frozen=True, kw_only=True):
    """The weather to come at a field, by the forecast of its site and what its devices measured."""

    field: str
    site: str | None = None
    time_zone: str
    source: ForecastOrigin
    frost: FrostAhead
    heat: HeatAhead
    disease: list[DiseaseDay]
    disease_method: AnswerMethod
    harvest: list[HarvestDay]
    harvest_method: AnswerMethod


class FieldPlan(Record, frozen=True, kw_only=True):
    """The draft of a field's next dressing, complete after each change."""

    field: str
    now_ms: int
    step: str
    season: PlanSeason | None = None
    need: PlanNeed | None = None
    rates: PlanRates | None = None
    mission: PlanMission | None = None
    flown: list[GivenPass]
    told: dict[str, float | str]


class FieldProbe(Record, frozen=True, kw_only=True):
    """A sensor that was used, with its readings at field capacity and wilting point as they were fitted."""

    device: str
    depth_m: float
    days: int
    field_capacity: EstimatedWater
    wilting_point: EstimatedWater


class FieldResource(Record, frozen=True, kw_only=True):
    """A field, WGS84. The areas are computed; `usable_area_m2` excludes the `zones`."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    farm: str
    name: str
    geometry: Polygon | MultiPolygon
    zones: list[ZoneResource] = []
    site: str | None = None
    owner: str = ""
    area_m2: float = 0.0
    usable_area_m2: float = 0.0


class FieldStrip(Record, frozen=True, kw_only=True):
    """The weather of a field's work from two hours ago to 24 hours ahead."""

    kind: str
    time_ms: list[int]
    wind_m_s: list[float | None]
    rain_mm: list[float | None]
    limit_m_s: float
    fit: list[list[int]]


class FieldWater(Record, frozen=True, kw_only=True):
    """The water of a field now; without a `reason` it has days and advice."""

    field: str
    season: str | None = None
    crop: str | None = None
    zone: str | None = None
    soil: str | None = None
    reason: str | None = None
    depletion_mm: EstimatedWater | None = None
    stress: EstimatedWater | None = None
    advice: WaterAdvice | None = None
    probes: list[FieldProbe]
    left_out: list[LyingProbe]
    irrigations: list[GivenWater]
    assumed: list[str]
    days: list[WaterDay]
    method: AnswerMethod
    simulated: bool
    rain_source: ForecastOrigin | None = None


class FileImport(Record, frozen=True, kw_only=True):
    """An import of a file: received in parts, then read and stored by the gateway's own steps."""

    id: str
    name: str
    bytes: int
    kind: str | None = None
    state: str
    by: str
    created_ms: int
    changed_ms: int
    part_bytes: int
    parts: list[int]
    device: str | None = None
    start_ms: int | None = None
    progress: ImportProgress | None = None
    result: ImportResult | None = None
    error: str | None = None


class FileImportList(Record, frozen=True, kw_only=True):
    """Imports, the newest first."""

    items: list[FileImport]
    free_bytes: int
    next: None
    past: PastProgress | None = None


class FindingBody(Record, frozen=True, kw_only=True):
    """One check."""

    check: str
    state: str
    id: str
    evidence: str
    values: dict[str, float | str]
    text: str
    text_zh: str


class FlightCoverageBody(Record, frozen=True, kw_only=True):
    """How much of a flight is stored: what came by link, what was read from the vehicle's card, and what ..."""

    device: str
    start_ms: int
    end_ms: int
    live_s: float
    healed_s: float
    remaining_s: float
    live_coverage: float
    coverage: float
    gaps: int
    state: str
    reason: str | None = None


class FlightList(Record, frozen=True, kw_only=True):
    """The flights of a device that ended in [start, end), by their start."""

    device: str
    items: list[FlightCoverageBody]


class FlowLagBody(Record, frozen=True, kw_only=True):
    """The time from the header to the flow sensor, and what it rests on."""

    applied_s: float
    basis: str
    fitted_s: float | None = None
    error_s: float | None = None
    strips: int
    pairs: int
    reason: str | None = None


class ForecastAmount(Record, frozen=True, kw_only=True):
    """An amount or a chance of all of its step, which several hours may share: it is never split."""

    value: float
    low: float | None = None
    high: float | None = None
    basis: str
    start_ms: int
    end_ms: int


class ForecastBody(Record, frozen=True, kw_only=True):
    """The forecast of a greenhouse for the next hours."""

    greenhouse: str
    simulated: bool
    origin_ms: int
    history_hours: int
    drivers: list[str]
    weather_forecast: list[str]
    basis: BasisOfHouse
    verdicts: dict[str, WeatherVerdict]
    items: list[ForecastHour]
    left_out: list[LeftOutItem]


class ForecastHour(Record, frozen=True, kw_only=True):
    """One hour ahead: each quantity with the range of nine of ten past errors."""

    ahead_h: int
    window: AnswerWindow
    answers: dict[str, Answer]
    skill: dict[str, ForecastSkill | None]
    record: dict[str, ForecastSkill | None]
    weather_record: dict[str, WeatherComparison | None]


class ForecastLine(Record, frozen=True, kw_only=True):
    """Values of one channel by step: of an instant, or of the time from its start to its end."""

    channel: str
    unit: str
    aggregation: str
    height_m: float | None = None
    starts_ms: list[int]
    ends_ms: list[int]
    leads_h: list[float]
    values: list[float | None]
    quantiles: dict[str, list[float | None]]
    members: int


class ForecastOrigin(Record, frozen=True, kw_only=True):
    """Whose forecast something rests on."""

    basis: str
    reason: str | None = None
    text: str
    text_zh: str
    provider: str | None = None
    title: str | None = None
    simulated: bool
    issued_ms: int | None = None
    fetched_ms: int | None = None
    attribution: Attribution | None = None


class ForecastPlace(Record, frozen=True, kw_only=True):
    """A place, WGS84; `altitude_m` is the height of the provider's grid point, or None where it does not say."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None = None


class ForecastProviderKind(Record, frozen=True, kw_only=True):
    """A provider that can be chosen: what leaves the station, what it asks for, and its licence."""

    name: str
    title: str
    title_zh: str
    host: str
    decimals: int
    every_s: float
    quota_a_day: int
    needs_key: bool
    attribution: Attribution


class ForecastProviderSetting(Record, frozen=True, kw_only=True):
    """A provider that the station asks for the weather to come of each site; without one nothing is asked."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    provider: str
    enabled: bool = False
    model: str = ""
    url: str = ""
    contact: str = ""


class ForecastRuleStanding(Record, frozen=True, kw_only=True):
    """What a rule on the weather to come says now at a site."""

    rule: str
    name: str
    site: str
    state: str
    reason: str | None = None
    text: str
    text_zh: str
    what: str = ""
    value: float | None = None
    unit: str = ""
    forecast: AlarmForecast | None = None
    simulated: bool = False


class ForecastRulesList(Record, frozen=True, kw_only=True):
    """Alarm rules on the weather to come at the sites, by rule and site."""

    items: list[ForecastRuleStanding]


class ForecastSkill(Record, frozen=True, kw_only=True):
    """Errors of forecasts of the past days against the measured values."""

    n: int
    rmse: float
    mean_error: float
    p90_error: float
    persistence_rmse: float
    yesterday_rmse: float


class ForecastValue(Record, frozen=True, kw_only=True):
    """A quantity of an hour: its mean, of a gust its greatest."""

    value: float
    low: float | None = None
    high: float | None = None
    basis: str


class ForecastWindowHour(Record, frozen=True, kw_only=True):
    """An hour to come, as the forecast has it, and whether it suits the work."""

    start_ms: int
    lead_h: float
    basis: str | None = None
    state: str
    reasons: list[str]
    doubts: list[str]
    missing: list[str]
    chance: float | None = None
    air_temperature_degc: float | None = None
    relative_humidity_pct: float | None = None
    wind_speed_m_s: float | None = None
    wind_gust_m_s: float | None = None
    rain_mm: float | None = None
    rain_ahead_mm: float | None = None
    rain_chance_pct: float | None = None
    delta_t_k: float | None = None


class ForecastWindows(Record, frozen=True, kw_only=True):
    """The hours to come in which an application is advisable, by the forecast of the field's site."""

    field: str
    kind: str
    rainfast_h: int
    rainfast_known: bool
    wind_height_m: float
    altitude_m: float | None = None
    source: ForecastOrigin
    windows: list[SuitableWindow]
    with_care: list[SuitableWindow]
    hours: list[ForecastWindowHour]
    method: AnswerMethod


class FrostAhead(Record, frozen=True, kw_only=True):
    """The lowest temperature of the next 24 hours at the station, and whether it is frost."""

    reason: str | None = None
    limit_degc: float
    is_expected: bool | None = None
    lowest_degc: float | None = None
    low_degc: float | None = None
    high_degc: float | None = None
    chance: float | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    hours: int
    offset_k: float
    offset_of: str
    days: int
    method: AnswerMethod


class Gateway(Record, frozen=True, kw_only=True):
    """A gateway with its newest status."""

    id: str
    online: bool | None = None
    last_status_ms: int | None = None
    software: str
    epoch: str
    spool: Spool
    loss: int = 0
    unstored: UnstoredRecords | None = None
    recent: RecentTrouble | None = None
    sources: list[GatewaySource] = []
    rules: RulesState | None = None


class GatewayRulesList(Record, frozen=True, kw_only=True):
    """Alarm rules of the farm at its gateways, by gateway."""

    items: list[GatewayRulesStanding]


class GatewayRulesStanding(Record, frozen=True, kw_only=True):
    """Alarm rules of the farm at a gateway: what it does with the current ones, and since when."""

    gateway: str
    site: str
    state: str
    since_ms: int | None = None
    revision: str = ""
    applied_revision: str = ""
    reason: str = ""
    trouble: str = ""
    at_gateway: list[str] = []
    station_only: list[str] = []
    left_out: list[str] = []
    refused: int = 0
    refused_names: list[str] = []
    replaced: int = 0
    replaced_names: list[str] = []
    unsaved: bool = False


class GatewaySource(Record, frozen=True, kw_only=True):
    """A source of a gateway: a serial line, a network address or a broker that it reads."""

    name: str
    type: str
    restarts: int = 0
    trouble: str = ""
    trouble_zh: str = ""


class Germplasm(Record, frozen=True, kw_only=True):
    """A variety, line or accession; `pui` is its permanent identifier, such as a registration number."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    crop: str
    pui: str = ""
    accession: str = ""
    pedigree: str = ""
    breeder: str = ""
    synonyms: list[str] = []
    note: str = ""


class GetSharedGround(Record, frozen=True, kw_only=True):
    """GetSharedGround."""

    items: list[GetSharedGroundItems]


class GetSharedGroundItems(Record, frozen=True, kw_only=True):
    """GetSharedGroundItems."""

    field: str
    name: str
    other: str
    other_name: str
    area_m2: float
    share: float


class GivenDressing(Record, frozen=True, kw_only=True):
    """What one pass of the season gave: what landed, not what was ordered."""

    pass_id: str
    start_ms: int
    state: str
    product: str | None = None
    n_kg_ha: float | None = None
    skipped_m2: float | None = None
    reason: str | None = None


class GivenPass(Record, frozen=True, kw_only=True):
    """A pass that carried out the prescription."""

    pass_id: str
    start_ms: int
    state: str


class GivenWater(Record, frozen=True, kw_only=True):
    """Water of a local day that a meter counted or a person said."""

    day: str
    amount_mm: float
    source: str
    name: str
    counted: bool


class GreenhouseResource(Record, frozen=True, kw_only=True):
    """A greenhouse, on a site whose days and weather it shares."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    farm: str
    site: str
    name: str
    cover: str = ""
    lamp: str = ""
    floor_area_m2: float | None = None
    volume_m3: float | None = None
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    active: bool = True
    climate_model: HouseModel | None = None
    energy_prices: list[EnergyPrice] | None = None
    lamp_power_w_m2: float | None = None
    doubts: list[DoubtQuestion] = []


class GreenhouseZone(Record, frozen=True, kw_only=True):
    """A compartment or bed of a greenhouse with its own analysis; `crop` and `stage` select the target bands."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    greenhouse: str
    name: str
    area_m2: float | None = None
    crop: str = ""
    stage: str = ""


class GridBody(Record, frozen=True, kw_only=True):
    """Grid cells from south to north, each row from west to east."""

    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    east_step_deg: float
    north_step_deg: float
    rate_ha: list[list[float | None]]
    uncertainty_ha: list[list[float]]
    evidence: list[list[int]]
    place: list[list[int]]


class GrowerNote(Record, frozen=True, kw_only=True):
    """A note of a person about a greenhouse or its zone, a field, a site or an alarm at `time_ms`; ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    time_ms: int
    author: str
    text: str
    greenhouse: str | None = None
    field: str | None = None
    zone: str | None = None
    site: str | None = None
    alarm: str | None = None
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    accuracy_m: float | None = None
    photos: list[str] = []


class GrowthBody(Record, frozen=True, kw_only=True):
    """Path by RFC 9162 that proves the log of `old_size` entries to be the beginning of that of `size`."""

    old_size: int
    size: int
    path: list[str]


class HappeningBody(Record, frozen=True, kw_only=True):
    """Something that happened to the crop, with its evidence: measured, declared or simulated."""

    kind: str
    id: str
    harvest: str
    start_ms: int
    end_ms: int
    evidence: str
    what: str
    device: str | None = None
    figures: dict[str, float | None]


class HarvestBody(Record, frozen=True, kw_only=True):
    """A harvest as it was entered."""

    id: str
    created_ms: int
    field: str | None = None
    zone: str | None = None
    plot: str
    season: str | None = None
    crop: str
    variety: str
    time_ms: int
    grown_from_ms: int | None = None
    grams: int
    author: str
    note: str
    evidence: str


class HarvestDay(Record, frozen=True, kw_only=True):
    """A local day, from its sunrise to its sunset."""

    start_ms: int
    end_ms: int
    state: str
    harvest_h: int | None = None
    first_ms: int | None = None
    stored_h: int | None = None
    rain_mm: float | None = None
    measured_h: int
    forecast_h: int
    missing_h: int


class HarvestPassBody(Record, frozen=True, kw_only=True):
    """A pass of a combine over a field."""

    id: str
    device: str
    start_ms: int
    end_ms: int
    quality: int
    simulated: bool
    field: str
    samples: int
    width_m: float | None = None
    width_basis: str | None = None
    sensor_t: float
    evidence: str


class HarvestShareBody(Record, frozen=True, kw_only=True):
    """A harvest in a lot, with its place and its share of the lot's mass; what is mixed is mixed evenly."""

    harvest: HarvestBody
    farm: str
    place: str
    grams: int


class HazardSpans(Record, frozen=True, kw_only=True):
    """Spans of time by hazard: [from, to] each."""

    wet: list[list[int]]
    frost: list[list[int]]
    heat: list[list[int]]


class Health(Record, frozen=True, kw_only=True):
    """The process responds."""

    status: str


class HeatAhead(Record, frozen=True, kw_only=True):
    """Heat of the next hours."""

    reason: str | None = None
    highest_degc: float | None = None
    spells: list[HeatSpell]
    hours: int
    method: AnswerMethod


class HeatSpell(Record, frozen=True, kw_only=True):
    """Hours one after the other in which a rule about heat holds."""

    rule: str
    severity: str
    start_ms: int
    end_ms: int
    hours: int
    highest_degc: float
    chance: float | None = None


class HeldOut(Record, frozen=True, kw_only=True):
    """Errors of a fitted model on measurements that the fit never saw."""

    start_ms: int
    end_ms: int
    hours: int
    temperature_rmse_k: float
    humidity_rmse_pct: float
    temperature_yesterday_rmse_k: float | None = None
    humidity_yesterday_rmse_pct: float | None = None


class Holding(Record, frozen=True, kw_only=True):
    """A person's share of a field in [start_ms, end_ms): `parts` of `of_parts`, without a limit where ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    field: str
    person: str
    kind: str
    parts: int = 1
    of_parts: int = 1
    start_ms: int | None = None
    end_ms: int | None = None


class HourBody(Record, frozen=True, kw_only=True):
    """An hour of weather: go, caution, stop or insufficient_data."""

    start_ms: int
    state: str
    reasons: list[str]
    missing: list[str]
    air_temperature_degc: float | None = None
    relative_humidity_pct: float | None = None
    wind_speed_m_s: float | None = None
    rain_share: float | None = None
    rain_mm: float | None = None
    delta_t_k: float | None = None


class HourlyForecast(Record, frozen=True, kw_only=True):
    """The weather to come at a site by hour, as it was known at `at_ms`."""

    site: str
    at_ms: int
    basis: str
    reason: str | None = None
    text: str
    text_zh: str
    provider: str | None = None
    title: str | None = None
    simulated: bool
    issued_ms: int | None = None
    fetched_ms: int | None = None
    attribution: Attribution | None = None
    corrections: list[QuantityCorrection]
    hours: list[WeatherForecastHour]


class HouseAnswersBody(Record, frozen=True, kw_only=True):
    """The answers about a greenhouse by period, with targets, notes and samples left out."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    by: str
    crop: str
    stage: str
    targets: dict[str, Target]
    items: list[PeriodAnswers]
    left_out: list[LeftOutItem]
    notes: dict[str, str]
    notes_zh: dict[str, str]
    events: list[WetEventItem] | None = None


class HouseModel(Record, frozen=True, kw_only=True):
    """Climate model of a greenhouse: a structure, what differs from it, and how wrong it was where it was ..."""

    structure: str
    parameters: dict[str, float] = {}
    held_out: HeldOut | None = None


class HouseOrderBody(Record, frozen=True, kw_only=True):
    """What one actuator is to do in [start_ms, end_ms), and which statements and alarms ask for it."""

    actuator: str
    direction: str
    start_ms: int
    end_ms: int
    reasons: list[str]


class HouseStrip(Record, frozen=True, kw_only=True):
    """A greenhouse from two hours ago to 24 hours ahead: measured up to now, forecast as if nothing were done."""

    time_ms: list[int]
    air_degc: list[float | None]
    leaf_degc: list[float | None]
    dew_point_degc: list[float | None]
    air_low_degc: list[float | None]
    air_high_degc: list[float | None]
    leaf_estimated: bool
    limit: StripLimit | None = None
    hazards: HazardSpans
    avoided: HazardSpans
    lowest: StripLow | None = None


class IfItRains(Record, frozen=True, kw_only=True):
    """What the forecast rain would change, if it fell as forecast: it is not booked."""

    rain_mm: float
    amount_mm: float
    due_in_days: float | None = None


class Implement(Record, frozen=True, kw_only=True):
    """A spreader or sprayer."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    kind: str
    swath_m: float
    pattern: list[PatternPoint] = []
    on_latency_s: float = 0.0
    off_latency_s: float = 0.0
    nozzle_behind_m: float = 0.0
    droplet_class: str | None = None
    tank_l: float | None = None
    max_flow_l_min: float | None = None
    max_flow_kg_min: float | None = None
    min_speed_m_s: float | None = None
    max_speed_m_s: float | None = None
    device: str | None = None


class ImportProgress(Record, frozen=True, kw_only=True):
    """How far an import is: reading is the first half, storing the second."""

    phase: str
    fraction: float
    left_s: float | None = None
    records_total: int
    records_acked: int
    waiting_for: str = ""


class ImportResult(Record, frozen=True, kw_only=True):
    """What was imported, and what was not."""

    messages: int
    rows: int
    points: int
    events: int
    devices: list[str]
    first_ms: int | None = None
    last_ms: int | None = None
    left_out: list[ImportsLeftOut]
    flagged: list[ImportsLeftOut]
    refused: list[RefusedCell]
    gaps: int
    gaps_ms: int
    dropouts: int
    dropouts_ms: int
    notes: list[str]
    gateway: str
    epochs: list[str]
    quarantined: int | None = None


class ImportsLeftOut(Record, frozen=True, kw_only=True):
    """Rows, cells or messages that were left out, or samples that a quality test flagged, for one reason."""

    reason: str
    count: int
    text: str


class InclusionBody(Record, frozen=True, kw_only=True):
    """Path by RFC 9162 from an entry to the root of the log of `size` entries, and the entry's leaf."""

    seq: int
    size: int
    kind: str
    body_sha256: str
    entry_sha256: str
    leaf_sha256: str
    path: list[str]


class InputDoubt(Record, frozen=True, kw_only=True):
    """An improbable input of a request that was answered with it."""

    cause: str
    text: str
    text_zh: str
    changes: list[FieldChange]


class IntervalBody(Record, frozen=True, kw_only=True):
    """The interval of one product of a treatment; `ends_on` null: the label has none."""

    treatment: str
    product: str
    registration_number: str
    treated_on: str
    ends_on: str | None = None
    crop_on_label: bool


class IntervalBreachBody(Record, frozen=True, kw_only=True):
    """A harvest within the interval of one product of a treatment."""

    treatment: str
    product: str
    registration_number: str
    treated_on: str
    ends_on: str | None = None
    kind: str
    reentry_until_ms: int | None = None
    harvest: str
    place: str
    harvested_on: str
    entered_late: bool


class IntervalStateBody(Record, frozen=True, kw_only=True):
    """Intervals of a crop at a place on a local day: `ends_on` is the first day on which it may be harvested."""

    day: str
    may_harvest: bool
    ends_on: str | None = None
    running: list[IntervalBody]
    unknown: list[IntervalBody]


class IrrigationRecord(Record, frozen=True, kw_only=True):
    """Water that was given to a field or one of its irrigation zones on a local day, as a person wrote it down."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    field: str
    zone: str | None = None
    day: str
    amount_mm: float | None = None
    volume_m3: float | None = None
    method: str | None = None
    author: str = ""
    note: str = ""


class IrrigationZone(Record, frozen=True, kw_only=True):
    """A field, or a part of it, that is irrigated as one: its soil, what system and pump give, its probes ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    field: str
    name: str
    area_m2: float | None = None
    devices: list[str] = []
    texture: str | None = None
    field_capacity_pct: float | None = None
    wilting_point_pct: float | None = None
    method: str | None = None
    wetted: float | None = None
    efficiency: float | None = None
    most_mm: float | None = None
    flow_m3_h: float | None = None
    hours_a_day: float | None = None


class KeptItem(Record, frozen=True, kw_only=True):
    """Data of one kind that is kept of a person."""

    kind: str
    label: str
    purpose: str
    basis: str
    kept: str
    on_erasure: str
    count: int
    first_ms: int | None = None
    last_ms: int | None = None


class KeptKind(Record, frozen=True, kw_only=True):
    """What bounds the records of a kind, and what remains of deleted ones, in the language of the request."""

    kind: str
    name: str
    bound: str
    bound_text: str
    remains: str
    days: int | None = None
    default_days: int | None = None
    least_days: int | None = None
    is_chosen: bool = False
    command: str = ""
    deleted: int | None = None
    deleted_before_ms: int | None = None
    due: int | None = None
    due_before_ms: int | None = None
    held_back: str = ""


class KeptKinds(Record, frozen=True, kw_only=True):
    """All kinds of records that a station keeps."""

    items: list[KeptKind]


class KeyItem(Record, frozen=True, kw_only=True):
    """A key; `prefix` is its readable beginning."""

    id: str
    created_ms: int
    name: str
    scope: str
    prefix: str
    expires_ms: int | None = None
    last_used_ms: int | None = None
    person: str | None = None
    sender: str | None = None
    map: SenderMap | None = None


class KnownMapService(Record, frozen=True, kw_only=True):
    """A service whose template, system and attribution are known: whoever adds it needs its key at most."""

    name: str
    title: str
    title_zh: str
    url: str
    subdomains: str
    attribution: str
    system: str
    min_zoom: int
    max_zoom: int
    needs_key: bool
    terms: str


class Labels(Record, frozen=True, kw_only=True):
    """A text for people in each language."""

    en: str
    zh: str


class Latency(Record, frozen=True, kw_only=True):
    """Delay from a live sample to its commit [ms], over `n` messages, within 5 %; null without messages."""

    p50: float | None = None
    p99: float | None = None
    n: int


class Latest(Record, frozen=True, kw_only=True):
    """The newest value of each channel of a device."""

    device: str
    simulated: bool
    channels: dict[str, LatestValue]


class LatestValue(Record, frozen=True, kw_only=True):
    """The newest value of a channel; `time_ms` gives its age."""

    freshness: str | None = None
    late_after_s: float | None = None
    silent_after_s: float | None = None
    value: float
    time_ms: int
    unit: str
    quality: int
    simulated: bool


class LeadRecord(Record, frozen=True, kw_only=True):
    """Errors of the forecasts of some hours ahead, all of the same hours that came."""

    first_h: int
    last_h: int
    n: int
    corrected: ErrorOfForecast
    provider: ErrorOfForecast
    persistence: ErrorOfForecast
    yesterday: ErrorOfForecast
    coverage: float


class LedgerCheckBody(Record, frozen=True, kw_only=True):
    """Verification of the ledger: `broken_at` is the first altered entry."""

    entries: int
    whole: bool
    broken_at: int | None = None
    hash: str


class LeftOutItem(Record, frozen=True, kw_only=True):
    """A finding about a channel: its samples were left out, or used as suspect."""

    device: str
    channel: str
    test: str
    flag: int
    n: int
    start_ms: int
    end_ms: int
    left_out: bool
    detail: str
    detail_zh: str
    cause: str | None = None
    chance: float | None = None
    text: str | None = None
    text_zh: str | None = None
    mend: Mend | None = None


class ListedPass(Record, frozen=True, kw_only=True):
    """A pass in a list, with the width at which the machine itself said that it worked."""

    id: str
    field: str
    device: str
    start_ms: int
    end_ms: int
    declared: bool
    state: str
    simulated: bool
    implement: str | None = None
    implement_basis: str | None = None
    product: str | None = None
    season: str | None = None
    prescription: str | None = None
    planned_rate_ha: float | None = None
    note: str
    evidence: str | None = None
    work_s: float
    work_m: float
    reported_width_m: float | None = None


class LogKeysBody(Record, frozen=True, kw_only=True):
    """Public keys of this organisation's log, and of it as a witness of others: name+hash+key."""

    log: str
    witness: str


class LoginValue(Record, frozen=True, kw_only=True):
    """The newest value of a channel of a device that a sender posts about."""

    device: str
    channel: str
    value: float
    unit: str
    time_ms: int


class LotBody(Record, frozen=True, kw_only=True):
    """A lot; `remaining_g` is what is left of it."""

    id: str
    code: str
    product: str
    crop: str
    time_ms: int
    grams: int
    packs: int | None = None
    simulated: bool
    remaining_g: int
    interval_state: str


class LotHistoryBody(Record, frozen=True, kw_only=True):
    """A lot with its operations, its harvests, and what it inherits; `is_whole` false: of the largest ..."""

    links: list[LotLinkBody]
    is_whole: bool
    lot: LotBody
    operations: list[OperationBody]
    harvests: list[HarvestShareBody]
    happenings: list[HappeningBody]
    was_released: bool
    interval_breaches: list[IntervalBreachBody]
    intervals_unknown: list[IntervalBody]


class LotLinkBody(Record, frozen=True, kw_only=True):
    """`grams` of `parent`, a lot or a harvest, that `operation` took to make `child`."""

    parent: str
    child: str
    operation: str
    grams: int


class LotMassBody(Record, frozen=True, kw_only=True):
    """A mass of a lot."""

    lot: str
    grams: int


class LyingProbe(Record, frozen=True, kw_only=True):
    """A sensor's readings that contradict themselves, the water or the other probes."""

    device: str
    depth_m: float
    test: str
    first: str
    last: str
    left_out: bool


class MachineYieldBody(Record, frozen=True, kw_only=True):
    """The samples of one combine."""

    device: str
    passes: list[str]
    simulated: bool
    width_basis: str
    sensor_t: float
    samples: int
    kept: int
    removed: dict[str, int]
    limits_t_ha: list[float | None]
    lag: FlowLagBody


class MaintenanceWindow(Record, frozen=True, kw_only=True):
    """In [start_ms, end_ms) matching alarms are recorded without notices; those active at its end are sent ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    start_ms: int
    end_ms: int
    rule: str | None = None
    device: str | None = None
    kind: str | None = None
    site: str | None = None


class MakingSteps(Record, frozen=True, kw_only=True):
    """What comes when."""

    forecast_ms: int | None = None
    record_ms: int | None = None


class MapSource(Record, frozen=True, kw_only=True):
    """A service of map tiles in Web Mercator, which the station asks in place of the browser."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    url: str
    attribution: str
    system: str = "wgs84"
    min_zoom: int = 0
    max_zoom: int = 18
    subdomains: str = ""
    key: str = ""


class Member(Record, frozen=True, kw_only=True):
    """A login of the organisation; `subject` is its id at the identity provider, `person` the id of who ..."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    subject: str
    name: str
    role: str
    person: str | None = None


class MemberDelivery(Record, frozen=True, kw_only=True):
    """What a person delivered: `grams` and `amount_fen` as they stand after the corrections."""

    id: str
    person: str
    time_ms: int
    crop: str | None = None
    lot_code: str | None = None
    field: str | None = None
    grams: int
    amount_fen: int
    source: str
    note: str
    corrections: list[DeliveryCorrection] = []
    harvest_taken_back: bool | None = None


class Mend(Record, frozen=True, kw_only=True):
    """One change of one record that makes a finding's samples right."""

    kind: str
    target: str
    target_id: str
    field: str
    before: float | str | None = None
    after: float | str | None = None
    others: list[FieldChange]


class MissingDevice(Record, frozen=True, kw_only=True):
    """A device that does not report."""

    device: str
    name: str
    since_ms: int | None = None
    row: TodayLink | None = None


class MixPartBody(Record, frozen=True, kw_only=True):
    """A product of a tank mix, with its dose in the product's unit per hectare."""

    product: str
    dose_ha: float


class MultiPolygon(Record, frozen=True, kw_only=True, tag_field="type", tag="MultiPolygon"):
    """GeoJSON polygons of one field."""

    coordinates: list[list[list[list[float]]]]


class NamedWitness(Record, frozen=True, kw_only=True):
    """Witness whose signatures this organisation's checkpoints show, by its public key."""

    name: str
    key: str


class NotificationItem(Record, frozen=True, kw_only=True):
    """A notification to a recipient, and its delivery."""

    id: str
    recipient: str
    rule: str
    what: str
    about: list[str]
    body: str
    created_ms: int
    due_ms: int
    attempts: int
    state: str
    delivered_ms: int | None = None
    error: str
    error_zh: str = ""


class NutrientsBody(Record, frozen=True, kw_only=True):
    """Nutrients that the passes of a season applied to a field; sums are null while an amount is unknown."""

    field: str
    season: str | None = None
    simulated: bool
    passes: list[PassNutrientsBody]
    total_kg_ha: ElementsBody | None = None
    total_kg_mu: ElementsBody | None = None
    reason: str | None = None
    known_kg_ha: ElementsBody | None = None
    unknown: list[UnknownPass]
    balance: BalanceBody | None = None
    efficiency: EfficiencyBody | None = None


class OperationBody(Record, frozen=True, kw_only=True):
    """An operation as it was entered."""

    id: str
    created_ms: int
    kind: str
    time_ms: int
    author: str
    inputs: list[LotMassBody]
    outputs: list[LotMassBody]
    loss_g: int
    harvest: str | None = None
    party: str
    note: str
    corrects: str | None = None


class OrderBody(Record, frozen=True, kw_only=True):
    """What one actuator is to do in [start_ms, end_ms); `reason_ms` is when what it is for begins."""

    actuator: str
    direction: str
    start_ms: int
    end_ms: int
    reason_ms: int


class OutsideBand(Record, frozen=True, kw_only=True):
    """Product that came down in a band of distances from the field, with its 90 % interval; not counted as ..."""

    from_m: float
    to_m: float | None = None
    amount: float
    low: float
    high: float
    drifted: float


class OverviewBands(Record, frozen=True, kw_only=True):
    """The target bands in the part of the window with one crop stage."""

    start_ms: int
    end_ms: int
    stage: str
    targets: dict[str, Target]


class OverviewBody(Record, frozen=True, kw_only=True):
    """Overview of a greenhouse over a day or a week, for its page."""

    greenhouse: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    crop: str
    stage: str
    start_ms: int
    end_ms: int
    samples: OverviewSamples
    surfaces: list[OverviewSurface]
    bands: list[OverviewBands]
    events: list[WetEventItem]
    days: OverviewDays
    map: OverviewMap
    left_out: list[LeftOutItem]
    notes: dict[str, str]
    notes_zh: dict[str, str]
    grower_notes: list[OverviewNote]


class OverviewDays(Record, frozen=True, kw_only=True):
    """Whole local days that the window touches; the present day ends with the window."""

    start_ms: list[int]
    end_ms: list[int]
    answers: dict[str, AnswerColumn]


class OverviewMap(Record, frozen=True, kw_only=True):
    """The means of each place by local hour."""

    time_ms: list[int]
    units: dict[str, str]
    places: list[OverviewPlace]


class OverviewNote(Record, frozen=True, kw_only=True):
    """A grower's note; `/v1/notes` creates and changes notes."""

    id: str
    time_ms: int
    author: str
    text: str
    photos: list[str]


class OverviewPlace(Record, frozen=True, kw_only=True):
    """A zone, or a device in no zone: a row of the map."""

    name: str
    devices: list[str]
    crop: str
    stage: str
    channels: dict[str, list[float | None]]


class OverviewSamples(Record, frozen=True, kw_only=True):
    """Means of five minutes for a chart, null where unknown; in a narrow chart the lowest and highest of ..."""

    step_ms: int
    chosen_by: str | None = None
    time_ms: list[int]
    channels: dict[str, list[float | None]]
    units: dict[str, str]
    coldest: list[int]


class OverviewSurface(Record, frozen=True, kw_only=True):
    """A surface on which water may condense."""

    name: str
    estimated: str | None = None


class PassDetail(Record, frozen=True, kw_only=True):
    """A pass with its segments, including the flights to and from the field."""

    id: str
    field: str
    device: str
    start_ms: int
    end_ms: int
    declared: bool
    state: str
    simulated: bool
    implement: str | None = None
    implement_basis: str | None = None
    product: str | None = None
    season: str | None = None
    prescription: str | None = None
    planned_rate_ha: float | None = None
    note: str
    evidence: str | None = None
    work_s: float
    work_m: float
    segments: list[SegmentItem]


class PassNutrientsBody(Record, frozen=True, kw_only=True):
    """Nutrients applied by a pass; null with a reason where unknown."""

    pass_id: str
    start_ms: int
    product: str | None = None
    product_kg: float | None = None
    kg_ha: ElementsBody | None = None
    kg_mu: ElementsBody | None = None
    reason: str | None = None
    volatilisation: RiskBody
    leaching: RiskBody
    weather: dict[str, float | None]
    weather_devices: list[str]


class PassToSettle(Record, frozen=True, kw_only=True):
    """A pass of a period; `recorded` is the number of fields whose treated ground is in the ledger."""

    pass_id: str
    field: str
    device: str
    start_ms: int
    recorded: int
    by_cells: int


class PassVerdict(Record, frozen=True, kw_only=True):
    """What a pass did in one sentence, with the figures that the sentence and the pass's page show."""

    pass_id: str
    state: str
    simulated: bool
    text: str
    text_zh: str
    because: str
    because_zh: str
    action: str | None = None
    strips: int | None = None
    field_m2: float | None = None
    covered_m2: float | None = None
    skipped_m2: float | None = None
    compared_m2: float | None = None
    on_target_m2: float | None = None
    amount: Answer | None = None
    commanded: float | None = None
    reason: str | None = None


class PastForecast(Record, frozen=True, kw_only=True):
    """Recorded forecasts of one quantity by forecast hour, with the measured values."""

    unit: str
    time_ms: list[int]
    made: list[float | None]
    low: list[float | None]
    high: list[float | None]
    measured: list[float | None]
    with_weather: list[float | None]
    without_weather: list[float | None]
    basis: list[str]


class PastForecastBody(Record, frozen=True, kw_only=True):
    """Recorded forecasts, unchanged since they were made."""

    greenhouse: str
    simulated: bool
    ahead_h: int
    start_ms: int
    end_ms: int
    quantities: dict[str, PastForecast]


class PastProgress(Record, frozen=True, kw_only=True):
    """How far the simulated past of this farm's greenhouses is: its days are written, then stored."""

    phase: str
    fraction: float
    left_s: float | None = None
    told_ms: int
    start_ms: int
    days_written: float
    days_total: float


class PatternPoint(Record, frozen=True, kw_only=True):
    """The relative rate at an offset from the track, positive to the right."""

    offset_m: float
    rate: float


class PeriodAnswers(Record, frozen=True, kw_only=True):
    """The answers of one period: an hour, a local day, a crop stage or the whole window."""

    window: AnswerWindow
    stage: str | None = None
    answers: dict[str, Answer]
    levels: dict[str, str]


class Person(Record, frozen=True, kw_only=True):
    """A person of the cooperative."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    number: str = ""
    role: str = "member"
    language: str = "zh"
    contacts: list[Contact] = []
    note: str = ""
    active: bool = True
    erased: int | None = None


class PersonDataBody(Record, frozen=True, kw_only=True):
    """What is kept of a person, by kind."""

    person: str
    erased: int | None = None
    items: list[KeptItem]
    blockers: list[str] = []
    shared: list[str] = []


class Place(Record, frozen=True, kw_only=True):
    """A part of the ground: its area, and a place within it."""

    area_m2: float
    latitude_deg: float
    longitude_deg: float


class PlanBody(Record, frozen=True, kw_only=True):
    """Plan of a pass: one rate (`rate_ha`), or a prescription; `source` names its origin."""

    source: str
    rate_ha: float | None = None
    prescription: str | None = None
    name: str | None = None
    product: str | None = None
    season: str | None = None


class PlanChoice(Record, frozen=True, kw_only=True):
    """A record that a plan uses, and where the choice comes from."""

    id: str
    name: str
    source: str
    basis: str


class PlanLane(Record, frozen=True, kw_only=True):
    """The orders of one actuator, one after another: no two of them overlap."""

    actuator: str
    name: str
    name_zh: str
    orders: list[PlanOrder]


class PlanMission(Record, frozen=True, kw_only=True):
    """The flight of the prescription, or of the one rate while none was made."""

    implement: PlanChoice | None = None
    prescription: str | None = None
    prescription_name: str | None = None
    loads: PlanNumber
    lines: PlanNumber
    minutes: PlanNumber
    swath: PlanNumber
    speed: PlanNumber
    height: PlanNumber
    checks: list[PrescriptionCheck]
    legal_n: PlanNumber
    speed_m_s: float | None = None
    reason: str | None = None
    detail: str = ""
    detail_zh: str = ""


class PlanNeed(Record, frozen=True, kw_only=True):
    """Nitrogen of the season: total = given + elsewhere + now + later, where nothing was given too much."""

    inputs: list[PlanNumber]
    total: PlanNumber
    stage: str
    given: list[GivenDressing]
    given_n: PlanNumber
    unknown_passes: int
    elsewhere: PlanNumber
    later: PlanNumber
    now: PlanNumber
    missing: list[str]
    method: str | None = None


class PlanNumber(Record, frozen=True, kw_only=True):
    """A number of a plan with its unit and origin; `value` is null where nothing tells it: a person is asked."""

    name: str
    value: float | None = None
    unit: str
    source: str | None = None
    basis: str = ""
    editable: bool = False


class PlanOfHouse(Record, frozen=True, kw_only=True):
    """The plan of a greenhouse for the next 24 hours."""

    greenhouse: str
    name: str
    now_ms: int
    end_ms: int
    time_zone: str
    lanes: list[PlanLane]
    withheld: list[PlanWithheld]
    gain: TodayGain | None = None
    gain_reason: TodayText | None = None
    cost: TodayAmount | None = None
    gives_up: TodayText | None = None
    strip: TodayStrip | None = None
    cover_degc: list[float | None] | None = None
    questions: list[TodayQuestion]
    reason: TodayText | None = None


class PlanOrder(Record, frozen=True, kw_only=True):
    """What an actuator is to do in [from_ms, to_ms)."""

    id: str
    from_ms: int
    to_ms: int
    order: str
    kind: str
    text: str
    text_zh: str
    reasons: list[PlanReason]


class PlanRates(Record, frozen=True, kw_only=True):
    """The dressing as a product: one rate for all usable ground, which zones may replace."""

    product: PlanChoice | None = None
    rate: PlanNumber
    amount: PlanNumber
    area_ha: float
    order: PrescriptionOrder | None = None


class PlanReason(Record, frozen=True, kw_only=True):
    """A reason of an order."""

    kind: str
    text: str
    text_zh: str


class PlanSeason(Record, frozen=True, kw_only=True):
    """The season that a plan is for."""

    id: str
    name: str
    crop: str
    sowing_date: str | None = None
    area_m2: float


class PlanWithheld(Record, frozen=True, kw_only=True):
    """A part of an order that yields to another one, with what asked for it."""

    actuator: str
    direction: str
    start_ms: int
    end_ms: int
    by: str
    holds: str
    reason_ms: int
    resumes_ms: int | None = None
    text: str
    text_zh: str
    asked_by: str


class PlantProtectionProduct(Record, frozen=True, kw_only=True):
    """A product by its registration number, with one use for each crop of its label."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    registration_number: str
    unit: str
    formulation: str = ""
    active_ingredients: list[ActiveIngredient]
    uses: list[ProductUse]
    source: str = ""
    is_sample: bool = False


class PlotLevel(Record, frozen=True, kw_only=True):
    """A level of a design that holds a plot, such as its replicate or block, by the code of another program."""

    name: str
    code: str


class PlotObservation(Record, frozen=True, kw_only=True):
    """An observation of a variable on a plot, as it was written down; null for a missing value."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    trial: str
    plot: int
    variable: str
    value: str | None = None
    time_ms: int | None = None
    collector: str = ""
    references: list[ExternalReference] = []


class PointLayer(Record, frozen=True, kw_only=True, tag_field="kind", tag="points"):
    """Values measured at points: soil samples, a yield monitor, a sensor's NDVI."""

    name: str
    longitude_deg: list[float]
    latitude_deg: list[float]
    value: list[float]
    interpolation: str = "idw"
    power: float = 2.0


class Polygon(Record, frozen=True, kw_only=True, tag_field="type", tag="Polygon"):
    """A GeoJSON polygon: its outer ring, then its holes."""

    coordinates: list[list[list[float]]]


class PostedResult(Record, frozen=True, kw_only=True):
    """What became of posted samples, after the commit: counts of samples, and why parts went to quarantine."""

    stored: int
    duplicate: int
    conflicting: int
    refused: list[Refused]
    gateway: str
    received_ms: int | None = None
    unmapped: list[str]


class PrescribedZone(Record, frozen=True, kw_only=True):
    """A zone and its rate in the prescription's unit."""

    rate_ha: float
    area_ha: float
    amount: float
    n_kg_ha: float | None = None
    index_mean: float | None = None


class Prescription(Record, frozen=True, kw_only=True):
    """Rates of a product by zone of a field, on a grid from its south-west corner."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    field: str
    name: str
    product: str | None = None
    implement: str | None = None
    season: str | None = None
    unit: str
    south_deg: float
    west_deg: float
    cell_north_deg: float
    cell_east_deg: float
    cell_m: float
    rows: int
    columns: int
    cells: str
    zones: list[PrescribedZone]
    total: float
    checks: list[PrescriptionCheck]
    method: dict[str, str | float | None]


class PrescriptionCheck(Record, frozen=True, kw_only=True):
    """Check of a constraint: whether it holds (None: unknown), and a sentence."""

    id: str
    holds: bool | None = None
    detail: str


class PrescriptionOrder(Record, frozen=True, kw_only=True):
    """Order of a prescription for a field, from layers, by zones, with rates."""

    field: str
    name: str
    layers: list[PointLayer | RasterLayer] = []
    zones: ZonePlan | None = None
    cell_m: float = 5.0
    product: str | None = None
    implement: str | None = None
    season: str | None = None
    basis: str = "product"
    rates_ha: list[float] | None = None
    least_ha: float | None = None
    most_ha: float | None = None
    direction: str | None = None
    minimum_ha: float = 0.0
    maximum_ha: float | None = None
    total: float | None = None
    mean_ha: float | None = None
    legal_n_kg_ha: float | None = None
    n_given_kg_ha: float = 0.0
    figures: dict[str, float] = {}


class PreviewedWork(Record, frozen=True, kw_only=True):
    """A flight on a field in a run to come: what it is charged, or why it is not."""

    pass_id: str
    field: str
    device: str
    start_ms: int
    charged: bool
    reason: str | None = None
    charged_fen: int = 0
    area_m2: int = 0
    repeated_m2: int = 0
    unheld_fen: int = 0
    simulated: bool = False
    registered: bool = False
    recorded: bool = False


class Product(Record, frozen=True, kw_only=True):
    """A fertilizer: grade as N-P2O5-K2O in percent of mass, and the forms of its nitrogen."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    kind: str
    n_pct: float
    p2o5_pct: float
    k2o_pct: float
    nitrate_n_pct: float | None = None
    ammonium_n_pct: float | None = None
    amide_n_pct: float | None = None
    s_pct: float = 0.0
    density_kg_l: float | None = None
    maker: str = ""


class ProductCheckBody(Record, frozen=True, kw_only=True):
    """The checks of one product of the mix; `crop_on_label` is false where the label lacks the crop."""

    name: str
    registration_number: str
    unit: str
    is_sample: bool
    product: str
    dose_ha: float
    crop_on_label: bool
    findings: list[FindingBody]


class ProductRate(Record, frozen=True, kw_only=True):
    """The recommendation as a rate of a product, with the other nutrients it brings."""

    id: str
    name: str
    kg_ha: float
    kg_mu: float
    l_ha: float | None = None
    p2o5_kg_ha: float
    k2o_kg_ha: float
    field_kg: float


class ProductUse(Record, frozen=True, kw_only=True):
    """The label of a product for one crop; None where the label is silent."""

    crop: str
    target: str = ""
    least_dose_ha: float | None = None
    most_dose_ha: float | None = None
    least_water_l_ha: float | None = None
    most_water_l_ha: float | None = None
    pre_harvest_interval_days: int | None = None
    reentry_h: float | None = None
    least_buffer_m: float | None = None
    most_uses_season: int | None = None


class ProposedColumn(Record, frozen=True, kw_only=True):
    """What a column probably is: nothing of it is used before somebody has confirmed it."""

    name: str
    channel: str = ""
    unit: str = ""
    is_unit_stated: bool = False


class ProposedTime(Record, frozen=True, kw_only=True):
    """The column that is probably the time."""

    column: str
    format: str
    zone: str


class PushKeyBody(Record, frozen=True, kw_only=True):
    """The public key with which a browser subscribes."""

    public_key: str


class QuantityChoice(Record, frozen=True, kw_only=True):
    """A quantity that a column can be, with the units that convert to its own, which is the first."""

    channel: str
    units: list[str]


class QuantityCorrection(Record, frozen=True, kw_only=True):
    """Whether a quantity is corrected, by which station, and why not."""

    quantity: str
    state: str
    station: str | None = None
    hours: str
    text: str
    text_zh: str


class QuantityRecord(Record, frozen=True, kw_only=True):
    """Record of a quantity, by hours ahead; empty where nothing was learned."""

    quantity: str
    unit: str
    state: str
    station: str | None = None
    text: str
    text_zh: str
    leads: list[LeadRecord]


class Quarantined(Record, frozen=True, kw_only=True):
    """A message refused as a whole or in part."""

    id: int
    topic: str
    reason: str
    detail: str
    gateway: str | None = None
    epoch: str | None = None
    first: int | None = None
    seq: int | None = None
    first_seen_ms: int
    last_seen_ms: int
    count: int
    replays: int
    is_asked: bool


class QuarantinedDetail(Record, frozen=True, kw_only=True):
    """A quarantined message with its bytes."""

    id: int
    topic: str
    reason: str
    detail: str
    gateway: str | None = None
    epoch: str | None = None
    first: int | None = None
    seq: int | None = None
    first_seen_ms: int
    last_seen_ms: int
    count: int
    replays: int
    is_asked: bool
    properties: dict[str, str]
    payload_bytes: int
    payload_base64: str


class RasterLayer(Record, frozen=True, kw_only=True, tag_field="kind", tag="raster"):
    """Values of areas: `values` are rows from the north, each from the west, null where unknown."""

    name: str
    north_deg: float
    west_deg: float
    cell_north_deg: float
    cell_east_deg: float
    values: list[list[float | None]]


class ReachFact(Record, frozen=True, kw_only=True):
    """Whether alarms reach a person."""

    people: int
    tried_ms: int | None = None
    state: str
    confirmed: int = 0
    failing: int = 0
    confirmed_ms: int | None = None


class Readiness(Record, frozen=True, kw_only=True):
    """Readiness of the station, with its checks."""

    ready: bool
    checks: list[ReadinessCheck]


class ReadinessCheck(Record, frozen=True, kw_only=True):
    """A condition of readiness."""

    name: str
    ok: bool
    detail: str


class RecallBody(Record, frozen=True, kw_only=True):
    """Lots to recall: a treatment with lots that were harvested within its pre-harvest interval, entered ..."""

    treatment: str
    field: str | None = None
    zone: str | None = None
    place: str
    product: str
    treated_on: str
    harvested_on: str
    ends_on: str | None = None
    lots: int
    ids: list[str]
    codes: list[str]
    alarm: str | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str | None = None


class RecalledLot(Record, frozen=True, kw_only=True):
    """A lot to recall, by its id and batch number."""

    id: str
    code: str


class ReceivedPosts(Record, frozen=True, kw_only=True):
    """The posts of a login since `since_ms`, by what their senders were told; they outlive the process."""

    gateway: str
    kind: str
    since_ms: int
    posts: int = 0
    stored: int = 0
    repeated: int = 0
    conflicting: int = 0
    refused: int = 0
    last_ms: int | None = None
    devices: list[str] = []
    newest_ms: int | None = None
    refused_ms: int | None = None
    reason: str = ""
    detail: str = ""


class RecentTrouble(Record, frozen=True, kw_only=True):
    """Contradictions of a gateway in the last hour; `alternations` in the last ten minutes."""

    quarantined: int = 0
    conflicting: int = 0
    other_content: int = 0
    foreign: int = 0
    alternations: int = 0


class RecipientDelivery(Record, frozen=True, kw_only=True):
    """Whether notifications reach a recipient: its newest one, the newest that arrived, and those that did not."""

    recipient: str
    robot: str | None = None
    cannot_send: str | None = None
    newest: NotificationItem | None = None
    delivered_ms: int | None = None
    waiting: int
    dead: int
    reach: RecipientReach


class RecipientDeliveryList(Record, frozen=True, kw_only=True):
    """The delivery to every recipient."""

    items: list[RecipientDelivery]


class RecipientNotifications(Record, frozen=True, kw_only=True):
    """Notifications of an alarm to a recipient."""

    said_ms: int
    severity: str
    cleared: bool


class RecipientReach(Record, frozen=True, kw_only=True):
    """Whether messages reach a person by a recipient."""

    is_persons: bool
    state: str
    last_ms: int | None = None
    confirmed_ms: int | None = None
    confirmed_by: str | None = None


class RecipientWays(Record, frozen=True, kw_only=True):
    """Ways by which this station can send alarms."""

    unreachable: dict[str, str]


class Recommendation(Record, frozen=True, kw_only=True):
    """Nitrogen for a field by one published rule, with its inputs and range of validity."""

    field: str
    n_kg_ha: float
    n_kg_mu: float
    field_n_kg: float
    area_ha: float
    method: AnswerMethod
    valid_for: str
    inputs: dict[str, float | str]
    parts: dict[str, float]
    product: ProductRate | None = None
    doubts: list[InputDoubt]


class ReconciliationBody(Record, frozen=True, kw_only=True):
    """The amount by flow meter, by tank or hopper level, and by the pump's curve (commanded only)."""

    by_flow: float | None = None
    by_tank: float | None = None
    by_pump_curve: float | None = None
    flow_residual: float | None = None
    pump_curve_residual: float | None = None


class RecordTotals(Record, frozen=True, kw_only=True):
    """Records of all spools by state; `accounted` is the sum of the states."""

    accounted: int = 0
    stored: int = 0
    quarantined: int = 0
    dropped_by_gateway: int = 0
    gone_unseen: int = 0
    lost: int = 0
    missing: int = 0
    store_refused: int = 0
    expired: int = 0
    uncounted: int = 0
    not_known: int = 0


class Refused(Record, frozen=True, kw_only=True):
    """A refusal: the reason, for counters, and the detail, for people."""

    reason: str
    detail: str


class RefusedCell(Record, frozen=True, kw_only=True):
    """A refused cell of a table; the whole row where `column` is empty."""

    line: int
    column: str
    reason: str
    text: str
    cell: str


class RefusedDevice(Record, frozen=True, kw_only=True):
    """A device that the gateway wrote about and that belongs to another gateway, `owner`."""

    device: str
    owner: str


class RegionBody(Record, frozen=True, kw_only=True):
    """A region of neighbouring cells with one class of deviation and one cause."""

    kind: str
    cause: str
    area_m2: float
    planned: float
    applied: float
    difference: float
    latitude_deg: float
    longitude_deg: float


class ReleaseBody(Record, frozen=True, kw_only=True):
    """A release: its entry in the ledger, and its public paths."""

    seq: int
    lot: str
    token: str
    path: str
    link_path: str
    released_ms: int
    withdrawn_ms: int | None = None
    interval_state: str


class RemainingZoneBody(Record, frozen=True, kw_only=True):
    """A zone of the plan over the usable ground, amounts in the answer's unit."""

    zone: int
    planned_rate_ha: float
    planned: float
    applied: float | None = None
    open_m2: float
    open: float
    treated_difference: float | None = None


class ResponseAnswer(Record, frozen=True, kw_only=True):
    """The response of yield to nitrogen: plateau, the rate of largest profit, and its interval [kg N/ha, t/ha]."""

    method: AnswerMethod
    plateau_t_ha: float
    plateau_n_kg_ha: float
    curvature: float
    optimum_kg_ha: float
    optimum_low_kg_ha: float
    optimum_high_kg_ha: float
    low_is_open: bool
    high_is_open: bool
    yield_at_optimum_t_ha: float
    residual_sd_t_ha: float
    n: int
    df: int
    unit: str
    compared_within: str
    points: list[list[float]]
    curve: list[list[float]]
    reason: str | None = None


class ResumeBody(Record, frozen=True, kw_only=True):
    """The remaining ground of a field, and the lines that treat it without treating any ground twice."""

    pass_id: str
    simulated: bool
    plan: PlanBody | None = None
    reason: str | None = None
    passes: list[str]
    remaining_m2: float
    planned_m2: float
    unflown_m2: float
    amount: float | None = None
    unit: str
    zones: list[RemainingZoneBody]
    lines: int
    length_m: float
    plan_url: str


class RetentionPreview(Record, frozen=True, kw_only=True):
    """A retention, what it deletes of what is stored now, and what retention has deleted so far."""

    raw_days: int | None = None
    minute_days: int | None = None
    hour_days: int | None = None
    event_days: int | None = None
    samples: int
    before_ms: int | None = None
    events: int = 0
    events_before_ms: int | None = None
    deleted_samples: int = 0
    deleted_events: int = 0
    deleted_before_ms: int | None = None
    deleted_events_before_ms: int | None = None
    night_days: int
    held_back: str = ""


class RiskBody(Record, frozen=True, kw_only=True):
    """Risk of loss: low, moderate, high or insufficient_data, with its reasons; `window` is the time after ..."""

    state: str
    reasons: list[str]
    window: AnswerWindow
    method: AnswerMethod


class RulesState(Record, frozen=True, kw_only=True):
    """Alarm rules of the farm at a gateway: what its last status reports, and what ingest has sent since ..."""

    own: bool = False
    number: int = 0
    revision: str = ""
    since_ms: int | None = None
    applied: int = 0
    refused: int = 0
    refused_names: list[str] = []
    replaced: int = 0
    replaced_names: list[str] = []
    rejected: str = ""
    rejected_revision: str = ""
    rejected_ms: int | None = None
    unsaved: bool = False
    reported: bool = False
    sent_revision: str = ""
    sent_ms: int | None = None
    trouble: str = ""


class RunPreview(Record, frozen=True, kw_only=True):
    """What a run of statements would charge; `charged` and `not_charged` flights together are all `flights`."""

    start_ms: int
    end_ms: int
    tariff: str
    flights: int
    charged: int
    not_charged: int
    charged_fen: int
    simulated_fen: int
    unheld_fen: int
    people: int
    works: list[PreviewedWork]


class SampleLogin(Record, frozen=True, kw_only=True):
    """A login of a sender, and what it has posted: `received` outlives a start of the station."""

    id: str
    name: str
    prefix: str
    scope: str
    expires_ms: int | None = None
    received: ReceivedPosts
    map: SenderMap | None = None
    quarantined: int
    ahead_s: float | None = None
    latest: list[LoginValue]
    messages: list[Quarantined] = []


class SampleLogins(Record, frozen=True, kw_only=True):
    """Logins of senders in order of creation; `next` is the cursor of the next page, null on the last."""

    items: list[SampleLogin]
    next: str | None = None
    without_key: ReceivedPosts | None = None


class SampleSender(Record, frozen=True, kw_only=True):
    """A kind of sender whose samples the station takes."""

    slug: str
    en: str
    zh: str
    path: str
    content_types: list[str]
    methods: list[str]
    key: str
    more_paths: list[str]


class SeasonOfField(Record, frozen=True, kw_only=True):
    """A season whose yield can be asked for, with the time in which it was harvested, or why that is not known."""

    name: str
    crop: str
    variety: str
    harvest_date: str | None = None
    season: str
    start_ms: int | None = None
    end_ms: int | None = None
    reason: str | None = None


class SeasonResource(Record, frozen=True, kw_only=True):
    """One crop on one field from sowing to harvest."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    field: str
    name: str
    crop: str
    variety: str = ""
    sowing_date: str | None = None
    harvest_date: str | None = None
    target_yield_t_ha: float | None = None
    doubts: list[DoubtQuestion] = []


class SeasonStatement(Record, frozen=True, kw_only=True):
    """The statement of a person in a run, None for what nobody holds; `lines` are as `StatementLine` has them."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    run: str
    person: str | None = None
    start_ms: int
    end_ms: int
    balance_fen: int
    area_m2: int
    lines: list[dict[str, Any]] = []


class SeasonsOfField(Record, frozen=True, kw_only=True):
    """Seasons of a field by their dates."""

    items: list[SeasonOfField]


class SegmentItem(Record, frozen=True, kw_only=True):
    """A part of a pass."""

    kind: str
    start_ms: int
    end_ms: int
    length_m: float
    evidence: str | None = None


class SenderMap(Record, frozen=True, kw_only=True):
    """What is kept with a sender's key of its bodies, so that it need not be in each address."""

    channels: list[str] = []
    device: str | None = None
    device_from: list[str] = []
    time: str | None = None
    time_format: str = "iso8601"


class Series(Record, frozen=True, kw_only=True):
    """Samples as columns over one time axis, the union of the channels' times; null where a channel has no ..."""

    device: str
    simulated: bool
    left_out: SeriesLeftOut | None = None
    start_ms: int
    end_ms: int
    aggregation: Aggregation | None = None
    time_ms: list[int]
    channels: dict[str, list[float | None]]
    units: dict[str, str]


class SeriesLeftOut(Record, frozen=True, kw_only=True):
    """Samples that the answer leaves out: a simulator's, or real ones."""

    simulated: bool
    samples: int


class Session(Record, frozen=True, kw_only=True):
    """The signed-in person or key, its organisation and its scope; the person's id and role where it has one."""

    organisation: SessionOrganisation
    scope: str
    by: str
    person: str | None = None
    role: str | None = None
    public_url: str | None = None
    may: dict[str, list[str]] = {}


class SessionOrganisation(Record, frozen=True, kw_only=True):
    """Organisation of a session."""

    handle: str
    name: str


class SiteForecast(Record, frozen=True, kw_only=True):
    """What a provider said of the weather to come at a site, as it was known at `at_ms`."""

    site: str
    at_ms: int
    basis: str
    reason: str | None = None
    fault: str | None = None
    detail: str | None = None
    is_deprecated: bool
    text: str
    text_zh: str
    provider: str | None = None
    title: str | None = None
    title_zh: str | None = None
    model: str | None = None
    simulated: bool
    asked: ForecastPlace | None = None
    answered: ForecastPlace | None = None
    issued_ms: int | None = None
    fetched_ms: int | None = None
    confirmed_ms: int | None = None
    next_ms: int | None = None
    age_s: float | None = None
    attribution: Attribution | None = None
    lines: list[ForecastLine]


class SiteResource(Record, frozen=True, kw_only=True):
    """A place, by its name in telemetry; its days begin at midnight of `time_zone` (IANA)."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    farm: str
    name: str
    time_zone: str
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    altitude_m: float | None = None
    active: bool = True
    doubts: list[DoubtQuestion] = []


class SiteWeatherBody(Record, frozen=True, kw_only=True):
    """The weather of a site by local day or hour."""

    site: str
    devices: list[str]
    simulated: bool
    time_zone: str
    time_zone_known: bool
    items: list[WeatherDay]
    left_out: list[LeftOutItem]
    notes: dict[str, str]
    notes_zh: dict[str, str]


class Spool(Record, frozen=True, kw_only=True):
    """State of a gateway's spool and its losses, as the gateway reports them; in JSON with all of its fields."""

    records: int = 0
    bytes: int = 0
    oldest_ms: int | None = None
    dropped_records: int = 0
    dropped_points: int = 0
    thinned_points: int = 0
    trouble: str = ""
    epoch_reason: str = ""
    epoch_ms: int | None = None
    renewals: int = 0
    shortened_records: int = 0


class SpoolReport(Record, frozen=True, kw_only=True):
    """What the gateway said about its spool, at `time_ms` of its own clock; `data` as in the event of that ..."""

    time_ms: int
    kind: str
    data: dict[str, int | str]


class StabilityGrid(Record, frozen=True, kw_only=True):
    """Rows from the south, each from the west; null where a season does not know the cell."""

    relative_pct: list[list[float | None]]
    cv_pct: list[list[float | None]]


class StatementBody(Record, frozen=True, kw_only=True):
    """A statement about the next 24 hours."""

    kind: str
    level: str
    occurs: bool | None = None
    value: float | None = None
    unit: str
    start_ms: int | None = None
    end_ms: int | None = None
    hours: int
    basis: str
    source: ForecastOrigin | None = None
    estimated: bool
    reason: str | None = None
    method: AnswerMethod
    record: StatementSkill
    advice: AdviceBody | None = None


class StatementRunItem(Record, frozen=True, kw_only=True):
    """A run of statements as it is listed; `simulated` where a work of it is a simulated flight."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    tariff: str
    tariff_version: int
    start_ms: int
    end_ms: int
    people: int
    charged_fen: int
    area_m2: int
    not_charged: list[list[str]] = []
    digest: str
    simulated: bool


class StatementSkill(Record, frozen=True, kw_only=True):
    """What came of the last such statements."""

    n: int
    least: int
    right: int
    missed: int
    false_alarms: int
    mean_abs_error: float | None = None
    chance: float | None = None


class StoreLoss(Record, frozen=True, kw_only=True):
    """Damage of the store's files, by which records that count as stored may lack samples or events."""

    found_ms: int
    samples: int | None = None
    events: int | None = None
    suspect_samples: int
    start_ms: int | None = None
    end_ms: int | None = None
    acknowledged_ms: int | None = None
    sentence: str


class StoreSpace(Record, frozen=True, kw_only=True):
    """Room on the farm's disk, and how long it lasts at the growth of the last two weeks."""

    at_ms: int | None = None
    free_bytes: int
    total_bytes: int
    farm_bytes: int
    days_known: float
    growth_bytes_day: float | None = None
    days_left: float | None = None
    is_nearly_full: bool


class StripLimit(Record, frozen=True, kw_only=True):
    """A limit of the air of a greenhouse, by the farm's own rule."""

    value_degc: float
    kind: str


class StripLow(Record, frozen=True, kw_only=True):
    """The lowest value of a picture."""

    time_ms: int
    value_degc: float


class SubsidyRule(Record, frozen=True, kw_only=True):
    """A rule of a subsidy for treated ground, as data: what a claim must show, and what it pays [fen]."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    fen_per_mu: int
    least_coverage_pct: float = 90.0
    evidence: list[str] | None = None
    repeat_days: int = 30
    cap_mu: float | None = None
    cap_fen: int | None = None
    products: list[str] = []
    excludes: list[str] | None = None


class SuitableWindow(Record, frozen=True, kw_only=True):
    """Hours one after the other that suit the work."""

    start_ms: int
    end_ms: int
    hours: int
    state: str
    chance: float | None = None


class SwathWidths(Record, frozen=True, kw_only=True):
    """The widest swath within a coefficient of variation [m]; null where there is none."""

    one_way: float | None = None
    back_and_forth: float | None = None


class TableColumn(Record, frozen=True, kw_only=True):
    """A column of a table; `channel` where its name is one, `unit` where one stands behind its name."""

    name: str
    channel: str
    unit: str


class TablePreview(Record, frozen=True, kw_only=True):
    """The beginning of a table, and the quantities that its columns can be."""

    encoding: str
    is_utf8: bool
    delimiter: str
    columns: list[TableColumn]
    rows: list[list[str]]
    quantities: list[QuantityChoice]
    lines_before: int
    lines_below: int
    proposal: TableProposal
    layout: str
    maker: str = ""
    kind: str = ""
    station: str = ""
    missing: list[str] | None = None


class TableProposal(Record, frozen=True, kw_only=True):
    """What a table probably is, by its headings and the cells of its beginning."""

    columns: list[ProposedColumn]
    time: ProposedTime | None = None
    decimal: str
    coordinates: str


class Target(Record, frozen=True, kw_only=True):
    """The target band of an index for the crop and its stage."""

    low: float
    high: float
    crop: str
    stage: str
    source: str
    source_zh: str = ""


class TariffRecord(Record, frozen=True, kw_only=True):
    """A tariff of a service [fen]: by area, by mass, least for a pass on a field, surcharges, and the dividend."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    per_mu_fen: int = 0
    per_kg_fen: int = 0
    minimum_fen: int = 0
    night_pct: int = 0
    slope_pct: int = 0
    slope_from_pct: int = 15
    cancelled_fen: int = 0
    repeat_days: int = 7
    billable_evidence: list[str] | None = None
    dividend_fen: int = 0
    dividend_by: str = "delivery"
    operators: dict[str, str] = {}
    slopes_pct: dict[str, float] = {}


class TimingBody(Record, frozen=True, kw_only=True):
    """How long after its measurement, or after the feeder's signal, product reached the ground."""

    basis: str
    latency_s: float
    feeder_opening_s: float | None = None
    feeder_closing_s: float | None = None


class Today(Record, frozen=True, kw_only=True):
    """The first page: what is to be done today, where, by when and why."""

    now_ms: int
    time_zone: str
    time_zone_known: bool
    farm: TodayFarm
    simulated: bool
    sentence: TodayText
    first: TodayText | None = None
    making: TodayMaking | None = None
    weather: TodayWeather | None = None
    facts: TodayFacts
    counts: TodayCounts
    rows: list[TodayRow]
    done_today: list[DoneToday]


class TodayAction(Record, frozen=True, kw_only=True):
    """The one next thing to do: verb, thing, amount, and until when."""

    id: str
    actuator: str | None = None
    order: str | None = None
    from_ms: int
    until_ms: int | None = None
    text: str
    text_zh: str
    reason: str
    reason_zh: str
    gain: TodayGain | None = None
    cost: TodayAmount | None = None
    gives_up: TodayText | None = None
    href: TodayLink | None = None


class TodayAmount(Record, frozen=True, kw_only=True):
    """An amount with its unit."""

    value: float
    unit: str


class TodayCounts(Record, frozen=True, kw_only=True):
    """What the sentence counts."""

    houses: int
    houses_act: int
    houses_unknown: int
    fields: int
    fields_act: int
    missed_strips: int


class TodayDone(Record, frozen=True, kw_only=True):
    """What a person last said to have done, and may take back: never that it was applied."""

    id: str
    action: str
    time_ms: int
    by: str
    text: str
    text_zh: str


class TodayFacts(Record, frozen=True, kw_only=True):
    """Who is on duty, whether alarms reach a person, and whether everything has arrived."""

    duty: DutyFact | None = None
    reach: ReachFact
    data: DataFact
    alarms: AlarmFact


class TodayFarm(Record, frozen=True, kw_only=True):
    """The farm of the page."""

    name: str


class TodayGain(Record, frozen=True, kw_only=True):
    """What the plan changes, by the climate model of the greenhouse; nothing is told without one that was ..."""

    wet_hours_before: float
    wet_hours_after: float
    error_hours: float | None = None
    is_told: bool
    text: str
    text_zh: str


class TodayLink(Record, frozen=True, kw_only=True):
    """A thing that a row leads to: its kind, its id, and the part of its page."""

    kind: str
    id: str
    part: str | None = None


class TodayMaking(Record, frozen=True, kw_only=True):
    """A history that is being made: how much of what a forecast needs is there."""

    share: float
    eta_ms: int | None = None
    text: str
    text_zh: str
    steps: MakingSteps


class TodayQuestion(Record, frozen=True, kw_only=True):
    """Something that only the grower knows: until then nothing is said of it."""

    kind: str
    text: str
    text_zh: str
    href: TodayLink


class TodayRecord(Record, frozen=True, kw_only=True):
    """What came of the last such statements."""

    right: int
    n: int
    least: int


class TodayRow(Record, frozen=True, kw_only=True):
    """A greenhouse or field: its state, its next action and its picture."""

    kind: str
    id: str
    name: str
    crop: str | None = None
    site: str
    simulated: bool
    state: str
    state_since_ms: int | None = None
    current: TodayValue | None = None
    action: TodayAction | None = None
    next_action: TodayAction | None = None
    look_again_ms: int | None = None
    quiet: TodayText
    questions: list[TodayQuestion]
    record: TodayRecord | None = None
    strip: TodayStrip | None = None
    confirmed: TodayDone | None = None
    remaining: TodayLink | None = None


class TodayStrip(Record, frozen=True, kw_only=True):
    """The picture of a row, and what it says in one sentence."""

    start_ms: int
    end_ms: int
    house: HouseStrip | None = None
    field: FieldStrip | None = None
    night: list[list[int]]
    act: list[int] | None = None
    label: str
    label_zh: str


class TodayText(Record, frozen=True, kw_only=True):
    """A sentence in both languages."""

    text: str
    text_zh: str


class TodayValue(Record, frozen=True, kw_only=True):
    """The newest value of a place."""

    value: float
    unit: str
    channel: str
    time_ms: int


class TodayWeather(Record, frozen=True, kw_only=True):
    """The weather of three days at a site, with what its licence asks to show."""

    site: str
    site_name: str
    attribution: str
    attribution_zh: str
    attribution_url: str
    basis: str
    simulated: bool
    source: TodayText
    error: TodayText | None = None
    record: TodayText | None = None
    night: list[list[int]]
    days: list[TodayWeatherDay]
    hours: list[TodayWeatherHour]


class TodayWeatherDay(Record, frozen=True, kw_only=True):
    """A local day of the weather."""

    start_ms: int
    day: str
    high_degc: float | None = None
    low_degc: float | None = None
    rain_mm: float | None = None
    wind_m_s: float | None = None


class TodayWeatherHour(Record, frozen=True, kw_only=True):
    """An hour of the weather: measured before now, forecast from now on."""

    time_ms: int
    is_forecast: bool
    air_temperature_degc: float | None = None
    low_degc: float | None = None
    high_degc: float | None = None
    rain_mm: float | None = None
    wind_m_s: float | None = None


class TonightBody(Record, frozen=True, kw_only=True):
    """Cards, most trouble first; `total` counts all, `next` is the cursor of the next page, null on the last."""

    now_ms: int
    total: int
    recalls: list[RecallBody]
    items: list[CardBody]
    next: str | None = None


class TreatedCorrection(Record, frozen=True, kw_only=True):
    """An entry of the ledger by another rule that a newer one corrects: its number, its area, and the rule ..."""

    seq: int
    area_m2: float
    by: str


class TreatedItem(Record, frozen=True, kw_only=True):
    """The ground of a field that a pass treated, as the ledger has it; `seq` is null where it is not there yet."""

    seq: int | None = None
    field: str
    pass_id: str
    area_m2: float
    grams: int | None = None
    evidence_m2: dict[str, float]
    night: bool
    simulated: bool
    corrects: TreatedCorrection | None = None


class TreatmentBody(Record, frozen=True, kw_only=True):
    """A treatment as it was entered; `evidence` is declared or simulated."""

    id: str
    created_ms: int
    field: str | None = None
    zone: str | None = None
    pass_id: str | None = None
    crop: str
    target: str
    start_ms: int
    end_ms: int
    mix: list[MixPartBody]
    water_l_ha: float | None = None
    treated_area_m2: float | None = None
    author: str
    note: str
    evidence: str
    corrects: str | None = None
    withdrawn: bool
    lots_within: int


class TreatmentCheckBody(Record, frozen=True, kw_only=True):
    """A treatment against its labels; `no_map` is why no dose by cell is known, null where it is."""

    treatment: str
    place: str
    products: list[ProductCheckBody]
    no_map: str | None = None
    breaches: list[IntervalBreachBody]
    lots_within: int
    lots: list[RecalledLot]


class Trial(Record, frozen=True, kw_only=True):
    """A trial on a field."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    field: str
    name: str
    season: str | None = None
    product: str | None = None
    prescription: str | None = None
    kind: str
    seed: int = 0
    treatments: list[TrialTreatment] = []
    plots: list[TrialPlot] = []
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    heading_deg: float | None = None
    length_m: float | None = None
    width_m: float | None = None
    gap_m: float = 0.0
    variables: list[str] = []
    active: bool = True
    note: str = ""


class TrialAnswer(Record, frozen=True, kw_only=True):
    """The result of a trial for one variable."""

    trial: str
    variable: str
    unit: str
    method: AnswerMethod | None = None
    level: float
    n: int
    averaged: int
    missing: list[str]
    replaced: int
    means: list[TrialEstimate]
    differences: list[TrialEstimate]
    lsd: float | None = None
    parameters: dict[str, float]
    at_bound: list[str]
    is_converged: bool | None = None
    response: ResponseAnswer | None = None
    response_reason: str | None = None
    varieties: VarietyAnswer | None = None
    varieties_reason: str | None = None
    reason: str | None = None


class TrialDrawing(Record, frozen=True, kw_only=True):
    """A trial with its plots as GeoJSON; `kept` where it is stored."""

    trial: Trial
    layout: dict[str, Any]
    kept: bool


class TrialEstimate(Record, frozen=True, kw_only=True):
    """A mean of a treatment, or its difference from the first one, with its interval; `p` is of no difference."""

    treatment: str
    plots: int
    value: float
    standard_error: float
    df: float
    low: float
    high: float
    p: float | None = None
    letters: str | None = None


class TrialPlot(Record, frozen=True, kw_only=True):
    """A plot by its number, from 1; rows run along the work."""

    number: int
    name: str
    row: int
    column: int
    block: int
    main_plot: int
    treatment: int
    levels: list[PlotLevel] = []


class TrialTreatment(Record, frozen=True, kw_only=True):
    """A treatment of a trial: a rate of the trial's product, a nitrogen rate, or a variety."""

    name: str
    rate_ha: float | None = None
    n_kg_ha: float | None = None
    germplasm: str | None = None


class TrialVariable(Record, frozen=True, kw_only=True):
    """What is observed on plots: the trait, how it is observed, and its unit and possible values."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    trait: str
    method: str
    unit: str = ""
    data_type: str = "numerical"
    least: float | None = None
    most: float | None = None
    categories: list[VariableCategory] = []


class UnheardGateway(Record, frozen=True, kw_only=True):
    """A gateway that does not report now: how much waits on its disk is not known."""

    gateway: str
    reported_ms: int | None = None


class UniformityBody(Record, frozen=True, kw_only=True):
    """Uniformity of the implement's pattern at its swath, and over the cells of the field."""

    overlap_cv_one_way_pct: float
    overlap_cv_back_and_forth_pct: float
    effective_swath_cv15_m: SwathWidths
    effective_swath_cv25_m: SwathWidths
    field_cv_pct: float | None = None


class UnknownPass(Record, frozen=True, kw_only=True):
    """A pass whose nutrients are not in the sum of what is known."""

    pass_id: str
    start_ms: int
    reason: str


class UnstoredRecords(Record, frozen=True, kw_only=True):
    """Records of a gateway that are neither in the store nor on their way, as of ten seconds ago."""

    lost: int = 0
    quarantined: int = 0
    expired: int = 0
    dropped: int = 0
    not_known: int = 0


class VariableCategory(Record, frozen=True, kw_only=True):
    """A value of a variable in classes, and what it means."""

    value: str
    label: str


class VarietyAnswer(Record, frozen=True, kw_only=True):
    """How far the differences of varieties are their own: variances, heritability of means, and predicted ..."""

    method: AnswerMethod
    varieties: int
    mean: float
    genetic_variance: float
    block_variance: float
    residual_variance: float
    heritability: float
    predictions: list[VarietyMean]


class VarietyMean(Record, frozen=True, kw_only=True):
    """The predicted mean of a variety (BLUP): drawn towards the mean of all by what is not heritable."""

    treatment: str
    value: float


class VariogramBody(Record, frozen=True, kw_only=True):
    """The exponential model: nugget + sill (1 - exp(-3 h / range)); `range_m` is where 95 % of the sill is ..."""

    nugget: float
    sill: float
    range_m: float


class WaitingFact(Record, frozen=True, kw_only=True):
    """What waits on the disks of gateways, by their own reports, and which of them do not report."""

    gateways: int
    known: int
    records: int | None = None
    oldest_ms: int | None = None
    is_behind: bool
    unheard: list[UnheardGateway]
    devices_without_gateway: int


class WaterAdvice(Record, frozen=True, kw_only=True):
    """When to irrigate and how much."""

    verdict: str
    due_in_days: float | None = None
    earliest_days: float | None = None
    latest_days: float | None = None
    amount_mm: EstimatedWater
    amount_m3_mu: EstimatedWater
    turn_mm: float
    turns: int
    limited_by: str | None = None
    if_it_rains: IfItRains | None = None


class WaterDay(Record, frozen=True, kw_only=True):
    """A day of the balance; depths in millimetres."""

    day: str
    depletion_mm: float
    low_mm: float
    high_mm: float
    readily_mm: float
    available_mm: float
    rain_mm: float
    irrigation_mm: float
    et_mm: float


class WeatherBody(Record, frozen=True, kw_only=True):
    """The hours of a window, measured by the site's own devices; no forecast."""

    field: str
    kind: str
    devices: list[str]
    altitude_m: float | None = None
    left_out: list[LeftOutItem]
    hours: list[HourBody]


class WeatherComparison(Record, frozen=True, kw_only=True):
    """Errors of recorded forecasts with a weather forecast and without, of the same hours."""

    n: int
    mae_with: float
    mae_without: float
    rmse_with: float
    rmse_without: float


class WeatherDay(Record, frozen=True, kw_only=True):
    """The answers of one local day or hour."""

    window: AnswerWindow
    answers: dict[str, Answer]


class WeatherForecastHour(Record, frozen=True, kw_only=True):
    """The weather to come in [start_ms, start_ms + 1 h); what is not said is null."""

    start_ms: int
    lead_h: float
    temperature_degc: ForecastValue | None = None
    humidity_pct: ForecastValue | None = None
    wind_speed_m_s: ForecastValue | None = None
    wind_gust_m_s: ForecastValue | None = None
    cloud_cover_pct: ForecastValue | None = None
    global_radiation_w_m2: ForecastValue | None = None
    rain_mm: ForecastAmount | None = None
    rain_chance_pct: ForecastAmount | None = None


class WeatherForecastRecord(Record, frozen=True, kw_only=True):
    """Errors of the forecasts that were known at past instants, in the last 30 days of which all is measured."""

    site: str
    window: AnswerWindow
    reason: str | None = None
    text: str
    text_zh: str
    provider: str | None = None
    title: str | None = None
    simulated: bool
    attribution: Attribution | None = None
    quantities: list[QuantityRecord]
    method: AnswerMethod


class WeatherVerdict(Record, frozen=True, kw_only=True):
    """Whether a quantity's forecast uses the weather forecast, by the mean errors of so many recorded days."""

    is_used: bool
    days: int
    mae_with: float | None = None
    mae_without: float | None = None


class Webhook(Record, frozen=True, kw_only=True):
    """An app that receives its events by signed POST to `url`; the secret is not part of the record."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0
    name: str
    url: str
    events: list[str]
    enabled: bool = True


class WeighingBody(Record, frozen=True, kw_only=True):
    """The wet grain of the field on a scale; the map is scaled to it where `used`."""

    kg: float | None = None
    source: str | None = None
    first_ms: int | None = None
    last_ms: int | None = None
    used: bool
    reason: str | None = None
    harvests: list[str]


class WetEventItem(Record, frozen=True, kw_only=True):
    """A period in which a surface was at or below the dew point."""

    start_ms: int
    end_ms: int
    hours: float
    surface: str
    least_margin_k: float


class WhatIf(Record, frozen=True, kw_only=True):
    """What another setting would do in a greenhouse; a computation, never an order."""

    greenhouse: str
    setting: str
    as_is: float | None = None
    changed: float
    night: str
    start_ms: int
    end_ms: int
    time_zone: str
    structure: str
    basis: str
    held_out: HeldOut | None = None
    weather: str
    reason: str | None = None
    text: str
    text_zh: str
    notes: dict[str, str]
    notes_zh: dict[str, str]
    figures: list[WhatIfFigure]
    method: AnswerMethod


class WhatIfFigure(Record, frozen=True, kw_only=True):
    """A quantity of the night as it is, with the setting changed, and the difference."""

    quantity: str
    unit: str
    limit: float | None = None
    as_is: WhatIfValue
    changed: WhatIfValue
    difference: WhatIfValue
    measured: float | None = None
    is_told: bool


class WhatIfValue(Record, frozen=True, kw_only=True):
    """A number of the model; its interval is null where the model was not fitted."""

    value: float
    low: float | None = None
    high: float | None = None


class WithheldBody(Record, frozen=True, kw_only=True):
    """An order that yields to another one of the same actuator, and why, in both languages."""

    actuator: str
    direction: str
    start_ms: int
    end_ms: int
    by: str
    holds: str
    reason_ms: int
    resumes_ms: int | None = None
    text: str
    text_zh: str


class YieldAgainstAppliedBody(Record, frozen=True, kw_only=True):
    """Yield against what a pass applied, cell by cell."""

    correlation: float | None = None
    cells: int
    blocks: int
    reason: str | None = None
    field: str
    pass_id: str
    season: str | None = None
    simulated: bool
    unit: str
    amount: Answer
    yield_mean: Answer
    slope_t_per_unit: float | None = None
    low_t_per_unit: float | None = None
    high_t_per_unit: float | None = None
    block_m: float
    cell_m: float
    methods: list[AnswerMethod]
    items: list[YieldCell]


class YieldBody(Record, frozen=True, kw_only=True):
    """The yield of a field, with its grid unless a summary was asked for."""

    simulated: bool
    basis: str
    map_t: float
    removed: dict[str, int]
    variogram: VariogramBody | None = None
    reason: str | None = None
    field: str
    season: str | None = None
    start_ms: int
    end_ms: int
    standard_moisture_pct: float | None = None
    total: Answer
    mean: Answer
    mean_kg_mu: float | None = None
    sensor_t: float
    weighed_kg: float | None = None
    weighing: WeighingBody
    calibration: float
    field_m2: float
    cut_m2: float
    filters: dict[str, float | None]
    machines: list[MachineYieldBody]
    methods: list[AnswerMethod]
    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float
    grid: YieldGrid | None = None


class YieldCell(Record, frozen=True, kw_only=True):
    """A cell with what was applied and what was harvested."""

    row: int
    column: int
    applied_ha: float
    yield_t_ha: float


class YieldGrid(Record, frozen=True, kw_only=True):
    """Rows from the south, each from the west; null where unknown or not harvested."""

    yield_t_ha: list[list[float | None]]
    error_t_ha: list[list[float | None]]
    cut_m2: list[list[float]]


class YieldSeason(Record, frozen=True, kw_only=True):
    """A season that the stability used, or why not."""

    season: str
    name: str
    crop: str
    mean_t_ha: float | None = None
    simulated: bool
    reason: str | None = None


class YieldStabilityBody(Record, frozen=True, kw_only=True):
    """Mean relative yield of each cell over the seasons, and its coefficient of variation over them."""

    simulated: bool
    seasons: list[YieldSeason]
    reason: str | None = None
    cells: int
    field: str
    method: AnswerMethod
    cell_m: float | None = None
    rows: int
    columns: int
    south_deg: float | None = None
    west_deg: float | None = None
    north_step_deg: float | None = None
    east_step_deg: float | None = None
    grid: StabilityGrid | None = None


class ZoneBody(Record, frozen=True, kw_only=True):
    """A zone of the plan, over its cells with a known rate; `kind` is the class of the whole zone."""

    zone: int
    planned_rate_ha: float
    applied_rate_ha: float | None = None
    area_m2: float
    planned: float
    applied: float
    difference: float
    kind: str | None = None
    cause: str | None = None
    class_m2: dict[str, float]
    cause_m2: dict[str, float]
    unknown_m2: float


class ZonePlan(Record, frozen=True, kw_only=True):
    """Division into zones: k-means over all layers, quantiles of the first, polygons that a person drew, ..."""

    by: str = "kmeans"
    count: int = 3
    smooth: int = 2
    drawn: list[Polygon | MultiPolygon] = []


class ZoneResource(Record, frozen=True, kw_only=True):
    """A part of a field that is not treated."""

    kind: str
    name: str
    geometry: Polygon | MultiPolygon
    width_m: float | None = None
