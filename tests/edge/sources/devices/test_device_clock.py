"""A device's own time in a payload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.devices.device_clock import TimeFormat, is_credible, read_time_ms

NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("value", "kind", "time_ms"),
    [
        ("2026-09-21T14:13:20Z", "iso8601", NOW_MS),
        ("2026-09-21T22:13:20+08:00", "iso8601", NOW_MS),
        ("2026-09-21T14:13:20.787320173Z", "iso8601", NOW_MS + 787),
        ("2026-09-21T14:13:20", "iso8601", None),  # a local time without its zone
        ("yesterday", "iso8601", None),
        (1_790_000_000, "iso8601", None),
        (1_790_000_000, "unix_s", NOW_MS),
        ("1790000000.25", "unix_s", NOW_MS + 250),
        (NOW_MS, "unix_ms", NOW_MS),
        (True, "unix_s", None),
        ("inf", "unix_s", None),
        (None, "unix_ms", None),
        ({}, "iso8601", None),
    ],
)
def test_a_time_is_parsed_in_its_format_or_refused(value: object, kind: TimeFormat, time_ms: int | None) -> None:
    assert read_time_ms(value, kind) == time_ms


def test_a_clock_that_was_never_set_or_is_ahead_is_refused() -> None:
    assert is_credible(NOW_MS, NOW_MS)
    assert is_credible(NOW_MS - 10**10, NOW_MS)
    assert is_credible(NOW_MS + 299_000, NOW_MS)
    for wrong in (None, 0, 1000, -5, NOW_MS + 301_000):
        assert not is_credible(wrong, NOW_MS)


@given(st.one_of(st.none(), st.integers(), st.floats(), st.text()), st.sampled_from(["iso8601", "unix_s", "unix_ms"]))
def test_any_value_gives_an_integer_or_none(value: object, kind: TimeFormat) -> None:
    assert isinstance(read_time_ms(value, kind), int | None)
