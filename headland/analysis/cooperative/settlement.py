"""Settlement of a season: the ground that each pass treated, kept in the ledger, and the statements made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.climate.sun import is_day
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import polygons_of, rasterise
from headland.analysis.cooperative.deliveries import holdings_of
from headland.analysis.cooperative.plots import Plots, read_plots
from headland.analysis.cooperative.shares import NOBODY
from headland.analysis.cooperative.statements import AccountFact, SeasonFacts, StatementRun, make_statements
from headland.analysis.cooperative.tariff import Tariff
from headland.analysis.cooperative.treated_ground import TreatedGround, pack_mask, unpack_mask
from headland.analysis.errors import AnalysisError
from headland.analysis.field_geometry import plane_of
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass, list_passes, list_passes_of_fields
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.registry.models.cooperative import SeasonStatement, StatementRunRecord, Statements, TariffRecord
from headland.registry.models.models import Field
from headland.registry.repositories.ledger.ledger import LedgerEntry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: Kind of the ledger's entries about treated ground, one for each pass and field.
TREATED: Final = "treated"
_M2_1_M: Final = 200_000.0
_M2_2_M: Final = 2_000_000.0
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class PassToSettle:
    """A pass of the period; `entries` are its fields in the ledger, `reason` why its ground is not known."""

    pass_id: str
    field: str
    device: str
    start_ms: int
    entries: int


def passes_of_period(scope: OrgScope, window: Window, field: str | None = None) -> Iterator[FieldPass]:
    """Yield the passes that begin in a window, of one field or of all, each once; those of a field in time order."""
    repositories = repositories_of(scope)
    fields = [repositories.fields.get(field)] if field is not None else list(repositories.fields.all())
    for _, passes in list_passes_of_fields(scope, fields, window):
        yield from passes


def record_treated(scope: OrgScope, field_pass: FieldPass, plots: Plots | None = None) -> list[LedgerEntry]:
    """Append the ground that a pass treated on each field to the ledger; entries that state nothing new are the old.

    Raises PreconditionError without a swath or a track. A declared pass counts on the fields around its own,
    too, unless they have a pass of their own by the same machine at the same time. `plots` are all fields, where the
    caller has read them already.
    """
    repositories = repositories_of(scope)
    own = field_pass.field
    # Where a detected pass worked on another field, that field's telemetry shows a pass of its own.
    others: list[Field] = []
    applied = None
    if field_pass.declared is not None:
        plots = plots or read_plots(repositories)
        if plots.around(field_pass):
            applied = compute_as_applied(scope, field_pass)
            others = plots.treated(applied)
    if applied is None:
        applied = compute_as_applied(scope, field_pass, beside_m=0.0)
    entries = []
    for field in [own, *others]:
        body = _treated_body(repositories, applied, field)
        if body is not None and (field.id == own.id or not _has_detected_pass(scope, field, field_pass)):
            entries.append(repositories.ledger.append(TREATED, field.id, field_pass.id, body))
    return entries


def record_season(
    scope: OrgScope, window: Window, report: Callable[[int, int], None] = lambda _done, _of: None
) -> list[tuple[str, str]]:
    """Append the ground of all passes that begin in a window to the ledger; return those without one, with the reason.

    `report` is told after each pass how many are done, of how many. A repetition adds nothing.
    """
    plots = read_plots(repositories_of(scope))
    passes = list(passes_of_period(scope, window))
    failed = []
    for number, field_pass in enumerate(passes, 1):
        try:
            record_treated(scope, field_pass, plots)
        except AnalysisError as error:
            failed.append((field_pass.id, error.kind))
        report(number, len(passes))
    return failed


def treated_works(repositories: OrganisationRepositories, operators: dict[str, str] | None = None,
                  field: str | None = None) -> list[TreatedGround]:  # fmt: skip
    """Return the newest statement of each pass and field in the ledger; `operators` name who works with a device.

    A machine does one work on a field at a time: a detected pass that was declared since, and a declaration that was
    corrected by another, are marked as replaced.
    """
    newest: dict[tuple[str, str], LedgerEntry] = {}
    after = 0
    while page := repositories.ledger.read(kind=TREATED, field=field, after_seq=after, limit=_PAGE):
        after = page[-1].seq
        newest.update({(entry.field, entry.pass_id): entry for entry in page})
    bodies = {key: msgspec.json.decode(entry.body) for key, entry in newest.items()}
    replaced = _replaced_passes(bodies)
    return [_work_of(entry, bodies[key], operators or {}, is_replaced=key in replaced) for key, entry in newest.items()]


def settle_season(scope: OrgScope, tariff: TariffRecord, window: Window) -> Statements:
    """Make the statements of a period from the ledger, the holdings and the accounts, and keep them.

    The same facts give the same run, which is returned again instead of a copy.
    """
    repositories = repositories_of(scope)
    run = compute_statements(repositories, tariff, window)
    record = StatementRunRecord(
        tariff=tariff.id,
        tariff_version=tariff.version,
        start_ms=run.start_ms,
        end_ms=run.end_ms,
        people=sum(statement.person != NOBODY for statement in run.statements),
        charged_fen=run.charged_fen,
        area_m2=run.area_m2,
        not_charged=run.not_charged,
        digest=run.digest,
    )
    made = [
        SeasonStatement(
            run="",
            person=statement.person or None,
            start_ms=run.start_ms,
            end_ms=run.end_ms,
            balance_fen=statement.balance_fen,
            area_m2=statement.area_m2,
            lines=tuple(msgspec.to_builtins(line) for line in statement.lines),
        )
        for statement in run.statements
    ]
    return repositories.statements.add(record, made)


def compute_statements(repositories: OrganisationRepositories, tariff: TariffRecord, window: Window) -> StatementRun:
    """Return the statements of a period without keeping them."""
    entries = [
        AccountFact(
            entry.id, entry.person, entry.kind.value, entry.time_ms, entry.amount_fen, entry.grams, entry.field or "",
            entry.pass_id, entry.note, entry.corrects or "", entry.crop or "", entry.lot_code or "",
        )
        for entry in repositories.accounts.records.all()
    ]  # fmt: skip
    facts = SeasonFacts(
        works=treated_works(repositories, tariff.operators),
        holdings=holdings_of(repositories),
        entries=entries,
        tariff=tariff_of(tariff),
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        slopes_pct=tariff.slopes_pct,
    )
    return make_statements(facts)


def tariff_of(record: TariffRecord) -> Tariff:
    """Return the tariff of a record."""
    return Tariff(
        per_mu_fen=record.per_mu_fen,
        per_kg_fen=record.per_kg_fen,
        minimum_fen=record.minimum_fen,
        night_pct=record.night_pct,
        slope_pct=record.slope_pct,
        slope_from_pct=record.slope_from_pct,
        cancelled_fen=record.cancelled_fen,
        repeat_days=record.repeat_days,
        billable_evidence=frozenset(record.billable_evidence),
        dividend_fen=record.dividend_fen,
        dividend_by=record.dividend_by,
    )


def lattice_of(field: Field) -> Grid:
    """Return the cells of a field's own, always the same: 1 m, 2 m above 20 ha, 5 m above 200 ha."""
    polygons = polygons_of(field.geometry, plane_of(field))
    cell_m = 1.0 if field.area_m2 <= _M2_1_M else 2.0 if field.area_m2 <= _M2_2_M else 5.0
    west, south, east, north = polygons.bounds
    west, south = np.floor(west / cell_m) * cell_m, np.floor(south / cell_m) * cell_m
    rows, columns = int(np.ceil((north - south) / cell_m)), int(np.ceil((east - west) / cell_m))
    return Grid(float(west), float(south), cell_m, max(rows, 1), max(columns, 1))


