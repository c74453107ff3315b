"""Routes of a cooperative's season: treated ground, accounts, statements, disputes and subsidy claims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import Path, Query
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.languages import current_language
from api.http.pagination import MOST, Cursor, Limit, read_cursor, write_cursor
from api.http.problems import declare_problems
from api.http.records import RecordPage, Sent
from api.http.router import Router
from api.routes.cooperative.periods import window_of
from api.routes.passes.passes import PassId
from api.routes.record_kinds import ACCOUNT_KINDS
from api.routes.registry import ID_PATTERN, make_router, reply_json, reply_records, unknown_reference
from api.routes.reports import REPORT_CONTENT, LanguageOf, reply_report
from api.schemas.cooperative import (
    AccountOrder,
    ClaimAnswer,
    ClaimCorrectionItem,
    ClaimCorrectionOrder,
    ClaimCorrections,
    ClaimItem,
    ClaimOrder,
    DisputeOrder,
    OutcomeOrder,
    PassToSettle,
    RunOrder,
    TreatedCorrection,
    TreatedItem,
)
from api.schemas.model import fill
from headland.analysis.cooperative.claimed_flights import ClaimAccount, account_claims
from headland.analysis.cooperative.claims import CAVEAT, claim_pack, keep_claims
from headland.analysis.cooperative.disputes import Dispute, close_dispute, list_disputes, open_dispute
from headland.analysis.cooperative.kept_claims import find_claim_corrections, keep_claim_corrections
from headland.analysis.cooperative.run_preview import RunPreview, preview_season
from headland.analysis.cooperative.settlement import settle_season
from headland.analysis.cooperative.statements import StatementRunItem
from headland.analysis.cooperative.treated_entries import (
    CORRECTS,
    passes_of_period,
    record_treated,
    state_treated,
)
from headland.analysis.cooperative.treated_works import is_by_cells, recorded_of_pass
from headland.analysis.passes.detection import find_pass
from headland.registry.models.cooperative import AccountEntry, SeasonStatement, StatementRunRecord
from headland.registry.models.errors import NotFound
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.reports.claim_report import make_claim_document
from headland.reports.statement_report import make_statement_document
from headland.reports.statement_sheets import write_statement_xlsx

Id = Annotated[str, Path(description="Record id.", pattern=ID_PATTERN)]
StartMs = Annotated[int, Query(alias="start", description="Begin [epoch ms].", ge=0, le=253_402_300_799_999)]
EndMs = Annotated[int, Query(alias="end", description="End [epoch ms].", ge=0, le=253_402_300_799_999)]
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ZIP: Final = "application/zip"
_BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_FORMS: Final[dict[str, Any]] = {**REPORT_CONTENT, _XLSX: _BINARY}

RECORD_ROUTERS: Final = tuple(make_router(kind) for kind in ACCOUNT_KINDS)
router = Router(prefix="/v1", tags=["cooperative"], responses=declare_problems(400, 404, 422, 503))


@router.get(
    "/statement-passes",
    response_model=RecordPage[PassToSettle],
    responses={200: {"description": "Passes."}},
)
def list_statement_passes(
    scope: ScopeOf,
    start: StartMs,
    end: EndMs,
    field: Annotated[str | None, Query(description="Only passes of this field.", pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = MOST,
) -> Response:
    """List the passes of a period, and on how many fields the ledger has their treated ground.

    A run of statements is made of what the ledger has: record each pass first.
    """
    window = window_of(start, end)
    after = read_cursor(cursor, tuple[int, str, str])
    repositories = scope.repositories
    passes = list(passes_of_period(scope, window, field))
    placed = sorted((each.start_ms, each.id, each.field.id, at) for at, each in enumerate(passes))
    rest = [passes[at] for *place, at in placed if after is None or tuple(place) > after]
    items = [
        fill(
            PassToSettle,
            each,
            pass_id=each.id,
            field=each.field.id,
            recorded=len(stated),
            by_cells=sum(is_by_cells(body) for body in stated.values()),
        )
        for each in rest[:limit]
        for stated in [recorded_of_pass(repositories, each.id)]
    ]
    following = write_cursor(items[-1].start_ms, items[-1].pass_id, items[-1].field) if len(rest) > limit else None
    return reply_json({"items": items, "next": following})


@router.post(
    "/passes/{pass_id}/treated",
    response_model=RecordPage[TreatedItem],
    responses={200: {"description": "Ledger entries."}, **declare_problems(409)},
)
def record_treated_ground(scope: ScopeOf, pass_id: PassId) -> Response:
    """Record in the ledger the ground that a pass treated on each field; a repetition adds nothing.

    It is the union of the swaths within the field's usable area. An entry of another rule is corrected by a new one,
    which names it in `corrects`; statements that were made of it stay.
    """
    entries = record_treated(scope, find_pass(scope, pass_id))
    return reply_json({"items": [_treated_of(entry) for entry in entries], "next": None})


@router.get(
    "/passes/{pass_id}/treated",
    response_model=RecordPage[TreatedItem], responses={200: {"description": "What would be recorded."},
               **declare_problems(409)},
)  # fmt: skip
def preview_treated_ground(scope: ScopeOf, pass_id: PassId) -> Response:
    """Return what recording the treated ground of a pass would say of each field, and what it would correct."""
    stated = state_treated(scope, find_pass(scope, pass_id))
    items = [
        _treated_item(each.entry.seq if each.entry and each.is_recorded else None, each.field, pass_id, each.body)
        for each in stated
    ]
    return reply_json({"items": items, "next": None})


@router.get("/accounts", response_model=RecordPage[AccountEntry], responses={200: {"description": "A page."}})
def list_account_entries(
    scope: ScopeOf,
    person: Annotated[str | None, Query(description="Only entries of this person.", pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the entries of accounts in the order in which they were added."""
    after = read_cursor(cursor, tuple[str])
    where = {} if person is None else {"person": person}
    records = scope.repositories.accounts.records
    return reply_records(records.list(after="" if after is None else after[0], limit=limit + 1, **where), limit)


