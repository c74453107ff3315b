"""DTU source: the units behind DTUs that connect to this gateway, each polled on its fixed grid."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.modbus.dtu.connections import DtuConnections
from edge.sources.modbus.dtu.line import DtuLine
from edge.sources.modbus.dtu.settings import ModbusDtuSettings, show_packet
from edge.sources.modbus.source import UNIT_COUNTERS
from edge.sources.retried_source import RetriedSource
from edge.sources.source import Sink
from headland.contract.records import Clock

_COUNTERS: Final = (
    "connects", "registered", "replaced", "given_up", "lost", "refused_registration", "unregistered", "crowded_out",
    "accept_failures", "floods", *UNIT_COUNTERS,
)  # fmt: skip
#: The longest wait for bytes: a stop must complete within a second.
_WAIT_S: Final = 0.1
#: Unknown registrations that are named to a person.
_MOST_SENTENCES: Final = 5


class ModbusDtuSource(RetriedSource):
    """Listens for DTUs and polls the units behind those that it knows; rows are as those of a Modbus source."""

    def __init__(self, settings: ModbusDtuSettings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC) -> None:
        """Read the register maps. Raises SettingsError."""
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._settings = settings
        lines = [DtuLine(dtu, settings, site, clock, self._counts) for dtu in settings.dtu]
        self._lines = {line.registration: line for line in lines}
        self._connections = DtuConnections(settings, self._lines, self._counts)

    def warnings(self) -> list[str]:
        """Return why the port cannot be opened, who does not answer, and which registrations are unknown."""
        unknown = self._connections.strangers.counts.copy().most_common(_MOST_SENTENCES)
        named = [
            f"A DTU that registers as {show_packet(packet)} was refused ({count} times): add a [[source.dtu]] table "
            "with this registration, or correct it in the DTU."
            for packet, count in unknown
        ]
        return [*super().warnings(), *named]

    def _begin(self) -> None:
        now_s = time.monotonic()
        for line in self._lines.values():
            line.start(now_s)

    def _work(self, sink: Sink) -> None:
        """Take one turn of all connections."""
        if not self._connections.is_open:
            self._connections.open()
            self._attempts.succeed()
        self._connections.turn(_WAIT_S, sink)
        now_s = time.monotonic()
        for line in self._lines.values():
            line.expect(now_s)

    def _close(self) -> None:
        self._connections.close()

    def _peers(self) -> Sequence[Attempts]:
        return (self._attempts, *(peer for line in self._lines.values() for peer in line.peers))