def _treated_body(repositories: OrganisationRepositories, applied: AppliedPass, field: Field) -> dict[str, Any] | None:
    """Return what the ledger says of a pass on a field, None where it treated nothing there."""
    own, grid = plane_of(field), applied.map.grid
    lattice = lattice_of(field)
    inside = rasterise(polygons_of(field.geometry, own), lattice)
    east, north = np.meshgrid(*lattice.centres_m())
    latitude, longitude = own.to_degrees(north_m=north[inside], east_m=east[inside])
    there_east, there_north = applied.inputs.plane.to_metres(latitude, longitude)
    column = np.floor((there_east - grid.west_m) / grid.cell_m).astype(np.int64)
    row = np.floor((there_north - grid.south_m) / grid.cell_m).astype(np.int64)
    within = (row >= 0) & (row < grid.rows) & (column >= 0) & (column < grid.columns)
    evidence = np.zeros(len(row), np.uint8)
    evidence[within] = applied.map.evidence[row[within], column[within]]
    if not evidence.any():
        return None
    cells = np.zeros(inside.shape, np.bool_)
    cells[inside] = evidence > 0
    cell_m2 = lattice.cell_m**2
    counts = np.bincount(evidence, minlength=len(EVIDENCE))
    on_field = rasterise(polygons_of(field.geometry, applied.inputs.plane), grid)
    is_known = applied.amount.value is not None
    mass = float(applied.map.amount[on_field].sum())
    field_pass = applied.field_pass
    product = None if field_pass.declared is None else field_pass.declared.product
    middle_ms = (field_pass.start_ms + field_pass.end_ms) // 2
    grams = _grams(repositories, product, mass, applied.unit) if is_known else None
    return {
        "device": field_pass.device,
        "start_ms": field_pass.start_ms,
        "end_ms": field_pass.end_ms,
        "product": "" if product is None else repositories.products.get(product, also_deleted=True).name,
        "cell_m": lattice.cell_m,
        "rows": lattice.rows,
        "columns": lattice.columns,
        **write_place(own, lattice),
        "cells": pack_mask(cells),
        "area_m2": int(cells.sum()) * cell_m2,
        "evidence_m2": {name: float(counts[code]) * cell_m2 for code, name in enumerate(EVIDENCE) if code},
        "grams": grams,
        "amount": round(mass, 4) if is_known else None,
        "unit": applied.unit,
        "night": not bool(is_day(np.array([middle_ms]), own.latitude_deg, own.longitude_deg)[0]),
        "field_version": field.version,
        "method": f"{applied.amount.method.id} {applied.amount.method.version}",
        "simulated": field_pass.simulated,
    }


