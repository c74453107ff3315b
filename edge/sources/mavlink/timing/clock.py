"""A vehicle's clocks: time since boot, unwrapped, and the UTC that belongs to it.

SYSTEM_TIME pairs the two. The autopilot sets its UTC from satellites over a serial line, so single pairs scatter by
some 15 ms and its oscillator drifts by some 50 ppm; a reboot or a receiver that corrects its time makes a step.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from statistics import median
from typing import Final

#: 2015-01-01: a SYSTEM_TIME before this comes from a clock that was never set.
UTC_FROM_US: Final = 1_420_070_400_000_000
#: 2100-01-01: a SYSTEM_TIME after this is damaged.
UTC_UNTIL_US: Final = 4_102_444_800_000_000

WRAP_32: Final = 2**32
#: A boot time that falls by more is a reboot; by less, a late message.
REBOOT_FALL_MS: Final = 1000
#: An offset that moves by more is a step, not scatter.
STEP_MS: Final = 500.0
#: How many in a row must agree before a step or a reboot is accepted: one may be damaged or late.
CONFIRMATIONS: Final = 3

_WINDOW: Final = 31
#: Long enough for a message without a queue before it, short enough for a clock that drifts by 50 ppm.
_HOST_WINDOW_MS: Final = 30_000
#: The offset in use follows the filter no faster than this, so that rows keep their order and spacing within 1 %.
_MAX_SLEW: Final = 0.01
#: Close to the wrap of a 32-bit millisecond counter (49.7 days): a fall there is the wrap.
_WRAP_MARGIN_MS: Final = 600_000
#: A wrapped stamp further from the last boot time than this belongs to another clock.
_SAME_CLOCK_MS: Final = 5000.0


class MapUpdate(Enum):
    """Effect of a (UTC, boot time) pair on the map."""

    UNKNOWN = "the vehicle does not know its UTC"
    FOUND = "the first pair: the map is known now"
    STEADY = "agrees with the map"
    SUSPECT = "is a step away from the map, not yet confirmed"
    STEPPED = "confirmed a step: the map is a new one"


class UtcMap:
    """Map from time since boot to UTC: the median of the last offsets, followed slowly."""

    def __init__(self) -> None:
        self._offsets_ms: deque[float] = deque(maxlen=_WINDOW)
        self._candidates_ms: list[float] = []
        #: UTC is time since boot plus this; None while the offset is moving and `utc_ms` must be called.
        self.constant_offset_ms: int | None = None
        self._target_ms = 0.0
        self._offset_ms = 0.0
        self._at_boot_ms = 0
        self._last_pair = (0, 0)

    @property
    def known(self) -> bool:
        """Whether `utc_ms` may be called."""
        return bool(self._offsets_ms)

    @property
    def offset_ms(self) -> float:
        """UTC minus boot time, as now in use."""
        return self._offset_ms

    def uncertainty_ms(self) -> float:
        """Return the standard deviation of single pairs (1.4826 median absolute deviations), 1 ms at least."""
        deviations = [abs(offset - self._target_ms) for offset in self._offsets_ms]
        return max(1.0, 1.4826 * median(deviations)) if deviations else float("inf")

    def observe(self, unix_us: int, boot_ms: int) -> MapUpdate:
        """Add a pair; return its effect."""
        if not UTC_FROM_US < unix_us < UTC_UNTIL_US:
            return MapUpdate.UNKNOWN
        if (unix_us, boot_ms) == self._last_pair:
            return MapUpdate.SUSPECT if self._candidates_ms else MapUpdate.STEADY
        self._last_pair = (unix_us, boot_ms)
        offset_ms = unix_us / 1000 - boot_ms
        if not self.known:
            self._start([offset_ms], boot_ms)
            return MapUpdate.FOUND
        if abs(offset_ms - self._target_ms) > STEP_MS:
            return self._suspect(offset_ms, boot_ms)
        self._candidates_ms.clear()
        self._offsets_ms.append(offset_ms)
        self._target_ms = median(self._offsets_ms)
        self._update_constant()
        return MapUpdate.STEADY

    def agrees(self, unix_us: int, boot_ms: int) -> bool:
        """Return whether a pair fits the map."""
        return self.known and abs(unix_us / 1000 - boot_ms - self._target_ms) <= STEP_MS

    def utc_ms(self, boot_ms: int) -> int:
        """Return the UTC of a time since boot. Times that rise by 2 ms or more give UTC that rises."""
        advance_ms = boot_ms - self._at_boot_ms
        if advance_ms > 0:
            limit_ms = advance_ms * _MAX_SLEW
            self._offset_ms += max(-limit_ms, min(limit_ms, self._target_ms - self._offset_ms))
            self._at_boot_ms = boot_ms
            self._update_constant()
        return boot_ms + round(self._offset_ms)

    def _suspect(self, offset_ms: float, boot_ms: int) -> MapUpdate:
        if self._candidates_ms and abs(offset_ms - self._candidates_ms[0]) > STEP_MS:
            self._candidates_ms.clear()
        self._candidates_ms.append(offset_ms)
        if len(self._candidates_ms) < CONFIRMATIONS:
            return MapUpdate.SUSPECT
        self._start(self._candidates_ms, boot_ms)
        return MapUpdate.STEPPED

    def _start(self, offsets_ms: list[float], boot_ms: int) -> None:
        self._offsets_ms.clear()
        self._offsets_ms.extend(offsets_ms)
        self._target_ms = self._offset_ms = median(offsets_ms)
        self._at_boot_ms = boot_ms
        self._candidates_ms = []
        self._update_constant()

    def _update_constant(self) -> None:
        self.constant_offset_ms = round(self._offset_ms) if self._target_ms == self._offset_ms else None


class HostMap:
    """Map from time since boot to the gateway's time, by the messages that recently came with the least delay."""

    def __init__(self) -> None:
        self._least_ms: list[int] = []  # of this window and of the one before
        self._window_ends_ms = 0

    @property
    def known(self) -> bool:
        """Whether `utc_ms` may be called."""
        return bool(self._least_ms)

    @property
    def constant_offset_ms(self) -> int | None:
        """The gateway's time is time since boot plus this; None while it is not known."""
        return min(self._least_ms) if self._least_ms else None

    def observe(self, boot_ms: int, arrival_ms: int) -> None:
        """Add the arrival of a message that was sent at `boot_ms`."""
        offset_ms = arrival_ms - boot_ms
        if arrival_ms >= self._window_ends_ms:
            self._window_ends_ms = arrival_ms + _HOST_WINDOW_MS
            self._least_ms = [*self._least_ms[-1:], offset_ms]
        elif offset_ms < self._least_ms[-1]:
            self._least_ms[-1] = offset_ms

    def utc_ms(self, boot_ms: int) -> int:
        """Return the gateway's time of a time since boot."""
        return boot_ms + (self.constant_offset_ms or 0)


