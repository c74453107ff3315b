"""The simulated autopilots' bytes, whole and hurt, through all between bytes and rows, held against the truth."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.messages import LAYOUTS, MESSAGE_BY_ID
from edge.sources.mavlink.spray.profile import SprayerSettings, resolve_profile
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.device_output import Output
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.source import Reading
from firmware_sim.drone.simulator import Drone, DroneSettings
from firmware_sim.links.faults import FaultEvent, Faults
from firmware_sim.links.impairment import lose
from headland.contract.records import Clock, Descriptor, Event
from tests.edge.sources.mavlink.stand_ins import rows_of

START_MS = 1_795_000_000_000
#: The link's delay, the same for every frame: unknown to the gateway's clock.
DELAY_MS = 40
STEP_MS = 20


def request_version(message_id: int = 148, system: int = 1) -> Any:
    return dialect.MAVLink_command_long_message(system, 1, 512, 0, message_id, 0, 0, 0, 0, 0, 0)


def request_parameter(name: str) -> Any:
    return dialect.MAVLink_param_request_read_message(1, 1, name.encode(), -1)


def fly(drone: Drone, seconds: float) -> Iterator[tuple[int, list[bytes]]]:
    """Yield (true UTC, frames) of each step."""
    for _ in range(int(seconds * 1000 / STEP_MS)):
        yield drone.vehicle.time_ms + STEP_MS, drone.step()


class Gateway:
    """A fleet with the clock of a gateway that a time server disciplines."""

    def __init__(self, sprayer: SprayerSettings | None = None, *, host: bool = True) -> None:
        policy = HoldPolicy(wait_ms=10_000, rows=20_000, host=host)
        self.fleet = Fleet(SourceContext("gw-1", "home"), sprayer, lambda _system, _component: policy)
        self.decoders: dict[str, FrameDecoder] = {}
        self.out: list[Output] = []
        self._next_tick_ms = 0

    def receive(self, frames: list[bytes], true_ms: int, link: str = "a") -> None:
        now_ms = true_ms + DELAY_MS
        decoder = self.decoders.setdefault(link, FrameDecoder(wanted=MESSAGE_BY_ID))
        read = decoder.read(b"".join(frames))
        self.out += self.fleet.read(link, read, [now_ms] * len(read))
        if now_ms >= self._next_tick_ms:
            self._next_tick_ms = now_ms + 200
            self.out += self.fleet.tick(now_ms)

    def finish(self, true_ms: int) -> None:
        self.out += self.fleet.finish(true_ms + DELAY_MS)

    @property
    def rows(self) -> list[Reading]:
        return rows_of(self.out)

    @property
    def events(self) -> list[Event]:
        return [output for output in self.out if isinstance(output, Event)]

    def values(self, channel: str) -> list[tuple[int, float]]:
        values = ((row.time_ms, row.values.get(channel)) for row in self.rows)
        return [(time_ms, value) for time_ms, value in values if value is not None]

    def evidence(self) -> dict[str, str]:
        """Return the evidence of channels by the newest descriptors."""
        newest = {output.device: output for output in self.out if isinstance(output, Descriptor)}
        channels = [channel for descriptor in newest.values() for channel in descriptor.channels.items()]
        return {name: info.evidence for name, info in channels if info.evidence is not None}


class Truth:
    """When each row was truly made, by what it holds."""

    def __init__(self) -> None:
        self._times_ms: dict[tuple[tuple[str, float | None], ...], list[int]] = {}

    def note(self, frames: list[bytes], true_ms: int) -> None:
        for frame in FrameDecoder().feed(b"".join(frames)):
            kind = ROW_KINDS.get(frame.message_id)
            if kind is None:
                continue
            values = LAYOUTS[frame.message_id].values(frame.payload)
            if kind.has_instances:
                kind = kind.variant(values[kind.instance_at])
            row = kind.make(values)
            if row is not None:
                self._times_ms.setdefault(tuple(row.items()), []).append(true_ms)

    def error_ms(self, row: Reading) -> int | None:
        """Return how far a row's time is from the nearest moment of sending; None: it is of several messages."""
        times_ms = self._times_ms.get(tuple(row.values.items()))
        if times_ms is None:
            return None
        at = bisect_left(times_ms, row.time_ms)
        return min(abs(row.time_ms - time_ms) for time_ms in times_ms[max(0, at - 1) : at + 1])


@pytest.mark.parametrize("version", [pytest.param(1, marks=pytest.mark.long), 2])
def test_a_reboot_a_clock_step_and_ten_percent_loss_leave_no_row_far_from_the_true_utc(version: int) -> None:
    faults = Faults(reboots_s=(40.0,), clock_steps=(FaultEvent(75.0, 10.0),))
    drone = Drone(DroneSettings(mavlink_version=version, faults=faults), START_MS)
    gateway, truth = Gateway(), Truth()
    for n, (true_ms, frames) in enumerate(fly(drone, 100)):
        truth.note(frames, true_ms)
        gateway.receive(lose(frames, n, 0.1), true_ms)
    gateway.finish(true_ms)
    errors_ms = [error_ms for row in gateway.rows if (error_ms := truth.error_ms(row)) is not None]
    assert len(errors_ms) > 2500
    assert max(errors_ms) <= 200
    kinds = [event.kind for event in gateway.events]
    assert kinds.count("reboot") == 1
    (step,) = [event for event in gateway.events if event.kind == "clock_step"]
    assert step.data == {"step_ms": pytest.approx(10_000, abs=50), "followed": False}
    late = {row.clock for row in gateway.rows if row.time_ms > START_MS + 80_000}
    assert late == {Clock.NTP}
    assert Clock.GPS in {row.clock for row in gateway.rows}


