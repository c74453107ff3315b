"""Faults as findings about a channel: test, flag, treatment, and the facts of a sentence with the remedy."""

from __future__ import annotations

from typing import Final

from headland.agronomy.sensor_faults.fault import (
    ALTERNATING,
    DRIFT,
    GAIN,
    LEFT_OUT,
    NOISE,
    SPIKES,
    STEP,
    STUCK,
    Fault,
)  # fmt: skip
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.qartod import FAIL, SUSPECT

#: Kinds that another channel of the same quantity may show: their text then names it.
_BESIDE: Final = frozenset((STEP, DRIFT, GAIN))


def tell_fault(fault: Fault, channel: str, n: int, span_ms: tuple[int, int], unit: str) -> SensorFinding:
    """Return a fault as the finding about `n` samples of a channel; `unit` is that of a difference of its values."""
    size = _size(fault, unit)
    is_left_out = fault.kind in LEFT_OUT
    cause = f"sensor_{fault.kind}" + ("_beside" if fault.beside and fault.kind in _BESIDE else "")
    return SensorFinding(
        channel, fault.kind, FAIL if is_left_out else SUSPECT, n, *span_ms, is_left_out, _detail(fault, size),
        cause, fault.chance, {"size": size},
    )  # fmt: skip


def _size(fault: Fault, unit: str) -> str:
    if fault.kind == GAIN:
        return f"{1.0 + fault.size:.2f}"
    sign = "+" if fault.kind in {STEP, DRIFT} else ""
    return f"{fault.size:{sign}.2g} {unit}" if abs(fault.size) < 100.0 else f"{fault.size:{sign}.0f} {unit}"


def _detail(fault: Fault, size: str) -> str:
    beside = "beside the sensor next to it" if fault.beside else "by the days before and the other channels"
    return {
        STUCK: f"scatters by {size} about one value while the others move",
        ALTERNATING: f"alternates between two values {size} apart",
        NOISE: f"scatters by {size}, more than at that time on the days before",
        SPIKES: f"lone values, {size} off both neighbours",
        STEP: f"stepped by {size} {beside}",
        DRIFT: f"drifts by {size} a day {beside}",
        GAIN: f"reads {size} times as much as before {beside}",
    }[fault.kind]
