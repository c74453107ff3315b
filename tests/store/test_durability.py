"""Durability and atomicity of every engine that outlives its process: reopened, and killed between statements."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headland.store.port import MarkState, Store, WriteResult
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of
from tests.store.conftest import EnginePlace
from tests.store.crash_writer import POINTS, SERIES, numbered_batch
from tests.store.test_events_and_devices import HOUSE

ROOT = Path(__file__).parents[2]
#: Engines whose batch is one transaction: a reader never sees a part of it.
WHOLE_BATCHES = ("duckdb", "remote")
#: More than any engine has in one write.
_PAST_THE_LAST = 10_000


def contents(store: Store) -> dict[str, object]:
    """Everything that a store answers."""
    return {
        "samples": rows_of(store),
        "latest": store.last(EVERYTHING),
        "events": store.events(ORG, 0, 2**60),
        "marks": store.marks(),
        "conflicts": store.conflicts(ORG, 0, 2**60),
        "devices": [(record.gateway, record.descriptor) for record in store.devices(ORG, HOUSE.device)],
        "points": store.info().points,
    }


def test_a_store_that_is_opened_again_answers_the_same(place: EnginePlace) -> None:
    store = place.open()
    store.describe(ORG, "gw", HOUSE)
    store.write(numbered_batch(1))
    store.write(batch((key(), 5000, 20.0), (key(), 9000, 21.0), events=[event(7)], latest_until_ms=6000))
    store.write(batch((key(), 5000, 22.0)))
    before = contents(store)
    store.close()
    again = place.open()
    assert contents(again) == before
    assert before["marks"] == {("gw", "e"): MarkState(1)}
    assert again.write(numbered_batch(1)) == WriteResult(0, duplicate=POINTS)
    assert contents(again) == before
    again.close()


def test_a_server_that_is_killed_after_an_acknowledgement_has_what_was_acknowledged(server_place: EnginePlace) -> None:
    store = server_place.open()
    store.write(numbered_batch(1))
    store.write(batch((key(), 5000, 20.0), events=[event(7)]))
    before = contents(store)
    server_place.kill_server()
    store.close()
    again = server_place.open()
    assert contents(again) == before
    again.close()


def write_and_be_killed(place: EnginePlace, first: int, at: int) -> tuple[int, int | None]:
    """Write `first`, be killed at statement `at` of the next: the last one acknowledged, the number of statements."""
    words = [sys.executable, "-m", "tests.store.killed_writer", place.engine, place.text, str(first), str(at)]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = dict(line.split() for line in said.stdout.splitlines() if not line.startswith("done"))
    done = [int(line.split()[1]) for line in said.stdout.splitlines() if line.startswith("done")]
    assert done, said.stderr
    return max(done), int(lines["statements"]) if lines else None


def check_whole(store: Store, place: EnginePlace, acknowledged: int) -> int:
    """Check what is there after a kill, send the next batch again, and return the number of batches."""
    marked = store.marks()["gw", "e"].high_water
    assert marked >= acknowledged, "an acknowledged batch has no mark"
    found = store.raw(EVERYTHING, 0, 2**60)
    for number in range(1, marked + 1):
        times_ms = set(numbered_batch(number).points.time_ms.tolist())
        assert len(found) == SERIES
        assert all(times_ms <= set(samples.time_ms.tolist()) for samples in found), "a mark is ahead of its samples"
    assert set(range(1, marked + 1)) <= {each.t for each in store.events(ORG, 0, 2**60)}, "a mark is ahead of its event"
    if place.engine in WHOLE_BATCHES:
        assert store.info().points == marked * POINTS, "a batch is torn"
    again = store.write(numbered_batch(marked + 1))
    assert (again.accepted + again.duplicate, again.conflicting) == (POINTS, 0)
    assert store.info().points == (marked + 1) * POINTS
    assert [each.t for each in store.events(ORG, 0, 2**60)] == list(range(1, marked + 2))
    return marked + 1


@pytest.mark.long
def test_a_kill_between_any_two_statements_leaves_no_mark_ahead_of_its_samples(place: EnginePlace) -> None:
    acknowledged, statements = write_and_be_killed(place, 1, _PAST_THE_LAST)
    assert acknowledged == 2
    assert statements is not None
    assert statements > 1
    store = place.open()
    stored = check_whole(store, place, acknowledged)
    store.close()
    step = max(1, statements // examples(statements))
    for at in range(1, statements + 1, step):
        acknowledged, _ = write_and_be_killed(place, stored + 1, at)
        assert acknowledged == stored + 1, "the writer was killed elsewhere"
        store = place.open()
        stored = check_whole(store, place, acknowledged)
        store.close()
