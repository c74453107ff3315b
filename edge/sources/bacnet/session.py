"""Session on BACnet/IP by bacpypes3: a UDP port that asks devices and answers nobody. Imports bacpypes3 when used."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from edge.sources.bacnet.objects import ObjectValue
from edge.sources.bacnet.settings import BacnetSettings
from edge.sources.bacnet.stack import build_stack
from headland.errors import RetryLater

if TYPE_CHECKING:
    from bacpypes3.app import Application

#: bacpypes3 logs each packet that it cannot read with a trace; here losses are counted, and logged once.
logging.getLogger("bacpypes3").setLevel(logging.CRITICAL + 1)

_PROPERTIES: Final = ("present-value", "status-flags", "reliability", "units")
#: Reasons of an abort or reject for which a smaller request may be answered.
_TOO_LARGE: Final = frozenset({"buffer-overflow", "segmentation-not-supported", "apdu-too-long", "out-of-resources"})
_NOT_SERVED: Final = frozenset(
    {"unrecognized-service", "service-not-supported", "optional-functionality-not-supported"}
)


class DeviceRefusal(RetryLater):
    """A device answered that it does not do what was asked; `reason` is the name of ASHRAE 135."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} refuses: {reason}")
        self.reason = reason


class BacnetSession:
    """One UDP port. `read` raises RetryLater where a device does not answer; other hosts' packets are counted."""

    def __init__(self, settings: BacnetSettings, peers: Collection[tuple[str, int]], counts: Counter[str]) -> None:
        self._settings = settings
        self._peers = frozenset(peers)
        self._counts = counts
        self._app: Application | None = None
        self._close_link: Any = None

    async def open(self) -> None:
        """Bind the port. Raises RetryLater with a sentence."""
        port = self._settings.local_port
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.bind(("0.0.0.0", port))
            self._app, self._close_link = await build_stack(
                bound, self._peers, self._counts, self._settings.timeout_s, self._settings.retries
            )
        except OSError as error:
            bound.close()
            raise RetryLater(f"UDP port {port} cannot be used ({error.strerror}): choose another local_port") from error

    async def read(self, address: str, keys: Sequence[str], *, at_once: bool = True) -> list[ObjectValue]:
        """Return what a device says of objects: in one answer, or property by property where not `at_once`."""
        from bacpypes3.apdu import ReadPropertyMultipleRequest, ReadPropertyRequest
        from bacpypes3.basetypes import PropertyIdentifier, PropertyReference, ReadAccessSpecification
        from bacpypes3.primitivedata import ObjectIdentifier

        said: dict[tuple[str, str], Any] = {}
        with self._telling_loss(address):
            if at_once:
                wanted = [
                    ReadAccessSpecification(
                        objectIdentifier=ObjectIdentifier(key),
                        listOfPropertyReferences=[
                            PropertyReference(propertyIdentifier=PropertyIdentifier(name)) for name in _PROPERTIES
                        ],
                    )
                    for key in keys
                ]
                answer = await self._ask(address, ReadPropertyMultipleRequest(listOfReadAccessSpecs=wanted))
                for result in answer.listOfReadAccessResults:
                    for element in result.listOfResults:
                        error = element.readResult.propertyAccessError
                        said[_key(result.objectIdentifier), str(element.propertyIdentifier)] = (
                            _Error(str(error.errorCode)) if error else _plain(element.readResult.propertyValue)
                        )
            else:
                for key in keys:
                    for name in _PROPERTIES:
                        request = ReadPropertyRequest(
                            objectIdentifier=ObjectIdentifier(key), propertyIdentifier=PropertyIdentifier(name)
                        )
                        try:
                            said[key, name] = _plain((await self._ask(address, request)).propertyValue)
                        except DeviceRefusal as refusal:
                            said[key, name] = _Error(refusal.reason)
            return [_value_of(key, {name: said.get((key, name), _UNSAID) for name in _PROPERTIES}) for key in keys]

    async def check_instance(self, address: str, instance: int) -> None:
        """Raise RetryLater where the device at an address is another than that of the instance."""
        from bacpypes3.apdu import ReadPropertyRequest
        from bacpypes3.basetypes import PropertyIdentifier
        from bacpypes3.primitivedata import ObjectIdentifier

        device = ObjectIdentifier(f"device,{instance}")
        request = ReadPropertyRequest(
            objectIdentifier=device, propertyIdentifier=PropertyIdentifier("object-identifier")
        )
        with self._telling_loss(address):
            try:
                answer = await self._ask(address, request)
            except DeviceRefusal as refusal:
                raise RetryLater(f"the device at {address} is not {instance}: {refusal.reason}") from refusal
            if _plain(answer.propertyValue) != device:
                raise RetryLater(f"the device at {address} is not {instance}")

    def close(self) -> None:
        """Free the port."""
        self._app = None
        close, self._close_link = self._close_link, None
        if close is not None:
            close()

    async def _ask(self, address: str, request: Any) -> Any:
        """Return the acknowledgement of a request. Raises DeviceRefusal, RetryLater, or what bacpypes3 raises."""
        from bacpypes3.apdu import ErrorRejectAbortNack
        from bacpypes3.pdu import IPv4Address

        if self._app is None:
            raise RetryLater("the UDP port is closed")
        request.pduDestination = IPv4Address(address)
        settings = self._settings
        try:
            longest_s = (settings.retries + 2) * settings.timeout_s
            answer = await asyncio.wait_for(self._app.request(request), longest_s)
        except ErrorRejectAbortNack as nack:  # no Exception: `except Exception` would let it end the source
            answer = nack
        if isinstance(answer, ErrorRejectAbortNack):
            reason = str(answer.reason)
            raise RetryLater(f"no answer of {address}") if reason == "no-response" else DeviceRefusal(address, reason)
        return answer

    @contextmanager
    def _telling_loss(self, whose: str) -> Iterator[None]:
        """Raise RetryLater for whatever a device can cause."""
        try:
            yield
        except RetryLater:
            raise
        except Exception as error:
            # Errors of bacpypes3 and of bytes that it cannot read have no base of their own, and none of them may end
            # the source.
            raise RetryLater(f"no answer of {whose}: {str(error) or type(error).__name__}") from error


