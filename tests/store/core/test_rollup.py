"""Choice of rollups: windows are covered once, on bounds of remaining rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headland.store.core.rollup import TIERS, RetentionCuts, align_buckets, plan_buckets
from headland.units_of_time import DAY_MS, HOUR_MS

MINUTE_MS = 60_000
INSTANTS = st.one_of(
    st.integers(-(10**13), 10**13),
    st.builds(int.__mul__, st.integers(-20_000, 20_000), st.sampled_from([MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS])),
)
STEPS = st.builds(int.__mul__, st.integers(1, 40), st.sampled_from([1, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]))
DAYS = st.lists(st.integers(-300, 300), min_size=3, max_size=3).map(lambda days: [day * DAY_MS for day in sorted(days)])


@given(start_ms=INSTANTS, end_ms=INSTANTS, step_ms=STEPS)
def test_pieces_cover_the_window_once_on_bounds_of_their_tier(start_ms: int, end_ms: int, step_ms: int) -> None:
    pieces = plan_buckets(start_ms, end_ms, step_ms, RetentionCuts())
    at_ms = start_ms
    for piece in pieces:
        assert piece.start_ms == at_ms < piece.end_ms
        at_ms = piece.end_ms
        if piece.tier is not None:
            assert piece.start_ms % piece.tier.step_ms == piece.end_ms % piece.tier.step_ms == 0
    assert at_ms == max(start_ms, end_ms if pieces else start_ms)
    assert bool(pieces) == (end_ms > start_ms)


@given(start_ms=INSTANTS, end_ms=INSTANTS, step_ms=STEPS, days=DAYS)
def test_only_remaining_rows_are_read_and_only_whole_buckets_of_them(
    start_ms: int, end_ms: int, step_ms: int, days: list[int]
) -> None:
    kept = RetentionCuts(raw_ms=days[2], minutes_ms=days[1], hours_ms=days[0])
    pieces = plan_buckets(start_ms, end_ms, step_ms, kept)
    for piece in pieces:
        assert piece.start_ms >= kept.since_ms(piece.tier)
    if pieces:
        assert (pieces[0].start_ms - start_ms) % step_ms == 0
        assert pieces[-1].end_ms == end_ms or (pieces[-1].end_ms - start_ms) % step_ms == 0


@given(start_ms=INSTANTS, length_ms=st.integers(1, 10**12), most=st.integers(1, 5000), only=st.booleans())
def test_aligned_buckets_cover_the_window_with_no_more_than_asked(
    start_ms: int, length_ms: int, most: int, only: bool
) -> None:
    end_ms = start_ms + length_ms
    first_ms, step_ms = align_buckets(start_ms, end_ms, most, only_rollups=only)
    assert first_ms <= start_ms
    assert -(-(end_ms - first_ms) // step_ms) <= most
    plain_ms = -(-length_ms // most)
    if not only:
        assert start_ms - first_ms <= plain_ms / 6
        assert step_ms <= plain_ms * 4 / 3 + 1
    if only or plain_ms >= 6 * MINUTE_MS:
        assert any(first_ms % tier.step_ms == step_ms % tier.step_ms == 0 for tier in TIERS)
