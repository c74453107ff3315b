"""Handling of ground stations' messages: a table of message types and their responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.items import height_of
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.commands.command import Command
from firmware_sim.drone.mavlink.commands.commander import Commander
from firmware_sim.drone.mavlink.encoder import Message, VehicleEncoder
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter
from firmware_sim.drone.mavlink.guided_targets import GuidedTargets
from firmware_sim.drone.mavlink.missions import result as mission_result
from firmware_sim.drone.mavlink.missions.plans import MISSION, FencePlan, MissionPlan, RallyPlan, read_item
from firmware_sim.drone.mavlink.missions.px4 import Px4MissionPlan, Px4MissionTransfer
from firmware_sim.drone.mavlink.missions.transfer import MissionTransfer, MissionTransfers
from firmware_sim.drone.mavlink.parameter_protocol import ParameterProtocol
from firmware_sim.drone.mavlink.streams import Streams

_SET_MODE: Final = 11
#: MISSION_ITEM's `current` of a place to fly to at once.
_GUIDED_ITEM: Final = 2
#: File transfer: NAK with "unknown command": ground stations then use the parameter protocol at once.
_FTP_NAK: Final = 129
_FTP_UNKNOWN_COMMAND: Final = 7
_FTP_PAYLOAD_BYTES: Final = 251

Responses = list[Message]


class MessageReceiver:
    """Parses received bytes into messages; `bad` counts invalid data."""

    def __init__(self) -> None:
        self._parser = dialect.MAVLink(None)
        self._parser.robust_parsing = True
        self.bad = 0

    def receive(self, chunk: bytes) -> list[Message]:
        """Process received bytes and return complete messages."""
        if not chunk:
            return []
        messages = self._parser.parse_buffer(chunk) or []
        valid = [message for message in messages if message.get_type() != "BAD_DATA"]
        self.bad += len(messages) - len(valid)
        return valid


class MessageService(Protocol):
    """A part of the autopilot with messages of its own, as logs and files on its card."""

    @property
    def kinds(self) -> Mapping[str, Callable[[Message], Responses]]:
        """Message types it responds to, in place of the handler's own."""

    def step(self) -> Responses:
        """Return the messages that are due at this step."""


