"""Buses of a simulated greenhouse: Modbus TCP, MQTT and, on pseudo-terminals, Modbus RTU, text lines and SDI-12.

All run in one event loop; MQTT also has paho's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from firmware_sim.links.link_faults import Damage, LinkFaults
from firmware_sim.links.pty import PtyLink
from firmware_sim.protocols.modbus_rtu import RtuLine
from firmware_sim.protocols.modbus_table import BLOCKS, register_table
from firmware_sim.protocols.mqtt_publisher import BrokerLogin, MqttDevices, MqttPublisher
from firmware_sim.protocols.readings import Readings
from firmware_sim.protocols.sdi12 import PROBES, Sdi12Bus
from firmware_sim.protocols.text_lines import BANNER
from headland.errors import RetryLater

#: Shortest period of messages in real time, at any simulation speed.
_MIN_PERIOD_S: Final = 0.05
_IDLE_S: Final = 3600.0
#: Compartment of the sensors on the SDI-12 bus.
_SDI12_UNIT: Final = 1


class UnitReader(Protocol):
    """Readings of a greenhouse for its buses."""

    @property
    def units(self) -> Sequence[int]:
        """Numbers of the compartments."""

    def now_ms(self) -> int:
        """Return the simulated time."""

    def read(self, unit: int) -> Readings | None:
        """Return the readings of a unit; None where it does not respond."""


class Bus(Protocol):
    """A connection to the devices of a greenhouse."""

    #: Interval of `tick`, in real seconds.
    period_s: float

    async def open(self) -> None:
        """Start to serve; raises RetryLater or SettingsError."""

    def tick(self, now_s: float) -> None:
        """Send messages that are due by the monotonic clock."""

    async def close(self) -> None:
        """Stop serving."""


class ModbusTcpBus:
    """Compartments as units of one Modbus/TCP server; unknown units respond with a gateway error."""

    period_s = _IDLE_S

    def __init__(self, house: UnitReader, host: str, port: int) -> None:
        self._house = house
        self._host, self._port = host, port
        self._server: ModbusTcpServer | None = None

    async def open(self) -> None:
        """Listen; raises RetryLater where the port is in use."""
        devices = [self._device(unit) for unit in self._house.units]
        self._server = ModbusTcpServer([*devices, self._unknown_unit()], address=(self._host, self._port))
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            raise RetryLater(
                f"The greenhouse simulator cannot listen on {self._host}:{self._port}: free the port or choose another."
            ) from error

    def tick(self, now_s: float) -> None:
        """Do nothing: the server responds to requests only."""

    async def close(self) -> None:
        """Close all connections."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped

    def _device(self, unit: int) -> SimDevice:
        """Return a read-only unit whose registers are filled at each request."""

        async def fill(
            function_code: int,
            start_address: int,
            address: int,
            count: int,
            registers: list[int],
            set_values: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            del function_code, start_address, address, count, set_values
            readings = self._house.read(unit)
            if readings is None:
                return ExcCodes.GATEWAY_NO_RESPONSE
            registers[:] = register_table(readings, self._house.now_ms())
            return None

        return SimDevice(unit, simdata=_blocks(), action=fill)

    @staticmethod
    def _unknown_unit() -> SimDevice:
        async def refuse(*_: object) -> ExcCodes | None:
            return ExcCodes.GATEWAY_NO_RESPONSE

        return SimDevice(0, simdata=_blocks(), action=refuse)


def _blocks() -> list[SimData]:
    return [SimData(first, values=[0] * count, datatype=DataType.REGISTERS, readonly=True) for first, count in BLOCKS]


class PtyBus:
    """A bus on a pseudo-terminal, with damage and periodic disconnections as faults."""

    period_s = _IDLE_S

    def __init__(self, link: Path, faults: LinkFaults, seed: int) -> None:
        self._pty = PtyLink(link, self._received)
        self._damage = Damage(faults, seed)
        self._hangup_s = faults.hangup_s
        self._reconnected_s: float | None = None

    async def open(self) -> None:
        """Create the pty and its link."""
        self._pty.open()

    def tick(self, now_s: float) -> None:
        """Reconnect when that is due."""
        if self._reconnected_s is None:
            self._reconnected_s = now_s
        if self._hangup_s and now_s - self._reconnected_s >= self._hangup_s:
            self._reconnected_s = now_s
            self._pty.reconnect()
            self._on_reconnected()

    async def close(self) -> None:
        """Close the pty and remove its link."""
        self._pty.close()

    def _received(self, chunk: bytes) -> None:
        """Process received bytes."""

    def _on_reconnected(self) -> None:
        """Start again on a new pty."""

    def _send(self, message: bytes) -> None:
        self._pty.send(self._damage.apply(message))


class RtuBus(PtyBus):
    """Compartments as units on one Modbus RTU line."""

    def __init__(self, house: UnitReader, link: Path, faults: LinkFaults, seed: int) -> None:
        super().__init__(link, faults, seed)
        self._house = house
        self._line = RtuLine(self._table)

    def _table(self, unit: int) -> list[int] | None:
        readings = self._house.read(unit)
        return None if readings is None else register_table(readings, self._house.now_ms())

    def _received(self, chunk: bytes) -> None:
        for response in self._line.feed(chunk):
            self._send(response)


class LinesBus(PtyBus):
    """A data logger that prints a banner and then a line per compartment every `period_s` real seconds."""

    def __init__(
        self,
        house: UnitReader,
        link: Path,
        form: Callable[[int, Readings], bytes],
        period_s: float,
        faults: LinkFaults,
        seed: int,
    ) -> None:
        super().__init__(link, faults, seed)
        self._house = house
        self._form = form
        self.period_s = max(_MIN_PERIOD_S, period_s)
        self._due_s = 0.0

    async def open(self) -> None:
        """Create the pty and print the banner."""
        await super().open()
        self._on_reconnected()

    def tick(self, now_s: float) -> None:
        """Print a line for each compartment when due."""
        super().tick(now_s)
        if now_s < self._due_s:
            return
        self._due_s = now_s + 0.99 * self.period_s
        for unit in self._house.units:
            readings = self._house.read(unit)
            if readings is not None:
                self._send(self._form(unit, readings))

    def _on_reconnected(self) -> None:
        self._pty.send(BANNER)


class Sdi12PtyBus(PtyBus):
    """SDI-12 probes of the first compartment behind a transparent adapter."""

    def __init__(self, house: UnitReader, link: Path, speed: float, faults: LinkFaults, seed: int) -> None:
        super().__init__(link, faults, seed)
        self._house = house
        self._speed = speed
        self._silent = faults.silent
        self._bus = Sdi12Bus(PROBES, lambda: house.read(_SDI12_UNIT) or {}, self._responds)
        self._service: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """Close the pty and drop a pending service request."""
        self._drop_service_request()
        await super().close()

    def _responds(self, address: str) -> bool:
        return f"sdi12:{address}" not in self._silent and str(_SDI12_UNIT) not in self._silent

    def _received(self, chunk: bytes) -> None:
        self._drop_service_request()
        for response in self._bus.feed(chunk):
            if response.service_request:
                loop = asyncio.get_running_loop()
                self._service = loop.call_later(response.after_s / self._speed, self._send, response.data)
            else:
                self._send(response.data)

    def _drop_service_request(self) -> None:
        if self._service is not None:
            self._service.cancel()
            self._service = None


class MqttBus:
    """MQTT devices of all compartments, which publish every `period_s` real seconds."""

    def __init__(
        self, house: UnitReader, login: BrokerLogin, fleet: MqttDevices, period_s: float, faults: LinkFaults, seed: int
    ) -> None:
        self._house = house
        self._publisher = MqttPublisher(login, fleet, house.units, house.read, Damage(faults, seed))
        self.period_s = max(_MIN_PERIOD_S, period_s)
        self._due_s = 0.0

    async def open(self) -> None:
        """Start to connect."""
        self._publisher.start()

    def tick(self, now_s: float) -> None:
        """Publish when due."""
        if now_s >= self._due_s:
            self._due_s = now_s + 0.99 * self.period_s
            self._publisher.publish(self._house.now_ms())

    async def close(self) -> None:
        """Publish the will messages and disconnect."""
        await asyncio.to_thread(self._publisher.stop)
