"""Plans of channels: checked settings, made once and shared by all devices to which they apply."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from edge.pipeline.channels.limit_tables import Limits, find_mistake, merge_checks
from edge.pipeline.channels.settings import CalibrationSettings, ChannelSettings, GrossRange, QualityChecks
from headland.contract.foreign_units import Conversion, NoConversion, convert_to_channel
from headland.contract.quantities import quantity_of, split_channel
from headland.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections in time: `coefficients[i]` (c0, c1, ...) apply from `from_ms[i]` until the next ones begin."""

    from_ms: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]

    def correct(self, raw: float, time_ms: int) -> float:
        """Return the corrected value; before the first correction the raw one."""
        index = bisect_right(self.from_ms, time_ms) - 1
        if index < 0:
            return raw
        value = 0.0
        for coefficient in reversed(self.coefficients[index]):
            value = value * raw + coefficient
        return value

    def __str__(self) -> str:
        """Return the corrections for a person, in time order: `-0.4 + 1.01 x from 2026-02-28T16:00:00Z`."""
        return "; ".join(map(_describe, self.from_ms, self.coefficients))


def _describe(from_ms: float, coefficients: Sequence[float]) -> str:
    powers = ["", " x", *(f" x^{power}" for power in range(2, len(coefficients)))]
    terms = " + ".join(
        f"{coefficient:g}{power}" for coefficient, power in zip(coefficients, powers, strict=False) if coefficient
    )
    if from_ms == float("-inf"):
        return terms
    return f"{terms} from {datetime.fromtimestamp(from_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def make_calibration(settings: Sequence[CalibrationSettings]) -> Calibration | str | None:
    """Return the corrections in time order, None where there are none, or a sentence about the first mistake."""
    coefficients_at: dict[float, tuple[float, ...]] = {}
    for calibration in settings:
        from_ms = float("-inf") if calibration.valid_from is None else calibration.valid_from.timestamp() * 1000
        if from_ms in coefficients_at:
            return "two calibrations begin at the same time"
        if calibration.polynomial is not None and (calibration.offset, calibration.gain) != (0.0, 1.0):
            return "a calibration is a polynomial or offset and gain, not both"
        linear = (calibration.offset, calibration.gain)
        coefficients = linear if calibration.polynomial is None else calibration.polynomial
        if len(coefficients) < 2 or not any(coefficients[1:]):
            return "the result of a calibration must depend on the raw value: its gain must not be 0"
        coefficients_at[from_ms] = coefficients
    ordered = sorted(coefficients_at)
    return Calibration(tuple(ordered), tuple(coefficients_at[from_ms] for from_ms in ordered)) if ordered else None


_RAW: Final = "raw_"


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """Processing steps of a channel: conversion, calibration, quality tests and reporting."""

    channel: str
    settings: ChannelSettings
    checks: QualityChecks
    conversion: Conversion | None
    calibration: Calibration | None

    @property
    def raw_channel(self) -> str | None:
        """The channel of the raw value, None where it is not stored."""
        return _RAW + self.channel if self.calibration is not None and self.settings.keep_raw else None


def make_plan(settings: ChannelSettings, limits: Limits) -> ChannelPlan | str:
    """Return the plan of a channel, or a sentence about the first mistake in its settings."""
    parts = split_channel(settings.channel)
    if parts is None:
        return f"{settings.channel!r} is not written as a channel"
    calibration = make_calibration(settings.calibration)
    if isinstance(calibration, str):
        return calibration
    conversion = None if settings.unit is None else convert_to_channel(settings.channel, settings.unit)
    if isinstance(conversion, NoConversion):
        return conversion.sentence
    if (settings.report == "deadband") != (settings.deadband is not None):
        return 'deadband and report = "deadband" go together'
    if (settings.report == "periodic") != (settings.every_s is not None):
        return 'every_s and report = "periodic" go together'
    mistake = find_mistake(settings.quality)
    if mistake is not None:
        return mistake
    checks = merge_checks(limits.get(parts[0]), settings.quality)
    bare = conversion is None or conversion.is_identity
    return ChannelPlan(settings.channel, settings, checks, None if bare else conversion, calibration)


def physical_range(plan: ChannelPlan) -> GrossRange:
    """Return the channel's gross range, whose `fail` defaults to the physical range of the quantity."""
    limits = plan.checks.gross_range or GrossRange()
    quantity = quantity_of(plan.channel)
    if quantity is None or limits.fail is not None:
        return limits
    return GrossRange(fail=(quantity.low, quantity.high), suspect=limits.suspect)


class ChannelPlans:
    """All plans of a gateway. `settings` are the `[[channel]]` tables, `limits` apply to channels without a table."""

    def __init__(self, settings: Sequence[ChannelSettings], limits: Limits) -> None:
        """Check the settings. Raises SettingsError."""
        self._limits = limits
        self._plans = [_require_plan(table, limits) for table in settings]
        self._default_plans: dict[str, ChannelPlan | None] = {}

    def find(self, source: str, device: str, channel: str, *, has_limits: bool) -> ChannelPlan | None:
        """Return the first plan that applies; without `has_limits` only `[[channel]]` tables count."""
        for plan in self._plans:
            table = plan.settings
            if table.channel == channel and table.device in (None, device) and table.source in (None, source):
                return plan
        return self._default_plan(channel) if has_limits else None

    def names_source(self, source: str) -> bool:
        """Return whether any `[[channel]]` table may apply to a source."""
        return any(plan.settings.source in (None, source) for plan in self._plans)

    def twin_channels(self) -> frozenset[str]:
        """Return the channels with which others are compared."""
        return frozenset(checks.twin.channel for checks in self._checks() if checks.twin is not None)

    def _checks(self) -> Iterator[QualityChecks]:
        yield from (plan.checks for plan in self._plans)
        yield from self._limits.values()

    def _default_plan(self, channel: str) -> ChannelPlan | None:
        if channel not in self._default_plans:
            parts = split_channel(channel)
            has_limits = parts is not None and parts[0] in self._limits
            plan = make_plan(ChannelSettings(channel=channel), self._limits) if has_limits else None
            self._default_plans[channel] = plan if isinstance(plan, ChannelPlan) else None
        return self._default_plans[channel]


def _require_plan(settings: ChannelSettings, limits: Limits) -> ChannelPlan:
    plan = make_plan(settings, limits)
    if isinstance(plan, str):
        raise SettingsError(f"channel {settings.channel}: {plan}")
    return plan
