"""Dead band of the values that Home Assistant is sent: its recorder stores a row for each change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.contract.quantities import QUANTITIES, split_channel
from headland.store.port import Latest

#: The smallest change of a measured value that is worth a row, by unit.
_BAND_BY_UNIT: Final = {
    "%": 1.0,
    "A": 0.5,
    "L": 0.5,
    "L/min": 0.2,
    "MJ/m2": 0.1,
    "V": 0.1,
    "W/m2": 10.0,
    "deg": 5.0,
    "degC": 0.2,
    "g/m3": 0.3,
    "hPa": 0.3,
    "kPa": 0.05,
    "kg": 0.2,
    "kg/min": 0.2,
    "m": 1.0,
    "m/s": 0.5,
    "mS/cm": 0.05,
    "mm": 0.2,
    "pH": 0.05,
    "ppm": 10.0,
    "umol/m2/s": 20.0,
}
#: For any other unit: this share of the value.
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
        band = _BAND_BY_UNIT.get(unit, abs(shown.sample.value) * _SHARE)
        return age_ms >= _REFRESH_MS or (change >= band and age_ms >= _GAUGE_MS)


def _is_state(channel: str) -> bool:
    parts = split_channel(channel)
    quantity = None if parts is None else QUANTITIES.get(parts[0])
    return quantity is not None and quantity.kind == "state"
