"""A folder of forecast files: whole files are read once, runs come together, and what is refused is named and left."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.registry.models.models import Site
from headland.units_of_time import HOUR_MS, MINUTE_MS
from station.server.forecast_files import reader_process, section
from station.server.forecast_files.reader_process import FileFaultError, read_file
from station.server.workers.weather_worker import ForecastAccess, WeatherWorker
from tests.formats.weather.grib_files import Message, write_grib
from tests.station.server.forecast_files.test_csv_table import MAP, TABLE
from tests.station.server.workers.forecast_farm import HANDLE, Farm, line

#: Reads files in processes of its own.
pytestmark = pytest.mark.sockets


class FolderFarm(Farm):
    """A farm whose forecasts are files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "files")
        self.folder = folder / "forecasts"

    def new_worker(self, *, has_folder: bool = True) -> WeatherWorker:
        access = ForecastAccess(folder=Path(self.url.removeprefix("sqlite:///")).parent / "forecasts")
        access = access if has_folder else ForecastAccess()
        return WeatherWorker(self.registry, HANDLE, access, lambda: self.now_ms, lambda: 0.5)

    def minutes(self, count: int = 2) -> None:
        for _ in range(count):
            self.later(MINUTE_MS)

    def table(self, name: str = "coop-2027011508.csv", text: str = TABLE) -> Path:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "forecast.toml").write_text(MAP)
        path = self.folder / name
        path.write_bytes(text.replace("2027/01/15", "2027/01/16").encode("gb18030"))
        return path


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[FolderFarm]:
    made = FolderFarm(tmp_path)
    yield made
    made.close()


def test_an_empty_folder_is_made_and_says_so(farm: FolderFarm) -> None:
    farm.minutes()
    told = farm.said()
    assert (told.basis, told.reason, told.fault) == ("nothing", "no_files", None)
    assert "in the folder “forecasts” of the station" in told.text
    assert "“forecasts”文件夹" in told.text_zh
    assert farm.folder.is_dir()


def test_a_file_is_read_once_it_has_stopped_growing_and_once_only(farm: FolderFarm) -> None:
    path = farm.table(text=TABLE[:40])
    farm.minutes(1)
    farm.table()
    farm.minutes(1)
    assert farm.said().basis == "nothing"
    farm.minutes(1)
    told = farm.said()
    assert (told.basis, told.fault, told.provider, told.model) == ("provider", None, "files", "coop")
    assert told.text.startswith("Files in the station's folder: issued ")
    assert told.text_zh.startswith("本站文件夹中的预报文件：")
    assert line(told, "air_temperature_degc")[:1] == [-3.5]
    before = path.stat()
    # Neither a copy under another name nor a restart reads it again.
    (farm.folder / "coop-2027011507.csv").write_bytes(path.read_bytes())
    farm.minutes(3)
    assert farm.worker.counters()["weather_files"] == 1
    farm.worker.stop()
    farm.worker = farm.new_worker()
    farm.minutes(3)
    assert farm.worker.counters()["weather_files"] == 0
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert farm.said().fetched_ms == told.fetched_ms


def test_a_refused_file_is_named_with_its_cause_and_stays(farm: FolderFarm) -> None:
    farm.table()
    farm.minutes()
    bad = farm.table("coop-2027011509.csv", TABLE.replace("风速", "风力"))
    content = bad.read_bytes()
    farm.minutes()
    told = farm.said()
    assert (told.basis, told.fault) == ("provider", "file_refused")
    assert "A file was refused and left as it is. What was found: “coop-2027011509.csv: wrong shape" in told.text
    assert "有文件未被采用，原文件保持不变。内容：“coop-2027011509.csv" in told.text_zh
    assert bad.read_bytes() == content
    counters = farm.worker.counters()
    assert (counters["weather_files"], counters["weather_files_refused"], counters["weather_issues"]) == (1, 1, 1)
    farm.minutes(5)
    assert farm.worker.counters()["weather_files_refused"] == 1
    # Whoever mends or removes it is not told of it any more.
    farm.table("coop-2027011509.csv", TABLE.replace("-3.5", "-4.5"))
    farm.minutes()
    assert (farm.said().fault, line(farm.said(), "air_temperature_degc")[0]) == (None, -4.5)


@pytest.mark.long
def test_steps_of_a_run_in_files_of_their_own_are_one_issue(farm: FolderFarm) -> None:
    farm.folder.mkdir()
    for hour in (3, 6, 9):
        write_grib(
            farm.folder / f"20270115000000-{hour}h-oper-fc.grib2",
            [Message("2t", str(hour), 273.15 + hour), Message("tp", f"0-{hour}", 0.001 * hour)],
        )
        farm.minutes()
    told = farm.said()
    assert (told.basis, told.fault, told.model) == ("provider", None, "ecmf")
    assert told.attribution is not None
    assert "ECMWF" in told.attribution.text
    assert told.answered is not None
    assert (told.answered.latitude_deg, told.answered.longitude_deg) == (32.0, 119.25)
    scope_lines = farm.said(at_ms=farm.now_ms)
    assert scope_lines.fetched_ms == farm.now_ms
    issue = farm.repositories.weather.said_at(told.asked, farm.now_ms) if told.asked else None
    assert issue is not None
    rain = next(each for each in issue.series if each.channel == "precipitation_mm")
    assert rain.values == pytest.approx((3.0, 3.0, 3.0), abs=0.01)
    assert farm.worker.counters()["weather_issues"] == 3


