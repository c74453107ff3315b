"""BACnet/IP device of a simulated greenhouse: an analog input for each channel of each compartment, by bacpypes3.

`analog-input,<100 * unit + n>`, n from 1 in the order of `SLOTS`, named `House<unit>.<channel>`, with the unit that
BACnet has for it. A missing value has the reliability no-sensor, all of a silent compartment have
communication-failure.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any, Final

from firmware_sim.protocols.buses import UnitReader
from firmware_sim.protocols.modbus_table import SLOTS
from headland.contract.quantities import unit_of_channel
from headland.contract.units import UNITS
from headland.errors import RetryLater, SettingsError

logging.getLogger("bacpypes3").setLevel(logging.CRITICAL + 1)

INSTANCE: Final = 47
_WRITE_S: Final = 0.5


def object_of(unit: int, channel: str) -> str:
    """Return the object of a channel of a compartment."""
    return f"analog-input,{100 * unit + 1 + list(SLOTS).index(channel)}"


class BacnetBus:
    """Compartments as objects of one device, written twice a second."""

    period_s = _WRITE_S

    def __init__(self, house: UnitReader, host: str, port: int) -> None:
        self._house = house
        self._host, self._port = host, port
        self._end: Callable[[], None] | None = None
        self._objects: dict[tuple[int, str], Any] = {}

    async def open(self) -> None:
        """Bind the port. Raises RetryLater where it is in use, SettingsError without bacpypes3."""
        try:
            self._make_objects()
        except ImportError as error:
            sentence = "A simulated BACnet device needs the extra bacnet: pip install 'headland[bacnet]'."
            raise SettingsError(sentence) from error
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.bind((self._host, self._port))
        except OSError as error:
            bound.close()
            raise RetryLater(
                f"The greenhouse simulator cannot use {self._host}:{self._port}: free the port or choose another."
            ) from error
        self._end = serve_objects(self._objects.values(), bound)
        self.tick(0.0)

    def tick(self, now_s: float) -> None:
        """Write the present readings."""
        del now_s
        from bacpypes3.basetypes import Reliability

        for unit in self._house.units:
            readings = self._house.read(unit)
            for channel in SLOTS:
                value = None if readings is None else readings.get(channel)
                silent = "communicationFailure" if readings is None else "noSensor"
                written = self._objects[unit, channel]
                if value is not None:
                    written.presentValue = float(value)
                written.reliability = Reliability("noFaultDetected" if value is not None else silent)

    async def close(self) -> None:
        """Free the port."""
        if self._end is not None:
            self._end()

    def _make_objects(self) -> None:
        from bacpypes3.basetypes import EngineeringUnits
        from bacpypes3.local.analog import AnalogInputObject

        for unit in self._house.units:
            for channel in SLOTS:
                names = UNITS[unit_of_channel(channel) or "1"].bacnet
                self._objects[unit, channel] = AnalogInputObject(
                    objectIdentifier=object_of(unit, channel),
                    objectName=f"House{unit}.{channel}",
                    presentValue=0.0,
                    units=EngineeringUnits(names[0] if names else "no-units"),
                    eventState="normal",
                    outOfService=False,
                    reliability="noFaultDetected",
                )


def serve_objects(
    objects: Iterable[Any], bound: socket.socket, *, segmentation: str = "segmented-both"
) -> Callable[[], None]:
    """Serve objects of bacpypes3 as those of one device on a bound socket; return what ends it."""
    from bacpypes3.app import Application
    from bacpypes3.basetypes import Segmentation
    from bacpypes3.comm import bind
    from bacpypes3.ipv4 import IPv4DatagramServer
    from bacpypes3.ipv4.bvll import BVLLCodec
    from bacpypes3.ipv4.service import BIPNormal, UDPMultiplexer
    from bacpypes3.local.device import DeviceObject
    from bacpypes3.pdu import IPv4Address

    device = DeviceObject(
        objectIdentifier=f"device,{INSTANCE}",
        objectName="House",
        vendorIdentifier=0,
        maxApduLengthAccepted=1476,
        segmentationSupported=Segmentation(segmentation),
        maxSegmentsAccepted=16,
    )
    app = Application.from_object_list([device, *objects])
    link, codec, multiplexer = BIPNormal(), BVLLCodec(), UDPMultiplexer()
    address = IPv4Address(bound.getsockname())
    datagrams = IPv4DatagramServer(address, no_broadcast=True, bind_socket=bound)
    bind(link, codec, multiplexer.annexJ)
    bind(multiplexer, datagrams)
    app.nsap.bind(link, address=address)
    end: Callable[[], None] = datagrams.close
    return end
