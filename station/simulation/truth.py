"""Truth of a simulation: what each gateway accepted, and the comparison with the store, the disks and what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: A machine's numbers begin at its index times this, so that two machines of one gateway never share one.
NUMBERS_PER_MACHINE = 1_000_000


@dataclass(slots=True)
class Accepted:
    """The numbers of one gateway. One number is one record of its spool.

    `certain` were accepted: `append` returned True. `uncertain` were in an append when the process ended: they may be
    stored or not.
    """

    certain: set[int] = field(default_factory=set)
    uncertain: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class GatewayVerdict:
    """What became of one gateway's accepted numbers.

    `lost` are nowhere: not in the store, on no disk of the gateway, not in quarantine. `said` of them are named by the
    delivery report or by an event. `doubled` are stored more often than once, `unknown` were never accepted.
    `hidden`: no trace of these could be left anywhere, because a disk lied about all of them.
    """

    gateway: str
    accepted: int
    stored: int
    on_disk: int
    quarantined: int
    dropped: int
    lost: tuple[int, ...]
    said: int
    doubled: tuple[int, ...]
    unknown: tuple[int, ...]
    hidden: int = 0

    @property
    def unsaid(self) -> int:
        """How many of the lost are not said."""
        return max(0, len(self.lost) - self.hidden - self.said)

    @property
    def is_sound(self) -> bool:
        """Whether the delivery guarantee holds."""
        return not (self.unsaid or self.doubled or self.unknown)


def judge(
    gateway: str,
    accepted: Accepted,
    stored: Mapping[int, int],
    on_disk: Iterable[int],
    quarantined: Iterable[int],
    *,
    dropped: int = 0,
    said: int = 0,
    hidden: Iterable[int] = (),
) -> GatewayVerdict:
    """Return the verdict on a gateway; `stored` counts how often each number is in the store."""
    waiting, refused = set(on_disk), set(quarantined)
    gone = accepted.certain - stored.keys() - waiting - refused
    lost = sorted(gone)
    return GatewayVerdict(
        gateway=gateway,
        accepted=len(accepted.certain),
        stored=len(accepted.certain & stored.keys()),
        on_disk=len((accepted.certain & waiting) - stored.keys()),
        quarantined=len((accepted.certain & refused) - stored.keys()),
        dropped=dropped,
        lost=tuple(lost),
        said=min(said, len(lost)),
        doubled=tuple(sorted(number for number, count in Counter(stored).items() if count > 1)),
        unknown=tuple(sorted(stored.keys() - accepted.certain - accepted.uncertain)),
        hidden=len(gone & set(hidden)),
    )
