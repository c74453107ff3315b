"""The commit acks still to be published, by spool: a gateway may have two at once, its daemon's and an import's.

The broker retains one ack a gateway. So that it is the one of the spool that was heard last, spools are kept in the
order in which they were heard, and paid in it. The other spool's owner is told by the same topic while it listens, and
when it comes back by its status or by the first record that it sends again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headland.contract.records import Ack
from ingest.commit_batch import Epoch

#: Of so many spools the last commit ack is remembered; of the others it is told when they are heard again.
MAX_REMEMBERED: Final = 20_000


class PendingAcks:
    """Belongs to the writer's thread."""

    def __init__(self) -> None:
        self._owed: dict[Epoch, Ack] = {}
        self._paid: dict[Epoch, Ack] = {}

    def owe(self, epoch: Epoch, high_water: int) -> None:
        """Owe a spool's gateway the word that its records up to `high_water` are committed."""
        self._owed.pop(epoch, None)
        self._owed[epoch] = Ack(epoch=epoch[1], seq=high_water)

    def owe_again(self) -> None:
        """Owe everyone the last ack again: a broker that came back may have lost the retained ones."""
        self._owed = {epoch: ack for epoch, ack in self._paid.items() if epoch not in self._owed} | self._owed

    def pay(self, publish: Callable[[str, Ack], bool]) -> int:
        """Publish what is owed until `publish` says False; return how many acks went out."""
        paid = 0
        for epoch, ack in list(self._owed.items()):
            if not publish(epoch[0], ack):
                break
            del self._owed[epoch]
            self._paid.pop(epoch, None)
            self._paid[epoch] = ack
            paid += 1
        while len(self._paid) > MAX_REMEMBERED:
            del self._paid[next(iter(self._paid))]
        return paid
