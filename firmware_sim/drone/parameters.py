"""Parameters of the autopilot, with ArduCopter's names and types."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from firmware_sim.drone.field_model import FieldScenario, SprayerPlan
from firmware_sim.drone.parameter_tables import COPTER, INT8, INT16, INT32, REAL32

_RANGE: Final = {INT8: 127, INT16: 32767, INT32: 2**31 - 1}
#: SERVOn_FUNCTION of a sprayer's pump (here also of a spreader's feeder) and of its spinner.
PUMP_FUNCTION: Final = 22
SPINNER_FUNCTION: Final = 23
SERVO_OUTPUTS: Final = 16
#: Outputs that pump and spinner are wired to where none has their function.
PUMP_OUTPUT: Final = 9
SPINNER_OUTPUT: Final = 10
#: Maximum speed of the spinner, and the pulse widths for 0 and for it.
SPINNER_FULL_RPM: Final = 2000.0
_SPINNER_MIN_US, _SPINNER_MAX_US = 1000, 2000


class Parameters(Mapping[str, float]):
    """Parameter table in index order; values are floats, as in PARAM_VALUE."""

    def __init__(self, scenario: FieldScenario, system_id: int) -> None:
        self._table = dict(sorted(_defaults(scenario, system_id).items()))
        self._servos: dict[int, int | None] = {}
        self._ranges: dict[int, tuple[float, float, bool]] = {}

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self._table)

    def __contains__(self, name: object) -> bool:
        """Return whether a parameter exists."""
        return name in self._table

    def __getitem__(self, name: str) -> float:
        """Return the value of an existing parameter."""
        return self._table[name][0]

    def __iter__(self) -> Iterator[str]:
        """Yield the names in index order."""
        return iter(self._table)

    def type_of(self, name: str) -> int:
        """Return the MAV_PARAM_TYPE of an existing parameter."""
        return self._table[name][1]

    def set(self, name: str, value: float) -> bool:
        """Store a value, rounded for integers; return False and change nothing where value or name is invalid."""
        if name not in self._table or not math.isfinite(value):
            return False
        kind = self._table[name][1]
        if kind != REAL32:
            value = float(round(value))
            if not fits(value, kind):
                return False
        self._table[name] = (value, kind)
        self._servos.clear()
        self._ranges.clear()
        return True

    def add(self, name: str, value: float, kind: int) -> None:
        """Add a parameter that only some firmwares have, unless it exists."""
        self._table.setdefault(name, (value, kind))

    def put(self, name: str, value: float) -> None:
        """Store a value that the autopilot itself counts."""
        self._table[name] = (value, self._table[name][1])

    def servo_with(self, function: int) -> int | None:
        """Return the number of the first output with a function, None without one."""
        if function not in self._servos:
            outputs = (n for n in range(1, SERVO_OUTPUTS + 1) if self[f"SERVO{n}_FUNCTION"] == function)
            self._servos[function] = next(outputs, None)
        return self._servos[function]

    def share_of(self, servo: int, pulse_us: float) -> float:
        """Return 0 to 1 of an output's range for a pulse width; 0 without a pulse."""
        if pulse_us <= 0:
            return 0.0
        low, high, is_reversed = self._range_of(servo)
        share = max(0.0, min(1.0, (pulse_us - low) / max(1.0, high - low)))
        return 1.0 - share if is_reversed else share

    def pulse_us(self, servo: int, share: float) -> int:
        """Return the pulse width of an output for 0 to 1 of its range; REVERSED inverts the range."""
        low, high, is_reversed = self._range_of(servo)
        if is_reversed:
            low, high = high, low
        return round(low + (high - low) * share)

    def _range_of(self, servo: int) -> tuple[float, float, bool]:
        """Return the range of an output and whether it is reversed: asked for at each step, and rarely changed."""
        found = self._ranges.get(servo)
        if found is None:
            name = f"SERVO{servo}_"
            found = self._ranges[servo] = (self[name + "MIN"], self[name + "MAX"], bool(self[name + "REVERSED"]))
        return found


def fits(value: float, kind: int) -> bool:
    """Return whether a value lies in the range of its MAV_PARAM_TYPE."""
    return kind == REAL32 or abs(value) <= _RANGE[kind]


