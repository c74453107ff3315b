"""Modbus source: the units of one line, polled on a fixed grid."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.modbus.bus import ModbusBus, NoAnswer
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings
from edge.sources.modbus.unit import UNIT_COUNTERS, PolledUnit
from edge.sources.retried_source import RetriedSource
from edge.sources.source import Sink
from headland.contract.records import Clock
from headland.errors import RetryLater

#: Counters that exist from the start.
_COUNTERS: Final = ("connects", "connect_failures", "lost", *UNIT_COUNTERS)


class ModbusSource(RetriedSource):
    """Polls the units of one line, and retries each for ever; a dead unit costs the others one time-out a back-off.

    Rows have the device's own time (`rtc`) where its map has clock registers and they are set; else the gateway's time,
    with `clock` as its quality (`ntp` only where a time server sets it). A value outside its quantity's physical range
    is kept and flagged `fail`. The channels of a failed request are absent from the row.
    """

    def __init__(
        self, settings: ModbusSettings | ModbusRtuSettings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC
    ) -> None:
        """Read the register maps. Raises SettingsError."""
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._bus = ModbusBus(settings.address, settings.framing, settings.timeout_s)
        several = len(settings.nodes) > 1
        self._nodes = [
            PolledUnit(
                unit,
                settings.poll_s if unit.poll_s is None else unit.poll_s,
                settings.clock_speed,
                site,
                clock,
                f"{settings.name} {unit.device}" if several else settings.name,
                self._counts,
            )
            for unit in settings.nodes
        ]

    def _begin(self) -> None:
        now_s = time.monotonic()
        for node in self._nodes:
            node.start(now_s)

    def _work(self, sink: Sink) -> None:
        """Poll the unit that is due next."""
        node = min(self._nodes, key=lambda polled: polled.due_s)
        if not self._stopping.wait(max(0.0, node.due_s - time.monotonic())):
            self._poll(node, sink)

    def _interrupt(self) -> None:
        self._bus.interrupt()

    def _close(self) -> None:
        self._bus.close()

    def _peers(self) -> Sequence[Attempts]:
        return (self._attempts, *(node.attempts for node in self._nodes))

    def _poll(self, node: PolledUnit, sink: Sink) -> None:
        """Poll a unit. A silent unit enters its back-off; for a lost line all of them wait."""
        wait_s = 0.0
        try:
            if not self._bus.is_open:
                self._open()
            node.begin()
            for read in node.reads:
                node.take(read, self._bus.read(node.unit, read))
            node.finish(sink)
        except RetryLater as error:
            if self._stopping.is_set():
                return
            if isinstance(error, NoAnswer):
                wait_s = node.fail(error)
            else:
                self._wait_after(error)
        else:
            self._attempts.succeed()
            node.attempts.succeed()
        node.skip(time.monotonic(), wait_s)

    def _open(self) -> None:
        try:
            self._bus.open()
        except RetryLater:
            self._counts["connect_failures"] += 1
            raise
        self._counts["connects"] += 1
