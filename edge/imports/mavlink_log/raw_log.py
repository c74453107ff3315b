"""Dump of a link's bytes without time stamps (.rlog, .raw) as a source.

Such a file does not say when its bytes arrived. The vehicles' clocks give how time passed, SYSTEM_TIME the UTC; what
neither can date is left out and counted, never dated by the file's time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.imports.mavlink_log.frame_log import FrameLogSource
from edge.imports.sentences import Sentence
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.vehicle.device_output import Output
from edge.sources.source import Sink
from headland.contract.records import Clock, Descriptor, Event
from headland.errors import DataDamaged
from headland.units_of_time import HOUR_MS

#: Where messages that autopilots send all the time have their time since boot, in milliseconds.
_BOOT_AT: Final = {2: 8, 30: 0, 32: 0, 33: 0, 65: 0}
_UINT32: Final = struct.Struct("<I")
#: A time since boot that advances by more, or falls, must come so often in a row before it is accepted.
_MAX_ADVANCE_MS: Final = HOUR_MS
_MAX_FALL_MS: Final = 1000
_CONFIRMATIONS: Final = 3


class StreamClock:
    """Milliseconds that advance as the times since boot in a stream do, in place of the arrival times it lacks."""

    def __init__(self, is_autopilot: Callable[[int, int], bool], start_ms: int = 0) -> None:
        self.now_ms = start_ms
        self._is_autopilot = is_autopilot
        #: By system and component: this clock less its time since boot, and how often in a row that did not fit.
        self._bases_ms: dict[tuple[int, int], int] = {}
        self._odd: dict[tuple[int, int], int] = {}

    def observe(self, frame: RawFrame) -> int:
        """Return the time of a frame."""
        at = _BOOT_AT.get(frame[0])
        if at is None or not self._is_autopilot(frame[1], frame[2]):
            return self.now_ms
        sender, payload = (frame[1], frame[2]), frame[4]
        (boot_ms,) = _UINT32.unpack_from(payload if len(payload) >= at + 4 else payload.ljust(at + 4, b"\0"), at)
        base_ms = self._bases_ms.get(sender)
        if base_ms is None:
            self._bases_ms[sender] = self.now_ms - boot_ms
            return self.now_ms
        now_ms = base_ms + boot_ms
        if -_MAX_FALL_MS <= now_ms - self.now_ms <= _MAX_ADVANCE_MS:
            self._odd[sender] = 0
            self.now_ms = max(self.now_ms, now_ms)
            return self.now_ms
        self._odd[sender] = self._odd.get(sender, 0) + 1
        if self._odd[sender] >= _CONFIRMATIONS:
            self._odd[sender] = 0
            self._bases_ms[sender] = self.now_ms - boot_ms
        return self.now_ms


class RawLogSource(FrameLogSource):
    """A .rlog as a Source: `run` reads the whole file and returns.

    The arrival of a frame is that of the stream's own clock here, so nothing that is dated by arrival leaves, unless
    `start_ms` says the UTC at which the dump begins.
    """

    def __init__(
        self,
        path: Path,
        settings: MavlinkSettings | None,
        gateway_id: str,
        site: str,
        *,
        start_ms: int | None = None,
    ) -> None:
        super().__init__(path, settings, gateway_id, site, stamped=False)
        self._start_ms = start_ms
        self._clock = StreamClock(self._is_autopilot, start_ms or 0)
        self._withheld: dict[str, Descriptor] = {}

    def _is_autopilot(self, system: int, component: int) -> bool:
        return self._first_pass.is_autopilot(system, component)

    def counters(self) -> dict[str, int]:
        """Return what was read and left out, by name."""
        counters = super().counters()
        counters["rows"] = counters.get("rows", 0) - counters.get("undated_rows", 0)
        return counters

    def _begin(self) -> int:
        return self._clock.now_ms

    def _arrivals_ms(self, frames: Sequence[RawFrame], now_ms: int) -> list[int]:  # noqa: ARG002 - the clock has it
        return [self._clock.observe(frame) for frame in frames]

    def _end(self) -> None:
        if not self._decoder.counters().get("frames"):
            raise DataDamaged(Sentence("no_frame", name=self.name))
        if self._start_ms is not None:
            start = datetime.fromtimestamp(self._start_ms / 1000, UTC)
            self._said.append(Sentence("dumped_from_start", start=start.strftime("%Y-%m-%d %H:%M:%S")))

    def _deliver(self, outputs: list[Output], sink: Sink) -> None:
        """Pass what has a vehicle's time to the sink; a device without any is not described either."""
        dated: list[Output] = []
        for output in outputs:
            if isinstance(output, Descriptor):
                self._withheld[output.device] = output
            elif output.clock is Clock.ARRIVAL and self._start_ms is None:
                undated = ("undated_events", 1) if isinstance(output, Event) else ("undated_rows", len(output))
                self._counts[undated[0]] += undated[1]
            else:
                device = output.device if isinstance(output, Event) else output.source.device
                if device in self._withheld:
                    dated.append(self._withheld.pop(device))
                dated.append(output)
        super()._deliver(dated, sink)
