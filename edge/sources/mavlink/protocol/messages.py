"""Frames to typed messages, for the message ids that Headland reads.

Fields are in wire order (largest first, as MAVLink sorts them); their packing comes from the dialect's table,
against which the classes are checked when this file is imported. Values are as sent: `mapping` converts scaled integers
and sentinels. Messages that only become rows have classes made of those definitions; rows are made of the flat values
of `Layout.values`, without any class.
"""

from __future__ import annotations

import re
import struct
from collections import namedtuple
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from edge.sources.mavlink.mapping.dialect import definition_of
from edge.sources.mavlink.mapping.rows import ROW_KINDS
from edge.sources.mavlink.protocol.frame import RawFrame


class Heartbeat(NamedTuple):
    """HEARTBEAT (0): kind of the sender, its mode and whether it is armed."""

    custom_mode: int
    type: int
    autopilot: int
    base_mode: int
    system_status: int
    mavlink_version: int


class SysStatus(NamedTuple):
    """SYS_STATUS (1): `voltage_battery` mV, `current_battery` cA, `battery_remaining` %."""

    onboard_control_sensors_present: int
    onboard_control_sensors_enabled: int
    onboard_control_sensors_health: int
    load: int
    voltage_battery: int
    current_battery: int
    drop_rate_comm: int
    errors_comm: int
    errors_count1: int
    errors_count2: int
    errors_count3: int
    errors_count4: int
    battery_remaining: int
    onboard_control_sensors_present_extended: int
    onboard_control_sensors_enabled_extended: int
    onboard_control_sensors_health_extended: int


class SystemTime(NamedTuple):
    """SYSTEM_TIME (2): UTC in microseconds (0 while unknown) at a time since boot in milliseconds."""

    time_unix_usec: int
    time_boot_ms: int


class GpsRawInt(NamedTuple):
    """GPS_RAW_INT (24): the receiver's fix. Degrees times 1e7, mm, cm/s, centidegrees; accuracies in mm."""

    time_usec: int
    lat: int
    lon: int
    alt: int
    eph: int
    epv: int
    vel: int
    cog: int
    fix_type: int
    satellites_visible: int
    alt_ellipsoid: int
    h_acc: int
    v_acc: int
    vel_acc: int
    hdg_acc: int
    yaw: int


class Attitude(NamedTuple):
    """ATTITUDE (30): rad and rad/s."""

    time_boot_ms: int
    roll: float
    pitch: float
    yaw: float
    rollspeed: float
    pitchspeed: float
    yawspeed: float


class GlobalPositionInt(NamedTuple):
    """GLOBAL_POSITION_INT (33): the autopilot's estimate. Degrees times 1e7, mm, cm/s (z down), centidegrees."""

    time_boot_ms: int
    lat: int
    lon: int
    alt: int
    relative_alt: int
    vx: int
    vy: int
    vz: int
    hdg: int


class ServoOutputRaw(NamedTuple):
    """SERVO_OUTPUT_RAW (36): output pulse widths in us; `time_usec` wraps after 71.6 minutes."""

    time_usec: int
    servo1_raw: int
    servo2_raw: int
    servo3_raw: int
    servo4_raw: int
    servo5_raw: int
    servo6_raw: int
    servo7_raw: int
    servo8_raw: int
    port: int
    servo9_raw: int
    servo10_raw: int
    servo11_raw: int
    servo12_raw: int
    servo13_raw: int
    servo14_raw: int
    servo15_raw: int
    servo16_raw: int


class VfrHud(NamedTuple):
    """VFR_HUD (74): m/s, m, degrees, %."""

    airspeed: float
    groundspeed: float
    alt: float
    climb: float
    heading: int
    throttle: int


class CommandAck(NamedTuple):
    """COMMAND_ACK (77): result of a command; 0 is accepted, 3 unsupported."""

    command: int
    result: int
    progress: int
    result_param2: int
    target_system: int
    target_component: int


