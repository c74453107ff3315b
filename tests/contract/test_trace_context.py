"""The trace context of a record, as W3C Trace Context writes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.trace_context import (
    TraceContext,
    context_of_record,
    format_traceparent,
    is_in_share,
    parse_traceparent,
)
from tests.examples import examples

#: The examples of https://www.w3.org/TR/trace-context/, section 3.2.4.
SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOT_SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
TRACE_ID = 0x4BF92F3577B34DA6A3CE929D0E0E4736


def test_the_examples_of_the_standard_are_read() -> None:
    assert parse_traceparent(SAMPLED) == TraceContext(TRACE_ID, 0x00F067AA0BA902B7, is_sampled=True)
    assert parse_traceparent(NOT_SAMPLED) == TraceContext(TRACE_ID, 0x00F067AA0BA902B7, is_sampled=False)


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
@settings(max_examples=examples(100))
def test_what_is_written_is_read_back(trace_id: int, span_id: int, is_sampled: bool) -> None:
    context = TraceContext(trace_id, span_id, is_sampled)
    text = format_traceparent(context)
    assert len(text) == 55
    assert parse_traceparent(text) == context


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        SAMPLED[:-1],
        SAMPLED.upper(),
        SAMPLED + "-",
        SAMPLED + "-ab",
        SAMPLED + " ",
        " " + SAMPLED,
        "ff" + SAMPLED[2:],
        "01" + SAMPLED[2:] + "ab",
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
        SAMPLED.replace("-", "_"),
        SAMPLED.replace("4", "g", 1),
        SAMPLED.replace("4", "٤", 1),
        "01" + SAMPLED[2:] + "-" + "a" * 1000,
    ],
)
def test_a_malformed_traceparent_is_none(text: str) -> None:
    assert parse_traceparent(text) is None


@pytest.mark.parametrize("rest", ["", "-", "-what-a-later-version-adds"])
def test_a_later_version_is_read_as_far_as_it_is_known(rest: str) -> None:
    assert parse_traceparent("cc" + SAMPLED[2:] + rest) == parse_traceparent(SAMPLED)


@given(st.text(max_size=80))
@settings(max_examples=examples(100))
def test_any_text_is_read_or_ignored(text: str) -> None:
    context = parse_traceparent(text)
    assert context is None or (0 < context.trace_id < 2**128 and 0 < context.span_id < 2**64)


def test_a_record_has_one_trace_wherever_it_is_asked_for() -> None:
    assert context_of_record("gw-1", "e1", 7) == context_of_record("gw-1", "e1", 7)
    several = {context_of_record(gateway, epoch, seq) for gateway in "ab" for epoch in "cd" for seq in range(1, 50)}
    assert len(several) == 2 * 2 * 49


def test_a_share_of_the_traces_is_recorded() -> None:
    ids = [context_of_record("gw-1", "e1", seq).trace_id for seq in range(1, 1001)]
    assert all(is_in_share(trace_id, 1.0) for trace_id in (*ids, 2**128 - 1))
    assert not any(is_in_share(trace_id, 0.0) for trace_id in (*ids, 0))
    assert 200 < sum(is_in_share(trace_id, 0.25) for trace_id in ids) < 300
