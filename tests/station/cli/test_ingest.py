"""`headland ingest` as a person types it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from headland.contract.codec import encode_batch
from headland.contract.refusals import Reason, Refused
from headland.contract.topics import Topic, data_topic
from headland.errors import SettingsError
from headland.store.duckdb.store import DuckDBStore
from headland.store.memory import MemoryStore
from headland.store.port import Mark, MarkState, SeriesFilter
from ingest.mqtt.inbox import Inbox
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.refused_messages import RefusedMessage
from ingest.quarantine.replays import spool_marks
from ingest.settings import IngestSettings
from ingest.writer import IngestWriter
from station.cli.app import app
from station.cli.commands.services.ingest_run import parse_shards
from station.cli.options import ingest_bounds
from station.local.folder import FarmFolder
from tests.broker import Broker
from tests.ingest.gateway import Gateway, batch_of
from tests.ingest.writer_bench import RecordedAcks
from tests.ports import find_free_port
from tests.waiting import wait_until

WHY = (Refused(Reason.WRONG_VERSION, "version 2 of the contract"),)
MARK = Mark("gw-1", "e1", 4, 4)
GOOD = RefusedMessage(data_topic("gw-1"), encode_batch(batch_of(4)), WHY, {"seq": "4"}, Topic("data", "gw-1"), MARK)
BAD = RefusedMessage("other/topic", b"\x00\xff", (Refused(Reason.UNKNOWN_TOPIC, "other/topic"),))


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    """A farm's folder with two refused messages: 1 would be accepted now, 2 never."""
    folder = FarmFolder(tmp_path)
    folder.create()
    quarantine = Quarantine(folder.quarantine_path, 1024 * 1024, 100)
    quarantine.add([GOOD, BAD], 1_790_000_000_000)
    quarantine.close()
    return folder


@pytest.fixture
def store(folder: FarmFolder) -> Iterator[MemoryStore]:
    """The store of an ingest that runs on the folder."""
    store = MemoryStore()
    settings = IngestSettings(quarantine_path=folder.quarantine_path)
    writer = IngestWriter(settings, store, Inbox(10), RecordedAcks())
    writer.start()
    yield store
    writer.stop()


def run(folder: FarmFolder, *words: str) -> Result:
    return CliRunner().invoke(app, ["ingest", "quarantine", *words, "--data", str(folder.root)])


def test_refused_messages_are_listed_and_shown(folder: FarmFolder, tmp_path: Path) -> None:
    lines = run(folder, "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "2", "1"]
    assert re.search(r"2026-09-21 \S+ +1 +gw-1 +4 +wrong_version: version 2 of the contract", lines[2])
    assert run(folder, "list", "--gateway", "gw-2").stdout == "No refused messages.\n"
    shown = run(folder, "show", "1", "--out", str(tmp_path / "payload.bin")).stdout
    assert "4 to 4 of epoch e1" in shown
    assert '"air_temperature_degc":[20.0,20.5]' in shown
    assert (tmp_path / "payload.bin").read_bytes() == GOOD.payload
    assert "00 ff" in run(folder, "show", "2").stdout


def test_a_replay_says_what_came_of_each_message(folder: FarmFolder, store: MemoryStore) -> None:
    result = run(folder, "replay", "1", "2")
    assert result.stdout == "1: stored\n2: refused again: unknown_topic: other/topic\n"
    assert len(store.raw(SeriesFilter("local"), 0, 2**60)[0].time_ms) == 2
    assert spool_marks(store.marks()) == {}
    assert "1 without success" in run(folder, "show", "2").stdout


def test_a_replay_waits_for_an_ingest_that_does_not_run_yet(folder: FarmFolder) -> None:
    result = run(folder, "replay", "1", "--wait", "0")
    assert result.stdout == "1: pending until an ingest service runs on this folder\n"
    assert "replay pending" in run(folder, "list").stdout


def test_dropped_messages_are_gone(folder: FarmFolder, store: MemoryStore) -> None:
    assert run(folder, "drop", "1", "2").stdout == "1: deleted\n2: deleted\n"
    assert run(folder, "list").stdout == "No refused messages.\n"


@pytest.mark.parametrize("command", ["show", "replay", "drop"])
def test_a_message_that_is_not_there_is_said(folder: FarmFolder, command: str) -> None:
    error = run(folder, command, "99").exception
    assert isinstance(error, SettingsError)
    assert "No message 99" in str(error)


def test_shards_are_written_as_ranges() -> None:
    assert parse_shards("0-15") == frozenset(range(16))
    assert parse_shards("0,2, 9-11") == frozenset({0, 2, 9, 10, 11})


@pytest.mark.parametrize("text", ["", "16", "0-16", "5-3", "a", "1,,2", "-3", "3-"])
def test_what_names_no_shards_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a list of shards"):
        parse_shards(text)


@pytest.mark.services("mosquitto")
@pytest.mark.parametrize("listens", [False, True])
def test_ingest_runs_as_a_service_of_its_own(mosquitto: Broker, tmp_path: Path, listens: bool) -> None:
    store_path = tmp_path / "store.duckdb"
    address = f"{mosquitto.host}:{mosquitto.port}"
    command = [sys.executable, "-P", "-m", "station", "ingest", "run", "--broker", address, "--store", str(store_path)]
    listen = f"127.0.0.1:{find_free_port()}"
    if listens:
        command += ["--listen", listen]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "HEADLAND_WORKER_TOKEN": "t" * 16}
    service = subprocess.Popen(command, env=environ)
    try:
        with Gateway(mosquitto.host, mosquitto.port) as gateway:

            def is_acked_after_sending() -> bool:
                gateway.send(batch_of(1))
                return bool(gateway.acks)

            wait_until(is_acked_after_sending)
        if listens:
            assert httpx.get(f"http://{listen}/readyz", timeout=120).json()["ready"]
            delivery = f"http://{listen}/v1/gateways/gw-1/delivery"
            assert httpx.get(delivery, timeout=120).status_code == httpx.codes.UNAUTHORIZED
            assert httpx.get(delivery, headers={"Authorization": "Bearer " + "t" * 16}, timeout=120).json()["loss"] == 0
            mosquitto.kill()
            wait_until(
                lambda: httpx.get(f"http://{listen}/readyz", timeout=120).status_code == httpx.codes.SERVICE_UNAVAILABLE
            )
    finally:
        service.terminate()
        assert service.wait(120) == 0
    store = DuckDBStore(store_path)
    try:
        assert store.marks() == {("gw-1", "e1"): MarkState(1)}
    finally:
        store.close()


def test_quotas_come_from_the_environment_and_a_wrong_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEADLAND_MAX_DEVICES", "7")
    monkeypatch.setenv("HEADLAND_QUARANTINE_MAX_RECORDS", " 20 ")
    settings = IngestSettings(quarantine_path=tmp_path / "q", **ingest_bounds())
    assert (settings.quotas.devices, settings.quarantine_max_records, settings.quotas.series) == (7, 20, 512)
    for text in ("many", "-1", "1.5"):
        monkeypatch.setenv("HEADLAND_MAX_DEVICES", text)
        with pytest.raises(SettingsError, match="HEADLAND_MAX_DEVICES"):
            ingest_bounds()
    monkeypatch.setenv("HEADLAND_MAX_DEVICES", "0")
    with pytest.raises(SettingsError, match="max_devices must be between 1 and"):
        IngestSettings(quarantine_path=tmp_path / "q", **ingest_bounds())
