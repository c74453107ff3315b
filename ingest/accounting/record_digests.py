"""Digests of the newest records of each spool: two contents under one number are two spools with one identity.

Only the last records of an epoch are remembered, which covers what a gateway sends again in normal operation. For an
older record, and after a restart, the answer is "unknown", and the store itself is asked whether the samples are new.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from headland.contract.records import Block

#: Records remembered of an epoch, and epochs: 4 KiB each.
RECORDS: Final = 256
EPOCHS: Final = 2000
_MASK: Final = 2**64 - 1


def digest_of(payload: bytes, blocks: Sequence[Block], events: int) -> int:
    """Return a digest of a record's content.

    The last four bytes of a payload are zlib's checksum of the inflated text (RFC 1950): it is the same however the
    text was compressed. The first time and the numbers of blocks and events distinguish texts with one checksum.
    """
    return hash((payload[-4:], events, len(blocks), blocks[0].t0 if blocks else 0)) & _MASK


class RecordDigests:
    """Digests by (gateway, epoch) and number; used by the writer's thread."""

    def __init__(self) -> None:
        self._epochs: OrderedDict[tuple[str, str], tuple[array[int], array[int]]] = OrderedDict()

    def put(self, epoch: tuple[str, str], seq: int, digest: int) -> None:
        """Remember the digest of a record, in the place of the one `RECORDS` before it."""
        rings = self._epochs.get(epoch)
        if rings is None:
            rings = self._epochs[epoch] = array("Q", bytes(8 * RECORDS)), array("Q", bytes(8 * RECORDS))
            if len(self._epochs) > EPOCHS:
                self._epochs.popitem(last=False)
        else:
            self._epochs.move_to_end(epoch)
        seqs, digests = rings
        seqs[seq % RECORDS], digests[seq % RECORDS] = seq, digest

    def is_same(self, epoch: tuple[str, str], seq: int, digest: int) -> bool | None:
        """Return whether a record was received with this digest before; None where that is not known."""
        rings = self._epochs.get(epoch)
        if rings is None or rings[0][seq % RECORDS] != seq:
            return None
        return rings[1][seq % RECORDS] == digest
