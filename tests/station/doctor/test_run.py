"""The doctor, on a farm where each thing is broken in turn."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from edge.agent.status import AgentStatus, SourceStatus, UplinkStatus, write_status
from headland.clock import wall_clock_ms
from headland.contract.records import SpoolStatus
from headland.registry.db import migration
from headland.registry.db.database import Database
from headland.registry.db.photo_files import PhotoFiles, digest_of
from headland.registry.models.models import NotePhoto
from headland.registry.registry import open_registry
from headland.store.duckdb.store import DuckDBStore
from station.doctor.broker import check_broker, check_mosquitto
from station.doctor.finding import DiagnosticContext, Finding, State
from station.doctor.gateway import check_gateway, check_spool
from station.doctor.machine import check_disk
from station.doctor.run import ALL_WELL, check_delivery, examine, report_lines
from station.doctor.storage import ask_station, check_photos, check_registry, check_store
from station.local.folder import FarmFolder
from station.server.organisation import open_first_organisation
from station.server.storage.registries import registry_url
from station.server.storage.stores import store_url
from tests.broker import Broker
from tests.ports import find_free_port
from tests.station.silent_server import SilentServer


def context(folder: FarmFolder, **changes: Any) -> DiagnosticContext:
    """A farm that does not run, but for `changes`."""
    values: dict[str, Any] = {
        "folder": folder,
        "store_url": store_url(None, folder.store_path),
        "registry_url": registry_url(None, folder.registry_path),
        "broker": None,
        "username": None,
        "password": None,
        "api_url": None,
        **changes,
    }
    return DiagnosticContext(**values)


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    made = FarmFolder(tmp_path / "farm")
    made.create()
    return made


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


# --- the broker


@pytest.fixture
def strict_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker with a login that ingest has, one that may publish nothing, and small limits."""
    passwords, access = tmp_path / "passwords", tmp_path / "acl"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(passwords), "ingest", "right"], check=True)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "reader", "right"], check=True)
    access.write_text("user ingest\ntopic readwrite #\n\nuser reader\ntopic read #\n")
    broker = Broker(
        tmp_path / "strict",
        lines=[f"password_file {passwords}", f"acl_file {access}", "max_packet_size 20000", "retain_available false"],
    )
    config = tmp_path / "strict" / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    broker.start()
    yield broker
    broker.kill()


def test_a_sound_broker_is_reached_and_answers(folder: FarmFolder, mosquitto: Broker) -> None:
    findings = check_broker(context(folder, broker=(mosquitto.host, mosquitto.port)))
    assert [(finding.check, finding.state) for finding in findings] == [
        ("broker", State.OK),
        ("broker limits", State.OK),
        ("round trip", State.OK),
    ]
    assert "acknowledged after" in findings[2].condition


def test_a_broker_that_is_not_there_has_failed(folder: FarmFolder) -> None:
    finding = only(check_broker(context(folder, broker=("127.0.0.1", find_free_port()))))
    assert finding.state is State.FAILED
    assert "cannot be reached" in finding.condition
    assert finding.remedy


def test_where_no_farm_runs_there_is_no_broker_to_look_at(folder: FarmFolder) -> None:
    finding = only(check_broker(context(folder)))
    assert (finding.state, finding.condition) == (State.WARNING, "no farm is running on this folder")


