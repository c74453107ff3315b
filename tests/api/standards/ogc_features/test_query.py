from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.http.problems import ProblemError
from api.standards.ogc_features.query import DEFAULT_FEATURES, MOST_FEATURES, read_query
from headland.analysis.inputs.window import utc_of
from tests.examples import examples

HOUR = "2026-11-24T08:00:00Z"
HOUR_MS = 1_795_507_200_000
POINT = {"type": "Point", "coordinates": [10.0, 0.5]}


def ask(**parameters: Any) -> Any:
    return read_query(*(parameters.get(name) for name in ("bbox", "time", "limit", "after")))


@pytest.mark.parametrize(
    ("bbox", "takes"),
    [
        ("9,0,11,1", True),
        ("10,0.5,10,0.5", True),
        ("9.9999000000000002,4.9e-1,10.000400000000001,0.50000000000000011", True),
        ("9,0,-30,11,1,30", True),
        ("10.1,0,11,1", False),
        ("170,-10,-170,10", False),
        ("170,0,20,1", True),
    ],
)
def test_a_box_includes_what_touches_it_also_across_the_date_line(bbox: str, takes: bool) -> None:
    assert ask(bbox=bbox).matches_geometry(POINT) is takes


def test_an_unknown_geometry_is_in_no_box() -> None:
    assert ask().matches_geometry(None)
    assert not ask(bbox="-180,-90,180,90").matches_geometry(None)


@pytest.mark.parametrize(
    ("time", "takes"),
    [
        (HOUR, True),
        ("2026-11-24T16:00:00+08:00", True),
        ("2026-11-24T09:00:00Z", False),
        (f"../{HOUR}", True),
        (f"{HOUR}/..", True),
        (f"/{HOUR}", True),
        ("2026-11-24T07:00:00Z/2026-11-24T07:59:59Z", False),
        ("../..", True),
    ],
)
def test_a_time_includes_what_touches_either_end(time: str, takes: bool) -> None:
    assert ask(time=time).matches_time(HOUR_MS, HOUR_MS) is takes


def test_a_continuing_feature_is_in_every_time_after_its_beginning() -> None:
    assert ask(time=f"{utc_of(HOUR_MS + 1)}/..").matches_time(HOUR_MS, None)
    assert not ask(time=utc_of(HOUR_MS - 1)).matches_time(HOUR_MS, None)
    assert not ask(time=HOUR).matches_time(None, None)


@pytest.mark.parametrize(
    "parameters",
    [
        {"bbox": "1,2,3"},
        {"bbox": "1,2,3,4,5"},
        {"bbox": "1,5,3,4"},
        {"bbox": "181,0,1,1"},
        {"bbox": "nan,0,1,1"},
        {"bbox": "1,2,3,4,5,6,7"},
        {"time": ".."},
        {"time": "2026-11-24"},
        {"time": "2026-11-24T08:00:00"},
        {"time": "1795507200000"},
        {"time": f"{HOUR}/2026-11-24T07:00:00Z"},
        {"time": f"{HOUR}/{HOUR}/{HOUR}"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"after": "a b"},
    ],
)
def test_an_invalid_parameter_gives_400_with_a_sentence(parameters: dict[str, str]) -> None:
    with pytest.raises(ProblemError) as refused:
        ask(**parameters)
    assert refused.value.status == 400
    assert refused.value.detail.endswith(".")


def test_a_limit_above_the_maximum_is_reduced() -> None:
    assert ask(limit="1000000").limit == MOST_FEATURES
    assert ask().limit == DEFAULT_FEATURES


TEXT = st.text("0123456789.,-/:TZ+ x", max_size=40)


@given(TEXT, TEXT, TEXT, TEXT)
@settings(max_examples=examples(50))
def test_any_text_is_parsed_or_refused(bbox: str, time: str, limit: str, after: str) -> None:
    with suppress(ProblemError):
        assert 1 <= read_query(bbox, time, limit, after).limit <= MOST_FEATURES
