"""Messages of place, motion, ground and wind."""

from __future__ import annotations

import math
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.messages.state import boot_ms

Message = Any

_NONE_16: Final = 65535
#: EKF_STATUS_REPORT: attitude and all of velocity and position, or attitude and height in constant-position mode.
_EKF_GOOD: Final = 1 | 2 | 4 | 8 | 16 | 32 | 512
_EKF_NO_POSITION: Final = 1 | 4 | 32 | 128
_RANGE_MIN_M, _RANGE_MAX_M = 0.2, 50.0
_GPS_NOISE_M: Final = 0.008
_RANGE_NOISE_M: Final = 0.03


def gps_raw(vehicle: SimulatedVehicle) -> list[Message]:
    """GPS_RAW_INT of an RTK receiver; without a fix its fields carry their sentinels."""
    body, motion = vehicle.body, vehicle.body.motion
    boot_us = vehicle.boot_time_ms * 1000
    if not body.receiver.has_fix:
        none = _NONE_16
        return [dialect.MAVLink_gps_raw_int_message(boot_us, 1, 0, 0, 0, none, none, none, none, 0)]
    latitude, longitude, up_m = body.reported(_GPS_NOISE_M)
    altitude_mm = round((body.scenario.altitude_m + up_m) * 1000)
    course_cdeg = round(math.degrees(math.atan2(motion.east_m_s, motion.north_m_s)) * 100) % 36000
    speed_cm_s = max(0, round(motion.speed_m_s * 100 + 2 * body.sensor_noise.normal()))
    return [
        dialect.MAVLink_gps_raw_int_message(
            boot_us, 6, round(latitude * 1e7), round(longitude * 1e7), altitude_mm, 62, 91, speed_cm_s,
            course_cdeg, 24, altitude_mm + 9000, 25, 40, 50,
        )
    ]  # fmt: skip


def global_position(vehicle: SimulatedVehicle) -> list[Message]:
    """GLOBAL_POSITION_INT; zeros without a fix, as ArduPilot sends before the first."""
    body, motion = vehicle.body, vehicle.body.motion
    heading_cdeg = round(math.degrees(motion.yaw_rad) * 100) % 36000
    if not body.receiver.has_fix:
        return [dialect.MAVLink_global_position_int_message(boot_ms(vehicle), 0, 0, 0, 0, 0, 0, 0, heading_cdeg)]
    latitude, longitude, up_m = body.reported()
    return [
        dialect.MAVLink_global_position_int_message(
            boot_ms(vehicle),
            round(latitude * 1e7),
            round(longitude * 1e7),
            round((body.scenario.altitude_m + up_m) * 1000),
            round(up_m * 1000),
            round(motion.north_m_s * 100),
            round(motion.east_m_s * 100),
            round(-motion.up_m_s * 100),
            heading_cdeg,
        )
    ]


def attitude(vehicle: SimulatedVehicle) -> list[Message]:
    """ATTITUDE from acceleration and wind compensation, with a little vibration."""
    motion = vehicle.body.motion
    flying = vehicle.autopilot.armed and not vehicle.body.landed
    drag = vehicle.body.wind.drag_m_s2(motion.east_m_s, motion.north_m_s) if flying else (0.0, 0.0)
    roll, pitch = motion.tilt_rad(*drag)
    shake = 0.004 if flying else 0.0003
    wobble = [shake * vehicle.body.sensor_noise.normal() for _ in range(5)]
    return [
        dialect.MAVLink_attitude_message(
            boot_ms(vehicle),
            roll + wobble[0],
            pitch + wobble[1],
            motion.yaw_rad,
            5 * wobble[2],
            5 * wobble[3],
            motion.yaw_rad_s + wobble[4],
        )
    ]


def vfr_hud(vehicle: SimulatedVehicle) -> list[Message]:
    """VFR_HUD; the air speed is the ground speed, as without a sensor for it."""
    motion = vehicle.body.motion
    heading = round(math.degrees(motion.yaw_rad)) % 360
    flying = vehicle.autopilot.landed_state != 1
    throttle = max(0, min(100, round(45 + 10 * motion.up_m_s))) if flying else 0
    speed = motion.speed_m_s
    altitude_m = vehicle.scenario.altitude_m + motion.up_m
    return [dialect.MAVLink_vfr_hud_message(speed, speed, heading, throttle, altitude_m, motion.up_m_s)]


def _range_m(vehicle: SimulatedVehicle) -> float:
    """Return the reading of the downward rangefinder along its tilted beam; out of range: maximum plus 1 m."""
    body = vehicle.body
    roll, pitch = body.motion.tilt_rad(*body.wind.drag_m_s2(body.motion.east_m_s, body.motion.north_m_s))
    slant_m = body.height_m / max(0.5, math.cos(roll) * math.cos(pitch)) + 0.1
    return min(_RANGE_MAX_M + 1, max(_RANGE_MIN_M, slant_m + _RANGE_NOISE_M * body.sensor_noise.normal()))