@router.post(
    "/accounts",
    status_code=201,
    response_model=AccountEntry,
    responses={201: {"description": "The entry."}, **declare_problems(409, 413)},
)
def add_account_entry(scope: ScopeOf, order: Sent[AccountOrder]) -> Response:
    """Add an entry to a person's account. It is never changed: a correction is another entry that names it."""
    try:
        entry = scope.repositories.accounts.add(AccountEntry(**msgspec.structs.asdict(order)))
    except NotFound as error:
        raise unknown_reference(error) from error
    return reply_json(entry, 201)


@router.post(
    "/statement-runs",
    status_code=201,
    response_model=StatementRunItem,
    responses={
        201: {"description": "The run."},
        **declare_problems(409, 413),
    },
)
def run_statements(scope: ScopeOf, order: Sent[RunOrder]) -> Response:
    """Make the statements of a period for everybody. The same facts give the same run, with the same `digest`."""
    window = window_of(order.start_ms, order.end_ms)
    try:
        tariff = scope.repositories.tariffs.get(order.tariff)
    except NotFound as error:
        raise unknown_reference(error) from error
    made = settle_season(scope, tariff, window)
    return reply_json(_run_of(made.run, made.statements), 201)


@router.get(
    "/statement-runs",
    response_model=RecordPage[StatementRunItem],
    responses={200: {"description": "A page."}},
)
def list_statement_runs(scope: ScopeOf, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List the runs of statements in the order in which they were made."""
    after = read_cursor(cursor, tuple[str])
    kept = scope.repositories.statements
    found = kept.runs.list(after="" if after is None else after[0], limit=limit + 1)
    return reply_records([_run_of(run, kept.statements.all(run=run.id)) for run in found], limit)


@router.get(
    "/statement-runs/preview",
    response_model=RunPreview,
    responses={200: {"description": "What a run would charge."}, **declare_problems(409)},
)
def preview_statements(
    scope: ScopeOf,
    tariff: Annotated[str, Query(description="Id of the tariff.", pattern=ID_PATTERN)],
    start: StartMs,
    end: EndMs,
) -> Response:
    """Return each flight of a period with its charge, or the reason for none, as a run now would have them.

    Flights that are not in the ledger are measured as recording them would; nothing is written.
    """
    window = window_of(start, end)
    try:
        found = scope.repositories.tariffs.get(tariff)
    except NotFound as error:
        raise unknown_reference(error) from error
    return reply_json(preview_season(scope, found, window))


@router.get(
    "/statement-runs/{run}",
    response_model=StatementRunItem,
    responses={200: {"description": "The run.", "content": {_XLSX: _BINARY}}},
)
def get_statement_run(
    scope: ScopeOf,
    run: Id,
    shape: Annotated[Literal["json", "xlsx"], Query(alias="format", description="Form of the answer.")] = "json",
    language: LanguageOf = "en",
) -> Response:
    """Return a run, as a spreadsheet with everybody's balance and every line."""
    repositories = scope.repositories
    found = repositories.statements.runs.get(run)
    statements = list(repositories.statements.statements.all(run=run))
    if shape == "json":
        return reply_json(_run_of(found, statements))
    return _file(write_statement_xlsx(scope, statements, language), _XLSX, f"statements-{run}.xlsx")


@router.get(
    "/statements",
    response_model=RecordPage[SeasonStatement],
    responses={200: {"description": "A page."}},
)
def list_statements(
    scope: ScopeOf,
    run: Annotated[str | None, Query(description="Only statements of this run.", pattern=ID_PATTERN)] = None,
    person: Annotated[str | None, Query(description="Only statements of this person.", pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List statements in the order in which they were made; a member's are the own ones."""
    after = read_cursor(cursor, tuple[str])
    where = {name: value for name, value in (("run", run), ("person", person)) if value is not None}
    records = scope.repositories.statements.statements
    return reply_records(records.list(after="" if after is None else after[0], limit=limit + 1, **where), limit)


@router.get(
    "/statements/{statement}",
    response_model=SeasonStatement,
    responses={
        200: {"description": "The statement.", "content": {**_FORMS}},
        **declare_problems(501),
    },
)
def get_statement(
    scope: ScopeOf,
    statement: Id,
    shape: Annotated[
        Literal["json", "html", "pdf", "csv", "xlsx"], Query(alias="format", description="Form of the answer.")
    ] = "json",
    language: LanguageOf = "en",
) -> Response:
    """Return a statement: works by pass and field, the account, and the balance."""
    found = scope.repositories.statements.statements.get(statement)
    if shape == "json":
        return reply_json(found)
    if shape == "xlsx":
        return _file(write_statement_xlsx(scope, [found], language), _XLSX, f"statement-{statement}.xlsx")
    return reply_report(make_statement_document(scope, found), f"statement-{statement}", shape, language)


@router.get("/disputes", response_model=RecordPage[Dispute], responses={200: {"description": "Disputes."}},
)  # fmt: skip
def get_disputes(scope: ScopeOf) -> Response:
    """List the disputes with their evidence and outcomes; a member's are the own ones."""
    return reply_json({"items": list_disputes(scope), "next": None})


@router.post(
    "/disputes",
    status_code=201,
    response_model=Dispute,
    responses={201: {"description": "The dispute."}, **declare_problems(409, 413)},
)
def add_dispute(scope: ScopeOf, order: Sent[DisputeOrder]) -> Response:
    """Open a dispute about a place of a pass: the evidence for its cell is kept in the ledger."""
    made = open_dispute(scope, order.pass_id, order.latitude_deg, order.longitude_deg, order.text, order.person)
    return reply_json(made, 201)


@router.post(
    "/disputes/{dispute}/outcome",
    status_code=201,
    response_model=Dispute,
    responses={201: {"description": "The dispute."}, **declare_problems(409, 413)},
)
def add_outcome(
    scope: ScopeOf,
    dispute: Annotated[int, Path(description="Number of the dispute in the ledger.", ge=1, le=2**53)],
    order: Sent[OutcomeOrder],
) -> Response:
    """Record the outcome of a dispute, and the correction that follows from it, which the next run settles."""
    closed = close_dispute(scope, dispute, order.outcome, order.text, order.correction, order.correction_fen)
    return reply_json(closed, 201)


@router.post(
    "/subsidy-claims",
    response_model=ClaimAnswer,
    responses={
        200: {"description": "The claims.", "content": {_ZIP: _BINARY, **REPORT_CONTENT}},
        **declare_problems(409, 413, 501),
    },
)
def claim_subsidy(
    scope: ScopeOf,
    order: Sent[ClaimOrder],
    keep: Annotated[bool, Query(description="Keep the claims: their ground cannot be claimed again.")] = False,
    shape: Annotated[
        Literal["json", "zip", "html", "pdf", "csv"], Query(alias="format", description="Form of the answer.")
    ] = "json",
    language: LanguageOf = "en",
) -> Response:
    """Return what can be claimed by a rule, and why other ground cannot; as a zip, the pack for the office.

    As a printable page, PDF or CSV it is the paper of the claim, with the same figures.
    """
    window = window_of(order.start_ms, order.end_ms)
    try:
        rule = scope.repositories.subsidy_rules.get(order.rule)
    except NotFound as error:
        raise unknown_reference(error) from error
    account = account_claims(scope, rule, window)
    if keep:
        keep_claims(scope, rule, account.claims)
    if shape == "json":
        return reply_json(_claims_of(account, kept=keep))
    if shape == "zip":
        return _file(claim_pack(scope, rule, account.claims, window), _ZIP, f"claims-{rule.id}.zip")
    return reply_report(make_claim_document(scope, account), f"claim-{rule.id}", shape, language)


@router.post(
    "/subsidy-claims/corrections",
    response_model=ClaimCorrections, responses={200: {"description": "The corrections."},
               **declare_problems(409, 413)},
)  # fmt: skip
def correct_claims(
    scope: ScopeOf,
    order: Sent[ClaimCorrectionOrder],
    keep: Annotated[bool, Query(description="Append the corrections to the ledger.")] = False,
) -> Response:
    """Return what the kept claims of a rule that were made by cells are by the union of the swaths.

    Record the treated ground of their passes before. A correction is a new entry that names the old one, which stays.
    """
    try:
        rule = scope.repositories.subsidy_rules.get(order.rule)
    except NotFound as error:
        raise unknown_reference(error) from error
    corrections = find_claim_corrections(scope, rule)
    if keep:
        keep_claim_corrections(scope, corrections)
    items = tuple(
        fill(
            ClaimCorrectionItem,
            each,
            each.kept.entry,
            field=each.field.id,
            field_name=each.field.name,
            before_m2=each.kept.area_m2,
            before_fen=each.kept.fen,
            coverage_pct=round(each.coverage_pct, 2),
        )
        for each in corrections
    )
    before_fen, fen = sum(each.kept.fen for each in corrections), sum(each.fen for each in corrections)
    return reply_json(ClaimCorrections(items=items, before_fen=before_fen, fen=fen, kept=keep))


def _run_of(run: StatementRunRecord, statements: Iterable[SeasonStatement]) -> StatementRunItem:
    # Lines of the first runs do not have the mark.
    is_simulated = any(line.get("simulated", False) for each in statements for line in each.lines)
    return fill(StatementRunItem, run, simulated=is_simulated)


def _claims_of(account: ClaimAccount, *, kept: bool) -> ClaimAnswer:
    items = tuple(
        fill(
            ClaimItem,
            each.claim,
            each,
            field=each.field.id,
            field_name=each.field.name,
            coverage_pct=round(each.claim.coverage_pct, 2),
        )
        for each in account.claims
    )
    return fill(ClaimAnswer, account, items=items, kept=kept, caveat=CAVEAT[current_language()])


def _treated_of(entry: LedgerEntry) -> TreatedItem:
    return _treated_item(entry.seq, entry.field, entry.pass_id, msgspec.json.decode(entry.body))


def _treated_item(seq: int | None, field: str, pass_id: str, body: dict[str, Any]) -> TreatedItem:
    correction = body.get(CORRECTS)
    return TreatedItem(
        seq=seq,
        field=field,
        pass_id=pass_id,
        **{name: body[name] for name in ("area_m2", "grams", "evidence_m2", "night", "simulated")},
        corrects=None if correction is None else TreatedCorrection(**correction),
    )


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(content, media_type=media_type, headers=headers)
