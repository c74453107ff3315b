"""Flow of product: litres a minute of a flow meter that reports as a battery, kilograms a minute of a scale."""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Final

from headland.units_of_time import MINUTE_MS

#: The limit of int16 centiamperes: a flow meter reads this at 327.6 L/h and beyond.
FLOW_SATURATED_CA: Final = 32760
#: The slope of a volume, which is exact to the millilitre: over (at least, at most) so long.
_VOLUME_SPAN_MS: Final = (2000, 5000)
#: The slope of a mass, which shakes by half a kilogram while the machine flies.
_MASS_SPAN_MS: Final = (8000, 20_000)
#: The most samples held, whatever their rate.
_SAMPLES: Final = 1000


class AmountSlope:
    """The rate of a growing or falling amount: least squares over the last seconds."""

    def __init__(self, span_ms: tuple[int, int] = _VOLUME_SPAN_MS) -> None:
        self._least_ms, self._most_ms = span_ms
        self._points: deque[tuple[int, float]] = deque(maxlen=_SAMPLES)

    def clear(self) -> None:
        """Forget all samples."""
        self._points.clear()

    def add(self, moment_ms: int, amount: float) -> None:
        """Add an amount; an earlier moment than the last clears the samples, an equal one replaces the last."""
        points = self._points
        if points and moment_ms < points[-1][0]:
            points.clear()
        elif points and moment_ms == points[-1][0]:
            points.pop()
        points.append((moment_ms, amount))
        while moment_ms - points[0][0] > self._most_ms:
            points.popleft()

    @property
    def last(self) -> float | None:
        """The newest amount."""
        return self._points[-1][1] if self._points else None

    def per_minute(self) -> float | None:
        """Return the slope a minute, None while the samples span too little."""
        points = self._points
        if len(points) < 3 or points[-1][0] - points[0][0] < self._least_ms:
            return None
        mean_ms = sum(moment_ms for moment_ms, _ in points) / len(points)
        mean = sum(amount for _, amount in points) / len(points)
        spread = sum((moment_ms - mean_ms) ** 2 for moment_ms, _ in points)
        return sum((moment_ms - mean_ms) * (amount - mean) for moment_ms, amount in points) / spread * MINUTE_MS


class FuelFlowMonitor:
    """ArduPilot's FuelFlow monitor: 1 A means 1 L/h, 1 mAh means 1 mL.

    The current is int16 and ends at 327.67 L/h (5.46 L/min); beyond, and where it is missing, the rate is computed from
    the volume, which is exact.
    """

    def __init__(self) -> None:
        self._volume = AmountSlope()

    def flow_l_min(self, current_ca: int, consumed_ml: int, moment_ms: int) -> float | None:
        """Return the flow, None while it is not known."""
        if current_ca != -1 and abs(current_ca) < FLOW_SATURATED_CA:
            self._volume.clear()
            return current_ca / 100 / 60
        if consumed_ml == -1:
            return None
        last_ml = self._volume.last
        if last_ml is not None and consumed_ml < last_ml:  # it restarted
            self._volume.clear()
        self._volume.add(moment_ms, consumed_ml)
        rate_ml_min = self._volume.per_minute()
        return None if rate_ml_min is None else rate_ml_min / 1000


class Scale:
    """The mass flow out of a hopper by its weight: falling mass is product, rising mass is a refill."""

    #: A rise of the median by more is a refill, less is noise of the scale, which shakes as the machine does.
    _REFILL_KG: Final = 2.0
    _MEDIAN_OF: Final = 9

    def __init__(self) -> None:
        self._mass = AmountSlope(_MASS_SPAN_MS)
        self._recent_kg: deque[float] = deque(maxlen=self._MEDIAN_OF)
        self._least_kg = math.inf

    def clear(self) -> None:
        """Forget all samples: the machine was turned on or off, or refilled."""
        self._mass.clear()
        self._least_kg = math.inf

    def mass_flow_kg_min(self, mass_kg: float, moment_ms: int) -> float | None:
        """Return the mass flow, 0 at least, None while it is not known."""
        self._recent_kg.append(mass_kg)
        median_kg = median(self._recent_kg)
        if median_kg > self._least_kg + self._REFILL_KG:
            self.clear()
        self._least_kg = min(self._least_kg, median_kg)
        self._mass.add(moment_ms, mass_kg)
        rate_kg_min = self._mass.per_minute()
        return None if rate_kg_min is None else max(0.0, -rate_kg_min)
