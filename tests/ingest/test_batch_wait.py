"""The wait of a batch for further messages: long only where few come and nobody follows them."""

from __future__ import annotations

import pytest

from ingest.commit.batch_wait import BatchWait

ONE = ["gw-1"]
LEAST_S, PATIENT_S, GAP_S, HURRIED_S = 0.03, 2.0, 0.7, 0.3


def commits(messages_per_s: float, seconds: float, *, is_followed: bool, gateways: int = 1) -> tuple[int, float]:
    """Return the commits of a steady stream of gateways in turn, and the longest wait of a message for its batch."""
    wait = BatchWait(LEAST_S)
    at_s = [number / messages_per_s for number in range(int(messages_per_s * seconds))]
    number = made = 0
    longest_s = 0.0
    while number < len(at_s):
        longest, gap_s = wait.waits_s(at_s[number], is_followed=is_followed)
        ends_s = at_s[number] + min(longest, gap_s)
        taken = 0
        for arrived_s in at_s[number:]:
            if arrived_s >= ends_s:
                break
            ends_s = min(at_s[number] + longest, arrived_s + gap_s)
            taken += 1
        wait.note([f"gw-{at % gateways}" for at in range(number, number + taken)], ends_s)
        longest_s = max(longest_s, ends_s - at_s[number])
        number, made = number + taken, made + 1
    return made, longest_s


def test_few_messages_that_nobody_follows_share_commits() -> None:
    made, longest_s = commits(8, 60, is_followed=False)
    assert made <= 60 * 8 / 14
    assert longest_s == pytest.approx(PATIENT_S)


@pytest.mark.parametrize("every_s", [0.5, 0.55, 0.6, 0.65])
def test_messages_of_a_gateway_that_nobody_follows_share_commits(every_s: float) -> None:
    made, longest_s = commits(1 / every_s, 60, is_followed=False)
    assert made <= 60 / PATIENT_S + 4, "all but the first few are committed by threes and fours"
    assert longest_s == pytest.approx(PATIENT_S)


@pytest.mark.parametrize(("gateways", "messages_per_s"), [(200, 20), (200, 130), (1000, 100)])
def test_messages_of_many_gateways_that_nobody_follows_share_commits(gateways: int, messages_per_s: int) -> None:
    made, longest_s = commits(messages_per_s, 60, is_followed=False, gateways=gateways)
    assert made <= 60 / PATIENT_S + 4
    assert longest_s == pytest.approx(PATIENT_S)


def test_so_many_messages_that_batches_fill_do_not_wait_however_many_gateways_send_them() -> None:
    wait = BatchWait(LEAST_S)
    for batch in range(8):
        wait.note([f"gw-{batch}-{number}" for number in range(250)], batch / 8)
    assert wait.waits_s(1.0, is_followed=False) == (LEAST_S, LEAST_S)
    assert wait.waits_s(2.2, is_followed=False) == (PATIENT_S, GAP_S), "fewer are within two seconds by now"
    assert wait.waits_s(9.0, is_followed=False) == (LEAST_S, LEAST_S)
    assert not wait._recent, "what is past takes no memory"


def test_a_gateway_among_many_that_catches_up_is_slowed_down_for_its_first_commit_only() -> None:
    wait = BatchWait(LEAST_S)
    quiet = [f"gw-{number}" for number in range(2, 42)]
    wait.note(quiet, 0.0)
    wait.note([*quiet, *ONE * 4], 2.0)
    assert wait.waits_s(2.0, is_followed=False) == (PATIENT_S, GAP_S)
    wait.note([*quiet, *ONE * 5], 4.0)
    assert wait.waits_s(4.0, is_followed=False) == (LEAST_S, LEAST_S)


def test_a_message_a_second_is_committed_at_once() -> None:
    made, longest_s = commits(1, 60, is_followed=False)
    assert made == 60
    assert longest_s == pytest.approx(LEAST_S)


@pytest.mark.parametrize(("messages_per_s", "is_followed"), [(8, True), (30, False), (200, False)])
def test_followed_or_many_messages_do_not_wait_longer(messages_per_s: float, is_followed: bool) -> None:
    wait = BatchWait(LEAST_S)
    for number in range(int(messages_per_s * 2)):
        wait.note(ONE, number / messages_per_s)
    assert wait.waits_s(2.0, is_followed=is_followed) == (LEAST_S, LEAST_S)


def test_a_gateway_that_catches_up_is_not_slowed_down_for_more_than_five_seconds() -> None:
    wait = BatchWait(LEAST_S)
    now_s, in_flight = 0.0, 4.0
    waits_s = []
    for _ in range(20):
        # What its window permits arrives at once, and then nothing until it is committed.
        waits_s.append(min(wait.waits_s(now_s, is_followed=False)))
        now_s += waits_s[-1]
        wait.note(ONE * int(in_flight), now_s)
        in_flight *= 1.25  # each PUBACK permits a quarter of a message more
    assert sum(wait_s for wait_s in waits_s if wait_s > LEAST_S) <= 5.0
    assert set(waits_s[8:]) == {LEAST_S}


def test_the_first_messages_after_silence_are_committed_at_once() -> None:
    wait = BatchWait(LEAST_S)
    for number in range(3):
        assert wait.waits_s(number / 10, is_followed=False) == (LEAST_S, LEAST_S)
        wait.note(ONE, number / 10)
    assert wait.waits_s(0.3, is_followed=False) == (PATIENT_S, GAP_S)
    assert wait.waits_s(2.5, is_followed=False) == (LEAST_S, LEAST_S)


def test_a_gateway_that_sends_again_is_answered_before_it_sends_again() -> None:
    wait = BatchWait(LEAST_S)
    wait.note(ONE * 8, 0.0)
    wait.note_repeated(0.0)
    assert wait.waits_s(0.1, is_followed=False) == (HURRIED_S, HURRIED_S)
    assert HURRIED_S < 0.5, "the shortest broker.resend_s"
    wait.note(ONE * 8, 600.0)
    assert wait.waits_s(600.1, is_followed=False) == (PATIENT_S, GAP_S)
