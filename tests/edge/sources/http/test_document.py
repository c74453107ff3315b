"""Reading of JSON documents at pointers."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.devices.device_clock import TimeSettings
from edge.sources.http.document import read_document
from edge.sources.mapping.field_map import FieldSettings, Measurement


def field(pointer: str, channel: str = "co2_ppm") -> FieldSettings:
    return msgspec.convert({"from": pointer, "channel": channel}, FieldSettings)


def test_a_document_has_the_found_values_and_the_number_of_missing_ones() -> None:
    body = json.dumps({"t": [{"v": 20.5}], "at": 1_790_000_000}).encode()
    at = msgspec.convert({"from": "/at", "format": "unix_s"}, TimeSettings)
    document = read_document(body, [field("/t/0/v", "air_temperature_degc"), field("/x")], at)
    assert document == ([Measurement("/t/0/v", 20.5)], 1_790_000_000_000, 1)
    assert read_document(body, [], msgspec.convert({"from": "/no"}, TimeSettings)) == ([], None, 0)
    assert read_document(b"<html>", [], None) is None


_TREES: Any = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.one_of(st.binary(max_size=30), _TREES.map(lambda tree: json.dumps(tree).encode())), st.text(max_size=12))
def test_any_document_is_read_or_refused_without_an_exception(body: bytes, pointer: str) -> None:
    read_document(body, [field(pointer)], None)
