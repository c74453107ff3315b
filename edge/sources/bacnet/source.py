"""BACnet source: the objects of devices on one network, each device polled on a fixed grid."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from edge.sources.async_source import AsyncSource
from edge.sources.bacnet.objects import Objects, ObjectValue, sentences_of
from edge.sources.bacnet.session import BacnetSession, DeviceRefusal, is_not_served, is_too_large
from edge.sources.bacnet.settings import BacnetDevice, BacnetSettings, read_address
from edge.sources.connection.reconnect import Attempts
from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import RetryLater

_COUNTERS: Final = (
    "polls", "rows", "no_answer", "lost", "unchanged", "missed_slots", "out_of_range", "repeated_rows", "refused_unit",
    "refused_value", "bad_status", "overridden", "unlisted", "bad_packets",
)  # fmt: skip
#: Objects in one request: their answers fit in one packet of Ethernet.
_AT_ONCE: Final = 25
#: Devices that are asked at one time; each has one request under way.
_ASKED_AT_ONCE: Final = 8


class BacnetSource(AsyncSource):
    """Reads the objects of devices, and asks each of them for ever; nothing is ever written.

    An object has no time of its own: rows have the gateway's, with `clock` as its quality.
    """

    def __init__(self, settings: BacnetSettings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._settings = settings
        several = len(settings.nodes) > 1
        self._devices = [
            PolledDevice(
                node, settings.poll_s, site, clock,
                f"{settings.name} {node.device}" if several else settings.name, self._counts,
            )
            for node in settings.nodes
        ]  # fmt: skip

    def warnings(self) -> list[str]:
        """Return which devices do not answer, and which objects have no value or unit, as sentences."""
        return [*super().warnings(), *sentences_of({device.name: device.objects for device in self._devices})]

    def _peers(self) -> Sequence[Attempts]:
        return (self._attempts, *(device.attempts for device in self._devices))

    async def _read(self, sink: Sink) -> None:
        peers = [read_address(node.address) for node in self._settings.nodes]
        session = BacnetSession(self._settings, peers, self._counts)
        try:
            await session.open()
            self._attempts.succeed()
            turn = asyncio.Semaphore(_ASKED_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for device in self._devices:
                    group.create_task(device.poll(session, turn, sink))
        finally:
            session.close()


class PolledDevice:
    """One device. `poll` reads it for ever; what a silent one costs is its own share of time."""

    def __init__(
        self, node: BacnetDevice, poll_s: float, site: str, clock: Clock, name: str, counts: Counter[str]
    ) -> None:
        self.name = node.device
        self.objects = Objects(node.channel, counts)
        self.attempts = Attempts(name, counts)
        self._address = "{}:{}".format(*read_address(node.address))
        self._instance = node.instance
        self._poll_s = poll_s
        self._clock = clock
        self._counts = counts
        self._device = SourceDevice(
            node.device, node, site, counts, name=name, channels=[field.channel for field in node.channel],
            interval_s=poll_s,
        )  # fmt: skip
        #: How much is asked of it in one request: less once it has refused more.
        self._at_once = _AT_ONCE
        self._reads_multiple = True

    async def poll(self, session: BacnetSession, turn: asyncio.Semaphore, sink: Sink) -> None:
        """Read all objects at each slot of the grid, for ever."""
        schedule = PollSchedule(self._poll_s, time.monotonic())
        while True:
            await asyncio.sleep(schedule.wait_s(time.monotonic()))
            self._counts["polls"] += 1
            try:
                async with turn:
                    values = await self._ask(session)
            except RetryLater as error:
                self._counts["no_answer"] += 1
                await asyncio.sleep(self.attempts.fail(error))
            else:
                self.attempts.succeed()
                self._emit(values, sink)
            self._counts["missed_slots"] += schedule.advance(time.monotonic())

    def _emit(self, values: Sequence[ObjectValue], sink: Sink) -> None:
        self._device.describe(sink)
        row = self.objects.row(values)
        self._device.emit(sink, self._clock, wall_clock_ms(), row.values, own_time=False, flags=row.flags)

    async def _ask(self, session: BacnetSession) -> list[ObjectValue]:
        """Return the values of all objects. Raises RetryLater."""
        if self._instance is not None:
            await session.check_instance(self._address, self._instance)
        values: list[ObjectValue] = []
        while len(values) < len(self.objects.keys):
            keys = self.objects.keys[len(values) : len(values) + self._at_once]
            try:
                values += await session.read(self._address, keys, at_once=self._reads_multiple)
            except DeviceRefusal as refusal:
                if is_not_served(refusal):
                    self._reads_multiple = False
                elif is_too_large(refusal) and self._at_once > 1:
                    self._at_once //= 2
                else:
                    # Some refuse all objects for one that they do not have: singly each tells for itself.
                    values += await session.read(self._address, keys, at_once=False)
        return values
