"""How long to wait before the next try: pure, the dice are an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from `first_s` up to `most_s`; `jitter` is the part of each that chance may take off."""

    first_s: float
    most_s: float
    jitter: float = 0.5

    def wait_s(self, failures: int, dice: float) -> float:
        """Return the wait after so many failures in a row (1 or more); `dice` is uniform in [0, 1).

        Chance keeps a fleet that lost one broker from coming back in one instant.
        """
        doublings = min(max(failures - 1, 0), 60)
        full_s = min(self.first_s * 2.0**doublings, self.most_s)
        return full_s * (1.0 - self.jitter * dice)


BROKER: Final = Backoff(0.5, 60.0)
DEVICE: Final = Backoff(0.5, 30.0)
SOURCE: Final = Backoff(1.0, 60.0)
SPOOL: Final = Backoff(0.5, 10.0, jitter=0.0)
