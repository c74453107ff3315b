"""What shall go wrong with a simulated drone: its link, its clock, its receiver, its identity; as words of a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from headland.errors import SettingsError

_SHARES: Final = ("lose", "duplicate", "reorder", "flip")
_MOST_S: Final = 1e7


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that begins `at_s` after power-up, in simulated seconds, and lasts or weighs `amount`."""

    at_s: float
    amount: float


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one link and of the vehicles on it.

    `lose`, `duplicate`, `reorder` and `flip` are shares of the frames: those that are lost, come twice, come up to a
    fifth of a second later than others, have one bit turned. Each frame is `delay_s` under way. In a `cut` nothing
    passes for its seconds. At the times of `reboots_s` autopilots start again; a clock step puts their UTC ahead by
    its seconds; in `no_fix` they see no satellites for its seconds. `same_id` gives all vehicles one system id.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    flip: float = 0.0
    delay_s: float = 0.0
    cuts: tuple[Moment, ...] = ()
    reboots_s: tuple[float, ...] = ()
    clock_steps: tuple[Moment, ...] = ()
    no_fix: tuple[Moment, ...] = ()
    same_id: bool = False

    @property
    def hurts_link(self) -> bool:
        """Whether anything is wrong with the link."""
        return bool(self.lose or self.duplicate or self.reorder or self.flip or self.delay_s or self.cuts)


NO_FAULTS: Final = Faults()


def read_faults(words: Sequence[str]) -> Faults:
    """Return the faults that `lose=0.1`, `cut=60:10`, `reboot=120`, `same-id`, ... ask for; raises SettingsError."""
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
            faults = replace(faults, cuts=(*faults.cuts, Moment(at_s, amount)))
        elif name == "no-fix" and amount > 0:
            faults = replace(faults, no_fix=(*faults.no_fix, Moment(at_s, amount)))
        elif name == "clock-step":
            faults = replace(faults, clock_steps=(*faults.clock_steps, Moment(at_s, amount)))
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
    """Return the one or two numbers of `A` or `A:B`; the first is not negative. None stands for one that is none."""
    first, _, second = text.partition(":")
    try:
        at_s = float(first)
        amount = float(second) if second else None
    except ValueError:
        return None, None
    return (at_s, amount) if 0 <= at_s < _MOST_S and abs(amount or 0.0) < _MOST_S else (None, None)


def _refusal(word: str) -> SettingsError:
    return SettingsError(
        f"{word!r} is no fault of a drone: take lose=, duplicate=, reorder= or flip= with a share 0 to 1, "
        "delay=SECONDS, cut=AT:SECONDS, reboot=AT, clock-step=AT:SECONDS, no-fix=AT:SECONDS or same-id."
    )
