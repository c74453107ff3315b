"""Rules of asking a provider: never sooner than it wants, within its quota, and seldom while it fails."""

from __future__ import annotations

from email.utils import formatdate

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.network.polite_requests import (
    LONGEST_WAIT_MS,
    SETTINGS_FAULTS,
    DayQuota,
    RequestFault,
    RequestRules,
    RequestState,
    conditions,
    fault_of_status,
    is_due,
    note_document,
    note_failure,
    retry_after_ms,
    wait_for_tomorrow,
)
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.examples import examples

NOW_MS = 1_800_000_000_000
RULES = RequestRules()
_CHANCES = st.floats(0, 1, exclude_max=True)


def date(time_ms: int) -> str:
    return formatdate(time_ms / 1000, usegmt=True)


_NEW = RequestState()


def good(state: RequestState = _NEW, status: int = 200, **headers: str) -> RequestState:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return note_document(state, RULES, status, named, NOW_MS, 0.0)


@settings(max_examples=examples(200))
@given(st.integers(0, 20 * 3600), _CHANCES)
def test_a_document_is_never_asked_for_before_it_expires(fresh_s: int, chance: float) -> None:
    headers = {"expires": date(NOW_MS + fresh_s * 1000), "date": date(NOW_MS)}
    state = note_document(RequestState(), RULES, 200, headers, NOW_MS, chance)
    assert state.next_ms >= NOW_MS + max(fresh_s, RULES.every_s) * 1000
    assert state.next_ms <= NOW_MS + 1.1 * max(fresh_s, RULES.every_s) * 1000
    assert not is_due(state, state.next_ms - 1)
    assert is_due(state, state.next_ms)


def test_expires_counts_on_the_provider_s_clock() -> None:
    # The provider's clock is two hours behind: its document is fresh for three hours all the same.
    state = good(expires=date(NOW_MS + HOUR_MS), date=date(NOW_MS - 2 * HOUR_MS))
    assert state.next_ms == NOW_MS + 3 * HOUR_MS


@pytest.mark.parametrize("expires", ["0", "-1", "tomorrow", "", "Thu, 99 Jan 2026 00:00:00 GMT", "x" * 9000])
def test_an_expiry_that_is_no_date_leaves_the_usual_time(expires: str) -> None:
    assert good(expires=expires).next_ms == NOW_MS + HOUR_MS


def test_a_document_that_expires_in_years_is_asked_for_after_a_day() -> None:
    assert good(expires=date(NOW_MS + 900 * DAY_MS)).next_ms == NOW_MS + LONGEST_WAIT_MS


def test_the_next_request_is_conditional_and_304_keeps_what_is_known() -> None:
    first = good(etag='"a"', last_modified=date(NOW_MS))
    assert conditions(first) == {"If-None-Match": '"a"', "If-Modified-Since": date(NOW_MS)}
    same = good(first, 304)
    assert conditions(same) == conditions(first)
    assert same.good_ms == NOW_MS
    assert same.counts == {"documents": 1, "not_modified": 1}
    # A new document without validators has none of the old one.
    assert conditions(good(same)) == {} == conditions(RequestState())


def test_garbage_does_not_replace_the_validators_of_what_is_kept() -> None:
    first = good(etag='"a"')
    failed = note_failure(first, RULES, RequestFault.UNREADABLE, NOW_MS, 0.5, {"etag": '"garbage"'})
    assert conditions(failed) == {"If-None-Match": '"a"'}
    assert failed.good_ms == first.good_ms
    assert failed.fault is RequestFault.UNREADABLE
    assert failed.counts["unreadable"] == 1


@settings(max_examples=examples(200))
@given(st.integers(0, 3 * 86_400), _CHANCES, st.booleans(), st.sampled_from(RequestFault))
def test_retry_after_is_obeyed_in_both_its_forms(
    seconds: int, chance: float, is_date: bool, fault: RequestFault
) -> None:
    text = date(NOW_MS + seconds * 1000) if is_date else str(seconds)
    state = note_failure(RequestState(), RULES, fault, NOW_MS, chance, {"retry-after": text})
    assert state.next_ms >= NOW_MS + min(seconds * 1000, LONGEST_WAIT_MS)