class BatteryStatus(NamedTuple):
    """BATTERY_STATUS (147): mAh, hJ, centidegrees C, mV a cell, cA, %. Some ids are flow meters."""

    current_consumed: int
    energy_consumed: int
    temperature: int
    voltages: tuple[int, ...]
    current_battery: int
    id: int
    battery_function: int
    type: int
    battery_remaining: int
    time_remaining: int
    charge_state: int
    voltages_ext: tuple[int, ...]
    mode: int
    fault_bitmask: int


class AutopilotVersion(NamedTuple):
    """AUTOPILOT_VERSION (148): unique id (`uid2`, `uid`) and software of the vehicle."""

    capabilities: int
    uid: int
    flight_sw_version: int
    middleware_sw_version: int
    os_sw_version: int
    board_version: int
    vendor_id: int
    product_id: int
    flight_custom_version: tuple[int, ...]
    middleware_custom_version: tuple[int, ...]
    os_custom_version: tuple[int, ...]
    uid2: tuple[int, ...]


class MissionCurrent(NamedTuple):
    """MISSION_CURRENT (42): current item, number of items (65535: unknown), and MISSION_STATE."""

    seq: int
    total: int
    mission_state: int
    mission_mode: int


class MissionItemReached(NamedTuple):
    """MISSION_ITEM_REACHED (46)."""

    seq: int


class MissionItemInt(NamedTuple):
    """MISSION_ITEM_INT (73): one item of a plan in upload or download; `x`, `y` are degrees times 1e7."""

    param1: float
    param2: float
    param3: float
    param4: float
    x: int
    y: int
    z: float
    seq: int
    command: int
    target_system: int
    target_component: int
    frame: int
    current: int
    autocontinue: int
    mission_type: int


class MissionItem(NamedTuple):
    """MISSION_ITEM (39): MISSION_ITEM_INT of older stations and vehicles; `x`, `y` are degrees."""

    param1: float
    param2: float
    param3: float
    param4: float
    x: float
    y: float
    z: float
    seq: int
    command: int
    target_system: int
    target_component: int
    frame: int
    current: int
    autocontinue: int
    mission_type: int


class MissionCount(NamedTuple):
    """MISSION_COUNT (44): how many items follow, in upload or download."""

    count: int  # type: ignore[assignment]  # MAVLink's name hides the method of tuples, which nobody needs
    target_system: int
    target_component: int
    mission_type: int


class MissionClearAll(NamedTuple):
    """MISSION_CLEAR_ALL (45)."""

    target_system: int
    target_component: int
    mission_type: int


class MissionAck(NamedTuple):
    """MISSION_ACK (47): result of an upload; 0 is accepted."""

    target_system: int
    target_component: int
    type: int
    mission_type: int


class HomePosition(NamedTuple):
    """HOME_POSITION (242): the zero of relative heights. Degrees times 1e7, mm."""

    latitude: int
    longitude: int
    altitude: int
    x: float
    y: float
    z: float
    q: tuple[float, ...]
    approach_x: float
    approach_y: float
    approach_z: float
    time_usec: int


class ParamValue(NamedTuple):
    """PARAM_VALUE (22): ArduPilot sends every parameter as a float of its value."""

    param_value: float
    param_count: int
    param_index: int
    param_id: bytes
    param_type: int


class NamedValueFloat(NamedTuple):
    """NAMED_VALUE_FLOAT (251): a number of a script or companion, identified by its name only."""

    time_boot_ms: int
    value: float
    name: bytes


class NamedValueInt(NamedTuple):
    """NAMED_VALUE_INT (252)."""

    time_boot_ms: int
    value: int
    name: bytes


class ExtendedSysState(NamedTuple):
    """EXTENDED_SYS_STATE (245): MAV_VTOL_STATE and MAV_LANDED_STATE."""

    vtol_state: int
    landed_state: int


class Statustext(NamedTuple):
    """STATUSTEXT (253): a text, or one chunk of the text `id` (0: whole)."""

    severity: int
    text: bytes
    id: int
    chunk_seq: int


#: A decoded message.
Message = tuple[Any, ...]