class BootState(Enum):
    """What a boot time shows of the vehicle's session."""

    RUNNING = "the session goes on"
    FALLEN = "far behind the last one: late, or a reboot that is not yet confirmed"
    REBOOTED = "confirmed a reboot"


_RUNNING: Final = BootState.RUNNING


class BootClock:
    """Unwraps a component's 32-bit times since boot; distinguishes a reboot from a late message and from the wrap."""

    def __init__(self) -> None:
        #: The newest time since boot of this session, None before the first.
        self.last_ms: int | None = None
        #: Whether a time that is not below the last needs no check: nothing wrapped, nothing in doubt.
        self.is_plain = False
        self._epoch_ms = 0
        self._wrap_offset_us = 0  # the offset of the last microsecond stamp that wrapped
        self._fallen_ms: list[int] = []

    def forget(self) -> None:
        """Begin anew: the times so far were none of this clock."""
        self.last_ms, self.is_plain, self._epoch_ms, self._wrap_offset_us = None, False, 0, 0
        self._fallen_ms.clear()

    def observe(self, raw_ms: int) -> tuple[int, BootState]:
        """Return (unwrapped time since boot in ms, what it shows of the session)."""
        if self.last_ms is None or (self.last_ms <= raw_ms and not self._epoch_ms):
            self.last_ms = raw_ms
            self._fallen_ms.clear()
            self.is_plain = True
            return raw_ms, _RUNNING
        last_raw_ms = self.last_ms - self._epoch_ms
        if last_raw_ms > WRAP_32 - _WRAP_MARGIN_MS and raw_ms < _WRAP_MARGIN_MS:
            self._epoch_ms += WRAP_32
            self.is_plain = False
        boot_ms = raw_ms + self._epoch_ms
        if self._epoch_ms and boot_ms - self.last_ms > WRAP_32 - _WRAP_MARGIN_MS:
            boot_ms -= WRAP_32
        if boot_ms < self.last_ms - REBOOT_FALL_MS:
            return self._fall(raw_ms, boot_ms)
        self._fallen_ms.clear()
        self.is_plain = not self._epoch_ms
        self.last_ms = max(self.last_ms, boot_ms)
        return boot_ms, _RUNNING

    def is_near(self, boot_ms: int) -> bool:
        """Return whether a stamp can be of this clock: within seconds of the newest."""
        return self.last_ms is not None and abs(boot_ms - self.last_ms) <= _SAME_CLOCK_MS

    def unwrap_us(self, wrapped_us: int) -> int | None:
        """Return the time since boot in ms of a 32-bit microsecond stamp, None where it is ambiguous."""
        last_ms = self.last_ms
        if last_ms is None:
            return None
        boot_ms = (wrapped_us + self._wrap_offset_us) // 1000
        if -_SAME_CLOCK_MS <= boot_ms - last_ms <= _SAME_CLOCK_MS:
            return boot_ms
        self._wrap_offset_us = round((last_ms * 1000 - wrapped_us) / WRAP_32) * WRAP_32
        boot_ms = (wrapped_us + self._wrap_offset_us) // 1000
        return boot_ms if self.is_near(boot_ms) else None

    def _fall(self, raw_ms: int, boot_ms: int) -> tuple[int, BootState]:
        self.is_plain = False
        if self._fallen_ms and raw_ms < self._fallen_ms[-1] - REBOOT_FALL_MS:
            self._fallen_ms.clear()
        self._fallen_ms.append(raw_ms)
        if len(self._fallen_ms) < CONFIRMATIONS:
            return boot_ms, BootState.FALLEN
        self._fallen_ms.clear()
        self._epoch_ms = 0
        self.is_plain = True
        self.last_ms = raw_ms
        return raw_ms, BootState.REBOOTED
