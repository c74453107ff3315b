"""Ledger entries of the ground that passes treated: measured, written by pass and field, and corrected by new ones.

The area is that of `PassAreas`: the union of the swaths within the field's usable ground. Entries of before have cells,
each counted whole as soon as product lay on it; a new entry corrects them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from headland.agronomy.application.as_applied import evidence_by_class
from headland.agronomy.application.pass_areas import TREATED_GROUND, find_treated
from headland.agronomy.climate.sun import is_day
from headland.agronomy.geometry.outline import rasterise
from headland.analysis.cooperative.plots import Plots, read_plots
from headland.analysis.cooperative.treated_ground import (
    PlacedGround,
    keep_precision,
    move_ground,
    pack_ground,
)
from headland.analysis.cooperative.treated_works import TREATED, is_by_cells, write_ground
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass, list_passes, list_passes_of_fields
from headland.analysis.passes.pass_state import refuse_flying
from headland.registry.models.models import Field
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: What an entry says of the entry of another rule that it corrects.
CORRECTS: Final = "corrects"
_AREA_METHOD: Final = f"{TREATED_GROUND.id} {TREATED_GROUND.version}"


def passes_of_period(scope: OrgScope, window: Window, field: str | None = None) -> Iterator[FieldPass]:
    """Yield the passes that begin in a window, of one field or of all, each once; those of a field in time order."""
    repositories = scope.repositories
    fields = [repositories.fields.get(field)] if field is not None else list(repositories.fields.all())
    for _, passes in list_passes_of_fields(scope, fields, window):
        yield from passes


def record_treated(scope: OrgScope, field_pass: FieldPass, plots: Plots | None = None) -> list[LedgerEntry]:
    """Append the ground that a pass treated on each field to the ledger; entries that state nothing new are the old.

    An entry of another rule is corrected: the new one names it and its area. Raises PreconditionError without a swath
    or a track, and before the pass has ended. A declared pass counts on the fields around its own, too, unless they
    have a pass of their own by the same machine at the same time. `plots` are all fields, where the caller has read
    them already.
    """
    ledger = scope.repositories.ledger
    return [
        stated.entry
        if stated.entry is not None and stated.is_recorded
        else ledger.append(TREATED, stated.field, field_pass.id, stated.body)
        for stated in state_treated(scope, field_pass, plots)
    ]


@dataclass(frozen=True, slots=True)
class StatedGround:
    """What the ledger is to say of a pass on a field; `entry` is its newest entry, `is_recorded` where that says it."""

    field: str
    body: dict[str, Any]
    entry: LedgerEntry | None
    is_recorded: bool


def state_treated(scope: OrgScope, field_pass: FieldPass, plots: Plots | None = None) -> list[StatedGround]:
    """Return what `record_treated` writes, or finds written; it raises the same."""
    repositories = scope.repositories
    measured = measure_treated(scope, field_pass, plots)
    newest = {entry.field: entry for entry in repositories.ledger.read(kind=TREATED, pass_id=field_pass.id)}
    stated = []
    for field in dict.fromkeys((*measured, *newest)):
        before, body = newest.get(field), measured.get(field)
        old = None if before is None else msgspec.json.decode(before.body)
        if body is None and old is not None and _is_correctable(repositories, field, old):
            body = _nothing_of(old)
        if body is None:
            continue
        if before is not None and old is not None and is_by_cells(old):
            body |= {CORRECTS: {"seq": before.seq, "area_m2": old["area_m2"], "by": _AREA_METHOD}}
        is_recorded = old is not None and _without_correction(old) == msgspec.json.decode(msgspec.json.encode(body))
        stated.append(StatedGround(field, old if is_recorded and old is not None else body, before, is_recorded))
    return stated


def measure_treated(scope: OrgScope, field_pass: FieldPass, plots: Plots | None = None) -> dict[str, dict[str, Any]]:
    """Return each field that a pass treated, its own first, with what `record_treated` writes of it in the ledger."""
    refuse_flying(scope, field_pass)
    repositories = scope.repositories
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
    found = {}
    for field in [own, *others]:
        body = _treated_body(repositories, applied, field)
        if body is not None and (field.id == own.id or not _has_detected_pass(scope, field, field_pass)):
            found[field.id] = body
    return found


def record_season(
    scope: OrgScope, window: Window, report: Callable[[int, int], None] = lambda _done, _of: None
) -> list[tuple[str, str]]:
    """Append the ground of all passes that begin in a window to the ledger; return those without one, with the reason.

    `report` is told after each pass how many are done, of how many. A repetition adds nothing.
    """
    plots = read_plots(scope.repositories)
    passes = list(passes_of_period(scope, window))
    failed = []
    for number, field_pass in enumerate(passes, 1):
        try:
            record_treated(scope, field_pass, plots)
        except AnalysisError as error:
            failed.append((field_pass.id, error.kind))
        report(number, len(passes))
    return failed


def _is_correctable(repositories: OrganisationRepositories, field: str, body: Mapping[str, Any]) -> bool:
    """Return whether an entry has ground by cells on a field that is still there, and that no swath covers."""
    return is_by_cells(body) and field in {each.id for each in repositories.fields.all()}


def _nothing_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry by cells as one of a pass whose swaths cover nothing of the field: product drifted there."""
    lattice = ("cells", "rows", "columns", "cell_m", "west_m", "south_m")
    return {
        **{name: value for name, value in body.items() if name not in lattice},
        "ground": pack_ground(shapely.MultiPolygon()),
        "area_m2": 0,
        "evidence_m2": {},
        "grams": 0,
        "amount": 0.0,
        "area_method": _AREA_METHOD,
    }