_CLASSES: Final[dict[int, type[Message]]] = {
    0: Heartbeat,
    1: SysStatus,
    2: SystemTime,
    22: ParamValue,
    24: GpsRawInt,
    30: Attitude,
    33: GlobalPositionInt,
    36: ServoOutputRaw,
    39: MissionItem,
    42: MissionCurrent,
    44: MissionCount,
    45: MissionClearAll,
    46: MissionItemReached,
    47: MissionAck,
    73: MissionItemInt,
    74: VfrHud,
    77: CommandAck,
    147: BatteryStatus,
    148: AutopilotVersion,
    242: HomePosition,
    245: ExtendedSysState,
    251: NamedValueFloat,
    252: NamedValueInt,
    253: Statustext,
}


#: What transfers a plan, up or down.
PLAN_MESSAGES: Final = (39, 44, 45, 73)
#: What answers a request to a vehicle's card: FILE_TRANSFER_PROTOCOL, LOG_ENTRY, LOG_DATA.
CARD_MESSAGES: Final = (110, 118, 120)
#: What only simulators send under an autopilot's address: HIL_STATE, HIL_ACTUATOR_CONTROLS, SIM_STATE,
#: HIL_STATE_QUATERNION, SIMSTATE.
SIMULATOR_MESSAGES: Final = (90, 93, 108, 115, 164)


def _classes() -> dict[int, type[Message]]:
    """Return the class of every message that is read."""
    classes = dict(_CLASSES)
    for message_id in (*ROW_KINDS, *SIMULATOR_MESSAGES):
        if message_id not in classes:
            definition = definition_of(message_id)
            classes[message_id] = namedtuple(definition.name.title().replace("_", ""), definition.fields)
    return classes


MESSAGE_BY_ID: Final[dict[int, type[Message]]] = _classes()

_Group = Callable[[tuple[Any, ...]], tuple[Any, ...]]


class Layout(NamedTuple):
    """Decoding of one message's payload: padded to `size`, unpacked, arrays grouped by `group`."""

    size: int
    unpack: Callable[[bytes], tuple[Any, ...]]
    group: _Group | None
    kind: type[Message]

    def values(self, payload: bytes) -> tuple[Any, ...]:
        """Return the flat values, in wire order.

        A short payload is padded with the zeros that the sender left off; bytes after the known fields belong to a
        newer definition and are ignored.
        """
        size = self.size
        return self.unpack(payload if len(payload) == size else payload[:size].ljust(size, b"\0"))


def decode_message(frame: RawFrame) -> Message | None:
    """Return the frame's message, or None when its id is not read here."""
    layout = LAYOUTS.get(frame[0])
    if layout is None:
        return None
    values = layout.values(frame[4])
    if layout.group is not None:
        values = layout.group(values)
    message: Message = tuple.__new__(layout.kind, values)
    return message


def _grouping(lengths: list[int], is_text: list[bool]) -> _Group | None:
    """Return the function from unpacked values to one value a field, or None where they are that already."""
    if not any(length > 1 for length in lengths) and not any(is_text):
        return None
    spans: list[tuple[int, int, bool]] = []
    start = 0
    for length, text in zip(lengths, is_text, strict=True):
        spans.append((start, start + length, text))
        start += length

    def group(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            values[start].rstrip(b"\0") if text else values[start] if end == start + 1 else values[start:end]
            for start, end, text in spans
        )

    return group


def _layout(message_id: int, kind: type[Message]) -> Layout:
    definition = definition_of(message_id)
    if definition.fields != kind._fields:  # type: ignore[attr-defined]  # all of them are named tuples
        msg = f"{kind.__name__} does not have the fields of {definition.name}: {definition.fields}"
        raise TypeError(msg)
    unpacker = struct.Struct(definition.codes)
    codes = re.findall(r"(\d*)([A-Za-z])", definition.codes)
    is_text = [code == "s" for _, code in codes]
    lengths = [1 if code == "s" else int(count or 1) for count, code in codes]
    return Layout(unpacker.size, unpacker.unpack, _grouping(lengths, is_text), kind)


LAYOUTS: Final = {message_id: _layout(message_id, kind) for message_id, kind in MESSAGE_BY_ID.items()}
