"""The whole chain from one seed: nothing lost, nothing doubled, the same steps again, and faults in it are found."""

import subprocess
import sys

import pytest

from edge.uplink.settings import BrokerSettings
from headland.store.memory import MemoryStore
from headland.store.port import WriteBatch, WriteResult
from station.simulation.faults.catalogue import FAULTS
from station.simulation.machines import gateway as gateways
from station.simulation.machines.store import SimulatedMemoryStore
from station.simulation.world import RunSettings, run_world

#: The clocks and the chance of this machine raise, before any part of the product is imported. Only the age of a thread
#: is of this machine, and no thread runs.
_WITHOUT_CLOCK = """
import random, secrets, tempfile, threading, time, types, uuid
import headland.runtime.supervised_thread
headland.runtime.supervised_thread.time = types.SimpleNamespace(monotonic=lambda: 0.0)
def real(*_):
    raise AssertionError("the simulation asks the real machine")
time.monotonic = time.time_ns = random.random = secrets.token_hex = uuid.uuid4 = real
from station.simulation.world import RunSettings, run_world
print(run_world(RunSettings(4, 12.0)).digest)
"""


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 6))])
def test_faults_of_a_day_lose_and_double_nothing(seed: int) -> None:
    result = run_world(RunSettings(seed))
    assert result.sentences() == []
    assert sum(verdict.accepted for verdict in result.verdicts) > 20
    for verdict in result.verdicts:
        assert verdict.stored + verdict.quarantined + verdict.said + verdict.untraced == verdict.accepted


# A copied card under a replaced store; a bit that takes the type of a record's number; a log lost after two renamings;
# damage that SQLite names by bytes that are no text;
# a record of a copied card that the broker dropped, under a number by which the other content was stored;
# a report that waited in a spool whose check file was older, and was lost with it;
# a record of a copied card under a number of the copy, with which its device had been moved: refused, and kept nowhere;
# a newer copy of the station's folder put back after an older one.
@pytest.mark.long
@pytest.mark.parametrize(
    "seed", [1677478039, 1677478146, 327520095, 900000978, 900000730, 1400001778, 1423191154, 724241897]
)
def test_a_day_that_failed_once_holds(seed: int) -> None:
    assert run_world(RunSettings(seed, 24.0)).sentences() == []


@pytest.mark.long
def test_every_fault_alone_loses_and_doubles_nothing() -> None:
    for number, name in enumerate(FAULTS):
        result = run_world(RunSettings(number, 4.0, (name,)))
        assert result.sentences() == [], name
        assert result.chosen == [name]


def test_on_duckdb_a_run_takes_the_same_steps_though_each_kill_reopens_its_files() -> None:
    kills = ("kill-ingest", "kill-ingest-before-commit", "kill-ingest-after-commit", "fail-store", "restore-store")
    result = run_world(RunSettings(5, 3.0, kills, "duckdb"))
    assert result.sentences() == []
    assert result.digest == run_world(RunSettings(5, 3.0, kills)).digest
    assert result.faults


@pytest.mark.long
def test_the_same_seed_gives_the_same_steps_without_clock_and_chance_of_this_machine() -> None:
    here = run_world(RunSettings(4, 12.0)).digest
    assert run_world(RunSettings(5, 12.0)).digest != here
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _WITHOUT_CLOCK],
            capture_output=True, text=True, check=False, env={"PYTHONHASHSEED": hash_seed}, timeout=120,
        )  # fmt: skip
        assert done.stderr == ""
        assert done.stdout.strip() == here


def test_deleting_on_the_puback_is_found_as_a_loss_that_delivery_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def delete_on_puback(**changes: object) -> BrokerSettings:
        return BrokerSettings(delete_on="puback", **changes)  # type: ignore[arg-type] # those of the simulation

    monkeypatch.setattr(gateways, "BrokerSettings", delete_on_puback)
    faults = ("forget-broker", "kill-ingest", "freeze-ingest")
    verdicts = (verdict for seed in range(20) for verdict in run_world(RunSettings(seed, 24.0, faults)).verdicts)
    found = next(verdict for verdict in verdicts if verdict.lost)
    assert found.said == len(found.lost)  # the gateway reports what it deleted, and the store does not have it


def test_an_ack_before_the_commit_is_found_as_a_loss_that_delivery_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(self: SimulatedMemoryStore, batch: WriteBatch) -> WriteResult:
        if self.fault == "killed before storing":  # as if it had been stored
            self.fault = ""
            return WriteResult(len(batch.points))
        return MemoryStore.write(self, batch)

    monkeypatch.setattr(SimulatedMemoryStore, "write", forget)
    results = (run_world(RunSettings(seed, 24.0, ("kill-ingest-before-commit",))) for seed in range(3))
    found = next(verdict for result in results for verdict in result.verdicts if verdict.lost)
    assert found.said == len(found.lost)  # the marks lack what the gateway reports as committed
