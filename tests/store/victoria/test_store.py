"""The VictoriaMetrics engine against a real server: behaviour beyond the common suite."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor
from headland.errors import RetryLater, SettingsError
from headland.store.port import Mark, MarkState, Points, WriteBatch, WriteResult
from headland.store.victoria.client import VictoriaConnection, parse_retention_h, parse_victoria_url
from headland.store.victoria.samples import VictoriaSamples
from headland.store.victoria.store import open_victoria
from tests.machine import find_program
from tests.ports import find_free_port
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of
from tests.victoria_server import VictoriaServer
from tests.waiting import wait_until

pytestmark = pytest.mark.services("victoria-metrics")

A = key("air_temperature_degc")
LATITUDE = key("latitude_deg", device="uav-1", kind="drone")
DAY_MS = 86_400_000
NOW_MS = wall_clock_ms()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[VictoriaServer]:
    """A server that the test may kill."""
    server = VictoriaServer(tmp_path / "victoria")
    server.start()
    yield server
    server.kill()


def test_a_url_names_server_side_tables_and_store() -> None:
    address = parse_victoria_url("victoria+http://me:w%40rd@host:8428?side=sqlite:////var/side.sqlite&store=farm")
    assert (address.url, address.insert_url, address.storage_urls) == (
        "http://host:8428",
        "http://host:8428",
        ("http://host:8428",),
    )
    assert (address.side_url, address.store, address.user, address.password) == (
        "sqlite:////var/side.sqlite",
        "farm",
        "me",
        "w@rd",
    )
    assert not address.is_cluster
    assert "w@rd" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "victoria+http://host:8428",
        "victoria+http://host:8428?side=",
        "victoria+http://?side=sqlite:///f",
        "victoria+http://host?side=sqlite:///f&retention=soon",
        "victoria+http://host?side=sqlite:///f&bucket=b",
        "victoria+http://host/select/0/prometheus?side=sqlite:///f",
    ],
)
def test_a_wrong_url_is_refused_with_the_form_it_should_have(url: str) -> None:
    with pytest.raises(SettingsError):
        parse_victoria_url(url)


@pytest.mark.parametrize("side", ["mysql://host/db", "nonsense", "oracle+nothing://x"])
def test_side_tables_must_be_in_sqlite_or_postgresql(side: str) -> None:
    with pytest.raises(SettingsError, match="side tables"):
        open_victoria(f"victoria+http://host?side={side}")


def test_a_retention_is_read_in_victoriametrics_format() -> None:
    assert [parse_retention_h(text) for text in ("1", "36h", "30d", "2w", "1y", "1.5d")] == [
        744,
        36,
        720,
        336,
        8760,
        36,
    ]


def test_what_was_acknowledged_survives_kill_9_of_the_server(own_server: VictoriaServer, tmp_path: Path) -> None:
    store = open_victoria(own_server.url(tmp_path / "side.sqlite"))
    sent = 0
    for number in range(1, 5):
        for part in range(1, 4):
            at = number * 10 + part
            series = key(f"channel_{at}_degc")
            store.write(batch((A, at, at + 0.1), (series, at, 1.0), marks=[Mark("gw", "e", at, at)]))
            sent += 2
        own_server.kill()
        with pytest.raises(RetryLater):
            store.write(batch((A, 999, 1.0)))
        own_server.start()
        assert len(rows_of(store)) == sent == store.info().points
    store.close()


def test_what_is_stored_is_there_after_opening_again(victoria_server: VictoriaServer, tmp_path: Path) -> None:
    url = victoria_server.url_of(tmp_path)
    store = open_victoria(url)
    store.write(batch((A, 10, 1.0), (A, 5000, 9.0, 3), events=[event(7)], marks=[Mark("gw", "e", 1, 4)],
                      latest_until_ms=100))  # fmt: skip
    store.write(batch((A, 10, 2.0)))
    store.describe(ORG, "gw", Descriptor(device="gh-1", kind="greenhouse", site="home", name="North"))
    store.close()
    again = open_victoria(url)
    assert rows_of(again) == [(A, 10, 1.0, 1), (A, 5000, 9.0, 3)]
    assert [(latest.time_ms, latest.value) for latest in again.last(EVERYTHING)] == [(10, 1.0)]
    assert again.marks() == {("gw", "e"): MarkState(4)}
    assert again.events(ORG, 0, 99) == [event(7).event]
    assert [one.value for one in again.conflicts(ORG, 0, 99)] == [2.0]
    assert again.devices(ORG)[0].descriptor.name == "North"
    info = again.info()
    assert (info.points, info.series, info.counters["events"], info.counters["conflicts"]) == (2, 1, 1, 1)
    assert again.write(batch((A, 5000, 9.0), (A, 10, 1.0))) == WriteResult(0, duplicate=2)
    again.close()


def test_positions_come_back_to_every_digit_and_other_values_to_every_bit(
    victoria_server: VictoriaServer, tmp_path: Path
) -> None:
    random = np.random.default_rng(3)
    count = 3000
    value = np.concatenate(
        (
            (random.uniform(-180, 180, count) * 1e7).round() / 1e7,
            random.normal(size=count),
            random.normal(scale=20, size=count).astype(np.float32).astype(np.float64),
            random.normal(size=count) * 10.0 ** random.integers(-9, 9, count),
            [0.0, 1e-300, -5e-324, 1e300, -1.7976931348623157e308, 9e9 + 1, 2.0**53 + 2],
        )
    )
    times = NOW_MS - DAY_MS + np.arange(len(value))
    points = Points([LATITUDE], np.zeros(len(value), np.int32), times, value, np.ones(len(value), np.uint8))
    url = victoria_server.url_of(tmp_path)
    store = open_victoria(url)
    assert store.write(WriteBatch(points)) == WriteResult(len(value))
    again = open_victoria(url)
    for opened in (store, again):
        (samples,) = opened.raw(EVERYTHING, 0, 2**60)
        np.testing.assert_array_equal(samples.value, value)
        np.testing.assert_array_equal(samples.time_ms, times)
        assert opened.last(EVERYTHING)[0].value == value[-1]
        assert opened.info().points == len(value)
        assert opened.write(WriteBatch(points)) == WriteResult(0, duplicate=len(value))
    (whole,) = store.buckets(EVERYTHING, int(times[0]), int(times[0]) + 12_000, 3000)
    np.testing.assert_allclose(whole.mean, value[:12_000].reshape(4, 3000).mean(axis=1), rtol=1e-9)
    again.close()
    store.close()


def test_instants_out_of_the_servers_range_are_stored_beside_it(
    victoria_server: VictoriaServer, tmp_path: Path
) -> None:
    url = victoria_server.url_of(tmp_path)
    store = open_victoria(url)
    far_ms = NOW_MS + 4000 * DAY_MS
    assert store.write(batch((A, -5, 1.0), (A, 0, 2.0, 3), (A, 7, 3.0), (A, far_ms, 4.0), latest_until_ms=NOW_MS)) == (
        WriteResult(4)
    )
    assert store.write(batch((A, -5, 1.0), (A, 0, 5.0), (A, far_ms, 4.0))) == WriteResult(0, duplicate=2, conflicting=1)
    again = open_victoria(url)
    for opened in (store, again):
        assert rows_of(opened) == [(A, -5, 1.0, 1), (A, 0, 2.0, 3), (A, 7, 3.0, 1), (A, far_ms, 4.0, 1)]
        assert opened.last(EVERYTHING)[0].time_ms == 7
        assert opened.info().points == 4
        assert opened.buckets(EVERYTHING, -10, 10, 10, max_quality=4)[0].count.tolist() == [1, 2]
    assert store.delete_before(ORG, 7) == 2
    assert [row[1] for row in rows_of(store)] == [7, far_ms]
    store.close()
    again.close()


def test_samples_older_than_the_servers_retention_are_rejected(tmp_path: Path) -> None:
    server = VictoriaServer(tmp_path / "victoria", ["-retentionPeriod=30d", "-dedup.minScrapeInterval=1ms"])
    server.start()
    try:
        store = open_victoria(server.url(tmp_path / "side.sqlite"))
        result = store.write(batch((A, NOW_MS - 31 * DAY_MS, 1.0), (A, NOW_MS - 29 * DAY_MS, 2.0)))
        assert (result.accepted, result.rejected) == (1, 1)
        assert result.rejections[0].time_ms == NOW_MS - 31 * DAY_MS
        assert len(rows_of(store)) == 1
        store.close()
    finally:
        server.kill()


def test_a_server_that_would_count_repeats_twice_is_not_used(tmp_path: Path) -> None:
    server = VictoriaServer(tmp_path / "victoria", ["-retentionPeriod=30d"])
    server.start()
    try:
        with pytest.raises(SettingsError, match=r"-dedup\.minScrapeInterval=1ms"):
            open_victoria(server.url(tmp_path / "side.sqlite"))
    finally:
        server.kill()


def test_buckets_are_right_with_worse_flags_samples_beside_the_server_and_a_cut_end(
    victoria_server: VictoriaServer, tmp_path: Path
) -> None:
    store = open_victoria(victoria_server.url_of(tmp_path))
    start_ms = NOW_MS - DAY_MS
    rows = [(A, start_ms + at * 10, float(at), 4 if at % 7 == 3 else 1) for at in range(50)]
    store.write(batch(*rows, (A, start_ms + 5, 1e12)))
    (good,) = store.buckets(EVERYTHING, start_ms, start_ms + 475, 100)
    assert (good.start_ms - start_ms).tolist() == [0, 100, 200, 300, 400]
    assert good.count.tolist() == [10, 8, 9, 8, 7]
    assert good.high.tolist() == [1e12, 19.0, 29.0, 39.0, 47.0]
    assert good.low.tolist() == [0.0, 11.0, 20.0, 30.0, 40.0]
    assert good.last.tolist() == [9.0, 19.0, 29.0, 39.0, 47.0]
    assert store.buckets(EVERYTHING, start_ms, start_ms + 500, 100, max_quality=4)[0].count.tolist() == [11] + [10] * 4
    store.close()


def test_the_server_steps_by_exactly_the_milliseconds_that_were_asked_for(
    victoria_server: VictoriaServer, tmp_path: Path
) -> None:
    connection = VictoriaConnection(parse_victoria_url(victoria_server.url_of(tmp_path)))
    steps_ms = [*range(1, 60), *range(977, 1300), 35_035, 514_651, 4_167_905, 8_460_211_553, 999_999_999_999]
    found = {step: connection.query_range("time()", 1000, 1000 + 2 * step, step) for step in steps_ms}
    connection.close()
    offsets_ms = {step: [round(float(text) * 1000) - 1000 for _, text in found[step][0].values] for step in steps_ms}
    assert offsets_ms == {step: [0, step, 2 * step] for step in steps_ms}


def test_a_deletion_that_was_killed_half_way_loses_nothing(
    victoria_server: VictoriaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = victoria_server.url_of(tmp_path)
    store = open_victoria(url)
    store.write(batch((A, 10, 1.1), (A, 20, np.pi), (A, 30, 3.0, 3)))

    def die(*_: object) -> None:
        raise RetryLater("killed")

    # After the series is gone from the server, before what stays of it is back.
    monkeypatch.setattr(VictoriaSamples, "_finish_move", die)
    with pytest.raises(RetryLater):
        store.delete_before(ORG, 20)
    monkeypatch.undo()
    survivor = open_victoria(url)
    assert rows_of(survivor) == [(A, 20, np.pi, 1), (A, 30, 3.0, 3)]
    assert survivor.info().points == 2
    survivor.close()
    store.close()


@pytest.mark.services("nginx")
def test_a_cluster_is_reached_by_the_paths_of_its_parts(victoria_server: VictoriaServer, tmp_path: Path) -> None:
    """nginx gives the single node the paths that vminsert, vmselect and vmstorage have."""
    port, folder = find_free_port(), tmp_path / "nginx"
    folder.mkdir()
    back = f"http://{victoria_server.host}:{victoria_server.port}"
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    places = {
        "/insert/7/prometheus/": "/",
        "/select/7/prometheus/": "/",
        "/delete/7/prometheus/": "/",
        "/snapshot/": "/snapshot/",
    }
    proxied = "".join(f"location {path} {{ proxy_pass {back}{there}; }}\n" for path, there in places.items())
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error; {'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{ worker_connections 64; }}\n"
        f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port}; {proxied} }} }}\n",
        encoding="utf-8",
    )
    program = find_program("nginx")
    assert program is not None
    nginx = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        front = f"127.0.0.1:{port}"
        url = (
            f"victoria+http://{front}/select/7/prometheus?side=sqlite:///{tmp_path / 'side.sqlite'}&store=cluster"
            f"&insert=http://{front}/insert/7/influx&storage=http://{front},http://{front}&retention=100y"
        )
        connection = VictoriaConnection(parse_victoria_url(url))

        def is_up() -> bool:
            try:
                connection.flush()
            except RetryLater:
                return False
            return True

        wait_until(is_up)
        connection.close()
        store = open_victoria(url)
        store.write(batch((A, 10, 1.0), (A, 20, 2.0)))
        assert [row[1] for row in rows_of(store)] == [10, 20]
        assert store.delete_before(ORG, 20) == 1
        assert [row[1] for row in rows_of(store)] == [20]
        store.close()
    finally:
        nginx.terminate()
        nginx.wait(120)
