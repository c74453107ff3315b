"""OPC UA source: the variables of one server, polled on a fixed grid or sent by it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from edge.sources.async_source import AsyncSource
from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.opcua.session import OpcUaSession, status_names
from edge.sources.opcua.settings import OpcUaSettings
from edge.sources.opcua.variables import Variables, VariableValue, sentences_of
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock

_COUNTERS: Final = (
    "polls", "rows", "connects", "lost", "unchanged", "missed_slots", "out_of_range", "repeated_rows", "refused_value",
    "clock_unset", "bad_status", "uncertain_status", "overflows",
)  # fmt: skip
#: How often a subscribed server that sends nothing is asked whether it is there [s].
_ALIVE_S: Final = 5.0


class OpcUaSource(AsyncSource):
    """Reads the variables of one server, and connects again for ever; nothing is ever written.

    Rows have the source's time of their values (`rtc`) where it is plausible, else the gateway's.
    """

    def __init__(self, settings: OpcUaSettings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._settings = settings
        self._clock = clock
        several = len(settings.nodes) > 1
        has_own_time = settings.time == "source"
        self._devices = {
            SourceDevice(
                node.device,
                node,
                site,
                self._counts,
                name=f"{settings.name} {node.device}" if several else settings.name,
                channels=[field.channel for field in node.channel],
                interval_s=None if settings.subscribe else settings.poll_s,
            ): Variables(node.channel, self._counts, has_own_time=has_own_time)
            for node in settings.nodes
        }

    def warnings(self) -> list[str]:
        """Return why the server does not answer, and which variables it calls bad, as sentences."""
        named = {device.id.device: variables for device, variables in self._devices.items()}
        bad = any(variables.bad for variables in named.values())
        return [*super().warnings(), *(sentences_of(named, status_names()) if bad else ())]

    def _begin(self) -> None:
        self._schedule = PollSchedule(self._settings.poll_s, time.monotonic())

    async def _read(self, sink: Sink) -> None:
        session = OpcUaSession(self._settings)
        try:
            await session.open()
            self._counts["connects"] += 1
            node_ids = [name for variables in self._devices.values() for name in variables.node_ids]
            if self._settings.subscribe:
                await session.subscribe(node_ids, self._settings.poll_s)
                while True:
                    await self._receive(session, sink)
            while True:
                await asyncio.sleep(self._schedule.wait_s(time.monotonic()))
                self._counts["polls"] += 1
                self._emit(await session.read(node_ids), sink)
                self._attempts.succeed()
                self._counts["missed_slots"] += self._schedule.advance(time.monotonic())
        finally:
            await session.close()

    async def _receive(self, session: OpcUaSession, sink: Sink) -> None:
        """Emit what the server has sent; one that sends nothing is asked whether it is there."""
        try:
            await asyncio.wait_for(session.has_values.wait(), _ALIVE_S)
        except TimeoutError:
            await session.is_alive()
        self._emit(session.take(), sink)
        self._counts["overflows"] += session.overflows
        session.overflows = 0
        self._attempts.succeed()

    def _emit(self, values: Iterable[VariableValue], sink: Sink) -> None:
        values, now_ms = list(values), wall_clock_ms()
        for device, variables in self._devices.items():
            device.describe(sink)
            for row in variables.rows(values, now_ms):
                if row.time_ms is None:
                    device.emit(sink, self._clock, now_ms, row.values, own_time=False, flags=row.flags)
                else:
                    device.emit(sink, Clock.RTC, row.time_ms, row.values, flags=row.flags)
