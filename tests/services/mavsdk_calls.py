"""Calls of MAVSDK's public methods, with arguments for each, and what came of them."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import mavsdk

#: What a call comes to, besides the name of a result that is no success.
DONE, VALUES, NOTHING = "done", "values", "nothing"

_PLUGINS: Final = Path(mavsdk.__file__).parent / "asyncio" / "plugins"
_CALL_S: Final = 15.0
_STREAM_S: Final = 2.0
_AT_ONCE: Final = 10

#: A place in the demo's field, with a height above sea level.
PLACE: Final = (31.9503, 119.1703, 30.0)


def list_methods() -> dict[str, str]:
    """Return `plugin.method` -> class of all plugins, read from the source: one of them cannot be imported."""
    methods: dict[str, str] = {}
    for folder in sorted(_PLUGINS.iterdir()):
        source = folder / f"{folder.name}.py"
        if not source.is_file():
            continue
        for node in ast.parse(source.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not part.name.startswith("_"):
                        methods[f"{folder.name}.{part.name}"] = node.name
    return methods


class Calls:
    """The plugins of a system, made when they are first called; `outcomes` are of the calls so far."""

    def __init__(self, system: Any, folder: Path) -> None:
        self._system = system
        self._classes = list_methods()
        self._arguments = arguments(folder)
        self._plugins: dict[str, Any] = {}
        self.outcomes: dict[str, str] = {}

    async def call(self, key: str) -> None:
        """Call a method and keep what came of it: done, values, nothing, or the name of the result."""
        plugin, method = key.split(".")
        if plugin not in self._plugins:
            module = importlib.import_module(f"mavsdk.asyncio.plugins.{plugin}")
            self._plugins[plugin] = getattr(module, self._classes[key])(self._system)
        make = self._arguments.get(key) or self._arguments.get(f"*.{method}") or (lambda _: ())
        values = make(importlib.import_module(f"mavsdk.plugins.{plugin}"))
        try:
            result = getattr(self._plugins[plugin], method)(*values)
            if inspect.isasyncgen(result):
                self.outcomes[key] = await _read(result, whole=method.endswith("_with_progress"))
            elif inspect.isawaitable(result):
                await asyncio.wait_for(result, _CALL_S)
                self.outcomes[key] = DONE
            else:
                self.outcomes[key] = DONE
        except TimeoutError:
            self.outcomes[key] = f"no answer in {_CALL_S:.0f} s"
        except Exception as error:
            # A plugin's own error has its result; others are faults of the binding and are named as they are.
            result = getattr(error, "result", None)
            self.outcomes[key] = getattr(result, "name", f"{type(error).__name__}")

    async def call_all(self, *keys: str) -> None:
        """Call methods at the same time; of those that are no streams, few at once: they soon give up waiting."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def call(key: str) -> None:
            if ".subscribe_" in key:
                await self.call(key)
                return
            async with places:
                await self.call(key)

        await asyncio.gather(*(call(key) for key in keys))

    async def call_each(self, *keys: str) -> None:
        """Call methods one after another."""
        for key in keys:
            await self.call(key)


async def _read(stream: AsyncGenerator[Any, Any], *, whole: bool) -> str:
    """Return whether a stream has a value within its time; one that ends by itself is read to its end."""
    try:
        async with asyncio.timeout(_CALL_S if whole else _STREAM_S):
            await anext(stream)
            while whole:
                await anext(stream)
    except StopAsyncIteration:
        return VALUES
    except TimeoutError:
        return NOTHING
    finally:
        await stream.aclose()
    return VALUES


def mission_items(raw: ModuleType) -> list[Any]:
    """Return a mission of raw items: home, take-off, a waypoint, a change of speed without a height, return."""
    x, y = round(PLACE[0] * 1e7), round(PLACE[1] * 1e7)
    nan = float("nan")
    rows = [
        (16, 0, 0, 0, 0, 0, x, y, 22.0),
        (22, 3, 0, 0, 0, nan, 0, 0, 5.0),
        (16, 3, 0, 0, 0, nan, x, y, 6.0),
        (178, 2, 1, 3, -1, 0, 0, 0, nan),
        (20, 2, 0, 0, 0, 0, 0, 0, 0.0),
    ]
    return [
        raw.MissionItem(seq, frame, command, int(seq == 0), 1, p1, p2, p3, p4, x, y, z, 0)
        for seq, (command, frame, p1, p2, p3, p4, x, y, z) in enumerate(rows)
    ]


