"""Owners of fields: shares of people go before a name that somebody wrote."""

from __future__ import annotations

import msgspec
import pytest

from headland.analysis.cooperative.owners import owners_text
from headland.registry.models.models import Field
from headland.registry.models.people import Holding, HoldingKind

FIELD = Field(id="f", farm="farm", name="East", geometry=(), owner="Wang Jianguo")
PEOPLE = {"w": "王建国", "l": "李梅"}


def held(
    person: str,
    parts: int,
    of_parts: int,
    kind: HoldingKind = HoldingKind.OWNERSHIP,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Holding:
    return Holding(
        field="f", person=person, kind=kind, parts=parts, of_parts=of_parts, start_ms=start_ms, end_ms=end_ms
    )


@pytest.mark.parametrize(
    ("holdings", "expected"),
    [
        ([], "Wang Jianguo"),
        ([held("w", 1, 1)], "王建国"),
        ([held("w", 1, 3), held("l", 2, 3)], "李梅 2/3, 王建国 1/3"),
        ([held("w", 1, 3), held("w", 1, 3)], "王建国 2/3"),
        ([held("l", 1, 1, HoldingKind.LEASE)], "Wang Jianguo"),  # a lease is no ownership
        ([held("l", 1, 1, end_ms=1000), held("w", 1, 1, start_ms=1000)], "王建国"),
        ([held("l", 1, 1, end_ms=1001)], "李梅"),
        ([held("gone", 1, 1)], "Wang Jianguo"),  # a person that the reader may not know
        ([msgspec.structs.replace(held("l", 1, 1), field="another")], "Wang Jianguo"),
    ],
)
def test_the_owners_of_a_field_are_those_who_hold_it_at_the_time(holdings: list[Holding], expected: str) -> None:
    assert owners_text(FIELD, holdings, PEOPLE, 1000) == expected


def test_a_field_of_which_nobody_is_told_names_nobody() -> None:
    assert owners_text(msgspec.structs.replace(FIELD, owner=""), [], PEOPLE, 0) == ""
