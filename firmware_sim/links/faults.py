"""Faults of a simulated drone: its link, clock, satellite receiver and identity, and their command-line form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from headland.errors import SettingsError

_SHARES: Final = ("lose", "duplicate", "reorder", "flip")
_MAX_S: Final = 1e7


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """A fault at `at_s` after power-up, in simulated seconds, with a duration or size of `amount`."""

    at_s: float
    amount: float


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one link and of the vehicles on it.

    `lose`, `duplicate`, `reorder` and `flip` are shares of the frames that are lost, arrive twice, arrive up to a fifth
    of a second late, or have one bit inverted. Each frame is delayed by `delay_s`. During a cut nothing passes. At
    `reboots_s` the autopilots restart; a clock step advances their UTC by its amount; during `no_fix` they receive no
    satellites. With `same_id` all vehicles have the same system id.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    flip: float = 0.0
    delay_s: float = 0.0
    cuts: tuple[FaultEvent, ...] = ()
    reboots_s: tuple[float, ...] = ()
    clock_steps: tuple[FaultEvent, ...] = ()
    no_fix: tuple[FaultEvent, ...] = ()
    same_id: bool = False

    @property
    def hurts_link(self) -> bool:
        """Whether the link has a fault."""
        return bool(self.lose or self.duplicate or self.reorder or self.flip or self.delay_s or self.cuts)


NO_FAULTS: Final = Faults()


def read_faults(words: Sequence[str]) -> Faults:
    """Parse faults such as `lose=0.1`, `cut=60:10`, `reboot=120` and `same-id`; raises SettingsError."""
    faults = Faults()
    for word in words:
        name, _, text = word.partition("=")
        at_s, amount = _numbers(text)
        if word == "same-id":
            faults = replace(faults, same_id=True)
        elif at_s is None:
            raise _refusal(word)
        elif amount is None:
            faults = _with_number(faults, word, name, at_s)
        elif name == "cut" and amount > 0:
            faults = replace(faults, cuts=(*faults.cuts, FaultEvent(at_s, amount)))
        elif name == "no-fix" and amount > 0:
            faults = replace(faults, no_fix=(*faults.no_fix, FaultEvent(at_s, amount)))
        elif name == "clock-step":
            faults = replace(faults, clock_steps=(*faults.clock_steps, FaultEvent(at_s, amount)))
        else:
            raise _refusal(word)
    return faults


def _with_number(faults: Faults, word: str, name: str, number: float) -> Faults:
    if name == "reboot":
        return replace(faults, reboots_s=(*faults.reboots_s, number))
    if name == "delay" and number <= 3600:
        return replace(faults, delay_s=number)
    if name in _SHARES and number <= 1:
        return Faults(**{**{key: getattr(faults, key) for key in Faults.__slots__}, name: number})
    raise _refusal(word)


def _numbers(text: str) -> tuple[float | None, float | None]:
    """Parse `A` or `A:B`, where A is not negative; None for a missing or invalid number."""
    first, _, second = text.partition(":")
    try:
        at_s = float(first)
        amount = float(second) if second else None
    except ValueError:
        return None, None
    return (at_s, amount) if 0 <= at_s < _MAX_S and abs(amount or 0.0) < _MAX_S else (None, None)


def _refusal(word: str) -> SettingsError:
    return SettingsError(
        f"{word!r} is not a fault of a drone: choose lose=, duplicate=, reorder= or flip= with a share 0 to 1, "
        "delay=SECONDS, cut=AT:SECONDS, reboot=AT, clock-step=AT:SECONDS, no-fix=AT:SECONDS or same-id."
    )
