"""Parsing of server-sent events, whatever their lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headland.client.live import ServerSentEvent, parse_events

WORDS = st.text(st.characters(exclude_characters="\r\n\x00\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e"), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["latest", "gap"]), st.integers(0), st.lists(WORDS, min_size=1, max_size=3))))
def test_events_come_as_they_were_sent(sent: list[tuple[str, int, list[str]]]) -> None:
    lines: list[str] = []
    for kind, number, data in sent:
        lines += [": a comment", f"event: {kind}", f"id: {number}", *(f"data: {each}" for each in data), ""]
    heard = list(parse_events([*lines, "event: latest", "data: cut off"]))
    assert heard == [ServerSentEvent(kind, str(number), "\n".join(data)) for kind, number, data in sent]


def test_an_id_remains_until_the_next_and_an_event_without_data_is_left_out() -> None:
    lines = ["id: 7", "event: latest", "data:1", "", "event: hello", "", "data: 2", ""]
    assert list(parse_events(lines)) == [ServerSentEvent("latest", "7", "1"), ServerSentEvent("message", "7", "2")]
