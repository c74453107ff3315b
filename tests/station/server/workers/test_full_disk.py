"""Health on a full disk and without file descriptors: a check that cannot be made, or whose work fails, is not ok."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.registry.registry import Registry, open_registry
from headland.store.memory import MemoryStore
from station.server.notifications.sender import NotificationSender
from station.server.organisation import ensure_organisation
from station.server.serve import check_delivery
from station.server.workers.alarm_worker import AlarmWorker
from tests.full_disk import no_file_may_be_opened, no_file_may_grow
from tests.ingest.gateway import batch_of
from tests.ingest.writer_bench import Bench
from tests.waiting import wait_until

HANDLE = "local"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    ensure_organisation(opened, HANDLE, "test")
    yield opened
    opened.close()


def test_alarms_fail_while_the_disk_of_the_registry_is_full(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.server.workers.alarm_worker._EVALUATE_EVERY_S", 0.05)
    monkeypatch.setattr("station.server.workers.alarm_worker._REST_S", 0.05)
    monkeypatch.setattr("station.server.workers.alarm_worker._RENEW_AFTER_MS", 0)
    worker = AlarmWorker(registry, MemoryStore(), HANDLE, None)
    worker.start()
    try:
        wait_until(lambda: worker.counters()["alarm_rounds"] > 0)
        assert worker.check().ok
        with no_file_may_grow():
            wait_until(lambda: not worker.check().ok)
            assert "cannot be used now" in worker.check().detail
        wait_until(lambda: worker.check().ok)
    finally:
        worker.stop()


def test_notifications_fail_while_the_notices_cannot_be_read(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.server.notifications.sender._CHECK_EVERY_S", 0.05)
    sender = NotificationSender(registry, HANDLE, None, None)
    sender.start()
    try:
        wait_until(lambda: sender.threads()[0].success_age_s < 10)
        assert sender.check().ok
        path = tmp_path / "registry.sqlite"
        path.rename(tmp_path / "away")
        path.mkdir()  # no file of this name can be opened
        wait_until(lambda: not sender.check().ok)
        path.rmdir()
        (tmp_path / "away").rename(path)
    finally:
        sender.stop()


def test_delivery_fails_while_its_books_cannot_be_opened(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.writer.load()
    bench.put(batch_of(1))
    bench.settle()
    assert check_delivery(bench.service).ok
    bench.service._losses = (float("-inf"), {})
    with no_file_may_be_opened():
        check = check_delivery(bench.service)
    assert not check.ok
    assert "not checked" in check.detail
    assert check_delivery(bench.service).ok
    bench.writer.finish()


def test_ingest_fails_as_soon_as_the_disk_of_the_quarantine_takes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.writer.load()
    bench.put(batch_of(1))
    bench.settle()
    with no_file_may_grow():
        bench.put(batch_of(2))  # nothing of it is refused: how far its spool is committed is saved every ten seconds
        bench.writer._next_save_s = 0.0
        bench.writer._next_replay_s = 0.0
        bench.settle()
        wait_until(lambda: bench.service._health_of_storage() is not None)
    bench.writer.finish()
