"""Kind of a file by its contents, whatever it is named."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.imports.dataflash.source import DataflashSource
from edge.imports.file_content import LogKind, kind_of
from edge.imports.file_types import find_files, open_source
from edge.imports.mavlink_log.raw_log import RawLogSource
from edge.imports.mavlink_log.tlog import TlogSource
from edge.imports.sentences import Sentence
from edge.imports.table.map import open_map
from edge.imports.ulog.source import UlogSource
from edge.uplink.settings import BrokerSettings
from headland.errors import DataDamaged, SettingsError
from tests.edge.imports.dataflash.bin_writer import make_flight as make_bin
from tests.edge.imports.dataflash.text_writer import as_text
from tests.edge.imports.ulog.ulg_writer import make_flight as make_ulg
from tests.edge.sources.mavlink.stand_ins import NOON_MS, Autopilot, Collector, make_tlog

PILOT = Autopilot()
FRAMES = [one for n in range(60) for one in (PILOT.heartbeat(), PILOT.attitude(100 * n), PILOT.position(100 * n))]
TLOG = make_tlog([(NOON_MS + 10 * n, frame) for n, frame in enumerate(FRAMES)])
BIN = bytes(make_bin(3).data)
LOGS: dict[LogKind, tuple[bytes, type]] = {
    LogKind.TLOG: (TLOG, TlogSource),
    LogKind.RAW: (b"".join(FRAMES), RawLogSource),
    LogKind.DATAFLASH: (BIN, DataflashSource),
    LogKind.DATAFLASH_TEXT: (as_text(make_bin(3)), DataflashSource),
    LogKind.ULOG: (make_ulg(3).whole(), UlogSource),
}


def settings(folder: Path) -> EdgeSettings:
    return EdgeSettings(gateway=GatewaySettings(id="gw", site="home", data_dir=str(folder)), broker=BrokerSettings())


@pytest.mark.parametrize("name", ["a.tlog", "a.rlog", "a.BIN", "a.ulg", "a.log", "a.csv", "0001"])
@pytest.mark.parametrize("kind", list(LOGS))
def test_a_log_is_known_by_its_contents_whatever_its_name(tmp_path: Path, kind: LogKind, name: str) -> None:
    data, expected = LOGS[kind]
    path = tmp_path / name
    path.write_bytes(data)
    assert kind_of(path) is kind
    assert find_files([path]) == [path]
    assert isinstance(open_source(path, settings(tmp_path), None), expected)


@pytest.mark.parametrize("cut", [1, 5, 300, -1])
@pytest.mark.parametrize("kind", list(LOGS))
def test_a_log_that_lacks_its_beginning_or_end_is_still_known_or_taken_for_what_it_is_named(
    tmp_path: Path, kind: LogKind, cut: int
) -> None:
    path = tmp_path / f"a{kind.value}"
    path.write_bytes(LOGS[kind][0][cut:] if cut > 0 else LOGS[kind][0][:cut])
    expected = LOGS[kind][1]
    found = open_source(path, settings(tmp_path), None)
    assert isinstance(found, expected)


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("flight.tlog", TLOG)
    return packed.getvalue()


def tarred() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo("flight.tlog")
        info.size = len(TLOG)
        archive.addfile(info, io.BytesIO(TLOG))
    return packed.getvalue()


OTHERS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (bytes, "is empty", "是空文件"),
    "zip": (zipped, "is a ZIP archive", "是 ZIP 压缩包"),
    "gzip": (lambda: gzip.compress(TLOG), "is a gzip archive", "是 gzip 压缩包"),
    "tar": (tarred, "is a tar archive", "是 tar 压缩包"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(range(200)), "is a 7-Zip archive", "是 7-Zip 压缩包"),
    "spreadsheet": (
        lambda: b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml",
        "is a document of an office suite",
        "是办公软件文档",
    ),
    "zeros": (lambda: bytes(5000), "of zero bytes", "全是零字节"),
    "page": (lambda: b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "is a web page", "是网页"),
    "pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "pointer of Git LFS", "指针"),
    "text": (lambda: "今天飞了两次\n".encode(), "is no log that can be read", "不是可以读取的日志"),
}


@pytest.mark.parametrize("suffix", [".tlog", ".rlog", ".raw", ".BIN", ".ulg"])
@pytest.mark.parametrize("what", list(OTHERS))
def test_what_is_no_log_gets_one_sentence_in_both_languages(tmp_path: Path, what: str, suffix: str) -> None:
    make, english, chinese = OTHERS[what]
    path = tmp_path / f"flight{suffix}"
    path.write_bytes(make())
    with pytest.raises(DataDamaged) as refused:
        open_source(path, settings(tmp_path), None)
    sentence = refused.value.args[0]
    assert isinstance(sentence, Sentence)
    assert sentence.startswith(f"flight{suffix} ")
    assert english in sentence
    assert sentence == str(refused.value) == sentence.text("en")
    assert chinese in sentence.text("zh")


def test_a_folder_gives_logs_of_any_name_and_packed_ones_that_then_are_told(tmp_path: Path) -> None:
    (tmp_path / "one.log").write_bytes(LOGS[LogKind.DATAFLASH_TEXT][0])
    (tmp_path / "two").write_bytes(BIN)
    (tmp_path / "three.tlog.gz").write_bytes(gzip.compress(TLOG))
    (tmp_path / "server.log").write_text("2026-05-01 06:30:00 started\n")
    (tmp_path / "notes.md").write_text("FMT is a message")
    assert [path.name for path in find_files([tmp_path])] == ["one.log", "three.tlog.gz", "two"]


def test_a_recording_of_a_computer_without_a_clock_is_dated_by_the_vehicle(tmp_path: Path) -> None:
    path = tmp_path / "pi.tlog"
    pilot = Autopilot()
    frames = [one for n in range(60) for one in (pilot.heartbeat(), pilot.gps(100 * n), pilot.system_time(100 * n))]
    path.write_bytes(make_tlog([(5_000 + 10 * n, frame) for n, frame in enumerate(frames)]))
    source = open_source(path, settings(tmp_path), None)
    sink = Collector()
    source.run(sink)
    fixes = [row.time_ms for row in sink.readings if "gps_latitude_deg" in row.values]
    assert fixes == [NOON_MS + 100 * n for n in range(60)]


def test_noise_with_a_frame_in_it_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(32)) * 40 + FRAMES[0] + bytes(range(32)) * 40)
    assert kind_of(path) is None
    with pytest.raises(SettingsError, match=r"photo\.jpg: unknown type of file"):
        find_files([path])


@pytest.mark.parametrize("what", ["empty", "gzip", "spreadsheet", "page", "zeros"])
def test_a_table_that_is_none_gets_its_sentence_too(tmp_path: Path, what: str) -> None:
    path = tmp_path / "house.csv"
    path.write_bytes(OTHERS[what][0]())
    table_map = open_map("agc3-reference-climate", tmp_path)
    with pytest.raises(DataDamaged) as refused:
        open_source(path, settings(tmp_path), table_map)
    assert OTHERS[what][1] in str(refused.value)
