"""What one vehicle's DataFlash messages become: rows, spraying, and what changes in its state as events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from edge.imports.dataflash.columns import PULSES
from edge.imports.dataflash.format import Format, Raw
from edge.imports.dataflash.rows import Kind, Values, kind_of, numbered
from edge.imports.dataflash.vehicle import Vehicle
from edge.imports.log_output import LogOutlet
from edge.sources.mavlink.spray.channels import BATTERY_STATUS, Rows, Spray
from edge.sources.mavlink.spray.monitor import SprayWatch
from edge.sources.mavlink.spray.profile import SprayerSettings
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
#: How ArduPilot's estimators name their messages, and what AHRS_EKF_TYPE chooses the second one.
_ESTIMATORS: Final = ("XKF", "NKF", "EKF")
_CHOOSES_EKF2: Final = 2
#: The kinds that say more than a row.
TOLD: Final = ("MODE", "ARM", "EV", "ERR", "MSG", "CMD", "ORGN", "PARM", "DSF")


class EventMapper:
    """Follows one log; own times are microseconds that go on."""

    def __init__(
        self,
        vehicle: Vehicle,
        sprayer: SprayerSettings | None,
        kinds: Mapping[str, int],
        parameters: Mapping[str, float],
        outlet: LogOutlet,
    ) -> None:
        #: What columns could not be converted: the log says a unit that their channel has not.
        self.left_out: set[str] = set()
        #: Messages the autopilot's own logger dropped.
        self.dropped = 0
        self._vehicle = vehicle
        self._outlet = outlet
        self._kinds: dict[tuple[Format, int], Kind | None] = {}
        self._unused = _unused_estimators(kinds, parameters)
        self._core = 0
        self._mode: str | None = None
        self._armed: bool | None = None
        self._landed: str | None = None
        self._items: dict[int, dict[str, Scalar]] = {}
        self._spray = None if sprayer is None else Spray(sprayer)
        self._watch = None if sprayer is None else SprayWatch(sprayer)
        self._pulses = {port: [0] * 18 for port in range(2)}
        for port, pulses in self._pulses.items():
            pulses[9] = port

    def take(self, found: Format, raw: Raw, own_us: int) -> None:
        """Take a message that happened at an own time."""
        if found.name in TOLD:
            self._tell(found.name, found.fields(raw), own_us)
            return
        kind = self._kind(found, raw)
        if kind is None:
            return
        values = kind.make(raw)
        is_row = self._spray is None or self._take_spray(found, raw, values or {}, kind, own_us)
        if is_row and values is not None:
            self._outlet.take_row(kind.family, own_us, values)

    def restart(self, own_us: int, session: int) -> None:
        """Begin a session: the autopilot started anew."""
        self._outlet.take_event("reboot", own_us, {"session": session})
        self._mode = self._armed = self._landed = None

    def _kind(self, found: Format, raw: Raw) -> Kind | None:
        kind = self._kinds.get((found, 0), _NEW)
        if kind is _NEW:
            kind = self._learn(found, 0)
        if kind is None:
            return None
        if found.name[:3] in _ESTIMATORS and "C" in found.places:
            if found.name[3:] == "4" and found.is_whole("PI") and raw[found.places["PI"]] >= 0:
                self._core = raw[found.places["PI"]]
            return kind if raw[found.places["C"]] == self._core else None
        if kind.instance_at is None or not raw[kind.instance_at]:
            return kind
        instance = raw[kind.instance_at]
        kind = self._kinds.get((found, instance), _NEW)
        return self._learn(found, instance) if kind is _NEW else kind

    def _learn(self, found: Format, instance: int) -> Kind | None:
        kind = None if found.name[:3] in self._unused else kind_of(found, instance)
        self._kinds[found, instance] = kind
        if kind is not None:
            self.left_out.update(kind.left_out)
        return kind

    # What is told

    def _tell(self, name: str, said: dict[str, Any], own_us: int) -> None:
        if name == "MODE":
            self._note_mode(_whole(said, "ModeNum", "Mode"), own_us)
        elif name == "ARM":
            self._note_armed(_whole(said, "ArmState") > 0, own_us)
        elif name == "EV":
            self._note_event(_whole(said, "Id"), own_us)
        elif name == "ERR":
            subsystem, code = _whole(said, "Subsys"), _whole(said, "ECode")
            known = _SUBSYSTEMS[subsystem - 1] if 1 <= subsystem <= len(_SUBSYSTEMS) else f"subsystem {subsystem}"
            self._outlet.take_event("autopilot_error", own_us, {"subsystem": known, "code": code})
        elif name == "MSG":
            if text := str(said.get("Message", "")).strip():
                self._outlet.take_event("text", own_us, {"text": text, "severity": None})
        elif name == "CMD":
            self._note_item(said, own_us)
        elif name == "ORGN":
            self._note_home(said, own_us)
        elif name == "PARM":
            value = _finite(said.get("Value"))
            if self._spray is not None and value is not None:
                self._spray.note_parameter(str(said.get("Name", "")), value)
        else:
            self.dropped = max(self.dropped, _whole(said, "Dp"))

    def _note_mode(self, number: int, own_us: int) -> None:
        mode = self._vehicle.mode_name(number)
        if mode != self._mode:
            self._outlet.take_event("mode", own_us, {"mode": mode, "previous": self._mode, "code": number})
            self._mode = mode

    def _note_armed(self, armed: bool, own_us: int) -> None:
        if armed != self._armed:
            self._outlet.take_event("armed", own_us, {"armed": armed})
            self._armed = armed

    def _note_event(self, number: int, own_us: int) -> None:
        if number in (_ARMED, _DISARMED):
            self._note_armed(number == _ARMED, own_us)
        elif number in _LANDED:
            if _LANDED[number] != self._landed:
                self._landed = _LANDED[number]
                self._outlet.take_event("landed_state", own_us, {"state": self._landed})
        else:
            self._outlet.take_event("autopilot_event", own_us, {"code": number, "name": _EVENTS.get(number)})

    def _note_item(self, said: dict[str, Any], own_us: int) -> None:
        latitude_deg, longitude_deg = said.get("Lat", 0.0), said.get("Lng", 0.0)
        has_place = latitude_deg or longitude_deg
        number = _whole(said, "CNum")
        data: dict[str, Scalar] = {
            "seq": number,
            "command": _whole(said, "CId"),
            "frame": said.get("Frame"),
            "latitude_deg": _finite(latitude_deg) if has_place else None,
            "longitude_deg": _finite(longitude_deg) if has_place else None,
            "height_m": _finite(said.get("Alt", 0.0)),
            **{f"param{number}": _finite(said.get(f"Prm{number}", 0.0)) for number in range(1, 5)},
        }
        if self._items.get(number) != data:
            self._items[number] = data
            self._outlet.take_event("mission_item", own_us, data)

    def _note_home(self, said: dict[str, Any], own_us: int) -> None:
        if said.get("Type") == _HOME and (said.get("Lat") or said.get("Lng")):
            place: dict[str, Scalar] = {
                "latitude_deg": _finite(said.get("Lat")),
                "longitude_deg": _finite(said.get("Lng")),
                "altitude_m": _finite(said.get("Alt")),
            }
            self._outlet.take_event("home_position", own_us, place)

    # Spraying

    def _take_spray(self, found: Format, raw: Raw, values: Values, kind: Kind, own_us: int) -> bool:
        """Let a profile read a message; returns whether it is still a row of its own."""
        spray, watch = self._spray, self._watch
        if spray is None or watch is None:
            return True
        moment_ms = own_us // 1000
        if found.name == "POS" and values.get("latitude_deg") is not None:
            watch.note_place(values["latitude_deg"] or 0.0, values["longitude_deg"] or 0.0, moment_ms)
        is_row = True
        rows: Rows = []
        if PULSES.get(found.name) == "servo_output_us":
            rows = self._read_outputs(spray, {number: raw[place] for number, place in numbered(found)})
        elif kind.family.startswith("battery"):
            is_row, rows = spray.read(BATTERY_STATUS, _as_battery_status(kind.family, values), moment_ms)
        elif kind.family.startswith("rotation"):
            rows = self._read_rotation(spray, values)
        if rows:
            self._outlet.learn_evidence(spray.evidence)
            for family, row in rows:
                self._outlet.take_row(family, own_us, row)
            for alarm, data in watch.look(spray, self._mode, moment_ms):
                self._outlet.take_event(alarm, own_us, data)
        return is_row

    def _read_outputs(self, spray: Spray, numbers: Mapping[int, int]) -> Rows:
        """Let the profile read outputs that are spread over several messages, as one message of MAVLink has them."""
        rows: Rows = []
        for port in sorted({(number - 1) // 16 for number in numbers}):
            pulses = self._pulses[port]
            for number, pulse in numbers.items():
                if (number - 1) // 16 == port:
                    within = (number - 1) % 16
                    pulses[1 + within if within < 8 else 2 + within] = max(0, pulse)
            if any(output.servo in numbers for output in spray.outputs.on_port(port)):
                columns = [output.columns((pulses[output.place],)) for output in spray.read_outputs(pulses)]
                rows.append((f"outputs:{port}", {name: said[0] for one in columns for name, said in one.items()}))
        return rows

    @staticmethod
    def _read_rotation(spray: Spray, values: Values) -> Rows:
        number = spray.profile.spinner_rpm
        channel = f"rotation_rpm:{number}"
        return [] if number is None or channel not in values else [("spinner_speed", {"spinner_rpm": values[channel]})]


#: Of a format that was not looked at yet.
_NEW: Final = Kind("", lambda _: None, None)


def _unused_estimators(kinds: Mapping[str, int], parameters: Mapping[str, float]) -> set[str]:
    """Return the estimators that ran beside the one that flew: several log at the same time."""
    there = [name for name in _ESTIMATORS if f"{name}1" in kinds]
    chosen = "NKF" if parameters.get("AHRS_EKF_TYPE") == _CHOOSES_EKF2 and "NKF" in there else (there or [""])[0]
    return set(_ESTIMATORS) - {chosen}


def _as_battery_status(family: str, values: Values) -> list[Any]:
    """Return a battery's row as the values of BATTERY_STATUS that a profile reads; a log does not clip the current."""
    _, colon, instance = family.partition(":")
    suffix = colon + instance
    raw: list[Any] = [-1] * 18
    raw[14] = int(instance or 0)
    consumed_mah, current_a = values.get(f"battery_consumed_mah{suffix}"), values.get(f"battery_current_a{suffix}")
    remaining_pct = values.get(f"battery_remaining_pct{suffix}")
    raw[0] = -1 if consumed_mah is None else consumed_mah
    raw[13] = -1 if current_a is None else current_a * 100
    raw[17] = -1 if remaining_pct is None else remaining_pct
    return raw


def _whole(said: Mapping[str, Any], *names: str) -> int:
    """Return the first of these that is a whole number, else 0: the format itself may be damaged."""
    return next((said[name] for name in names if isinstance(said.get(name), int)), 0)


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