class Handler:
    """Responds to the messages to this vehicle; `counters` counts handled and ignored messages."""

    def __init__(
        self,
        vehicle: SimulatedVehicle,
        firmware: ArduCopter,
        encoder: VehicleEncoder,
        streams: Streams,
        system_id: int,
        speed: float = 1.0,
    ) -> None:
        self._services: list[MessageService] = []
        self._vehicle = vehicle
        self._firmware = firmware
        self._streams = streams
        self._system_id = system_id
        self._parameters = ParameterProtocol(vehicle, firmware)
        autopilot = vehicle.autopilot
        fence = FencePlan(autopilot)
        rally = RallyPlan(vehicle.parameters, autopilot.send_text)
        has_home = firmware.has_home_item
        mission = MissionPlan(autopilot) if has_home else Px4MissionPlan(autopilot)
        protocol = MissionTransfer if has_home else Px4MissionTransfer
        self.commander = Commander(vehicle, firmware, encoder, streams, fence)
        plans = (mission, fence, rally)
        self._mission = MissionTransfers(plans, autopilot.send_text, speed, encoder.mavlink_version, protocol)
        self._guided = GuidedTargets(vehicle)
        self.counters: dict[str, int] = {"handled": 0, "ignored": 0}
        transfers = self._mission
        self._messages: dict[str, Callable[[Message], Responses]] = {
            "HEARTBEAT": self._hear,
            "COMMAND_LONG": self._command,
            "COMMAND_INT": self._command,
            "SET_MODE": self._set_mode,
            "PARAM_REQUEST_READ": self._parameters.read,
            "PARAM_REQUEST_LIST": self._parameters.list,
            "PARAM_SET": self._parameters.set,
            "REQUEST_DATA_STREAM": self._request_stream,
            "MISSION_COUNT": self._upload,
            "MISSION_ITEM_INT": self._item,
            "MISSION_ITEM": self._item,
            "MISSION_WRITE_PARTIAL_LIST": self._write_part,
            "MISSION_CLEAR_ALL": transfers.clear,
            "MISSION_REQUEST_LIST": transfers.list,
            "MISSION_REQUEST_INT": transfers.send,
            "MISSION_REQUEST": transfers.send,
            "MISSION_SET_CURRENT": self._set_current,
            "MISSION_ACK": transfers.cancel,
            "FILE_TRANSFER_PROTOCOL": self._refuse_file,
            "TIMESYNC": self._send_time,
            "SET_POSITION_TARGET_LOCAL_NED": self._follow_local,
            "SET_POSITION_TARGET_GLOBAL_INT": self._follow_global,
        }

    def add_service(self, service: MessageService) -> None:
        """Let a service respond to its types of messages."""
        self._services.append(service)
        self._messages.update(service.kinds)

    def respond(self, message: Message) -> Responses:
        """Return the responses to a message."""
        kind = message.get_type()
        if kind not in self._messages or not self._is_addressed(message):
            self.counters["ignored"] += 1
            return []
        self.counters["handled"] += 1
        return self._messages[kind](message)

    def repeat_requests(self) -> Responses:
        """Return the repeated requests of a running transfer, and what the services have to send at this step."""
        due = self._mission.step(self._vehicle.time_ms)
        for service in self._services:
            due += service.step()
        return due

    def _is_addressed(self, message: Message) -> bool:
        return getattr(message, "target_system", 0) in {0, self._system_id} and getattr(
            message, "target_component", 0
        ) in {0, 1}

    def _command(self, message: Message) -> Responses:
        """Execute a COMMAND_LONG or COMMAND_INT and acknowledge it."""
        result, responses = self.commander.execute(Command.read(message))
        return [_ack(message, message.command, result), *responses]

    def _set_mode(self, message: Message) -> Responses:
        return [_ack(message, _SET_MODE, self.commander.set_mode(message.custom_mode))]

    def _hear(self, message: Message) -> Responses:
        """Note the ground station whose silence is a failsafe."""
        if self._firmware.is_station(message, self._vehicle):
            self._vehicle.autopilot.failsafes.hear_station(self._vehicle.time_ms)
        return []

    def _follow_local(self, message: Message) -> Responses:
        self._take_over_guided()
        self._guided.local(message)
        return []

    def _follow_global(self, message: Message) -> Responses:
        self._take_over_guided()
        self._guided.global_int(message)
        return []

    def _take_over_guided(self) -> None:
        """Leave the control to the ground station where its targets have an effect."""
        if self._vehicle.autopilot.takes_targets:
            self._vehicle.crew.hand_over()

    def _upload(self, message: Message) -> Responses:
        if message.mission_type == MISSION:
            self._vehicle.crew.hand_over()
        return self._mission.count(message, self._vehicle.time_ms)

    def _write_part(self, message: Message) -> Responses:
        if message.mission_type == MISSION:
            self._vehicle.crew.hand_over()
        return self._mission.write_part(message, self._vehicle.time_ms)

    def _item(self, message: Message) -> Responses:
        """Process an item of an upload, or with `current` 2 a place to fly to in GUIDED."""
        if message.current == _GUIDED_ITEM and message.mission_type == MISSION:
            return [_mission_ack(message, self._fly_to(message))]
        return self._mission.item(message, self._vehicle.time_ms)

    def _fly_to(self, message: Message) -> int:
        """Fly to an item's place; return MAV_MISSION_RESULT."""
        item, reason = read_item(message)
        if item is None:
            return reason
        if item.command != dialect.MAV_CMD_NAV_WAYPOINT:
            return mission_result.UNSUPPORTED
        self._vehicle.crew.hand_over()
        place = self._vehicle.body.frame.to_east_north(item.x / 1e7, item.y / 1e7)
        flies = self._vehicle.autopilot.fly_to(place, height_of(item, self._vehicle.scenario))
        return mission_result.ACCEPTED if flies else mission_result.ERROR

    def _set_current(self, message: Message) -> Responses:
        self._vehicle.crew.hand_over()
        autopilot = self._vehicle.autopilot
        first = 0 if self._firmware.has_home_item else 1
        if not autopilot.set_current(message.seq + first):
            return []
        # Ground stations take the same number for the acknowledgement.
        return [dialect.MAVLink_mission_current_message(message.seq)]

    def _request_stream(self, message: Message) -> Responses:
        self._streams.set_group(message.req_stream_id, message.req_message_rate, bool(message.start_stop))
        return []

    def _refuse_file(self, message: Message) -> Responses:
        request = bytes(message.payload)
        payload = bytearray(_FTP_PAYLOAD_BYTES)
        payload[0:2] = ((int.from_bytes(request[0:2], "little") + 1) % 65536).to_bytes(2, "little")
        payload[2], payload[3], payload[4], payload[5] = request[2], _FTP_NAK, 1, request[3]
        payload[12] = _FTP_UNKNOWN_COMMAND
        return [
            dialect.MAVLink_file_transfer_protocol_message(
                0, message.get_srcSystem(), message.get_srcComponent(), list(payload)
            )
        ]

    def _send_time(self, message: Message) -> Responses:
        if message.tc1 != 0:
            return []
        return [dialect.MAVLink_timesync_message(self._vehicle.boot_time_ms * 1_000_000, message.ts1)]


def _ack(message: Message, command: int, result: int) -> Message:
    return dialect.MAVLink_command_ack_message(
        command,
        result,
        target_system=message.get_srcSystem(),
        target_component=message.get_srcComponent(),
    )


def _mission_ack(message: Message, result: int) -> Message:
    return dialect.MAVLink_mission_ack_message(message.get_srcSystem(), message.get_srcComponent(), result)
