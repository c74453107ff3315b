import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.analysis.inputs.downsampling import Method, select_extremes, select_rows, select_triangles
from headland.store.port import Times, Values

Line = tuple[Times, Values]


@st.composite
def lines(draw: st.DrawFn) -> Line:
    count = draw(st.integers(0, 300))
    steps = draw(st.lists(st.integers(1, 5000), min_size=count, max_size=count))
    values = draw(st.lists(st.integers(-50, 50), min_size=count, max_size=count))
    return 1_795_507_200_000 + np.cumsum(np.array(steps, np.int64)), np.array(values, np.float64)


@given(lines(), st.integers(3, 60))
def test_what_is_kept_is_a_part_of_the_samples_in_order_with_both_ends(line: Line, width: int) -> None:
    for select in (select_extremes, select_triangles):
        rows = select(*line, width)
        assert (np.diff(rows) > 0).all()
        assert len(rows) <= 2 * width + 2
        if len(line[0]):
            assert (rows[0], rows[-1]) == (0, len(line[0]) - 1)


@given(lines(), st.integers(3, 60))
def test_min_max_keeps_the_extremes_of_every_pixel(line: Line, width: int) -> None:
    time_ms, value = line
    rows = select_extremes(time_ms, value, width)
    if len(time_ms) == 0:
        return
    span_ms = time_ms[-1] - time_ms[0] + 1
    for pixel in range(width):
        inside = (time_ms - time_ms[0]) * width // span_ms == pixel
        kept = value[rows][inside[rows]]
        if inside.any():
            assert (kept.min(), kept.max()) == (value[inside].min(), value[inside].max())


@given(lines(), st.integers(3, 60))
def test_triangles_keep_as_many_rows_as_asked_for_and_one_of_each_bucket(line: Line, width: int) -> None:
    count = len(line[0])
    rows = select_triangles(*line, width)
    assert len(rows) == min(width, count)
    if count > width:
        bounds = [bucket * (count - 2) // (width - 2) + 1 for bucket in range(width - 1)]
        assert all(low <= row < high for low, row, high in zip(bounds, rows[1:-1], bounds[1:], strict=False))


def test_triangles_give_the_published_example() -> None:
    # The example of largestTriangleThreeBuckets in the ClickHouse reference, its input in order of x.
    x = np.arange(1, 11)
    y = np.array([10.0, 20, 15, 30, 40, 35, 50, 60, 55, 70])
    rows = select_triangles(x, y, 4)
    assert list(zip(x[rows].tolist(), y[rows].tolist(), strict=True)) == [(1, 10), (3, 15), (9, 55), (10, 70)]


@pytest.mark.parametrize("method", ["min_max", "lttb"])
def test_a_peak_of_one_channel_is_a_row_of_all(method: Method) -> None:
    time_ms = np.arange(1000) * 1000
    quiet, peak = np.zeros(1000), np.zeros(1000)
    peak[437] = 9.0
    quiet[::2] = np.nan
    rows = select_rows(time_ms, [quiet, peak], 10, method)
    assert 437 in rows
    assert len(rows) < 60


def test_no_column_needs_no_row() -> None:
    assert select_rows(np.arange(5), [], 10, "min_max").tolist() == []
    assert select_rows(np.arange(5), [np.full(5, np.nan)], 10, "lttb").tolist() == []