@pytest.mark.long
def test_an_older_run_that_comes_later_does_not_replace_a_newer_one(farm: FolderFarm) -> None:
    farm.folder.mkdir()
    write_grib(farm.folder / "new.grib2", [Message("2t", "12", 280.0)])
    farm.minutes()
    issued_ms = farm.said().issued_ms
    write_grib(farm.folder / "old.grib2", [Message("2t", "24", 270.0, date=20270114)])
    farm.minutes()
    assert (farm.said().issued_ms, farm.said().fault) == (issued_ms, None)
    # Two runs in one file: the newer one is what is known.
    write_grib(
        farm.folder / "two.grib2",
        [Message("2t", "24", 281.0, time=600), Message("2t", "24", 279.0, date=20270114)],
    )
    farm.minutes()
    assert farm.said().issued_ms == (issued_ms or 0) + 6 * HOUR_MS


@pytest.mark.long
def test_a_second_place_gets_what_is_there_and_one_far_away_is_refused_alone(farm: FolderFarm) -> None:
    farm.folder.mkdir()
    write_grib(farm.folder / "a.grib2", [Message("2t", "12", 280.0)])
    farm.minutes()
    place = farm.repositories.farms.list()[0]
    for name, latitude_deg in (("hill", 32.4), ("far", 45.0)):
        farm.repositories.sites.add(
            Site(farm=place.id, name=name, time_zone="Asia/Shanghai", longitude_deg=119.4, latitude_deg=latitude_deg)
        )
    farm.minutes()
    assert [farm.said(site).basis for site in ("home", "hill", "far")] == ["provider", "provider", "nothing"]


@pytest.mark.parametrize("body", [b"GRIB" + b"\xff" * 5000, b"no grib at all", b"GRIB\x00\x00\x00\x02"])
def test_no_file_ends_the_station(farm: FolderFarm, body: bytes) -> None:
    farm.folder.mkdir()
    (farm.folder / "bad.grib2").write_bytes(body)
    (farm.folder / "link.grib2").symlink_to("/etc/passwd")
    (farm.folder / ".part.grib2").write_bytes(body)
    farm.minutes()
    told = farm.said()
    assert (told.basis, told.fault) == ("nothing", "file_refused")
    assert told.detail is not None
    assert told.detail.startswith("bad.grib2: ")
    assert farm.worker.counters()["weather_files_refused"] == 1


def test_a_file_that_is_too_large_is_not_opened(farm: FolderFarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "MOST_BYTES", 100)
    farm.folder.mkdir()
    write_grib(farm.folder / "a.grib2", [Message("2t", "12", 280.0)])
    farm.minutes()
    assert "a.grib2: it is larger than" in farm.said().text


def test_without_eccodes_the_extra_is_named_and_the_file_is_read_once_it_is_there(
    farm: FolderFarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.folder.mkdir()
    write_grib(farm.folder / "a.grib2", [Message("2t", "12", 280.0)])
    with monkeypatch.context() as patch:
        patch.setattr(reader_process, "has_reader", lambda: False)
        farm.minutes(3)
        assert "a.grib2: GRIB needs ecCodes: install headland[grib]." in farm.said().text
    farm.minutes(1)
    assert (farm.said().basis, farm.said().fault) == ("provider", None)


def test_a_station_without_a_folder_says_so(farm: FolderFarm) -> None:
    farm.worker.stop()
    farm.worker = farm.new_worker(has_folder=False)
    farm.minutes()
    assert (farm.said().reason, farm.said().fault) == ("no_files", "no_folder")


def test_a_reader_that_ends_or_hangs_is_a_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(FileFaultError, match="its reader ended with -11"):
        read_file(tmp_path / "a.grib2", [], threading.Event())
    program.write_text("#!/bin/sh\nexec sleep 3600\n")
    monkeypatch.setattr(reader_process, "WITHIN_S", 0.2)
    with pytest.raises(FileFaultError, match="was not read within"):
        read_file(tmp_path / "a.grib2", [], threading.Event())
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(reader_process, "WITHIN_S", 3600.0)
    with pytest.raises(FileFaultError):
        read_file(tmp_path / "a.grib2", [], stopping)


def test_a_folder_is_turned_on_as_any_provider(farm: FolderFarm) -> None:
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    farm.table()
    farm.minutes(3)
    assert (farm.said().reason, farm.worker.counters()["weather_files"]) == ("off", 0)
