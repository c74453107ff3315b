"""Importing a log through a real broker."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

os.environ.setdefault("MAVLINK20", "1")

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.imports.importer import import_files
from edge.imports.report import FileReport, Gaps, ImportReport, Progress, SilenceFinder, estimate_left_s
from edge.imports.table.loggers.listing import list_columns
from edge.imports.table.loggers.logger_table import LoggerChoice
from edge.imports.table.map import open_map
from edge.pipeline.settings import BatchSettings
from edge.sources.source import DeviceId, Reading, Readings
from edge.uplink.settings import BrokerSettings
from headland.contract.records import Block, Clock
from headland.errors import DataDamaged, RetryLater, SettingsError
from station.cli.app import app
from station.cli.options import language_of
from tests.broker import Broker
from tests.edge.imports.dataflash.bin_writer import make_flight as bin_flight
from tests.edge.imports.ulog.ulg_writer import make_flight as ulg_flight
from tests.edge.ingest_stand_in import StandInIngest
from tests.waiting import WaitUntil

START_MS: Final = 1_790_000_000_000


def write_tlog(path: Path, positions: int) -> None:
    """A recording of one vehicle: its clock, then a position ten times a second."""
    sender = mavlink.MAVLink(None, srcSystem=1, srcComponent=1)
    frames = bytearray()

    def put(boot_ms: int, message: mavlink.MAVLink_message) -> None:
        frames.extend(struct.pack(">Q", (START_MS + boot_ms + 7000) * 1000))
        frames.extend(message.pack(sender))

    for index in range(positions):
        boot_ms = 1000 + 100 * index
        if index % 10 == 0:
            put(boot_ms, mavlink.MAVLink_heartbeat_message(2, 3, 81, 0, 4, 3))
            put(boot_ms, mavlink.MAVLink_system_time_message((START_MS + boot_ms) * 1000, boot_ms))
        put(
            boot_ms,
            mavlink.MAVLink_global_position_int_message(
                boot_ms, 300_000_000 + index, 1_140_000_000 + index, 50_000, 10_000, 100, 0, 0, 9000
            ),
        )
    path.write_bytes(frames)


def import_settings(data_dir: Path, broker_port: int) -> EdgeSettings:
    return EdgeSettings(
        gateway=GatewaySettings(id="gw-import", site="home", data_dir=str(data_dir)),
        broker=BrokerSettings(port=broker_port, resend_s=0.5),
        batch=BatchSettings(max_points=50),
    )


def latitudes(ingest: StandInIngest) -> list[tuple[int, float | None]]:
    blocks: list[Block] = [block for batch in ingest.seen.values() for block in batch.blocks]
    rows = [
        (block.t0 + dt, value)
        for block in blocks
        for dt, value in zip(block.dt, block.c.get("latitude_deg", []), strict=False)
    ]
    return sorted(rows)


@pytest.mark.services
def test_a_log_is_stored_whole_when_the_call_returns(mosquitto: Broker, tmp_path: Path) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    log = tmp_path / "flight.tlog"
    write_tlog(log, 200)
    shown: list[Progress] = []
    settings = import_settings(tmp_path / "data", mosquitto.port)
    report = import_files([log], settings, progress=shown.append, stop=threading.Event())
    rows = latitudes(ingest)
    ingest.close()
    assert report.finished
    assert len(rows) == 200
    assert rows[0] == (START_MS + 1000, 30.0)
    assert report.files[0].rows >= 200
    assert report.files[0].first_ms == START_MS + 1000
    assert len(report.files[0].devices) == 1
    fractions = [progress.fraction for progress in shown]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert report.files[0].points >= 200
    assert "flight.tlog: " in report.sentences()[0]


@pytest.mark.services
def test_a_broker_that_dies_in_the_middle_is_waited_for(
    mosquitto: Broker, tmp_path: Path, wait_until: WaitUntil
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    log = tmp_path / "flight.tlog"
    write_tlog(log, 3000)
    reports: list[ImportReport] = []
    settings = import_settings(tmp_path / "data", mosquitto.port)

    def run() -> None:
        reports.append(import_files([log], settings, progress=lambda _: None, stop=threading.Event()))

    importing = threading.Thread(target=run)
    importing.start()
    wait_until(lambda: len(ingest.seen) >= 10)
    mosquitto.kill()
    mosquitto.restart()
    importing.join(120)
    rows = latitudes(ingest)
    ingest.close()
    assert reports[0].finished
    assert len({time_ms for time_ms, _ in rows}) == len(rows) == 3000


@pytest.mark.services
def test_an_import_waits_for_no_proof_of_the_one_before_while_the_gateways_own_ack_is_retained(
    mosquitto: Broker, tmp_path: Path
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    settings = import_settings(tmp_path / "data", mosquitto.port)
    for number in range(3):
        log = tmp_path / f"flight-{number}.tlog"
        write_tlog(log, 20)
        report = import_files([log], settings, progress=lambda _: None, stop=threading.Event())
        assert report.finished
        # Each begins an epoch of its own at once, with no renewal to report to anyone.
        assert len(report.epochs) == 1
        assert len({epoch for epoch, _ in ingest.seen}) == number + 1
        ingest.acknowledge("ffffffffffffffff", 7)  # of the gateway's daemon
        assert not list((tmp_path / "data").glob("import-spool*"))
    ingest.close()


@pytest.mark.services
def test_the_rest_of_a_stopped_import_goes_first_at_the_next_call(
    new_port: Callable[[], int], tmp_path: Path, wait_until: WaitUntil
) -> None:
    log = tmp_path / "flight.tlog"
    write_tlog(log, 100)
    port = new_port()
    settings = import_settings(tmp_path / "data", port)
    stop = threading.Event()

    def stop_when_waiting(progress: Progress) -> None:
        if progress.bytes_read == progress.bytes_total:
            stop.set()

    early = import_files([log], settings, progress=stop_when_waiting, stop=stop)
    assert not early.finished
    assert early.records_waiting > 0
    assert "wait on disk" in early.sentences()[-1]
    broker = Broker(tmp_path / "late", port)
    broker.start()
    try:
        ingest = StandInIngest(broker.host, port, "gw-import")
        done = import_files([log], settings, progress=lambda _: None, stop=threading.Event())
        rows = latitudes(ingest)
        ingest.close()
    finally:
        broker.kill()
    assert done.finished
    assert len(set(rows)) == 100
    assert len(rows) == 200
    assert len({epoch for epoch, _ in ingest.seen}) == 1


@pytest.mark.services
def test_a_second_import_begins_when_the_first_has_ended_and_both_are_stored_once(
    new_port: Callable[[], int], tmp_path: Path, wait_until: WaitUntil
) -> None:
    port = new_port()
    settings = import_settings(tmp_path / "data", port)
    reports: dict[str, ImportReport] = {}
    shown: dict[str, list[Progress]] = {"first": [], "second": []}

    def run(name: str) -> None:
        log = tmp_path / f"{name}.tlog"
        write_tlog(log, 100 if name == "first" else 150)
        reports[name] = import_files([log], settings, progress=shown[name].append, stop=threading.Event())

    first = threading.Thread(target=run, args=("first",))
    second = threading.Thread(target=run, args=("second",))
    first.start()
    wait_until(lambda: bool(shown["first"]))  # it waits for a broker, and has the folder
    second.start()
    wait_until(lambda: bool(shown["second"]))
    assert shown["second"][0].sentence.startswith("another import runs in")
    with pytest.raises(RetryLater, match=r"Another import runs in .*: start this one again"):
        import_files([tmp_path / "first.tlog"], settings, progress=lambda _: None, stop=threading.Event(), waits=False)
    broker = Broker(tmp_path / "late", port)
    broker.start()
    try:
        ingest = StandInIngest(broker.host, port, "gw-import")
        first.join(120)
        second.join(120)
        rows = latitudes(ingest)
        ingest.close()
    finally:
        broker.kill()
    assert [reports[name].finished for name in ("first", "second")] == [True, True]
    # Both are of one vehicle, whose id is that of its file: 100 and 150 positions, none of them twice.
    assert len(rows) == 250
    assert [reports[name].files[0].path.name for name in ("first", "second")] == ["first.tlog", "second.tlog"]


def test_an_import_that_is_stopped_while_it_waits_for_another_has_read_nothing(tmp_path: Path) -> None:
    settings = import_settings(tmp_path / "data", 1883)
    write_tlog(tmp_path / "a.tlog", 3)
    (tmp_path / "data").mkdir()
    stop = threading.Event()
    with (tmp_path / "data" / "import.lock").open("w") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        report = import_files([tmp_path / "a.tlog"], settings, progress=lambda _: stop.set(), stop=stop)
    assert (report.finished, report.files) == (False, ())
    assert not list((tmp_path / "data").glob("import-spool*"))


@pytest.mark.services
def test_a_file_that_is_no_log_is_reported_and_does_not_affect_the_others(mosquitto: Broker, tmp_path: Path) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    good, bad = tmp_path / "good.tlog", tmp_path / "bad.tlog"
    write_tlog(good, 20)
    bad.write_bytes(b"this is no recording" * 100)
    settings = import_settings(tmp_path / "data", mosquitto.port)
    report = import_files([bad, good], settings, progress=lambda _: None, stop=threading.Event())
    assert report.finished
    assert "is no log that can be read" in report.files[0].error
    assert report.files[1].rows >= 20
    with pytest.raises(DataDamaged, match="is no log that can be read"):
        import_files([bad], settings, progress=lambda _: None, stop=threading.Event())
    ingest.close()


TOA5: Final = (
    '"TOA5","Orchard","CR1000X","4711","","","1","Hour"\n"TIMESTAMP","RECORD","AirTC_Avg","State"\n'
    '"TS","RN","Deg F",""\n"","","Avg","Smp"\n"2026-05-01 23:00:00",0,50,1\n"2026-05-01 24:00:00",1,"NAN",1\n'
)


@pytest.mark.services
def test_a_table_of_a_logger_is_imported_without_a_map_beside_logs(mosquitto: Broker, tmp_path: Path) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    (tmp_path / "station.dat").write_text(TOA5)
    write_tlog(tmp_path / "flight.tlog", 20)
    settings = import_settings(tmp_path / "data", mosquitto.port)
    shown: list[Progress] = []
    report = import_files(
        [tmp_path], settings, progress=shown.append, stop=threading.Event(), choice=LoggerChoice(zone="+02:00")
    )
    blocks = [block for batch in ingest.seen.values() for block in batch.blocks if block.device == "orchard-hour"]
    ingest.close()
    assert report.finished
    assert {file.path.name: (file.rows, file.error) for file in report.files}["station.dat"] == (2, "")
    (block,) = blocks
    assert (block.t0, block.c["air_temperature_degc"]) == (1_777_669_200_000, [pytest.approx(10.0), None])


def test_what_a_loggers_columns_become_is_shown_before_the_import(tmp_path: Path) -> None:
    path = tmp_path / "station.dat"
    path.write_text(TOA5)
    shown = CliRunner().invoke(app, ["edge", "import", str(path), "--zone", "+02:00", "--dry-run"])
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "station.dat: Campbell TOA5 becomes the device orchard-hour, its times are in +02:00",
        "  AirTC_Avg [Deg F] becomes Air temperature [°C]",
        "  RECORD is left out: the number of its row",
        "  State is left out: it states no unit",
    ]
    lacking = CliRunner().invoke(app, ["edge", "import", str(path), "--dry-run"])
    assert "name it with --zone" in lacking.stdout
    assert "请用 --zone 指定" in "".join(list_columns(path, LoggerChoice(), "zh"))


def test_an_unknown_kind_of_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    settings = import_settings(tmp_path / "data", 1883)
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0")
    with pytest.raises(SettingsError, match=r"photo\.jpg: unknown type of file"):
        import_files([tmp_path / "photo.jpg"], settings, progress=lambda _: None, stop=threading.Event())
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        import_files([tmp_path / "none.tlog"], settings, progress=lambda _: None, stop=threading.Event())
    assert not (tmp_path / "data").exists()


def test_a_wait_without_progress_is_reported_with_its_reason() -> None:
    waiting = Progress("a.tlog", 50, 100, 10, 5, 2, waiting="waiting for 5 s: no broker")
    assert waiting.sentence == "waiting for 5 s: no broker"
    assert Progress("a.tlog", 50, 100, 10, 5, 2).sentence == "reading a.tlog"
    assert Progress("", 100, 100, 10, 10, 2).sentence == "stored 2 of 10 messages"
    assert Progress("", 0, 0, 0, 0, 0).fraction == 1.0
    assert 0 < Progress("a", 50, 100, 10, 5, 5).fraction < 0.5


def test_a_report_has_a_chinese_line() -> None:
    report = FileReport(
        Path("a.tlog"), 1000, 3000, 2, ("uav-1",), 0, 60_000, {"bad_crc": 3}, messages=5, gaps=Gaps(2, 3000)
    )
    assert report.sentence("zh") == (
        "a.tlog：uav-1，3,000 个数据点（1,000 行），2 个事件，共 5 条消息，"
        "UTC 1970-01-01 00:00:00 至 1970-01-01 00:01:00; 2 处中断，共 3.00 秒; 略去：3 bad_crc"
    )
    assert FileReport(Path("a.tlog")).sentence("zh").startswith("a.tlog：没有作业机，")
    assert "重复该命令" in ImportReport((report,), finished=False).sentences("zh")[-1]


def test_a_report_names_what_was_left_out() -> None:
    report = FileReport(Path("a.tlog"), 10, 30, 2, ("uav-1",), 0, 60_000, {"bad_crc": 3})
    assert report.sentence() == (
        "a.tlog: 30 points in 10 rows and 2 events of uav-1, 1970-01-01 00:00:00 to 1970-01-01 00:01:00 UTC; "
        "left out: 3 bad_crc"
    )


def test_a_report_has_gaps_dropouts_and_notes() -> None:
    report = FileReport(
        Path("a.BIN"), 10, 30, 2, ("uav-1",), messages=1234, gaps=Gaps(2, 41_200), dropouts=Gaps(1, 30), notes=("oh",)
    )
    assert report.sentence() == (
        "a.BIN: 30 points in 10 rows and 2 events of uav-1, of 1,234 messages; 2 gaps of 41.20 s in all; "
        "1 dropout of 0.03 s in all, reported by its logger; oh"
    )


def test_a_gap_is_a_silence_of_one_vehicle_for_more_than_a_second_and_a_half() -> None:
    silences, drone, other = SilenceFinder(), DeviceId("a", "drone", "home"), DeviceId("b", "drone", "home")
    radio = DeviceId("c", "radio", "home")
    for source, time_ms in (
        (drone, 1000), (other, 1500), (radio, 1000), (drone, 2500), (drone, 5500), (drone, 3000), (drone, 6000),
        (other, 9000), (radio, 90_000),
    ):  # fmt: skip
        silences.note(Reading(source, Clock.GPS, time_ms, {}))
    assert silences.gaps == Gaps(2, 3000 + 7500)


def test_rows_of_another_kind_fill_a_silence_so_that_it_is_no_gap() -> None:
    drone, silences = DeviceId("a", "drone", "home"), SilenceFinder()
    rare = Readings(drone, Clock.GPS, [0, 5000, 20_000], {"gps_fix_code": [3.0, 3.0, 3.0]})
    often = Readings(drone, Clock.GPS, range(0, 10_000, 1000), {"roll_rad": [0.0] * 10})
    silences.note_all([rare, often])
    assert silences.gaps == Gaps(1, 11_000)
    silences.note_all([Readings(drone, Clock.GPS, [22_000], {"roll_rad": [0.0]})])
    assert silences.gaps == Gaps(2, 13_000)


@pytest.mark.services
def test_logs_of_every_kind_are_stored_and_a_bad_one_between_them_is_reported(
    mosquitto: Broker, tmp_path: Path
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    folder = tmp_path / "logs"
    folder.mkdir()
    write_tlog(folder / "a.tlog", 20)
    (folder / "b.rlog").write_bytes(b"no frame at all")
    (folder / "c.BIN").write_bytes(bin_flight(12).data)
    (folder / "d.ulg").write_bytes(ulg_flight(12).whole())
    settings = import_settings(tmp_path / "data", mosquitto.port)
    report = import_files([folder], settings, progress=lambda _: None, stop=threading.Event())
    stored = {block.device for batch in ingest.seen.values() for block in batch.blocks}
    ingest.close()
    assert report.finished
    assert [bool(file.error) for file in report.files] == [False, True, False, False]
    assert "b.rlog is no log that can be read" in report.files[1].error
    assert stored == {device for file in report.files for device in file.devices}
    assert len(stored) == 3
    assert all(file.points > 0 and file.messages > 0 for file in report.files if not file.error)


TABLE_MAP: Final = """
device = "gh-9"
[time]
name = "Date"
format = "%m/%d/%Y %H:%M"
zone = "+01:00"
[[column]]
name = "Tair"
channel = "air_temperature_degc"
unit = "°C"
"""


def temperatures(ingest: StandInIngest) -> list[tuple[int, float | None]]:
    return sorted(
        (block.t0 + dt, value)
        for batch in ingest.seen.values()
        for block in batch.blocks
        for dt, value in zip(block.dt, block.c["air_temperature_degc"], strict=True)
    )


@pytest.mark.services
def test_a_table_is_stored_whole_and_what_was_refused_is_said(mosquitto: Broker, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TABLE_MAP, encoding="utf-8")
    table = tmp_path / "house.csv"
    rows = [
        f"2/{1 + minute // 1440}/2022 {minute // 60 % 24}:{minute % 60:02},{minute / 100}" for minute in range(3000)
    ]
    table.write_text("\n".join(["Date,Tair", *rows, "2/3/2022 10:00,warm", "yesterday,1"]), encoding="utf-8")
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    settings = import_settings(tmp_path / "data", mosquitto.port)
    report = import_files(
        [table],
        settings,
        progress=lambda _: None,
        stop=threading.Event(),
        table_map=open_map("map.toml", tmp_path),
    )
    stored = temperatures(ingest)
    ingest.close()
    start_ms = 1_643_670_000_000  # 2022-02-01 00:00 at +01:00
    assert stored == [(start_ms + 60_000 * minute, minute / 100) for minute in range(3000)] + [
        (start_ms + 60_000 * 3480, None)
    ]
    assert report.finished
    lines = report.sentences()
    assert "3,000 points in 3,001 rows" in lines[0]
    assert "1 bad_time, 1 not_a_number" in lines[0]
    assert lines[1:] == [
        "  line 3002, column Tair: not a number ('warm')",
        "  line 3003, column Date: bad time ('yesterday')",
    ]


def test_a_table_without_a_map_and_a_log_with_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TABLE_MAP, encoding="utf-8")
    for name, table_map in (("house.csv", None), ("flight.tlog", open_map("map.toml", tmp_path))):
        (tmp_path / name).write_text("Date,Tair\n")
        with pytest.raises(SettingsError, match="map"):
            import_files(
                [tmp_path / name],
                import_settings(tmp_path / "data", 1),
                progress=lambda _: None,
                stop=threading.Event(),
                table_map=table_map,
            )


@pytest.mark.services
def test_the_command_accepts_a_map_and_prints_the_tables_report(mosquitto: Broker, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TABLE_MAP, encoding="utf-8")
    (tmp_path / "house.csv").write_text("Date,Tair\n2/1/2022 0:00,12.5\n2/1/2022 0:05,200\n2/1/2022 0:10,?\n")
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[gateway]\nid = "gw-import"\nsite = "home"\ndata_dir = "data"\n[broker]\nport = {mosquitto.port}\n'
    )
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    words = ["edge", "import", str(tmp_path / "house.csv"), "-c", str(config), "--map"]
    done = CliRunner().invoke(app, [*words, str(tmp_path / "map.toml")])
    unknown = CliRunner().invoke(app, [*words, "nowhere"])
    ingest.close()
    assert done.exit_code == 0, done.output
    assert "house.csv: 2 points in 3 rows and 0 events of gh-9" in done.output
    assert "1 gross_range fail" in done.output
    assert "line 4, column Tair: not a number ('?')" in done.output
    assert "there is no map 'nowhere'; built in are agc3-reference-climate" in str(unknown.exception)


def test_time_left_is_that_of_the_slower_of_reading_and_storing() -> None:
    def left_s(read: int, records: int, acked: int, elapsed_s: float = 10.0) -> float | None:
        return estimate_left_s(Progress("a", read, 1000, records, acked, acked), elapsed_s)

    assert left_s(500, 0, 0) == 10.0
    assert left_s(500, 100, 100) == 10.0  # as many records are to come
    assert left_s(500, 100, 50) == 30.0
    assert left_s(1000, 100, 50) == 10.0
    assert left_s(1000, 100, 100) == 0.0
    assert left_s(500, 100, 0) is None
    assert left_s(10, 1, 1) is None
    assert left_s(500, 100, 50, elapsed_s=0.5) is None
    assert estimate_left_s(Progress("a", 0, 0, 0, 0, 0), 10.0) is None


@pytest.mark.services
def test_files_that_are_no_logs_get_a_sentence_each_and_do_not_stop_others(mosquitto: Broker, tmp_path: Path) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    folder = tmp_path / "season"
    folder.mkdir()
    for suffix in (".BIN", ".rlog", ".tlog", ".ulg"):
        (folder / f"empty{suffix}").touch()
    (folder / "flight.tlog.gz").write_bytes(b"\x1f\x8b" + bytes(100))
    settings = import_settings(tmp_path / "data", mosquitto.port)
    shown: list[Progress] = []
    with pytest.raises(DataDamaged, match=r"^empty\.tlog is empty: the recorder wrote nothing"):
        import_files([folder / "empty.tlog"], settings, progress=shown.append, stop=threading.Event())
    assert [progress.fraction for progress in shown][-1] == 1.0
    with pytest.raises(DataDamaged, match=r"^empty\.tlog 是空文件"):
        import_files([folder / "empty.tlog"], settings, progress=lambda _: None, stop=threading.Event(), language="zh")
    write_tlog(folder / "real.BIN", 20)  # a recording under another's name
    report = import_files([folder], settings, progress=lambda _: None, stop=threading.Event())
    ingest.close()
    assert [file.path.name for file in report.files if not file.error] == ["real.BIN"]
    assert (
        report.sentences()[0]
        == "empty.BIN is empty: the recorder wrote nothing, or the copy was interrupted; copy it again"
    )
    assert report.sentences("zh")[4] == "flight.tlog.gz 是 gzip 压缩包：请先解压，再导入其中的文件"


def test_a_start_with_several_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.BIN", "b.BIN"):
        (tmp_path / name).write_bytes(bin_flight(2).data)
    with pytest.raises(SettingsError, match="--start dates a single log"):
        import_files(
            [tmp_path],
            import_settings(tmp_path / "data", 1),
            progress=lambda _: None,
            stop=threading.Event(),
            start_ms=START_MS,
        )


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_ALL": "", "LANG": "de_DE"}, "en"),
    ],
)
def test_a_terminals_locale_says_the_language(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


def test_the_command_refuses_a_start_that_is_no_time(tmp_path: Path) -> None:
    (tmp_path / "a.BIN").write_bytes(bin_flight(2).data)
    done = CliRunner().invoke(app, ["edge", "import", str(tmp_path / "a.BIN"), "--start", "yesterday"])
    assert "'yesterday' is not a date or time" in str(done.exception)
