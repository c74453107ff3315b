"""Dead band of the values that Home Assistant is sent: its recorder stores a row for each change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.contract.quantities import quantity_of
from headland.contract.units import UNITS
from headland.store.port import Latest

#: The smallest change that is worth a row in a unit without a dead band: this share of the value.
_SHARE: Final = 0.02
#: Least time between two changes of a measured value [ms].
_GAUGE_MS: Final = 30_000
#: A state, such as a pump's, is sent as it changes, but not faster than this [ms].
_STATE_MS: Final = 2_000
#: A value within the dead band is sent, too, when the one that is shown is this old [ms].
_REFRESH_MS: Final = 600_000


@dataclass(slots=True)
class _Shown:
    sample: Latest
    since_ms: int
    sent_ms: int


class DeadBand:
    """The values that are shown, by device and channel; those of a gone broker are forgotten by `clear`."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], _Shown] = {}

    def clear(self) -> None:
        """Forget what is shown: every value is sent again."""
        self._shown.clear()

    def forget(self, sample: Latest) -> None:
        """Forget what is shown of the series of a sample, which could not be sent."""
        self._shown.pop((sample.key.device, sample.key.channel), None)

    def choose(self, sample: Latest, unit: str, now_ms: int, keep_alive_ms: int) -> Latest | None:
        """Return what is to be sent for the newest sample of a series: it, the one that is shown again, or nothing.

        The shown one is sent again after `keep_alive_ms`, so that it does not expire while its series goes on.
        """
        series = sample.key.device, sample.key.channel
        shown = self._shown.get(series)
        if shown is None or self._is_change(shown, sample, unit, now_ms):
            self._shown[series] = _Shown(sample, now_ms, now_ms)
            return sample
        if now_ms - shown.sent_ms < keep_alive_ms:
            return None
        shown.sent_ms = now_ms
        return shown.sample

    @staticmethod
    def _is_change(shown: _Shown, sample: Latest, unit: str, now_ms: int) -> bool:
        change = abs(sample.value - shown.sample.value)
        age_ms = now_ms - shown.since_ms
        if change == 0.0:
            return False
        if _is_state(sample.key.channel):
            return age_ms >= _STATE_MS
        row = UNITS.get(unit)
        own = None if row is None else row.dead_band
        band = abs(shown.sample.value) * _SHARE if own is None else own
        return age_ms >= _REFRESH_MS or (change >= band and age_ms >= _GAUGE_MS)


def _is_state(channel: str) -> bool:
    quantity = quantity_of(channel)
    return quantity is not None and quantity.kind == "state"
