"""A DTU in front of the compartments: it connects out, registers, and answers as a Modbus RTU line does.

It sends a heartbeat every few seconds, as its makers' modems do: whenever the clock says so, also within an answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from firmware_sim.links.link_faults import Damage, LinkFaults
from firmware_sim.protocols.buses import UnitReader
from firmware_sim.protocols.modbus_rtu import RtuLine
from firmware_sim.protocols.modbus_table import register_table

_LOGGER = logging.getLogger(__name__)

HEARTBEAT: Final = b"ping"
_HEARTBEAT_S: Final = 2.0
_RETRY_S: Final = 1.0
_READ_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class DtuTarget:
    """Where a DTU connects to, and the registration that it sends first."""

    host: str
    port: int
    registration: str


class DtuBus:
    """One DTU with all compartments as units; it connects again whenever it has lost its gateway."""

    period_s = 3600.0

    def __init__(self, house: UnitReader, target: DtuTarget, faults: LinkFaults, seed: int) -> None:
        self._house = house
        self._target = target
        self._damage = Damage(faults, seed)
        self._hangup_s = faults.hangup_s
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start to connect."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def tick(self, now_s: float) -> None:
        """Do nothing: requests and the DTU's own clock decide."""

    async def close(self) -> None:
        """Disconnect."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            with suppress(OSError, TimeoutError):
                await self._serve()
            await asyncio.sleep(_RETRY_S)

    async def _serve(self) -> None:
        """Serve one connection until it ends."""
        reader, writer = await asyncio.open_connection(self._target.host, self._target.port)
        try:
            writer.write(self._target.registration.encode())
            line = RtuLine(self._table)
            began_s = heartbeat_s = time.monotonic()
            while not self._hangup_s or time.monotonic() < began_s + self._hangup_s:
                try:
                    data = await asyncio.wait_for(reader.read(_READ_BYTES), _HEARTBEAT_S)
                except TimeoutError:
                    data = None
                if data == b"":
                    return
                message = b"".join(self._damage.apply(answer) for answer in line.feed(data or b""))
                now_s = time.monotonic()
                if now_s >= heartbeat_s + _HEARTBEAT_S:
                    heartbeat_s = now_s
                    middle = len(message) // 2
                    message = message[:middle] + HEARTBEAT + message[middle:]
                writer.write(message)
                await writer.drain()
        finally:
            writer.close()

    def _table(self, unit: int) -> list[int] | None:
        readings = self._house.read(unit)
        return None if readings is None else register_table(readings, self._house.now_ms())
