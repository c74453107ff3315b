"""Damaged files of every kind: read as far as they go or refused, and the others are imported."""

from __future__ import annotations

import random
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from edge.imports.dataflash.reader import LogReader
from edge.imports.file_types import open_source
from edge.imports.importer import import_files
from edge.imports.machine.layers import find_layers
from edge.imports.table.map import LoadedMap, open_map
from edge.sources.source import Readings
from headland.contract.records import Descriptor, Event
from headland.errors import HeadlandError, SettingsError
from headland.files.zip_members import names_in_zip, open_zip
from tests.broker import Broker
from tests.edge.imports.damaged_files import TABLE_MAP, damaged, good_files
from tests.edge.imports.test_importer import import_settings
from tests.edge.ingest_stand_in import StandInIngest
from tests.examples import examples

#: Of each kind of file.
KINDS = ("link.tlog", "flight.BIN", "flight.log", "quad.ulg", "points.zip", "tasks.zip", "house.csv")


class Taken:
    """A sink that counts."""

    def __init__(self) -> None:
        self.rows = 0

    def reading(self, _: object) -> None:
        self.rows += 1

    def runs(self, runs: list[Readings]) -> None:
        self.rows += sum(len(run.times_ms) for run in runs)

    def event(self, _: Event) -> None:
        pass

    def describe(self, _: Descriptor) -> None:
        pass


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return good_files(tmp_path_factory.mktemp("good"))


@pytest.fixture
def house(tmp_path: Path) -> LoadedMap:
    (tmp_path / "map.toml").write_text(TABLE_MAP, encoding="utf-8")
    return open_map("map.toml", tmp_path)


@pytest.mark.parametrize("name", KINDS)
def test_no_damage_is_more_than_a_refusal(name: str, good: dict[str, bytes], house: LoadedMap, tmp_path: Path) -> None:
    settings, path, sink = import_settings(tmp_path / "data", 1), tmp_path / name, Taken()
    dice = random.Random(name)
    for _ in range(examples(300)):
        path.write_bytes(damaged(name, good[name], dice))
        with suppress(HeadlandError, OSError):
            source = open_source(path, settings, house if name.endswith(".csv") else None)
            source.run(sink)  # type: ignore[arg-type]  # it counts only
            source.report()
    assert sink.rows > 0 or name.endswith(".zip")  # of most archives nothing is left


@pytest.mark.services("mosquitto")
def test_all_files_but_the_bad_ones_are_stored_and_each_bad_one_is_named(
    mosquitto: Broker, good: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-import")
    names = [name for name in KINDS if name != "house.csv"]
    for name in names:
        (tmp_path / name).write_bytes(good[name])
    inside = bytearray(good["points.zip"])
    inside[200:2000] = bytes(byte ^ 0x55 for byte in inside[200:2000])
    (tmp_path / "bad.zip").write_bytes(inside)
    (tmp_path / "odd.BIN").write_bytes(good["flight.BIN"] + b"odd")
    read = LogReader.read

    def fail_at_odd(reader: LogReader, data: bytes) -> object:  # as a file does that nobody has foreseen
        return 1 // 0 if data.endswith(b"odd") else read(reader, data)

    order = [tmp_path / "bad.zip", tmp_path / "odd.BIN", *(tmp_path / name for name in names)]
    with monkeypatch.context() as patched:
        patched.setattr("edge.imports.dataflash.reader.LogReader.read", fail_at_odd)
        report = import_files(
            order, import_settings(tmp_path / "data", mosquitto.port), progress=lambda _: None, stop=threading.Event()
        )
    ingest.close()
    assert report.finished
    errors = {file.path.name: file.error for file in report.files if file.error}
    assert set(errors) == {"bad.zip", "odd.BIN"}
    assert all(any(line.startswith(name) for line in report.sentences()) for name in errors)
    assert all(file.points > 0 for file in report.files if not file.error)
    assert report.sentences("zh")[1].startswith("odd.BIN")


def test_an_archive_of_which_one_shapefile_is_damaged_gives_the_other(good: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(tmp_path / "p.zip", "w"), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        (tmp_path / "points.zip").write_bytes(good["points.zip"])
        with open_zip(tmp_path / "points.zip") as members:
            (layer,) = find_layers(tmp_path / "points.zip")
            for copy in ("first", "second"):
                for name in members.sizes:
                    if name.startswith(layer):
                        made.writestr(f"{copy}/{name.rpartition('/')[2]}", members.read(name, 10**9))
        at = made.getinfo(f"first/{layer.rpartition('/')[2]}.dbf").header_offset
    data = bytearray(path.read_bytes())
    data[at + 200 : at + 400] = bytes(200)
    path.write_bytes(data)
    source, sink = open_source(path, import_settings(tmp_path, 1), None), Taken()
    source.run(sink)  # type: ignore[arg-type]  # it counts only
    assert sink.rows > 700
    assert any("first/" in note and "cannot be" in note for note in source.report().notes)  # type: ignore[union-attr]


def test_an_archive_that_cannot_be_opened_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x05\x06" + b"\xff" * 40)
    assert names_in_zip(tmp_path / "x.zip") == []
    with pytest.raises(SettingsError):
        import_files([tmp_path / "none.zip"], import_settings(tmp_path, 1), progress=print, stop=threading.Event())
