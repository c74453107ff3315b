"""Delivery of events to many clients: one wake-up of the event loop, and a bounded share of its time."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from api.live.delivery import LiveDelivery


class HandLoop:
    """An event loop whose time and calls a test moves by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.soon: list[Callable[[], object]] = []
        self.later: list[tuple[float, Callable[[], object]]] = []

    def time(self) -> float:
        return self.now_s

    def call_soon(self, call: Callable[..., object], *arguments: Any) -> None:
        self.soon.append(lambda: call(*arguments))

    call_soon_threadsafe = call_soon

    def call_later(self, wait_s: float, call: Callable[..., object]) -> None:
        self.later.append((wait_s, call))

    def run(self) -> int:
        """Run what is due; return how many turns that took."""
        turns = 0
        while self.soon:
            due, self.soon = self.soon, []
            for call in due:
                call()
            turns += 1
        return turns


class Client:
    """Counts how often it was woken; each time takes a millisecond."""

    def __init__(self, loop: HandLoop) -> None:
        self._loop = loop
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1
        self._loop.now_s += 0.001


def delivery_of(loop: HandLoop, clients: list[Client]) -> LiveDelivery:
    return LiveDelivery(cast("asyncio.AbstractEventLoop", loop), lambda _: clients)


def test_many_events_wake_each_client_once_and_others_have_turns_between() -> None:
    loop = HandLoop()
    clients = [Client(loop) for _ in range(120)]
    delivery = delivery_of(loop, clients)
    assert all(delivery.ask() for _ in range(10))
    assert len(loop.soon) == 1
    assert loop.run() == 5  # three parts of at most 50, the one that finds nobody left, and the end
    assert {client.woken for client in clients} == {1}


def test_the_next_delivery_waits_until_this_one_is_a_twentieth_of_the_time() -> None:
    loop = HandLoop()
    clients = [Client(loop) for _ in range(40)]  # 40 ms
    delivery = delivery_of(loop, clients)
    delivery.ask()
    loop.run()
    loop.now_s += 0.1
    delivery.ask()
    delivery.ask()
    loop.run()
    assert {client.woken for client in clients} == {1}
    [(wait_s, call)] = loop.later
    assert round(wait_s, 6) == 0.66  # of the 0.76 s
    call()
    loop.run()
    assert {client.woken for client in clients} == {2}


def test_what_is_asked_for_during_a_delivery_is_delivered_after_it() -> None:
    loop = HandLoop()
    clients = [Client(loop)]
    delivery = delivery_of(loop, clients)
    delivery.ask()
    loop.soon.pop()()  # the client is woken, the end is still to come
    delivery.ask()
    loop.run()
    [(_, call)] = loop.later
    call()
    loop.run()
    assert clients[0].woken == 2
