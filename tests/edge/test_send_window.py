"""When the uplink may send, and when it begins again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.send_window import SendWindow


def filled(limit: int = 10, receive_maximum: int = 65535, now_s: float = 0.0) -> SendWindow:
    window = SendWindow(limit, 3.0)
    window.restart(receive_maximum, now_s)
    seq = 0
    while window.room():
        seq += 1
        window.sent(seq, seq, now_s)
    return window


def test_the_brokers_receive_maximum_narrows_the_window() -> None:
    assert filled(100, 20).cursor == 20
    assert filled(10, 20).cursor == 10


def test_a_puback_makes_room_but_only_a_commit_ack_counts_as_done() -> None:
    window = filled(10)
    assert all(window.puback(mid) for mid in range(1, 11))
    assert not window.puback(3)
    assert window.room() == 0, "as many as a window wait for their first commit ack"
    assert window.commit(4, 1.0)
    assert window.room() == 10
    assert window.acked_seq == 4


def test_without_a_commit_ack_it_begins_again_at_the_head_with_few_records() -> None:
    window = filled(100)
    assert window.commit(40, 1.0)
    assert not window.rewind_when_stalled(3.9)
    assert window.rewind_when_stalled(4.0)
    assert window.cursor == 40
    for mid in range(1, 101):
        window.puback(mid)
    assert window.room() == 8


def test_stalls_grow_longer_up_to_a_minute_and_progress_ends_that() -> None:
    window = filled(10)
    now_s, gaps = 0.0, []
    for _ in range(8):
        patience_s = window.patience_s
        now_s += patience_s
        assert window.rewind_when_stalled(now_s)
        gaps.append(patience_s)
        window.on_the_way.clear()
        window.sent(1, 1, now_s)
    assert gaps == [3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0, 60.0]
    assert window.commit(1, now_s)
    assert window.patience_s == 3.0


def test_nothing_sent_is_never_a_stall() -> None:
    window = SendWindow(10, 3.0)
    window.restart(20, 0.0)
    assert not window.rewind_when_stalled(1000.0)
    window.sent(1, 1, 1000.0)
    assert not window.rewind_when_stalled(1002.9)


def test_a_new_epoch_knows_nothing_of_the_old_one() -> None:
    window = filled(10)
    window.commit(5, 0.0)
    window.forget()
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


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 20), _STEPS)
def test_limits_hold_and_the_cursor_never_passes_over_a_record(limit: int, steps: list[tuple[str, int]]) -> None:
    window = SendWindow(limit, 3.0)
    window.restart(65535, 0.0)
    now_s, mid, maximum = 0.0, 0, limit
    for step, amount in steps:
        if step == "send":
            for _ in range(min(amount, window.room())):
                mid += 1
                window.sent(mid, window.cursor + 1, now_s)
        elif step == "puback":
            for one in list(window.on_the_way)[:amount]:
                assert window.puback(one)
        elif step == "commit":
            window.commit(min(window.acked_seq + amount, window.cursor), now_s)
        elif step == "wait":
            now_s += amount
            window.rewind_when_stalled(now_s)
        else:
            window.restart(amount, now_s)
            maximum = min(limit, amount)
            assert window.cursor == window.acked_seq
        assert len(window.on_the_way) <= max(maximum, limit)
        assert len(window.uncommitted) <= max(10 * limit, 8)
        assert list(window.uncommitted) == list(range(window.cursor - len(window.uncommitted) + 1, window.cursor + 1))
        assert window.cursor - len(window.uncommitted) == window.acked_seq


def test_nothing_is_sent_behind_a_record_that_nobody_heard_and_it_soon_begins_again() -> None:
    window = filled(10)
    window.puback(1)
    window.note_unheard()
    assert window.room() == 0
    assert not window.rewind_when_stalled(0.4)
    assert window.rewind_when_stalled(0.5)
    assert window.cursor == 0
    assert window.is_at_head


def test_a_commit_ack_behind_an_unheard_record_does_not_stop_the_window_for_ever() -> None:
    window = filled(10)
    window.note_unheard()
    assert window.commit(10, 1.0)
    for mid in range(1, 11):
        window.puback(mid)
    assert window.room() == 0
    assert window.rewind_when_stalled(1.5)
    assert window.room() > 0


@given(st.lists(st.sampled_from(["send", "puback", "unheard", "commit", "wait"]), max_size=200))
def test_whatever_happens_the_window_opens_again(moves: list[str]) -> None:
    window = SendWindow(10, 3.0)
    now_s, seq = 0.0, 0
    window.restart(100, now_s)
    for move in moves:
        if move == "send" and window.room():
            seq = window.cursor + 1
            window.sent(seq, seq, now_s)
        elif move == "puback" and window.on_the_way:
            window.puback(next(iter(window.on_the_way)))
        elif move == "unheard" and window.on_the_way:
            window.puback(next(iter(window.on_the_way)))
            window.note_unheard()
        elif move == "commit" and window.uncommitted:
            window.commit(window.uncommitted[0], now_s)
        elif move == "wait":
            now_s += 1.0
            window.rewind_when_stalled(now_s)
    for mid in list(window.on_the_way):
        window.puback(mid)
    for _ in range(200):
        now_s += 1.0
        window.rewind_when_stalled(now_s)
        if window.room():
            break
    assert window.room() > 0
