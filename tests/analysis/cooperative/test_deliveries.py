"""Deliveries from harvests: parts add up, each harvest is delivered once, one that was taken back is not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.analysis.cooperative.deliveries import NO_FIELD, NO_PRICE, TAKEN_BACK, deliver_harvests, share_harvest
from headland.analysis.cooperative.shares import HeldShare
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.lots import Harvest, Lot
from headland.registry.models.models import Field
from headland.registry.models.people import Holding, HoldingKind, Person
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
    assert [(e.person, e.grams, e.amount_fen, e.field, e.note) for e in made.added] == [
        (person, 3000, 708, own, "wheat D3")
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
    registry.close()
