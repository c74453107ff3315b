"""Deliveries from harvests: parts add up, each harvest is delivered once, one that was taken back is not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.analysis.cooperative.deliveries import (
    ENTERED,
    NO_FIELD,
    NO_PRICE,
    TAKEN_BACK,
    deliver_harvests,
    list_deliveries,
    read_delivery,
    share_harvest,
)
from headland.analysis.cooperative.delivery_import import match_deliveries
from headland.analysis.cooperative.shares import HeldShare
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.formats.tables.deliveries import read_deliveries
from headland.i18n.sentences import translate_sentence
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.lots import Harvest, Lot
from headland.registry.models.models import Field
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.registry.repositories.accounts import corrections_of
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN
from tests.api.registry_api import fill_registry
from tests.registry.records import PLOT

DAY_MS = 86_400_000


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**9), st.integers(0, 10_000), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_the_parts_of_a_harvest_add_up_to_its_grams_and_its_worth(grams: int, price: int, parts: list[int]) -> None:
    shares = [HeldShare(f"p{n}", True, Fraction(part, sum(parts))) for n, part in enumerate(parts)]
    found = share_harvest(grams, price, shares, 0)
    assert sum(share.grams for share in found) == grams
    assert abs(sum(share.amount_fen for share in found) - Fraction(grams * price, 1000)) <= Fraction(1, 2)


def test_what_nobody_holds_is_in_nobodys_account() -> None:
    (share,) = share_harvest(1000, 300, [HeldShare("p", True, Fraction(1, 3))], 0)
    assert (share.grams, share.amount_fen) == (333, 100)


def test_a_harvest_is_delivered_once_and_not_where_it_was_taken_back(tmp_path: Path) -> None:
    registry, repositories, ids = fill_registry(tmp_path)
    person = repositories.people.add(Person(name="王芳")).id
    own = repositories.fields.add(Field(farm=ids["farms"], name="own", geometry=PLOT)).id
    repositories.holdings.add(Holding(field=own, person=person, kind=HoldingKind.LEASE))
    at_ms = NOW_MS + DAY_MS

    def reap(number: int, crop: str = "wheat", field: str | None = own, zone: str | None = None) -> str:
        harvest = Harvest(field=field, zone=zone, crop=crop, time_ms=at_ms, grams=1000 * number, author="Li")
        lot = Lot(code=f"D{number}", product=crop, crop=crop, time_ms=at_ms, grams=1000 * number)
        return repositories.lots.record_harvest(harvest, lot)[1].operation.id

    first = reap(3)
    reap(4, "rye")
    reap(5, field=None, zone=ids["zones"])
    scope = OrgScope(MemoryStore(), registry, OWN, at_ms + DAY_MS, "test")
    window = Window(at_ms - 1, at_ms + 1)
    made = deliver_harvests(scope, window, {"wheat": 236})
    assert [(e.person, e.grams, e.amount_fen, e.field, e.crop, e.lot_code) for e in made.added] == [
        (person, 3000, 708, own, "wheat", "D3")
    ]
    assert [reason for _, reason in made.left_out] == [NO_PRICE, NO_FIELD]
    again = deliver_harvests(scope, window, {"wheat": 250})
    assert (again.added, again.known, again.to_correct) == ((), 1, ())
    repositories.lots.correct(first, at_ms, "Li", "weighed twice")
    after = deliver_harvests(scope, window, {"wheat": 236})
    assert (after.added, after.to_correct) == ((), (made.added[0].id,))
    assert TAKEN_BACK in {reason for _, reason in after.left_out}
    entry = AccountEntry(person=person, kind=AccountKind.DELIVERY, time_ms=at_ms, harvest=made.added[0].harvest)
    with pytest.raises(InvalidRecord, match="made from the harvest"):
        repositories.accounts.add(entry)
    # By hand, nobody delivers to a lot that is in the account from its harvest; once that was taken back, they do.
    by_hand = AccountEntry(person=person, kind=AccountKind.DELIVERY, time_ms=at_ms, grams=2900, lot_code="D3")
    with pytest.raises(RecordConflict, match="from its harvest"):
        repositories.accounts.add(by_hand)
    (shown,) = list_deliveries(scope)
    assert (shown.source, shown.harvest_taken_back, shown.grams) == ("harvest", True, 3000)
    for _ in range(2):  # the same request again corrects nothing
        repositories.accounts.correct_delivery(made.added[0].id, 0, 0, at_ms + 1, "weighed twice")
    taken = read_delivery(scope, made.added[0].id)
    assert (taken.grams, taken.amount_fen, [c.grams for c in taken.corrections]) == (0, 0, [-3000])
    repositories.accounts.add(by_hand)
    with pytest.raises(NotFound, match="'D9'"):
        repositories.accounts.add(msgspec.structs.replace(by_hand, lot_code="D9"))
    with pytest.raises(InvalidRecord, match="Only a delivery"):
        repositories.accounts.add(msgspec.structs.replace(by_hand, kind=AccountKind.ADVANCE, grams=0))
    # A harvest whose lot somebody entered by hand is not delivered again.
    reap(7)
    entered = msgspec.structs.replace(by_hand, lot_code="D7", grams=7000)
    repositories.accounts.add(entered)
    assert ENTERED in {reason for _, reason in deliver_harvests(scope, window, {"wheat": 236}).left_out}
    # Two equal trucks are two deliveries; the same table again is none.
    trucks = [msgspec.structs.replace(entered, grams=5000)] * 2
    assert len(repositories.accounts.add_entered(trucks)) == 2
    assert repositories.accounts.add_entered(trucks) == []
    registry.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-(10**7), 10**7)), min_size=1, max_size=6))
def test_corrections_of_corrections_are_of_the_first_entry(parts: list[tuple[int, int]]) -> None:
    chain = [
        AccountEntry(
            id=f"e{n}", person="p", kind=AccountKind.CORRECTION, time_ms=0, grams=grams, amount_fen=fen,
            corrects="first" if n == 0 else f"e{n // 2}",
        )
        for n, (grams, fen) in enumerate(parts)
    ]  # fmt: skip
    found = corrections_of(reversed(chain))
    assert set(found) == {"first"}
    assert sum(entry.grams for entry in found["first"]) == sum(grams for grams, _ in parts)


TABLE = """社员编号,姓名,日期,作物,净重（斤）,单价（元/公斤）,金额（元）,批次号,地块,磅单
7,王芳,2026-06-03,小麦,"2,500.5",2.36,,D3,东一,A-1
,李强,2026年6月4日,红薯,300,,100.05,,,
,李强,2026-06-04,小麦,300,1.2,,D9,,
9,,2026-06-04,小麦,300,1.2,,,,
,李强,2026-06-04,小麦,-3,1.2,,,,
,李强,2026-06-04,小麦,3,1.2,12.345,,,
"""


def test_a_table_of_weigh_slips_gives_deliveries_to_the_gram_and_the_fen() -> None:
    people = [Person(id="w", name="王芳", number="7"), Person(id="l", name="李强")]
    field = Field(id="f", farm="f", name="东一", geometry=PLOT)
    table = read_deliveries(TABLE.encode("gb18030"))
    found = match_deliveries(table, people, [field], {"D3"}, ZoneInfo("Asia/Shanghai"))
    first, second = found.entries
    assert (first.person, first.grams, first.amount_fen, first.crop) == ("w", 1_250_250, 295_059, "wheat")
    assert (first.field, first.lot_code, first.note, first.time_ms) == ("f", "D3", "A-1", 1_780_416_000_000)
    assert (second.person, second.grams, second.amount_fen, second.crop) == ("l", 150_000, 10_005, "红薯")
    assert [(fault.row, fault.column) for fault in found.faults] == [
        (3, "lot"), (4, "number"), (5, "mass"), (6, "amount"),
    ]  # fmt: skip
    again = match_deliveries(table, people, [field], {"D3"}, ZoneInfo("Asia/Shanghai"), {("w", "D3")})
    assert [entry.person for entry in again.entries] == ["l"]


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        ("姓名,日期,作物,重量,金额", "no unit"),
        ("姓名,日期,作物,重量（公斤）,单价", "no unit"),
        ("姓名,日期,重量（公斤）,金额", "no column"),
        ("日期,作物,重量（公斤）,金额", "姓名"),
        ("姓名,日期,作物,重量（公斤）", "金额"),
        ("姓名,日期,作物,重量（公斤）,净重（斤）,金额", "twice"),
        ("姓名,日期,作物,重量（公斤）,金额（美元）", "美元"),
    ],
)
def test_a_table_without_units_or_columns_is_refused_as_a_whole(head: str, fault: str) -> None:
    table = read_deliveries(f"{head}\n王芳,2026-06-03,小麦,1,1,1".encode())
    assert table.rows == ()
    (found,) = table.faults
    assert found.row == 0
    assert fault in found.detail
    assert translate_sentence(found.detail, "zh") is not None
