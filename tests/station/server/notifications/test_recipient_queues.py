"""Slow and dead recipients are put aside; they hold up no other, and take no more than half of the workers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headland.network.address_policy import parse_networks
from headland.registry.models.alarms import AlarmRecipient, Notice, NoticeState, RecipientKind
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from station.server.notifications.recipient_queues import SLOW_S, RecipientQueues
from station.server.notifications.sender import NotificationSender
from station.server.organisation import ensure_organisation
from tests.network.test_http_client import peer, say, silence

WaitUntil = Callable[..., None]
HANDLE = "local"


def notice(recipient: str, number: int = 0, attempts: int = 0, due_ms: int = 1) -> Notice:
    return Notice(
        id=f"{recipient}-{number}", recipient=recipient, rule="frost", what="raised", about=(), body="{}",
        created_ms=1, due_ms=due_ms, attempts=attempts,
    )  # fmt: skip


class Lane:
    """Queues of one lane with four workers, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.queues = RecipientQueues({"webhook": 4}, lambda: self.now_s)

    def fill(self, *notices: Notice) -> None:
        self.queues.fill(("webhook", each) for each in notices)

    def take(self) -> Notice | None:
        return self.queues.take("webhook", 0.0)

    def finish(
        self, taken: Notice | None, *, is_over: bool = True, took_s: float = 0.1, is_recorded: bool = True
    ) -> None:
        assert taken is not None
        self.queues.finish(taken, is_over=is_over, is_recorded=is_recorded, took_s=took_s)

    def trust(self, *names: str) -> None:
        """Let recipients succeed once."""
        for name in names:
            self.fill(notice(name, 99))
            self.finish(self.take())


def names(*taken: Notice | None) -> list[str | None]:
    return [None if each is None else each.recipient for each in taken]


def test_a_recipient_has_one_attempt_at_a_time_in_the_order_of_its_notices() -> None:
    lane = Lane()
    lane.fill(notice("a", 1), notice("a", 2))
    first = lane.take()
    assert (first is not None and first.id, lane.take()) == ("a-1", None)
    lane.finish(first)
    second = lane.take()
    assert second is not None
    assert second.id == "a-2"


def test_no_worker_is_woken_while_nothing_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane()
    woken: list[int] = []
    monkeypatch.setattr(lane.queues._changed, "notify_all", lambda: woken.append(1))
    lane.fill()
    assert woken == []
    lane.fill(notice("a"))
    assert woken == [1]


def test_a_worker_waits_long_where_its_lane_has_nothing_due(monkeypatch: pytest.MonkeyPatch) -> None:
    lane = Lane()
    waits: list[float] = []
    monkeypatch.setattr(lane.queues._changed, "wait", waits.append)
    assert lane.queues.take("webhook", 30.0) is None
    lane.fill(notice("a", 1), notice("a", 2))
    lane.take()
    assert lane.queues.take("webhook", 30.0) is None  # the other one waits for the attempt under way
    assert waits == [30.0, 1.0]


def test_slow_and_unknown_recipients_have_at_most_half_of_the_workers() -> None:
    lane = Lane()
    lane.trust("good", "other")
    lane.fill(*(notice(f"new-{number}") for number in range(5)), notice("good"), notice("other"))
    assert names(lane.take(), lane.take(), lane.take(), lane.take(), lane.take()) == [
        "good", "other", "new-0", "new-1", None,
    ]  # fmt: skip
    lane.fill(notice("good", 2), notice("new-4"))
    lane.finish(notice("good"))
    assert names(lane.take(), lane.take()) == ["good", None]


def test_a_recipient_that_was_slow_comes_after_the_quick_ones() -> None:
    lane = Lane()
    lane.trust("quick", "slow")
    lane.fill(notice("slow", 1))
    lane.finish(lane.take(), took_s=SLOW_S + 1)
    lane.fill(notice("slow", 2, due_ms=1), notice("quick", 1, due_ms=5))
    assert names(lane.take(), lane.take()) == ["quick", "slow"]


def test_a_recipient_that_fails_is_put_aside_for_longer_each_time() -> None:
    lane = Lane()
    lane.fill(notice("dead"))
    taken, waits = lane.take(), []
    for attempts in range(1, 5):
        lane.finish(taken, is_over=False)
        assert lane.queues.put_aside() == 1
        lane.fill(notice("dead", attempts))
        began_s = lane.now_s
        while (taken := lane.take()) is None:
            lane.now_s += 1.0
        waits.append(lane.now_s - began_s)
    assert waits == [10.0, 20.0, 40.0, 80.0]
    lane.finish(taken)
    assert lane.queues.put_aside() == 0


