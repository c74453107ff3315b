"""Each operation of the document has a name for code, a summary, a description and an example of its own shape."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator

from api.app import create_app
from headland.store.memory import MemoryStore

REFERENCE: Final = re.compile(r'"#/components/schemas/([^"/]+)')


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(MemoryStore(), organisation="own", readiness=list, counters=dict).openapi()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def examples_of(operation: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Return each example with the schema that it is of."""
    holders = [each for each in operation.get("parameters", ()) if "example" in each]
    contents = [
        operation.get("requestBody", {}),
        *(operation["responses"][s] for s in operation["responses"] if s < "4"),
    ]
    holders += [media for each in contents for media in each.get("content", {}).values() if "example" in media]
    return [(each["example"], each.get("schema", {})) for each in holders]


def with_its_components(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the components that it refers to, and no others: there are hundreds."""
    needed: dict[str, Any] = {}
    nodes = [schema]
    while nodes:
        for name in set(REFERENCE.findall(json.dumps(nodes.pop()))) - needed.keys():
            needed[name] = components[name]
            nodes.append(components[name])
    return {**schema, "components": {"schemas": needed}}


def test_every_operation_has_a_description_and_an_example(
    document: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> None:
    validators: dict[str, Draft202012Validator] = {}
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", operation["operationId"]), name
        examples = examples_of(operation)
        answers = [answer for status, answer in operation["responses"].items() if status < "400"]
        is_empty = not any(answer.get("content") for answer in answers)
        assert examples or is_empty, f"{name}: give its answer a schema or an example"
        for example, schema in examples:
            key = json.dumps(schema, sort_keys=True)
            if key not in validators:
                validators[key] = Draft202012Validator(with_its_components(schema, document["components"]["schemas"]))
            assert [error.message for error in validators[key].iter_errors(example)] == [], name


def test_operation_names_are_unique(document: dict[str, Any], operations: dict[str, dict[str, Any]]) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert len(names) == len(set(names)) > 80
    assert document["openapi"].startswith("3.1")
