"""Retention in simulated time: what it deletes is expired and not lost, and a wrong clock deletes nothing."""

from __future__ import annotations

import pytest

from headland.clock.station_clock.station_clock import StationClock
from station.simulation.world import RunSettings, run_world


def test_what_retention_deletes_is_expired_and_not_lost() -> None:
    result = run_world(RunSettings(1, 24.0, ("expire", "kill-ingest", "repeat-messages"), is_dense=True))
    assert result.sentences() == []
    assert result.faults["expire"] > 0
    assert [len(verdict.lost) for verdict in result.verdicts] == [0] * len(result.verdicts)
    assert sum(verdict.expired for verdict in result.verdicts) > 0
    assert all(verdict.stored + verdict.expired == verdict.accepted for verdict in result.verdicts)


def test_a_wrong_clock_that_is_believed_is_found_by_what_it_deletes(monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunSettings(1, 24.0, ("expire", "step-station-clock"), is_dense=True)
    assert run_world(run).sentences() == []
    monkeypatch.setattr(StationClock, "in_doubt", lambda _: False)
    assert any("deleted samples" in sentence for sentence in run_world(run).sentences())
