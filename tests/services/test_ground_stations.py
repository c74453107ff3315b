"""Ground stations of other people fly the simulated drone: MAVSDK's C++ through a gateway, and MAVProxy.

MAVSDK shares no code with this project; MAVProxy shares pymavlink with it, but not what it makes of the messages.
"""

from __future__ import annotations

import asyncio
import csv
import os
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from mavsdk.asyncio.mavsdk import Configuration, Mavsdk
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from mavsdk.asyncio.plugins.param import ParamAsync
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync
from mavsdk.component_type import ComponentType
from mavsdk.plugins.mission_raw import MissionItem

from edge.sources.mavlink.settings import ForwardSettings
from tests.edge.sources.mavlink.test_source import running
from tests.machine import find_program
from tests.services.farm import HEADLAND
from tests.waiting import wait_until

T = TypeVar("T")

SPEED = 8
#: MAVSDK's numbers of a flight mode and of a landed state.
RETURN_TO_LAUNCH = 5
ON_GROUND = 1

MISSION = """QGC WPL 110
0\t1\t0\t16\t0\t0\t0\t0\t31.95\t119.17\t22\t1
1\t0\t3\t22\t0\t0\t0\t0\t0\t0\t5\t1
2\t0\t3\t16\t0\t0\t0\t0\t31.9503\t119.1703\t5\t1
3\t0\t3\t216\t1\t0\t0\t0\t0\t0\t0\t1
4\t0\t3\t16\t0\t0\t0\t0\t31.9506\t119.1706\t5\t1
5\t0\t3\t216\t0\t0\t0\t0\t0\t0\t0\t1
6\t0\t3\t20\t0\t0\t0\t0\t0\t0\t0\t1
"""


@contextmanager
def drone(port: int, truth: Path, link: str = "udpout", speed: int = SPEED) -> Iterator[None]:
    """An idle drone, eight times faster than real time, that talks to a UDP port, or to one of another kind."""
    words = ["--idle", "--speed", str(speed), "--truth", str(truth)]
    command = [*HEADLAND, "sim", "drone", "--connect", f"{link}:127.0.0.1:{port}", *words]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 0


async def become(read: Callable[[], Awaitable[T]], good: Callable[[T], bool], timeout_s: float = 120.0) -> T:
    """Poll a reading until it is good: before the first message of its kind MAVSDK answers zeros."""
    async with asyncio.timeout(timeout_s):
        while True:
            value = await read()
            if good(value):
                return value
            await asyncio.sleep(0.05)


def items() -> list[MissionItem]:
    rows = [[float(cell) for cell in line.split("\t")] for line in MISSION.splitlines()[1:]]
    return [
        MissionItem(
            int(seq),
            int(frame),
            int(command),
            int(current),
            int(on),
            p1,
            p2,
            p3,
            p4,
            round(x * 1e7),
            round(y * 1e7),
            z,
            0,
        )
        for seq, current, frame, command, p1, p2, p3, p4, x, y, z, on in rows
    ]


async def fly_with_mavsdk(port: int) -> None:
    async with Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION)) as station:
        await station.add_any_connection(f"udpin://127.0.0.1:{port}")
        system = await station.first_autopilot(timeout_s=120.0)
        assert system is not None
        telemetry, action = TelemetryAsync(system), ActionAsync(system)
        mission, parameters = MissionRawAsync(system), ParamAsync(system)

        assert await become(telemetry.health_all_ok, bool)
        place = await become(telemetry.position, lambda position: position.latitude_deg > 0)
        assert (place.latitude_deg, place.longitude_deg) == pytest.approx((31.95, 119.17), abs=0.001)
        assert place.absolute_altitude_m == pytest.approx(22.0, abs=0.3)
        gps = await become(telemetry.gps_info, lambda info: info.num_satellites > 0)
        assert gps.fix_type == 6
        assert await become(telemetry.landed_state, bool) == ON_GROUND

        assert await parameters.get_param_float("SPRAY_PUMP_RATE") == pytest.approx(15.0)
        await parameters.set_param_int("SPRAY_SPEED_MIN", 150)
        assert await parameters.get_param_int("SPRAY_SPEED_MIN") == 150
        assert len((await parameters.get_all_params()).int_params) > 90

        await mission.upload_mission(items())
        loaded = await mission.download_mission()
        assert [(item.seq, item.command, item.param1, item.x, item.y) for item in loaded] == [
            (item.seq, item.command, item.param1, item.x, item.y) for item in items()
        ]
        assert [item.param1 for item in loaded if item.command == 216] == [1.0, 0.0]

        await action.set_takeoff_altitude(5.0)
        await action.arm()
        assert await become(telemetry.armed, bool)
        await action.takeoff()
        assert await become(telemetry.in_air, bool)
        await become(telemetry.position, lambda position: position.relative_altitude_m > 4.5)
        await mission.start_mission()
        await become(mission.mission_progress, lambda progress: progress.current >= 4)
        await action.return_to_launch()
        await become(telemetry.flight_mode, lambda mode: mode == RETURN_TO_LAUNCH)
        await become(telemetry.armed, lambda armed: not armed, 30.0)
        assert await become(telemetry.landed_state, lambda state: state == ON_GROUND) == ON_GROUND