def test_without_a_disciplined_gateway_clock_a_step_is_followed_and_reported() -> None:
    drone = Drone(DroneSettings(faults=Faults(clock_steps=(FaultEvent(30.0, 10.0),))), START_MS)
    gateway, truth = Gateway(host=False), Truth()
    for true_ms, frames in fly(drone, 50):
        truth.note(frames, true_ms)
        gateway.receive(frames, true_ms)
    gateway.finish(true_ms)
    for row in gateway.rows:
        error_ms = truth.error_ms(row)
        if error_ms is not None and abs(row.time_ms - START_MS - 30_000) > 15_000:
            ahead_ms = 10_000 if row.time_ms > START_MS + 35_000 else 0
            moved = truth.error_ms(msgspec.structs.replace(row, time_ms=row.time_ms - ahead_ms))
            assert moved is not None
            assert moved <= 200
    (step,) = [event for event in gateway.events if event.kind == "clock_step"]
    assert step.data["followed"] is True


@pytest.mark.parametrize("links", ["ab", "aa"])
def test_two_sprayers_with_one_system_id_are_two_vehicles_with_a_clash_on_any_link(links: str) -> None:
    settings = DroneSettings(fleet=2, faults=Faults(same_id=True))
    first, second = Drone(settings, START_MS), Drone(settings, START_MS + 60_000, 1)
    for _ in fly(first, 60):
        pass  # it has been up for a minute when the second comes
    gateway = Gateway()
    truths = {"uav-484c53494d01": Truth(), "uav-484c53494d02": Truth()}
    for n, ((true_ms, one), (_, other)) in enumerate(zip(fly(first, 25), fly(second, 25), strict=True)):
        for drone, frames, link, truth in zip((first, second), (one, other), links, truths.values(), strict=True):
            sent = [*frames, *drone.respond([request_version()])] if n % 50 == 10 else frames
            truth.note(sent, true_ms)
            gateway.receive(sent, true_ms, link)
    gateway.finish(true_ms)
    clashes = {(event.device, event.data["other"]) for event in gateway.events if event.kind == "identity_clash"}
    assert clashes == {tuple(truths), tuple(reversed(truths))}
    rows = [row for row in gateway.rows if "roll_rad" in row.values or "latitude_deg" in row.values]
    assert len(rows) > 900
    for row in rows:
        error_ms = truths[row.source.device].error_ms(row)
        assert error_ms is not None
        assert error_ms <= 200


PARAMETERS = ("SERVO9_FUNCTION", "SERVO10_FUNCTION", "BATT3_CAPACITY")


def spread(scenario: str, profile: str, seconds: float) -> tuple[Gateway, dict[int, Any]]:
    """Fly a scenario through a gateway with a profile; returns it and copies of the machine, by true UTC."""
    drone = Drone(DroneSettings(scenario=scenario), START_MS)
    gateway = Gateway(resolve_profile(SprayerSettings(profile=profile), Path()))
    machines: dict[int, Any] = {}
    for n, (true_ms, frames) in enumerate(fly(drone, seconds)):
        sent = (
            [*frames, *drone.respond([request_version(), *map(request_parameter, PARAMETERS)])] if n == 60 else frames
        )
        gateway.receive(sent, true_ms)
        machines[true_ms] = copy(drone.vehicle.body.machine)
    gateway.finish(true_ms)
    return gateway, machines


def test_eight_litres_a_minute_are_stored_within_one_percent_although_the_current_clips() -> None:
    gateway, machines = spread("jurong-heavy", "sprayer-batt-flow", 150)
    beyond = [(time_ms, flow) for time_ms, flow in gateway.values("flow_l_min") if flow > 5.47]
    assert len(beyond) > 200
    true_l_min = [machines[time_ms].metered_l_min for time_ms, _ in beyond]
    assert sum(flow for _, flow in beyond) == pytest.approx(sum(true_l_min), rel=0.01)
    last = machines[max(machines)]
    assert gateway.values("flow_volume_total_l")[-1][1] == pytest.approx(last.metered_l, abs=0.05)
    assert gateway.values("tank_l")[-1][1] == pytest.approx(last.tank_l, abs=0.3)
    assert gateway.evidence() == {
        "flow_l_min": "measured_flow",
        "flow_volume_total_l": "measured_flow",
        "tank_l": "tank_mass",
        "pump_command_us": "pump_pwm",
        "pump_on": "pump_pwm",
    }


@pytest.mark.parametrize(
    ("scenario", "evidence", "within"),
    [("jurong-wheat", "measured_flow", 0.05), ("jurong-wheat-hopper", "tank_mass", 0.1)],
)
def test_a_spreaders_mass_flow_is_a_sensors_or_its_hoppers_loss_with_its_evidence(
    scenario: str, evidence: str, within: float
) -> None:
    gateway, machines = spread(scenario, "spreader-hopper", 150)
    flows = [
        (time_ms, flow) for time_ms, flow in gateway.values("mass_flow_kg_min") if machines[time_ms].flow_kg_min > 5
    ]
    assert len(flows) > 80
    true_kg_min = [machines[time_ms].flow_kg_min for time_ms, _ in flows]
    assert sum(flow for _, flow in flows) == pytest.approx(sum(true_kg_min), rel=within)
    assert gateway.evidence()["mass_flow_kg_min"] == evidence
    assert gateway.evidence()["hopper_kg"] == "tank_mass"
    assert {value for _, value in gateway.values("pump_on")} == {0.0, 1.0}
    assert {value for _, value in gateway.values("spinner_on")} == {0.0, 1.0}
    assert max(value for _, value in gateway.values("spinner_rpm")) > 500
