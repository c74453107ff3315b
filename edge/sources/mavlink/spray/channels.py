"""Channels of spraying and spreading from a vehicle's messages, by its profile; each with its evidence class.

SERVO_OUTPUT_RAW  -> pump_command_us, pump_on, spinner_*           pump_pwm
BATTERY_STATUS    -> flow_l_min, flow_volume_total_l               measured_flow
                  -> tank_l                                        tank_mass
NAMED_VALUE_*     -> channels of the profile; hopper_kg            tank_mass
                     mass_flow_kg_min, of a sensor                 measured_flow
                     mass_flow_kg_min, of the hopper's loss        tank_mass
mission items     -> spray_commanded_on                            commanded
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from edge.sources.mavlink.mapping.row_compiler import Raw
from edge.sources.mavlink.mapping.rows import Values
from edge.sources.mavlink.spray.flow import FuelFlowMonitor, Scale
from edge.sources.mavlink.spray.parameters import Output, Outputs
from edge.sources.mavlink.spray.profile import SprayerSettings
from headland.contract.records import Evidence

SERVO_OUTPUT_RAW: Final = 36
BATTERY_STATUS: Final = 147
RPM: Final = 226
NAMED_VALUES: Final = (251, 252)
_DO_SPRAYER: Final = 216
#: ArduPilot's default capacity, of a monitor that was not set up.
_DEFAULT_CAPACITY_ML: Final = 3300.0
#: How far level and used volume of one tank may differ, of its capacity; beyond, only the level is right (a refill).
_TANK_AGREES: Final = 0.015

EVIDENCE: Final[dict[str, Evidence]] = {
    "pump_command_us": Evidence.PUMP_PWM,
    "pump_on": Evidence.PUMP_PWM,
    "spinner_command_us": Evidence.PUMP_PWM,
    "spinner_on": Evidence.PUMP_PWM,
    "flow_l_min": Evidence.MEASURED_FLOW,
    "flow_volume_total_l": Evidence.MEASURED_FLOW,
    "mass_flow_kg_min": Evidence.MEASURED_FLOW,
    "tank_l": Evidence.TANK_MASS,
    "hopper_kg": Evidence.TANK_MASS,
    "spray_commanded_on": Evidence.COMMANDED,
}

#: (series, values) of rows; they have the time of their message.
Rows = list[tuple[str, Values]]


class Spray:
    """The spraying of one vehicle. Pure: moments are milliseconds of a monotonic clock, such as the vehicle's."""

    def __init__(self, profile: SprayerSettings) -> None:
        self.profile = profile
        #: Finds the output of the pump by the vehicle's parameters.
        self.outputs = Outputs(profile)
        #: Evidence class of each channel so far.
        self.evidence: dict[str, Evidence] = {}
        self.pump_on: bool | None = None
        self.flow_l_min: float | None = None
        self.mass_flow_kg_min: float | None = None
        self._meter = FuelFlowMonitor()
        self._scale = Scale()
        self._has_flow_sensor = False
        self._named = {value.name.encode(): value for value in profile.value}
        self._commanded: bool | None = None
        self._series: set[str] = set()
        self._outputs_known = 0

    def read_outputs(self, values: Raw) -> Sequence[Output]:
        """Follow the pump; return the outputs of pump and spinner among those of a SERVO_OUTPUT_RAW."""
        outputs = self.outputs.on_port(values[9])
        for output in outputs:
            if output.name == "pump" and (is_on := output.is_on(values[output.place])) is not self.pump_on:
                self.pump_on = is_on
                self._scale.clear()
        if outputs and len(outputs) != self._outputs_known:
            self._outputs_known = len(outputs)
            channels = (channel for output in outputs for channel in (output.command, output.on))
            self.evidence.update({channel: EVIDENCE[channel] for channel in channels})
        return outputs

    def read(self, message_id: int, values: Raw, moment_ms: int) -> tuple[bool, Rows]:
        """Return (whether a message is still a row of its own, its rows of spraying)."""
        if message_id == BATTERY_STATUS:
            return self._read_battery(values, moment_ms)
        if message_id == RPM:
            return True, self._read_rpm(values)
        return self._read_named(values, moment_ms)

    def note_parameter(self, name: str, value: float) -> None:
        """Note a parameter of the vehicle."""
        self.outputs.note(name, value)

    def note_mission(self, plan: Mapping[int, tuple[int, float]], seq: int) -> Rows:
        """Return the row of the mission's last DO_SPRAYER up to `seq`, where that changes the order."""
        orders = [item for item in plan if item <= seq and plan[item][0] == _DO_SPRAYER]
        if not orders:
            return []
        commanded = plan[max(orders)][1] > 0
        if commanded == self._commanded:
            return []
        self._commanded = commanded
        return self._rows("spray_order", {"spray_commanded_on": float(commanded)})

    def _rows(self, series: str, values: Values) -> Rows:
        if series not in self._series:
            self._series.add(series)
            for channel in values:
                if channel in EVIDENCE:
                    self.evidence.setdefault(channel, EVIDENCE[channel])
        return [(series, values)]

    def _read_battery(self, values: Raw, moment_ms: int) -> tuple[bool, Rows]:
        consumed_ml, current_ca, number, remaining_pct = values[0], values[13], values[14], values[17]
        if number == self.profile.flow_battery_id:
            self.flow_l_min = self._meter.flow_l_min(current_ca, consumed_ml, moment_ms)
            total_l = None if consumed_ml == -1 else consumed_ml / 1000
            return False, self._rows("flow", {"flow_l_min": self.flow_l_min, "flow_volume_total_l": total_l})
        if number == self.profile.tank_battery_id:
            return False, self._rows("tank", {"tank_l": self._tank_l(number, remaining_pct, consumed_ml)})
        return True, []

    def _tank_l(self, battery_id: int, remaining_pct: int, consumed_ml: int) -> float | None:
        """Return the contents of the tank: by its level, or to the millilitre where the used volume agrees with it."""
        capacity_l = self.profile.tank_capacity_l
        if capacity_l is None:
            capacity_ml = self.outputs.battery_capacities.get(battery_id)
            if capacity_ml is None or capacity_ml in (0.0, _DEFAULT_CAPACITY_ML):
                return None
            capacity_l = capacity_ml / 1000
        by_level_l = None if remaining_pct == -1 else capacity_l * remaining_pct / 100
        by_use_l = None if consumed_ml == -1 else capacity_l - consumed_ml / 1000
        if by_level_l is None:
            return None if by_use_l is None else max(0.0, by_use_l)
        if by_use_l is not None and abs(by_use_l - by_level_l) <= _TANK_AGREES * capacity_l:
            return max(0.0, by_use_l)
        return by_level_l

    def _read_rpm(self, values: Raw) -> Rows:
        if self.profile.spinner_rpm is None:
            return []
        speed = values[self.profile.spinner_rpm - 1]
        return self._rows("spinner_speed", {"spinner_rpm": speed if math.isfinite(speed) and speed > 0 else None})

    def _read_named(self, values: Raw, moment_ms: int) -> tuple[bool, Rows]:
        _, raw, name = values
        value = self._named.get(name.split(b"\0", 1)[0])
        if value is None:
            return False, []
        number = raw * value.scale + value.offset
        amount: float | None = number if math.isfinite(number) else None
        rows = self._rows(f"named:{value.name}", {value.channel: amount})
        if value.channel == "mass_flow_kg_min":
            self._has_flow_sensor = True
            self.mass_flow_kg_min = amount
            self.evidence["mass_flow_kg_min"] = Evidence.MEASURED_FLOW
        elif value.channel == "hopper_kg" and amount is not None and not self._has_flow_sensor:
            self.evidence["mass_flow_kg_min"] = Evidence.TANK_MASS
            self.mass_flow_kg_min = self._scale.mass_flow_kg_min(amount, moment_ms)
            rows += self._rows("hopper_loss", {"mass_flow_kg_min": self.mass_flow_kg_min})
        return False, rows
