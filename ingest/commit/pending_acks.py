"""Commit acks to be published, by spool.

A gateway may have two spools at once, its daemon's and an import's, but the broker retains one ack a gateway. Acks are
published in the order of the spools' last messages, so the retained one belongs to the spool that sent last. The owner
of the other spool receives its ack on the same topic while it is subscribed; after a reconnect it gets the ack again
through its status or the first record that it sends again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from headland.contract.ack_keys import derive_ack_key, sign_ack
from headland.contract.content_sums import MAX_SUMS, pack_sums
from headland.contract.records import Ack
from ingest.accounting.record_digests import ContentSums
from ingest.commit.commit_batch import Epoch

#: Number of spools whose last published ack is remembered; others get theirs with their next message.
MAX_REMEMBERED: Final = 20_000
#: Sums that an ack has at least where they are known: it may be the first to arrive of several.
_LEAST_SUMS: Final = 8


class PendingAcks:
    """Acks by spool, signed where a secret is given. Used by the writer's thread only."""

    def __init__(self, secret: str | None = None) -> None:
        self._secret = secret
        self._keys: dict[str, str] = {}
        self._pending: dict[Epoch, Ack] = {}
        self._published: dict[Epoch, Ack] = {}

    def add(self, epoch: Epoch, high_water: int, sums: ContentSums) -> None:
        """Add the ack that a spool's records up to `high_water` are committed, with the sums of those not acked yet."""
        published = self._published.get(epoch)
        fresh = high_water - (0 if published is None else published.seq)
        newest = sums.newest(epoch, high_water, max(_LEAST_SUMS, min(fresh, MAX_SUMS)))
        self._pending.pop(epoch, None)
        self._pending[epoch] = self._sign(epoch[0], Ack(epoch=epoch[1], seq=high_water, sums=pack_sums(newest)))

    def _sign(self, gateway: str, ack: Ack) -> Ack:
        if self._secret is None:
            return ack
        key = self._keys.get(gateway)
        if key is None:
            if len(self._keys) >= MAX_REMEMBERED:
                self._keys.clear()
            key = self._keys[gateway] = derive_ack_key(self._secret, gateway)
        return sign_ack(ack, gateway, key)

    def add_all_again(self) -> None:
        """Add the last ack of every spool again: a restarted broker may have lost the retained acks."""
        self._pending = {
            epoch: ack for epoch, ack in self._published.items() if epoch not in self._pending
        } | self._pending

    def publish(self, publish: Callable[[str, Ack], bool], *, is_followed: bool) -> int:
        """Publish the pending acks until `publish` returns False; return how many were published."""
        count = 0
        for epoch, ack in list(self._pending.items()):
            if not publish(epoch[0], ack if is_followed else replace(ack, followed=False)):
                break
            del self._pending[epoch]
            self._published.pop(epoch, None)
            self._published[epoch] = ack
            count += 1
        while len(self._published) > MAX_REMEMBERED:
            del self._published[next(iter(self._published))]
        return count
