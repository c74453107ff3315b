"""Execution of commands by their number; all others are unsupported."""

from __future__ import annotations

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.commands.command import UNSUPPORTED, Command, Outcome
from firmware_sim.drone.mavlink.commands.equipment import PX4_LACKS, Equipment
from firmware_sim.drone.mavlink.commands.flying import Flying
from firmware_sim.drone.mavlink.commands.informing import Informing
from firmware_sim.drone.mavlink.commands.px4_flying import Px4Flying
from firmware_sim.drone.mavlink.encoder import VehicleEncoder
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter
from firmware_sim.drone.mavlink.firmware.px4 import Px4
from firmware_sim.drone.mavlink.missions.plans import FencePlan
from firmware_sim.drone.mavlink.streams import Streams


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
