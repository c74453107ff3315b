"""Tools and requests from the API's own document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.openapi import describe
from headland.client.ask.operations import (
    MOST_FOUND,
    TOOL_OPERATIONS,
    Operation,
    UnknownQuestion,
    read_operations,
    search_operations,
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(describe())
    return document


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, Operation]:
    return read_operations(
        document, {path: [method.upper() for method in methods] for path, methods in document["paths"].items()}
    )


def test_every_tool_of_its_own_is_an_operation_of_the_api(operations: dict[str, Operation]) -> None:
    assert [name for name in TOOL_OPERATIONS if name not in operations] == []


def test_each_get_that_answers_in_json_can_be_asked_and_nothing_else(
    document: dict[str, Any], operations: dict[str, Operation]
) -> None:
    expected = {
        methods["get"]["operationId"]
        for methods in document["paths"].values()
        if "get" in methods and any("json" in media for media in methods["get"]["responses"]["200"].get("content", {}))
    }
    assert set(operations) == expected - {"get_live"}
    changing = {
        operation["operationId"]
        for methods in document["paths"].values()
        for method, operation in methods.items()
        if method in {"post", "put", "patch", "delete"}
    }
    assert not set(operations) & changing


def test_a_session_without_a_right_has_no_tool_for_it(document: dict[str, Any]) -> None:
    may = {"/v1/fields": ["GET", "POST"], "/v1/lots": ["POST"]}
    assert sorted(read_operations(document, may)) == ["list_fields"]


def test_a_request_has_its_path_quoted_and_its_lists_repeated(operations: dict[str, Operation]) -> None:
    path, query = operations["get_climate"].request({"device": "../keys?x=1", "heat_degc": [30, 35.5], "by": "hour"})
    assert path == "/v1/greenhouses/..%2Fkeys%3Fx%3D1/climate"
    assert query == {"heat_degc": ["30", "35.5"], "by": "hour"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"device": "g", "bye": "hour"}, "has no parameter 'bye'"),
        ({"by": "hour"}, "needs 'device'"),
        ({"device": {"id": "g"}}, "is no value of a parameter"),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_remedy(
    operations: dict[str, Operation], values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UnknownQuestion, match=sentence):
        operations["get_climate"].request(values)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("yield against applied", "get_yield_against_applied"),
        ("energy of a greenhouse", "get_energy"),
        ("trial result", "get_result"),
        ("certificates of a lot", "list_lot_certificates"),
    ],
)
def test_an_operation_is_found_by_words(operations: dict[str, Operation], words: str, name: str) -> None:
    found = [each.name for each in search_operations(operations, words)]
    assert name in found[:5]
    assert len(found) <= MOST_FOUND
