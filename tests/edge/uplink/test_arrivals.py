"""Arrivals at the broker: the records that a commit ack may delete."""

from edge.uplink.arrivals import Arrivals


def arrivals_of(*records: tuple[int, int]) -> Arrivals:
    arrivals = Arrivals()
    for mid, (first, seq) in enumerate(records, start=1):
        arrivals.sent(mid, first, seq, 100 + seq)
        arrivals.puback(mid, is_heard=True)
    return arrivals


def test_records_have_arrived_up_to_the_first_without_a_puback() -> None:
    arrivals = arrivals_of((5, 5), (6, 9), (11, 11))
    arrivals.sent(9, 10, 10, 110)
    assert arrivals.upto(4) == 9
    arrivals.puback(9, is_heard=True)
    assert arrivals.upto(4) == 11


def test_nothing_has_arrived_that_nobody_heard_or_that_an_earlier_connection_sent() -> None:
    arrivals = Arrivals()
    arrivals.sent(1, 1, 1, 101)
    arrivals.puback(1, is_heard=False)
    arrivals.sent(2, 1, 1, 101)
    arrivals.forget_connection()
    arrivals.puback(2, is_heard=True)
    assert arrivals.upto(0) == 0


def test_a_range_that_began_before_the_last_deletion_counts() -> None:
    assert arrivals_of((3, 8)).upto(5) == 8


def test_a_new_epoch_has_no_arrivals() -> None:
    arrivals = arrivals_of((1, 1))
    arrivals.reset()
    assert arrivals.upto(0) == 0


def test_the_first_record_that_is_stored_with_another_content_is_found() -> None:
    arrivals = arrivals_of((1, 1), (2, 2), (3, 3), (4, 4))
    assert arrivals.find_other({1: 101, 2: 102, 3: 103}) is None
    assert arrivals.find_other({4: 7, 3: 8, 2: 102, 9: 1}) == 3


def test_nothing_is_said_of_a_range_a_changed_record_or_one_that_is_deleted() -> None:
    arrivals = arrivals_of((1, 1), (2, 4), (5, 5))
    arrivals.sent(9, 5, 5, 7)
    arrivals.drop(1)
    assert arrivals.find_other({1: 7, 4: 7, 5: 8, 6: 7}) is None


def test_a_new_epoch_has_no_contents() -> None:
    arrivals = arrivals_of((1, 1))
    arrivals.reset()
    assert arrivals.find_other({1: 7}) is None
