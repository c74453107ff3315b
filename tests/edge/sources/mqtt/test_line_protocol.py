"""InfluxDB line protocol, compared with its documentation and with another writer of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point

from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.line_protocol import LineProtocolDecoder, Precision, parse_line
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal

NOW_MS = 1_790_000_000_000


def decode(text: str, precision: Precision = "ns", sender: str | None = None) -> Any:
    return LineProtocolDecoder([], precision, sender).decode("influx/gh-1", text.encode(), NOW_MS)


def test_fields_tags_and_time_are_read() -> None:
    fields = 't=21.5,n=3i,u=7u,ok=true,note="a \\"b\\", c d"'
    text = f"climate,host=gw\\ 1,row=a\\,b {fields} 1790000000000000000\n# no\n\nco2 value=400"
    assert decode(text) == [
        DecodedMessage(
            "gh-1",
            [
                Measurement("t", 21.5),
                Measurement("n", 3),
                Measurement("u", 7),
                Measurement("ok", value=True),
                Measurement("note", 'a "b", c d'),
            ],
            NOW_MS,
        ),
        DecodedMessage("gh-1", [Measurement("co2", 400.0)], None),
    ]
    assert decode(text, sender="row")[0].name == "a,b"


@pytest.mark.parametrize(("precision", "stamp"), [("ns", 10**18), ("us", 10**15), ("ms", 10**12), ("s", 10**9)])
def test_the_time_has_the_precision_of_the_settings(precision: Precision, stamp: int) -> None:
    assert decode(f"m v=1 {stamp}", precision)[0].time_ms == 10**12


@pytest.mark.parametrize(
    "text",
    ["m", "m ", "m v", "m v=", "m =1", ",a=b v=1", "m,a v=1", "m,a= v=1", "m v=1,", "m v=1 x", "m v=1 1 1",
     'm v="x', "m v=1.2.3", "m v=nan", "m v=0x1", "m v=1i2"],
)  # fmt: skip
def test_a_line_with_wrong_syntax_is_refused_and_its_neighbours_are_not(text: str) -> None:
    good = DecodedMessage("gh-1", [Measurement("v", 1.0)])
    assert decode(f"m v=1\n{text}\nm v=1") == [good, MessageRefusal.SHAPE, good]


def test_an_empty_message_has_no_lines_and_one_with_too_many_is_refused() -> None:
    assert decode("\n# no\n") == []
    assert decode("m v=1\n" * 1001) is MessageRefusal.TOO_MANY


_NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\\\n\r"), min_size=1, max_size=8
)
_VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**60), 2**60), st.booleans(), _NAMES
)


@given(
    _NAMES.filter(lambda name: not name.startswith("#")),  # such a line is a comment, of which the client warns
    st.dictionaries(_NAMES, _NAMES, max_size=3),
    st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3),
)
def test_lines_of_the_influx_client_are_read_unchanged(
    measurement: str, tags: dict[str, str], fields: dict[str, Any]
) -> None:
    point: Any = Point
    point = point(measurement).time(1_790_000_000_000_000_000)
    for key, text in tags.items():
        point = point.tag(key, text)
    for key, value in fields.items():
        point = point.field(key, value)
    written = point.to_line_protocol()
    stripped = [measurement, *tags, *tags.values(), *fields]
    if any(text != text.strip() or text.startswith("#") or '"' in text for text in stripped):
        return  # white space at the ends of a line is not part of it
    line = parse_line(written)
    assert line is not None, written
    assert (line.measurement, line.tags, line.time) == (measurement, tags, 1_790_000_000_000_000_000)
    assert line.fields == fields


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    parse_line(text)
    decode(text.encode(errors="replace").decode())
