"""Numbers in text of others."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.plain_numbers import is_digits, read_decimal, read_whole
from tests.examples import examples

#: Texts of the kinds that Python's own functions read or ask about in different ways.
ODD = [
    "²",
    "1²",
    "٣",
    "𝟙",
    "①",
    "½",
    "Ⅷ",
    "1_000",
    "9" * 5000,
    "nan",
    "inf",
    "-inf",
    "1e999",
    "-1e999",
    "0x10",
    "+-1",
    "",
]
LETTERS = st.text(st.sampled_from([*"0123456789+-._eE nif ", "²", "٣", "𝟙", "１", "．"]), max_size=30)


@pytest.mark.parametrize("text", ODD)
def test_a_text_that_is_no_plain_number_is_none(text: str) -> None:
    assert (is_digits(text), read_whole(text), read_decimal(text)) == (False, None, None)


@settings(max_examples=examples(500), deadline=None)
@given(LETTERS | st.text(max_size=40))
def test_what_is_read_is_a_finite_number_that_python_reads_alike(text: str) -> None:
    if is_digits(text):
        assert text.isascii()
        assert read_whole(text) == int(text)
    number = read_decimal(text)
    if number is not None:
        assert math.isfinite(number)
        assert number == float(text.replace("．", ".").replace("－", "-").replace("＋", "+"))


def test_signs_blanks_and_full_width_digits_are_read() -> None:
    assert [read_whole(text) for text in ("-5", "007", "9" * 18)] == [-5, 7, 10**18 - 1]
    assert [read_decimal(text) for text in (" -1.5 ", "１２．５", "+.5", "5.", "1e3")] == [-1.5, 12.5, 0.5, 5.0, 1000.0]
    assert (is_digits("123", 2), read_whole("123", 2)) == (False, None)
