"""A greenhouse on a grid of five minutes: the channels of its devices with counts and flags, and answers from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from headland.agronomy.series.answer import SAMPLED_TOO_RARELY, Answer
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.indicator import Index, answer_of
from headland.agronomy.series.qartod import GOOD, MISSING
from headland.agronomy.series.time_grid import STEP_MS, Periods, count_true
from headland.analysis.inputs.answers import DeviceFinding


@dataclass(slots=True)
class DeviceGrid:
    """A device's channels on the grid: by step the mean, the number of samples and the worst flag among them.

    intervals
        The interval of the samples [ms] at steps that rest on neighbouring ones; a channel that needs none is left out.
    stand_ins, replaced
        The second sensor by the channel whose gaps it filled, and the steps at which it did.
    """

    device: str
    values: dict[str, Values] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    flags: dict[str, Counts] = field(default_factory=dict)
    intervals: dict[str, Values] = field(default_factory=dict)
    stand_ins: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, Mask] = field(default_factory=dict)

    def cut(self, part: slice) -> DeviceGrid:
        """Return some steps of it."""
        return DeviceGrid(
            self.device,
            {name: column[part] for name, column in self.values.items()},
            {name: column[part] for name, column in self.counts.items()},
            {name: column[part] for name, column in self.flags.items()},
            {name: column[part] for name, column in self.intervals.items() if column[part].any()},
            self.stand_ins,
            {name: column[part] for name, column in self.replaced.items()},
        )


@dataclass(frozen=True, slots=True)
class HouseGrid:
    """A greenhouse on the grid: its devices, and the findings about their sensors."""

    periods: Periods
    devices: list[DeviceGrid]
    left_out: list[DeviceFinding]
    _counted: dict[tuple[str, ...], list[int]] = field(default_factory=dict, repr=False, compare=False)
    _flagged: dict[tuple[str, ...], list[int]] = field(default_factory=dict, repr=False, compare=False)

    def mean(self, channel: str) -> Values | None:
        """Return the mean of the devices by step, None where no device has the channel."""
        columns = [device.values[channel] for device in self.devices if channel in device.values]
        if not columns:
            return None
        if len(columns) == 1:
            return columns[0]
        known = np.isfinite(columns)
        total = np.where(known, columns, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)

    def cut(self, periods: Periods) -> HouseGrid:
        """Return the part of the grid with some periods, which are within it."""
        first = (periods.start_ms - self.periods.start_ms) // STEP_MS
        part = slice(first, first + periods.steps)
        return HouseGrid(periods, [device.cut(part) for device in self.devices], self.left_out)

    def counts_of(self, channels: tuple[str, ...]) -> list[int]:
        """Return the number of samples in each period, of the channel with the fewest."""
        if channels not in self._counted:
            edges, none = self.periods.edges[:-1], np.zeros(len(self.periods), np.int64)
            sums = [
                sum((np.add.reduceat(d.counts[c], edges) for d in self.devices if c in d.counts), none)
                for c in channels
            ]
            self._counted[channels] = (np.minimum.reduce(sums) if sums else none).tolist()
        return self._counted[channels]

    def quality_of(self, channels: tuple[str, ...]) -> list[int]:
        """Return the worst flag in each period among the samples of some channels that were used; 9 without any."""
        if channels not in self._flagged:
            edges = self.periods.edges[:-1]
            worst = np.zeros(len(self.periods), np.int64)
            for column in (device.flags[c] for c in channels for device in self.devices if c in device.flags):
                worst = np.maximum(worst, np.maximum.reduceat(column, edges))
            self._flagged[channels] = np.where(worst > 0, worst, MISSING).tolist()
        return self._flagged[channels]

    def quality(self, channels: Iterable[str]) -> int:
        """Return the worst flag among all samples of some channels that were used."""
        known = [flag for flag in self.quality_of(tuple(channels)) if flag != MISSING]
        return max(known, default=GOOD)

    def evidence_of(self, channels: Iterable[str]) -> list[str]:
        """Return for each period `measured`, or `measured_twin` where a second sensor replaced the first."""
        taken = np.zeros(self.periods.steps, np.bool_)
        for mask in (device.replaced[c] for c in channels for device in self.devices if c in device.replaced):
            taken |= mask
        if not taken.any():
            return ["measured"] * len(self.periods)
        by_period = np.logical_or.reduceat(taken, self.periods.edges[:-1]).tolist()
        return ["measured_twin" if is_replaced else "measured" for is_replaced in by_period]

    def interval_of(self, channels: Iterable[str]) -> Values | None:
        """Return by step the slowest interval [ms] of some channels, 0 where none matters; None where none does."""
        slowest: Values | None = None
        for channel in channels:
            # A channel is as fast as its fastest device.
            columns = [d.intervals.get(channel) for d in self.devices if channel in d.values]
            if columns and all(column is not None for column in columns):
                column = np.fmin.reduce([c for c in columns if c is not None])
                slowest = column if slowest is None else np.fmax(slowest, column)
        return slowest

    def counts_within(self, channels: tuple[str, ...], windows: Sequence[tuple[int, int]]) -> list[int]:
        """Return the number of samples in each of some windows, of the channel with the fewest."""
        rows = []
        for channel in channels:
            total = np.zeros(self.periods.steps + 1, np.int64)
            for device in self.devices:
                if channel in device.counts:
                    total[1:] += np.cumsum(device.counts[channel])
            first, end = self._steps_of(windows).T
            rows.append(total[end] - total[first])
        return np.minimum.reduce(rows).tolist() if rows else [0] * len(windows)

    def quality_within(self, channels: tuple[str, ...], windows: Sequence[tuple[int, int]]) -> list[int]:
        """Return the worst flag in each of some windows among the samples that were used; 9 without any."""
        columns = [device.flags[c] for c in channels for device in self.devices if c in device.flags]
        spans = self._steps_of(windows).tolist()
        worst = [max((int(column[a:b].max(initial=0)) for column in columns), default=0) for a, b in spans]
        return [flag or MISSING for flag in worst]

    def _steps_of(self, windows: Sequence[tuple[int, int]]) -> Counts:
        edges = (np.array(windows, np.int64).reshape(-1, 2) - self.periods.start_ms) // STEP_MS
        return np.clip(edges, 0, self.periods.steps)


def answers_of(grid: HouseGrid, index: Index, windows: Sequence[tuple[int, int]]) -> list[Answer]:
    """Return an index as answers by period; `windows` are those of the periods, an index may have its own."""
    if index.windows is None:
        counts, flags = grid.counts_of(index.inputs), grid.quality_of(index.inputs)
    else:
        windows = index.windows
        counts, flags = grid.counts_within(index.inputs, windows), grid.quality_within(index.inputs, windows)
    evidence = grid.evidence_of(index.inputs)
    index = _enforce_cadence(grid, index)
    return [
        answer_of(index, at, window, n=counts[at], quality=flags[at], evidence=evidence[at])
        for at, window in enumerate(windows)
    ]


def _enforce_cadence(grid: HouseGrid, index: Index) -> Index:
    """Return an index without the values of periods that rest on samples at a slower interval than it needs."""
    interval_ms = grid.interval_of(index.inputs)
    if interval_ms is None:
        return index
    share = count_true(grid.periods, interval_ms > index.slowest_ms) / grid.periods.lengths
    rare = share > 1.0 - index.bar
    if not rare.any():
        return index
    reasons = index.reasons or (None,) * len(index.value)
    told = tuple(SAMPLED_TOO_RARELY if is_rare else reason for is_rare, reason in zip(rare, reasons, strict=True))
    return replace(index, value=np.where(rare, np.nan, index.value), reasons=told)
