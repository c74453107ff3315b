"""Lines of a stream: whole, in pieces, noisy and cut."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.mapping.field_map import Measurement
from edge.sources.serial_text.line import LineFormat, LineSplitter, parse_line, read_text


def split(*pieces: bytes, longest: int = 64, keep_first: bool = True) -> tuple[list[bytes], Counter[str]]:
    counts: Counter[str] = Counter()
    splitter = LineSplitter(longest, counts, keep_first=keep_first)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    splitter.close()
    return lines, counts


def test_bytes_before_the_first_end_are_no_line() -> None:
    lines, counts = split(b"1.5\r\n", b"2", b"2.5\r\n23", keep_first=False)
    assert lines == [b"22.5"]
    assert counts == {"partial_lines": 2}


def test_a_line_that_is_too_long_is_left_out_and_the_next_is_read() -> None:
    lines, counts = split(b"a" * 100 + b"\n" + b"b\n")
    assert (lines, counts) == ([b"b"], {"overlong_lines": 1})
    lines, counts = split(*[b"a" * 40] * 50, b"\nb\n")
    assert (lines, counts) == ([b"b"], {"overlong_lines": 1})


@given(st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"").rstrip(b"\r")), max_size=8), st.data())
def test_lines_in_pieces_are_the_same_lines(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\r\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert split(*pieces) == (lines, Counter())


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_noise_never_makes_a_line_that_is_longer_than_allowed(pieces: list[bytes]) -> None:
    lines, counts = split(*pieces, longest=32, keep_first=False)
    assert all(len(line) <= 32 for line in lines)
    ends = b"".join(pieces).count(b"\n")
    assert ends <= len(lines) + counts.total() <= ends + 1


def test_a_line_of_wrong_bytes_is_no_text() -> None:
    assert read_text("t=21.5°C".encode()) == "t=21.5°C"
    assert read_text(b"t=2\xff1.5") is None
    assert read_text(b"t=2\x001.5") is None
    assert read_text(b"t\t21.5") == "t\t21.5"


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ('{"t":21.5,"sht":{"rh":60},"v":[1,null]}', "json", {"t": 21.5, "sht/rh": 60, "v/0": 1, "v/1": None}),
        ('"t":21.5}', "json", None),
        ("21.5", "json", None),
        ('{"t":NaN}', "json", None),
        ("[" * 200, "json", None),
        ('{"a":' * 30 + "1" + "}" * 30, "json", None),
        ("1, 21.5,,x", "csv", {0: "1", 1: "21.5", 2: "", 3: "x"}),
        ("t=21.5 rh=60;co2=,x=nan", "key_value", {"t": "21.5", "rh": "60", "co2": "", "x": "nan"}),
        ("t=21.5 rh", "key_value", None),
        ("=21.5", "key_value", None),
    ],
)
def test_a_line_is_parsed_in_its_format_or_refused(
    text: str, kind: LineFormat, expected: dict[str | int, object] | None
) -> None:
    measurements = parse_line(text, kind, ",", ())
    assert (None if measurements is None else {number.name: number.value for number in measurements}) == expected


def test_named_columns_make_a_header_and_a_count() -> None:
    columns = ["t", "rh"]
    assert parse_line('"t";rh', "csv", ";", columns) == []
    assert parse_line("21.5;60", "csv", ";", columns) == [Measurement("t", "21.5"), Measurement("rh", "60")]
    assert parse_line("21.5", "csv", ";", columns) is None
    assert parse_line("21.5;60;7", "csv", ";", columns) is None


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.floats(allow_nan=False, allow_infinity=False), max_size=6))
def test_json_is_read_unchanged(values: dict[str, float]) -> None:
    measurements = parse_line(json.dumps(values), "json", ",", ())
    assert measurements is not None
    assert {str(number.name).replace("~1", "/").replace("~0", "~"): number.value for number in measurements} == values


@given(st.text(max_size=80), st.sampled_from(["json", "csv", "key_value"]))
def test_any_text_is_parsed_or_refused(text: str, kind: LineFormat) -> None:
    parse_line(text, kind, ",", ())
