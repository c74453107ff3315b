"""SIGKILL during writes: every acknowledged record is there once, and the audit log is complete."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.errors import RetryLater
from headland.registry.models.models import Farm
from headland.registry.registry import Registry, open_registry
from tests.postgres import Postgres
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def durable_postgres() -> Iterator[Postgres]:
    """A server of its own that really writes."""
    server = Postgres()
    server.start()
    yield server
    server.close()


def check(registry: Registry, acknowledged: list[str], unsure: int) -> None:
    """All that was acknowledged is kept once; beside it only what was under way."""
    repositories = registry.repositories(registry.organisation("local").id, "test")
    kept = [farm.name for farm in repositories.farms.all()]
    assert len(set(kept)) == len(kept)
    assert set(acknowledged) <= set(kept)
    assert len(kept) <= len(acknowledged) + unsure
    found = repositories.check_audit()
    assert (found.entries, found.broken_at) == (1 + len(kept), None)


@pytest.mark.services("postgresql")
@pytest.mark.long
def test_a_killed_postgresql_loses_nothing_that_was_acknowledged(durable_postgres: Postgres) -> None:
    registry = open_registry(durable_postgres.new_database())
    organisation = registry.add_organisation("local", "Our farm", "test").id
    acknowledged: list[str] = []
    stop = threading.Event()

    def write(writer: int) -> None:
        repositories = registry.repositories(organisation, f"writer {writer}")
        for number in range(100_000):
            if stop.is_set():
                return
            try:
                acknowledged.append(repositories.farms.add(Farm(name=f"farm {writer}-{number}")).name)
            except RetryLater:
                stop.wait(0.02)

    threads = [threading.Thread(target=write, args=(writer,), name=f"writer-{writer}") for writer in range(4)]
    for thread in threads:
        thread.start()
    kills = 2
    for _ in range(kills):
        before = len(acknowledged)
        wait_until(lambda before=before: len(acknowledged) > before + 30)  # type: ignore[misc] # a closure's own copy
        durable_postgres.kill()
        durable_postgres.start()
    before = len(acknowledged)
    wait_until(lambda: len(acknowledged) > before)
    stop.set()
    for thread in threads:
        thread.join()
    check(registry, acknowledged, unsure=kills * len(threads))
    registry.close()


def test_a_killed_process_loses_nothing_that_it_acknowledged_in_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    registry = open_registry(url)
    registry.add_organisation("local", "Our farm", "test")
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.registry.crash_writer", url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(30)]
    writer.kill()
    acknowledged += writer.communicate()[0].split("\n")[:-1]
    check(registry, acknowledged, unsure=1)
    registry.close()
