"""Faults of a simulated greenhouse's links: noise, truncated responses, disconnections, silent or stuck units."""

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
    """Faults of the links.

    `noise` is the share of responses and lines with one inverted bit, `cut` the share that is truncated, `lost` that
    of lost radio messages; a byte link is disconnected and reconnected every `hangup_s` (0: never). `silent` units do
    not respond; `stuck` units repeat their first readings. A unit is a Modbus unit, which is also the id of a text line
    and the compartment of an MQTT device, or `sdi12:ADDRESS`.
    """

    noise: float = 0.0
    cut: float = 0.0
    lost: float = 0.0
    hangup_s: float = 0.0
    silent: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()


NO_FAULTS: Final = LinkFaults()


def read_faults(words: Sequence[str]) -> LinkFaults:
    """Parse faults such as `noise=0.02`, `hangup=30` and `silent=2`; raises SettingsError."""
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
                f"{word!r} is not a fault: choose noise=, cut= or lost= with a share 0 to 1, hangup=SECONDS, "
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
    """Applies the random faults of a link. The same seed gives the same damage."""

    def __init__(self, faults: LinkFaults, seed: int) -> None:
        self._faults = faults
        self._random = np.random.default_rng((seed, 31))

    def apply(self, message: bytes) -> bytes:
        """Return a message as it arrives: complete, with an inverted bit, or truncated."""
        if message and self._random.random() < self._faults.noise:
            bit = int(self._random.integers(8 * len(message)))
            damaged = bytearray(message)
            damaged[bit // 8] ^= 1 << bit % 8
            message = bytes(damaged)
        if message and self._random.random() < self._faults.cut:
            message = message[: int(self._random.integers(len(message)))]
        return message

    def loses(self) -> bool:
        """Return whether a radio message is lost."""
        return bool(self._random.random() < self._faults.lost)
