"""The thread that deletes by retention: a round a day, and none while the clock is in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headland.registry.models.models import Scope
from headland.registry.registry import Registry, open_registry
from headland.units_of_time import DAY_MS
from station.server.organisation import ensure_organisation
from station.server.workers.record_retention import RecordRetentionWorker
from tests.registry.conftest import ManualClock


class Station:
    """A registry whose organisation signed in on twenty days, two years ago."""

    def __init__(self, registry: Registry, clock: ManualClock) -> None:
        self.clock, self.in_doubt = clock, False
        self.deleted: dict[str, tuple[int, int | None]] = {}
        repositories = ensure_organisation(registry, "local", "test")
        _, key = repositories.add_key("till", Scope.ADMIN)
        for _ in range(20):
            clock.advance(DAY_MS)
            registry.begin_session(key)
        clock.advance(730 * DAY_MS)
        registry.begin_session(key)
        repositories.retention.choose("audit", 365)
        self.repositories = repositories
        self.worker = RecordRetentionWorker(registry, "local", clock, lambda: self.in_doubt, lambda: self.deleted)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    clock = ManualClock()
    with closing(open_registry(f"sqlite:///{tmp_path}/registry.sqlite", clock)) as registry:
        yield Station(registry, clock)


def test_a_round_is_done_once_a_day_until_nothing_is_due(station: Station) -> None:
    assert station.worker.look() == {"audit": 7, "alarms": 0}
    assert station.worker.look() == {}
    counts = []
    for _ in range(4):
        station.clock.advance(DAY_MS)
        counts.append(station.worker.look()["audit"])
    assert counts == [7, 6, 0, 0]
    assert station.worker.counters()["audit_deleted_by_retention"] == 20
    assert station.worker.threads()[0].item_failures == 0


def test_nothing_is_deleted_while_the_clock_is_in_doubt(station: Station) -> None:
    station.in_doubt = True
    assert station.worker.look() == {}
    station.in_doubt = False
    assert station.worker.look()["audit"] == 7


def test_a_round_of_a_clock_that_was_ahead_keeps_none_of_today_away(station: Station) -> None:
    station.clock.advance(20 * 365 * DAY_MS)
    # A day after the newest entry at most: the same as today, whatever the clock shows.
    assert station.worker.look()["audit"] == 7
    station.clock.advance(-20 * 365 * DAY_MS)
    assert station.worker.look()["audit"] == 7


def test_what_the_store_has_deleted_is_in_the_audit_log_once(station: Station) -> None:
    def noted() -> list[tuple[str, str | None]]:
        entries = station.repositories.audit_entries(limit=1000)
        return [(entry.record, entry.after) for entry in entries if entry.kind == "deletion by retention"]

    station.deleted = {"samples": (0, None), "events": (0, None)}
    station.worker.look()
    assert noted() == []
    station.deleted = {"samples": (5000, 86_400_000), "events": (7, 0)}
    station.worker.look()
    station.worker.look()
    assert noted() == [("events", '{"deleted":7,"until_ms":0}'), ("samples", '{"deleted":5000,"until_ms":86400000}')]
    station.deleted = {"samples": (5001, 172_800_000)}
    station.worker.look()
    assert noted()[0] == ("samples", '{"deleted":1,"until_ms":172800000}')
    # A store that was replaced counts from nothing.
    station.deleted = {"samples": (10, 172_800_000)}
    station.worker.look()
    assert noted()[0] == ("samples", '{"deleted":10,"until_ms":172800000}')