def _defaults(scenario: FieldScenario, system_id: int) -> dict[str, tuple[float, int]]:
    machine = scenario.machine
    pump_pct = 100 * machine.rate_ha * scenario.swath_m * 0.006 / machine.max_per_min
    table: dict[str, tuple[float, int]] = COPTER | {
        "ARMING_CHECK": (1, INT32),
        "BATT_ARM_VOLT": (round(scenario.airframe.cells * 3.6, 1), REAL32),
        "BATT_CAPACITY": (round(scenario.airframe.capacity_mah), INT32),
        "BATT_FS_LOW_ACT": (2, INT8),
        "BATT_LOW_MAH": (round(0.15 * scenario.airframe.capacity_mah), REAL32),
        "BATT_MONITOR": (4, INT8),
        "BATT2_MONITOR": (0, INT8),
        "BATT3_MONITOR": (0, INT8),
        "CAM1_TYPE": (1, INT8),
        "CIRCLE_RADIUS": (1000, REAL32),
        "CIRCLE_RATE": (20, REAL32),
        "DISARM_DELAY": (10, INT8),
        "FENCE_ENABLE": (0, INT8),
        "FENCE_TOTAL": (0, INT8),
        "FRAME_CLASS": (1, INT8),
        "FRAME_TYPE": (1, INT8),
        "FS_GCS_ENABLE": (0, INT8),
        "FS_GCS_TIMEOUT": (5, REAL32),
        "FS_OPTIONS": (16, INT32),
        "GPS_TYPE": (25, INT8),
        "GUID_TIMEOUT": (3, REAL32),
        "LAND_SPEED": (50, INT16),
        "MIS_RESTART": (0, INT8),
        "MIS_TOTAL": (0, INT16),
        "RALLY_TOTAL": (0, INT8),
        "RNGFND1_MAX_CM": (5000, INT16),
        "RNGFND1_MIN_CM": (20, INT16),
        "RNGFND1_TYPE": (24, INT8),
        "RTL_ALT": (800, INT32),
        "RTL_LOIT_TIME": (1000, INT32),
        "SPRAY_ENABLE": (1, INT8),
        "SPRAY_PUMP_MIN": (10 if isinstance(machine, SprayerPlan) else 5, INT8),
        "SPRAY_PUMP_RATE": (pump_pct, REAL32),
        "SPRAY_SPEED_MIN": (100, INT16),
        "SPRAY_SPINNER": (1300, INT16),
        "SYSID_MYGCS": (255, INT16),
        "SYSID_THISMAV": (system_id, INT16),
        "TERRAIN_ENABLE": (1, INT8),
        "TERRAIN_SPACING": (100, INT16),
        "WPNAV_ACCEL": (170, REAL32),
        "WPNAV_SPEED": (scenario.speed_m_s * 100, REAL32),
        "WPNAV_SPEED_DN": (120, REAL32),
        "WPNAV_SPEED_UP": (200, REAL32),
    }
    for servo in range(1, SERVO_OUTPUTS + 1):
        # The four motors have the functions 33 to 36.
        table[f"SERVO{servo}_FUNCTION"] = (32 + servo if servo <= 4 else 0, INT16)
        table[f"SERVO{servo}_MAX"] = (1900, INT16)
        table[f"SERVO{servo}_MIN"] = (1100, INT16)
        table[f"SERVO{servo}_REVERSED"] = (0, INT8)
        table[f"SERVO{servo}_TRIM"] = (1500, INT16)
    table["SERVO9_FUNCTION"] = (PUMP_FUNCTION, INT16)
    if isinstance(machine, SprayerPlan):
        table["BATT2_MONITOR"] = (11, INT8)
        table["BATT2_CAPACITY"] = (round(machine.tank_l * 1000), INT32)
        table["BATT3_MONITOR"] = (12, INT8)
        table["BATT3_CAPACITY"] = (round(machine.tank_l * 1000), INT32)
    else:
        span_us = _SPINNER_MAX_US - _SPINNER_MIN_US
        table["RPM1_TYPE"] = (1, INT8)
        table["SERVO10_FUNCTION"] = (SPINNER_FUNCTION, INT16)
        table["SERVO10_MIN"] = (_SPINNER_MIN_US, INT16)
        table["SERVO10_MAX"] = (_SPINNER_MAX_US, INT16)
        table["SPRAY_SPINNER"] = (round(_SPINNER_MIN_US + span_us * machine.spinner_rpm / SPINNER_FULL_RPM), INT16)
    return table
