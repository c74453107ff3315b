"""Signatures on one link: the key, the stamps that the gateway knows, and whether its clock can judge new ones."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge.sources.mavlink.protocol.signing import SignatureCheck, read_key
from edge.sources.mavlink.protocol.signing_stamps import SigningStamps
from edge.sources.mavlink.settings import SigningSettings
from headland.clock.kernel_clock import is_kernel_clock_kept
from headland.contract.records import Clock

#: How often the kernel is asked whether its clock is kept.
_CLOCK_CHECK_S: Final = 10.0
CLOCK_NOT_SET: Final = (
    "the clock of this gateway is not kept by a time service: an old signed recording of a vehicle that was never "
    "heard here would pass"
)
STAMPS_AHEAD: Final = (
    "signed messages of a vehicle are refused, since its clock is more than a day ahead of this gateway's: correct the "
    "wrong one"
)


class LinkSignatures:
    """Makes the check of each peer. Raises SettingsError for a key that cannot be read."""

    def __init__(self, settings: SigningSettings, clock: Clock, stamps: SigningStamps | None) -> None:
        self.key = read_key(Path(settings.key_file))
        self._settings = settings
        self._clock = clock
        self._stamps = SigningStamps() if stamps is None else stamps
        self._is_clock_kept = True
        self._clock_check_s = 0.0

    @property
    def sending_key(self) -> bytes | None:
        """The key for what is sent; None where that is not signed."""
        return self.key if self._settings.sign else None

    def make_check(self) -> SignatureCheck:
        """Return the check of a new peer."""
        return SignatureCheck(self.key, accept_unsigned=self._settings.accept_unsigned, stamps=self._stamps)

    def set_time(self, check: SignatureCheck, now_s: float, now_ms: int) -> None:
        """Tell a check the time, and whether somebody keeps the clock: the settings or the kernel say so."""
        if now_s >= self._clock_check_s:
            self._clock_check_s = now_s + _CLOCK_CHECK_S
            self._is_clock_kept = self._clock is Clock.NTP or is_kernel_clock_kept() is not False
        check.now_ms, check.has_set_clock = now_ms, self._is_clock_kept

    def sentences(self, checks: Iterable[SignatureCheck | None]) -> list[str]:
        """Return what prevents a judgement of signed frames, or refuses them, because of a clock."""
        found = [check for check in checks if check is not None]
        sentences = [] if all(check.is_clock_set for check in found) else [CLOCK_NOT_SET]
        return [*sentences, *([STAMPS_AHEAD] if any(check.counts["signed_ahead"] for check in found) else [])]

    def close(self) -> None:
        """Write the stamps."""
        self._stamps.close()
