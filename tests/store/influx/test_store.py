"""The InfluxDB engine against a real server: behaviour beyond the common suite."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor
from headland.errors import RetryLater, SettingsError
from headland.store.influx import metadata
from headland.store.influx.client import InfluxAddress, parse_influx_url
from headland.store.influx.store import open_influx
from headland.store.port import Mark, MarkState, Points, SeriesFilter, SeriesKey, WriteBatch, WriteResult
from tests.influx_server import InfluxServer
from tests.store.batches import EVERYTHING, ORG, batch, event, key, rows_of

pytestmark = pytest.mark.services("influxdb", "nginx")

A = key("air_temperature_degc")
NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[InfluxServer]:
    """A server that the test may kill."""
    server = InfluxServer(tmp_path / "influxdb")
    server.start()
    yield server
    server.close()


def test_a_url_names_server_bucket_and_login() -> None:
    assert parse_influx_url("influx+http://me:w%40rd@host:8086/farm?retention=30d") == InfluxAddress(
        url="http://host:8086", bucket="farm", user="me", password="w@rd", retention_h=720
    )
    assert parse_influx_url("influx+https://host/farm?org=coop&token=abc&timeout=5") == InfluxAddress(
        url="https://host", bucket="farm", organisation="coop", token="abc", timeout_s=5.0
    )
    assert "abc" not in repr(parse_influx_url("influx+https://host/farm?token=abc"))


@pytest.mark.parametrize(
    "url",
    [
        "influx+http://host:8086",
        "influx+http://host:8086/two words",
        "influx+ftp://host/farm",
        "influx+http://host/farm?tokn=abc",
        "influx+http://me:word@host/farm?token=abc",
        "influx+http://host/farm?retention=soon",
        "influx+http://host/farm?retention=0d",
        "influx+http://host/farm?timeout=long",
    ],
)
def test_a_wrong_url_is_refused_with_the_form_it_should_have(url: str) -> None:
    with pytest.raises(SettingsError):
        parse_influx_url(url)


def test_what_is_stored_is_there_after_opening_again(influx_server: InfluxServer, tmp_path: Path) -> None:
    url = influx_server.url_of(tmp_path)
    store = open_influx(url)
    store.write(batch((A, 10, 1.0), (A, 5000, 9.0, 3), events=[event(7)], marks=[Mark("gw", "e", 1, 4)],
                      latest_until_ms=100))  # fmt: skip
    store.write(batch((A, 10, 2.0)))
    store.describe(ORG, "gw", Descriptor(device="gh-1", kind="greenhouse", site="home", name='The "north" \\ house'))
    store.close()
    again = open_influx(url)
    assert rows_of(again) == [(A, 10, 1.0, 1), (A, 5000, 9.0, 3)]
    assert [(latest.time_ms, latest.value) for latest in again.last(EVERYTHING)] == [(10, 1.0)]
    assert again.marks() == {("gw", "e"): MarkState(4)}
    assert again.events(ORG, 0, 99) == [event(7).event]
    assert [one.value for one in again.conflicts(ORG, 0, 99)] == [2.0]
    assert again.devices(ORG)[0].descriptor.name == 'The "north" \\ house'
    info = again.info()
    assert (info.points, info.series, info.counters["events"], info.counters["conflicts"]) == (2, 1, 1, 1)
    assert again.write(batch((A, 5000, 9.0), (A, 10, 1.0))) == WriteResult(0, duplicate=2)
    again.close()


def test_every_finite_value_and_every_odd_name_comes_back_exactly(influx_server: InfluxServer, tmp_path: Path) -> None:
    values = [5e-324, -1.7976931348623157e308, 3.141592653589793, 1e22, -0.1, 52.123456789012345, 2.0**53 + 2, -7.0]
    odd = SeriesKey("a,b =\"'", "Hof Süd 北", 'k =,"\\x', "e=f'g\"h", 'v 1%s "q"', simulated=True)
    store = open_influx(influx_server.url_of(tmp_path))
    store.write(batch(*((odd, at, value, at % 5) for at, value in enumerate(values))))
    which = SeriesFilter(odd.organisation, device=odd.device)
    assert rows_of(store, which) == [(odd, at, value, at % 5) for at, value in enumerate(values)]
    assert store.write(batch(*((odd, at, value) for at, value in enumerate(values)))).duplicate == len(values)
    assert store.buckets(which, 2, 5, 3, max_quality=4)[0].count.tolist() == [3]
    assert store.delete_before(odd.organisation, 99) == len(values)
    store.close()


def test_names_that_line_protocol_cannot_hold_are_rejected_and_their_neighbours_stored(
    influx_server: InfluxServer, tmp_path: Path
) -> None:
    store = open_influx(influx_server.url_of(tmp_path))
    bad = key(device="two\nlines")
    result = store.write(batch((A, 1, 1.0), (bad, 1, 2.0, 3), (A, 2**60, 3.0), marks=[Mark("gw", "e", 1, 1)]))
    assert (result.accepted, result.rejected) == (1, 2)
    assert [(one.key, one.time_ms, one.value, one.quality) for one in result.rejections] == [
        (bad, 1, 2.0, 3),
        (A, 2**60, 3.0, 1),
    ]
    assert "line protocol" in result.rejections[0].reason
    assert "outside the retention of the store" in result.rejections[1].reason
    assert rows_of(store) == [(A, 1, 1.0, 1)]
    assert store.marks() == {("gw", "e"): MarkState(1)}
    store.close()


def test_a_partial_write_rejects_the_samples_that_the_server_refused(
    influx_server: InfluxServer, tmp_path: Path
) -> None:
    url = influx_server.url_of(tmp_path)
    store = open_influx(url)
    database = parse_influx_url(url).bucket
    # Somebody else wrote text into a channel's field: numbers can never follow it in that span of time.
    influx_server.post(f"/write?db={database}&precision=ms", b'greenhouse,device=x co2_ppm="much" 5')
    co2 = key("co2_ppm")
    result = store.write(batch((A, 5, 1.0), (co2, 5, 400.0), (A, 6, 1.5), marks=[Mark("gw", "e", 1, 1)]))
    assert (result.accepted, result.duplicate, result.conflicting, result.rejected) == (2, 0, 0, 1)
    assert (result.rejections[0].key, result.rejections[0].value) == (co2, 400.0)
    assert "field type conflict" in result.rejections[0].reason
    assert store.series(EVERYTHING) == [A]
    assert store.info().points == 2
    assert store.marks() == {("gw", "e"): MarkState(1)}
    store.close()


def test_samples_older_than_the_retention_are_rejected_before_the_server_drops_them(
    influx_server: InfluxServer, tmp_path: Path
) -> None:
    url = influx_server.url_of(tmp_path) + "?retention=30d"
    store = open_influx(url)
    now_ms = wall_clock_ms()
    result = store.write(batch((A, now_ms - 31 * DAY_MS, 1.0), (A, now_ms - DAY_MS, 2.0)))
    assert (result.accepted, result.rejected) == (1, 1)
    answer = influx_server.post(f"/query?db={parse_influx_url(url).bucket}&q=SHOW%20RETENTION%20POLICIES")
    assert b"720h0m0s" in answer
    # The server's own word is heeded as well: here the store thinks that more is kept.
    store.close()
    longer = open_influx(influx_server.url_of(tmp_path))
    result = longer.write(batch((A, now_ms - 31 * DAY_MS, 1.0), (A, now_ms - DAY_MS + 1, 2.0)))
    assert (result.accepted, result.rejected) == (1, 1)
    assert "retention policy" in result.rejections[0].reason
    longer.close()


def test_marks_and_devices_are_written_again_before_a_retention_deletes_them(
    influx_server: InfluxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = influx_server.url_of(tmp_path) + "?retention=30d"
    store = open_influx(url)
    store.write(batch(marks=[Mark("gw-1", "e", 1, 4)]))
    store.describe(ORG, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="North"))
    store.close()
    later_ns = time.time_ns() + 2 * DAY_MS * 10**6
    monkeypatch.setattr(time, "time_ns", lambda: later_ns)
    store = open_influx(url)
    store.write(batch(marks=[Mark("gw-2", "e", 1, 1)]))
    assert store.marks() == {("gw-1", "e"): MarkState(4), ("gw-2", "e"): MarkState(1)}
    store.close()
    bucket = parse_influx_url(url).bucket
    counted = influx_server.post(
        f"/query?db={bucket}&q=SELECT%20count(high_water)%20FROM%20headland_mark%20WHERE%20gateway%3D%27gw-1%27"
    )
    assert b",2]" in counted
    store = open_influx(url)
    assert [record.gateway for record in store.devices(ORG)] == ["gw-1"]
    store.close()


def test_many_events_of_one_millisecond_are_all_stored(influx_server: InfluxServer, tmp_path: Path) -> None:
    store = open_influx(influx_server.url_of(tmp_path))
    events = [event(5, number=number) for number in range(2000)]
    store.write(batch(events=events[:1500]))
    store.write(batch(events=events[1000:]))
    found = store.events(ORG, 5, 6)
    assert sorted(int(str(one.data["number"])) for one in found) == list(range(2000))
    assert store.info().counters["events"] == 2000
    store.write(batch(events=[event(4), event(9), event(5, device="uav-2")]))
    every = store.events(ORG, 0, 99)
    for limit in (1, 2, 7, 1500, 2001, 2003):
        assert store.events(ORG, 0, 99, limit=limit) == every[:limit]
    store.close()


def test_two_records_of_the_same_slot_are_both_stored() -> None:
    held: dict[int, object] = {}
    for content in ("a", "b", "c"):
        at_ns = metadata._free_slot(7, held, content)
        assert at_ns is not None
        # Everything around is taken: the next one has to step over it.
        held |= {at_ns: content}
        assert metadata._free_slot(7, held, content) is None
    first = metadata._free_slot(7, {}, "d")
    assert first is not None
    assert metadata._free_slot(7, {first: "other"}, "d") == 7_000_000 + (first - 7_000_000 + 1) % 1_000_000


def test_a_server_that_is_away_is_waited_for_and_loses_nothing(own_server: InfluxServer) -> None:
    url = own_server.url("farm")
    store = open_influx(url)
    store.write(batch((A, 10, 1.0), marks=[Mark("gw", "e", 1, 1)]))
    own_server.kill()
    with pytest.raises(RetryLater):
        store.write(batch((A, 20, 2.0), marks=[Mark("gw", "e", 2, 2)]))
    with pytest.raises(RetryLater):
        store.raw(EVERYTHING, 0, 99)
    late = open_influx(url)
    with pytest.raises(RetryLater, match=r"cannot be reached|502"):
        late.marks()
    own_server.start()
    assert store.write(batch((A, 20, 2.0), marks=[Mark("gw", "e", 2, 2)])) == WriteResult(1)
    assert rows_of(late) == rows_of(store) == [(A, 10, 1.0, 1), (A, 20, 2.0, 1)]
    assert late.marks() == {("gw", "e"): MarkState(2)}
    store.close()
    late.close()


def test_kill_9_of_the_server_right_after_each_write_loses_nothing_acknowledged(own_server: InfluxServer) -> None:
    store = open_influx(own_server.url("farm"))
    for number in range(1, 4):
        for part in range(20):
            at = number * 100 + part
            store.write(batch((A, at, float(at)), marks=[Mark("gw", "e", at, at)]))
        own_server.kill()
        own_server.start()
    expected = [(A, n * 100 + part, float(n * 100 + part), 1) for n in range(1, 4) for part in range(20)]
    assert rows_of(store) == expected
    assert store.marks()["gw", "e"].ahead == ((100, 119), (200, 219), (300, 319))
    store.close()


def test_samples_without_their_mark_are_found_stored_when_the_message_comes_again(
    influx_server: InfluxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = influx_server.url_of(tmp_path)
    store = open_influx(url)
    sent = batch((A, 10, 1.0), (A, 900, 2.0), events=[event(3)], marks=[Mark("gw", "e", 1, 1)], latest_until_ms=500)

    def die(*_: object) -> None:
        raise RetryLater("killed before the mark")

    monkeypatch.setattr(metadata.InfluxMetadata, "put_marks", die)
    with pytest.raises(RetryLater):
        store.write(sent)
    monkeypatch.undo()
    survivor = open_influx(url)
    assert survivor.marks() == {}
    assert survivor.write(sent) == WriteResult(0, duplicate=2)
    assert survivor.marks() == {("gw", "e"): MarkState(1)}
    assert (survivor.info().points, survivor.info().counters["events"]) == (2, 1)
    assert survivor.last(EVERYTHING)[0].time_ms == 10
    store.close()
    survivor.close()


def test_another_process_sees_what_was_written(influx_server: InfluxServer, tmp_path: Path) -> None:
    url = influx_server.url_of(tmp_path)
    writer, reader = open_influx(url), open_influx(url)
    reader._refresh_s = 0.0
    assert reader.series(EVERYTHING) == []
    writer.write(batch((A, 10, 1.0), marks=[Mark("gw", "e", 1, 1)]))
    assert reader.series(EVERYTHING) == [A]
    assert reader.last(EVERYTHING) == writer.last(EVERYTHING)
    assert reader.marks() == writer.marks()
    other = key("co2_ppm", device="gh-2")
    writer.write(batch((A, 20, 2.0), (other, 15, 3.0, 3), (A, 5000, 9.0), latest_until_ms=100))
    assert reader.series(EVERYTHING) == [A, other]
    assert [(latest.time_ms, latest.quality) for latest in reader.last(EVERYTHING)] == [(20, 1), (15, 3)]
    # It has heard of what the other wrote, so that it neither stores it again nor overwrites it.
    assert reader.write(batch((A, 20, 2.0), (other, 15, 4.0), (A, 5000, 9.0))) == WriteResult(0, 2, 1)
    assert rows_of(reader) == rows_of(writer)
    writer.close()
    reader.close()


def test_a_login_is_checked_and_a_wrong_one_raises(tmp_path: Path) -> None:
    server = InfluxServer(tmp_path / "influxdb", auth=True)
    server.start()
    try:
        server.post("/query?q=CREATE+USER+farmer+WITH+PASSWORD+%27w%40rd%3A1%27+WITH+ALL+PRIVILEGES")
        store = open_influx(server.url("farm", login="farmer:w%40rd%3A1@"))
        store.write(batch((A, 10, 1.0)))
        assert rows_of(store) == [(A, 10, 1.0, 1)]
        store.close()
        for login, more in (("farmer:wrong@", ""), ("", ""), ("", "?token=abc")):
            with pytest.raises(SettingsError, match="refuses the login"):
                open_influx(server.url("farm", login=login, more=more))
    finally:
        server.close()


def test_a_batch_longer_than_a_request_is_stored_whole(influx_server: InfluxServer, tmp_path: Path) -> None:
    count = 25_000
    store = open_influx(influx_server.url_of(tmp_path))
    ramp = np.arange(count)
    points = Points([A], np.zeros(count, np.int32), NOW_MS + ramp, ramp / 8, np.ones(count, np.uint8))
    assert store.write(WriteBatch(points)) == WriteResult(count)
    assert store.write(WriteBatch(points)) == WriteResult(0, duplicate=count)
    (samples,) = store.raw(EVERYTHING, 0, 2**60)
    np.testing.assert_array_equal(samples.value, points.value)
    np.testing.assert_array_equal(samples.time_ms, points.time_ms)
    store.close()


def test_a_bucket_that_was_emptied_while_it_is_used_is_noticed(influx_server: InfluxServer, tmp_path: Path) -> None:
    url = influx_server.url_of(tmp_path)
    store = open_influx(url)
    for number in range(1, 5):
        store.write(batch((A, number, 1.0), marks=[Mark("gw", "e", number, number, 0)]))
    store._looked_s = time.monotonic() - 3600
    assert (store.marks()["gw", "e"].high_water, store.info().damage) == (4, ())
    measurements = ("headland_mark", A.kind)
    store._metadata._connection.change(*(f"DROP MEASUREMENT {name}" for name in measurements), words={})  # type: ignore[attr-defined]
    store._looked_s = time.monotonic() - 3600
    assert store.marks() == {}
    (sentence,) = store.info().damage
    assert "4 of gw (e)" in sentence
    assert len(store.acknowledge_damage(1, "admin")) == 1
    assert store.info().damage == ()
    store.close()
