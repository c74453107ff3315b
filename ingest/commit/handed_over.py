"""Messages that the API of this process hands over, each with somebody who waits for its commit."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import Final

from headland.contract.posts.packs import PostedPack, PostedResult, sum_results
from headland.contract.refusals import Refused
from headland.contract.topics import parse_topic, senml_topic
from headland.errors import RetryLater
from ingest.commit.commit_batch import CommitBatch
from ingest.mqtt.inbox import HANDED_OVER, InboundMessage, Inbox

_AGAIN: Final = "The samples were not committed in time: send them again."
_NONE: Final = PostedResult()


class HandedOver:
    """Puts packs into the inbox beside the broker's messages, and tells who handed them over what became of them.

    A message has no copy with the broker: where it is not committed in time, whoever sent it has it. One that is
    committed after that is there when it is sent again, and stored once.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[PostedResult]] = {}

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult:
        """Wait for the commit of packs for so many seconds and return what became of them. Raises RetryLater."""
        waiting: dict[int, Future[PostedResult]] = {}
        messages = []
        for pack in packs:
            number = next(self._numbers)
            waiting[number] = Future()
            topic = senml_topic(gateway, pack.device)
            messages.append(InboundMessage(HANDED_OVER, number, 0, topic, pack.payload, refused=pack.refused))
        with self._lock:
            self._waiting |= waiting
        try:
            if not self._inbox.offer(messages):
                raise RetryLater("Too many samples wait to be stored: send them again.")
            if wait(waiting.values(), within_s).not_done:
                raise RetryLater(_AGAIN)
            return sum_results([each.result() for each in waiting.values()])
        finally:
            with self._lock:
                for number in waiting:
                    self._waiting.pop(number, None)

    def settle(self, batch: CommitBatch) -> None:
        """Tell what became of the messages of a committed batch; those that are owed to the quarantine still wait."""
        messages = [message for message in batch.messages if message.generation == HANDED_OVER]
        if not messages:
            return
        owed = {(each.topic, each.payload) for each in batch.owed_refusals}
        refused: dict[tuple[str, bytes], list[Refused]] = defaultdict(list)
        for each in (*batch.refusals, *batch.rejected):
            refused[each.topic, each.payload] += each.refused
        stored = _stored_of(batch)
        for message in messages:
            key = (message.topic, message.payload)
            with self._lock:
                waiting = self._waiting.pop(message.mid, None)
            if waiting is not None and key not in owed:
                counts = stored.get(message.mid, _NONE)
                waiting.set_result(sum_results([counts, PostedResult(refused=tuple(refused[key]))]))
            elif waiting is not None:
                waiting.set_exception(RetryLater(_AGAIN))

    def abandon(self) -> None:
        """Tell everybody who waits to send again: nobody knows what is committed."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            each.set_exception(RetryLater(_AGAIN))


def _stored_of(batch: CommitBatch) -> dict[int, PostedResult]:
    """Return what the store did with the samples of each message that was handed over, by its number."""
    result = batch.result
    found = {}
    for number, origin in enumerate(batch.origins):
        message = origin.message
        if message is None or message.generation != HANDED_OVER or result is None:
            continue
        topic = parse_topic(message.topic)
        device = None if topic is None else topic.device
        rejected = sum(each.key.device == device for each in batch.rejections)
        left = max(0, origin.samples - rejected)
        if not result.by_origin and not (result.duplicate or result.conflicting or result.rejected):
            found[message.mid] = PostedResult(stored=left)
            continue
        counts = result.by_origin.get(number)
        accepted, conflicting = (0, 0) if counts is None else (counts.accepted, counts.conflicting)
        duplicate = max(0, left - accepted - conflicting)
        found[message.mid] = PostedResult(stored=accepted, duplicate=duplicate, conflicting=conflicting)
    return found
