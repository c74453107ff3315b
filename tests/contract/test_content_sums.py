"""Content sums of records in commit acks."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.contract.content_sums import MAX_SUMS, UNKNOWN, content_sum, pack_sums, read_sums

SUMS = st.integers(0, 2**32 - 1)


@given(st.binary(), st.integers(0, 9), st.integers(0, 9))
def test_a_text_has_one_sum_however_it_was_compressed(text: bytes, level: int, other: int) -> None:
    assert content_sum(zlib.compress(text, level)) == content_sum(zlib.compress(text, other)) == zlib.adler32(text)


def test_a_payload_that_is_too_short_has_no_sum() -> None:
    assert content_sum(b"abc") == UNKNOWN


@given(st.lists(SUMS, max_size=MAX_SUMS), st.integers(0, 2**62))
def test_the_known_sums_return_by_record(sums: list[int], seq: int) -> None:
    expected = {seq - back: each for back, each in enumerate(reversed(sums)) if each != UNKNOWN and seq - back > 0}
    assert read_sums(pack_sums(sums), seq) == expected


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(0 < number <= 50 for number in read_sums(text, 50))


@pytest.mark.parametrize("size", [3, 4 * (MAX_SUMS + 1)])
def test_sums_of_another_length_are_ignored(size: int) -> None:
    assert read_sums(base64.b64encode(b"1" * size).decode(), 500) == {}


def test_an_ack_without_known_sums_has_no_field_of_them() -> None:
    assert pack_sums([]) == pack_sums([UNKNOWN] * 3) == ""
