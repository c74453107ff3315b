"""JSON of unknown shape: values at pointers, and leaves by path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.mapping.json_tree import MOST_LEAVES, at_pointer, flatten, parse_json

# RFC 6901, section 5.
RFC = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3), ("/g|h", 4),
        ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8), ("foo/1", "baz"),
    ],
)  # fmt: skip
def test_pointers_select_the_values_of_the_rfc(pointer: str, value: object) -> None:
    assert at_pointer(RFC, pointer) == value


@pytest.mark.parametrize(
    "pointer", ["/bar", "/foo/2", "/foo/-", "/foo/-1", "/foo/x", "/foo/0/x", "/foo/99999999999999"]
)
def test_a_pointer_without_a_value_raises(pointer: str) -> None:
    with pytest.raises(KeyError):
        at_pointer(RFC, pointer)


def test_leaves_have_their_pointers_as_names() -> None:
    tree = {"a": {"b/c": 1, "d": [2, {"e~": None}]}, "f": "x", "g": {}}
    assert flatten(tree) == {"a/b~1c": 1, "a/d/0": 2, "a/d/1/e~0": None, "f": "x"}


def test_a_document_that_is_too_wide_or_too_deep_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1000 values"):
        flatten(list(range(MOST_LEAVES + 1)))
    with pytest.raises(ValueError, match="nested deeper than 16"):
        flatten(json.loads("[" * 20 + "1" + "]" * 20))
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is the decoder's
        parse_json(b"[" * 100_000)


_TREES: Any = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1, max_size=3), _TREES, max_size=3))
def test_every_leaf_is_found_again_by_its_name(tree: dict[str, Any]) -> None:
    for path, leaf in flatten(tree).items():
        assert at_pointer(tree, f"/{path}") == leaf