def test_a_retry_after_that_is_neither_is_left_aside() -> None:
    for text in ("", "soon", "-5", "1e9", "9" * 400, "२"):
        assert retry_after_ms({"retry-after": text}, NOW_MS) == 0
    assert retry_after_ms({"retry-after": date(NOW_MS - 1000)}, NOW_MS) == 0


@settings(max_examples=examples(200))
@given(st.lists(st.tuples(st.sampled_from(RequestFault), _CHANCES), min_size=1, max_size=40))
def test_waits_grow_to_a_cap_and_one_good_answer_ends_them(failures: list[tuple[RequestFault, float]]) -> None:
    state, now_ms = RequestState(), NOW_MS
    for fault, chance in failures:
        state = note_failure(state, RULES, fault, now_ms, chance)
        wait_s = (state.next_ms - now_ms) / 1000
        assert 0.9 * RULES.first_wait_s <= wait_s <= RULES.longest_wait_s
        if fault in SETTINGS_FAULTS:
            assert wait_s == RULES.longest_wait_s
        now_ms = state.next_ms
    assert state.failures == len(failures)
    assert sum(state.counts.values()) == len(failures)
    healed = note_document(state, RULES, 200, {}, now_ms, 0.0)
    assert (healed.failures, healed.fault) == (0, None)
    again = note_failure(healed, RULES, RequestFault.NO_ANSWER, now_ms, 0.5)
    assert again.next_ms - now_ms == RULES.first_wait_s * 1000


def test_two_stations_that_fail_together_do_not_ask_together() -> None:
    waits = {note_failure(RequestState(), RULES, RequestFault.SERVER_ERROR, NOW_MS, chance / 10).next_ms
             for chance in range(10)}  # fmt: skip
    assert len(waits) == 10


@settings(max_examples=examples(100))
@given(st.lists(st.integers(0, 3 * DAY_MS), max_size=60), st.integers(1, 20))
def test_no_day_has_more_requests_than_the_quota(gaps_ms: list[int], most: int) -> None:
    quota, now_ms, by_day = DayQuota(), NOW_MS, dict[int, int]()
    for gap_ms in gaps_ms:
        now_ms += gap_ms // 50
        if not quota.spent(most, now_ms):
            quota = quota.take(now_ms)
            by_day[now_ms // DAY_MS] = by_day.get(now_ms // DAY_MS, 0) + 1
    assert all(count <= most for count in by_day.values())


def test_where_the_quota_is_spent_the_next_request_is_tomorrow() -> None:
    state = wait_for_tomorrow(RequestState(), NOW_MS, 0.5)
    assert state.next_ms == (NOW_MS // DAY_MS + 1) * DAY_MS + HOUR_MS // 2
    assert state.fault is RequestFault.QUOTA


def test_a_time_that_a_wrong_clock_left_is_not_waited_for() -> None:
    assert is_due(RequestState(next_ms=NOW_MS + 400 * DAY_MS), NOW_MS)


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (200, None), (203, None), (304, None), (204, RequestFault.NO_DATA), (301, RequestFault.MOVED),
        (308, RequestFault.MOVED), (400, RequestFault.WRONG_REQUEST), (401, RequestFault.NOT_PERMITTED),
        (403, RequestFault.NOT_PERMITTED), (404, RequestFault.WRONG_REQUEST), (408, RequestFault.SERVER_ERROR),
        (422, RequestFault.WRONG_REQUEST), (429, RequestFault.TOO_MANY_REQUESTS), (500, RequestFault.SERVER_ERROR),
        (503, RequestFault.SERVER_ERROR),
    ],
)  # fmt: skip
def test_a_status_is_a_fault_of_the_settings_or_of_the_time(status: int, fault: RequestFault | None) -> None:
    assert fault_of_status(status) is fault


def test_a_deprecated_document_is_used_and_said() -> None:
    state = good(status=203)
    assert state.is_deprecated
    assert state.fault is None
    assert good(state, 304).is_deprecated
    assert not good(state).is_deprecated


def test_a_state_is_the_same_after_it_was_stored() -> None:
    state = note_failure(good(etag='"a"'), RULES, RequestFault.SERVER_ERROR, NOW_MS, 0.3)
    assert msgspec.json.decode(msgspec.json.encode(state), type=RequestState) == state
