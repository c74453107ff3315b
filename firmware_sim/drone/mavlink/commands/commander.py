"""Execution of commands by their number; all others are unsupported."""

from __future__ import annotations

import math

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.commands.command import ACCEPTED, DENIED, UNSUPPORTED, Command, Execute, Outcome, whole
from firmware_sim.drone.mavlink.commands.equipment import PX4_LACKS, Equipment
from firmware_sim.drone.mavlink.commands.flying import Flying
from firmware_sim.drone.mavlink.commands.px4_flying import Px4Flying
from firmware_sim.drone.mavlink.encoder import VehicleEncoder
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter
from firmware_sim.drone.mavlink.firmware.px4 import Px4
from firmware_sim.drone.mavlink.missions.plans import FencePlan
from firmware_sim.drone.mavlink.streams import Streams


class Informing:
    """Requests of messages and of their intervals."""

    def __init__(self, encoder: VehicleEncoder, streams: Streams) -> None:
        self._encoder = encoder
        self._streams = streams
        self.table: dict[int, Execute] = {
            dialect.MAV_CMD_REQUEST_MESSAGE: self._request_message,
            dialect.MAV_CMD_SET_MESSAGE_INTERVAL: self._set_interval,
            dialect.MAV_CMD_GET_MESSAGE_INTERVAL: self._get_interval,
            dialect.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: self._send(dialect.MAVLINK_MSG_ID_AUTOPILOT_VERSION),
            dialect.MAV_CMD_GET_HOME_POSITION: self._send(dialect.MAVLINK_MSG_ID_HOME_POSITION),
        }

    def _send(self, message_id: int) -> Execute:
        return lambda _: (ACCEPTED, self._encoder.makers[message_id]())

    def _request_message(self, command: Command) -> Outcome:
        make = self._encoder.makers.get(whole(command.params[0]))
        messages = [] if make is None else make()
        return (ACCEPTED, messages) if messages else (UNSUPPORTED, [])

    def _set_interval(self, command: Command) -> Outcome:
        message_id, interval_us = command.params[:2]
        if not math.isfinite(interval_us):
            return DENIED, []
        return ACCEPTED if self._streams.set_interval(whole(message_id), interval_us) else UNSUPPORTED, []

    def _get_interval(self, command: Command) -> Outcome:
        message_id = whole(command.params[0])
        interval_ms = self._streams.intervals_ms.get(message_id)
        if interval_ms is None:
            return UNSUPPORTED, []
        return ACCEPTED, [dialect.MAVLink_message_interval_message(message_id, interval_ms * 1000 or -1)]


class Commander:
    """Executes commands on a vehicle; returns MAV_RESULT and the messages besides the acknowledgement."""

    def __init__(
        self,
        vehicle: SimulatedVehicle,
        firmware: ArduCopter,
        encoder: VehicleEncoder,
        streams: Streams,
        fence: FencePlan,
    ) -> None:
        self._vehicle = vehicle
        self._informing = Informing(encoder, streams).table
        self._equipment = Equipment(vehicle, fence).table
        if isinstance(firmware, Px4):
            for number in PX4_LACKS:
                del self._equipment[number]
        self._flying = Px4Flying(vehicle, firmware) if isinstance(firmware, Px4) else Flying(vehicle, firmware)

    @property
    def is_reboot_due(self) -> bool:
        """Whether a command asked for a reboot."""
        return self._flying.is_reboot_due

    def forget_reboot(self) -> None:
        """Note that the reboot is done."""
        self._flying.is_reboot_due = False

    def execute(self, command: Command) -> Outcome:
        """Return MAV_RESULT and the requested messages."""
        if command.number in self._informing:
            return self._informing[command.number](command)
        if command.number in self._equipment:
            return self._equipment[command.number](command), []
        if command.number in self._flying.table:
            self._vehicle.crew.hand_over()
            return self._flying.table[command.number](command), []
        return UNSUPPORTED, []

    def set_mode(self, number: int) -> int:
        """Execute SET_MODE."""
        self._vehicle.crew.hand_over()
        return self._flying.set_custom_mode(number)
