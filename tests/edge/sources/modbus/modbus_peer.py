"""A Modbus TCP device of pymodbus, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import Final

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

#: Turns of the event loop from the acceptance of a connection until its protocol knows it, and until one is closed.
_TURNS: Final = 8


class ModbusPeer:
    """Serves `registers` (address -> word); what `broken` names is answered by `exception`.

    Another mapping in `registers` is served whole from the next request on.
    """

    def __init__(self, port: int, registers: dict[int, int], unit: int = 1) -> None:
        self.port = port
        self.registers = registers
        self.broken: set[int] = set()
        self.exception = ExcCodes.DEVICE_FAILURE
        self.requests: list[tuple[int, int, int]] = []
        self._unit = unit
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: ModbusTcpServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="modbus-peer", daemon=True)
        self._thread.start()
        assert self._ready.wait(120)

    def stop(self) -> None:
        loop, server, thread = self._loop, self._server, self._thread
        if loop is not None and server is not None and thread is not None and thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(server), loop).result(120)
            thread.join(120)
        self._thread = None

    async def _serve(self) -> None:
        words = [SimData(address, values=word, datatype=DataType.REGISTERS) for address, word in self.registers.items()]
        device = SimDevice(self._unit, simdata=words, action=self._answer)
        self._loop = asyncio.get_running_loop()
        self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        await self._server.serve_forever(background=True)
        self._ready.set()
        await self._server.serving
        await self._turn()

    async def _end(self, server: ModbusTcpServer) -> None:
        """Accept no more, and end once each connection that was accepted is known: pymodbus closes those alone."""
        if isinstance(server.transport, asyncio.Server):
            for listening in server.transport.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
        await self._turn()
        await server.shutdown()  # type: ignore[no-untyped-call] # pymodbus leaves it untyped

    async def _turn(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def _answer(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        words: list[int],
        _written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        self.requests.append((function, address, count))
        asked, registers = range(address, address + count), self.registers
        if self.broken.intersection(asked):
            return self.exception
        for at in asked:
            if at in registers:
                words[at - start] = registers[at]
        return None
