"""What the chaos kit calls lost, doubled and never accepted."""

from collections.abc import Iterable

from station.chaos.checks.verdict import UNSAVED_S, Kill, compare, find_unknown
from station.chaos.traffic.truth import DeviceTruth, SentNumber


def said(count: int, *, unread: Iterable[int] = (), hidden: Iterable[int] = ()) -> list[SentNumber]:
    """Return numbers 1..count, one each tenth of a second."""
    return [SentNumber(n, n / 10, was_read=n not in unread, hidden=n in hidden) for n in range(1, count + 1)]


def stored(*numbers: int) -> dict[int, int]:
    return dict.fromkeys(numbers, 1)


def test_what_was_read_and_is_not_stored_is_lost() -> None:
    verdict = compare(said(5), stored(1, 2, 4, 5), (), sees_hidden=True)
    assert verdict.lost == [3]
    assert (verdict.sent, verdict.stored, verdict.accepted) == (5, 4, 5)


def test_what_is_stored_twice_is_duplicated() -> None:
    verdict = compare(said(3), {1: 1, 2: 2, 3: 1}, (), sees_hidden=True)
    assert (verdict.lost, verdict.duplicated) == ([], [2])


def test_an_answer_on_a_broken_connection_may_be_stored_or_not() -> None:
    assert compare(said(3, unread=[2]), stored(1, 3), (), sees_hidden=True).unread == 1
    verdict = compare(said(3, unread=[2]), stored(1, 2, 3), (), sees_hidden=True)
    assert (verdict.unread, verdict.stored, verdict.lost) == (0, 3, [])


def test_a_kill_may_cost_the_end_of_what_was_read_and_nothing_before_it() -> None:
    kill = Kill(at_s=1.05)
    verdict = compare(said(15), stored(*range(1, 8), *range(11, 16)), [kill], sees_hidden=True)
    assert (verdict.unsaved, verdict.lost) == (3, [])
    with_hole = compare(said(15), stored(1, 2, 3, 5, 6, 7, *range(11, 16)), [kill], sees_hidden=True)
    assert (with_hole.unsaved, with_hole.lost) == (3, [4])


def test_what_a_killed_gateway_had_on_its_disk_must_be_stored() -> None:
    kill = Kill(at_s=1.05, spooled=frozenset((8, 9)))
    verdict = compare(said(15), stored(*range(1, 9), *range(11, 16)), [kill], sees_hidden=True)
    assert verdict.lost == [9]
    assert verdict.unsaved == 1


def test_a_kill_excuses_nothing_that_had_time_to_be_saved() -> None:
    last = int(UNSAVED_S * 10) + 10
    verdict = compare(said(last), {}, [Kill(at_s=last / 10)], sees_hidden=True)
    assert verdict.unsaved == int(UNSAVED_S * 10) + 1
    assert verdict.lost == list(range(1, 10))


def test_a_gateway_on_a_busy_machine_had_longer_to_save() -> None:
    last = int(UNSAVED_S * 10) + 10
    kill = Kill(at_s=last / 10, unsaved_s=2 * UNSAVED_S)
    verdict = compare(said(last), {}, [kill], sees_hidden=True)
    assert (verdict.unsaved, verdict.lost) == (last, [])


def test_a_hidden_number_is_owed_only_by_the_file() -> None:
    rows = said(3, hidden=[2])
    assert compare(rows, stored(1, 3), (), sees_hidden=False).lost == []
    assert compare(rows, stored(1, 3), (), sees_hidden=True).lost == [2]


def test_a_number_that_was_never_said_is_a_stranger() -> None:
    assert find_unknown(3, stored(1, 2, 3, 4, 0)) == [0, 4]


def test_numbers_count_without_a_gap_and_remember_what_was_read() -> None:
    truth = DeviceTruth("d", "g")
    assert [truth.record_sent(1.0, 0), truth.record_sent(2.0, 3_600_000)] == [1, 2]
    truth.note_read(1)
    assert truth.sent() == [
        SentNumber(1, 1.0, was_read=True, hidden=False),
        SentNumber(2, 2.0, was_read=False, hidden=True),
    ]
