"""A BACnet device of bacpypes3 on a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bacpypes3.basetypes import EngineeringUnits, Reliability
from bacpypes3.local.analog import AnalogInputObject
from bacpypes3.local.binary import BinaryInputObject

from firmware_sim.protocols.bacnet import serve_objects
from tests.ports import find_free_port


class BacnetPeer:
    """Objects `analog-input,N` with the units given, and `binary-input,1`; `write` sets what one says."""

    def __init__(self, port: int, *units: str, segmentation: str) -> None:
        self.port = port
        self._units = units
        self._segmentation = segmentation

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bacnet-peer", daemon=True)
        self._thread.start()
        self._end: Callable[[], None] = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(120)

    def stop(self) -> None:
        async def end() -> None:
            self._end()
            # The socket is closed in the round after.
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(120)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(120)
        self._loop.close()

    def write(self, number: int, value: Any, reliability: str = "noFaultDetected", unit: str = "") -> None:
        async def at_once() -> None:
            written = self._analog[number - 1]
            written.presentValue = value
            written.reliability = Reliability(reliability)
            if unit:
                written.units = EngineeringUnits(unit)

        asyncio.run_coroutine_threadsafe(at_once(), self._loop).result(120)

    async def _open(self) -> Callable[[], None]:
        common = {"eventState": "normal", "outOfService": False}
        self._analog = [
            AnalogInputObject(
                objectIdentifier=f"analog-input,{at + 1}", objectName=f"A{at}", presentValue=1.0,
                units=EngineeringUnits(unit), reliability="noFaultDetected", **common,
            )
            for at, unit in enumerate(self._units)
        ]  # fmt: skip
        state = BinaryInputObject(
            objectIdentifier="binary-input,1", objectName="B", presentValue="active", polarity="normal", **common
        )
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.setblocking(False)
        bound.bind(("127.0.0.1", self.port))
        return serve_objects([*self._analog, state], bound, segmentation=self._segmentation)


@contextmanager
def serving(*units: str, segmentation: str = "segmented-both") -> Iterator[BacnetPeer]:
    """Serve objects with such units on a free port."""
    peer = BacnetPeer(find_free_port(), *units, segmentation=segmentation)
    peer.start()
    try:
        yield peer
    finally:
        peer.stop()
