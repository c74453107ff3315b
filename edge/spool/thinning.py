"""What a full spool keeps of old telemetry: every n-th row of each device. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from headland.contract.codec import MAX_BLOCK_SPAN_MS
from headland.contract.records import Block, Clock, Quality

_GOOD: Final = int(Quality.GOOD)

_Key = tuple[str, str, str, Clock, bool, frozenset[str]]


@dataclass(slots=True)
class _Kept:
    """The rows kept of one device with the same clock and channels, in the order they came."""

    first_ms: int
    last_ms: int
    rows_seen: int = 0
    times: list[int] = field(default_factory=list)
    columns: dict[str, list[float | None]] = field(default_factory=dict)
    flags: dict[str, list[int]] = field(default_factory=dict)

    def take(self, block: Block, every: int) -> None:
        """Keep the first row ever seen and each `every`-th after it."""
        start = -self.rows_seen % every
        self.first_ms, self.last_ms = min(self.first_ms, block.t0), max(self.last_ms, _last_ms(block))
        self.rows_seen += len(block.dt)
        kept = block.dt[start::every]
        for channel, column in block.c.items():
            self.columns.setdefault(channel, []).extend(column[start::every])
        for channel in self.flags.keys() | block.q.keys():
            flags = self.flags.setdefault(channel, [_GOOD] * len(self.times))
            said = block.q.get(channel)
            flags.extend([_GOOD] * len(kept) if said is None else said[start::every])
        self.times.extend(block.t0 + offset_ms for offset_ms in kept)

    def fits(self, block: Block) -> bool:
        """Tell whether rows of `block` may share a block with these."""
        return max(self.last_ms, _last_ms(block)) - min(self.first_ms, block.t0) <= MAX_BLOCK_SPAN_MS

    def block(self, key: _Key) -> Block:
        """Return the rows as one block."""
        device, kind, site, clock, simulated, _ = key
        first_ms = min(self.times)
        return Block(
            device=device,
            kind=kind,
            site=site,
            clock=clock,
            t0=first_ms,
            dt=[time_ms - first_ms for time_ms in self.times],
            c=self.columns,
            q={channel: flags for channel, flags in self.flags.items() if any(flag != _GOOD for flag in flags)},
            simulated=simulated,
        )


def thin_blocks(blocks: Iterable[Block], every: int) -> list[Block]:
    """Return the first row and every `every`-th after it of each device's rows with the same clock and channels.

    Rows keep their values, times and flags as they are. A device that says little keeps most: of `every` rows or fewer
    one is always kept, so no device falls silent.
    """
    kept: dict[_Key, _Kept] = {}
    full: list[Block] = []
    for block in blocks:
        key = (block.device, block.kind, block.site, block.clock, block.simulated, frozenset(block.c))
        rows = kept.get(key)
        if rows is not None and not rows.fits(block):
            full.append(rows.block(key))
            rows = None
        if rows is None:
            rows = kept[key] = _Kept(block.t0, _last_ms(block))
        rows.take(block, every)
    return full + [rows.block(key) for key, rows in kept.items()]


def _last_ms(block: Block) -> int:
    return block.t0 + max(block.dt)


def count_points(blocks: Sequence[Block]) -> int:
    """Return how many samples blocks hold, missing ones included."""
    return sum(len(block.dt) * len(block.c) for block in blocks)
