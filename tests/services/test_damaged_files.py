"""A station whose files are damaged, missing or away starts, stores what gateways send, and says what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from headland.registry.auth.api_keys import make_key
from headland.registry.registry import open_registry
from headland.store.duckdb.paths import parity_of, wal_of
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState
from ingest.quarantine.replays import spool_marks
from station.local.folder import FarmFolder
from station.server.organisation import ensure_bootstrap_key, ensure_organisation
from station.server.storage.registries import registry_url
from tests.broker import Broker
from tests.ingest.gateway import Gateway, batch_of
from tests.ports import find_free_port
from tests.postgres import Postgres
from tests.waiting import wait_until

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]


class Station:
    """`headland station` as a process of its own."""

    def __init__(self, folder: FarmFolder, broker: Broker, *options: str) -> None:
        folder.create()
        port = find_free_port()
        self.folder = folder
        self.log = folder.root / "station.txt"
        address = ["--broker", f"{broker.host}:{broker.port}", "--port", str(port)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "station", "station", "--data", str(folder.root), *address, *options],
                env={**os.environ, "HOME": str(folder.root)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)

    def readiness(self) -> dict[str, tuple[bool, str]]:
        """Return each check of /readyz; empty while the station does not answer."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            checks = self.client.get("/readyz").json()["checks"]
        except httpx.TransportError:
            return {}
        return {check["name"]: (check["ok"], check["detail"]) for check in checks}

    def is_ok(self, check: str) -> bool:
        return self.readiness().get(check, (False, ""))[0]

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers={"Authorization": f"Bearer {self.folder.api_key() or make_key()}"})


@contextmanager
def running(folder: FarmFolder, broker: Broker, *options: str) -> Iterator[Station]:
    station = Station(folder, broker, *options)
    try:
        yield station
    finally:
        station.process.terminate()
        try:
            station.process.wait(120)
        finally:
            station.process.kill()
            station.process.wait()
            station.client.close()


def send(broker: Broker, seq: int) -> None:
    """Send a record and wait for its commit ack."""
    with Gateway(broker.host, broker.port) as gateway:
        gateway.send(batch_of(seq))
        wait_until(lambda: any(ack.seq >= seq for ack in gateway.acks))


def test_an_unreadable_registry_stops_neither_the_station_nor_ingest_and_its_repair_needs_no_restart(
    tmp_path: Path, mosquitto: Broker
) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    # As a station makes it at its first start.
    with closing(open_registry(registry_url(None, folder.registry_path))) as registry:
        ensure_bootstrap_key(registry, ensure_organisation(registry, "local", "station"), folder.api_key_path)
    key = folder.api_key()
    whole = folder.registry_path.read_bytes()
    damaged = bytearray(whole)
    damaged[100:130] = bytes(30 * [0xFF])
    folder.registry_path.write_bytes(damaged)
    with running(folder, mosquitto) as station:
        wait_until(lambda: station.is_ok("ingest"))
        send(mosquitto, 1)
        is_ok, said = station.readiness()["registry"]
        assert not is_ok
        assert "damaged" in said
        answer = station.get("/v1/devices")
        assert answer.status_code == 503
        assert "back-up" in answer.json()["detail"]
        assert folder.registry_path.read_bytes() == damaged
        back = tmp_path / "back-up.sqlite"
        back.write_bytes(whole)
        back.replace(folder.registry_path)
        wait_until(lambda: station.is_ok("registry"))
        assert folder.api_key() == key
        wait_until(lambda: station.get("/v1/devices").status_code == 200)


def test_files_that_are_deleted_while_the_station_runs_are_written_again_and_it_is_said(
    tmp_path: Path, mosquitto: Broker
) -> None:
    folder = FarmFolder(tmp_path / "farm")
    with running(folder, mosquitto) as station:
        wait_until(lambda: station.is_ok("ingest") and station.is_ok("registry"))
        send(mosquitto, 1)
        folder.store_path.unlink()
        folder.registry_path.unlink()
        wait_until(lambda: not station.is_ok("store") and not station.is_ok("registry"))
        for check in ("store", "registry"):
            assert "deleted while the station was running" in station.readiness()[check][1]
        send(mosquitto, 2)
        answer = station.client.post(
            "/v1/store/damage/acknowledge", headers={"Authorization": f"Bearer {folder.api_key()}"}
        )
        assert [item["kind"] for item in answer.json()["items"]] == ["deleted", "deleted"]
        assert station.is_ok("store")
        assert station.is_ok("registry")
        station.process.kill()
        station.process.wait(120)
    store = DuckDBStore(folder.store_path)
    assert spool_marks(store.marks()) == {("gw-1", "e1"): MarkState(2)}
    store.close()
    registry = open_registry(f"sqlite:///{folder.registry_path}")
    assert registry.authenticate(str(folder.api_key())) is not None
    registry.close()


