"""Arrivals: the records that the broker has acknowledged, by this process in this epoch."""

from __future__ import annotations

from edge.spool.numbering.published import Published


class Arrivals:
    """A commit ack deletes only what has arrived: numbers may be another spool's, a record on the broker is not.

    Where two spools use the same numbers, ingest compares what arrives under one number, and stores both.
    """

    def __init__(self) -> None:
        self._in_flight: dict[int, tuple[int, int]] = {}
        self._arrived = Published()

    def sent(self, mid: int, first: int, seq: int) -> None:
        """Note that the record `first`..`seq` was sent as message `mid`."""
        self._in_flight[mid] = (first, seq)

    def puback(self, mid: int, *, is_heard: bool) -> None:
        """Note the PUBACK of message `mid`; without subscribers, or refused, it has not arrived."""
        record = self._in_flight.pop(mid, None)
        if record is not None and is_heard:
            self._arrived.add(*record)

    def upto(self, seq: int) -> int:
        """Return the last record up to which all after `seq` have arrived."""
        return next((last for first, last in self._arrived.ranges if first <= seq + 1 <= last), seq)

    def drop(self, seq: int) -> None:
        """Forget the records up to `seq`, which are deleted."""
        self._arrived.drop(seq)

    def forget_connection(self) -> None:
        """Forget what was in flight on an earlier connection."""
        self._in_flight.clear()

    def reset(self) -> None:
        """Start a new epoch."""
        self._in_flight.clear()
        self._arrived = Published()
