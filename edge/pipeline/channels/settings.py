"""Settings of channels: the `[[channel]]` tables of edge.toml, and the tables of limits in the same words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.toml.settings import Settings
from headland.contract.records import NAME

Name = Annotated[str, Meta(pattern=rf"^{NAME.pattern}\Z")]
Channel = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}(:[0-9]{1,3})?\Z")]
Positive = Annotated[float, Meta(gt=0)]
Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]
Span = tuple[float, float]


class CalibrationSettings(Settings, frozen=True, kw_only=True):
    """What takes a raw value `x` to the corrected one from `valid_from` on (without it: from the beginning).

    `offset + gain * x`, or `polynomial` [c0, c1, c2, ...] for c0 + c1 x + c2 x^2 + ... . `note` says where it is from.
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
    """QARTOD rate of change, the step: more than `suspect` (`fail`) within `within_s`, or as steep over longer."""

    suspect: Positive | None = None
    fail: Positive | None = None
    within_s: Seconds = 60.0


class Spike(Settings, frozen=True, kw_only=True):
    """QARTOD spike: how far a value may stand off its two neighbours.

    `average`: off their mean. `differential`: off the nearer one, where both lie on the same side.
    """

    suspect: Positive
    fail: Positive | None = None
    method: Literal["average", "differential"] = "differential"


class FlatLine(Settings, frozen=True, kw_only=True):
    """QARTOD flat line: values that stay within `tolerance` for `suspect_s` (`fail_s`).

    Only values within `between` are looked at: saturated air and a dark sky are rightly flat.
    """

    tolerance: Positive
    suspect_s: Seconds
    fail_s: Seconds | None = None
    between: Span | None = None


class Twin(Settings, frozen=True, kw_only=True):
    """Cross-sensor check (QARTOD neighbour): `channel` of `device` measures the same and may differ by `suspect`.

    Its value counts for `within_s`. Which of the two is wrong cannot be known: the one that names the other is flagged.
    """

    channel: Channel
    device: Name | None = None
    suspect: Positive
    within_s: Seconds = 600.0


class Checks(Settings, frozen=True, kw_only=True):
    """The tests of a channel; one that is not named is not made. `off` takes tests of the table of limits out."""

    gross_range: GrossRange | None = None
    rate_of_change: RateOfChange | None = None
    spike: Spike | None = None
    flat_line: FlatLine | None = None
    twin: Twin | None = None
    gap_s: Seconds | None = None
    off: tuple[Literal["gross_range", "rate_of_change", "spike", "flat_line", "twin"], ...] = ()


class ChannelSettings(Settings, frozen=True, kw_only=True):
    """One channel of one device; without `device` of every device, without `source` of every source. The first fits.

    `unit`: what the device's numbers really are, where that is not what the channel's name says. `interval_s`: how
    often a sample is due. `report`: every sample (`all`), one each `every_s` (`periodic`), when the value differs
    (`change`) or by more than `deadband`; with the last two one each `heartbeat_s` at least, so that silence means
    that the sensor is dead. `keep_raw`: a calibrated channel's raw value is kept as `raw_<channel>`.
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
    quality: Checks = Checks()


class QualitySettings(Settings, frozen=True, kw_only=True):
    """Which limits hold for channels that edge.toml does not name.

    `limits`: a table beside edge.toml or one that comes along; an empty text for none. Vehicles have limits only where
    a `[[channel]]` says so. `spike_wait_s`: how long a row may wait for the next one, which the spike test needs.
    """

    limits: str = "greenhouse"
    spike_wait_s: Annotated[float, Meta(ge=0, le=3600)] = 0.0
