"""Seeded random streams: white noise and autoregressive noise."""

from __future__ import annotations

import math

import numpy as np

_BLOCK = 1024


class Noise:
    """Standard normal numbers of a seed, drawn in blocks: single draws are slow."""

    def __init__(self, seed: int, stream: int) -> None:
        self._generator = np.random.default_rng((seed, stream))
        #: Numbers that were drawn and not taken.
        self.block: list[float] = []

    def normal(self) -> float:
        """Return the next number of mean 0 and standard deviation 1."""
        return (self.block or self.draw()).pop()

    def draw(self) -> list[float]:
        """Draw the next numbers, which are taken from the end."""
        self.block = self._generator.standard_normal(_BLOCK).tolist()
        return self.block


class Wander:
    """First-order autoregressive noise with a stationary standard deviation and a time constant in seconds."""

    def __init__(self, noise: Noise, deviation: float, time_constant_s: float, step_s: float) -> None:
        self._noise = noise
        self._keep = math.exp(-step_s / time_constant_s)
        self._innovation = deviation * math.sqrt(1 - self._keep**2)
        self.value = deviation * noise.normal()

    def step(self) -> float:
        """Advance by one step and return the new value."""
        noise = self._noise  # without a call of its own: eight of these advance at each step of a vehicle
        self.value = self._keep * self.value + self._innovation * (noise.block or noise.draw()).pop()
        return self.value
