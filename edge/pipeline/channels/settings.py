"""Settings of channels: the `[[channel]]` tables of edge.toml and the tables of limits, which share their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.sources.settings import Name
from edge.toml.settings import Settings

Channel = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}(:[0-9]{1,3})?\Z")]
Positive = Annotated[float, Meta(gt=0)]
Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
Span = tuple[float, float]


class CalibrationSettings(Settings, frozen=True, kw_only=True):
    """Correction of a raw value `x` from `valid_from` on (without it: from the beginning).

    `offset + gain * x`, or `polynomial` [c0, c1, c2, ...] for c0 + c1 x + c2 x^2 + ... . `note` names its origin.
    """

    valid_from: Annotated[datetime, Meta(tz=True)] | None = None
    offset: float = 0.0
    gain: float = 1.0
    polynomial: Annotated[tuple[float, ...], Meta(min_length=1, max_length=8)] | None = None
    note: str = ""


class GrossRange(Settings, frozen=True, kw_only=True):
    """QARTOD gross range: outside `fail` a value is impossible for the sensor, outside `suspect` unlikely here."""

    fail: Span | None = None
    suspect: Span | None = None


class RateOfChange(Settings, frozen=True, kw_only=True):
    """QARTOD rate of change: a step of more than `suspect` (`fail`) within `within_s`, or that slope over longer."""

    suspect: Positive | None = None
    fail: Positive | None = None
    within_s: Seconds = 60.0


class Spike(Settings, frozen=True, kw_only=True):
    """QARTOD spike: how far a value may differ from its two neighbours.

    `average`: from their mean. `differential`: from the nearer one, where both are on the same side.
    """

    suspect: Positive
    fail: Positive | None = None
    method: Literal["average", "differential"] = "differential"


class FlatLine(Settings, frozen=True, kw_only=True):
    """QARTOD flat line: values that stay within `tolerance` for `suspect_s` (`fail_s`).

    Only values within `between` are tested: saturated air and a dark sky are rightly flat.
    """

    tolerance: Positive
    suspect_s: Seconds
    fail_s: Seconds | None = None
    between: Span | None = None


class Twin(Settings, frozen=True, kw_only=True):
    """Cross-sensor check (QARTOD neighbour): `channel` of `device` measures the same and may differ by `suspect`.

    Its value is valid for `within_s`. The test cannot know which of the two is wrong: it flags the one that names the
    other.
    """

    channel: Channel
    device: Name | None = None
    suspect: Positive
    within_s: Seconds = 600.0


class QualityChecks(Settings, frozen=True, kw_only=True):
    """Quality tests of a channel; only the named ones are made. `off` removes tests of the table of limits."""

    gross_range: GrossRange | None = None
    rate_of_change: RateOfChange | None = None
    spike: Spike | None = None
    flat_line: FlatLine | None = None
    twin: Twin | None = None
    gap_s: Seconds | None = None
    off: tuple[Literal["gross_range", "rate_of_change", "spike", "flat_line", "twin"], ...] = ()


class ChannelSettings(Settings, frozen=True, kw_only=True):
    """One channel of one device; without `device` of every device, without `source` of every source.

    The first table that matches a channel applies. `unit`: the unit of the device's numbers, where it is not the one in
    the channel's name. `interval_s`: how often a sample is due. `report`: every sample (`all`), one each `every_s`
    (`periodic`), on a change of value (`change`) or a change by more than `deadband`; with the last two at least one
    each `heartbeat_s`, so that silence means a dead sensor. `keep_raw`: the raw value of a calibrated channel is stored
    as `raw_<channel>`.
    """

    channel: Channel
    device: Name | None = None
    source: Name | None = None
    unit: str | None = None
    interval_s: Seconds | None = None
    keep_raw: bool = True
    calibration: list[CalibrationSettings] = msgspec.field(default_factory=list)
    report: Literal["all", "periodic", "change", "deadband"] = "all"
    every_s: Seconds | None = None
    deadband: Positive | None = None
    heartbeat_s: Seconds = 600.0
    quality: QualityChecks = QualityChecks()


class QualitySettings(Settings, frozen=True, kw_only=True):
    """Limits of the channels that edge.toml does not name.

    `limits`: a table beside edge.toml or a built-in one; an empty text for none. Vehicles have limits only where a
    `[[channel]]` sets them. `spike_wait_s`: how long a row may wait for the next one, which the spike test needs.
    """

    limits: str = "greenhouse"
    spike_wait_s: Annotated[float, Meta(ge=0, le=3600)] = 0.0