def test_a_registry_that_is_new_beside_a_known_store_is_said_until_it_is_acknowledged(
    tmp_path: Path, mosquitto: Broker
) -> None:
    folder = FarmFolder(tmp_path / "farm")
    with running(folder, mosquitto) as station:
        wait_until(lambda: station.is_ok("ingest") and station.is_ok("registry"))
        send(mosquitto, 1)
        wait_until(lambda: station.is_ok("books"))
    for path in folder.registry_path.parent.glob(f"{folder.registry_path.name}*"):
        path.unlink()
    with running(folder, mosquitto) as station:
        wait_until(lambda: not station.readiness().get("books", (True, ""))[0])
        assert "The registry" in station.readiness()["books"][1]
        wait_until(lambda: station.is_ok("registry"))
        key = {"Authorization": f"Bearer {folder.api_key()}"}
        assert station.client.post("/v1/store/damage/acknowledge", headers=key).status_code == 200
        assert station.is_ok("books")


@pytest.mark.services("postgresql")
def test_a_postgresql_that_is_away_at_the_start_is_used_once_it_is_there(tmp_path: Path, mosquitto: Broker) -> None:
    folder = FarmFolder(tmp_path / "farm")
    server = Postgres()
    server.start()
    try:
        url = server.new_database()
        server.kill()
        with running(folder, mosquitto, "--registry", url) as station:
            wait_until(lambda: station.is_ok("ingest"))
            send(mosquitto, 1)
            assert not station.is_ok("registry")
            assert station.get("/v1/devices").status_code == 503
            server.start()
            wait_until(lambda: station.is_ok("registry"))
            wait_until(lambda: folder.api_key() is not None)
            wait_until(lambda: station.get("/v1/devices").status_code == 200)
    finally:
        server.close()


def test_a_damaged_quarantine_stops_nothing_and_what_is_readable_is_kept(tmp_path: Path, mosquitto: Broker) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    shutil.copyfile(Path(__file__), folder.quarantine_path)
    with running(folder, mosquitto) as station:
        wait_until(lambda: station.is_ok("ingest"))
        send(mosquitto, 1)
        assert list(folder.quarantine_path.parent.glob("quarantine.sqlite.damaged-*"))


def test_a_station_whose_log_is_damaged_keeps_what_is_before_and_delivery_names_the_rest(
    tmp_path: Path, mosquitto: Broker
) -> None:
    folder, sent = FarmFolder(tmp_path / "farm"), 12
    with running(folder, mosquitto) as station:
        wait_until(lambda: station.is_ok("ingest"))
        for seq in range(1, sent + 1):
            send(mosquitto, seq)
        station.process.kill()
        station.process.wait(120)
    log = wal_of(folder.store_path)
    body = bytearray(log.read_bytes())
    # Its first half holds the tables.
    middle = len(body) * 3 // 4
    body[middle : middle + 9] = bytes(each ^ 0x5A for each in body[middle : middle + 9])
    log.write_bytes(body)
    parity_of(log).unlink(missing_ok=True)
    with running(folder, mosquitto) as station:
        wait_until(lambda: station.is_ok("ingest"))
        is_ok, said = station.readiness()["store"]
        assert not is_ok
        kept = int(re.findall(r"gw-1 up to (\d+) of e1", said)[0])
        assert 0 < kept < sent
        with Gateway(mosquitto.host, mosquitto.port) as gateway:
            gateway.send(batch_of(sent + 1))

        def gaps() -> list[tuple[int, int]]:
            delivery = station.get("/v1/gateways/gw-1/delivery").json()
            return [(gap["first"], gap["last"]) for gap in (*delivery["missing"], *delivery["lost"])]

        wait_until(lambda: gaps() == [(kept + 1, sent)])
        assert any(path.read_bytes() == body for path in log.parent.glob("farm.duckdb.damaged-*.wal"))
