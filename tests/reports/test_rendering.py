"""Columns of a table on paper are together as wide as the sheet, and as wide as their longest words."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headland.reports.rendering import column_widths
from tests.examples import examples

WHOLE = 510.0
TEXTS = st.lists(st.sampled_from(["154.28", "uav-spreader", "no", "a name of many short words", ""]), min_size=1)


def letters_of(text: str) -> float:
    return float(len(text))


def word_width_of(text: str) -> float:
    return 6.0 + 5.0 * max((len(word) for word in text.split()), default=0)


def test_no_word_is_broken_where_the_columns_beside_it_have_room() -> None:
    heads = ["Field", "Operator", "Evidence", *["Amount"] * 7]
    row = ["Equator", "uav-spreader", "Declared only; its amount is not known", *["1,154.28"] * 7]
    widths = column_widths([row], heads, WHOLE, letters_of, word_width_of)
    for width, head, text in zip(widths, heads, row, strict=True):
        assert width >= max(word_width_of(head), word_width_of(text)) - 1e-9, text


@settings(max_examples=examples(50))
@given(TEXTS, TEXTS)
def test_columns_are_together_as_wide_as_the_sheet(heads: list[str], texts: list[str]) -> None:
    row = [texts[at % len(texts)] for at in range(len(heads))]
    widths = column_widths([row], heads, WHOLE, letters_of, word_width_of)
    assert abs(sum(widths) - WHOLE) < 1e-6
    assert min(widths) > 0.0
