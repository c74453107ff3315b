"""A process that calls MAVSDK's methods on a drone, and ends without waiting for MAVSDK's threads.

Arguments: the UDP port that the drone talks to, and a folder with the names of the methods in `CALLED`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from mavsdk.asyncio.mavsdk import Configuration, Mavsdk
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync
from mavsdk.component_type import ComponentType

from tests.services.mavsdk_calls import Calls
from tests.services.test_ground_stations import become

CALLED: Final = "called.json"
OUTCOMES: Final = "outcomes.json"
#: MAVSDK waits in threads of its own for each call.
THREADS: Final = 120

PARAMETERS: Final = (
    "param.get_all_params", "param.get_param_int", "param.set_param_int", "param.get_param_float",
    "param.set_param_float", "action.set_takeoff_altitude", "action.get_takeoff_altitude",
)  # fmt: skip
PLANS: Final = (
    "mission_raw.upload_mission", "mission_raw.download_mission", "mission_raw.upload_geofence",
    "mission_raw.download_geofence", "mission_raw.upload_rally_points", "mission_raw.download_rallypoints",
    "mission_raw.upload_mission_with_progress", "mission_raw.clear_mission", "geofence.upload_geofence",
    "geofence.download_geofence", "geofence.clear_geofence", "mission.upload_mission", "mission.download_mission",
    "mission.upload_mission_with_progress", "mission.download_mission_with_progress", "mission.clear_mission",
    "mission.set_return_to_launch_after_mission", "mission.get_return_to_launch_after_mission",
)  # fmt: skip
FLIGHT: Final = (
    "action.goto_location", "action.goto_location_fixedwing", "action.do_orbit", "action.set_current_speed",
    "action.hold", "offboard.set_position_ned", "offboard.start", "offboard.is_active", "offboard.stop",
    "mission_raw.upload_mission",
    "mission_raw.start_mission", "mission_raw.pause_mission", "mission_raw.set_current_mission_item",
    "mission.upload_mission", "mission.start_mission", "mission.pause_mission", "mission.set_current_mission_item",
    "manual_control.start_position_control", "manual_control.start_altitude_control",
    "manual_control.set_manual_control_input", "action.set_actuator", "action.set_relay", "action.return_to_launch",
    "action.land", "action.disarm", "log_streaming.start_log_streaming", "log_streaming.stop_log_streaming",
)  # fmt: skip
#: Three seconds of retries each for a parameter of later versions, before the present one is used.
SLOW: Final = ("action.set_return_to_launch_altitude", "action.get_return_to_launch_altitude")
END: Final = ("action.arm_force", "action.kill", "action.terminate")

#: A reboot is said in a text.
REBOOT: Final = ("telemetry.subscribe_status_text", "action.reboot", "action.shutdown")
#: Called after all that read the logs.
_ERASE: Final = "log_files.erase_all_log_files"


async def walk(port: int, folder: Path, called: set[str]) -> None:
    """Call methods in the order in which they make sense, and write what came of them into `OUTCOMES`."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    async with Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION)) as station:
        await station.add_any_connection(f"udpin://127.0.0.1:{port}")
        system = await station.first_autopilot(timeout_s=120.0)
        assert system is not None
        telemetry, calls = TelemetryAsync(system), Calls(system, folder)
        await become(telemetry.health_all_ok, bool)
        await calls.call_each(*PARAMETERS, *PLANS, "action.arm", "action.takeoff")
        slow = asyncio.create_task(calls.call_each(*SLOW))
        await become(telemetry.position, lambda position: position.relative_altitude_m > 4.5)
        await calls.call_each(*FLIGHT)
        await calls.call_all(*sorted(key for key in called if ".set_rate_" in key))
        files = sorted(called & {key for key in called if key.startswith(("log_files.", "ftp."))}, key=_ERASE.__eq__)
        # MAVSDK asks for the parameters of a PX4 when this plugin is made, one after another, for half a minute.
        followers = sorted(key for key in called if key.startswith("follow_me."))
        last = {*files, *followers, *SLOW, *END, *REBOOT}
        await calls.call_all(*sorted(called - set(calls.outcomes) - last))
        await become(telemetry.armed, lambda armed: not armed)
        await slow
        await calls.call_each(*files)
        await calls.call_each(*END)
        await calls.call_all(*REBOOT)
        await calls.call_each(*followers)
        (folder / OUTCOMES).write_text(json.dumps(calls.outcomes))
        # What MAVSDK still waits for keeps its threads, and the end of this process, for minutes.
        os._exit(0)


if __name__ == "__main__":
    work = Path(sys.argv[2])
    asyncio.run(walk(int(sys.argv[1]), work, set(json.loads((work / CALLED).read_text()))))
