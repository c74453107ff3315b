"""Faults of the links of a simulated greenhouse: noise, cut answers, a hung-up line, units that are silent or stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.errors import SettingsError

_SHARES: Final = ("noise", "cut", "lost")
_UNITS: Final = ("silent", "stuck")


@dataclass(frozen=True, slots=True)
class LinkFaults:
    """What is wrong with the links.

    `noise` is the share of answers and lines in which one bit is turned, `cut` the share that ends too early, `lost`
    the share of radio messages that never arrive; a byte link is hung up and comes back every `hangup_s` (0: never).
    `silent` units do not answer; `stuck` units repeat their first readings. A unit is a Modbus unit, which is also the
    id of a line and the compartment of an MQTT device, or `sdi12:ADDRESS`.
    """

    noise: float = 0.0
    cut: float = 0.0
    lost: float = 0.0
    hangup_s: float = 0.0
    silent: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()


NO_FAULTS: Final = LinkFaults()


def read_faults(words: Sequence[str]) -> LinkFaults:
    """Return the faults that `noise=0.02`, `hangup=30`, `silent=2`, ... ask for; raises SettingsError."""
    faults = LinkFaults()
    for word in words:
        name, _, text = word.partition("=")
        if name in _UNITS and text:
            units = frozenset((*getattr(faults, name), text))
            faults = replace(faults, silent=units) if name == "silent" else replace(faults, stuck=units)
            continue
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if name == "hangup" and 0 < number < 1e6:
            faults = replace(faults, hangup_s=number)
        elif name in _SHARES and 0 <= number <= 1:
            faults = _with_share(faults, name, number)
        else:
            raise SettingsError(
                f"{word!r} is no fault: take noise=, cut= or lost= with a share 0 to 1, hangup=SECONDS, "
                "silent=UNIT or stuck=UNIT."
            )
    return faults


def _with_share(faults: LinkFaults, name: str, share: float) -> LinkFaults:
    match name:
        case "noise":
            return replace(faults, noise=share)
        case "cut":
            return replace(faults, cut=share)
    return replace(faults, lost=share)


class Damage:
    """Applies a link's random faults; the same seed damages the same messages in the same way."""

    def __init__(self, faults: LinkFaults, seed: int) -> None:
        self._faults = faults
        self._random = np.random.default_rng((seed, 31))

    def to(self, message: bytes) -> bytes:
        """Return what arrives of a message: whole, with a turned bit, or the beginning of it."""
        if message and self._random.random() < self._faults.noise:
            bit = int(self._random.integers(8 * len(message)))
            damaged = bytearray(message)
            damaged[bit // 8] ^= 1 << bit % 8
            message = bytes(damaged)
        if message and self._random.random() < self._faults.cut:
            message = message[: int(self._random.integers(len(message)))]
        return message

    def loses(self) -> bool:
        """Tell whether a radio message is lost on its way."""
        return bool(self._random.random() < self._faults.lost)