def test_something_that_is_no_broker_is_told_apart(folder: FarmFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.doctor.broker._TIMEOUT_S", 0.3)
    with SilentServer() as server:
        finding = only(check_broker(context(folder, broker=("127.0.0.1", server.port))))
    assert finding.state is State.FAILED
    assert "does not respond" in finding.condition


@pytest.mark.services("mosquitto")
def test_a_wrong_password_is_said(folder: FarmFolder, strict_broker: Broker) -> None:
    broker = (strict_broker.host, strict_broker.port)
    finding = only(check_broker(context(folder, broker=broker, username="ingest", password="wrong")))
    assert finding.state is State.FAILED
    assert "refuses ingest: Not authorized" in finding.condition
    assert "--password-file" in finding.remedy


@pytest.mark.services("mosquitto")
def test_limits_that_are_too_small_and_rights_that_are_missing_are_said(
    folder: FarmFolder, strict_broker: Broker
) -> None:
    broker = (strict_broker.host, strict_broker.port)
    _, limits, trip = check_broker(context(folder, broker=broker, username="reader", password="right"))
    assert (limits.state, trip.state) == (State.FAILED, State.FAILED)
    assert "20,000 bytes" in limits.condition
    assert "messages of 132,096 bytes" in limits.remedy
    assert "retain" in limits.remedy
    assert "may not publish commit acks" in trip.condition


def test_a_machine_without_mosquitto_is_told_what_that_means(
    folder: FarmFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.local.broker._SBIN", ())
    monkeypatch.setenv("PATH", str(folder.root))
    finding = only(check_mosquitto(context(folder)))
    assert finding.state is State.WARNING
    assert "apt-get install mosquitto" in finding.remedy


# --- the store


def test_a_sound_store_says_what_it_holds(folder: FarmFolder) -> None:
    assert "first start creates it" in only(check_store(context(folder))).condition
    assert not folder.store_path.exists()
    DuckDBStore(folder.store_path).close()
    finding = only(check_store(context(folder)))
    assert (finding.state, "0 points" in finding.condition) == (State.OK, True)


def test_a_damaged_store_is_told_and_left_where_it_is(folder: FarmFolder) -> None:
    folder.store_path.write_bytes(b"no database" * 1000)
    finding = only(check_store(context(folder)))
    assert finding.state is State.FAILED
    assert "headland store repair" in finding.remedy
    assert [path.name for path in folder.store_path.parent.iterdir()] == ["farm.duckdb"]


def test_a_store_that_another_process_holds_is_to_be_asked_there(folder: FarmFolder) -> None:
    DuckDBStore(folder.store_path).close()
    script = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(folder.store_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    finding = only(check_store(context(folder)))
    holder.communicate()
    assert finding.state is State.FAILED
    assert "in use by another process" in finding.condition
    assert "--api" in finding.remedy


def test_a_url_that_names_no_store_is_said(folder: FarmFolder) -> None:
    finding = only(check_store(context(folder, store_url="oracle://x")))
    assert finding.state is State.FAILED
    assert "--store URL" in finding.remedy


def test_a_store_server_that_is_away_has_failed(folder: FarmFolder) -> None:
    finding = only(check_store(context(folder, store_url=f"influx+http://127.0.0.1:{find_free_port()}/farm")))
    assert finding.state is State.FAILED
    assert finding.remedy


def test_a_station_that_does_not_answer_has_failed_and_is_asked_once(folder: FarmFolder) -> None:
    silent = context(folder, api_url=f"http://127.0.0.1:{find_free_port()}")
    finding = ask_station(silent, "store")
    assert finding.state is State.FAILED
    assert "does not respond" in finding.condition
    silent.station_answers[str(silent.api_url)] = "said before"
    assert ask_station(silent, "threads").condition == "said before"


# --- the registry


@pytest.mark.parametrize(
    ("ok", "detail", "state"),
    [
        (True, ALL_WELL, State.OK),
        (True, "8 records of gw-3 are lost", State.WARNING),
        (False, "two machines use the identity of gw-1: stop one and give it an id of its own", State.FAILED),
    ],
)
def test_what_delivery_has_to_tell_is_told(
    folder: FarmFolder, monkeypatch: pytest.MonkeyPatch, ok: bool, detail: str, state: State
) -> None:
    checks = {"checks": [{"name": "delivery", "ok": ok, "detail": detail}]}
    monkeypatch.setattr("station.doctor.storage._readiness", lambda *_: checks)
    (finding,) = check_delivery(context(folder, api_url="http://127.0.0.1:1"))
    assert (finding.state, finding.condition) == (state, f"the running station reports: {detail}")
    assert bool(finding.remedy) == (state is not State.OK)
    assert check_delivery(context(folder)) == []


def test_the_photos_of_notes_are_compared_with_the_registry_byte_by_byte(folder: FarmFolder) -> None:
    assert check_photos(context(folder)) == []
    folder.registry_path.parent.mkdir(parents=True, exist_ok=True)
    registry = open_registry(f"sqlite:///{folder.registry_path}")
    repositories = registry.repositories(registry.add_organisation("own", "Own", "test").id, "test")
    files = PhotoFiles(folder.photos_path)
    draft = NotePhoto(
        id="", media="image/png", width_px=1, height_px=1, size_bytes=4, digest=digest_of(b"\x89PNG"), added_ms=0
    )
    photo, _ = repositories.photos.add(draft, 9, lambda made: files.write(repositories.organisation, made, b"\x89PNG"))
    registry.close()
    finding = only(check_photos(context(folder)))
    assert (finding.state, "1 photo of notes" in finding.condition) == (State.OK, True)
    next(folder.photos_path.rglob("*.png")).write_bytes(b"\x89PNX")
    finding = only(check_photos(context(folder)))
    assert (finding.state, photo.id in finding.condition) == (State.FAILED, True)


def test_a_sound_registry_is_looked_at_and_none_is_made(folder: FarmFolder) -> None:
    assert "first start initialises it" in only(check_registry(context(folder))).condition
    assert not folder.registry_path.exists()
    with open_first_organisation(registry_url(None, folder.registry_path), "test"):
        pass
    finding = only(check_registry(context(folder)))
    assert finding.state is State.OK
    assert "1 organisation, revision" in finding.condition


def revision_of(url: str) -> str | None:
    database = Database(url, prepare=False)
    with database.reading() as opened:
        found: str | None = opened.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    database.close()
    return found


def test_a_registry_that_is_not_up_to_date_is_told_and_left_so(
    folder: FarmFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = registry_url(None, folder.registry_path)
    with open_first_organisation(url, "test"):
        pass
    before = migration.newest_revision()
    known = migration._known_revisions() | {"r9998"}
    monkeypatch.setattr(migration, "_known_revisions", lambda: known)
    finding = only(check_registry(context(folder)))
    assert finding.state is State.WARNING
    assert f"revision {before} (this version migrates it to r9998)" in finding.condition
    assert revision_of(url) == before


@pytest.mark.parametrize(
    ("revision", "why"), [("0008", "old development"), ("r0026", "old development"), ("r9999", "newer Headland")]
)
def test_a_registry_that_this_version_refuses_has_failed_and_is_left_so(
    folder: FarmFolder, revision: str, why: str
) -> None:
    url = registry_url(None, folder.registry_path)
    with open_first_organisation(url, "test"):
        pass
    with closing(sqlite3.connect(folder.registry_path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    finding = only(check_registry(context(folder)))
    assert finding.state is State.FAILED
    assert why in finding.condition
    assert f"(revision {revision})" in finding.condition
    assert revision_of(url) == revision


def test_a_registry_that_is_none_or_away_has_failed(folder: FarmFolder) -> None:
    folder.registry_path.write_bytes(b"no database" * 1000)
    assert "is not a registry" in only(check_registry(context(folder))).condition
    away = f"postgresql://headland:geheim@127.0.0.1:{find_free_port()}/farm"
    finding = only(check_registry(context(folder, registry_url=away)))
    assert finding.state is State.FAILED
    assert "geheim" not in finding.condition
    assert "Start the database" in finding.remedy


# --- the disk


@pytest.mark.skipif(os.geteuid() == 0 and sys.platform != "linux", reason="root may write anywhere")
def test_a_folder_that_takes_no_write_has_failed(folder: FarmFolder) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from station.doctor.machine import check_disk
from tests.station.doctor.test_run import context
from station.local.folder import (FarmFolder)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
for finding in check_disk(context(FarmFolder(Path(sys.argv[1])))):
    print(finding.state, finding.condition)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder.root)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parents[3],
    )  # fmt: skip
    assert done.stdout.startswith(f"failed {folder.root} cannot be written: File too large")


def test_a_sound_disk_says_what_is_free_and_how_long_a_write_takes(folder: FarmFolder) -> None:
    space, speed = check_disk(context(FarmFolder(folder.root / "not" / "yet" / "there")))
    assert space.condition.endswith(f"GB free at {folder.root}")
    assert "fsync takes" in speed.condition
    assert list(folder.root.glob(".doctor*")) == []


# --- the gateway


def test_a_machine_without_a_gateway_says_nothing_of_one(folder: FarmFolder) -> None:
    assert check_gateway(context(folder)) == []


def test_a_damaged_spool_has_failed(folder: FarmFolder) -> None:
    path = folder.edge_dir / "spool.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(b"\1" * 3000,)] * 20)
        connection.commit()
    assert check_spool(path).state is State.OK
    damaged = bytearray(path.read_bytes())
    damaged[4096 : 4096 * 3] = b"\xff" * 8192
    path.write_bytes(damaged)
    spool, gateway = check_gateway(context(folder))
    assert spool.state is State.FAILED
    assert "move the file aside" in spool.remedy
    assert not list(folder.edge_dir.glob("*.damaged-*")), "to look changes nothing"
    assert gateway.state is State.WARNING
    assert "no gateway has run" in gateway.condition


@pytest.mark.parametrize(
    ("reason", "age_days", "is_told"),
    [("twin", 1, True), ("shortened", 6, True), ("twin", 8, False), ("new", 0, False)],
)
def test_a_spool_that_renewed_its_numbers_lately_is_a_warning(
    folder: FarmFolder, reason: str, age_days: int, *, is_told: bool
) -> None:
    now_ms = wall_clock_ms()
    status = AgentStatus(
        gateway="gateway-1",
        time_ms=now_ms,
        started_ms=now_ms,
        pid=1,
        software="",
        epoch="0192f3c4",
        sources=[SourceStatus(name="drones", type="mavlink", running=True, warnings=["7 messages set aside"])],
        intake={},
        spool=SpoolStatus(epoch_reason=reason, epoch_ms=now_ms - age_days * 86_400_000, renewals=1),
        spool_counters={},
        uplink=UplinkStatus(connected=True),
    )
    sqlite3.connect(folder.edge_dir / "spool.sqlite").close()
    write_status(status, folder.edge_dir)
    findings = {finding.check: finding for finding in check_gateway(context(folder))}
    assert ("epoch" in findings) == is_told
    assert findings["gateway"].state is State.OK
    assert findings["source"].state is State.WARNING
    assert findings["source"].condition == "drones: 7 messages set aside"
    if is_told:
        assert findings["epoch"].state is State.WARNING
        assert "renewal 1" in findings["epoch"].condition


# --- the command


def test_a_part_that_is_not_installed_is_not_looked_at_and_hides_nothing(
    folder: FarmFolder, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)  # as if it were not there
    monkeypatch.delitem(sys.modules, "headland.network.mqtt_client", raising=False)
    findings = {finding.check: finding for finding in examine(context(folder, broker=(mosquitto.host, mosquitto.port)))}
    assert findings["broker"].state is State.UNKNOWN
    assert findings["broker"].condition == "not checked: paho.mqtt.client is not installed"
    assert {"python", "packages", "disk", "store", "registry", "clock steps"} <= findings.keys()
    assert " packages that it requires" in findings["packages"].condition


def test_the_report_has_a_line_for_each_finding_and_one_for_what_to_do() -> None:
    findings = [
        Finding(check="disk", state=State.OK, condition="fine"),
        Finding(check="broker", state=State.FAILED, condition="away", remedy="Start it."),
    ]
    assert report_lines(findings) == [
        "ok      disk    fine",
        "failed  broker  away",
        "                -> Start it.",
        "failed: 1, warnings: 0, checks: 2",
    ]
