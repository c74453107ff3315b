"""Calibration: which correction holds at a time, and what it makes of a raw value. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.pipeline.channels.settings import CalibrationSettings


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections in time: `coefficients[i]` (c0, c1, ...) hold from `from_ms[i]` until the next one's begin."""

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
        """Return the corrections for a person, in the order of time: `-0.4 + 1.01 x from 2026-02-28T16:00:00Z`."""
        return "; ".join(map(_show, self.from_ms, self.coefficients))


def _show(from_ms: float, coefficients: Sequence[float]) -> str:
    powers = ["", " x", *(f" x^{power}" for power in range(2, len(coefficients)))]
    terms = " + ".join(f"{one:g}{power}" for one, power in zip(coefficients, powers, strict=False) if one)
    if from_ms == float("-inf"):
        return terms
    return f"{terms} from {datetime.fromtimestamp(from_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def make_calibration(settings: Sequence[CalibrationSettings]) -> Calibration | str | None:
    """Return the corrections in the order of their time, None where there are none, or the sentence that is wrong."""
    steps: dict[float, tuple[float, ...]] = {}
    for one in settings:
        from_ms = float("-inf") if one.valid_from is None else one.valid_from.timestamp() * 1000
        if from_ms in steps:
            return "two calibrations begin at the same time"
        if one.polynomial is not None and (one.offset, one.gain) != (0.0, 1.0):
            return "a calibration is a polynomial or offset and gain, not both"
        coefficients = (one.offset, one.gain) if one.polynomial is None else one.polynomial
        if len(coefficients) < 2 or not any(coefficients[1:]):
            return "a calibration whose result does not depend on the raw value would hide the sensor"
        steps[from_ms] = coefficients
    ordered = sorted(steps)
    return Calibration(tuple(ordered), tuple(steps[at] for at in ordered)) if ordered else None