def plan_items(plan: ModuleType) -> Any:
    """Return a mission of MAVSDK's items: one with a speed and a photo, one to fly through."""
    nan = float("nan")
    item, camera, vehicle = plan.MissionItem, plan.MissionItem.CameraAction, plan.MissionItem.VehicleAction
    first = (*PLACE[:2], 5.0, 3.0, False, nan, nan, camera.TAKE_PHOTO, nan, nan, nan, nan, nan, vehicle.NONE)
    second = (PLACE[0] + 0.0002, PLACE[1], 6.0, nan, True, nan, nan, camera.NONE, nan, nan, nan, nan, nan, vehicle.NONE)
    return plan.MissionPlan([item(*first), item(*second)])


QGC_PLAN: Final = (
    '{"fileType": "Plan", "version": 1, "groundStation": "QGroundControl", "geoFence": {"circles": [], "polygons": [],'
    ' "version": 2}, "rallyPoints": {"points": [], "version": 2}, "mission": {"cruiseSpeed": 5, "firmwareType": 3,'
    ' "hoverSpeed": 5, "items": [{"autoContinue": true, "command": 22, "doJumpId": 1, "frame": 3,'
    ' "params": [0, 0, 0, null, 31.95, 119.17, 5], "type": "SimpleItem"}], "plannedHomePosition": [31.95, 119.17, 22],'
    ' "vehicleType": 2, "version": 2}}'
)
PLANNER_PLAN: Final = (
    "QGC WPL 110\n0\t1\t0\t16\t0\t0\t0\t0\t31.95\t119.17\t22\t1\n1\t0\t3\t22\t0\t0\t0\t0\t0\t0\t5\t1\n"
)


