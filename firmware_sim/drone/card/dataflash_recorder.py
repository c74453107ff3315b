"""DataFlash logs of a simulated ArduPilot: what its estimator, outputs, batteries and receiver say."""

from __future__ import annotations

import math
from typing import Final

from firmware_sim.drone.card import dataflash as df
from firmware_sim.drone.card.flight_recorder import FlightRecorder, Log
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.messages.payload import FLOW_BATTERY_ID, TANK_BATTERY_ID
from firmware_sim.drone.physics.sprayer import Sprayer

FOLDER: Final = "/APM/LOGS"
#: Intervals of the messages in simulated milliseconds.
_GPS_MS, _POSITION_MS, _BATTERY_MS, _SIM_MS = 200, 100, 200, 1000
_GPS_EPOCH_MS: Final = 315_964_800_000
_WEEK_MS: Final = 604_800_000
_LEAP_MS: Final = 18_000
_ARMED_EVENT, _DISARMED_EVENT = 10, 11
_RTK_FIXED: Final = 6
_OUTPUTS: Final = 14


class DataflashRecorder(FlightRecorder):
    """Logs flights as ArduCopter or ArduRover, by the `firmware` named."""

    folder = FOLDER

    def __init__(self, vehicle: SimulatedVehicle, unique_id: bytes, firmware: str = "Copter") -> None:
        super().__init__(vehicle, unique_id)
        self._firmware = firmware
        self._mode: int | None = None

    def files(self) -> dict[str, Log]:
        """Return the logs by their paths on the card."""
        return {f"{FOLDER}/{number:08}.BIN": log for number, log in self.numbered()}

    def begin_log(self) -> None:
        """Write formats, parameters, firmware and board."""
        for message in df.definitions(self._time_us()):
            self.write(message)
        for name in self.vehicle.parameters:
            self._write(df.PARM, name, self.vehicle.parameters[name], self.vehicle.parameters[name])
        self._write(df.MSG, f"Ardu{self._firmware} V4.5.7 (4d454144)")
        words = [self.unique_id[at : at + 4][::-1].hex().upper() for at in (0, 4, 8)]
        self._write(df.MSG, f"HeadlandSim {' '.join(words)}")
        self._write(df.ARM, 1, 0, 0, 0)
        self._write(df.EV, _ARMED_EVENT)
        self._mode = None

    def end_log(self) -> None:
        """Write that the motors are disarmed."""
        self._write(df.EV, _DISARMED_EVENT)
        self._write(df.ARM, 0, 0, 0, 0)

    def record(self) -> None:
        """Write what is due of a flight."""
        vehicle = self.vehicle
        boot_ms, mode = vehicle.boot_time_ms, int(vehicle.autopilot.mode)
        if mode != self._mode:
            self._mode = mode
            self._write(df.MODE, mode, mode, 0)
        if boot_ms % _POSITION_MS == 0:
            self._record_motion()
            self._record_outputs()
        if boot_ms % _GPS_MS == 0:
            self._record_gps()
        if boot_ms % _BATTERY_MS == 0:
            self._record_batteries()
        if boot_ms % _SIM_MS == 0:
            self._record_truth()

    def _record_motion(self) -> None:
        body, motion = self.vehicle.body, self.vehicle.body.motion
        yaw_deg = math.degrees(motion.yaw_rad) % 360
        roll, pitch = motion.tilt_rad(*body.wind.drag_m_s2(motion.east_m_s, motion.north_m_s))
        roll_deg, pitch_deg = math.degrees(roll), math.degrees(pitch)
        self._write(df.ATT, roll_deg, roll_deg, pitch_deg, pitch_deg, yaw_deg, yaw_deg, 3)
        if body.receiver.has_fix:
            latitude, longitude, up_m = body.reported()
            altitude_m = body.scenario.altitude_m + up_m
            self._write(df.POS, round(latitude * 1e7), round(longitude * 1e7), altitude_m, up_m, up_m)
        self._write(
            df.XKF1, 0, round(roll_deg * 100), round(pitch_deg * 100), round(yaw_deg * 100) % 36000,
            motion.north_m_s, motion.east_m_s, -motion.up_m_s, motion.north_m, motion.east_m, -motion.up_m,
        )  # fmt: skip
        self._write(df.RFND, 0, max(0, min(5100, round(body.height_m * 100))), 4, 25)

    def _record_outputs(self) -> None:
        outputs = [0] * _OUTPUTS
        outputs[:4] = [1520] * 4
        for number, pulse_us in self.vehicle.autopilot.sprayer.pulses_us().items():
            if number <= _OUTPUTS:
                outputs[number - 1] = max(0, min(65_534, pulse_us))
        self._write(df.RCOU, *outputs)

    def _record_gps(self) -> None:
        vehicle, body, motion = self.vehicle, self.vehicle.body, self.vehicle.body.motion
        week, time_ms = divmod(vehicle.utc_ms - _GPS_EPOCH_MS + _LEAP_MS, _WEEK_MS)
        if not body.receiver.has_fix:
            self._write(df.GPS, 0, 1, 0, 0, 0, 9999, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 1)
            return
        latitude, longitude, up_m = body.reported()
        altitude_cm = round((body.scenario.altitude_m + up_m) * 100)
        course_deg = math.degrees(math.atan2(motion.east_m_s, motion.north_m_s)) % 360
        self._write(
            df.GPS, 0, _RTK_FIXED, time_ms, week, 24, 62, round(latitude * 1e7), round(longitude * 1e7), altitude_cm,
            motion.speed_m_s, course_deg, -motion.up_m_s, 0.0, 1,
        )  # fmt: skip

    def _record_batteries(self) -> None:
        """The flight pack, and of a sprayer the flow meter (1 A is 1 L/h) and the tank, as in BATTERY_STATUS."""
        battery, machine = self.vehicle.body.battery, self.vehicle.body.machine
        energy_wh = battery.consumed_mah / 1000 * battery.voltage_v
        self._write_battery(
            0, battery.voltage_v, battery.current_a, battery.consumed_mah, battery.remaining_pct, energy_wh
        )
        if isinstance(machine, Sprayer):
            left_pct = round(100 * machine.tank_l / machine.plan.tank_l)
            gone_ml = (machine.plan.tank_l - machine.tank_l) * 1000
            self._write_battery(FLOW_BATTERY_ID, 1.0, machine.metered_l_min * 60, machine.metered_l * 1000, left_pct)
            self._write_battery(TANK_BATTERY_ID, 1.0, 0.0, gone_ml, left_pct)
        else:
            self._write(df.RPM, 0, max(0.0, machine.disc_rpm), 1.0, 1.0)

    def _write_battery(
        self,
        number: int,
        voltage_v: float,
        current_a: float,
        consumed_mah: float,
        left_pct: int,
        energy_wh: float = 0.0,
    ) -> None:
        self._write(df.BAT, number, voltage_v, voltage_v, current_a, consumed_mah, energy_wh, 0.01, left_pct)

    def _record_truth(self) -> None:
        body, motion = self.vehicle.body, self.vehicle.body.motion
        latitude, longitude = body.true_degrees()
        yaw = round(math.degrees(motion.yaw_rad) % 360 * 100) % 36000
        altitude_m = body.scenario.altitude_m + motion.up_m
        self._write(df.SIM, 0, 0, yaw, altitude_m, round(latitude * 1e7), round(longitude * 1e7))

    def _write(self, kind: df.Kind, *values: object) -> None:
        self.write(df.pack(kind, self._time_us(), *values))

    def _time_us(self) -> int:
        return self.vehicle.boot_time_ms * 1000
