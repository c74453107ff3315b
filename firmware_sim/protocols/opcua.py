"""OPC UA server of a simulated greenhouse: a variable for each channel of each compartment, by asyncua.

`ns=2;s=House<unit>.<channel>`, a Double in the channel's unit, with the simulated time as its source time; a missing
value has the status BadSensorFailure, all of a silent compartment have BadNoCommunication.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from firmware_sim.protocols.buses import UnitReader
from firmware_sim.protocols.modbus_table import SLOTS
from headland.errors import RetryLater, SettingsError

if TYPE_CHECKING:
    from asyncua import Server

logging.getLogger("asyncua").setLevel(logging.CRITICAL)

_NAMESPACE: Final = "urn:headland:sim"
_WRITE_S: Final = 0.5


class OpcUaBus:
    """Compartments as variables of one server, written twice a second."""

    period_s = 3600.0

    def __init__(self, house: UnitReader, host: str, port: int) -> None:
        self._house = house
        self._host, self._port = host, port
        self._server: Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen. Raises RetryLater where the port is in use, SettingsError without asyncua."""
        try:
            from asyncua import Server
        except ImportError as error:
            sentence = "A simulated OPC UA server needs the extra opcua: pip install 'headland[opcua]'."
            raise SettingsError(sentence) from error
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://{self._host}:{self._port}")
        await server.register_namespace(_NAMESPACE)
        await self._add_variables(server)
        await self._write(server)
        try:
            await server.start()
        except OSError as error:
            raise RetryLater(
                f"The greenhouse simulator cannot listen on {self._host}:{self._port}: free the port or choose another."
            ) from error
        self._server = server
        self._task = asyncio.get_running_loop().create_task(self._run(server))

    def tick(self, now_s: float) -> None:
        """Do nothing: values are written by the server's own task."""

    async def close(self) -> None:
        """Stop serving."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._server is not None:
            await self._server.stop()

    async def _add_variables(self, server: Server) -> None:
        from asyncua import ua

        for unit in self._house.units:
            folder = await server.nodes.objects.add_object(ua.NodeId(f"House{unit}", 2), f"2:House{unit}")
            for channel in SLOTS:
                name = ua.NodeId(f"House{unit}.{channel}", 2)
                await folder.add_variable(name, f"2:{channel}", 0.0, ua.VariantType.Double)

    async def _run(self, server: Server) -> None:
        while True:
            await asyncio.sleep(_WRITE_S)
            await self._write(server)

    async def _write(self, server: Server) -> None:
        from asyncua import ua

        for unit in self._house.units:
            readings = self._house.read(unit)
            time = datetime.fromtimestamp(self._house.now_ms() / 1000, UTC).replace(tzinfo=None)
            for channel in SLOTS:
                value = None if readings is None else readings.get(channel)
                bad = ua.StatusCodes.BadNoCommunication if readings is None else ua.StatusCodes.BadSensorFailure
                number = ua.Variant(0.0 if value is None else float(value), ua.VariantType.Double)
                status = ua.StatusCode(bad if value is None else ua.StatusCodes.Good)
                data = ua.DataValue(number, status, time)
                await server.write_attribute_value(ua.NodeId(f"House{unit}.{channel}", 2), data)
