"""Layers of bacpypes3 on one UDP socket: requests go out, only the devices' packets come in, no service answers."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    from bacpypes3.app import Application
    from bacpypes3.local.device import DeviceObject

#: The longest answer in one packet, that of Ethernet (ASHRAE 135, 20.1.2.5).
_LONGEST: Final = 1476
_MOST_SEGMENTS: Final = 16
#: The gateway's own instance, which it tells nobody: that of devices without one (ASHRAE 135, 12.11.1).
NO_INSTANCE: Final = 4_194_303


async def build_stack(
    bound: socket.socket, peers: Collection[tuple[str, int]], counts: Counter[str], timeout_s: float, retries: int
) -> tuple[Application, Callable[[], None]]:
    """Return an application on a bound socket, and what closes it. Imports bacpypes3."""
    from bacpypes3.appservice import ApplicationServiceAccessPoint
    from bacpypes3.comm import bind
    from bacpypes3.ipv4.bvll import BVLLCodec
    from bacpypes3.ipv4.service import BIPNormal, UDPMultiplexer
    from bacpypes3.netservice import NetworkServiceAccessPoint, NetworkServiceElement
    from bacpypes3.pdu import IPv4Address

    device = _own_device(timeout_s, retries)
    app = _silent_application()
    app.asap = ApplicationServiceAccessPoint(device, app.device_info_cache)
    app.nsap, app.nse = NetworkServiceAccessPoint(), NetworkServiceElement()
    bind(app.nse, app.nsap)
    bind(app, app.asap, app.nsap)
    link, codec, multiplexer = BIPNormal(), BVLLCodec(), UDPMultiplexer()
    datagrams = _datagrams_of(peers, counts)
    bind(link, codec, multiplexer.annexJ)
    bind(multiplexer, datagrams)
    app.nsap.bind(link, address=IPv4Address(bound.getsockname()))
    app.add_object(device)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: datagrams, sock=bound)
    return app, transport.close


def _own_device(timeout_s: float, retries: int) -> DeviceObject:
    from bacpypes3.basetypes import Segmentation
    from bacpypes3.local.device import DeviceObject

    return DeviceObject(
        objectIdentifier=f"device,{NO_INSTANCE}",
        objectName="headland",
        vendorIdentifier=0,
        maxApduLengthAccepted=_LONGEST,
        segmentationSupported=Segmentation("segmented-receive"),
        maxSegmentsAccepted=_MOST_SEGMENTS,
        apduTimeout=round(1000 * timeout_s),
        apduSegmentTimeout=round(1000 * timeout_s),
        numberOfApduRetries=retries,
    )


def _silent_application() -> Application:
    """Return an application that offers nothing: a request of somebody else is refused, and nothing of it kept."""
    from bacpypes3.apdu import ConfirmedRequestPDU, RejectPDU
    from bacpypes3.app import Application

    class SilentApplication(Application):  # type: ignore[misc]  # bacpypes3 has no types that hold
        async def indication(self, apdu: Any) -> None:
            if isinstance(apdu, ConfirmedRequestPDU):
                await self.response(RejectPDU(reason="unrecognizedService", context=apdu))

    return SilentApplication()


def _datagrams_of(peers: Collection[tuple[str, int]], counts: Counter[str]) -> Any:
    """Return the lowest layer: it hears the given devices alone, and counts what cannot be read."""
    from bacpypes3.comm import Server
    from bacpypes3.pdu import PDU, IPv4Address

    class Datagrams(Server, asyncio.DatagramProtocol):  # type: ignore[misc]  # as above
        transport: Any = None
        #: References to what is under way, which asyncio does not keep.
        under_way: ClassVar[set[asyncio.Task[None]]] = set()

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        async def indication(self, pdu: Any) -> None:
            if self.transport is not None:
                self.transport.sendto(pdu.pduData, pdu.pduDestination.addrTuple)

        def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
            if address not in peers:
                counts["unlisted"] += 1
                return
            task = asyncio.ensure_future(self.pass_up(PDU(data, source=IPv4Address(address))))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

        async def pass_up(self, pdu: Any) -> None:
            try:
                await self.response(pdu)
            except asyncio.CancelledError:
                raise
            except BaseException:
                # Errors of bytes that bacpypes3 cannot read have no base of their own; some are no Exception.
                counts["bad_packets"] += 1

    return Datagrams()
