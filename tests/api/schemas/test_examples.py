"""Each operation of the document has a name for code, a summary, a description and an example of its own shape."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from api.app import create_app
from headland.store.memory import MemoryStore

DOCUMENT = create_app(MemoryStore(), organisation="own", readiness=list, counters=dict).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
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


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_has_a_description_and_an_example(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", operation["operationId"])
    examples = examples_of(operation)
    answers = [each for status, each in operation["responses"].items() if status < "400"]
    assert examples or not any(each.get("content") for each in answers), "give its answer a schema or an example"
    for example, schema in examples:
        validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        assert [error.message for error in validator.iter_errors(example)] == []


def test_operation_names_are_unique() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names)) > 80
    assert DOCUMENT["openapi"].startswith("3.1")
