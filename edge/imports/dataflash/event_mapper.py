"""DataFlash messages of one vehicle to rows, to rows of spraying, and to events where its state changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from edge.imports.dataflash.columns import PULSES
from edge.imports.dataflash.format import Format, Raw
from edge.imports.dataflash.rows import FormatRows, Values, numbered, row_kind
from edge.imports.dataflash.vehicle import LoggedVehicle
from edge.imports.log_output import LogOutput
from edge.sources.mavlink.spray.channels import BATTERY_STATUS, Rows, Spray
from edge.sources.mavlink.spray.monitor import SprayMonitor
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.pending import EventBody
from edge.sources.mavlink.vehicle.state_events import StateEvents
from headland.contract.records import Scalar

_EVENTS: Final = {
    15: "auto_armed", 17: "land_complete_maybe", 19: "lost_gps", 25: "set_home", 41: "fence_enabled",
    42: "fence_disabled", 54: "motors_emergency_stopped", 55: "motors_emergency_stop_cleared",
    56: "motors_interlock_off", 57: "motors_interlock_on", 60: "ekf_height_reset", 62: "ekf_yaw_reset", 163: "surfaced",
    164: "not_surfaced",
}  # fmt: skip
_ARMED: Final = 10
_DISARMED: Final = 11
_LANDED: Final = {18: "on_ground", 28: "in_air"}
#: LogErrorSubsystem of AP_Logger.h, from 1 on.
_SUBSYSTEMS: Final = (
    "main", "radio", "compass", "optical_flow", "failsafe_radio", "failsafe_battery", "failsafe_gps", "failsafe_gcs",
    "failsafe_fence", "flight_mode", "gps", "crash_check", "flip", "autotune", "parachute", "ekf_check",
    "failsafe_ekf_navigation", "barometer", "processor", "failsafe_adsb", "terrain", "navigation", "failsafe_terrain",
    "ekf_primary", "thrust_loss_check", "failsafe_sensors", "failsafe_leak", "pilot_input", "failsafe_vibration",
    "internal_error", "failsafe_dead_reckoning",
)  # fmt: skip
_HOME: Final = 1
#: Prefixes of the estimators' messages, and the AHRS_EKF_TYPE that chooses the second estimator.
_ESTIMATORS: Final = ("XKF", "NKF", "EKF")
_CHOOSES_EKF2: Final = 2
#: Messages that are not rows: state changes, texts, parameters, and the logger's own statistics.
EVENT_MESSAGES: Final = ("MODE", "ARM", "EV", "ERR", "MSG", "CMD", "ORGN", "PARM", "DSF")


class EventMapper:
    """Maps the messages of one log; times since boot are microseconds that go on over restarts."""

    def __init__(
        self,
        vehicle: LoggedVehicle,
        sprayer: SprayerSettings | None,
        kinds: Mapping[str, int],
        parameters: Mapping[str, float],
        output: LogOutput,
    ) -> None:
        #: Columns that could not be converted: their unit in the log is not one of their channel's.
        self.left_out: set[str] = set()
        #: Columns of which the log's unit is not believed, each with that.
        self.doubted: set[str] = set()
        #: Messages that the autopilot's own logger dropped.
        self.dropped = 0
        self._vehicle = vehicle
        self._output = output
        self._kinds: dict[tuple[Format, int], FormatRows | None] = {}
        self._unused = _unused_estimators(kinds, parameters)
        self._core = 0
        self._state = StateEvents()
        self._spray = None if sprayer is None else Spray(sprayer)
        self._monitor = None if sprayer is None else SprayMonitor(sprayer)
        self._pulses = {port: [0] * 18 for port in range(2)}
        for port, pulses in self._pulses.items():
            pulses[9] = port

    def map(self, fmt: Format, raw: Raw, boot_us: int) -> None:
        """Map a message of a time since boot."""
        if fmt.name in EVENT_MESSAGES:
            self._map_event(fmt.name, fmt.fields(raw), boot_us)
            return
        kind = self._kind(fmt, raw)
        if kind is None:
            return
        values = kind.make(raw)
        is_row = self._spray is None or self._map_spray(fmt, raw, values or {}, kind, boot_us)
        if is_row and values is not None:
            self._output.add_row(kind.series, boot_us, values)

    def note_parameters(self, parameters: Mapping[str, float]) -> None:
        """Note parameters that were read before the first message that is mapped."""
        if self._spray is not None:
            for name, value in parameters.items():
                self._spray.note_parameter(name, value)

    def restart(self, boot_us: int, session: int) -> None:
        """Begin a session: the autopilot started anew."""
        self._add_events([EventBody("reboot", {"session": session})], boot_us)
        self._state.restart()

    def _kind(self, fmt: Format, raw: Raw) -> FormatRows | None:
        kind = self._kinds.get((fmt, 0), _NEW)
        if kind is _NEW:
            kind = self._learn(fmt, 0)
        if kind is None:
            return None
        if fmt.name[:3] in _ESTIMATORS and "C" in fmt.places:
            if fmt.name[3:] == "4" and fmt.is_whole("PI") and raw[fmt.places["PI"]] >= 0:
                self._core = raw[fmt.places["PI"]]
            return kind if raw[fmt.places["C"]] == self._core else None
        if kind.instance_at is None or not raw[kind.instance_at]:
            return kind
        instance = raw[kind.instance_at]
        kind = self._kinds.get((fmt, instance), _NEW)
        return self._learn(fmt, instance) if kind is _NEW else kind

    def _learn(self, fmt: Format, instance: int) -> FormatRows | None:
        kind = None if fmt.name[:3] in self._unused else row_kind(fmt, instance)
        self._kinds[fmt, instance] = kind
        if kind is not None:
            self.left_out.update(kind.left_out)
            self.doubted.update(kind.doubted)
        return kind

    # Events

    def _map_event(self, name: str, fields: dict[str, Any], boot_us: int) -> None:
        """Map a message that is not a row."""
        if name == "PARM":
            value = _finite(fields.get("Value"))
            if self._spray is not None and value is not None:
                self._spray.note_parameter(str(fields.get("Name", "")), value)
        elif name == "DSF":
            self.dropped = max(self.dropped, _whole(fields, "Dp"))
        else:
            self._add_events(self._events(name, fields), boot_us)

    def _events(self, name: str, fields: dict[str, Any]) -> list[EventBody]:
        """Return the events of a message."""
        if name == "MODE":
            return self._mode_events(fields)
        if name == "ARM":
            return self._state.note_armed(_whole(fields, "ArmState") > 0)
        if name == "EV":
            return self._autopilot_events(_whole(fields, "Id"))
        if name == "ERR":
            subsystem, code = _whole(fields, "Subsys"), _whole(fields, "ECode")
            known = _SUBSYSTEMS[subsystem - 1] if 1 <= subsystem <= len(_SUBSYSTEMS) else f"subsystem {subsystem}"
            return [EventBody("autopilot_error", {"subsystem": known, "code": code})]
        if name == "MSG":
            text = str(fields.get("Message", "")).strip()
            return [EventBody("text", {"text": text, "severity": None})] if text else []
        return self._item_events(fields) if name == "CMD" else _home_events(fields)

    def _mode_events(self, fields: dict[str, Any]) -> list[EventBody]:
        """Return the event of a mode, which a text of old firmware has by its name only."""
        name, number = fields.get("Mode"), _whole(fields, "ModeNum", "Mode")
        if not isinstance(name, str) or "ModeNum" in fields:
            return self._state.note_mode(self._vehicle.mode_name(number), code=number)
        known = self._vehicle.mode_number(name)
        return self._state.note_mode(name if known is None else self._vehicle.mode_name(known), code=known)

    def _autopilot_events(self, number: int) -> list[EventBody]:
        """Return the events of an EV, of which some are changes of the state."""
        if number in (_ARMED, _DISARMED):
            return self._state.note_armed(number == _ARMED)
        if number in _LANDED:
            return self._state.note_landed(_LANDED[number])
        return [EventBody("autopilot_event", {"code": number, "name": _EVENTS.get(number)})]

    def _item_events(self, fields: dict[str, Any]) -> list[EventBody]:
        latitude_deg, longitude_deg = fields.get("Lat", 0.0), fields.get("Lng", 0.0)
        has_place = latitude_deg or longitude_deg
        seq = _whole(fields, "CNum")
        data: dict[str, Scalar] = {
            "seq": seq,
            "command": _whole(fields, "CId"),
            "frame": fields.get("Frame"),
            "latitude_deg": _finite(latitude_deg) if has_place else None,
            "longitude_deg": _finite(longitude_deg) if has_place else None,
            "height_m": _finite(fields.get("Alt", 0.0)),
            **{f"param{number}": _finite(fields.get(f"Prm{number}", 0.0)) for number in range(1, 5)},
        }
        return self._state.note_item(seq, data, data)

    def _add_events(self, events: list[EventBody], boot_us: int) -> None:
        for event in events:
            self._output.add_event(event, boot_us)

    # Spraying

    def _map_spray(self, fmt: Format, raw: Raw, values: Values, kind: FormatRows, boot_us: int) -> bool:
        """Map a message by the profile; return whether it is still a row of its own."""
        spray, monitor = self._spray, self._monitor
        if spray is None or monitor is None:
            return True
        boot_ms = boot_us // 1000
        if fmt.name == "POS" and values.get("latitude_deg") is not None:
            monitor.note_place(values["latitude_deg"] or 0.0, values["longitude_deg"] or 0.0, boot_ms)
        is_row = True
        rows: Rows = []
        if PULSES.get(fmt.name) == "servo_output_us":
            rows = self._read_outputs(spray, {number: raw[place] for number, place in numbered(fmt)})
        elif kind.series.startswith("battery"):
            is_row, rows = spray.read(BATTERY_STATUS, _as_battery_status(kind.series, values), boot_ms)
        elif kind.series.startswith("rotation"):
            rows = self._read_rotation(spray, values)
        if rows:
            self._output.set_evidence(spray.evidence)
            for series, row in rows:
                self._output.add_row(series, boot_us, row)
            self._add_events(monitor.check(spray, self._state.mode, boot_ms), boot_us)
        return is_row

    def _read_outputs(self, spray: Spray, numbers: Mapping[int, int]) -> Rows:
        """Return the rows of outputs that are spread over several messages, as one message of MAVLink has them."""
        rows: Rows = []
        for port in sorted({(number - 1) // 16 for number in numbers}):
            pulses = self._pulses[port]
            for number, pulse in numbers.items():
                if (number - 1) // 16 == port:
                    within = (number - 1) % 16
                    pulses[1 + within if within < 8 else 2 + within] = max(0, pulse)
            if any(output.servo in numbers for output in spray.outputs.on_port(port)):
                columns = [output.columns((pulses[output.place],)) for output in spray.read_outputs(pulses)]
                row = {channel: pulses_us[0] for channels in columns for channel, pulses_us in channels.items()}
                rows.append((f"outputs:{port}", row))
        return rows

    @staticmethod
    def _read_rotation(spray: Spray, values: Values) -> Rows:
        number = spray.profile.spinner_rpm
        channel = f"rotation_rpm:{number}"
        return [] if number is None or channel not in values else [("spinner_speed", {"spinner_rpm": values[channel]})]


#: Of a format that did not come yet.
_NEW: Final = FormatRows("", lambda _: None, None)


def _unused_estimators(kinds: Mapping[str, int], parameters: Mapping[str, float]) -> set[str]:
    """Return the estimators that were not in use: several log at the same time."""
    logged = [name for name in _ESTIMATORS if f"{name}1" in kinds]
    chosen = "NKF" if parameters.get("AHRS_EKF_TYPE") == _CHOOSES_EKF2 and "NKF" in logged else (logged or [""])[0]
    return set(_ESTIMATORS) - {chosen}


def _as_battery_status(series: str, values: Values) -> list[Any]:
    """Return a battery's row as the values of BATTERY_STATUS that a profile reads; a log does not clip the current."""
    _, colon, instance = series.partition(":")
    suffix = colon + instance
    raw: list[Any] = [-1] * 18
    raw[14] = int(instance or 0)
    consumed_mah, current_a = values.get(f"battery_consumed_mah{suffix}"), values.get(f"battery_current_a{suffix}")
    remaining_pct = values.get(f"battery_remaining_pct{suffix}")
    raw[0] = -1 if consumed_mah is None else consumed_mah
    raw[13] = -1 if current_a is None else current_a * 100
    raw[17] = -1 if remaining_pct is None else remaining_pct
    return raw


def _home_events(fields: dict[str, Any]) -> list[EventBody]:
    if fields.get("Type") != _HOME or not (fields.get("Lat") or fields.get("Lng")):
        return []
    place: dict[str, Scalar] = {
        "latitude_deg": _finite(fields.get("Lat")),
        "longitude_deg": _finite(fields.get("Lng")),
        "altitude_m": _finite(fields.get("Alt")),
    }
    return [EventBody("home_position", place)]


def _whole(fields: Mapping[str, Any], *names: str) -> int:
    """Return the first of these fields that is a whole number, else 0: the format itself may be damaged."""
    return next((fields[name] for name in names if isinstance(fields.get(name), int)), 0)


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
