"""The queue between the network thread and the writer."""

from __future__ import annotations

import math
import threading
import time

from ingest.mqtt.inbox import HANDED_OVER, InboundMessage, Inbox
from tests.waiting import wait_until


def message(mid: int, qos: int = 1, generation: int = 1) -> InboundMessage:
    return InboundMessage(generation, mid, qos, "t", b"")


def mids(messages: list[InboundMessage]) -> list[int]:
    return [one.mid for one in messages]


def test_messages_come_out_in_the_order_of_arrival_and_no_more_than_asked() -> None:
    inbox = Inbox(10)
    for mid in range(5):
        inbox.put(message(mid))
    assert mids(inbox.take(3, 1, 0)) == [0, 1, 2]
    assert mids(inbox.take(3, 1, 0)) == [3, 4]


def test_an_empty_queue_gives_nothing_after_its_wait() -> None:
    assert Inbox(10).take(3, 0.01, 10) == []


def test_a_first_message_waits_only_a_little_for_others() -> None:
    inbox = Inbox(10)
    threading.Timer(0.02, inbox.put, [message(1)]).start()
    assert mids(inbox.take(3, 3600, 0.01)) == [1]


def test_a_long_wait_for_others_ends_where_none_comes() -> None:
    inbox = Inbox(10)
    inbox.put(message(1))
    assert mids(inbox.take(3, 3600, 3600, 0.01)) == [1]


def test_a_wait_for_others_can_be_ended_and_goes_on_where_it_was() -> None:
    inbox, is_due = Inbox(10), threading.Event()
    inbox.put(message(1))
    taken: list[list[int]] = []
    writer = threading.Thread(target=lambda: taken.append(mids(inbox.take(3, 3600, 3600, until=is_due.is_set))))
    writer.start()
    wait_until(lambda: inbox._wanted == 3)
    inbox.wake()  # nothing is due yet: it waits on
    is_due.set()
    inbox.wake()
    writer.join(10)
    assert taken == [[]]
    # The wait began when the first message was found: what is over of it is not waited for again.
    wait_until(lambda: time.monotonic() - (inbox._began_s or math.inf) > 0.02)
    assert mids(inbox.take(3, 0, 0.02)) == [1]
    assert inbox._began_s is None


def test_a_full_batch_is_taken_whatever_is_due() -> None:
    inbox = Inbox(10)
    for mid in range(3):
        inbox.put(message(mid))
    assert mids(inbox.take(3, 0, 3600, until=lambda: True)) == [0, 1, 2]


def test_qos_0_is_dropped_and_counted_where_the_queue_is_full() -> None:
    inbox = Inbox(2)
    for mid in range(4):
        inbox.put(message(mid, qos=0))
    assert (len(inbox), inbox.dropped) == (2, 2)


def test_messages_that_the_broker_will_send_again_are_removed() -> None:
    inbox = Inbox(10)
    inbox.put(message(1))
    inbox.put(message(2, qos=0))
    inbox.forget(redelivered=True)
    assert mids(inbox.take(9, 0, 0)) == [2]


def test_messages_that_will_not_come_again_remain_within_the_limit() -> None:
    inbox = Inbox(3)
    for mid in range(5):
        inbox.put(message(mid))
    inbox.forget(redelivered=False)
    assert inbox.dropped == 2
    assert mids(inbox.take(9, 0, 0)) == [2, 3, 4]


def test_close_wakes_a_waiting_caller() -> None:
    inbox = Inbox(3)
    threading.Timer(0.02, inbox.close).start()
    assert inbox.take(3, 3600, 3600) == []


def test_messages_that_join_the_first_do_not_wake_the_writer_and_the_last_that_fits_does() -> None:
    inbox = Inbox(100)
    taken: list[int] = []
    writer = threading.Thread(target=lambda: taken.extend(mids(inbox.take(50, 3600, 3600))))
    inbox.put(message(0))
    writer.start()
    wait_until(lambda: inbox._wanted == 50)
    notify, calls = inbox._changed.notify, 0

    def counted(n: int = 1) -> None:
        nonlocal calls
        calls += 1
        notify(n)

    inbox._changed.notify = counted  # type: ignore[method-assign] # counts what the real one does
    for mid in range(1, 49):
        inbox.put(message(mid))
    assert calls == 0
    inbox.put(message(49))
    writer.join(120)
    assert (calls, taken) == (1, list(range(50)))
    inbox.put(message(50))
    assert calls == 2, "a first message wakes the writer again"


def test_what_somebody_waits_for_ends_the_wait_for_others() -> None:
    inbox = Inbox(10)
    inbox.put(message(1))
    taken: list[list[int]] = []
    writer = threading.Thread(target=lambda: taken.append(mids(inbox.take(3, 3600, 3600))), daemon=True)
    writer.start()
    wait_until(lambda: inbox._wanted == 3)
    assert inbox.offer([message(2, qos=0, generation=HANDED_OVER)])
    writer.join(10)
    assert taken == [[1, 2]]
    # The next messages of gateways wait for one another as before.
    inbox.put(message(3))
    assert mids(inbox.take(3, 3600, 3600, 0.01)) == [3]


def test_a_new_connection_brings_nothing_of_what_was_handed_over_and_it_remains() -> None:
    inbox = Inbox(10)
    inbox.put(message(1))
    assert inbox.offer([message(2, qos=0, generation=HANDED_OVER)])
    inbox.forget(redelivered=True)
    assert mids(inbox.take_now(10)) == [2]
