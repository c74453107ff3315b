"""Report strategies: filters of a channel's samples, with heartbeats that reveal a dead sensor. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from edge.pipeline.channels.settings import ChannelSettings


class ChannelSample(NamedTuple):
    """A channel's value at an instant with its QARTOD flag; `raw` is the value before calibration."""

    time_ms: int
    value: float | None
    flag: int
    raw: float | None = None


@dataclass(slots=True)
class Reporter:
    """Report filter of one channel; decides sample by sample, in the order of arrival.

    `least` is how far a value must differ from the last reported one (0: at all, None: the value does not matter).
    A sample is reported when it is the first, when `every_ms` have passed since the last reported one, when its flag
    changes, when a value appears or disappears, or when it differs by more than `least`. In the last case the sample
    before it is reported as well, if it was withheld: the value was constant until then, and no slope is invented.
    """

    every_ms: float
    least: float | None
    _reported: ChannelSample | None = None
    _withheld: ChannelSample | None = None

    def report(self, sample: ChannelSample) -> tuple[ChannelSample, ...]:
        """Return the samples to report now, oldest first."""
        last = self._reported
        if last is None or sample.time_ms <= last.time_ms:
            return self._report(sample)
        if sample.flag == last.flag and not self._differs(sample.value, last.value):
            if sample.time_ms - last.time_ms < self.every_ms:
                self._withheld = sample
                return ()
            return self._report(sample)
        withheld = self._withheld if self.least is not None else None
        if withheld is not None and withheld.time_ms >= sample.time_ms:
            withheld = None
        return self._report(sample) if withheld is None else (withheld, *self._report(sample))

    def _differs(self, value: float | None, last: float | None) -> bool:
        if value is None or last is None:
            return (value is None) != (last is None)
        return self.least is not None and abs(value - last) > self.least

    def _report(self, sample: ChannelSample) -> tuple[ChannelSample, ...]:
        self._reported, self._withheld = sample, None
        return (sample,)


def make_reporter(settings: ChannelSettings) -> Reporter | None:
    """Return the report filter of a channel, None where every sample is reported."""
    match settings.report:
        case "periodic":
            return Reporter((settings.every_s or settings.heartbeat_s) * 1000, None)
        case "change":
            return Reporter(settings.heartbeat_s * 1000, 0.0)
        case "deadband":
            return Reporter(settings.heartbeat_s * 1000, settings.deadband or 0.0)
        case "all":
            return None


def due_s(settings: ChannelSettings) -> float | None:
    """Return the longest time between reported samples of a channel; None where that is not known."""
    if settings.report == "periodic":
        return settings.every_s or settings.heartbeat_s
    if settings.report == "all":
        return settings.interval_s
    # The heartbeat is sent with the first sample after it is due.
    return settings.heartbeat_s + (settings.interval_s or 0.0)