def arguments(folder: Path) -> dict[str, Callable[[ModuleType], tuple[Any, ...]]]:
    """Return a method's arguments, made of the module of its plugin; `*` stands for any plugin."""
    (folder / "up.txt").write_text("up")
    (folder / "mission.plan").write_text(QGC_PLAN)
    (folder / "mission.waypoints").write_text(PLANNER_PLAN)

    def point(fence: ModuleType, north: float, east: float) -> Any:
        return fence.Point(PLACE[0] + north, PLACE[1] + east)

    def fence_data(fence: ModuleType) -> tuple[Any, ...]:
        corners = [point(fence, n, e) for n, e in ((-0.01, -0.01), (0.01, -0.01), (0.01, 0.01))]
        shape = fence.Polygon(corners, fence.FenceType.INCLUSION)
        circle = fence.Circle(point(fence, 0, 0), 5.0, fence.FenceType.EXCLUSION)
        return (fence.GeofenceData([shape], [circle]),)

    def raw_fence(raw: ModuleType) -> tuple[Any, ...]:
        x, y = round(PLACE[0] * 1e7), round(PLACE[1] * 1e7)
        return ([raw.MissionItem(0, 0, 5003, 1, 1, 50.0, 0, 0, 0, x, y, 0.0, 1)],)

    def raw_rally(raw: ModuleType) -> tuple[Any, ...]:
        x, y = round(PLACE[0] * 1e7), round(PLACE[1] * 1e7)
        return ([raw.MissionItem(0, 3, 5100, 1, 1, 0, 0, 0, 0, x, y, 20.0, 2)],)

    def mocap_body(mocap: ModuleType) -> tuple[Any, ...]:
        covariance = mocap.Covariance([0.0] * 21)
        return mocap.PositionBody(0, 0, 0), mocap.AngleBody(0, 0, 0), covariance

    def odometry(mocap: ModuleType) -> tuple[Any, ...]:
        place, _, covariance = mocap_body(mocap)
        frame = next(iter(mocap.Odometry.MavFrame))
        kind = next(iter(mocap.Odometry.MavEstimatorType))
        still = mocap.SpeedBody(0, 0, 0), mocap.AngularVelocityBody(0, 0, 0)
        return (
            mocap.Odometry(0, frame, place, mocap.Quaternion(1, 0, 0, 0), *still, covariance, covariance, 0, kind, 0),
        )

    def one(*values: Any) -> Callable[[ModuleType], tuple[Any, ...]]:
        return lambda _: values

    return {
        "action.goto_location": one(*PLACE, 0.0),
        "action.goto_location_fixedwing": one(*PLACE, 20.0),
        "action.do_orbit": lambda p: (10.0, 2.0, p.OrbitYawBehavior.UNCONTROLLED, *PLACE),
        "action.set_actuator": one(1, 0.5),
        "action.set_relay": lambda p: (0, p.RelayCommand.ON),
        "action.set_takeoff_altitude": one(5.0),
        "action.set_return_to_launch_altitude": one(8.0),
        "action.set_current_speed": one(3.0),
        "action.set_gps_global_origin": one(*PLACE),
        "action.set_home": one(False, *PLACE),
        **{
            f"camera.{name}": one(1)
            for name in (
                "take_photo", "stop_photo_interval", "start_video", "stop_video", "get_mode", "get_video_stream_info",
                "get_storage", "get_current_settings", "get_possible_setting_options", "reset_settings",
                "zoom_in_start", "zoom_out_start", "zoom_stop", "track_stop", "focus_in_step", "focus_out_step",
                "focus_in_start", "focus_out_start", "focus_stop", "focus_auto", "focus_auto_single",
                "focus_auto_continuous",
            )
        },
        "camera.start_photo_interval": one(1, 1.0),
        "camera.start_video_streaming": one(1, 1),
        "camera.stop_video_streaming": one(1, 1),
        "camera.set_mode": lambda p: (1, p.Mode.PHOTO),
        "camera.list_photos": lambda p: (1, p.PhotosRange.ALL),
        "camera.set_setting": lambda p: (1, p.Setting("A", "", p.Option("1", ""), False)),
        "camera.get_setting": lambda p: (1, p.Setting("A", "", p.Option("1", ""), False)),
        "camera.format_storage": one(1, 1),
        "camera.zoom_range": one(1, 0.5),
        "camera.track_point": one(1, 0.5, 0.5, 0.1),
        "camera.track_rectangle": one(1, 0.1, 0.1, 0.2, 0.2),
        "camera.focus_range": one(1, 0.5),
        "camera.focus_meters": one(1, 5.0),
        "component_metadata.request_component": one(1),
        "component_metadata.get_metadata": lambda p: (1, p.MetadataType.PARAMETER),
        "failure.inject": lambda p: (p.FailureUnit.SENSOR_GPS, p.FailureType.OFF, 0),
        "follow_me.set_target_location": lambda p: (p.TargetLocation(*PLACE, 0.0, 0.0, 0.0),),
        "ftp.download": one("/APM/LOGS/nothing.BIN", str(folder), False),
        "ftp.upload": one(str(folder / "up.txt"), "/"),
        "ftp.list_directory": one("/"),
        "ftp.create_directory": one("/made"),
        "ftp.remove_directory": one("/made"),
        "ftp.remove_file": one("/up.txt"),
        "ftp.rename": one("/up.txt", "/down.txt"),
        "ftp.are_files_identical": one(str(folder / "up.txt"), "/up.txt"),
        "ftp.set_target_compid": one(1),
        "geofence.upload_geofence": fence_data,
        "gimbal.set_angles": lambda p: (1, 0.0, -30.0, 0.0, p.GimbalMode.YAW_FOLLOW, p.SendMode.ONCE),
        "gimbal.set_angular_rates": lambda p: (1, 0.0, 1.0, 0.0, p.GimbalMode.YAW_FOLLOW, p.SendMode.ONCE),
        "gimbal.set_roi_location": one(1, *PLACE),
        "gimbal.take_control": lambda p: (1, p.ControlMode.PRIMARY),
        "gimbal.release_control": one(1),
        "gimbal.get_control_status": one(1),
        "gimbal.get_attitude": one(1),
        "gripper.grab": one(1),
        "gripper.release": one(1),
        "log_files.download_log_file": lambda p: (p.Entry(9999, "", 1), str(folder / "log.bin")),
        "manual_control.set_manual_control_input": one(0.0, 0.0, 0.5, 0.0),
        "mavlink_direct.send_command": lambda p: (
            p.MavlinkMessage(
                "COMMAND_LONG", 0, 0, 1, 1,
                '{"target_system": 1, "target_component": 1, "command": 216, "confirmation": 0, "param1": 0,'
                ' "param2": 0, "param3": 0, "param4": 0, "param5": 0, "param6": 0, "param7": 0}',
            ),
        ),
        "mavlink_direct.send_message": lambda p: (p.MavlinkMessage("PING", 0, 0, 1, 1, '{"time_usec": 1, "seq": 1}'),),
        "mavlink_direct.subscribe_message": one("ATTITUDE"),
        "mavlink_direct.load_custom_xml": one("<mavlink></mavlink>"),
        "mission.upload_mission": lambda p: (plan_items(p),),
        "mission.upload_mission_with_progress": lambda p: (plan_items(p),),
        "mission.set_current_mission_item": one(1),
        "mission.set_return_to_launch_after_mission": one(False),
        "mission_raw.upload_mission": lambda p: (mission_items(p),),
        "mission_raw.upload_mission_with_progress": lambda p: (p.MissionPlan(mission_items(p)),),
        "mission_raw.upload_geofence": raw_fence,
        "mission_raw.upload_rally_points": raw_rally,
        "mission_raw.set_current_mission_item": one(2),
        "mission_raw.import_qgroundcontrol_mission": one(str(folder / "mission.plan")),
        "mission_raw.import_qgroundcontrol_mission_from_string": one(QGC_PLAN),
        "mission_raw.import_mission_planner_mission": one(str(folder / "mission.waypoints")),
        "mission_raw.import_mission_planner_mission_from_string": one(PLANNER_PLAN),
        "mocap.set_vision_position_estimate": lambda p: (p.VisionPositionEstimate(0, *mocap_body(p), 0),),
        "mocap.set_vision_speed_estimate": lambda p: (
            p.VisionSpeedEstimate(0, p.SpeedNed(0, 0, 0), p.Covariance([0.0] * 9), 0),
        ),
        "mocap.set_attitude_position_mocap": lambda p: (
            p.AttitudePositionMocap(0, p.Quaternion(1, 0, 0, 0), mocap_body(p)[0], mocap_body(p)[2]),
        ),
        "mocap.set_odometry": odometry,
        "offboard.set_attitude": lambda p: (p.Attitude(0, 0, 0, 0.5),),
        "offboard.set_actuator_control": lambda p: (p.ActuatorControl([p.ActuatorControlGroup([0.0] * 8)]),),
        "offboard.set_attitude_rate": lambda p: (p.AttitudeRate(0, 0, 0, 0.5),),
        "offboard.set_position_ned": lambda p: (p.PositionNedYaw(1, 1, -5, 0),),
        "offboard.set_position_global": lambda p: (
            p.PositionGlobalYaw(*PLACE, 0, next(iter(p.PositionGlobalYaw.AltitudeType))),
        ),
        "offboard.set_velocity_body": lambda p: (p.VelocityBodyYawspeed(0, 0, 0, 0),),
        "offboard.set_velocity_ned": lambda p: (p.VelocityNedYaw(0, 0, 0, 0),),
        "offboard.set_position_velocity_ned": lambda p: (p.PositionNedYaw(1, 1, -5, 0), p.VelocityNedYaw(0, 0, 0, 0)),
        "offboard.set_position_velocity_acceleration_ned": lambda p: (
            p.PositionNedYaw(1, 1, -5, 0), p.VelocityNedYaw(0, 0, 0, 0), p.AccelerationNed(0, 0, 0),
        ),
        "offboard.set_acceleration_ned": lambda p: (p.AccelerationNed(0, 0, 0),),
        "param.get_param_int": one("SPRAY_SPEED_MIN"),
        "param.set_param_int": one("SPRAY_SPEED_MIN", 150),
        "param.get_param_float": one("SPRAY_PUMP_RATE"),
        "param.set_param_float": one("SPRAY_PUMP_RATE", 15.0),
        "param.select_component": lambda p: (1, p.ProtocolVersion.V1),
        "rtk.send_rtcm_data": lambda p: (p.RtcmData("AAAA"),),
        "shell.send": lambda p: ("ver all", p.Device.SHELL),
        "transponder.set_rate_transponder": one(1.0),
        "tune.play_tune": lambda p: (p.TuneDescription([p.SongElement.NOTE_A], 100),),
        **{f"winch.{name}": one(1) for name in WINCH},
        "winch.relative_length_control": one(1, 1.0, 0.5),
        "winch.rate_control": one(1, 0.5),
        **{key: one(2.0) for key in list_methods() if ".set_rate_" in key},
    }  # fmt: skip


WINCH: Final = ("relax", "lock", "deliver", "hold", "retract", "load_line", "abandon_line", "load_payload")
