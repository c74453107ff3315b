"""Descriptors and rows that a device emits."""

from __future__ import annotations

from collections import Counter

from edge.sources.devices.device import SourceDevice, unit_of
from edge.sources.settings import PlaceSettings
from headland.contract.records import Clock
from tests.edge.sinks import ListSink

ROW = {"co2_ppm": 400.0}


def make(counts: Counter[str] | None = None) -> tuple[SourceDevice, ListSink]:
    place = PlaceSettings(kind="bench", latitude_deg=30.5)
    return SourceDevice("b-1", place, "home", counts or Counter(), name="bench", interval_s=10.0), ListSink()


def test_a_descriptor_is_emitted_again_only_when_it_changes() -> None:
    device, sink = make()
    device.emit(sink, Clock.ARRIVAL, 1, ROW)
    device.emit(sink, Clock.ARRIVAL, 2, ROW)
    device.emit(sink, Clock.ARRIVAL, 3, {"air_temperature_degc": 20.0})
    device.update(model="TH-1")
    device.update(model="TH-1")
    device.emit(sink, Clock.ARRIVAL, 4, ROW)
    assert [sorted(descriptor.channels) for descriptor in sink.descriptors] == [
        ["co2_ppm"],
        ["air_temperature_degc", "co2_ppm"],
        ["air_temperature_degc", "co2_ppm"],
    ]
    last = sink.descriptors[-1]
    assert (last.model, last.kind, last.site, last.latitude_deg) == ("TH-1", "bench", "home", 30.5)
    assert (last.channels["co2_ppm"].unit, last.channels["co2_ppm"].interval_s) == ("ppm", 10.0)


def test_a_simulator_remains_one_for_ever() -> None:
    device, sink = make()
    device.update(simulated=True)
    device.update(simulated=False)
    device.emit(sink, Clock.RTC, 1, ROW)
    assert sink.readings[0].source.simulated
    assert sink.descriptors[0].simulated


def test_a_row_received_twice_with_its_own_time_is_emitted_once() -> None:
    counts: Counter[str] = Counter()
    device, sink = make(counts)
    for time_ms in (5, 5, 6):
        device.emit(sink, Clock.RTC, time_ms, ROW)
    assert [row.time_ms for row in sink.readings] == [5, 6]


def test_rows_that_arrive_together_have_times_of_their_own() -> None:
    device, sink = make()
    for time_ms in (1000, 1000, 1000, 1001, 5000, 2000):
        device.emit(sink, Clock.ARRIVAL, time_ms, ROW)
    assert [row.time_ms for row in sink.readings] == [1000, 1001, 1002, 1003, 5000, 2000]


def test_an_impossible_value_is_emitted_with_a_flag_and_an_empty_row_is_not() -> None:
    device, sink = make()
    device.emit(sink, Clock.RTC, 1, {"relative_humidity_pct": 300.0, "co2_ppm": None})
    device.emit(sink, Clock.RTC, 2, {})
    assert [(row.values, row.quality) for row in sink.readings] == [
        ({"relative_humidity_pct": 300.0, "co2_ppm": None}, {"relative_humidity_pct": 4})
    ]


def test_a_channel_has_the_unit_of_its_quantity_or_of_its_ending() -> None:
    assert (unit_of("co2_ppm:2"), unit_of("crop_temperature_degc"), unit_of("rows_count")) == ("ppm", "degC", "1")


def test_gateway_times_are_unique_also_with_an_ntp_clock_and_a_devices_own_times_are_not_changed() -> None:
    device, sink = make()
    rows = [{"co2_ppm": float(number)} for number in range(4)]
    device.emit(sink, Clock.NTP, 1000, rows[0], own_time=False)
    device.emit(sink, Clock.NTP, 1000, rows[1], own_time=False)
    device.emit(sink, Clock.RTC, 1001, rows[2])
    device.emit(sink, Clock.RTC, 1001, rows[3])
    assert [row.time_ms for row in sink.readings] == [1000, 1001, 1001, 1001]
