"""Output of a machine's file: its rows go to a sink, each instant once, and are counted and summed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from edge.imports.log_output import LogReport
from edge.imports.machine.rows import MachineSums
from edge.sources.source import DeviceId, Reading, Sink
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Clock, Descriptor

_NOT_NAME: Final = re.compile(r"[^a-z0-9._-]+")

Row = tuple[int, Clock, dict[str, float | None]]


class MachineOutput:
    """What was read of a machine's file so far; `lost` and `notes` are for its reader to add to."""

    def __init__(self, site: str) -> None:
        self._site = site
        self.lost: Counter[str] = Counter()
        self.notes: list[str] = []
        self.records = self.rows = 0
        self._amounts = MachineSums()
        self._devices: list[str] = []
        self._seen: set[tuple[str, int]] = set()
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    def deliver(self, sink: Sink, word: str, name: str, model: str, rows: Iterable[Row]) -> None:
        """Give rows of a machine to the sink; `word` is what it is known by, such as its serial number."""
        device = DeviceId(f"machine-{_NOT_NAME.sub('-', word.lower()).strip('-._')[:40]}", "machine", self._site)
        given = list(rows)
        fresh = [row for row in given if (device.device, row[0]) not in self._seen]
        self._seen.update((device.device, row[0]) for row in fresh)
        self.lost["repeated"] += len(given) - len(fresh)
        self.lost += Counter()
        if not fresh:
            return
        channels = {channel for _, _, values in fresh for channel in values}
        sink.describe(_descriptor(device, name or device.device, model, channels))
        for time_ms, clock, values in fresh:
            sink.reading(Reading(device, clock, time_ms, values))
            self._amounts.add(time_ms, values)
        if device.device not in self._devices:
            self._devices.append(device.device)
        self.rows += len(fresh)
        times = [row[0] for row in fresh]
        self._first_ms = min([*times, *([] if self._first_ms is None else [self._first_ms])])
        self._last_ms = max([*times, *([] if self._last_ms is None else [self._last_ms])])

    def counters(self) -> dict[str, int]:
        """Return the numbers of rows and of losses, by name."""
        return {"rows": self.rows, **self.lost}

    def report(self) -> LogReport:
        """Return the contents so far."""
        notes = (*self.notes, *self._amounts.sentences())
        return LogReport(
            self.records, self.rows, tuple(self._devices), self._first_ms, self._last_ms, dict(self.lost), notes=notes
        )


def _descriptor(device: DeviceId, name: str, model: str, channels: set[str]) -> Descriptor:
    infos = {
        channel: ChannelInfo(unit=quantity.unit)
        for channel in sorted(channels)
        if (quantity := quantity_of(channel)) is not None
    }
    return Descriptor(device=device.device, kind=device.kind, site=device.site, name=name, model=model, channels=infos)
