"""A device belongs to the gateway that was first received with it: through the real writer, store and quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.contract.delivery import RefusedDevice
from headland.contract.records import Ack, Batch, Block, Clock, Descriptor, Event
from headland.contract.topics import shard_of
from headland.store.port import SeriesFilter
from tests.ingest.brittle_store import BrittleStore
from tests.ingest.gateway import T0_MS, batch_of, block_of
from tests.ingest.writer_bench import Bench

HOUSE = Descriptor(device="house-7", kind="greenhouse", site="home", name="House 7")
VEHICLE = "uav-6869646e"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.writer.stop()
    made.writer.finish()


def values_of(bench: Bench, device: str) -> list[float]:
    (samples,) = bench.store.raw(SeriesFilter("local", device=device), 0, 2**60)
    return [float(value) for value in samples.value]


def record(seq: int, gateway: str, device: str, value: float, **of_block: object) -> Batch:
    block = block_of({"air_temperature_degc": [value]}, T0_MS + seq, device=device)
    return batch_of(seq, msgspec.structs.replace(block, **of_block), gateway=gateway)


def events_of(bench: Bench, kind: str) -> list[tuple[str, dict[str, object]]]:
    return [(event.device, dict(event.data)) for event in bench.store.events("local", 0, 2**60) if event.kind == kind]


def test_a_neighbour_cannot_fill_a_series_before_its_gateway_does(bench: Bench) -> None:
    bench.describe("ga", Descriptor(device="line-ga", kind="greenhouse", site="home", name="Line"))
    for seq in range(1, 241):
        times = block_of({"air_temperature_degc": [-1.0] * 500}, T0_MS + (seq - 1) * 500, 1, device="line-ga")
        bench.put(batch_of(seq, times, gateway="gx"))
    for seq in range(1, 601):
        own = block_of({"air_temperature_degc": [float(seq)]}, T0_MS + seq * 200, device="line-ga")
        bench.put(batch_of(seq, own, gateway="ga"))
    bench.settle()
    assert values_of(bench, "line-ga") == [float(seq) for seq in range(1, 601)]
    assert bench.store.conflicts("local", 0, 2**60) == []
    assert (bench.delivery("ga").totals.stored, bench.delivery("ga").conflicting) == (600, 0)
    report = bench.delivery("gx")
    assert (report.totals.stored, report.totals.quarantined, report.foreign) == (0, 240, 240)
    assert report.refused_devices == (RefusedDevice("line-ga", "ga"),)
    assert events_of(bench, "device_refused") == [("gx", {"device": "line-ga", "owner": "ga"})]
    assert {message.reason for message in bench.writer.quarantine.list()} == {"wrong_identity"}


@pytest.mark.parametrize("simulated", [False, True])
def test_a_descriptor_of_another_gateway_changes_nothing(bench: Bench, simulated: bool) -> None:
    bench.describe("gb", HOUSE)
    bench.put(record(1, "gb", "house-7", 20.0))
    bench.describe("ga", msgspec.structs.replace(HOUSE, site="elsewhere", kind="vehicle", simulated=simulated))
    bench.put(record(1, "ga", "house-7", -30.0, simulated=simulated))
    bench.settle()
    (device,) = bench.store.devices("local")
    assert (device.gateway, device.descriptor) == ("gb", msgspec.structs.replace(HOUSE, clock=Clock.NTP))
    assert [key.simulated for key in bench.store.series(SeriesFilter("local"))] == [False]
    assert values_of(bench, "house-7") == [20.0]
    assert bench.delivery("ga").foreign == 2


def test_of_two_gateways_that_describe_a_device_in_one_batch_the_first_has_it(bench: Bench) -> None:
    bench.describe("ga", HOUSE)
    bench.describe("gb", msgspec.structs.replace(HOUSE, name="Mine"))
    bench.settle()
    assert [(device.gateway, device.descriptor.name) for device in bench.store.devices("local")] == [("ga", "House 7")]


def test_samples_before_a_descriptor_claim_a_device_also_over_a_restart_and_another_store(
    bench: Bench, tmp_path: Path
) -> None:
    bench.put(record(1, "ga", "house-7", 20.0))
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path, BrittleStore())
    later.writer.load()
    later.describe("gb", HOUSE)
    later.put(record(1, "gb", "house-7", 30.0))
    later.put(record(2, "ga", "house-7", 21.0))
    later.describe("ga", HOUSE)
    later.settle()
    assert values_of(later, "house-7") == [21.0]
    assert [device.gateway for device in later.store.devices("local")] == ["ga"]
    later.writer.finish()


def test_the_rest_of_a_message_is_stored_and_an_event_about_a_foreign_device_is_not(bench: Bench) -> None:
    bench.describe("gb", HOUSE)
    alarm = Event(
        t=T0_MS, device="house-7", kind="alarm_raised", device_kind="greenhouse", site="home", clock=Clock.NTP
    )
    own = block_of({"air_temperature_degc": [19.0]}, device="mine")
    foreign = block_of({"air_temperature_degc": [-30.0]}, device="house-7")
    bench.put(Batch(gw="ga", epoch="e1", seq=1, v=1, blocks=[foreign, own], events=[alarm]))
    bench.settle()
    assert values_of(bench, "mine") == [19.0]
    assert bench.store.raw(SeriesFilter("local", device="house-7"), 0, 2**60) == []
    assert events_of(bench, "alarm_raised") == []
    assert bench.delivery("ga").totals.stored == 1


def test_a_vehicle_known_by_its_unique_id_is_received_by_several_gateways(bench: Bench) -> None:
    bench.put(record(1, "ga", VEHICLE, 20.0, kind="drone"))
    bench.put(record(1, "gb", VEHICLE, 20.0, kind="drone"))
    bench.put(record(2, "ga", f"{VEHICLE}.sys1-180", 21.0, kind="component"))
    bench.put(record(2, "gb", f"{VEHICLE}.sys1-180", 22.0, kind="component"))
    bench.settle()
    assert bench.writer.quarantine.count() == 0
    assert values_of(bench, f"{VEHICLE}.sys1-180") == [21.0]
    assert (bench.delivery("ga").conflicting, bench.delivery("gb").conflicting) == (0, 1)
    assert bench.writer.gateway_stats.troubles(0.0)["gb"].conflicting == 1


def test_conflicts_of_a_gateway_are_known_after_a_restart(bench: Bench, tmp_path: Path) -> None:
    bench.put(record(1, "ga", VEHICLE, 20.0))
    bench.put(record(1, "gb", VEHICLE, 25.0))
    bench.settle()
    bench.writer.finish()
    later = Bench(tmp_path, bench.store)
    assert (later.delivery("ga").conflicting, later.delivery("gb").conflicting) == (0, 1)


def test_only_its_owner_marks_a_vehicle_as_simulated(bench: Bench) -> None:
    bench.put(record(1, "ga", VEHICLE, 20.0))
    bench.put(record(2, "gb", VEHICLE, 20.0, simulated=True))
    bench.describe("gb", Descriptor(device=VEHICLE, kind="drone", site="home", name="x", simulated=True))
    bench.settle()
    assert [key.simulated for key in bench.store.series(SeriesFilter("local"))] == [False]
    assert bench.delivery("gb").refused_devices == (RefusedDevice(VEHICLE, "ga"),)
    bench.put(record(3, "ga", VEHICLE, 20.0, simulated=True))
    bench.put(record(4, "gb", VEHICLE, 20.0, simulated=True))
    bench.settle()
    assert sorted(key.simulated for key in bench.store.series(SeriesFilter("local"))) == [False, True]
    assert bench.delivery("gb").totals.stored == 1


def test_a_moved_device_is_the_other_gateways_and_its_refused_records_are_stored_by_a_replay(bench: Bench) -> None:
    bench.describe("ga", HOUSE)
    bench.put(record(1, "ga", "house-7", 20.0))
    bench.put(record(1, "gc", "house-7", 99.0, t0=T0_MS + 50))
    bench.settle()
    bench.store.describe("local", "gc", HOUSE)
    bench.service.devices_moved("gc")
    bench.settle()
    assert values_of(bench, "house-7") == [20.0, 99.0]
    bench.put(record(2, "ga", "house-7", 21.0))
    bench.put(record(2, "gc", "house-7", 22.0))
    bench.describe("ga", HOUSE, retained=True)
    bench.settle()
    assert values_of(bench, "house-7") == [20.0, 22.0, 99.0]
    assert [device.gateway for device in bench.store.devices("local")] == ["gc"]
    assert [(message.gateway, message.seq) for message in bench.writer.quarantine.list()] == [("ga", 2)]
    assert (bench.delivery("gc").totals.stored, bench.delivery("gc").totals.quarantined) == (2, 0)
    assert bench.writer.counts["ignored_retained"] == 1


def test_a_gateway_always_reports_on_itself(bench: Bench) -> None:
    bench.put(record(1, "gw-1", "gw-2", 20.0))
    dropped = Event(t=T0_MS, device="gw-2", kind="spool_dropped", device_kind="gateway", site="s", clock=Clock.NTP)
    bench.put(Batch(gw="gw-2", epoch="e1", seq=4, first=1, v=1, events=[dropped]))
    bench.settle()
    assert bench.delivery("gw-2").totals.dropped_by_gateway == 4


def test_a_device_with_the_name_of_its_gateway_has_an_owner_like_any_other(bench: Bench) -> None:
    bench.put(record(1, "sensor-1", "sensor-1", 20.0))
    bench.put(record(1, "gx", "sensor-1", -1.0, t0=T0_MS + 50))
    bench.put(record(2, "sensor-1", "sensor-1", 21.0, t0=T0_MS + 50))
    bench.settle()
    assert values_of(bench, "sensor-1") == [20.0, 21.0]
    assert bench.delivery("gx").refused_devices == (RefusedDevice("sensor-1", "sensor-1"),)


def many(devices: int) -> list[Block]:
    return [block_of({"air_temperature_degc": [20.0]}, device=f"d-{number}") for number in range(devices)]


def test_one_message_cannot_make_hundreds_of_devices(bench: Bench, tmp_path: Path) -> None:
    bench.put(batch_of(1, *many(500)))
    bench.put(batch_of(2, block_of({"air_temperature_degc": [20.0]}, T0_MS + 500, device="d-3")))
    bench.put(batch_of(1, block_of({"air_temperature_degc": [20.0]}, device="other"), gateway="gw-2"))
    bench.settle()
    assert len(bench.store.devices("local")) == 401
    (message,) = bench.writer.quarantine.list()
    assert (message.reason, message.gateway) == ("over_quota", "gw-1")
    assert bench.writer.counts["quarantined_over_quota"] == 1
    assert bench.delivery("gw-1").totals.stored == 2
    bench.writer.finish()
    later = Bench(tmp_path, bench.store)
    later.writer.load()
    later.put(batch_of(3, block_of({"air_temperature_degc": [20.0]}, device="one-more")))
    later.settle()
    assert len(later.store.devices("local")) == 401
    later.writer.finish()


def test_imported_flight_logs_leave_room_for_the_other_devices(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_devices=3)
    names = [f"log-{number:08x}.sys1" for number in range(40)] + ["d-1", "d-2", "d-3", "d-4", "log-d-5"]
    blocks = [block_of({"air_temperature_degc": [20.0]}, device=name) for name in names]
    bench.put(batch_of(1, *blocks))
    bench.settle()
    stored = {device.descriptor.device for device in bench.store.devices("local")}
    assert len(stored) == 30 + 3
    assert stored >= {"d-1", "d-2", "d-3"}
    bench.writer.finish()


def test_a_device_has_a_largest_number_of_series_whatever_site_and_kind_say(bench: Bench) -> None:
    channels: dict[str, list[float | None]] = {f"channel{number}_degc": [1.0] for number in range(2000)}
    bench.put(batch_of(1, block_of(channels)))
    bench.put(batch_of(2, msgspec.structs.replace(block_of({"air_temperature_degc": [20.0]}), site="another")))
    bench.put(batch_of(3, block_of({"channel1_degc": [2.0]}, T0_MS + 500)))
    bench.settle()
    assert len(bench.store.series(SeriesFilter("local"))) == 512
    assert [message.reason for message in bench.writer.quarantine.list()] == ["over_quota", "over_quota"]
    assert (bench.delivery("gw-1").totals.stored, bench.delivery("gw-1").totals.quarantined) == (2, 1)


def test_bytes_and_events_of_a_day_are_bounded_and_come_back_with_time(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_bytes_per_day=1024 * 1024, max_events_per_day=10)
    event = Event(t=T0_MS, device="gh-1", kind="state", device_kind="greenhouse", site="home", clock=Clock.NTP)

    def send_events(seq: int) -> None:
        events = [msgspec.structs.replace(event, t=T0_MS + seq, data={"n": number}) for number in range(6)]
        bench.put(Batch(gw="gw-1", epoch="e1", seq=seq, v=1, events=events))

    send_events(1)
    send_events(2)
    for seq in range(3, 43):
        noise: list[float | None] = [float(seq * 1_000_003 * number % 104_729) for number in range(10_000)]
        bench.put(batch_of(seq, block_of({"light_lx": noise}, T0_MS - seq * 10**7)))
    bench.settle()
    report = bench.delivery("gw-1")
    assert bench.writer.counts["quarantined_over_quota"] == report.totals.quarantined
    assert len(bench.store.events("local", 0, 2**60)) == 6
    assert 10 < report.totals.quarantined < 40
    bench.now_ms += 86_400_000
    send_events(43)
    bench.settle()
    assert len(bench.store.events("local", 0, 2**60)) == 12
    bench.writer.finish()


@pytest.mark.parametrize(
    ("t", "data"),
    [
        (T0_MS, {"since_ms": 2**53 - 1}),
        (T0_MS, {"raised_ms": T0_MS + 302_000}),
        (T0_MS, {"since_ms": -1}),
        (T0_MS, {"since_ms": 1e300}),
        (T0_MS + 302_000, {}),
        (253_402_300_799_999, {}),
    ],
)
def test_an_event_with_an_instant_that_cannot_be_is_refused(bench: Bench, t: int, data: dict[str, int | float]) -> None:
    event = Event(
        t=t, device="gh-1", kind="alarm_raised", device_kind="greenhouse", site="home", clock=Clock.NTP, data={**data}
    )
    sound = msgspec.structs.replace(event, t=T0_MS + 300_000, data={"since_ms": 0, "raised_ms": T0_MS + 300_000})
    bench.put(Batch(gw="gw-1", epoch="e1", seq=1, v=1, events=[event, sound]))
    bench.settle()
    assert [event.data.get("since_ms") for event in bench.store.events("local", 0, 2**60)] == [0]
    assert [message.reason for message in bench.writer.quarantine.list()] == ["bad_time"]


def test_workers_of_different_shards_know_each_others_devices(tmp_path: Path) -> None:
    store = BrittleStore()
    here, there = "ga", next(name for name in ("gb", "gc", "gd", "ge") if shard_of(name) != shard_of("ga"))
    mine = Bench(tmp_path / "one", store, shards=frozenset([shard_of(here)]))
    theirs = Bench(tmp_path / "two", store, shards=frozenset([shard_of(there)]))
    for bench in (mine, theirs):
        bench.writer.load()
    mine.describe(here, HOUSE)
    mine.settle()
    theirs.describe(there, HOUSE)
    theirs.put(record(1, there, "house-7", -30.0))
    theirs.settle()
    assert [device.gateway for device in store.devices("local")] == [here]
    assert store.raw(SeriesFilter("local"), 0, 2**60) == []
    assert theirs.delivery(there).foreign == 2
    for bench in (mine, theirs):
        bench.writer.finish()


def test_a_renamed_gateway_loses_nothing_while_its_devices_wait_for_an_administrator(tmp_path: Path) -> None:
    bench = Bench(tmp_path, quarantine_max_records=20)
    bench.describe("old", HOUSE)
    for seq in range(1, 61):
        bench.put(record(seq, "new", "house-7", float(seq)))
        bench.settle()
    report = bench.delivery("new")
    assert (report.totals.quarantined, report.totals.lost, report.loss) == (19, 0, 0)
    assert bench.acks.acks[-1] == ("new", Ack(epoch="e1", seq=19))
    bench.put(record(1, "other", "mine", 1.0))
    bench.store.describe("local", "new", HOUSE)
    bench.service.devices_moved("new")
    bench.settle()
    for seq in range(20, 61):
        bench.put(record(seq, "new", "house-7", float(seq)))
    bench.settle()
    assert values_of(bench, "house-7") == [float(seq) for seq in range(1, 61)]
    assert (bench.delivery("new").totals.stored, bench.delivery("other").totals.stored) == (60, 1)
    bench.writer.finish()
