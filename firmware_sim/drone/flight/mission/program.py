"""Order of a mission's items: jumps with their counts, and where the mission ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firmware_sim.drone.flight.mission.commands import JUMP, JUMP_TAG, JUMPS, NAV_COMMANDS
from firmware_sim.drone.flight.mission.items import Item

#: Repeats of a jump that never ends.
FOREVER: Final = -1
#: Maximum number of jumps between two items that take time; more are an endless loop.
_MAX_JUMPS: Final = 64


@dataclass(frozen=True, slots=True)
class Step:
    """Items to execute at once, in order, the item after them, None at the end, and the texts of the jumps."""

    done: tuple[int, ...]
    next_seq: int | None
    texts: tuple[str, ...]


class Program:
    """A mission with the number of times that each of its jumps was taken."""

    def __init__(self, items: Sequence[Item] = ()) -> None:
        self.items = tuple(items)
        self._taken: dict[int, int] = {}

    def restart(self) -> None:
        """Forget the jumps taken."""
        self._taken.clear()

    def advance(self, seq: int) -> Step:
        """Return what follows from item `seq` on, up to the next item that takes time; jumps are counted."""
        done: list[int] = []
        texts: list[str] = []
        jumps = 0
        while 0 <= seq < len(self.items):
            item = self.items[seq]
            if item.command in NAV_COMMANDS:
                return Step(tuple(done), seq, tuple(texts))
            if item.command not in JUMPS:
                done.append(seq)
                seq += 1
                continue
            jumps += 1
            target = self._target(item)
            if jumps > _MAX_JUMPS or target is None:
                break
            repeats, taken = repeats_of(item), self._taken.get(seq, 0)
            if repeats == FOREVER or taken < repeats:
                self._taken[seq] = taken + 1
                limit = "unlimited" if repeats == FOREVER else str(repeats)
                texts.append(f"Mission: {seq} Jump {taken + 1}/{limit}")
                seq = target
            else:
                seq += 1
        return Step(tuple(done), None, tuple(texts))

    def _target(self, item: Item) -> int | None:
        """Return the item that a jump leads to, None where it is none or home."""
        target = int(item.param1)
        if item.command == JUMP:
            return target if 0 < target < len(self.items) else None
        tags = (seq for seq, other in enumerate(self.items) if other.command == JUMP_TAG and other.param1 == target)
        return next(tags, None)


def repeats_of(item: Item) -> int:
    """Return the repeats of a jump, as an int16: -1 for no end."""
    return max(-32768, min(32767, math.trunc(item.param2)))
