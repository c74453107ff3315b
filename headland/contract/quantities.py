"""Table of quantities: unit, physical range and kind of every channel.

A channel is `quantity` or `quantity:instance` (`battery_voltage_v:1`), so that two batteries never share a series.
The name ends in the unit; a bare count or state has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["gauge", "total", "state"]

#: Unit symbol, for people, by the ending of a name, for code.
UNIT_BY_SUFFIX: Final[dict[str, str]] = {
    "a": "A",
    "code": "1",
    "count": "1",
    "dbm": "dBm",
    "deg": "deg",
    "deg_s": "deg/s",
    "degc": "degC",
    "g_m3": "g/m3",
    "hpa": "hPa",
    "kg": "kg",
    "kg_min": "kg/min",
    "kpa": "kPa",
    "kwh": "kWh",
    "l": "L",
    "l_min": "L/min",
    "lx": "lx",
    "m": "m",
    "m_s": "m/s",
    "mah": "mAh",
    "mj_m2": "MJ/m2",
    "mm": "mm",
    "ms_cm": "mS/cm",
    "on": "1",
    "open_pct": "%",
    "pct": "%",
    "ph": "pH",
    "ppm": "ppm",
    "rad": "rad",
    "rad_s": "rad/s",
    "ratio": "1",
    "rpm": "rpm",
    "s": "s",
    "umol_m2_s": "umol/m2/s",
    "us": "us",
    "v": "V",
    "w": "W",
    "w_m2": "W/m2",
    "wh": "Wh",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measurable quantity: `name` ends in its unit; values outside [`low`, `high`] are physically impossible."""

    name: str
    unit: str
    low: float
    high: float
    kind: Kind
    meaning: str


def _table(*rows: tuple[str, str, float, float, Kind, str]) -> dict[str, Quantity]:
    return {row[0]: Quantity(*row) for row in rows}