class _Error(str):
    """The name of an error in place of a value."""

    __slots__ = ()


#: What stands for a property that is not in the answer.
_UNSAID: Final = _Error("not-in-answer")


def is_too_large(refusal: DeviceRefusal) -> bool:
    """Tell whether fewer objects in one request may be answered."""
    return refusal.reason in _TOO_LARGE


def is_not_served(refusal: DeviceRefusal) -> bool:
    """Tell whether the device does not know the request at all."""
    return refusal.reason in _NOT_SERVED


def _key(identifier: Any) -> str:
    return f"{identifier[0]},{identifier[1]}"


def _plain(value: Any) -> Any:
    """Return a property's value by its own tag: a number, a list of bits, an identifier; None for what is none."""
    from bacpypes3.primitivedata import TagClass

    tags = [tag for tag in value.tagList if tag.tag_class not in (TagClass.opening, TagClass.closing)]
    return tags[0].app_to_object() if len(tags) == 1 and tags[0].tag_class == TagClass.application else None


def _value_of(key: str, said: dict[str, Any]) -> ObjectValue:
    from bacpypes3.basetypes import EngineeringUnits, Reliability
    from bacpypes3.primitivedata import Null

    value, flags = said["present-value"], said["status-flags"]
    if isinstance(value, _Error):
        return ObjectValue(key, error=str(value))
    bits = [*flags, 0, 0, 0, 0][:4] if isinstance(flags, list | tuple) else [0, 0, 0, 0]
    names = [
        str(kind(int(said[name]))) if isinstance(said[name], int) else None
        for name, kind in (("reliability", Reliability), ("units", EngineeringUnits))
    ]
    return ObjectValue(
        key,
        None if value is None or isinstance(value, Null) else value,
        fault=bool(bits[1]),
        overridden=bool(bits[2]),
        out_of_service=bool(bits[3]),
        reliability=names[0],
        unit=names[1],
    )
