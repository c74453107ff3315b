"""A .tlog as a source: a ground station's recording of a link, with a stamp of its own clock before each frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge.imports.mavlink_log.frame_log import FrameLogSource
from edge.imports.sentences import Sentence
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.timing.clock import UTC_FROM_US, UTC_UNTIL_US
from headland.errors import DataDamaged

#: A recorder's clock does not jump further than this between two frames that are read one after the other.
_MAX_JUMP_US: Final = 86_400_000_000


class TlogSource(FrameLogSource):
    """A .tlog as a Source: `run` reads the whole file and returns."""

    def __init__(
        self,
        path: Path,
        settings: MavlinkSettings | None,
        gateway_id: str,
        site: str,
        *,
        start_ms: int | None = None,
    ) -> None:
        super().__init__(path, settings, gateway_id, site, stamped=True)
        self._start_ms = start_ms
        self._probe = FrameDecoder(stamped=True)
        self._odd_us = 0  # the last stamp that was more than a day away

    def _inspect(self, chunk: bytes) -> None:
        if self.recorder_first_ms is None:
            stamps_us = (frame[6] for frame in self._probe.read(chunk))
            credible = (
                stamp_us // 1000 for stamp_us in stamps_us if stamp_us is not None and is_credible_stamp(stamp_us)
            )
            self.recorder_first_ms = next(credible, None)

    def _begin(self) -> int:
        if self.recorder_first_ms is None:
            raise DataDamaged(Sentence("no_stamped_frame", name=self.name))
        if self._start_ms is not None:
            self._said.append(Sentence("start_not_used"))
        return self.recorder_first_ms

    def _arrivals_ms(self, frames: Sequence[RawFrame], now_ms: int) -> list[int]:
        """Return the stamps; a frame without a credible one has the time of the one before.

        A jump of more than a day is credible when the next stamp agrees with it: the recording went on another day.
        """
        stamps_us = [frame[6] for frame in frames]
        known_us = [stamp_us for stamp_us in stamps_us if stamp_us is not None]
        now_us = now_ms * 1000
        if len(known_us) == len(stamps_us) and _is_near(min(known_us), now_us) and _is_near(max(known_us), now_us):
            arrivals_ms = [stamp_us // 1000 for stamp_us in known_us]
        else:
            arrivals_ms = []
            for stamp_us in stamps_us:
                now_us = self._time_us(stamp_us, now_us)
                arrivals_ms.append(now_us // 1000)
        self.recorder_last_ms = arrivals_ms[-1]
        return arrivals_ms

    def _time_us(self, stamp_us: int | None, now_us: int) -> int:
        """Return the time of a frame whose stamp may be missing or far from the one before."""
        if stamp_us is not None and _is_near(stamp_us, now_us):
            return stamp_us
        if stamp_us is None or not is_credible_stamp(stamp_us):
            self._counts["without_stamp"] += 1
        elif _is_near(stamp_us, self._odd_us):
            return stamp_us
        else:
            self._counts["odd_stamp"] += 1
            self._odd_us = stamp_us
        return now_us


def _is_near(stamp_us: int, now_us: int) -> bool:
    return abs(stamp_us - now_us) < _MAX_JUMP_US


def is_credible_stamp(stamp_us: int) -> bool:
    """Return whether a stamp can come from a recorder's clock."""
    return UTC_FROM_US - 10**15 < stamp_us < UTC_UNTIL_US
