"""Files handed over to a station: received in parts, looked at, and what they do not say chosen by a person."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from headland.contract.records import Descriptor
from headland.registry.registry import Registry, open_registry
from headland.store.memory import MemoryStore
from station.local.folder import GATEWAY, FarmFolder
from station.local.imports.service import FolderImports
from tests.api.farm import NOW_MS, OWN
from tests.api.server import own_app, serve
from tests.edge.imports.dataflash.bin_writer import make_flight
from tests.station.local.imports.upload import hand_over

CHINESE = {"Accept-Language": "zh-CN"}
TABLE = "时间,空气温度 [°F],备注\n2026-05-01 08:00,68,ok\n2026-05-01 08:05,x,\n".encode("gb18030")
CHOICE: dict[str, Any] = {
    "device": "house-7",
    "time": {"column": "时间", "format": "iso8601", "zone": "Asia/Shanghai"},
    "columns": [{"column": "空气温度 [°F]", "channel": "air_temperature_degc", "unit": "degF"}],
    "ignored": ["备注"],
    "encoding": "gb18030",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> FarmFolder:
    folder = FarmFolder(tmp_path_factory.mktemp("imports") / "farm")
    folder.create()
    return folder


@pytest.fixture(scope="module")
def registry(folder: FarmFolder) -> Iterator[Registry]:
    registry = open_registry(f"sqlite:///{folder.registry_path}", lambda: NOW_MS)
    registry.add_organisation(OWN, "Our farm", "test")
    yield registry
    registry.close()


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def client(folder: FarmFolder, registry: Registry, store: MemoryStore) -> Iterator[httpx.Client]:
    # The worker is not started: what is queued stays so.
    app = own_app(store, registry=registry, imports=FolderImports(folder))
    with serve(app) as client:
        yield client


@pytest.mark.parametrize("name", ["flight.bin", "flight.csv", "without ending"])
def test_a_log_is_queued_whatever_it_is_called(client: httpx.Client, name: str) -> None:
    imported = hand_over(client, name, bytes(make_flight(3).data))
    assert (imported["kind"], imported["state"]) == ("log", "queued")
    assert client.get("/v1/imports").json()["items"][0] == imported


@pytest.mark.parametrize(
    ("name", "content", "english", "chinese"),
    [
        ("flight.bin", b"PK\x03\x04" + bytes(100), "is a ZIP archive", "压缩包"),
        ("flight.tlog", b"<!DOCTYPE html><html>", "is a web page", "网页"),
        ("flight.bin", bytes(70_000), "zero bytes", "零字节"),
        ("flight.bin", b"a,b\n1,2\n", "is no log that can be read", "不是可以读取的日志"),
        ("notes.txt", b"just a text\nof two lines\n", "neither a log nor a table", "既不是日志，也不是表格"),
        ("house.csv", bytes(range(256)) * 20, "is no log that can be read", "不是可以读取的日志"),
    ],
)
def test_a_file_that_is_neither_log_nor_table_gets_the_sentence_of_what_it_is(
    client: httpx.Client, name: str, content: bytes, english: str, chinese: str
) -> None:
    told = hand_over(client, name, content, **CHINESE)
    assert told["state"] == "failed"
    assert chinese in told["error"]
    assert english in client.get(f"/v1/imports/{told['id']}").json()["error"]


def test_an_upload_goes_on_where_it_was_lost_and_is_audited(client: httpx.Client, registry: Registry) -> None:
    content = bytes(make_flight(3).data)
    begun = client.post(
        "/v1/imports", json={"name": "a.bin", "bytes": len(content)}, headers={"Idempotency-Key": "0123456789abcdef"}
    )
    again = client.post(
        "/v1/imports", json={"name": "a.bin", "bytes": len(content)}, headers={"Idempotency-Key": "0123456789abcdef"}
    )
    assert again.json()["id"] == begun.json()["id"]
    path = begun.headers["location"]
    early = client.post(f"{path}/finish", json={"sha256": "0" * 64}, headers=CHINESE)
    assert (early.status_code, early.json()["type"]) == (409, "urn:headland:problem:parts-missing")
    assert "缺失" in early.json()["detail"]
    assert client.put(f"{path}/parts/1", content=content[:-1]).status_code == 400
    assert client.put(f"{path}/parts/1", content=content).json()["parts"] == [1]
    digest = {"sha256": hashlib.sha256(content).hexdigest()}
    assert client.post(f"{path}/finish", json=digest).json()["state"] == "queued"
    assert client.post(f"{path}/finish", json=digest).json()["state"] == "queued"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    organisation = registry.repositories(registry.organisation(OWN).id, "test")
    kept = [(entry.action, entry.kind) for entry in organisation.audit_entries(begun.json()["id"])]
    assert kept.count(("add", "import")) == 1
    assert ("delete", "import") in kept


def test_a_table_is_looked_at_tried_and_queued_and_nothing_of_it_is_guessed(client: httpx.Client) -> None:
    imported = hand_over(client, "house.csv", TABLE)
    assert imported["state"] == "needs_map"
    path = f"/v1/imports/{imported['id']}"
    seen = client.get(f"{path}/preview").json()
    assert (seen["encoding"], seen["is_utf8"]) == ("gb18030", False)
    assert [column["channel"] for column in seen["columns"]] == ["", "", ""]
    assert seen["columns"][1] == {"name": "空气温度 [°F]", "channel": "", "unit": "°F"}
    units = {choice["channel"]: choice["units"] for choice in seen["quantities"]}
    assert units["air_temperature_degc"] == ["degC", "degF", "K"]
    tried = client.put(f"{path}/choice?dry_run=true", json={"table": CHOICE}, headers=CHINESE).json()
    assert tried["rows"][0] == {"time_ms": 1_777_593_600_000, "values": {"air_temperature_degc": pytest.approx(20.0)}}
    assert [(cell["line"], cell["text"], cell["cell"]) for cell in tried["refused"]] == [(3, "不是数字", "x")]
    assert (tried["is_new"], tried["gateway"]) == (True, "import")
    chosen = client.put(f"{path}/choice", json={"table": CHOICE})
    assert (chosen.status_code, chosen.json()["state"], chosen.json()["device"]) == (200, "queued", "house-7")
    assert client.put(f"{path}/choice", json={"table": CHOICE}).status_code == 409


def test_a_loggers_table_is_recognised_with_its_columns_and_units(client: httpx.Client) -> None:
    head = '"TOA5","Orchard","CR1000X","4711","","","1","Hour"\n"TIMESTAMP","RECORD","AirTC_Avg","Rain_Tot"\n'
    rows = '"TS","RN","Deg C","mm"\n"","","Avg","Tot"\n"2026-05-01 24:00:00",0,11.5,0.2\n'
    imported = hand_over(client, "station.dat", (head + rows).encode())
    path = f"/v1/imports/{imported['id']}"
    seen = client.get(f"{path}/preview").json()
    assert (seen["layout"], seen["maker"], seen["station"]) == ("toa5", "Campbell TOA5", "orchard-hour")
    proposed = [(column["name"], column["channel"], column["unit"]) for column in seen["proposal"]["columns"]]
    assert proposed == [
        ("TIMESTAMP", "", ""),
        ("RECORD", "", ""),
        ("AirTC_Avg", "air_temperature_degc", "degC"),
        ("Rain_Tot", "rain_tot_mm", "mm"),
    ]
    assert {"channel": "rain_tot_mm", "units": ["mm", "L/m2", "in"]} in seen["quantities"]
    choice = choice_of(seen, zone="+08:00")
    tried = client.put(f"{path}/choice?dry_run=true", json={"table": choice}).json()
    values = {"air_temperature_degc": 11.5, "rain_tot_mm": 0.2}
    assert tried["rows"] == [{"time_ms": 1_777_651_200_000, "values": values}]
    assert client.put(f"{path}/choice", json={"table": choice}).json()["state"] == "queued"


def test_an_archive_of_weewx_is_taken_as_a_table_and_another_database_is_told(
    client: httpx.Client, tmp_path: Path
) -> None:
    for name, create in (("weewx.sdb", "archive (dateTime INTEGER, usUnits INTEGER, outTemp REAL)"), ("a.db", "b (c)")):
        connection = sqlite3.connect(tmp_path / name)
        connection.execute(f"CREATE TABLE {create}")
        if name == "weewx.sdb":
            connection.execute("INSERT INTO archive VALUES (1777593600, 1, 50.0)")
        connection.commit()
        connection.close()
    imported = hand_over(client, "weewx.sdb", (tmp_path / "weewx.sdb").read_bytes())
    assert (imported["kind"], imported["state"]) == ("table", "needs_map")
    path = f"/v1/imports/{imported['id']}"
    seen = client.get(f"{path}/preview").json()
    assert (seen["layout"], seen["proposal"]["time"]["zone"]) == ("weewx_archive", "UTC")
    choice = {**choice_of(seen, zone="UTC"), "device": "roof"}
    tried = client.put(f"{path}/choice?dry_run=true", json={"table": choice}).json()
    assert tried["rows"][0]["values"] == {"outside_temperature_degc": pytest.approx(10.0)}
    other = hand_over(client, "a.db", (tmp_path / "a.db").read_bytes(), **CHINESE)
    assert other["state"] == "failed"
    assert "没有 weewx 的 archive 表" in other["error"]
    damaged = hand_over(client, "weewx.sdb", b"SQLite format 3\0" + bytes(range(256)) * 9)
    assert "cannot be read as a SQLite database" in client.get(f"/v1/imports/{damaged['id']}").json()["error"]


def choice_of(seen: dict[str, Any], zone: str) -> dict[str, Any]:
    """Take what a preview proposes, as the page does."""
    proposal = seen["proposal"]
    time = proposal["time"]
    columns = [column for column in proposal["columns"] if column["name"] != time["column"]]
    return {
        "device": seen["station"],
        "kind": "weather",
        "time": {"column": time["column"], "format": time["format"], "zone": zone},
        "columns": [
            {"column": column["name"], "channel": column["channel"], "unit": column["unit"]}
            for column in columns
            if column["channel"]
        ],
        "ignored": [column["name"] for column in columns if not column["channel"]],
        "missing": seen["missing"],
        "layout": seen["layout"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"time": {"column": "时间", "format": "iso8601", "zone": "Mars"}},
        {"columns": [{"column": "空气温度 [°F]", "channel": "air_temperature_degc", "unit": "lx"}]},
        {"columns": [{"column": "no such", "channel": "air_temperature_degc", "unit": "degC"}]},
        {"ignored": []},
    ],
)
def test_columns_that_do_not_fit_are_refused_before_anything_is_stored(
    client: httpx.Client, change: dict[str, Any]
) -> None:
    imported = hand_over(client, "house.csv", TABLE)
    path = f"/v1/imports/{imported['id']}"
    for query in ("?dry_run=true", ""):
        refused = client.put(f"{path}/choice{query}", json={"table": {**CHOICE, **change}}, headers=CHINESE)
        assert (refused.status_code, refused.json()["type"]) == (400, "urn:headland:problem:bad-table-map")
        assert "选择不符" in refused.json()["detail"]
    assert client.get(path).json()["state"] == "needs_map"


def test_a_table_of_a_device_goes_in_the_name_of_its_gateway_where_this_station_has_its_login(
    client: httpx.Client, store: MemoryStore
) -> None:
    path = f"/v1/imports/{hand_over(client, 'house.csv', TABLE)['id']}"
    descriptor = Descriptor(device="house-7", kind="greenhouse", site="home", name="House 7")
    store.describe(OWN, "gw-far", descriptor)
    elsewhere = client.put(f"{path}/choice?dry_run=true", json={"table": CHOICE}, headers=CHINESE)
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (409, "urn:headland:problem:device-elsewhere")
    assert "另一台电脑" in elsewhere.json()["detail"]
    store.describe(OWN, GATEWAY, descriptor)
    tried = client.put(f"{path}/choice?dry_run=true", json={"table": CHOICE}).json()
    assert (tried["is_new"], tried["gateway"]) == (False, GATEWAY)
