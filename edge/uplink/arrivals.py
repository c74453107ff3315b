"""Arrivals: the records that the broker has acknowledged, by this process in this epoch."""

from __future__ import annotations

from collections.abc import Mapping

from edge.spool.numbering.published import Published
from headland.contract.content_sums import UNKNOWN


class Arrivals:
    """A commit ack deletes only what has arrived: numbers may be another spool's, a record on the broker is not.

    Where two spools use the same numbers, ingest compares what arrives under one number, and stores both. A broker may
    drop what it has acknowledged: then the other content alone is stored, which its sum in the ack shows.
    """

    def __init__(self) -> None:
        self._in_flight: dict[int, tuple[int, int]] = {}
        self._arrived = Published()
        self._sums: dict[int, int] = {}

    def sent(self, mid: int, first: int, seq: int, content_sum: int) -> None:
        """Note that the record `first`..`seq` was sent as message `mid`.

        `content_sum` is of its payload, or `UNKNOWN`. It counts for one record, sent with one sum each time.
        """
        self._in_flight[mid] = (first, seq)
        if first == seq and content_sum != UNKNOWN:
            self._sums[seq] = content_sum if self._sums.get(seq, content_sum) == content_sum else UNKNOWN

    def puback(self, mid: int, *, is_heard: bool) -> None:
        """Note the PUBACK of message `mid`; without subscribers, or refused, it has not arrived."""
        record = self._in_flight.pop(mid, None)
        if record is not None and is_heard:
            self._arrived.add(*record)

    def upto(self, seq: int) -> int:
        """Return the last record up to which all after `seq` have arrived."""
        return next((last for first, last in self._arrived.ranges if first <= seq + 1 <= last), seq)

    def find_other(self, stored: Mapping[int, int]) -> int | None:
        """Return the first record that was sent with another sum than the one by which it is stored; None for none."""
        return min(
            (seq for seq, sum_ in stored.items() if self._sums.get(seq, UNKNOWN) not in (UNKNOWN, sum_)), default=None
        )

    def drop(self, seq: int) -> None:
        """Forget the records up to `seq`, which are deleted."""
        self._arrived.drop(seq)
        for number in [number for number in self._sums if number <= seq]:
            del self._sums[number]

    def forget_connection(self) -> None:
        """Forget what was in flight on an earlier connection."""
        self._in_flight.clear()

    def reset(self) -> None:
        """Start a new epoch."""
        self._in_flight.clear()
        self._arrived = Published()
        self._sums.clear()
