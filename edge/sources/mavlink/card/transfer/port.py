"""Port of the protocols by which a card is read: the logs on it, and bytes of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.sources.mavlink.card.transfer.sparse_file import SparseFile
from edge.sources.mavlink.protocol.encoder import Outgoing
from edge.sources.mavlink.protocol.frame import RawFrame
from headland.errors import HeadlandError


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A log on a card. `name` is what requests call it; `utc_s` is 0 where the card does not know a time."""

    name: str
    size_bytes: int
    utc_s: int = 0

    @property
    def key(self) -> str:
        """What distinguishes it from the card's other logs: its time, else its name."""
        return f"t{self.utc_s}" if self.utc_s else "n" + "".join(c if c.isalnum() else "_" for c in self.name)


class NotAnswered(HeadlandError):  # noqa: N818 - it names what the vehicle does
    """A vehicle that refuses a request or does not answer it; `reason` is one of the catalogue's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CardTransfer(Protocol):
    """Reads one vehicle's card: the list first, then ranges of one log at a time. Times are monotonic seconds."""

    counts: dict[str, int]
    #: Bytes of logs that came, new ones or not.
    received_bytes: int

    def take(self, frame: RawFrame, now_s: float) -> None:
        """Read a frame of the vehicle's that may be part of an answer."""
        ...

    def due(self, now_s: float) -> list[Outgoing]:
        """Return what to send now. Raises NotAnswered after the last repetition."""
        ...

    def logs(self) -> Sequence[LogEntry] | None:
        """Return the card's logs, the newest first; None while the list is not complete."""
        ...

    def request(self, log: LogEntry, file: SparseFile, begin: int, end: int) -> None:
        """Request the missing bytes of a range of a log; they arrive in `file`."""
        ...

    def stop(self) -> list[Outgoing]:
        """Return what ends the transfer at once."""
        ...
