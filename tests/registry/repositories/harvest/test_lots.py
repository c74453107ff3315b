"""Harvests, lots, operations and certificates: exact masses, corrections as entries, lineage both ways."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import msgspec
import pytest
import sqlalchemy as sa

from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.lots import (
    Certificate,
    CertificateBasis,
    Harvest,
    Lot,
    LotMass,
    LotOperation,
    OperationKind,
)
from headland.registry.models.models import Farm, Field, Greenhouse, GreenhouseZone, Site
from headland.registry.models.plant_protection import EvidenceClass, MixPart, Treatment
from headland.registry.repositories.harvest import lot_lineage
from headland.registry.repositories.harvest.lots import find_free_number
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.lots import check_balance, check_remaining, flows_of
from tests.registry.conftest import ManualClock
from tests.registry.records import PLOT, START_MS, fill

HOUR_MS = 3_600_000


@pytest.fixture
def field(repositories: OrganisationRepositories) -> str:
    farm = repositories.farms.add(Farm(name="Home farm"))
    return repositories.fields.add(Field(farm=farm.id, name="North", geometry=PLOT)).id


def harvest(
    repositories: OrganisationRepositories,
    field: str,
    grams: int,
    code: str,
    *,
    evidence: EvidenceClass = EvidenceClass.DECLARED,
) -> Lot:
    entry = Harvest(field=field, crop="tomato", time_ms=START_MS, grams=grams, author="Li", evidence=evidence)
    lot = Lot(code=code, product="Tomato", crop="tomato", time_ms=0, grams=1)
    return repositories.lots.record_harvest(entry, lot)[1].lots[0]


def operate(
    repositories: OrganisationRepositories,
    kind: OperationKind,
    taken: Sequence[tuple[Lot, int]],
    made: Sequence[tuple[str, int]] = (),
    loss_g: int = 0,
) -> tuple[Lot, ...]:
    operation = LotOperation(
        kind=kind,
        time_ms=START_MS + HOUR_MS,
        author="Li",
        inputs=tuple(LotMass(lot=lot.id, grams=grams) for lot, grams in taken),
        loss_g=loss_g,
    )
    fresh = [Lot(code=code, product="Tomato", crop="tomato", time_ms=0, grams=grams) for code, grams in made]
    return repositories.lots.operate(operation, fresh).lots


def test_what_is_mixed_split_sold_and_lost_is_what_was_harvested_to_the_gram(
    repositories: OrganisationRepositories, field: str
) -> None:
    first, second = harvest(repositories, field, 1001, "A"), harvest(repositories, field, 999, "B")
    (mixed,) = operate(repositories, OperationKind.MIX, [(first, 1001), (second, 500)], [("M", 1501)])
    small, rest = operate(repositories, OperationKind.SPLIT, [(mixed, 1501)], [("S1", 500), ("S2", 1000)], loss_g=1)
    operate(repositories, OperationKind.SELL, [(small, 400)])
    operate(repositories, OperationKind.LOSS, [(rest, 7)], loss_g=7)
    lots = [first, second, mixed, small, rest]
    assert [repositories.lots.remaining_g([lot.id])[lot.id] for lot in lots] == [0, 499, 0, 100, 993]
    with pytest.raises(RecordConflict, match="has 100 g left"):
        operate(repositories, OperationKind.SELL, [(small, 101)])
    with pytest.raises(InvalidRecord, match="equal to the gram"):
        operate(repositories, OperationKind.SPLIT, [(rest, 993)], [("S3", 992)])
    assert repositories.check_audit().altered == ()


def test_a_lot_knows_its_harvests_and_a_harvest_the_lots_that_hold_it(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories, field: str
) -> None:
    first, second = harvest(repositories, field, 100, "A"), harvest(repositories, field, 100, "B")
    third = harvest(repositories, field, 100, "C")
    (mixed,) = operate(repositories, OperationKind.MIX, [(first, 50), (second, 100)], [("M", 150)])
    (pack,) = operate(repositories, OperationKind.PACK, [(mixed, 150)], [("P", 150)])
    lineage = repositories.lots.lineage
    sources = lineage.harvests_of(pack.id)
    assert len(sources) == 2
    assert [lot.code for lot in lineage.descendants([sources[0].id]).lots] == ["P", "M", "A"]
    assert [lot.code for lot in lineage.descendants([third.id]).lots] == []
    assert {link.grams for link in lineage.ancestors(mixed.id)} == {50, 100}
    assert neighbour.lots.lineage.descendants([sources[0].id]).count == 0
    with pytest.raises(NotFound):
        neighbour.lots.get_all([pack.id])


@pytest.mark.parametrize("few_roots", [0, 100], ids=["all links read", "links followed"])
def test_a_recall_finds_the_lots_above_which_its_lot_is_and_each_once_over_pages_while_lots_are_added(
    repositories: OrganisationRepositories, field: str, monkeypatch: pytest.MonkeyPatch, few_roots: int
) -> None:
    monkeypatch.setattr(lot_lineage, "_FEW_ROOTS", few_roots)
    lineage, source = repositories.lots.lineage, random.Random(few_roots)
    lots = [harvest(repositories, field, 10**7, f"H{number}") for number in range(3)]
    for number in range(12):
        chosen = source.sample(lots, source.randint(1, 3))
        left_g = repositories.lots.remaining_g([lot.id for lot in chosen])
        taken = [(lot, left_g[lot.id] // 2) for lot in chosen]
        made = [(f"{number}-{part}", grams) for part, (_, grams) in enumerate(taken)]
        lots += operate(repositories, OperationKind.PROCESS, taken, made)
    last = repositories.lots.operations_of(lots[-1].id)[0]
    repositories.lots.correct(last.id, START_MS, "Li", "typed twice")
    above = {lot.id: {link.parent for link in lineage.ancestors(lot.id)} for lot in lots}
    for root in lots:
        expected = [lot.code for lot in reversed(lots) if root.id in above[lot.id]]
        assert [lot.code for some in lineage.all_descendants([root.id]) for lot in some] == expected
        found, before, is_first = [], None, True
        while is_first or before is not None:
            page = lineage.descendants([root.id], before=before, limit=2)
            found += [lot.code for lot in page.lots]
            assert not is_first or page.count == len(expected)
            if root is lots[0]:
                operate(repositories, OperationKind.PACK, [(root, 1)], [(f"later{len(found)}", 1)])
            before, is_first = page.next, False
        assert found == expected
    assert len([lot for lot in lots if lots[0].id in above[lot.id]]) > 4


def test_a_correction_is_an_entry_that_takes_an_operation_back_while_nothing_rests_on_it(
    repositories: OrganisationRepositories, field: str
) -> None:
    first, second = harvest(repositories, field, 100, "A"), harvest(repositories, field, 100, "B")
    (mixed,) = operate(repositories, OperationKind.MIX, [(first, 100), (second, 100)], [("M", 200)])
    operate(repositories, OperationKind.SELL, [(mixed, 1)])
    mixing, sale = repositories.lots.operations_of(mixed.id)
    with pytest.raises(RecordConflict, match="Lot M, which it made, was used since"):
        repositories.lots.correct(mixing.id, START_MS, "Li", "")
    repositories.lots.correct(sale.id, START_MS, "Li", "typed twice")
    repositories.lots.correct(mixing.id, START_MS, "Li", "the wrong crates")
    assert repositories.lots.remaining_g([first.id, second.id, mixed.id]) == {
        first.id: 100,
        second.id: 100,
        mixed.id: 0,
    }
    assert repositories.lots.lineage.ancestors(mixed.id) == []
    assert [lot.code for lot in repositories.lots.lineage.descendants([first.id]).lots] == []
    with pytest.raises(RecordConflict, match="corrected already"):
        repositories.lots.correct(mixing.id, START_MS, "Li", "")
    with pytest.raises(RecordConflict, match="is not corrected"):
        repositories.lots.correct(repositories.lots.operations_of(mixed.id)[-1].id, START_MS, "Li", "")


def test_a_lot_with_anything_simulated_in_it_is_simulated_for_good(
    repositories: OrganisationRepositories, field: str
) -> None:
    real = harvest(repositories, field, 100, "A")
    simulated = harvest(repositories, field, 100, "B", evidence=EvidenceClass.SIMULATED)
    (mixed,) = operate(repositories, OperationKind.MIX, [(real, 100), (simulated, 1)], [("M", 101)])
    (part,) = operate(repositories, OperationKind.SPLIT, [(mixed, 10)], [("S", 10)])
    assert (real.simulated, simulated.simulated, mixed.simulated, part.simulated) == (False, True, True, True)


def blank_certificate(lot: Lot) -> Certificate:
    return Certificate(
        number="x",
        lot=lot.id,
        product="Tomato",
        grams=100,
        origin="Wuhan",
        issuer="Our farm",
        contact="123",
        issued_ms=START_MS,
        basis=(CertificateBasis.OWN_CONTROL,),
        token="a" * 22,
    )


def test_a_certificate_is_printed_again_after_two_years_and_what_it_rests_on_is_not_deleted(
    repositories: OrganisationRepositories, field: str, clock: ManualClock
) -> None:
    lot = harvest(repositories, field, 100, "A")
    issued = repositories.certificates.issue(blank_certificate(lot), "20260921", "Li", "a7")
    ground = repositories.fields.get(field)
    clock.advance(2 * 366 * 24 * HOUR_MS)
    with pytest.raises(RecordConflict, match="harvests name this field and are never deleted"):
        repositories.fields.delete(field, ground.version)
    assert repositories.certificates.records.get(issued.id) == issued
    assert repositories.lots.lineage.harvests_of(lot.id)[0].field == field
    again = repositories.certificates.note_copy(issued.id, clock(), "Li", "a4")
    assert [entry.kind for entry in repositories.certificates.entries_of(issued.id)] == ["issued", "copied"]
    assert again.time_ms - issued.issued_ms > 2 * 365 * 24 * HOUR_MS


def test_certificates_are_numbered_by_day_and_copied_until_they_are_void(
    repositories: OrganisationRepositories, field: str
) -> None:
    lot = harvest(repositories, field, 100, "A")
    blank = blank_certificate(lot)
    first = repositories.certificates.issue(blank, "20260921", "Li", "a7")
    second = repositories.certificates.issue(blank, "20260921", "Li")
    assert (first.number, second.number) == ("20260921-0001", "20260921-0002")
    assert first.token != second.token
    repositories.certificates.note_copy(first.id, START_MS, "Li", "a7")
    repositories.certificates.void(first.id, START_MS, "Li", "mixed")
    with pytest.raises(RecordConflict, match="is void"):
        repositories.certificates.note_copy(first.id, START_MS, "Li", "a7")
    assert [entry.kind for entry in repositories.certificates.entries_of(first.id)] == ["issued", "copied", "void"]
    tested = msgspec.structs.replace(blank, basis=(CertificateBasis.OWN_TEST,))
    with pytest.raises(InvalidRecord, match="say what was tested"):
        repositories.certificates.issue(tested, "20260921", "Li")


def test_a_corrected_treatment_is_replaced_in_the_list_and_kept(repositories: OrganisationRepositories) -> None:
    made = fill(repositories)
    treatment = Treatment(
        zone=made["zones"].id,
        crop="tomato",
        start_ms=START_MS,
        end_ms=START_MS + HOUR_MS,
        mix=(MixPart(product=made["plant_protection"].id, dose_ha=0.6),),
        author="Li",
    )
    first = repositories.treatments.add(treatment)
    second = repositories.treatments.add(
        msgspec.structs.replace(treatment, corrects=first.id, end_ms=START_MS + 2 * HOUR_MS)
    )
    assert repositories.treatments.list(zone=made["zones"].id) == [second]
    with pytest.raises(RecordConflict, match="newest entry"):
        repositories.treatments.add(msgspec.structs.replace(treatment, corrects=first.id))
    repositories.treatments.add(msgspec.structs.replace(treatment, corrects=second.id, withdrawn=True))
    assert repositories.treatments.list() == []
    assert repositories.treatments.get(first.id) == first
    with pytest.raises(NotFound):
        repositories.treatments.add(msgspec.structs.replace(treatment, mix=(MixPart(product="none", dose_ha=1.0),)))


def test_ten_thousand_random_graphs_of_lots_keep_their_mass_to_the_gram() -> None:
    """The pure rules alone, with operations of every kind: what remains, was sold and lost is what was harvested."""
    random_source = random.Random(20)
    for _ in range(10_000):
        remaining: dict[str, int] = {}
        harvested = sold = lost = 0
        for step in range(random_source.randint(3, 8)):
            operation = _random_operation(random_source, remaining, step)
            check_balance(operation)
            check_remaining(operation, remaining, {lot: lot for lot in remaining})
            for lot, grams in flows_of(operation).items():
                remaining[lot] = remaining.get(lot, 0) + grams
            taken = sum(mass.grams for mass in operation.inputs)
            harvested += sum(mass.grams for mass in operation.outputs) if not operation.inputs else 0
            sold += taken if operation.kind is OperationKind.SELL else 0
            lost += operation.loss_g
        assert min(remaining.values()) >= 0
        assert sum(remaining.values()) + sold + lost == harvested


def _random_operation(random_source: random.Random, remaining: dict[str, int], step: int) -> LotOperation:
    full = [lot for lot, grams in remaining.items() if grams > 0]
    kinds = [OperationKind.HARVEST]
    if full:
        kinds += [OperationKind.SPLIT, OperationKind.PACK, OperationKind.SELL, OperationKind.LOSS]
    if len(full) > 1:
        kinds += [OperationKind.MIX] * 3
    kind = random_source.choice(kinds)
    if kind is OperationKind.HARVEST:
        grams = random_source.randint(1, 10_000_000)
        return LotOperation(kind=kind, time_ms=0, author="x", outputs=(LotMass(lot=f"{step}", grams=grams),))
    count = random_source.randint(2, len(full)) if kind is OperationKind.MIX else 1
    inputs = tuple(
        LotMass(lot=lot, grams=random_source.randint(1, remaining[lot])) for lot in random_source.sample(full, count)
    )
    taken = sum(mass.grams for mass in inputs)
    if kind in {OperationKind.SELL, OperationKind.LOSS}:
        loss_g = taken if kind is OperationKind.LOSS else 0
        return LotOperation(kind=kind, time_ms=0, author="x", inputs=inputs, loss_g=loss_g)
    loss_g = random_source.randint(0, taken - 1)
    kept = taken - loss_g
    parts = 1 if kind is OperationKind.MIX else random_source.randint(1, min(5, kept))
    cuts = sorted(random_source.sample(range(1, kept), parts - 1)) if parts > 1 else []
    sizes = [after - before for before, after in zip([0, *cuts], [*cuts, kept], strict=True)]
    outputs = tuple(LotMass(lot=f"{step}.{part}", grams=grams) for part, grams in enumerate(sizes))
    return LotOperation(kind=kind, time_ms=0, author="x", inputs=inputs, outputs=outputs, loss_g=loss_g)


def test_a_harvest_is_of_one_place(repositories: OrganisationRepositories, field: str) -> None:
    farm = repositories.farms.list()[0]
    site = repositories.sites.add(Site(farm=farm.id, name="wuhan", time_zone="Asia/Shanghai"))
    house = repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="House 1"))
    zone = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="east"))
    both = Harvest(field=field, zone=zone.id, crop="tomato", time_ms=START_MS, grams=1, author="Li")
    with pytest.raises(InvalidRecord, match="name one of the two"):
        repositories.lots.record_harvest(both, Lot(code="A", product="Tomato", crop="tomato", time_ms=0, grams=1))
    assert repositories.lots.newest() == []


def test_free_batch_numbers_of_a_day_are_used_by_no_lot(repositories: OrganisationRepositories, field: str) -> None:
    for code in ("20260901-001", "20260901-002", "20260901-003", "20260901-005", "20260902-001", "other"):
        harvest(repositories, field, 100, code)
    assert repositories.lots.free_codes("20260901", 2) == ["20260901-004", "20260901-006"]
    assert repositories.lots.free_codes("20260903", 2) == ["20260903-001", "20260903-002"]


@pytest.mark.parametrize("used", [0, 1, 2, 3, 7, 8, 9, 1000])
def test_the_next_number_is_found_in_a_few_questions(used: int) -> None:
    asked: list[int] = []

    def is_used(number: int) -> bool:
        asked.append(number)
        return number <= used

    assert find_free_number(is_used) == used + 1
    assert len(asked) <= 20


def test_recall_and_history_read_the_rows_of_their_lots_and_no_others(
    repositories: OrganisationRepositories, field: str
) -> None:
    first, second = harvest(repositories, field, 100, "A"), harvest(repositories, field, 100, "B")
    (mixed,) = operate(repositories, OperationKind.MIX, [(first, 100), (second, 100)], [("M", 200)])
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if re.search("lot_links|lot_parents|lot_numbers|FROM lots|FROM lot_operations", statement):
            asked.append((statement, parameters))

    with repositories.lots.lineage.database.reading() as connection:
        if connection.dialect.name != "sqlite":
            return  # PostgreSQL plans by its statistics
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    repositories.lots.lineage.descendants([first.id])
    repositories.lots.lineage.ancestors(mixed.id)
    repositories.lots.operations_of(mixed.id)
    repositories.lots.free_codes("20260901", 2)
    sa.event.remove(engine, "before_cursor_execute", note)
    with repositories.lots.lineage.database.reading() as connection:
        plans = [
            row[3]
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert len(asked) >= 5
    whole = re.compile(r"SCAN (?:lots|lot_links|lot_parents|lot_numbers|lot_operations)\b|\(organisation=\?\)$")
    assert [step for step in plans if whole.search(step)] == []
