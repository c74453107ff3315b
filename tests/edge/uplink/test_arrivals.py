"""Arrivals at the broker: the records that a commit ack may delete."""

from edge.uplink.arrivals import Arrivals


def arrivals_of(*records: tuple[int, int]) -> Arrivals:
    arrivals = Arrivals()
    for mid, (first, seq) in enumerate(records, start=1):
        arrivals.sent(mid, first, seq)
        arrivals.puback(mid, is_heard=True)
    return arrivals


def test_records_have_arrived_up_to_the_first_without_a_puback() -> None:
    arrivals = arrivals_of((5, 5), (6, 9), (11, 11))
    arrivals.sent(9, 10, 10)
    assert arrivals.upto(4) == 9
    arrivals.puback(9, is_heard=True)
    assert arrivals.upto(4) == 11


def test_nothing_has_arrived_that_nobody_heard_or_that_an_earlier_connection_sent() -> None:
    arrivals = Arrivals()
    arrivals.sent(1, 1, 1)
    arrivals.puback(1, is_heard=False)
    arrivals.sent(2, 1, 1)
    arrivals.forget_connection()
    arrivals.puback(2, is_heard=True)
    assert arrivals.upto(0) == 0


def test_a_range_that_began_before_the_last_deletion_counts() -> None:
    assert arrivals_of((3, 8)).upto(5) == 8


def test_a_new_epoch_has_no_arrivals() -> None:
    arrivals = arrivals_of((1, 1))
    arrivals.reset()
    assert arrivals.upto(0) == 0
