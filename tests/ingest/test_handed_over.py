"""Packs that the API hands over are answered after their commit, beside what the broker brings."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headland.contract.posts.packs import PostedPack, PostedResult
from headland.contract.refusals import Reason, Refused
from headland.errors import RetryLater
from headland.store.memory import MemoryStore
from headland.store.port import SeriesFilter, WriteBatch, WriteResult
from ingest.mqtt.inbox import Inbox
from ingest.settings import IngestSettings
from ingest.writer import IngestWriter
from tests.ingest.conftest import StartIngest
from tests.ingest.gateway import T0_MS, Gateway, batch_of
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.services("mosquitto")


def pack(value: float, channel: str = "co2_ppm", device: str = "house-1") -> PostedPack:
    return PostedPack(device, f'[{{"n":"{channel}","t":{T0_MS / 1000},"v":{value}}}]'.encode())


def stored(store: MemoryStore) -> list[float]:
    return [float(value) for samples in store.raw(SeriesFilter("local"), 0, 2**60) for value in samples.value]


def test_the_answer_comes_after_the_commit_and_a_repetition_is_stored_once(
    start_ingest: StartIngest, memory_store: MemoryStore
) -> None:
    service = start_ingest(memory_store)
    assert service.hand_over("http-1", [pack(400)], PATIENCE_S) == PostedResult(stored=1)
    assert stored(memory_store) == [400.0]
    assert service.hand_over("http-1", [pack(400)], PATIENCE_S) == PostedResult(duplicate=1)
    assert service.hand_over("http-1", [pack(401)], PATIENCE_S) == PostedResult(conflicting=1)
    assert stored(memory_store) == [400.0]
    assert service.counters()["received"] == 3


class SlowStore(MemoryStore):
    """A store whose write takes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.began = threading.Event()

    def write(self, batch: WriteBatch) -> WriteResult:
        self.began.set()
        assert self.let_go.wait(PATIENCE_S)
        return super().write(batch)


def test_nothing_is_answered_before_the_commit(start_ingest: StartIngest) -> None:
    store = SlowStore()
    service = start_ingest(store)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(service.hand_over, "http-1", [pack(400)], PATIENCE_S)
        assert store.began.wait(PATIENCE_S)
        assert not answer.done()
        store.let_go.set()
        assert answer.result(PATIENCE_S) == PostedResult(stored=1)


def test_a_commit_that_does_not_come_in_time_is_told_and_the_repetition_is_stored_once(
    start_ingest: StartIngest,
) -> None:
    store = SlowStore()
    service = start_ingest(store)
    with pytest.raises(RetryLater, match="send them again"):
        service.hand_over("http-1", [pack(400)], 0.05)
    store.let_go.set()
    wait_until(lambda: stored(store) == [400.0])
    assert service.hand_over("http-1", [pack(400)], PATIENCE_S) == PostedResult(duplicate=1)


def test_what_cannot_be_stored_is_in_quarantine_and_named_and_the_rest_is_stored(
    start_ingest: StartIngest, memory_store: MemoryStore
) -> None:
    service = start_ingest(memory_store)
    unread = PostedPack("house-1", b"not json", (Refused(Reason.NOT_JSON, "malformed"),))
    result = service.hand_over("http-1", [pack(400), pack(1, "mood"), unread], PATIENCE_S)
    assert result is not None
    assert (result.stored, [each.reason for each in result.refused]) == (1, [Reason.UNKNOWN_CHANNEL, Reason.NOT_JSON])
    assert {each.payload for each in service.quarantine.list()} == {pack(1, "mood").payload, b"not json"}
    delivery = service.delivery("http-1")
    assert delivery is not None
    assert (delivery.received, delivery.gateway) == (3, "http-1")


def test_a_sender_cannot_write_about_the_device_of_another(
    start_ingest: StartIngest, memory_store: MemoryStore, gateway: Gateway
) -> None:
    service = start_ingest(memory_store)
    batch = batch_of(1)
    gateway.send(batch)
    gateway.wait_for_ack(1)
    before = stored(memory_store)
    result = service.hand_over("http-1", [pack(400, device=batch.blocks[0].device)], PATIENCE_S)
    assert result is not None
    assert [each.reason for each in result.refused] == [Reason.WRONG_IDENTITY]
    assert stored(memory_store) == before


def test_a_broker_that_comes_again_takes_nothing_of_what_was_handed_over(tmp_path: Path) -> None:
    inbox = Inbox(10)
    writer = IngestWriter(IngestSettings(quarantine_path=tmp_path / "q.sqlite"), MemoryStore(), inbox, None)  # type: ignore[arg-type] # nothing is acknowledged here
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(writer.handed_over.hand_over, "http-1", [pack(400)], PATIENCE_S)
        wait_until(lambda: len(inbox) == 1)
        inbox.forget(redelivered=True)
        assert len(inbox) == 1
        writer.handed_over.abandon()
        with pytest.raises(RetryLater):
            answer.result(PATIENCE_S)
    writer.finish()


def test_too_many_that_wait_are_told_to_come_again() -> None:
    from ingest.commit.handed_over import HandedOver

    inbox = Inbox(8)
    handed_over = HandedOver(inbox)
    for _ in range(2):
        with pytest.raises(RetryLater):
            handed_over.hand_over("http-1", [pack(400)], 0.0)
    with pytest.raises(RetryLater, match="Too many"):
        handed_over.hand_over("http-1", [pack(400)], PATIENCE_S)
    assert len(inbox) == 2
