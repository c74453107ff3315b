"""Port from the API to an ingest; the station connects the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headland.contract.delivery import Delivery, Quarantined, QuarantinedDetail
from headland.contract.gateway_orders import Order, OrderOutcome
from headland.contract.gateway_state import GatewayState
from headland.contract.posts.packs import PostedPack, PostedResult
from headland.contract.posts.receipts import PostReceipt, ReceivedPosts


class IngestPort(Protocol):
    """Gateways and quarantined messages. Every call may come from any thread and may raise RetryLater."""

    def gateways(self) -> list[GatewayState]:
        """Return all known gateways, by id."""
        ...

    def delivery(self, gateway: str) -> Delivery | None:
        """Return the delivery of a gateway; None for an unknown gateway."""
        ...

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return the deliveries of several gateways."""
        ...

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        """Return quarantined messages, the newest first."""
        ...

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        """Return a quarantined message."""
        ...

    def replay(self, number: int) -> bool:
        """Request that a message is processed again; False where it is not in quarantine."""
        ...

    def devices_moved(self, gateway: str) -> None:
        """Take the owners of devices from the store now, and repeat what `gateway` sent about a device before."""
        ...

    def accept_loss(self, gateway: str) -> int | None:
        """Accept the loss of a gateway and return it; None for an unknown gateway."""
        ...

    def send_rules(self, gateway: str, number: int, content: bytes) -> None:
        """Send alarm rules (`headland.contract.gateway_rules`) to a gateway; its state then says what became of it."""
        ...

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult | None:
        """Store packs in the name of a gateway and return what became of them, after the commit.

        None for a gateway of which another worker has the shard.
        """
        ...

    def note_post(self, receipt: PostReceipt) -> bool:
        """Add the receipt of a post to those of its login; False where another worker has its shard."""
        ...

    def received_posts(self) -> list[ReceivedPosts]:
        """Return what each login has posted."""
        ...

    def take_read(self, number: int) -> bool:
        """Remove a message of which all is stored by now; False where it is not in quarantine."""
        ...

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        """Return a gateway's answer to an order. Raises RetryLater where it does not answer."""
        ...

    def forget_marks(self, gateway: str) -> None:
        """Forget how far a gateway's spools were committed to an earlier store."""
        ...

    def drop(self, number: int) -> bool:
        """Delete a message; False where it is not in quarantine."""
        ...
