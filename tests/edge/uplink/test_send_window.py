"""The send window: when the uplink may send, and when it starts again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.uplink.send_window import SendWindow
from tests.examples import examples


def filled(limit: int = 10, receive_maximum: int = 65535, now_s: float = 0.0) -> SendWindow:
    window = SendWindow(limit, 3.0)
    window.restart(receive_maximum, now_s)
    seq = 0
    while window.free():
        seq += 1
        window.sent(seq, seq, now_s)
    return window


def test_the_brokers_receive_maximum_narrows_the_window() -> None:
    assert filled(100, 20).cursor == 20
    assert filled(10, 20).cursor == 10


def test_a_puback_frees_a_place_but_only_a_commit_ack_completes_a_record() -> None:
    window = filled(10)
    assert all(window.puback(mid) for mid in range(1, 11))
    assert not window.puback(3)
    assert window.free() == 0, "as many as a window wait for their first commit ack"
    assert window.commit(4, 1.0)
    assert window.free() == 10
    assert window.acked_seq == 4


def test_without_a_commit_ack_sending_starts_again_at_the_head_with_few_records() -> None:
    window = filled(100)
    assert window.commit(40, 1.0)
    assert not window.rewind_when_stalled(3.9)
    assert window.rewind_when_stalled(4.0)
    assert window.cursor == 40
    for mid in range(1, 101):
        window.puback(mid)
    assert window.free() == 8


def test_stalls_grow_longer_up_to_some_seconds_and_probe_with_one_record_until_there_is_progress() -> None:
    window = filled(10)
    now_s, gaps = 0.0, []
    for _ in range(8):
        limit_s = window.stall_limit_s
        now_s += limit_s
        assert window.rewind_when_stalled(now_s)
        gaps.append(limit_s)
        window.in_flight.clear()
        window.sent(1, 1, now_s)
    assert gaps == [3.0, 6.0, 7.5, 7.5, 7.5, 7.5, 7.5, 7.5]
    assert window.most_uncommitted == 1, "no more copies a minute than eight each minute"
    assert window.commit(1, now_s)
    assert window.stall_limit_s == 3.0
    assert window.most_uncommitted == 8


def test_a_commit_ack_without_progress_ends_the_wait_of_a_stalled_window() -> None:
    window = filled(10)
    assert window.commit(2, 0.0)
    assert not window.wake(2.0), "nothing is overdue yet"
    assert window.rewind_when_stalled(3.0)
    assert window.rewind_when_stalled(9.0) is False, "nothing was sent since"
    window.sent(11, 3, 3.0)
    assert window.rewind_when_stalled(9.0)
    assert not window.wake(9.5), "each repeated record has such an answer"
    assert window.wake(10.0)
    assert (window.stalls, window.most_uncommitted) == (0, 8)
    assert window.cursor == 2


def test_a_window_without_sent_records_never_stalls() -> None:
    window = SendWindow(10, 3.0)
    window.restart(20, 0.0)
    assert not window.rewind_when_stalled(1000.0)
    window.sent(1, 1, 1000.0)
    assert not window.rewind_when_stalled(1002.9)


def test_a_new_epoch_starts_without_state_of_the_old_one() -> None:
    window = filled(10)
    window.commit(5, 0.0)
    window.reset()
    assert (window.cursor, window.acked_seq) == (0, 0)
    assert window.commit(1, 0.0)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 30)),
        st.tuples(st.just("puback"), st.integers(0, 30)),
        st.tuples(st.just("commit"), st.integers(0, 30)),
        st.tuples(st.just("wait"), st.integers(0, 90)),
        st.tuples(st.just("restart"), st.integers(1, 50)),
    ),
    max_size=60,
)


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(1, 20), _STEPS)
def test_limits_hold_and_the_cursor_never_skips_a_record(limit: int, steps: list[tuple[str, int]]) -> None:
    window = SendWindow(limit, 3.0)
    window.restart(65535, 0.0)
    now_s, mid, maximum = 0.0, 0, limit
    acknowledged: set[int] = set()
    for step, amount in steps:
        if step == "send":
            for _ in range(min(amount, window.free())):
                mid += 1
                window.sent(mid, window.cursor + 1, now_s)
        elif step == "puback":
            for in_flight, seq in list(window.in_flight.items())[:amount]:
                assert window.puback(in_flight)
                acknowledged.add(seq)
        elif step == "commit":
            window.commit(min(window.acked_seq + amount, window.cursor), now_s)
        elif step == "wait":
            now_s += amount
            window.rewind_when_stalled(now_s)
        else:
            window.restart(amount, now_s)
            maximum = min(limit, amount)
            assert acknowledged.issuperset(range(window.acked_seq + 1, window.cursor + 1)), "the others are sent again"
        assert len(window.in_flight) <= max(maximum, limit)
        assert len(window.uncommitted) <= max(10 * limit, 8)
        assert list(window.uncommitted) == list(range(window.cursor - len(window.uncommitted) + 1, window.cursor + 1))
        assert window.cursor - len(window.uncommitted) == window.acked_seq


def test_no_record_is_sent_behind_one_without_subscribers_and_sending_soon_starts_again() -> None:
    window = filled(10)
    window.puback(1)
    window.note_no_subscribers()
    assert window.free() == 0
    assert not window.rewind_when_stalled(0.4)
    assert window.rewind_when_stalled(0.5)
    assert window.cursor == 0
    assert window.is_at_head


def test_a_commit_ack_after_a_record_without_subscribers_does_not_block_the_window_for_ever() -> None:
    window = filled(10)
    window.note_no_subscribers()
    assert window.commit(10, 1.0)
    for mid in range(1, 11):
        window.puback(mid)
    assert window.free() == 0
    assert window.rewind_when_stalled(1.5)
    assert window.free() > 0


@given(st.lists(st.sampled_from(["send", "puback", "no_subscribers", "commit", "wait"]), max_size=200))
def test_whatever_happens_the_window_opens_again(moves: list[str]) -> None:
    window = SendWindow(10, 3.0)
    now_s, seq = 0.0, 0
    window.restart(100, now_s)
    for move in moves:
        if move == "send" and window.free():
            seq = window.cursor + 1
            window.sent(seq, seq, now_s)
        elif move == "puback" and window.in_flight:
            window.puback(next(iter(window.in_flight)))
        elif move == "no_subscribers" and window.in_flight:
            window.puback(next(iter(window.in_flight)))
            window.note_no_subscribers()
        elif move == "commit" and window.uncommitted:
            window.commit(window.uncommitted[0], now_s)
        elif move == "wait":
            now_s += 1.0
            window.rewind_when_stalled(now_s)
    for mid in list(window.in_flight):
        window.puback(mid)
    for _ in range(200):
        now_s += 1.0
        window.rewind_when_stalled(now_s)
        if window.free():
            break
    assert window.free() > 0


def with_backlog() -> SendWindow:
    """Ten records of a backlog of 100 are in flight, and 101 to 105 were sent ahead."""
    window = SendWindow(20, 3.0)
    window.restart(100, 0.0)
    for seq in range(1, 11):
        window.sent(seq, seq, 0.0)
    for seq in range(101, 106):
        window.sent_ahead(seq, seq, seq)
    return window


def test_records_sent_ahead_use_places_but_do_not_hold_up_the_cursor() -> None:
    window = with_backlog()
    assert (window.cursor, list(window.ranges)) == (10, [(101, 105)])
    assert window.free() == 5
    assert window.ahead_from(100) == 105
    assert window.ahead_from(110) == 110, "records that became old meanwhile are backlog again"
    window.sent_ahead(111, 111, 111)
    assert list(window.ranges) == [(101, 105), (111, 111)]


def test_the_cursor_skips_what_was_sent_ahead_and_waits_for_its_commit_ack() -> None:
    window = with_backlog()
    window.in_flight.clear()
    window.commit(10, 1.0)
    window.cursor = 100
    assert not window.skip_sent(99, 101, 1.0), "a record that was merged later is not all in the range"
    assert window.skip_sent(101, 101, 1.0)
    assert (window.cursor, list(window.uncommitted), list(window.ranges)) == (105, [105], [])
    assert window.rewind_when_stalled(4.0)
    assert window.cursor == 10


def test_a_stall_forgets_what_was_sent_ahead() -> None:
    window = with_backlog()
    assert window.rewind_when_stalled(3.0)
    assert not window.ranges


def test_a_new_connection_goes_on_behind_what_the_broker_has_acknowledged() -> None:
    window = with_backlog()
    window.sent_urgent(150, 150)
    window.sent_urgent(160, 160)
    for mid in (1, 2, 3, 5, 101, 102, 105, 150):
        assert window.puback(mid)
    window.restart(100, 1.0)
    assert (window.cursor, list(window.uncommitted)) == (3, [1, 2, 3])
    assert list(window.ranges) == [(101, 102)]
    assert window.ahead_from(100) == 102
    assert (list(window.urgent), window.next_urgent()) == ([150], (150, 63))
    assert window.in_flight == {}
    assert window.waits_s(2.5) == 2.5, "the wait for the commit ack goes on"
    assert window.rewind_when_stalled(3.0)
    assert (window.cursor, list(window.ranges), list(window.urgent)) == (0, [], [])


def test_a_new_connection_starts_at_the_head_where_a_commit_ack_is_overdue_or_a_record_was_lost() -> None:
    for spoil in ("late", "stalled", "no subscribers"):
        window = filled(10)
        for mid in range(1, 11):
            window.puback(mid)
        if spoil == "stalled":
            assert window.rewind_when_stalled(3.0)
            window.sent(11, 1, 3.0)
            window.puback(11)
        elif spoil == "no subscribers":
            window.note_no_subscribers()
        window.restart(100, 3.0)
        assert (window.cursor, list(window.uncommitted)) == (0, []), spoil


def test_after_a_broken_connection_fewer_messages_are_in_flight_and_each_puback_permits_more() -> None:
    window = filled(100)
    window.restart(100, 1.0)
    assert window.free() == 50, "the last 100 went with the connection"
    for mid in range(101, 105):
        window.sent(mid, mid - 100, 1.0)
    window.restart(100, 2.0)
    assert window.free() == 4
    mid = 200
    for _ in range(30):
        for _ in range(window.free()):
            mid += 1
            window.sent(mid, window.cursor + 1, 2.0)
        for in_flight in list(window.in_flight):
            window.puback(in_flight)
        window.commit(window.cursor, 2.0)
    assert window.free() == 100
    window.restart(100, 3.0)
    assert window.free() == 100, "nothing was in flight"


def test_a_record_that_the_cursor_skipped_is_sent_again_where_its_puback_is_missing() -> None:
    window = with_backlog()
    for mid in (*range(1, 11), 101, 103, 104, 105):
        window.puback(mid)
    for seq in range(11, 101):
        window.sent(seq, seq, 0.0)
        window.puback(seq)
    assert window.skip_sent(101, 101, 0.0)
    assert window.cursor == 105
    window.restart(100, 1.0)
    assert window.cursor == 100


def test_a_commit_ack_beyond_a_range_removes_it() -> None:
    window = with_backlog()
    assert window.commit(105, 1.0)
    assert (window.cursor, list(window.ranges)) == (105, [])


def test_the_number_of_ranges_is_bounded() -> None:
    window = with_backlog()
    for start in range(200, 2000, 10):
        seq = window.ahead_from(start) + 1
        window.sent_ahead(seq, seq, seq)
    assert len(window.ranges) == 32


def test_acknowledged_records_end_before_the_first_unanswered_one() -> None:
    window = filled(10)
    for mid in (1, 2, 4, 5):
        assert window.puback(mid)
    assert window.acknowledged_upto() == 2
    assert window.puback(3)
    assert window.acknowledged_upto() == 5
    window.note_no_subscribers()
    assert window.acknowledged_upto() == 0
    assert window.rewind_when_stalled(0.5)
    window.sent(11, 1, 0.5)
    assert window.acknowledged_upto() == 0
    assert window.puback(11)
    assert window.acknowledged_upto() == 1, "the second copies of the others are still to come"


def test_urgent_records_are_sent_ahead_of_all_others_and_skipped_later() -> None:
    window = SendWindow(20, 3.0)
    window.restart(100, 0.0)
    assert window.next_urgent() == (0, 64)
    window.sent_urgent(1, 3)
    window.sent_urgent(2, 50)
    assert window.next_urgent() == (50, 62)
    window.sent(3, 1, 0.0)
    window.sent(4, 2, 0.0)
    assert window.skip_sent(3, 3, 0.0)
    assert (window.cursor, list(window.urgent), list(window.uncommitted)) == (3, [50], [1, 2, 3])
    assert not window.skip_sent(4, 4, 0.0)
    assert window.commit(60, 1.0)
    assert (list(window.urgent), window.cursor) == ([], 60)
    assert window.next_urgent() == (60, 64)


def test_a_range_sent_ahead_extends_over_an_urgent_record() -> None:
    window = with_backlog()
    window.sent_urgent(107, 107)
    window.sent_ahead(106, 106, 106)
    assert not window.join_ahead(106)
    assert window.join_ahead(107)
    assert (list(window.ranges), list(window.urgent)) == ([(101, 107)], [])
    assert window.ahead_from(100) == 107


def test_an_urgent_record_is_waited_for_and_sent_again_after_a_stall_or_on_a_new_connection() -> None:
    window = SendWindow(20, 3.0)
    window.restart(100, 0.0)
    window.sent_urgent(1, 9)
    assert window.waits_s(2.0) == 2.0
    assert window.rewind_when_stalled(3.0)
    assert window.next_urgent() == (0, 64)
    window.sent_urgent(2, 9)
    window.restart(100, 4.0)
    assert window.next_urgent() == (0, 64), "its PUBACK is missing"


def test_the_number_of_urgent_records_is_bounded() -> None:
    window = SendWindow(200, 3.0)
    window.restart(1000, 0.0)
    for seq in range(2, 130, 2):
        window.sent_urgent(seq, seq)
    assert window.next_urgent() == (128, 0)
