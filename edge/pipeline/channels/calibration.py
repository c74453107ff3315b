"""Calibration: corrections of raw values, each valid from a time on. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.pipeline.channels.settings import CalibrationSettings


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
