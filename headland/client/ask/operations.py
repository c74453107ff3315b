"""Tools over the API's read operations, made from its document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from headland.errors import PeerRefused

#: Operations that are tools of their own, most used first. All others are found with SEARCH and asked with READ.
TOOL_OPERATIONS: Final = (
    "get_today",
    "list_greenhouses",
    "list_fields",
    "list_sites",
    "list_devices",
    "get_latest",
    "get_series",
    "get_climate",
    "get_disease",
    "get_light",
    "get_irrigation",
    "get_compliance",
    "get_house_plan",
    "get_weather",
    "get_hourly_forecast",
    "list_passes",
    "get_verdict",
    "get_deviation",
    "get_nutrients",
    "get_recommendation",
    "get_water",
    "get_yield_seasons",
    "list_lots",
    "get_lot",
    "list_statements",
    "list_alarms",
)
SEARCH: Final = "search_operations"
READ: Final = "read_operation"
#: Operations that SEARCH returns at most.
MOST_FOUND: Final = 20
_JSON: Final = "application/json"
#: Streams and files have no single answer. Metrics, tiles and the like are no JSON and fall out by themselves.
_NO_ANSWERS: Final = frozenset(("get_live",))
#: Parameters that only choose another form of the answer.
_FORMS: Final = frozenset(("format",))


class UnknownQuestion(PeerRefused):
    """The tool, operation or parameter does not exist, or a parameter lacks."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A GET operation of the API that answers in JSON."""

    name: str
    path: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    tags: tuple[str, ...]

    @property
    def schema(self) -> dict[str, Any]:
        """Its parameters as a JSON schema of one object."""
        shown = {each["name"]: _described(each) for each in self.parameters}
        required = [each["name"] for each in self.parameters if each.get("required")]
        return {"type": "object", "properties": shown, "required": required, "additionalProperties": False}

    def request(self, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return path and query of a request with these values; raises UnknownQuestion."""
        known = {each["name"]: each for each in self.parameters}
        if unknown := sorted(values.keys() - known.keys()):
            raise UnknownQuestion(
                f"{self.name} has no parameter {', '.join(map(repr, unknown))}: "
                f"it has {', '.join(sorted(known)) or 'none'}."
            )
        if missing := [name for name, each in known.items() if each.get("required") and values.get(name) is None]:
            raise UnknownQuestion(f"{self.name} needs {', '.join(map(repr, missing))}: add it.")
        path, query = self.path, {}
        for name, value in values.items():
            if value is None:
                continue
            if known[name]["in"] == "path":
                path = path.replace("{" + name + "}", quote(_plain(value), safe=""))
            else:
                query[name] = [_plain(each) for each in value] if isinstance(value, list) else _plain(value)
        return path, query


def read_operations(document: Mapping[str, Any], may: Mapping[str, Sequence[str]]) -> dict[str, Operation]:
    """Return the operations that read JSON and that a session may use, by name.

    `document` is the API's OpenAPI document, `may` the methods by path of `/v1/session`.
    """
    operations = {}
    for path, methods in document["paths"].items():
        found = methods.get("get")
        if found is None or "GET" not in may.get(path, ()) or not _answers_json(found):
            continue
        name = found["operationId"]
        if name in _NO_ANSWERS:
            continue
        parameters = [
            _resolved(each, document) for each in (*methods.get("parameters", ()), *found.get("parameters", ()))
        ]
        operations[name] = Operation(
            name,
            path,
            found.get("description") or found.get("summary", name),
            tuple(each for each in parameters if each["in"] in {"path", "query"} and each["name"] not in _FORMS),
            tuple(found.get("tags", ())),
        )
    return operations


def search_operations(operations: Mapping[str, Operation], words: str) -> list[Operation]:
    """Return the operations that contain most of the words, best first, at most MOST_FOUND; all words in lower case."""
    wanted = [word for word in words.lower().replace("_", " ").split() if word]
    scored = []
    for each in operations.values():
        name = each.name.replace("_", " ").lower()
        text = f"{each.path} {each.description} {' '.join(each.tags)}".lower()
        score = sum(3 * (word in name) + (word in text) for word in wanted)
        if score or not wanted:
            scored.append((-score, each.name, each))
    return [each for _, _, each in sorted(scored, key=lambda found: found[:2])[:MOST_FOUND]]


def _answers_json(operation: Mapping[str, Any]) -> bool:
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    return any(media == _JSON or media.endswith("+json") for media in content)


def _resolved(parameter: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = parameter.get("$ref")
    if reference is None:
        return parameter
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found  # type: ignore[no-any-return]  # a document's component


def _described(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = {name: value for name, value in parameter.get("schema", {}).items() if name != "title"}
    if "description" in parameter:
        schema["description"] = parameter["description"]
    return schema


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, str | int | float):
        raise UnknownQuestion(f"{value!r} is no value of a parameter: give a text, a number, true or false.")
    return str(value)
