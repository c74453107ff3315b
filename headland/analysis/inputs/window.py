"""Time windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

#: The range of a calendar: years 1 to 9999.
LOW_MS: Final = -62_135_596_800_000
HIGH_MS: Final = 253_402_300_799_999


@dataclass(frozen=True, slots=True)
class Window:
    """[start_ms, end_ms)."""

    start_ms: Annotated[int, "Start, epoch milliseconds UTC."]
    end_ms: Annotated[int, "End, epoch milliseconds UTC; not included."]

    @property
    def pair(self) -> tuple[int, int]:
        """The two ends."""
        return self.start_ms, self.end_ms


def utc_of(time_ms: int | None) -> str | None:
    """Return an instant as RFC 3339 in UTC."""
    if time_ms is None or not LOW_MS <= time_ms <= HIGH_MS:
        return None
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
