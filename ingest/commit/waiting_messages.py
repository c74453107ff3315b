"""Messages that need the quarantine's file while it cannot be written: they wait, and hold up no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from headland.contract.topics import parse_topic
from headland.store.port import Mark
from ingest.accounting.ledger import DispositionEntry
from ingest.admission.admit import mark_of_properties
from ingest.commit.commit_batch import CommitBatch, Epoch
from ingest.mqtt.inbox import HANDED_OVER, InboundMessage
from ingest.quarantine.refused_messages import LOST_MESSAGES, RefusedMessage

#: Share of the broker's unacknowledged messages that may wait here, and the share of that of one gateway.
_SHARE: Final = 4


class Waits(Enum):
    """Where a message waits for the quarantine."""

    HERE = auto()  # without an acknowledgement: the broker has it, too
    AT_GATEWAY = auto()  # on the disk of its gateway, without a commit ack, or with its sender, without an answer
    NOWHERE = auto()  # it had no record number, and there was no place left


class WaitingMessages:
    """What waits for the quarantine's file. The writer's thread alone changes it; `sentence` may be asked by any.

    A refused message remains here until its bound is reached, and with its gateway beyond, which sends it again: in
    neither case it has a commit ack. What the store refused or counted when it had the rest of a batch already is owed:
    the commit acks of its spools stay before it, and their gateways keep what they send meanwhile. So they do with the
    spools of which an earlier store had more, as long as that cannot be noted.
    """

    def __init__(self, receive_maximum: int) -> None:
        self._most = max(1, receive_maximum // _SHARE)
        self._most_of_one = max(1, self._most // _SHARE)
        self._messages: dict[tuple[str, bytes], InboundMessage] = {}
        self._owed: list[tuple[InboundMessage, RefusedMessage]] = []
        self._owed_dispositions: list[DispositionEntry] = []
        self._owed_counts: Counter[tuple[str, str]] = Counter()
        self._limits: dict[Epoch, int] = {}
        self._required: set[Epoch] = set()
        self._left: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._gateways: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many messages wait here."""
        return len(self._messages) + len(self._owed)

    @property
    def is_due(self) -> bool:
        """Whether the quarantine lacks anything."""
        return bool(self._gateways or self._owed_counts)

    def hold(self, message: InboundMessage) -> Waits:
        """Hold a refused message, or leave it where it is safe."""
        gateway = _gateway_of(message)
        key = (message.topic, message.payload)
        of_one = sum(_gateway_of(other) == gateway for other in self._messages.values())
        where = Waits.HERE
        if key not in self._messages and (len(self._messages) >= self._most or of_one >= self._most_of_one):
            # Who handed a message over is told that it is not stored, and has it.
            is_kept = message.generation == HANDED_OVER or numbers_of(message) is not None
            where = Waits.AT_GATEWAY if is_kept else Waits.NOWHERE
        if where is Waits.HERE:
            self._messages[key] = message
        elif where is Waits.AT_GATEWAY:
            self._left[gateway] += 1
        else:
            self._lost[gateway] += 1
        self._note_gateways()
        return where

    def leave(self, gateway: str) -> None:
        """Count a record that is left on the disk of its gateway."""
        self._left[gateway] += 1
        self._note_gateways()

    def owe(self, batch: CommitBatch) -> list[InboundMessage]:
        """Hold what a stored batch owes to the quarantine; return its messages that may be acknowledged."""
        self._owed_dispositions += batch.owed_dispositions
        self._owed_counts += batch.owed_counts
        refused = {(refusal.topic, refusal.payload): refusal for refusal in batch.owed_refusals}
        ready = []
        for message in batch.messages:
            refusal = refused.get((message.topic, message.payload))
            if refusal is None or not self._owe_message(message, refusal):
                ready.append(message)
        self._note_gateways()
        return ready

    def _owe_message(self, message: InboundMessage, refusal: RefusedMessage) -> bool:
        """Hold a message of which the store refused something; return False where it has no number and no place."""
        mark, gateway = refusal.mark, _gateway_of(message)
        if mark is not None:
            spool = (mark.gateway, mark.epoch)
            self._limits[spool] = min(self._limits.get(spool, mark.first - 1), mark.first - 1)
        elif sum(_gateway_of(other) == gateway for other, _ in self._owed) >= self._most_of_one:
            self._lost[gateway] += 1
            return False
        self._owed.append((message, refusal))
        return True

    def require(self, spools: Iterable[Epoch]) -> None:
        """Let all records of spools wait on the disks of their gateways."""
        self._required.update(spools)
        self._note_gateways()

    def must_wait(self, mark: Mark) -> bool:
        """Return whether records wait on the disk of their gateway: something of it is owed, or their spool waits."""
        return (mark.gateway, mark.epoch) in self._required or any(spool[0] == mark.gateway for spool in self._limits)

    def limit(self, spool: Epoch, high_water: int) -> int:
        """Return up to which record a spool may be acknowledged."""
        return min(high_water, self._limits.get(spool, high_water))

    def owed(self) -> tuple[list[RefusedMessage], list[DispositionEntry], Counter[tuple[str, str]]]:
        """Return what is owed to the quarantine: messages, dispositions of records, and counts of gateways."""
        lost = Counter({(name, LOST_MESSAGES): count for name, count in self._lost.items()})
        return [refusal for _, refusal in self._owed], list(self._owed_dispositions), self._owed_counts + lost

    def settle(self) -> tuple[list[InboundMessage], list[Epoch]]:
        """Forget what was owed; return the messages that may be acknowledged now, and the spools without a limit."""
        settled, spools = [message for message, _ in self._owed], list(self._limits)
        self._owed, self._owed_dispositions, self._limits, self._required = [], [], {}, set()
        for counts in (self._owed_counts, self._lost, self._left):
            counts.clear()
        self._note_gateways()
        return settled, spools

    def take(self) -> list[InboundMessage]:
        """Return the messages that wait here, in order of arrival, and forget them."""
        messages = list(self._messages.values())
        self._messages = {}
        self._note_gateways()
        return messages

    def sentence(self) -> str:
        """Return whose messages wait, for a person; "" where none does."""
        gateways = self._gateways
        if not gateways:
            return ""
        more = len(gateways) - 1
        others = f" and {more} more gateway{'s' if more > 1 else ''}" if more else ""
        return f"messages of {gateways[0]}{others} wait for it"

    def _note_gateways(self) -> None:
        held = {_gateway_of(message) for message in self._messages.values()}
        owed = {_gateway_of(message) for message, _ in self._owed}
        required = {gateway for gateway, _ in self._required}
        self._gateways = tuple(sorted(held | owed | required | set(self._left) | set(self._lost)))


def numbers_of(message: InboundMessage) -> Mark | None:
    """Return the records of a spool that a message holds by its properties; None for none."""
    topic = parse_topic(message.topic)
    return None if topic is None else mark_of_properties(topic.gateway, message.properties)


def _gateway_of(message: InboundMessage) -> str:
    topic = parse_topic(message.topic)
    return "an unknown gateway" if topic is None else topic.gateway
