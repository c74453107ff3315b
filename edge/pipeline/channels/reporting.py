"""Report strategies: which samples of a channel go on, so that no change is told from no sensor. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from edge.pipeline.channels.settings import ChannelSettings


class Sample(NamedTuple):
    """A channel's value at an instant with its QARTOD flag; `raw` is what it was before a calibration."""

    time_ms: int
    value: float | None
    flag: int
    raw: float | None = None


@dataclass(slots=True)
class Reporter:
    """Decides sample by sample, in the order they come.

    `least` is how far a value must be off the last reported one (0: differ at all, None: the value does not matter).
    A sample goes on when it is the first, when `every_ms` have passed since the last reported one, when its flag
    changes, when a value comes or goes, or when it is off by more than `least`. Then the one before it, where that was
    held back, goes on as well: the value held until then, and no slope is invented.
    """

    every_ms: float
    least: float | None
    _reported: Sample | None = None
    _held: Sample | None = None

    def take(self, sample: Sample) -> tuple[Sample, ...]:
        """Return what goes on now, oldest first."""
        last = self._reported
        if last is None or sample.time_ms <= last.time_ms:
            return self._report(sample)
        if sample.flag == last.flag and not self._is_news(sample.value, last.value):
            if sample.time_ms - last.time_ms < self.every_ms:
                self._held = sample
                return ()
            return self._report(sample)
        held = self._held if self.least is not None else None
        if held is not None and held.time_ms >= sample.time_ms:
            held = None
        return self._report(sample) if held is None else (held, *self._report(sample))

    def _is_news(self, value: float | None, last: float | None) -> bool:
        if value is None or last is None:
            return (value is None) != (last is None)
        return self.least is not None and abs(value - last) > self.least

    def _report(self, sample: Sample) -> tuple[Sample, ...]:
        self._reported, self._held = sample, None
        return (sample,)


def make_reporter(settings: ChannelSettings) -> Reporter | None:
    """Return the reporter of a channel, None where every sample goes on."""
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
    """Return how long the reported samples of a channel may lie apart; None where that is not known."""
    if settings.report == "periodic":
        return settings.every_s or settings.heartbeat_s
    if settings.report == "all":
        return settings.interval_s
    # The heartbeat is the first sample after it is due.
    return settings.heartbeat_s + (settings.interval_s or 0.0)