@pytest.mark.long
def test_mavsdk_flies_it_from_telemetry_to_return_over_a_link_that_a_gateway_shares(
    new_port: Callable[[], int], tmp_path: Path
) -> None:
    link_port, station_port = new_port(), new_port()
    forward = [ForwardSettings(url=f"udpout:127.0.0.1:{station_port}")]
    with running(f"udpin:127.0.0.1:{link_port}", forward=forward) as (source, sink), drone(link_port, tmp_path):
        asyncio.run(fly_with_mavsdk(station_port))
        read = source.counters()
    assert read.get("lost", 0) == 0
    assert read["forwarded_up"] > 20
    heights = [row.values["relative_altitude_m"] for row in sink.readings if "relative_altitude_m" in row.values]
    assert max(height for height in heights if height is not None) > 4.5
    rows = list(csv.DictReader((tmp_path / "drone-1.csv").read_text().splitlines()))
    assert max(float(row["relative_altitude_m"]) for row in rows) > 4.5
    assert float(rows[-1]["applied_l"]) > 0


class MavProxy:
    """MAVProxy as a person types into it; `said` is what it printed."""

    def __init__(self, program: str, port: int, home: Path) -> None:
        modules = "--default-modules=wp,param,mode,arm,cmdlong,link"
        self._process = subprocess.Popen(
            [program, f"--master=tcpin:127.0.0.1:{port}", f"--state-basedir={home}", modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=home,
            env={**os.environ, "HOME": str(home)},
        )
        self.said = ""
        self._asked = 0
        self._reader = threading.Thread(target=self._read, name="mavproxy")
        self._reader.start()

    def type(self, line: str, answer: str) -> None:
        """Type a line and wait until it printed the answer after it."""
        before = len(self.said)
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self.wait_for(answer, before)

    def asks(self, line: str, answer: str) -> bool:
        """Type a line again; return whether it has printed the answer since the last time: a busy link may be down."""
        has_said = answer in self.said[self._asked :]
        self._asked = len(self.said)
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return has_said

    def wait_for(self, text: str, start: int = 0) -> None:
        """Wait until it has printed a text from a place on."""
        try:
            wait_until(lambda: text in self.said[start:])
        except AssertionError as error:
            raise AssertionError(f"MAVProxy never said {text!r}, but: {self.said}") from error

    def close(self) -> None:
        """End it; it does not end by itself when asked to."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line


@pytest.mark.services("mavproxy.py")
@pytest.mark.long
def test_mavproxy_loads_a_mission_arms_takes_off_and_switches_the_sprayer(free_port: int, tmp_path: Path) -> None:
    program = find_program("mavproxy.py")
    assert program is not None
    (tmp_path / "mission.txt").write_text(MISSION)
    # Over TCP, and not so fast: a MAVProxy that is behind loses datagrams, and waits for an answer that never comes.
    with drone(free_port, tmp_path / "truth", "tcp", 4):
        station = MavProxy(program, free_port, tmp_path)
        try:
            station.wait_for(" parameters to ")
            station.type(f"wp load {tmp_path / 'mission.txt'}", "Got MISSION_ACK: TYPE_MISSION: ACCEPTED")
            station.type("wp list", "216 3")
            station.type("mode GUIDED", "Mode GUIDED")
            station.type("arm throttle", "ARMED")
            station.type("takeoff 5", "Got COMMAND_ACK: NAV_TAKEOFF: ACCEPTED")
            station.type("long DO_SPRAYER 1", "Got COMMAND_ACK: DO_SPRAYER: ACCEPTED")
            station.type("mode AUTO", "Mode AUTO")
            wait_until(lambda: station.asks("link", "link 1 OK"), every_s=1.0)
            wait_until(lambda: sprayed_l(tmp_path / "truth") > 0.5)
        finally:
            station.close()
    assert "0.0% loss" in station.said


def sprayed_l(truth: Path) -> float:
    """Return what has truly left the nozzles so far."""
    lines = (truth / "drone-1.csv").read_text().split("\n")[:-1]
    return float(list(csv.DictReader(lines))[-1]["applied_l"]) if len(lines) > 1 else 0.0