def test_what_was_read_before_an_attempt_ended_does_not_begin_it_again_and_a_replay_does() -> None:
    lane = Lane()
    lane.fill(notice("a"))
    taken = lane.take()
    lane.fill(notice("a"))
    lane.finish(taken)
    lane.fill(notice("a"))
    assert lane.take() is None
    lane.fill(notice("a", due_ms=77))
    assert names(lane.take()) == ["a"]


def test_an_attempt_whose_outcome_was_not_stored_is_made_again() -> None:
    lane = Lane()
    lane.fill(notice("a"))
    lane.finish(lane.take(), is_recorded=False)
    lane.fill(notice("a"))
    assert names(lane.take()) == ["a"]


def test_a_clock_that_is_set_back_does_not_keep_a_recipient_aside() -> None:
    lane = Lane()
    lane.fill(notice("a"))
    lane.finish(lane.take(), is_over=False)
    lane.now_s -= 1e7
    lane.fill(notice("a", 2))
    assert names(lane.take()) == ["a"]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    yield opened
    opened.close()


def test_a_good_recipient_is_served_at_once_beside_many_that_never_answer(
    registry: Registry, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.server.notifications.channels._TIMEOUT_S", 3600.0)
    repositories = ensure_organisation(registry, HANDLE, "test")

    def recipient(name: str, port: int) -> AlarmRecipient:
        address = f"http://127.0.0.1:{port}/{name}"
        return repositories.alarm_recipients.add(AlarmRecipient(name=name, kind=RecipientKind.WEBHOOK, address=address))

    with peer(silence) as (dead_port, dead), peer(say(b"HTTP/1.1 204 No Content\r\n\r\n")) as (port, heads):
        silent = [recipient(f"silent-{number}", dead_port) for number in range(30)]
        good = recipient("good", port)
        due = [notice(each.id, number) for each in silent for number in range(5)]
        repositories.alarms.save(AlarmUpdate(notices=[*due, notice(good.id, due_ms=2)]))
        sender = NotificationSender(registry, HANDLE, None, None, policy=parse_networks("127.0.0.0/8"))
        sender.read_due()
        sender._queues._recipients[good.id].is_slow = False  # as after its first delivery
        for thread in sender._workers:
            thread.start()
        wait_until(lambda: heads)
        wait_until(lambda: _state_of(repositories, good) is NoticeState.DELIVERED)
        assert len(dead) <= 2
        sender.stop()


def _state_of(repositories: OrganisationRepositories, recipient: AlarmRecipient) -> NoticeState:
    notices = repositories.alarms.notices(limit=1000)
    return next(each.state for each in notices if each.recipient == recipient.id)


def test_the_due_notices_of_one_recipient_do_not_hide_those_of_another(registry: Registry) -> None:
    repositories = ensure_organisation(registry, HANDLE, "test")
    many = [notice("many", number) for number in range(300)]
    repositories.alarms.save(AlarmUpdate(notices=[*many, notice("few", 1, due_ms=9), notice("few", 2, due_ms=10**15)]))
    found = repositories.alarms.due_by_recipient(10, each=20)
    assert Counter(each.recipient for each in found) == {"many": 20, "few": 1}
    assert [each.due_ms for each in found] == sorted(each.due_ms for each in found)
    assert {each.recipient for each in repositories.alarms.due_by_recipient(10, each=20, limit=2)} == {"many", "few"}


def test_a_stop_ends_an_attempt_that_hangs(
    registry: Registry, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.server.notifications.channels._TIMEOUT_S", 3600.0)
    repositories = ensure_organisation(registry, HANDLE, "test")
    with peer(silence) as (port, heads):
        silent = repositories.alarm_recipients.add(
            AlarmRecipient(name="silent", kind=RecipientKind.WEBHOOK, address=f"http://127.0.0.1:{port}/")
        )
        repositories.alarms.save(AlarmUpdate(notices=[notice(silent.id)]))
        sender = NotificationSender(registry, HANDLE, None, None, policy=parse_networks("127.0.0.0/8"))
        before = threading.active_count()
        sender.start()
        wait_until(lambda: heads)
        sender.stop()
        wait_until(lambda: threading.active_count() <= before + 1)