def rangefinder(vehicle: SimulatedVehicle) -> list[Message]:
    """RANGEFINDER."""
    return [dialect.MAVLink_rangefinder_message(_range_m(vehicle), 0.0)]


def distance_sensor(vehicle: SimulatedVehicle) -> list[Message]:
    """DISTANCE_SENSOR of the same downward rangefinder."""
    low_cm, high_cm = round(_RANGE_MIN_M * 100), round(_RANGE_MAX_M * 100)
    return [
        dialect.MAVLink_distance_sensor_message(
            boot_ms(vehicle), low_cm, high_cm, round(_range_m(vehicle) * 100), 0, 0, 25, 0
        )
    ]


def terrain_report(vehicle: SimulatedVehicle) -> list[Message]:
    """TERRAIN_REPORT from a terrain database of decimetre accuracy; spacing 0 without a position."""
    body = vehicle.body
    if not body.receiver.has_fix:
        return [dialect.MAVLink_terrain_report_message(0, 0, 0, 0.0, 0.0, 0, 0)]
    latitude, longitude, up_m = body.reported()
    # The database rounds the ground to half a metre.
    ground_m = round((body.scenario.altitude_m + body.ground_m) * 2) / 2
    return [
        dialect.MAVLink_terrain_report_message(
            round(latitude * 1e7), round(longitude * 1e7), 100, ground_m,
            body.scenario.altitude_m + up_m - ground_m, 0, 504,
        )
    ]  # fmt: skip


def wind(vehicle: SimulatedVehicle) -> list[Message]:
    """WIND: direction and speed, with the error of an estimate from the attitude."""
    wind, noise = vehicle.body.wind, vehicle.body.sensor_noise
    direction = math.remainder(wind.from_deg + 4 * noise.normal(), 360)
    return [dialect.MAVLink_wind_message(direction, max(0.0, wind.speed_m_s + 0.2 * noise.normal()), 0.0)]


def ekf_status(vehicle: SimulatedVehicle) -> list[Message]:
    """EKF_STATUS_REPORT."""
    has_fix = vehicle.body.receiver.has_fix
    flags = _EKF_GOOD if has_fix else _EKF_NO_POSITION
    spread = 0.02 if has_fix else 1.2
    return [dialect.MAVLink_ekf_status_report_message(flags, spread, spread, 0.03, 0.04, 0.0, 0.0)]


def local_position(vehicle: SimulatedVehicle) -> list[Message]:
    """LOCAL_POSITION_NED: place from the field's origin, where the EKF has its own; none without a fix."""
    body, motion = vehicle.body, vehicle.body.motion
    if not body.receiver.has_fix:
        return []
    latitude, longitude, up_m = body.reported()
    east_m, north_m = body.frame.to_east_north(latitude, longitude)
    return [
        dialect.MAVLink_local_position_ned_message(
            boot_ms(vehicle), north_m, east_m, -up_m, motion.north_m_s, motion.east_m_s, -motion.up_m_s
        )
    ]


def attitude_quaternion(vehicle: SimulatedVehicle) -> list[Message]:
    """ATTITUDE_QUATERNION of the attitude that ATTITUDE tells."""
    (angles,) = attitude(vehicle)
    half = [angle / 2 for angle in (angles.roll, angles.pitch, angles.yaw)]
    (sr, sp, sy), (cr, cp, cy) = [math.sin(a) for a in half], [math.cos(a) for a in half]
    return [
        dialect.MAVLink_attitude_quaternion_message(
            boot_ms(vehicle),
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
            angles.rollspeed,
            angles.pitchspeed,
            angles.yawspeed,
        )
    ]


def navigation(vehicle: SimulatedVehicle) -> list[Message]:
    """NAV_CONTROLLER_OUTPUT: bearing and distance to where the vehicle is steered, and the error of its height."""
    autopilot, motion = vehicle.autopilot, vehicle.body.motion
    east_m, north_m, up_m = autopilot.reference()
    east_m, north_m = east_m - motion.east_m, north_m - motion.north_m
    bearing = round(math.degrees(math.atan2(east_m, north_m))) % 360
    roll, pitch = motion.tilt_rad(*vehicle.body.wind.drag_m_s2(motion.east_m_s, motion.north_m_s))
    distance_m = min(_NONE_16, round(math.hypot(east_m, north_m)))
    return [
        dialect.MAVLink_nav_controller_output_message(
            math.degrees(roll), math.degrees(pitch), round(math.degrees(motion.yaw_rad)), bearing, distance_m,
            up_m - motion.up_m, 0.0, 0.0,
        )
    ]  # fmt: skip