def _without_correction(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != CORRECTS}


def _treated_body(repositories: OrganisationRepositories, applied: AppliedPass, field: Field) -> dict[str, Any] | None:
    """Return what the ledger says of a pass on a field, None where it treated nothing there."""
    applied_map, field_pass, there = applied.map, applied.field_pass, applied.inputs.plane
    own, grid = plane_of(field), applied_map.grid
    outline = outline_of(field, there)
    treated = applied_map.areas.treated
    if field.id != field_pass.field.id:
        # Of ground that is not on the map no product is known.
        mapped = shapely.box(grid.west_m, grid.south_m, *grid.north_east_m)
        treated = find_treated(applied_map.swaths, shapely.intersection(outline.usable, mapped))
    placed = PlacedGround(keep_precision(move_ground(treated, there, own)), own)
    if not placed.area_m2:
        return None
    evidence = evidence_by_class(applied_map.evidence, rasterise(treated, grid), placed.area_m2)
    is_known = applied.amount.value is not None
    mass = float(applied_map.amount[rasterise(outline.usable, grid)].sum())
    product = None if field_pass.declared is None else field_pass.declared.product
    middle_ms = (field_pass.start_ms + field_pass.end_ms) // 2
    grams = _grams(repositories, product, mass, applied.unit) if is_known else None
    return {
        "device": field_pass.device,
        "start_ms": field_pass.start_ms,
        "end_ms": field_pass.end_ms,
        "product": "" if product is None else repositories.products.get(product, also_deleted=True).name,
        **write_ground(placed),
        "area_m2": placed.area_m2,
        "field_m2": round(float(outline.usable.area)),
        "evidence_m2": {name: round(m2, 2) for name, m2 in evidence.items()},
        "grams": grams,
        "amount": round(mass, 4) if is_known else None,
        "unit": applied.unit,
        "night": not bool(is_day(np.array([middle_ms]), own.latitude_deg, own.longitude_deg)[0]),
        "field_version": field.version,
        "method": f"{applied.amount.method.id} {applied.amount.method.version}",
        "area_method": _AREA_METHOD,
        "simulated": field_pass.simulated,
    }


def _grams(repositories: OrganisationRepositories, product: str | None, amount: float, unit: str) -> int | None:
    """Return a mass in whole grams; litres by the product's density alone."""
    if unit == "kg":
        return round(amount * 1000.0)
    density = None if product is None else repositories.products.get(product, also_deleted=True).density_kg_l
    return None if density is None else round(amount * density * 1000.0)


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
