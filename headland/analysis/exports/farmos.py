"""Passes and days of greenhouse climate as farmOS logs, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import msgspec
import shapely

from headland.agronomy.series.answer import Answer
from headland.analysis.greenhouse.climate import ClimateQuery, PeriodAnswers, answer_air
from headland.analysis.greenhouse.house import House, day_starts, find_house, settle_origins
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import LOW_MS, Window, utc_of
from headland.analysis.passes.as_applied import compute_as_applied, fine_cell_m
from headland.analysis.passes.detection import FieldPass, list_passes_of_fields
from headland.formats.farmos import LogDocument, Resource
from headland.formats.geojson import geojson_of
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

INPUT: Final = "log--input"
OBSERVATION: Final = "log--observation"


@dataclass(frozen=True, slots=True)
class Entry:
    """A log that can be written; only the page's are."""

    key: str
    write: Callable[[LogDocument], None]


def list_entries(scope: OrgScope, window: Window, kinds: frozenset[str]) -> list[Entry]:
    """Return the logs of a window by their time: passes that began in it, local days that ended in it."""
    entries: list[Entry] = []
    if INPUT in kinds:
        repositories = scope.repositories
        for _, passes in list_passes_of_fields(scope, list(repositories.fields.all()), window):
            entries += [_input_entry(scope, repositories, field_pass) for field_pass in passes]
    if OBSERVATION in kinds:
        for record in scope.store.devices(scope.organisation):
            if record.descriptor.kind == "greenhouse":
                entries += _day_entries(scope, find_house(scope, record.descriptor.device), window)
    return sorted(entries, key=lambda entry: entry.key)


def _input_entry(scope: OrgScope, repositories: OrganisationRepositories, field_pass: FieldPass) -> Entry:
    return Entry(
        f"{field_pass.start_ms:015d}.{field_pass.id}",
        lambda sheet: _write_input(sheet, scope, repositories, field_pass),
    )


def _write_input(
    sheet: LogDocument, scope: OrgScope, repositories: OrganisationRepositories, field_pass: FieldPass
) -> None:
    product_id = None if field_pass.declared is None else field_pass.declared.product
    material = None if product_id is None else repositories.products.get(product_id, also_deleted=True).name
    land = sheet.include(
        "asset--land",
        field_pass.field.id,
        {
            "name": field_pass.field.name,
            "status": "active",
            "land_type": "field",
            "is_location": True,
            "is_fixed": True,
            "intrinsic_geometry": {"value": _wkt_of(field_pass)},
        },
        {},
    )
    machine = sheet.include("asset--equipment", field_pass.device, {"name": field_pass.device, "status": "active"}, {})
    record: dict[str, Any] = {
        "pass": field_pass.id,
        "simulated": field_pass.simulated,
        "source": "declared" if field_pass.declared else "found",
    }
    quantities: list[Resource] = []
    notes: list[str] = []
    try:
        applied = compute_as_applied(scope, field_pass, cell_m=fine_cell_m(field_pass))
    except AnalysisError as error:
        notes.append(f"The applied amount is unknown: {error.detail}")
    else:
        product = material or "not declared"
        # A farmOS that has the quantity already knows it by its first name.
        for key, label, answer in (
            ("released", "released", applied.amount),
            ("mean rate on the field", "mean rate on the treated ground", applied.rate),
        ):
            record[key.replace(" ", "_")] = answer_record(answer)
            if answer.value is None:
                notes.append(f"{label.capitalize()} is unknown: {answer.reason}.")
            else:
                quantities.append(sheet.quantity(field_pass.id, label, answer.value, answer.unit, product, key=key))
        treated_ha = applied.map.areas.treated_m2 / 10_000.0
        quantities.append(sheet.quantity(field_pass.id, "treated ground", treated_ha, "ha"))
        if applied.amount.value is not None:
            on_field = applied.map.totals.usable
            quantities.append(sheet.quantity(field_pass.id, "on the usable field", on_field, applied.unit, product))
    if material is None:
        notes.append("The product was not declared.")
    title = f"{material or 'Application'} on {field_pass.field.name}"
    sheet.add_log(
        "input",
        field_pass.id,
        title=_marked(title, field_pass.simulated),
        time=utc_of(field_pass.start_ms) or "",
        notes=_notes_of(notes, field_pass.simulated),
        data=msgspec.json.encode(record).decode(),
        about=[land],
        equipment=[machine],
        quantities=quantities,
    )


def _day_entries(scope: OrgScope, house: House, window: Window) -> list[Entry]:
    """Return a log of each local day of a house that ended in a window."""
    # Within the calendar, and only days that have ended.
    first_ms = max(window.start_ms, LOW_MS + 4 * DAY_MS) - 2 * DAY_MS
    starts = day_starts(house.place, Window(first_ms, min(window.end_ms, scope.now_ms)))
    days = [(start_ms, end_ms) for start_ms, end_ms in pairwise(starts) if end_ms > window.start_ms]
    ended = [day for day in days if day[1] <= scope.now_ms]

    def entry(day: tuple[int, int]) -> Entry:
        return Entry(f"{day[1]:015d}.{house.id}", lambda sheet: _write_day(sheet, scope, house, Window(*day)))

    return [entry(day) for day in ended]


def _write_day(sheet: LogDocument, scope: OrgScope, house: House, day: Window) -> None:
    house = settle_origins(scope, house, day)
    found = answer_air(ClimateQuery(scope, house, day, "day", crop_targets_of(scope, day.end_ms)))
    span: PeriodAnswers | None = next(iter(found.periods), None)
    answers = {} if span is None else span.answers
    name = f"{house.id}:{day.start_ms}"
    asset = sheet.include(
        "asset--structure",
        house.id,
        {"name": house.id, "status": "active", "structure_type": "greenhouse", "is_location": True, "is_fixed": True},
        {},
    )
    quantities = [
        sheet.quantity(name, index, answer.value, answer.unit)
        for index, answer in answers.items()
        if answer.value is not None
    ]
    unknown = sorted(index for index, answer in answers.items() if answer.value is None)
    notes = [f"Too little data for: {', '.join(unknown)}."] if unknown else []
    if not house.place.time_zone_known:
        notes.append("The site has no time zone: the day is in UTC.")
    sheet.add_log(
        "observation",
        name,
        title=_marked(f"Climate of {house.id}", house.simulated),
        time=utc_of(day.end_ms) or "",
        notes=_notes_of(notes, house.simulated),
        data=msgspec.json.encode({index: answer_record(answer) for index, answer in answers.items()}).decode(),
        about=[asset],
        quantities=quantities,
    )


def answer_record(answer: Answer) -> dict[str, Any]:
    """Return a value with its unit, window, coverage, method and evidence, for programs."""
    return {
        "value": answer.value,
        "unit": answer.unit,
        "start_ms": answer.window[0],
        "end_ms": answer.window[1],
        "n": answer.n,
        "coverage": answer.coverage,
        "quality": answer.quality,
        "method": answer.method.id,
        "evidence": answer.evidence,
        "reason": answer.reason,
    }


def _wkt_of(field_pass: FieldPass) -> str:
    return str(shapely.from_geojson(msgspec.json.encode(geojson_of(field_pass.field.geometry))).wkt)


def _marked(title: str, simulated: bool) -> str:
    return f"{title} (simulated)" if simulated else title


def _notes_of(notes: list[str], simulated: bool) -> str:
    return " ".join([*notes, *(["Made by a simulator."] if simulated else [])])
