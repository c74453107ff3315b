"""Autopilots that are not ArduPilot, encoded by somebody else's encoder: node-mavlink."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge.sources.mavlink.protocol.decoder import FrameDecoder
from headland.contract.records import Clock
from tests.edge.sources.mavlink.stand_ins import NOON_MS
from tests.edge.sources.mavlink.vehicle.test_fleet import Field
from tests.machine import find_program

pytestmark = pytest.mark.services("node", "node-mavlink")

SENDERS = Path(__file__).parents[3] / "node" / "senders.mjs"
COUNT = 100


@pytest.fixture(scope="module")
def flights() -> Mapping[str, list[tuple[int, str]]]:
    node = find_program("node")
    assert node is not None
    told = subprocess.run([node, str(SENDERS)], capture_output=True, check=True, timeout=120)
    flights: Mapping[str, list[tuple[int, str]]] = json.loads(told.stdout)
    return flights


def fly(frames: list[tuple[int, str]]) -> tuple[Field, dict[str, int]]:
    """Read a flight as a link gives it; the last waits for a clock and an identity are over at the end."""
    field, decoder = Field(), FrameDecoder()
    field.now_ms = frames[0][0]
    for at_ms, frame in frames:
        field.wait(at_ms - field.now_ms)
        field.now_ms = at_ms
        read = decoder.read(bytes.fromhex(frame))
        field.collect(field.fleet.read("a", read, [at_ms] * len(read)))
    field.wait(15_000)
    assert decoder.finish() == []
    field.finish()
    return field, decoder.counters(field.fleet.autopilots("a"))


def check_every_row(field: Field, counters: Mapping[str, int]) -> None:
    """Check that each position and attitude is one row of one vehicle, with its own values, and nothing was lost."""
    places = [row.values for row in field.rows if "latitude_deg" in row.values]
    assert [values["latitude_deg"] for values in places] == [(-335_000_000 + n) / 1e7 for n in range(COUNT)]
    assert [values["longitude_deg"] for values in places] == [(-703_000_000 - n) / 1e7 for n in range(COUNT)]
    assert [values["altitude_m"] for values in places] == [(-12_500 + n) / 1000 for n in range(COUNT)]
    assert {(values["velocity_north_m_s"], values["heading_deg"]) for values in places} == {(-3.0, 270.0)}
    rolls = [row.values["roll_rad"] or 0.0 for row in field.rows if "roll_rad" in row.values]
    assert rolls == pytest.approx([n / 1000 for n in range(COUNT)], abs=1e-6)
    assert counters["lost"] == 0
    assert not {"bad_crc", "junk_bytes", "late", "duplicate"} & {name for name, count in counters.items() if count}
    assert not [event.kind for event in field.events if event.kind in ("identity_clash", "reboot", "clock_step")]
    assert {row.source.kind for row in field.rows} == {"drone"}
    assert {row.source.simulated for row in field.rows} == {False}
    assert field.fleet.set_aside() == []


def of(field: Field, channel: str) -> list[float | None]:
    return [row.values[channel] for row in field.rows if channel in row.values]


def test_a_px4_of_another_component_is_stored_whole_and_named_right(
    flights: Mapping[str, list[tuple[int, str]]],
) -> None:
    field, counters = fly(flights["px4"])
    check_every_row(field, counters)
    assert field.devices() == {"uav-0002070809"}
    assert counters["unknown_id"] == 2 * COUNT
    assert field.descriptors[-1].model == "PX4 vtol quadrotor"
    assert field.descriptors[-1].software == "1.15.2"
    positions = [row for row in field.rows if "latitude_deg" in row.values]
    assert [(row.time_ms, row.clock) for row in positions] == [
        (NOON_MS + 20_000 + 100 * n, Clock.GPS) for n in range(COUNT)
    ]
    modes = [event.data["mode"] for event in field.events if event.kind == "mode"]
    assert modes == ["MISSION", "LOITER", "PRECLAND", "ORBIT", "TERMINATION"]
    assert [event.data["state"] for event in field.events if event.kind == "vtol_state"] == ["mc", "fw"]
    assert of(field, "wind_from_deg") == [pytest.approx(126.87, abs=0.01)] * 10
    assert set(of(field, "battery_voltage_v")) == {67.5}
    assert of(field, "gps_horizontal_accuracy_m") == [1.5] * 5 + [None] * 5
    assert set(of(field, "gps_vertical_accuracy_m")) == {None}
    assert set(of(field, "estimator_flags_code")) == {831}


def test_a_betaflight_is_stored_whole_and_named_right(flights: Mapping[str, list[tuple[int, str]]]) -> None:
    field, counters = fly(flights["betaflight"])
    check_every_row(field, counters)
    assert field.devices() == {"gw-1.sys0"}
    assert field.descriptors[-1].model == "generic quadrotor"
    assert {row.clock for row in field.rows} == {Clock.ARRIVAL}
    assert set(of(field, "battery_voltage_v")) == {None}  # no battery is connected
    assert [event.data["armed"] for event in field.events if event.kind == "armed"] == [True]


def test_an_inav_that_calls_itself_ardupilot_is_stored_whole_and_named_right(
    flights: Mapping[str, list[tuple[int, str]]],
) -> None:
    field, counters = fly(flights["inav"])  # its microseconds wrap on the way
    check_every_row(field, counters)
    assert field.devices() == {"gw-1.sys1"}
    assert field.descriptors[-1].model == "ArduPilot fixed wing"
    assert [event.data["mode"] for event in field.events if event.kind == "mode"] == ["RTL"]
    assert set(of(field, "battery_voltage_v")) == {15.8}
