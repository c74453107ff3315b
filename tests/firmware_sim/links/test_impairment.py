from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.links.impairment import corrupt, cut, delay, duplicate, lose
from tests.examples import examples

streams = st.lists(st.binary(max_size=40), max_size=40)
seeds = st.integers(0, 2**32)


@settings(max_examples=examples(60), deadline=None)
@given(chunks=streams, seed=seeds, longest=st.integers(1, 50))
def test_a_cut_stream_has_the_same_bytes(chunks: list[bytes], seed: int, longest: int) -> None:
    pieces = cut(chunks, seed, longest)
    assert b"".join(pieces) == b"".join(chunks)
    assert all(1 <= len(piece) <= longest for piece in pieces)


@settings(max_examples=examples(60), deadline=None)
@given(chunks=streams, seed=seeds, share=st.floats(0, 1))
def test_loss_and_duplication_invent_nothing(chunks: list[bytes], seed: int, share: float) -> None:
    assert not Counter(lose(chunks, seed, share)) - Counter(chunks)
    assert set(duplicate(chunks, seed, share)) == set(chunks)


@settings(max_examples=examples(60), deadline=None)
@given(chunks=streams, seed=seeds, share=st.floats(0, 1), places=st.integers(1, 9))
def test_delay_only_changes_the_order(chunks: list[bytes], seed: int, share: float, places: int) -> None:
    marked = [bytes([index]) + chunk for index, chunk in enumerate(chunks)]
    late = delay(marked, seed, share, places)
    assert sorted(late) == sorted(marked)
    assert all(abs(late.index(chunk) - index) <= len(marked) for index, chunk in enumerate(marked))


@settings(max_examples=examples(60), deadline=None)
@given(chunks=streams, seed=seeds, share=st.floats(0, 1))
def test_corruption_turns_at_most_one_bit_of_a_chunk(chunks: list[bytes], seed: int, share: float) -> None:
    for before, after in zip(chunks, corrupt(chunks, seed, share), strict=True):
        turned = int.from_bytes(before, "big") ^ int.from_bytes(after, "big")
        assert len(before) == len(after)
        assert turned.bit_count() <= 1


def test_the_shares_are_about_what_was_asked() -> None:
    chunks = [bytes([index % 256, index // 256]) for index in range(2_000)]
    assert len(lose(chunks, 1, 0.1)) == pytest.approx(1_800, abs=60)
    assert len(duplicate(chunks, 1, 0.1)) == pytest.approx(2_200, abs=60)
    assert sum(a != b for a, b in zip(chunks, corrupt(chunks, 1, 0.1), strict=True)) == pytest.approx(200, abs=60)


def test_the_same_seed_damages_in_the_same_way() -> None:
    chunks = [bytes([index]) * 5 for index in range(100)]
    assert corrupt(lose(chunks, 3, 0.2), 3, 0.2) == corrupt(lose(chunks, 3, 0.2), 3, 0.2)
    assert lose(chunks, 3, 0.2) != lose(chunks, 4, 0.2)
