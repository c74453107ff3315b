"""Validation of treatments, harvests and lot operations beyond the bounds of their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from headland.agronomy.plausibility.amounts import impossible_harvest, yields_of
from headland.registry.db.tables.farm_tables import fields, greenhouse_zones
from headland.registry.models.errors import InvalidRecord, RecordConflict
from headland.registry.models.lots import Certificate, CertificateBasis, Harvest, LotMass, LotOperation, OperationKind
from headland.registry.models.plant_protection import PlantProtectionProduct, ProductUse, Treatment
from headland.registry.validation.records import LONGEST_PASS_MS

#: Kinds, with the least and the most lots that they take and make; None is no limit.
_SHAPES: Final[Mapping[OperationKind, tuple[tuple[int, int | None], tuple[int, int | None]]]] = {
    OperationKind.HARVEST: ((0, 0), (1, 1)),
    OperationKind.MIX: ((2, None), (1, 1)),
    OperationKind.SPLIT: ((1, 1), (1, None)),
    OperationKind.PACK: ((1, None), (1, None)),
    OperationKind.PROCESS: ((1, None), (1, None)),
    OperationKind.SELL: ((1, None), (0, 0)),
    OperationKind.LOSS: ((1, None), (0, 0)),
    OperationKind.CORRECT: ((0, None), (0, None)),
}
#: A crop grows at most this long before its harvest: a perennial's year and a bit.
LONGEST_GROWTH_MS: Final = 34_214_400_000


def check_plant_protection_product(
    product: PlantProtectionProduct, _connection: sa.Connection, _organisation: str
) -> PlantProtectionProduct:
    """Validate the ranges of each use, and that a crop has one use for one target."""
    seen: set[tuple[str, str]] = set()
    for use in product.uses:
        name = (use.crop.casefold(), use.target.casefold())
        if name in seen:
            raise InvalidRecord(f"The crop {use.crop!r} has two uses for the same target: give one.")
        seen.add(name)
        _check_ranges(use)
    return product


def _check_ranges(use: ProductUse) -> None:
    for what, least, most in (
        ("dose", use.least_dose_ha, use.most_dose_ha),
        ("water volume", use.least_water_l_ha, use.most_water_l_ha),
    ):
        if least is not None and most is not None and least > most:
            raise InvalidRecord(f"The lowest {what} for {use.crop!r}, {least:g}, is above the highest, {most:g}.")


def check_treatment(treatment: Treatment, _connection: sa.Connection, _organisation: str) -> Treatment:
    """Validate that a treatment is of one place, has a duration of at most two days, and each product once."""
    _check_place(treatment.field, treatment.zone, "A treatment")
    if not 0 < treatment.end_ms - treatment.start_ms <= LONGEST_PASS_MS:
        raise InvalidRecord("A treatment must end after its start, and at most two days after it.")
    if len({part.product for part in treatment.mix}) < len(treatment.mix):
        raise InvalidRecord("A product is in the tank mix twice: give its whole dose once.")
    if treatment.withdrawn and treatment.corrects is None:
        raise InvalidRecord("A withdrawn treatment names the one that it takes back, in `corrects`.")
    return treatment


def check_harvest(harvest: Harvest, connection: sa.Connection, organisation: str) -> Harvest:
    """Validate that a harvest is of one place that can yield it, and after the beginning of its growth."""
    _check_place(harvest.field, harvest.zone, "A harvest")
    grown_ms = harvest.grown_from_ms
    if grown_ms is not None and not 0 <= harvest.time_ms - grown_ms <= LONGEST_GROWTH_MS:
        raise InvalidRecord("The growth begins before the harvest, and at most 13 months before it.")
    if harvest.season is not None and harvest.field is None:
        raise InvalidRecord("A season is of a field: leave it out for a greenhouse zone.")
    table, column, place = (
        (fields, fields.c.usable_area_m2, harvest.field)
        if harvest.field is not None
        else (greenhouse_zones, greenhouse_zones.c.area_m2, harvest.zone)
    )
    which = (table.c.organisation == organisation, table.c.id == place)
    area_m2 = connection.execute(sa.select(column).where(*which)).scalar_one_or_none()
    sentence = impossible_harvest(yields_of(harvest.crop), harvest.grams, area_m2 or 0.0)
    if sentence is not None:
        raise InvalidRecord(sentence)
    return harvest


def check_certificate(certificate: Certificate, _connection: sa.Connection, _organisation: str) -> Certificate:
    """Validate that a test says what was tested."""
    tests = {CertificateBasis.OWN_TEST, CertificateBasis.COMMISSIONED_TEST} & set(certificate.basis)
    if tests and not certificate.tested.strip():
        raise InvalidRecord("The promise rests on a test: say what was tested, with the report's number and result.")
    if len(set(certificate.basis)) < len(certificate.basis):
        raise InvalidRecord("A basis is named twice.")
    return certificate


def _check_place(field: str | None, zone: str | None, what: str) -> None:
    if (field is None) == (zone is None):
        raise InvalidRecord(f"{what} is of a field or of a greenhouse zone: name one of the two.")


def check_balance(operation: LotOperation) -> None:
    """Validate the number of lots of an operation and its mass, to the gram; raises InvalidRecord."""
    (least_in, most_in), (least_out, most_out) = _SHAPES[operation.kind]
    _check_count("takes", operation.kind, operation.inputs, least_in, most_in)
    _check_count("makes", operation.kind, operation.outputs, least_out, most_out)
    for masses in (operation.inputs, operation.outputs):
        if len({mass.lot for mass in masses}) < len(masses):
            raise InvalidRecord("A lot is named twice: give its whole mass once.")
    taken, made = total(operation.inputs), total(operation.outputs)
    if operation.kind is OperationKind.SELL and operation.loss_g:
        raise InvalidRecord("A sale has no loss: enter the loss as an operation of its own.")
    if operation.kind in {OperationKind.HARVEST, OperationKind.SELL, OperationKind.CORRECT}:
        return
    if taken != made + operation.loss_g:
        raise InvalidRecord(
            f"{taken} g are taken, but {made} g made and {operation.loss_g} g lost are {made + operation.loss_g} g: "
            "the masses must be equal to the gram."
        )


def check_remaining(operation: LotOperation, remaining_g: Mapping[str, int], code_of: Mapping[str, str]) -> None:
    """Validate that every lot has what is taken from it; raises RecordConflict."""
    for mass in operation.inputs:
        left_g = remaining_g[mass.lot]
        if mass.grams > left_g:
            raise RecordConflict(
                f"{mass.grams} g are taken from lot {code_of[mass.lot]}, which has {left_g} g left: take at most that."
            )


def flows_of(operation: LotOperation) -> dict[str, int]:
    """Return the change of each lot's mass by an operation [g], positive where it was made."""
    flows = {mass.lot: -mass.grams for mass in operation.inputs}
    for mass in operation.outputs:
        flows[mass.lot] = flows.get(mass.lot, 0) + mass.grams
    return flows


def total(masses: Sequence[LotMass]) -> int:
    """Return the sum of masses [g]."""
    return sum(mass.grams for mass in masses)


def _check_count(verb: str, kind: OperationKind, masses: Sequence[LotMass], least: int, most: int | None) -> None:
    if len(masses) < least or (most is not None and len(masses) > most):
        limit = f"exactly {least}" if most == least else f"at least {least}"
        raise InvalidRecord(f"The operation {kind} {verb} {limit} lots, not {len(masses)}.")
