import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.series.intervals import Intervals, bridge, clip, intersect, subtract, total_s, union
from tests.examples import examples

stretches = st.lists(st.integers(0, 60), max_size=12, unique=True).map(
    lambda edges: np.array(sorted(edges)[: len(edges) // 2 * 2], dtype=np.float64).reshape(-1, 2)
)


def inside(intervals: Intervals) -> set[int]:
    return {k for start, end in intervals for k in range(int(start), int(end))}


@settings(max_examples=examples(100), deadline=None)
@given(stretches, stretches)
def test_sets_of_time_behave_like_sets(a: Intervals, b: Intervals) -> None:
    assert inside(intersect(a, b)) == inside(a) & inside(b)
    assert inside(union(a, b)) == inside(a) | inside(b)
    assert inside(subtract(a, b)) == inside(a) - inside(b)
    assert total_s(union(a, b)) * 1000 == len(inside(a) | inside(b))


def test_samples_close_together_form_an_interval() -> None:
    assert bridge(np.array([0, 1000, 2000, 4500, 5000]), 2.0).tolist() == [[0.0, 2000.0], [4500.0, 5000.0]]


def test_one_sample_forms_no_interval() -> None:
    assert len(bridge(np.array([7]), 2.0)) == 0


def test_clipping_leaves_the_part_within() -> None:
    assert clip(np.array([[0.0, 10.0], [20.0, 30.0]]), 5, 25).tolist() == [[5.0, 10.0], [20.0, 25.0]]
