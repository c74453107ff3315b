"""Comparison of the store with the numbers sent: lost, duplicated and never accepted numbers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from station.chaos.traffic.truth import SentNumber

#: Maximum age of a number that a killed gateway had not saved yet: batch age, group commit and a busy disk. As all time
#: limits of a test it is longer on a busy machine.
UNSAVED_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill of a gateway: its time, the numbers of a device in the spool then, and how old unsaved ones could be."""

    at_s: float
    spooled: frozenset[int] = frozenset()
    unsaved_s: float = UNSAVED_S


@dataclass(slots=True)
class Verdict:
    """Numbers of a device (or the sums of several) between two instants.

    `unread`: not stored, and sent on a connection that broke: it is unknown whether the gateway read them. `unsaved`:
    read by a gateway that was killed before it could save them. Neither kind was accepted.
    """

    sent: int = 0
    stored: int = 0
    unread: int = 0
    unsaved: int = 0
    hidden: int = 0
    lost: list[int] = field(default_factory=list)
    duplicated: list[int] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Count of numbers that must be stored."""
        return self.sent - self.unread - self.unsaved

    def add(self, other: Verdict) -> None:
        """Add the verdict on another device."""
        self.sent += other.sent
        self.stored += other.stored
        self.unread += other.unread
        self.unsaved += other.unsaved
        self.hidden += other.hidden
        self.lost += other.lost
        self.duplicated += other.duplicated


def compare(
    sent: Sequence[SentNumber], stored: Mapping[int, int], kills: Sequence[Kill], *, sees_hidden: bool
) -> Verdict:
    """Return the verdict on the numbers `sent` by a device; `stored` has the multiplicity of each number in the store.

    A kill may lose the last numbers that the gateway had read, and no more: numbers without a gap up to the kill, none
    older than the kill permits, none in its spool. With `sees_hidden` false, a hidden number that is not stored is only
    counted.
    """
    unsaved = _unsaved(sent, stored, kills)
    verdict = Verdict(sent=len(sent))
    for record in sent:
        times = stored.get(record.number, 0)
        verdict.stored += times > 0
        if times > 1:
            verdict.duplicated.append(record.number)
        if times > 0:
            continue
        if any(record.number in kill.spooled for kill in kills):
            verdict.lost.append(record.number)
        elif record.number in unsaved:
            verdict.unsaved += 1
        elif not record.was_read:
            verdict.unread += 1
        elif record.hidden and not sees_hidden:
            verdict.hidden += 1
        else:
            verdict.lost.append(record.number)
    return verdict


def find_unknown(last: int, stored: Mapping[int, int]) -> list[int]:
    """Return the stored numbers that a device never sent."""
    return sorted(number for number in stored if not 1 <= number <= last)


def _unsaved(sent: Sequence[SentNumber], stored: Mapping[int, int], kills: Sequence[Kill]) -> set[int]:
    """Return the numbers that were in the memory of a killed gateway: from each kill back to the last saved one."""
    unsaved: set[int] = set()
    for kill in kills:
        for record in reversed([record for record in sent if record.sent_s <= kill.at_s]):
            is_saved = stored.get(record.number, 0) > 0 or record.number in kill.spooled
            if is_saved or kill.at_s - record.sent_s > kill.unsaved_s:
                break
            unsaved.add(record.number)
    return unsaved
