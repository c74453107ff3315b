"""Letters of means: two share one exactly where they are not told apart."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.trials.mean_groups import mean_groups
from tests.examples import examples

_PAIRS = [(i, j) for j in range(7) for i in range(j)]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.floats(-10, 10), max_size=7), st.sets(st.sampled_from(_PAIRS)))
def test_two_means_share_a_letter_exactly_where_they_are_not_told_apart(
    means: list[float], apart: set[tuple[int, int]]
) -> None:
    letters = mean_groups(means, lambda i, j: (min(i, j), max(i, j)) in apart)
    assert len(letters) == len(means)
    for i, j in _PAIRS:
        if j < len(means):
            assert bool(set(letters[i]) & set(letters[j])) == ((i, j) not in apart)


def test_the_largest_mean_has_the_first_letter_and_one_between_two_groups_has_both() -> None:
    means = [5.0, 7.0, 6.2, 6.6]
    assert mean_groups(means, lambda i, j: abs(means[i] - means[j]) > 0.7) == ["c", "a", "b", "ab"]
    assert mean_groups([5.0, 5.0], lambda *_: False) == ["a", "a"]
    assert mean_groups([float(30 - at) for at in range(30)], lambda *_: True)[25:28] == ["z", "a1", "b1"]
