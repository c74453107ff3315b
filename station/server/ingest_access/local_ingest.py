"""Access of the API to the ingest in the same process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headland.contract.delivery import Delivery, Quarantined, QuarantinedDetail
from headland.contract.gateway_orders import Order, OrderOutcome
from headland.contract.gateway_state import (
    GatewayState,
    RecentTrouble,
    RulesState,
    SourceState,
    UnstoredRecords,
    rules_of,
    spool_of,
)
from headland.contract.posts.packs import PostedPack, PostedResult
from headland.contract.posts.receipts import PostReceipt, ReceivedPosts
from headland.contract.records import GatewayStatus, SourceReport
from headland.contract.texts import displayable
from headland.i18n.sentences import translate_sentence
from ingest.mqtt.rules_publisher import SentRules
from ingest.service import IngestService


class LocalIngest:
    """Implements `api.ops.ingest_port.IngestPort` with an ingest in this process."""

    def __init__(self, ingest: IngestService) -> None:
        self._ingest = ingest

    def gateways(self) -> list[GatewayState]:
        """Return all known gateways, by id."""
        statuses, losses, troubles = self._ingest.gateways(), self._ingest.losses(), self._ingest.troubles()
        unstored, sent = self._ingest.unstored(), self._ingest.sent_rules()
        states = {name: _state_of(name, statuses.get(name)) for name in self._ingest.names()}
        return [
            msgspec.structs.replace(
                state,
                rules=_with_sent(state.rules, sent.get(name)),
                loss=losses.get(name, 0),
                unstored=unstored_of(unstored.get(name, {})),
                recent=troubles.get(name, RecentTrouble()),
            )
            for name, state in states.items()
        ]

    def delivery(self, gateway: str) -> Delivery | None:
        """Return the delivery of a gateway; None for an unknown gateway."""
        return next(iter(self.deliveries([gateway])), None)

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return the deliveries of several gateways."""
        return self._ingest.deliveries(gateways)

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        """Return quarantined messages, newest first."""
        messages = self._ingest.quarantine.list(limit, before, gateway)
        return [msgspec.convert(message, Quarantined, from_attributes=True) for message in messages]

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        """Return a quarantined message."""
        message = self._ingest.quarantine.find(number)
        return None if message is None else msgspec.convert(message, QuarantinedDetail, from_attributes=True)

    def replay(self, number: int) -> bool:
        """Request that a message is processed again; False where it is not in quarantine."""
        return self._ingest.replay(number)

    def devices_moved(self, gateway: str) -> None:
        """Take the owners of devices from the store now, and repeat what `gateway` sent about a device before."""
        self._ingest.devices_moved(gateway)

    def accept_loss(self, gateway: str) -> int | None:
        """Accept the loss of a gateway and return it; None for an unknown gateway."""
        return self._ingest.accept_loss(gateway)

    def send_rules(self, gateway: str, number: int, content: bytes) -> None:
        """Send alarm rules to a gateway. What became of it is in its state."""
        self._ingest.send_rules(gateway, number, content)

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult | None:
        """Store packs in the name of a gateway and return what became of them, after the commit.

        None for a gateway of which another worker has the shard.
        """
        return self._ingest.hand_over(gateway, packs, within_s)

    def note_post(self, receipt: PostReceipt) -> bool:
        """Add the receipt of a post to those of its login; False where another worker has its shard."""
        return self._ingest.note_post(receipt)

    def received_posts(self) -> list[ReceivedPosts]:
        """Return what each login has posted."""
        return list(self._ingest.received_posts())

    def take_read(self, number: int) -> bool:
        """Remove a message of which all is stored by now; False where it is not in quarantine."""
        return self._ingest.quarantine.take_read(number)

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        """Return a gateway's answer to an order. Raises RetryLater where it does not answer."""
        return self._ingest.order(gateway, order)

    def forget_marks(self, gateway: str) -> None:
        """Forget how far a gateway's spools were committed to an earlier store."""
        self._ingest.forget_marks(gateway)

    def drop(self, number: int) -> bool:
        """Delete a message; False where it is not in quarantine."""
        return self._ingest.quarantine.drop(number)


def unstored_of(states: Mapping[str, int]) -> UnstoredRecords:
    """Return the records of a gateway that are not in the store, by what a person should know of them."""
    return UnstoredRecords(
        lost=states.get("lost", 0),
        quarantined=states.get("quarantined", 0) + states.get("store_refused", 0),
        expired=states.get("expired", 0),
        dropped=states.get("dropped_by_gateway", 0),
        not_known=states.get("not_known", 0),
    )


def _state_of(name: str, status: GatewayStatus | None) -> GatewayState:
    if status is None:
        return GatewayState(id=name, online=None, last_status_ms=None, software="", epoch="", spool=spool_of(None))
    return GatewayState(
        id=name,
        online=status.online,
        last_status_ms=status.t,
        software=status.software,
        epoch=status.epoch,
        spool=spool_of(status),
        sources=tuple(source_of(source) for source in status.sources),
        rules=rules_of(status),
    )


def _with_sent(state: RulesState, sent: SentRules | None) -> RulesState:
    if sent is None:
        return state
    return msgspec.structs.replace(
        state, sent_revision=sent.revision, sent_ms=sent.time_ms, trouble=displayable(sent.trouble)
    )


def source_of(source: SourceReport) -> SourceState:
    """Return a source as a gateway reported it, with its sentence in Chinese where that is known."""
    state = msgspec.convert(source, SourceState, from_attributes=True)
    return msgspec.structs.replace(state, trouble_zh=translate_sentence(source.trouble, "zh") or "")
