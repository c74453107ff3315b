import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.standards.sensorthings.entities import ENTITY_TYPES, Entity, TimeInstant
from api.standards.sensorthings.filter_eval import evaluate, holds
from api.standards.sensorthings.filter_parser import (
    COMPARISONS,
    Expression,
    FilterCall,
    FilterError,
    Literal,
    PropertyPath,
    is_condition,
    parse_filter,
)
from api.standards.sensorthings.query_pushdown import plan_filter

NOW_MS = 1_795_507_200_000


def write(expression: Expression) -> str:
    """Return a tree as text with all of its brackets."""
    if isinstance(expression, PropertyPath):
        return str(expression)
    if isinstance(expression, Literal):
        return write_value(expression.value)
    arguments = [write(argument) for argument in expression.arguments]
    if expression.name == "not":
        return f"(not {arguments[0]})"
    if expression.name in COMPARISONS | {"and", "or", "add", "sub", "mul"}:
        return f"({arguments[0]} {expression.name} {arguments[1]})"
    return f"{expression.name}({', '.join(arguments)})"


def write_value(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


moments = st.integers(-60_000_000_000_000, 250_000_000_000_000).map(TimeInstant)
literals = st.one_of(
    st.none(),
    st.integers(-(10**17), 10**17),
    st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
    st.text(max_size=8),
    moments,
).map(Literal)
paths = st.sampled_from(["result", "phenomenonTime", "Datastream/Thing/name", "resultQuality"]).map(
    lambda text: PropertyPath(tuple(text.split("/")))
)
values = st.recursive(
    literals | paths,
    lambda inner: st.builds(
        lambda name, a, b: FilterCall(name, (a, b)), st.sampled_from(["add", "sub", "mul"]), inner, inner
    ),
    max_leaves=4,
)
comparisons = st.builds(
    lambda name, a, b: FilterCall(name, (a, b)), st.sampled_from(sorted(COMPARISONS)), values, values
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda name, a, b: FilterCall(name, (a, b)), st.sampled_from(["and", "or"]), inner, inner),
        st.builds(lambda a: FilterCall("not", (a,)), inner),
    ),
    max_leaves=6,
)


@given(conditions)
def test_an_expression_is_parsed_back_from_its_text(condition: Expression) -> None:
    assert parse_filter(write(condition)) == condition


@given(st.text(max_size=60) | st.text("()',/ aeqnotrd1.-TZ", max_size=60))
def test_any_text_is_a_condition_or_a_filter_error(text: str) -> None:
    with contextlib.suppress(FilterError):
        assert is_condition(parse_filter(text))


@given(conditions, moments, st.floats(-100, 100), st.sampled_from([1, 2, 3, 4]))
def test_a_query_plan_equals_its_condition(
    condition: Expression, time: TimeInstant, result: float, quality: int
) -> None:
    thing = Entity(ENTITY_TYPES["Things"], "gh-1", {"name": "House"})
    stream = Entity(ENTITY_TYPES["Datastreams"], "gh-1:co2_ppm", {}, {"Thing": lambda: [thing]})
    fields = {"phenomenonTime": time, "result": result, "resultQuality": quality}
    row = Entity(ENTITY_TYPES["Observations"], "x", fields, {"Datastream": lambda: [stream]})
    plan = plan_filter(condition, NOW_MS)
    planned = (
        plan.start_ms <= time.time_ms < plan.end_ms
        and all(holds(each, stream, NOW_MS) for each in plan.streams)
        and (plan.rest is None or holds(plan.rest, row, NOW_MS))
    )
    assert planned == holds(condition, row, NOW_MS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 add 2 mul 3 eq 7", True),
        ("1 eq 2 and 1 eq 2 or 1 eq 1", True),
        ("not 1 eq 2 and 2 eq 2", True),
        ("year(2026-11-24T08:00:00Z) eq 2026 and hour(2026-11-24T16:00:00+08:00) eq 8", True),
        ("now() sub duration'PT1H' lt 2026-11-24T08:00:00Z", True),
        ("now() sub duration'PT1H' ge 2026-11-24T07:00:01Z", False),
        ("substringof('ouse', 'House 1') and startswith('House', 'Ho') and endswith('House', 'se')", True),
        ("toupper('it''s') eq 'IT''S'", True),
        ("st_within(geography'POINT(1 1)', geography'POLYGON((0 0,2 0,2 2,0 2,0 0))')", True),
        ("geo.intersects(geography'POINT(3 3)', geography'POLYGON((0 0,2 0,2 2,0 2,0 0))')", False),
        ("5 div 0 gt 1", False),
        ("null eq null and 'a' ne null", True),
        ("'a' mul 3 eq 'aaa'", False),
    ],
)
def test_conditions_follow_odata(text: str, value: bool) -> None:
    assert evaluate(parse_filter(text), None, NOW_MS) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "result",
        "result gt",
        "result gt 1 and",
        "result gt 1 and result",
        "(result gt 1",
        "result gt 1)",
        "result like 'x'",
        "frobnicate(result) eq 1",
        "substringof('a') eq true",
        "phenomenonTime ge 2026-11-24T08:00:00",
        "st_within(location, geography'POLYGON((')",
        "(" * 50 + "1 eq 1" + ")" * 50,
    ],
)
def test_an_invalid_condition_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)
