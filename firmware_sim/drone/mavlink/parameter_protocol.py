"""Parameter protocol: lists, reads by name and index, and writes, as ArduPilot and as PX4 answer them."""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduCopter

Message = Any
Responses = list[Message]

#: PX4's parameter that stands for all: ground stations compare it with what they kept.
_HASH: Final = "_HASH_CHECK"
_UINT32: Final = 5
_NO_INDEX: Final = 65535


class ParameterProtocol:
    """Answers requests about a vehicle's parameters; the extended parameters (PARAM_EXT) do not exist."""

    def __init__(self, vehicle: SimulatedVehicle, firmware: ArduCopter) -> None:
        self._firmware = firmware
        self._shown = firmware.parameters(vehicle)

    def list(self, _message: Message) -> Responses:
        """Respond to PARAM_REQUEST_LIST."""
        return [self._value(name) for name in self._shown]

    def read(self, message: Message) -> Responses:
        """Respond to PARAM_REQUEST_READ; an unknown name and an index beyond the end are not answered."""
        name = message.param_id.rstrip("\0")
        if message.param_index >= 0:
            found = self._shown.name_at(message.param_index)
            return [] if found is None else [self._value(found)]
        if name == _HASH and self._firmware.checks_hash:
            return [self._hash()]
        return [self._value(name)] if name in self._shown else []

    def set(self, message: Message) -> Responses:
        """Respond to PARAM_SET with the value that holds; PX4 does not answer where the type is another."""
        name = message.param_id.rstrip("\0")
        if name not in self._shown:
            return []
        kind = self._shown.kind(name)
        if self._firmware.checks_types and message.param_type != kind:
            return []
        self._shown.set(name, self._firmware.decode(message.param_value, kind))
        return [self._value(name)]

    def _value(self, name: str) -> Message:
        shown = self._shown
        kind = shown.kind(name)
        value = self._firmware.encode(shown.value(name), kind)
        return dialect.MAVLink_param_value_message(name.encode(), value, kind, len(shown), shown.index_of(name))

    def _hash(self) -> Message:
        shown = self._shown
        number = zlib.crc32(repr([(name, shown.value(name)) for name in shown]).encode())
        value = struct.unpack("<f", struct.pack("<I", number & 0x7FFFFF))[0]
        return dialect.MAVLink_param_value_message(_HASH.encode(), value, _UINT32, len(shown), _NO_INDEX)