QUANTITIES: Final[dict[str, Quantity]] = _table(
    # Position and motion of a vehicle: the autopilot's own estimate unless the name says gps_.
    ("latitude_deg", "deg", -90, 90, "gauge", "WGS84 latitude, the autopilot's estimate"),
    ("longitude_deg", "deg", -180, 180, "gauge", "WGS84 longitude, the autopilot's estimate"),
    ("altitude_m", "m", -500, 20000, "gauge", "height above mean sea level"),
    ("relative_altitude_m", "m", -2000, 20000, "gauge", "height above the home position, not above ground"),
    ("velocity_north_m_s", "m/s", -150, 150, "gauge", "ground velocity towards north"),
    ("velocity_east_m_s", "m/s", -150, 150, "gauge", "ground velocity towards east"),
    ("velocity_down_m_s", "m/s", -150, 150, "gauge", "ground velocity downwards"),
    ("ground_speed_m_s", "m/s", 0, 150, "gauge", "horizontal speed over ground"),
    ("air_speed_m_s", "m/s", 0, 150, "gauge", "speed through the air, may be synthetic"),
    ("climb_rate_m_s", "m/s", -100, 100, "gauge", "vertical speed, upwards positive"),
    ("throttle_pct", "%", 0, 100, "gauge", "throttle as the autopilot reports it"),
    ("hud_ground_speed_m_s", "m/s", 0, 150, "gauge", "ground speed as VFR_HUD reports it"),
    ("hud_altitude_m", "m", -500, 20000, "gauge", "height above mean sea level as VFR_HUD reports it"),
    ("hud_heading_deg", "deg", 0, 360, "gauge", "heading as VFR_HUD reports it, whole degrees"),
    ("heading_deg", "deg", 0, 360, "gauge", "where the nose points, from true north"),
    ("roll_rad", "rad", -3.2, 3.2, "gauge", "roll, right wing down positive"),
    ("pitch_rad", "rad", -3.2, 3.2, "gauge", "pitch, nose up positive"),
    ("yaw_rad", "rad", -3.2, 6.4, "gauge", "yaw from true north"),
    ("roll_rate_rad_s", "rad/s", -70, 70, "gauge", "roll rate"),
    ("pitch_rate_rad_s", "rad/s", -70, 70, "gauge", "pitch rate"),
    ("yaw_rate_rad_s", "rad/s", -70, 70, "gauge", "yaw rate"),
    # As reported by the satellite receiver.
    ("gps_latitude_deg", "deg", -90, 90, "gauge", "WGS84 latitude of the receiver"),
    ("gps_longitude_deg", "deg", -180, 180, "gauge", "WGS84 longitude of the receiver"),
    ("gps_altitude_m", "m", -500, 20000, "gauge", "height above mean sea level of the receiver"),
    ("gps_ground_speed_m_s", "m/s", 0, 150, "gauge", "ground speed of the receiver"),
    ("gps_course_deg", "deg", 0, 360, "gauge", "course over ground of the receiver"),
    ("gps_hdop_ratio", "1", 0, 100, "gauge", "horizontal dilution of precision"),
    ("gps_vdop_ratio", "1", 0, 100, "gauge", "vertical dilution of precision"),
    ("gps_horizontal_accuracy_m", "m", 0, 10000, "gauge", "horizontal uncertainty the receiver states"),
    ("gps_vertical_accuracy_m", "m", 0, 10000, "gauge", "vertical uncertainty the receiver states"),
    ("gps_speed_accuracy_m_s", "m/s", 0, 1000, "gauge", "speed uncertainty the receiver states"),
    ("gps_yaw_deg", "deg", 0, 360, "gauge", "yaw of a receiver with two antennas, from true north"),
    ("gps_fix_code", "1", 0, 8, "state", "MAVLink GPS_FIX_TYPE: 0-1 none, 2 2D, 3 3D, 4 DGPS, 5-6 RTK, 8 PPP"),
    ("gps_satellites_count", "1", 0, 254, "gauge", "satellites in use"),
    ("baro_altitude_m", "m", -2000, 20000, "gauge", "height above the place of power-up, by air pressure"),
    ("static_pressure_hpa", "hPa", 10, 1200, "gauge", "air pressure at the vehicle"),
    ("height_above_terrain_m", "m", -500, 20000, "gauge", "height above the autopilot's terrain data"),
    ("terrain_altitude_m", "m", -500, 9000, "gauge", "height of the terrain data above mean sea level"),
    ("terrain_pending_count", "1", 0, 65535, "gauge", "terrain blocks the autopilot still waits for"),
    ("terrain_loaded_count", "1", 0, 65535, "gauge", "terrain blocks the autopilot holds"),
    ("distance_m", "m", 0, 1000, "gauge", "distance sensor, within its limits"),
    ("distance_orientation_code", "1", 0, 255, "state", "MAVLink MAV_SENSOR_ORIENTATION: 25 looks down"),
    ("distance_signal_pct", "%", 0, 100, "gauge", "signal quality of the distance sensor"),
    ("rangefinder_distance_m", "m", 0, 1000, "gauge", "distance of the first range finder"),
    ("rangefinder_signal_v", "V", -10, 100, "gauge", "raw voltage of the first range finder"),
    ("remote_id_latitude_deg", "deg", -90, 90, "gauge", "latitude the vehicle broadcasts as remote id"),
    ("remote_id_longitude_deg", "deg", -180, 180, "gauge", "longitude the vehicle broadcasts as remote id"),
    ("remote_id_altitude_m", "m", -999, 32000, "gauge", "WGS84 height the vehicle broadcasts as remote id"),
    ("remote_id_height_m", "m", -999, 32000, "gauge", "height above take-off or ground, broadcast as remote id"),
    ("remote_id_course_deg", "deg", 0, 360, "gauge", "course the vehicle broadcasts as remote id"),
    ("remote_id_ground_speed_m_s", "m/s", 0, 255, "gauge", "ground speed the vehicle broadcasts as remote id"),
    ("remote_id_climb_rate_m_s", "m/s", -63, 63, "gauge", "vertical speed the vehicle broadcasts as remote id"),
    ("wind_from_deg", "deg", 0, 360, "gauge", "where the wind comes from, the autopilot's estimate"),
    ("wind_vertical_m_s", "m/s", -100, 100, "gauge", "vertical wind, the autopilot's estimate"),
    ("wind_north_m_s", "m/s", -150, 150, "gauge", "velocity of the air towards north, the autopilot's estimate"),
    ("wind_east_m_s", "m/s", -150, 150, "gauge", "velocity of the air towards east, the autopilot's estimate"),
    ("wind_down_m_s", "m/s", -150, 150, "gauge", "velocity of the air downwards, the autopilot's estimate"),
    ("ekf_flags_code", "1", 0, 65535, "state", "ArduPilot's EKF_STATUS_FLAGS"),
    (
        "ekf_velocity_variance_ratio",
        "1",
        0,
        1_000_000_000,
        "gauge",
        "test ratio of the velocity innovations, good below 0.8",
    ),
    (
        "ekf_horizontal_variance_ratio",
        "1",
        0,
        1_000_000_000,
        "gauge",
        "test ratio of the horizontal position innovations",
    ),
    ("ekf_vertical_variance_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the height innovations"),
    ("ekf_compass_variance_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the compass innovations"),
    ("ekf_terrain_variance_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the terrain innovations"),
    ("estimator_flags_code", "1", 0, 65535, "state", "PX4's ESTIMATOR_STATUS_FLAGS, not those of EKF_STATUS_REPORT"),
    ("failure_flags_code", "1", 0, 65535, "state", "MAVLink HL_FAILURE_FLAG bits that a high latency link reports"),
    ("failsafe_flags_code", "1", 0, 255, "state", "failsafes of HIGH_LATENCY: 1 RC, 2 battery, 4 GPS, 8 GCS, 16 fence"),
    ("estimator_velocity_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the velocity innovations"),
    ("estimator_horizontal_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the horizontal position innovations"),
    ("estimator_vertical_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the height innovations"),
    ("estimator_compass_ratio", "1", 0, 1_000_000_000, "gauge", "test ratio of the compass innovations"),
    ("estimator_horizontal_accuracy_m", "m", 0, 1_000_000, "gauge", "horizontal uncertainty of the estimate"),
    ("estimator_vertical_accuracy_m", "m", 0, 1_000_000, "gauge", "vertical uncertainty of the estimate"),
    # Power.
    ("battery_voltage_v", "V", 0, 1000, "gauge", "battery voltage"),
    ("battery_current_a", "A", -400, 2000, "gauge", "battery current, discharge positive"),
    ("battery_remaining_pct", "%", 0, 100, "gauge", "charge left as the battery or the autopilot estimates it"),
    ("battery_consumed_mah", "mAh", 0, 10_000_000, "total", "charge used since power-up"),
    ("battery_energy_wh", "Wh", 0, 10_000_000, "total", "energy used since power-up"),
    ("battery_temperature_degc", "degC", -60, 150, "gauge", "battery temperature"),
    ("esc_voltage_v", "V", 0, 1000, "gauge", "voltage at a motor controller, by its number"),
    ("esc_current_a", "A", 0, 2000, "gauge", "current of a motor controller"),
    ("esc_consumed_mah", "mAh", 0, 10_000_000, "total", "charge through a motor controller since power-up"),
    ("esc_rpm", "rpm", 0, 200000, "gauge", "speed of a motor"),
    ("esc_temperature_degc", "degC", -60, 300, "gauge", "temperature of a motor controller"),
    ("engine_rpm", "rpm", 0, 200000, "gauge", "speed of a combustion engine"),
    ("fuel_flow_l_min", "L/min", 0, 100, "gauge", "fuel an engine burns"),
    ("fuel_consumed_l", "L", 0, 100000, "total", "fuel burnt since power-up"),
    (
        "rotation_rpm",
        "rpm",
        0,
        1_000_000,
        "gauge",
        "RPM sensor 1 or 2; an unhealthy sensor reports zero or less",
    ),
    ("servo_output_us", "us", 0, 3000, "gauge", "pulse width of an autopilot's output, by its number: commanded"),
    ("rc_channel_us", "us", 0, 3000, "gauge", "pulse width of a remote control channel, by its number"),
    ("rc_rssi_code", "1", 0, 254, "gauge", "signal of the remote control in the receiver's own units"),
    ("processor_load_pct", "%", 0, 100, "gauge", "load of the autopilot's main loop"),
    ("link_drop_rate_pct", "%", 0, 100, "gauge", "frames that the autopilot's links dropped, as it reports"),
    ("sensors_present_code", "1", 0, 4_294_967_295, "state", "MAVLink MAV_SYS_STATUS_SENSOR bits: there"),
    ("sensors_enabled_code", "1", 0, 4_294_967_295, "state", "MAVLink MAV_SYS_STATUS_SENSOR bits: used"),
    ("sensors_health_code", "1", 0, 4_294_967_295, "state", "MAVLink MAV_SYS_STATUS_SENSOR bits: healthy"),
    ("radio_rssi_code", "1", 0, 254, "gauge", "signal that the telemetry radio receives, in its own units"),
    ("radio_remote_rssi_code", "1", 0, 254, "gauge", "signal that the far telemetry radio receives, in its own units"),
    ("radio_noise_code", "1", 0, 254, "gauge", "noise that the telemetry radio receives, in its own units"),
    ("radio_remote_noise_code", "1", 0, 254, "gauge", "noise that the far telemetry radio receives, in its own units"),
    ("radio_transmit_buffer_pct", "%", 0, 100, "gauge", "free part of the radio's transmit buffer"),
    ("radio_receive_errors_count", "1", 0, 65535, "gauge", "receive errors the radio counted, wraps"),
    ("radio_corrected_errors_count", "1", 0, 65535, "gauge", "errors the radio corrected, wraps"),
    # Spraying: measured and commanded values are different quantities.
    ("pump_command_us", "us", 0, 3000, "gauge", "pulse width sent to the pump: commanded, not applied"),
    ("pump_on", "1", 0, 1, "state", "1 while the pump output is above its off level: commanded, not applied"),
    ("spinner_command_us", "us", 0, 3000, "gauge", "pulse width sent to the spinner: commanded, not applied"),
    ("spinner_on", "1", 0, 1, "state", "1 while the spinner output is on: commanded, not applied"),
    ("spinner_rpm", "rpm", 0, 100000, "gauge", "speed of the spinner or disc as measured"),
    ("spray_commanded_on", "1", 0, 1, "state", "what the mission's last DO_SPRAYER ordered: commanded, not applied"),
    ("flow_l_min", "L/min", 0, 200, "gauge", "flow through the flow meter"),
    ("flow_volume_total_l", "L", 0, 10_000_000, "total", "volume through the flow meter since power-up"),
    (
        "mass_flow_kg_min",
        "kg/min",
        0,
        1000,
        "gauge",
        "mass of product that leaves, by a sensor or by what the hopper loses",
    ),
    ("working_width_m", "m", 0, 100, "gauge", "width on which a machine works at this moment"),
    ("harvest_flow_kg_min", "kg/min", 0, 10000, "gauge", "wet mass of the crop that a combine takes in"),
    ("grain_moisture_pct", "%", 0, 100, "gauge", "moisture of the harvested grain, wet basis"),
    ("tank_l", "L", 0, 10000, "gauge", "liquid in the tank"),
    ("hopper_kg", "kg", 0, 10000, "gauge", "granules in the hopper"),
    # Greenhouse climate.
    ("air_temperature_degc", "degC", -60, 80, "gauge", "air temperature"),
    ("relative_humidity_pct", "%", 0, 103, "gauge", "relative humidity over water; sensors may read to 103"),
    ("leaf_temperature_degc", "degC", -60, 80, "gauge", "leaf surface temperature"),
    ("soil_temperature_degc", "degC", -60, 80, "gauge", "soil or substrate temperature"),
    ("co2_ppm", "ppm", 0, 20000, "gauge", "carbon dioxide mole fraction of the air"),
    ("par_umol_m2_s", "umol/m2/s", -10, 3500, "gauge", "photosynthetic photon flux density"),
    ("global_radiation_w_m2", "W/m2", -20, 1600, "gauge", "global short-wave radiation"),
    ("outside_temperature_degc", "degC", -60, 80, "gauge", "air temperature outside the house"),
    ("outside_humidity_pct", "%", 0, 103, "gauge", "relative humidity outside the house"),
    ("wind_speed_m_s", "m/s", 0, 100, "gauge", "wind speed"),
    ("vent_open_pct", "%", 0, 100, "gauge", "vent opening as measured or reported"),
    ("screen_closed_pct", "%", 0, 100, "gauge", "screen closed part as reported"),
    ("heating_power_w_m2", "W/m2", 0, 1000, "gauge", "heating power per floor area"),
    ("substrate_moisture_pct", "%", 0, 100, "gauge", "volumetric water content"),
    ("humidity_deficit_g_m3", "g/m3", 0, 100, "gauge", "vapour that the air could still take up, as reported"),
    ("pipe_temperature_degc", "degC", -60, 150, "gauge", "temperature of the heating pipes"),
    ("lamp_power_pct", "%", 0, 100, "gauge", "output of the lamps as reported"),
    ("outside_par_umol_m2_s", "umol/m2/s", -10, 3500, "gauge", "photosynthetic photon flux density outside the house"),
    ("outside_absolute_humidity_g_m3", "g/m3", 0, 100, "gauge", "vapour in a volume of the air outside the house"),
    ("longwave_balance_w_m2", "W/m2", -500, 500, "gauge", "sky's long-wave radiation less the instrument's own"),
    ("radiation_sum_mj_m2", "MJ/m2", 0, 60, "total", "global radiation since the day began"),
    ("rain_on", "1", 0, 1, "state", "1 while it rains"),
    ("rain_total_mm", "mm", 0, 1_000_000, "total", "rain since the gauge last began to count, by its counter"),
    ("irrigation_volume_total_l", "L", 0, 1_000_000_000, "total", "water given to a house, by its meter"),
    ("drain_volume_total_l", "L", 0, 1_000_000_000, "total", "water that drained from a house, by its meter"),
    ("irrigation_ec_ms_cm", "mS/cm", 0, 20, "gauge", "conductivity of the water given, at 25 degC"),
    ("drain_ec_ms_cm", "mS/cm", 0, 20, "gauge", "conductivity of the drain, at 25 degC"),
    # Set points of a climate computer: commanded, never measured.
    ("co2_setpoint_ppm", "ppm", 0, 20000, "gauge", "carbon dioxide set point: commanded"),
    ("heating_setpoint_degc", "degC", -60, 80, "gauge", "air temperature below which is heated: commanded"),
    ("ventilation_setpoint_degc", "degC", -60, 80, "gauge", "air temperature above which is ventilated: commanded"),
    ("pipe_setpoint_degc", "degC", -60, 150, "gauge", "set point of the heating pipes' temperature: commanded"),
    ("humidity_deficit_setpoint_g_m3", "g/m3", 0, 100, "gauge", "humidity deficit set point: commanded"),
    ("screen_setpoint_pct", "%", 0, 100, "gauge", "set point of a screen's closed part: commanded"),
    ("vent_setpoint_pct", "%", 0, 100, "gauge", "set point of the vents' opening: commanded"),
)

#: At most 64 characters before the instance: a channel is no place for long texts.
_CHANNEL = re.compile(r"([a-z][a-z0-9_]{0,63})(?::([0-9]{1,3}))?")


def split_channel(channel: str) -> tuple[str, int | None] | None:
    """Return (quantity name, instance or None), or None where `channel` is not a valid channel name."""
    match = _CHANNEL.fullmatch(channel)
    if match is None:
        return None
    return match[1], None if match[2] is None else int(match[2])


def quantity_of(channel: str) -> Quantity | None:
    """Return the quantity of a channel, or None for one that is not in the table."""
    parts = split_channel(channel)
    return None if parts is None else QUANTITIES.get(parts[0])


def unit_of_name(name: str) -> str | None:
    """Return the unit symbol that a quantity's name ends in (the longest ending wins), or None."""
    words = name.split("_")
    for start in range(1, len(words)):
        unit = UNIT_BY_SUFFIX.get("_".join(words[start:]))
        if unit is not None:
            return unit
    return None
