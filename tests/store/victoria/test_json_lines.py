"""JSON lines: one a metric, in requests of bounded size."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from headland.store.core.batch_rows import Rows
from headland.store.port import SeriesKey
from headland.store.victoria.client import Exported
from headland.store.victoria.json_lines import JsonLines
from headland.store.victoria.parsing import join_metrics
from headland.store.victoria.values import split
from tests.store.batches import key

START_MS = 1_700_000_000_000
A = key("air_temperature_degc")
B = SeriesKey("acme", "", 'k "\n', "温室-1", "v 1%s", simulated=True)


def rows_of(sid: Sequence[int], value: Sequence[float], quality: Sequence[int]) -> Rows:
    count = len(sid)
    return Rows(
        np.array(sid, np.int32),
        START_MS + np.arange(count, dtype=np.int64),
        np.array(value, np.float64),
        np.array(quality, np.uint8),
        np.zeros(count, np.int32),
        np.ones(count, np.bool_),
        np.array(quality, np.uint8),
    )


def bodies_of(rows: Rows) -> list[bytes]:
    rounded, residue, _ = split(rows.value)
    return list(JsonLines("farm").write([A, B], rows, rounded, residue))


def test_a_metric_has_one_line_with_the_samples_in_their_order() -> None:
    (body,) = bodies_of(rows_of([0, 1, 0, 0], [1.5, 2.0, 0.25, -3.0], [1, 1, 1, 1]))
    lines = [msgspec.json.decode(line) for line in body.splitlines()]
    assert lines[0] == {
        "metric": {
            "__name__": "greenhouse_air_temperature_degc",
            "kind": "greenhouse",
            "store": "farm",
            "device": "gh-1",
            "organisation": "acme",
            "site": "home",
        },
        "values": [1.5, 0.25, -3.0],
        "timestamps": [START_MS, START_MS + 2, START_MS + 3],
    }
    assert len(lines) == 2


def test_values_flags_and_residues_are_read_back_as_they_were() -> None:
    rows = rows_of([1, 0, 1, 0], [np.pi, 1 / 3, 7.0, -0.0], [3, 1, 4, 1])
    (body,) = bodies_of(rows)
    found = join_metrics(msgspec.json.decode(line, type=Exported) for line in body.splitlines())
    for number, series in enumerate((A, B)):
        chosen = rows.sid == number
        assert np.array_equal(found[series].time_ms, rows.time_ms[chosen])
        assert np.array_equal(found[series].value, rows.value[chosen])
        assert np.array_equal(found[series].quality, rows.quality[chosen])


def test_a_large_batch_is_several_requests_of_whole_lines_that_the_server_takes() -> None:
    count = 500_000
    bodies = bodies_of(rows_of([0] * 300_000 + [1] * 200_000, [0.5] * count, [1] * count))
    assert len(bodies) == 2
    assert max(map(len, bodies)) <= 8 * 2**20
    lines = [msgspec.json.decode(line, type=Exported) for body in bodies for line in body.splitlines()]
    assert sum(len(line.values) for line in lines) == count
    assert max(len(line.values) for line in lines) == 50_000


def test_no_samples_are_no_request() -> None:
    assert bodies_of(rows_of([], [], [])) == []
