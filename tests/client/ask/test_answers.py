"""Text of answers: values unchanged, units and gaps beside them, names of people inert."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.client.ask.answers import MOST_CHARACTERS, MOST_GAPS, answer_text, inert_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_reader_of_json_gets_every_value_back(value: Any) -> None:
    assert json.loads(inert_json(value)) == value


@given(st.text(st.characters(), max_size=30))
def test_no_text_has_an_unseen_character_or_a_sign_of_markup(text: str) -> None:
    written = inert_json({text: [text]})
    assert not [each for each in written if unicodedata.category(each) in {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}]
    inside = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', written))
    assert not set(inside) & set("<>&`![]|")


def test_numbers_of_named_units_are_listed_with_their_unit() -> None:
    body = {"items": [{"name": "north", "depth_m": 12.5, "rain_mm": [0.2, None], "wind_m_s": None, "is_on": True}]}
    text, whole = answer_text(body, {"tool": "t"}, "http://farm/v1/x")
    said = json.loads(text)
    assert whole
    assert said["answer"] == body
    assert said["units"] == {"depth_m": "m", "rain_mm": "mm"}
    assert said["link"] == "http://farm/v1/x"


def test_a_value_that_lacks_is_listed_with_its_reason() -> None:
    lacking = {"value": None, "unit": "kPa", "coverage": 0.2, "reason": "insufficient_data"}
    body = {"items": [{"vpd_kpa": lacking, "dew_point_degc": {"value": 3.0, "reason": None}}]}
    said = json.loads(answer_text(body, {}, "")[0])
    assert said["gaps"] == [{"at": "items[0].vpd_kpa", "reason": "insufficient_data"}]
    many = json.loads(answer_text([lacking] * (MOST_GAPS + 7), {}, "")[0])
    assert (len(many["gaps"]), many["gaps_more"]) == (MOST_GAPS, 7)


@pytest.mark.parametrize(("length", "whole"), [(MOST_CHARACTERS - 200, True), (MOST_CHARACTERS, False)])
def test_a_long_answer_is_not_cut_but_refused_with_the_remedy(length: int, whole: bool) -> None:
    text, is_whole = answer_text({"note": "x" * length}, {}, "http://farm/v1/x")
    assert is_whole == whole
    assert ("answer" in json.loads(text)) == whole
    if not whole:
        assert "ask for a shorter time" in json.loads(text)["problem"]
