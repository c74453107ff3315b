"""Export of the OpenAPI document: `python -m api.openapi`.

Examples are for people and left out: what is generated does not change with them.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import orjson

from api.app import create_app
from api.http.problems import MEDIA_TYPE
from headland.store.memory import MemoryStore

_FOR_PEOPLE: Final = ("example", "examples")


def describe() -> bytes:
    """Return the document as JSON, the same for the same routes."""
    app = create_app(MemoryStore(), organisation="farm", readiness=list, counters=dict)
    document = _without_examples(app.openapi())
    _share_problems(document)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def _share_problems(document: dict[str, Any]) -> None:
    """Move each problem response to the components: most operations have the same ones."""
    shared = document["components"].setdefault("responses", {})
    for operation in (operation for methods in document["paths"].values() for operation in methods.values()):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and list(response.get("content", ())) == [MEDIA_TYPE]:
                name = response["description"].replace(" ", "").replace("-", "")
                if shared.setdefault(name, response) == response:
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _without_examples(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_examples(item) for item in node]
    if not isinstance(node, dict):
        return node
    # A property may be named "example": such a key within `properties` is a schema, not an example.
    return {
        name: {key: _without_examples(schema) for key, schema in value.items()}
        if name == "properties"
        else _without_examples(value)
        for name, value in node.items()
        if name not in _FOR_PEOPLE
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(describe())
