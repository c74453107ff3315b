"""Truth of a simulation: what each gateway accepted, and the comparison with the store, the disks and what was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: A machine's numbers begin at its index times this, so that two machines of one gateway never share one.
NUMBERS_PER_MACHINE: Final = 1_000_000


@dataclass(slots=True)
class GatewayTruth:
    """What is known of one gateway, whatever its spools know. One number is one record of a spool.

    `certain` were accepted: `append` returned True. `uncertain` were in an append when the process ended: they may be
    stored or not. `records` are the numbers by epoch and seq. `in_damaged` were in a file that was moved aside.
    `untraced` were on a disk whose content was replaced, or which lied: nothing else ever knew of them. `unprovable`
    were lost while there was no check file, and no byte of them was left; by the id and the time with which the
    gateway says that it does not know how many records it had, in the epoch that `renewed` has by the same key.
    `taken_by_power` were in a spool before a power cut and not after it, though the disk was honest. `expired` were
    deleted from the store by its retention. `taken` were in a spool, a store or a quarantine that a fault took; no
    other record may be lost, said or not. `said_once` were named as lost before a book of the station was lost, and
    `forgotten` were gone from a spool before its check file was set back or deleted, or are of numbers that a
    restored folder gives again. `names` are the gateway's ids, one after the other.
    """

    names: set[str]
    certain: set[int] = field(default_factory=set)
    uncertain: set[int] = field(default_factory=set)
    records: dict[str, dict[int, set[int]]] = field(default_factory=dict)
    in_damaged: set[int] = field(default_factory=set)
    untraced: set[int] = field(default_factory=set)
    unprovable: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    renewed: dict[tuple[str, int], str] = field(default_factory=dict)
    taken_by_power: set[int] = field(default_factory=set)
    expired: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    said_once: set[int] = field(default_factory=set)
    forgotten: set[int] = field(default_factory=set)

    def note(self, epoch: str, records: Mapping[int, int]) -> None:
        """Note which number each record of an epoch holds; two copies of one spool may use the same seq."""
        known = self.records.setdefault(epoch, {})
        for seq, number in records.items():
            known.setdefault(seq, set()).add(number)

    def shared_numbers(self) -> set[int]:
        """Return the numbers that several records had: waiting records get new numbers in a new epoch."""
        seen: set[int] = set()
        shared: set[int] = set()
        for records in self.records.values():
            for numbers in records.values():
                shared |= seen & numbers
                seen |= numbers
        return shared

    def numbers(self, epoch: str, first: int, last: int) -> set[int]:
        """Return the numbers of the records `first`..`last`."""
        found = (numbers for seq, numbers in self.records.get(epoch, {}).items() if first <= seq <= last)
        return set().union(*found)


@dataclass(frozen=True, slots=True)
class GatewayVerdict:
    """What became of one gateway's accepted numbers: each is in the first of these places that has it.

    `stored`, `on_disk` of the gateway, `quarantined`, `dropped` as the gateway reported, `expired`, deleted by the
    retention of the store; the rest is `lost`. `said` of the lost are named by the delivery report or by an event,
    `untraced` could not be known by anyone. `doubled` are stored more often than once, `unknown` were never accepted.
    `wrongly_said` are named as lost and are stored.
    """

    gateway: str
    accepted: int
    stored: int
    on_disk: int
    quarantined: int
    dropped: int
    expired: int
    lost: tuple[int, ...]
    said: int
    untraced: int
    unsaid: tuple[int, ...]
    doubled: tuple[int, ...]
    unknown: tuple[int, ...]
    wrongly_said: tuple[int, ...]

    @property
    def is_sound(self) -> bool:
        """Whether the delivery guarantee holds."""
        return not (self.unsaid or self.doubled or self.unknown)


def judge(
    gateway: str,
    truth: GatewayTruth,
    stored: Mapping[int, int],
    *,
    on_disk: set[int],
    quarantined: set[int],
    dropped: set[int],
    said: set[int],
) -> GatewayVerdict:
    """Return the verdict on a gateway; `stored` counts how often each number is in the store."""
    left = truth.certain - stored.keys()
    kept: list[int] = []
    for place in (on_disk, quarantined, dropped, truth.expired):
        kept.append(len(left & place))
        left -= place
    return GatewayVerdict(
        gateway=gateway,
        accepted=len(truth.certain),
        stored=len(truth.certain & stored.keys()),
        on_disk=kept[0],
        quarantined=kept[1],
        dropped=kept[2],
        expired=kept[3],
        lost=tuple(sorted(left)),
        said=len(left & said),
        untraced=len((left - said) & truth.untraced),
        unsaid=tuple(sorted(left - said - truth.untraced)),
        doubled=tuple(sorted(number for number, count in stored.items() if count > 1)),
        unknown=tuple(sorted(stored.keys() - truth.certain - truth.uncertain)),
        wrongly_said=tuple(sorted(said & stored.keys())),
    )