def _grams(repositories: OrganisationRepositories, product: str | None, amount: float, unit: str) -> int | None:
    """Return a mass in whole grams; litres by the product's density alone."""
    if unit == "kg":
        return round(amount * 1000.0)
    density = None if product is None else repositories.products.get(product, also_deleted=True).density_kg_l
    return None if density is None else round(amount * density * 1000.0)


def _replaced_passes(bodies: Mapping[tuple[str, str], Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the passes of a field for which another of the same machine at the same time stands.

    A declared pass stands for a detected one, and the newest declaration for those before it.
    """
    works: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for field, pass_id in bodies:
        works.setdefault((field, bodies[field, pass_id]["device"]), []).append((field, pass_id))
    replaced: set[tuple[str, str]] = set()
    for keys in works.values():
        standing: list[Mapping[str, Any]] = []
        # Ids of declarations grow with time; that of a detected pass has its device in it.
        for key in sorted(keys, key=lambda key: ("~" not in key[1], key[1]), reverse=True):
            body = bodies[key]
            is_declared = "~" not in key[1]
            if any(_overlap(body, other) and (is_declared or other["declared"]) for other in standing):
                replaced.add(key)
            else:
                standing.append({**body, "declared": is_declared})
    return replaced


def _overlap(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return bool(first["start_ms"] < second["end_ms"] and second["start_ms"] < first["end_ms"])


def _work_of(
    entry: LedgerEntry, body: Mapping[str, Any], operators: dict[str, str], *, is_replaced: bool
) -> TreatedGround:
    plane, grid = place_of(body)
    return TreatedGround(
        field=entry.field,
        pass_id=entry.pass_id,
        operator=operators.get(body["device"], body["device"]),
        start_ms=body["start_ms"],
        product=body["product"],
        cell_m=body["cell_m"],
        cells=unpack_mask(body["cells"], body["rows"], body["columns"]),
        grams=body["grams"],
        evidence_m2=tuple((name, body["evidence_m2"].get(name, 0.0)) for name in EVIDENCE[1:]),
        is_night=body["night"],
        simulated=body["simulated"],
        plane=plane,
        grid=grid,
        is_replaced=is_replaced,
    )


def write_place(plane: Plane | None, grid: Grid | None) -> dict[str, float]:
    """Return what the ledger says of the place of cells; nothing where it is not known."""
    if plane is None or grid is None:
        return {}
    return {
        "latitude_deg": plane.latitude_deg,
        "longitude_deg": plane.longitude_deg,
        "west_m": grid.west_m,
        "south_m": grid.south_m,
    }


def place_of(body: Mapping[str, Any]) -> tuple[Plane | None, Grid | None]:
    """Return the place of an entry's cells, None in entries of before places were kept."""
    if "latitude_deg" not in body:
        return None, None
    grid = Grid(body["west_m"], body["south_m"], body["cell_m"], body["rows"], body["columns"])
    return Plane(body["latitude_deg"], body["longitude_deg"]), grid


def _has_detected_pass(scope: OrgScope, field: Field, field_pass: FieldPass) -> bool:
    """Return whether telemetry shows a field a pass of its own by the same machine at the same time."""
    window = Window(field_pass.start_ms - DAY_MS, field_pass.end_ms)
    try:
        passes = list_passes(scope, field.id, window)
    except AnalysisError:
        return False
    return any(
        other.device == field_pass.device and other.start_ms < field_pass.end_ms and field_pass.start_ms < other.end_ms
        for other in passes
    )
