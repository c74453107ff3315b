"""MAVLink messages of the sprayer or spreader: outputs, flow, tank, hopper and disc."""

from __future__ import annotations

from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.parameters import SERVO_OUTPUTS
from firmware_sim.drone.physics.sprayer import Sprayer

Message = Any

FLOW_BATTERY_ID: Final = 1
TANK_BATTERY_ID: Final = 2
NO_CELL: Final = 65535
_NO_TEMPERATURE: Final = 32767
_CLIP_CA: Final = 32767
_MAX_US: Final = 65534
#: MAVLink names have at most ten bytes.
HOPPER_NAME: Final = b"HOPPER_KG"
MASS_FLOW_NAME: Final = b"MFLOW_KGM"


def servo_output(vehicle: SimulatedVehicle) -> list[Message]:
    """SERVO_OUTPUT_RAW: four motors, and the pump and the spinner on the outputs with their functions."""
    outputs = [0] * SERVO_OUTPUTS
    flying = vehicle.autopilot.armed and not vehicle.body.landed
    for motor in range(4):
        outputs[motor] = round(1520 + 12 * vehicle.body.sensor_noise.normal()) if flying else 1000
    for number, pulse_us in vehicle.autopilot.sprayer.pulses_us().items():
        # Parameters can give values that no output supports.
        outputs[number - 1] = max(0, min(_MAX_US, pulse_us))
    return [dialect.MAVLink_servo_output_raw_message(vehicle.boot_time_ms * 1000 % 2**32, 0, *outputs)]


def batteries(vehicle: SimulatedVehicle) -> list[Message]:
    """BATTERY_STATUS of the flight pack, and of a sprayer's flow meter and tank.

    The voltage of the pack is in the first cell's field. The flow meter reports 0.01 L/h as 1 cA, clipped at
    327.67 L/h, and 1 mL as 1 mAh; the tank reports 1 mL consumed as 1 mAh, and the percentage left.
    """
    battery, machine = vehicle.body.battery, vehicle.body.machine
    pack = _battery(0, battery.voltage_v, battery.current_a * 100, battery.consumed_mah, battery.remaining_pct, 1)
    if not isinstance(machine, Sprayer):
        return [pack]
    left_pct = round(100 * machine.tank_l / machine.plan.tank_l)
    gone_ml = (machine.plan.tank_l - machine.tank_l) * 1000
    return [
        pack,
        _battery(FLOW_BATTERY_ID, 1.0, machine.metered_l_min * 6000, machine.metered_l * 1000, left_pct, 0),
        _battery(TANK_BATTERY_ID, 1.0, -1, gone_ml, left_pct, 0),
    ]


def named_values(vehicle: SimulatedVehicle) -> list[Message]:
    """NAMED_VALUE_FLOAT of a spreader's load cells, and of its mass-flow sensor where it has one."""
    machine = vehicle.body.machine
    if isinstance(machine, Sprayer):
        return []
    boot_ms = vehicle.boot_time_ms % 2**32
    hopper_kg = machine.weigh_kg(vehicle.body.motion.up_m_s2)
    messages = [dialect.MAVLink_named_value_float_message(boot_ms, HOPPER_NAME, hopper_kg)]
    if machine.plan.has_flow_sensor:
        messages.append(dialect.MAVLink_named_value_float_message(boot_ms, MASS_FLOW_NAME, machine.sense_kg_min()))
    return messages


def disc_speed(vehicle: SimulatedVehicle) -> list[Message]:
    """RPM of a spreader's disc; there is no second sensor."""
    machine = vehicle.body.machine
    return [] if isinstance(machine, Sprayer) else [dialect.MAVLink_rpm_message(machine.sense_rpm(), -1.0)]


def _battery(
    number: int, voltage_v: float, current_ca: float, consumed_mah: float, left_pct: int, kind: int
) -> Message:
    clipped_ca = max(-1, min(_CLIP_CA, round(current_ca)))
    # Hectojoules: volts times ampere-hours times 36.
    energy_hj = round(consumed_mah / 1000 * voltage_v * 36) if kind else -1
    temperature = 3150 if kind else _NO_TEMPERATURE
    return dialect.MAVLink_battery_status_message(
        number, kind, kind, temperature, [round(voltage_v * 1000)] + [NO_CELL] * 9, clipped_ca, int(consumed_mah),
        energy_hj, left_pct,
    )  # fmt: skip
