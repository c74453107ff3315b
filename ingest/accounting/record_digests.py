"""Digests of the newest records of each spool: two contents under one number are two spools with one identity.

Only the last records of an epoch are remembered, which covers what a gateway sends again in normal operation. For an
older record, and after a restart, the answer is "unknown", and the store itself is asked whether the samples are new.
The newest are saved beside the store as well: where it is replaced by an older one, they tell whether what arrives
under a number is what the earlier store had.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from headland.contract.content_sums import MAX_SUMS, UNKNOWN
from headland.contract.records import Block

#: Records remembered of an epoch, and epochs: 4 KiB each.
RECORDS: Final = 256
EPOCHS: Final = 2000
#: Records of an epoch that are saved: 2 KiB. An uplink has fewer without an ack.
SAVED_RECORDS: Final = 128
_MASK: Final = 2**64 - 1
#: Odd constants without structure, which spread close values (the fractional parts of the golden ratio and of sqrt 3).
_SPREAD: Final = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)


def digest_of(payload: bytes, blocks: Sequence[Block], events: int) -> int:
    """Return a digest of a record's content.

    The last four bytes of a payload are zlib's checksum of the inflated text (RFC 1950): it is the same however the
    text was compressed. The first time and the numbers of blocks and events distinguish texts with one checksum. It is
    the same in every process, as it is saved.
    """
    first_ms = blocks[0].t0 if blocks else 0
    shape = (len(blocks) << 20) + events
    return (int.from_bytes(payload[-4:], "big") * _SPREAD[0] + first_ms * _SPREAD[1] + shape) & _MASK


class ContentSums:
    """Content sums of the newest committed records of each spool, for its acks; used by the writer's thread."""

    def __init__(self) -> None:
        self._epochs: OrderedDict[tuple[str, str], tuple[array[int], array[int]]] = OrderedDict()

    def put(self, epoch: tuple[str, str], seq: int, content_sum: int) -> None:
        """Remember the sum of a record, in the place of the one `MAX_SUMS` before it."""
        rings = self._epochs.get(epoch)
        if rings is None:
            rings = self._epochs[epoch] = array("Q", bytes(8 * MAX_SUMS)), array("I", bytes(4 * MAX_SUMS))
            if len(self._epochs) > EPOCHS:
                self._epochs.popitem(last=False)
        else:
            self._epochs.move_to_end(epoch)
        seqs, sums = rings
        seqs[seq % MAX_SUMS], sums[seq % MAX_SUMS] = seq, content_sum

    def newest(self, epoch: tuple[str, str], seq: int, most: int) -> list[int]:
        """Return the sums of the `most` records up to `seq`, from the first that is known on."""
        rings = self._epochs.get(epoch)
        if rings is None:
            return []
        seqs, sums = rings
        numbers = range(max(1, seq - most + 1), seq + 1)
        found = [sums[each % MAX_SUMS] if seqs[each % MAX_SUMS] == each else UNKNOWN for each in numbers]
        known = next((at for at, each in enumerate(found) if each != UNKNOWN), len(found))
        return found[known:]


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

    def dump(self, epoch: tuple[str, str]) -> bytes:
        """Return the newest digests of an epoch as bytes for `load`; empty where none is known."""
        rings = self._epochs.get(epoch)
        if rings is None:
            return b""
        known = sorted((pair for pair in zip(*rings, strict=True) if pair[0]), reverse=True)[:SAVED_RECORDS]
        return array("Q", [value for pair in known for value in pair]).tobytes()

    def load(self, epoch: tuple[str, str], saved: bytes) -> None:
        """Remember what `dump` returned; bytes of another length are ignored."""
        values = array("Q")
        with suppress(ValueError):
            values.frombytes(saved)
        for seq, digest in zip(values[-2::-2], values[-1::-2], strict=False):
            self.put(epoch, seq, digest)
