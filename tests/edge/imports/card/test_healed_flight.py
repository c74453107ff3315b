from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.imports.card.dataflash_span import DataflashSpan
from edge.imports.dataflash.source import DataflashSource
from edge.sources.mavlink.card.healed_rows import HealedRows
from edge.sources.mavlink.protocol.encoder import RequestFile, RequestLogData, RequestLogEnd
from edge.sources.mavlink.settings import CardProtocol, HealSettings, MavlinkSettings
from edge.sources.mavlink.spray.profile import SprayerSettings, resolve_profile
from edge.sources.source import DeviceId
from firmware_sim.drone.simulator import Drone, DroneSettings
from firmware_sim.links.faults import Faults
from tests.edge.imports.card.conftest import CUT_S, Landed
from tests.edge.imports.card.healed_flight import Flight, Gateway, Store
from tests.edge.sources.mavlink.test_simulated import START_MS


def test_after_landing_the_missing_span_is_the_logs_each_sample_once(landed: Landed, tmp_path: Path) -> None:
    flight, live, history = landed.flight, landed.live, landed.history
    (gap,) = flight.gateway.healing.flights()[0].gaps
    begin_ms, end_ms = gap.before.time_ms, gap.after.time_ms
    assert end_ms - begin_ms == pytest.approx(CUT_S * 1000, abs=300)
    path = tmp_path / "whole.BIN"
    path.write_bytes(landed.log)
    whole = Store()
    DataflashSource(path, None, "home").run(whole)
    assert set(whole.described) == set(live.described)
    for channel in ("latitude_deg", "longitude_deg", "altitude_m", "velocity_north_m_s", "battery_consumed_mah:1"):
        stored, logged = history.of(channel), whole.of(channel, begin_ms, end_ms)
        assert len(stored) >= (CUT_S - 1) * (5 if "battery" in channel else 10)
        assert stored == dict(list(logged.items())[-len(stored) :])
        assert not live.of(channel, min(stored) - 1, max(stored) + 1)
    assert history.twice == history.contradictions == 0
    assert not live.samples.keys() & history.samples.keys()
    times_ms = sorted([*live.of("latitude_deg", begin_ms - 2000, end_ms + 2000), *history.of("latitude_deg")])
    assert max(after - before for before, after in pairwise(times_ms)) <= 200


def test_its_coverage_says_what_came_live_and_what_was_healed(landed: Landed) -> None:
    first, *_, last = landed.live.coverages()
    assert (first["state"], last["state"]) == ("open", "complete")
    assert first["remaining_s"] == last["healed_s"] == pytest.approx(CUT_S, abs=0.3)
    assert last["remaining_s"] == 0
    assert last["reason"] is None
    assert last["live_s"] + last["healed_s"] == (last["end_ms"] - last["start_ms"]) / 1000
    assert not list(landed.folder.glob("*.part*"))


def test_only_the_missing_span_is_fetched(landed: Landed) -> None:
    asked = sum(request.count for _, request in landed.flight.gateway.sent if isinstance(request, RequestLogData))
    assert asked < 0.75 * len(landed.log)


def test_what_was_sent_only_reads_and_only_while_disarmed(landed: Landed) -> None:
    gateway = landed.flight.gateway
    parser = dialect.MAVLink(None)
    kinds = {message.get_type() for frame in gateway.frames for message in parser.parse_buffer(frame) or ()}
    assert kinds == {"LOG_REQUEST_LIST", "LOG_REQUEST_DATA", "LOG_REQUEST_END"}
    armed = [event for event in landed.live.events if event.kind == "armed" and not event.data["armed"]]
    assert min(at_ms for at_ms, _ in gateway.sent) > armed[-1].t
    assert isinstance(gateway.sent[-1][1], RequestLogEnd)


def test_amounts_are_computed_as_of_the_whole_log(landed: Landed, tmp_path: Path) -> None:
    (gap,) = landed.flight.gateway.healing.flights()[0].gaps
    profile = resolve_profile(SprayerSettings(profile="sprayer-batt-flow"), Path())
    settings = MavlinkSettings(name="drones", url="udpin:127.0.0.1:14550", sprayer=profile)
    path = tmp_path / "whole.BIN"
    path.write_bytes(landed.log)
    whole, part = Store(), Store()
    DataflashSource(path, settings, "home").run(whole)
    device = DeviceId("uav-1", "drone", "home")
    run = DataflashSpan(settings, len(landed.log), gap, device, HealedRows(gap, 2000, part)).run()
    need = next(run)
    with contextlib.suppress(StopIteration):
        while True:
            need = run.send(landed.log[slice(*need)])
    for channel in ("flow_l_min", "flow_volume_total_l", "tank_l", "pump_on", "pump_command_us"):
        stored, logged = part.of(channel), whole.of(channel, gap.before.time_ms, gap.after.time_ms)
        assert len(logged) > 30
        assert len(logged) - len(stored) <= 2  # the link had these
        assert stored == dict(list(logged.items())[-len(stored) :])


def test_an_autopilot_that_restarts_in_the_gap_has_two_logs_and_both_are_read_as_files(tmp_path: Path) -> None:
    live, history = Store(), Store()
    drone = Drone(DroneSettings(faults=Faults(reboots_s=(16.0,))), START_MS)
    flight = Flight(drone, Gateway(tmp_path, live, history, HealSettings(protocol="ftp")))
    flight.identify()
    flight.run(12)
    flight.is_cut = True
    flight.run(12)
    flight.is_cut = False
    flight.run(4)
    flight.identify()
    flight.run(6)
    flight.land()
    flight.run(90, until=lambda: bool(live.coverages()) and live.coverages()[-1]["state"] != "open")
    (gap,) = flight.gateway.healing.flights()[0].gaps
    assert not gap.is_one_boot
    assert len(drone.recorder.logs) == 2
    assert gap.covered_ms == pytest.approx(gap.duration_ms - 3000, abs=700)  # three seconds without a position
    assert history.contradictions == history.twice == 0
    at_ms = list(history.of("latitude_deg"))
    assert min(at_ms) - gap.before.time_ms <= 200
    assert gap.after.time_ms - max(at_ms) <= 200
    assert not live.samples.keys() & history.samples.keys()
    assert {type(request) for _, request in flight.gateway.sent} == {RequestFile}


@pytest.mark.parametrize("protocol", ["log", "ftp"])
def test_a_px4_is_healed_from_its_ulog(tmp_path: Path, protocol: CardProtocol) -> None:
    live, history = Store(), Store()
    drone = Drone(DroneSettings(autopilot="px4"), START_MS)
    flight = Flight(drone, Gateway(tmp_path, live, history, HealSettings(protocol=protocol)))
    flight.identify()
    flight.run(12)
    flight.is_cut = True
    flight.run(6)
    flight.is_cut = False
    flight.run(2)
    drone.vehicle.autopilot.disarm(force=True)
    drone.vehicle.crew.hand_over()
    flight.run(60, until=lambda: bool(live.coverages()) and live.coverages()[-1]["state"] != "open")
    (gap,) = flight.gateway.healing.flights()[0].gaps
    assert (gap.state, gap.reason) == ("healed", "")
    assert len(history.of("latitude_deg")) >= 55
    assert history.contradictions == history.twice == 0
    assert not live.samples.keys() & history.samples.keys()
