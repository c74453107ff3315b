"""Copying stores between engines: everything arrives, is proved, and a killed copy goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headland.contract.records import ChannelInfo, Descriptor
from headland.errors import HeadlandError, SettingsError
from headland.store.memory import MemoryStore
from headland.store.port import Mark, Points, SeriesFilter, Store, WriteBatch, WriteResult
from headland.store.record_book import EVENTS, QUARANTINED, day_of
from station.server.storage import store_copy as copying
from station.server.storage.store_copy import copy_store, run_copy
from station.server.storage.stores import duckdb_url, open_store
from tests.influx_server import InfluxServer
from tests.store.batches import ORG, batch, event, key, rows_of
from tests.victoria_server import VictoriaServer

NOW_MS = 1_790_000_000_000
SERIES = [
    key("air_temperature_degc"),
    key("air_temperature_degc", simulated=True),
    key("air_temperature_degc", site="south"),
    key("altitude_m", device="uav-1", kind="drone"),
    key("co2_ppm", organisation="other"),
]
ROOT = Path(__file__).parents[4]


def fill(store: Store, count: int = 400) -> None:
    """Everything that a store can hold."""
    random = np.random.default_rng(4)
    for number, series in enumerate(SERIES):
        time_ms = NOW_MS + np.arange(count) * 1000 + number
        flags = random.choice(np.array([1, 1, 1, 2, 3, 4], np.uint8), count)
        value = random.normal(20, 5, count)
        store.write(WriteBatch(Points([series], np.zeros(count, np.int32), time_ms, value, flags)))
    ahead_ms = NOW_MS + 10**9
    store.write(batch((SERIES[0], ahead_ms, 99.0, 3), (SERIES[3], ahead_ms, 98.0), latest_until_ms=NOW_MS + 10**8))
    store.write(batch((key("never_latest_m"), ahead_ms, 97.0), latest_until_ms=NOW_MS))
    for seen_ms in (5, 6):
        conflicts = batch((SERIES[0], NOW_MS, 1.0 * seen_ms, 3), (SERIES[4], NOW_MS + 4, 2.0 * seen_ms))
        store.write(replace(conflicts, seen_ms=seen_ms))
    events = [event(NOW_MS + at // 3, number=at, text="喷雾 'q' \"z\" \\") for at in range(50)]
    events.append(event(NOW_MS, organisation="only-events"))
    today = day_of(NOW_MS)
    marks = [
        Mark("gw-1", "e1", 1, 4, today),
        Mark("gw-1", "e1", 5, 8, QUARANTINED),
        Mark("gw-1", "e1", 9, 9, EVENTS),
        Mark("gw-1", "e2", 4, 5, today),
        Mark("gw-2", "e1", 1, 1),
    ]
    store.write(batch(events=events, marks=marks))
    store.write(replace(batch(), filled=[Mark("gw-1", "e1", 6, 6, today)]))
    house = Descriptor(device="gh-1", kind="greenhouse", site="home", name='Söuth "1"', channels={
        "air_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0)})  # fmt: skip
    store.describe(ORG, "gw-1", house)
    store.describe("only-devices", "gw-9", house)


def everything(store: Store) -> dict[str, object]:
    """All that reads of a store say."""
    return {
        organisation: (
            rows_of(store, SeriesFilter(organisation)),
            store.last(SeriesFilter(organisation)),
            store.events(organisation, 0, 2**60),
            store.conflicts(organisation, 0, 2**60),
            store.devices(organisation),
        )
        for organisation in store.organisations()
    } | {"marks": store.marks(), "books": {source: state.book for source, state in store.marks().items()}}


def hush(_: str) -> None:
    """Say nothing."""


@pytest.mark.services("influxdb", "nginx")
def test_duckdb_to_influxdb_and_back_gives_identical_rows(influx_server: InfluxServer, tmp_path: Path) -> None:
    first, influx, last = (
        duckdb_url(tmp_path / "first.duckdb"),
        influx_server.url_of(tmp_path),
        duckdb_url(tmp_path / "last.duckdb"),
    )
    with closing(open_store(first)) as store:
        fill(store)
        before = everything(store)
    run_copy(first, influx, hush)
    run_copy(influx, last, hush)
    with closing(open_store(influx)) as between, closing(open_store(last)) as store:
        assert everything(between) == before
        assert everything(store) == before


@pytest.mark.services("victoria-metrics")
def test_duckdb_to_victoriametrics_and_back_gives_identical_rows(
    victoria_server: VictoriaServer, tmp_path: Path
) -> None:
    first, last = (duckdb_url(tmp_path / f"{name}.duckdb") for name in ("first", "last"))
    with closing(open_store(first)) as store:
        fill(store)
        before = everything(store)
    run_copy(first, victoria_server.url_of(tmp_path), hush)
    run_copy(victoria_server.url_of(tmp_path), last, hush)
    with closing(open_store(last)) as store:
        assert everything(store) == before


def test_each_part_is_told_with_its_count_and_checksum() -> None:
    source, target = MemoryStore(), MemoryStore()
    fill(source)
    said: list[str] = []
    report = copy_store(source, target, said.append)
    assert report.different == []
    assert report.samples == 5 * 400 + 3
    assert len(said) == len(report.source) == 6 + 4 * 3 + 1
    assert said[0].split()[-2] == "401"
    assert everything(target) == everything(source)
    checksums = {told.checksum for name, told in report.source.items() if "degc" in name}
    assert len(checksums) == 3


def test_a_copy_goes_on_behind_what_the_target_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_PAGE", 50)
    source, target = MemoryStore(), MemoryStore()
    fill(source)
    copy_store(source, target, hush)
    sent: list[int] = []
    write = target.write

    def note(batch_sent: WriteBatch) -> WriteResult:
        sent.append(len(batch_sent.points))
        return write(batch_sent)

    monkeypatch.setattr(target, "write", note)
    source.write(batch((SERIES[0], NOW_MS + 999_000, 1.0)))
    report = copy_store(source, target, hush)
    assert report.different == []
    # The newest of each series again, what is new, and the contradictions: not everything.
    assert sum(sent) < 30
    assert everything(target) == everything(source)


def test_a_hole_in_the_target_is_found_and_filled() -> None:
    source, target = MemoryStore(), MemoryStore()
    fill(source)
    samples = source.raw(SeriesFilter(ORG, device="uav-1"), 0, 2**60)[0]
    target.write(batch((samples.key, int(samples.time_ms[300]), float(samples.value[300]), int(samples.quality[300]))))
    assert copy_store(source, target, hush).different == []
    assert everything(target) == everything(source)


def test_events_of_one_instant_are_not_parted_by_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_PAGE", 3)
    source, target = MemoryStore(), MemoryStore()
    source.write(
        batch(events=[event(at, number=number) for at, many in ((1, 2), (2, 11), (3, 4)) for number in range(many)])
    )
    assert copy_store(source, target, hush).different == []
    assert len(target.events(ORG, 0, 9)) == 17


def test_what_the_target_holds_against_it_is_told_and_fails(tmp_path: Path) -> None:
    said: list[str] = []
    source, target = (duckdb_url(tmp_path / f"{name}.duckdb") for name in ("source", "target"))
    for url, value in ((source, 1.0), (target, 2.0)):
        with closing(open_store(url)) as store:
            store.write(batch((SERIES[0], NOW_MS, value)))
    with pytest.raises(HeadlandError, match="parts differ"):
        run_copy(source, target, said.append)
    assert any("DIFFERENT: the target has" in line for line in said)


def test_a_source_is_never_made_and_never_the_target(tmp_path: Path) -> None:
    missing, other = tmp_path / "missing.duckdb", duckdb_url(tmp_path / "other.duckdb")
    with pytest.raises(SettingsError, match="No store at"):
        run_copy(duckdb_url(missing), other, hush)
    assert not missing.exists()
    with pytest.raises(SettingsError, match="are the same store"):
        run_copy(other, other, hush)


@pytest.mark.long
@pytest.mark.services("influxdb", "nginx")
def test_a_copy_that_is_killed_goes_on_and_ends_whole(influx_server: InfluxServer, tmp_path: Path) -> None:
    source, target = duckdb_url(tmp_path / "first.duckdb"), influx_server.url_of(tmp_path)
    with closing(open_store(source)) as store:
        fill(store, 6000)
        before = everything(store)
    command = [sys.executable, "-P", "-m", "station", "store", "copy", source, target]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    for lines in (1, 3):
        copy = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
        assert copy.stdout is not None
        for _ in range(lines):
            assert copy.stdout.readline()
        copy.send_signal(signal.SIGKILL)
        copy.wait(120)
        copy.stdout.close()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "counts and checksums are equal" in done.stdout
    with closing(open_store(target)) as store:
        assert everything(store) == before
