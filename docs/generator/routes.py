"""Reference of the HTTP routes, from the OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from api.openapi import describe
from docs.generator.tables import table


def to_markdown() -> str:
    """Return a section for each group of routes, with parameters, body and answers of each route."""
    document = json.loads(describe())
    meaning = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["other"])[0]
            groups.setdefault(tag, []).append(_route(document, path, method, operation))
    sections = [f"### {tag}\n\n{meaning.get(tag, '')}\n\n" + "\n\n".join(routes) for tag, routes in groups.items()]
    return "\n\n".join(sections)


def _route(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [f"#### {method.upper()} {path}", operation.get("description") or operation.get("summary", "")]
    parameters = [_resolve(document, each) for each in operation.get("parameters", [])]
    if parameters:
        rows = [
            (f"`{each['name']}`", each["in"], _type(document, each["schema"]), each.get("description", ""))
            for each in parameters
        ]
        parts.append(table(["parameter", "in", "type", "meaning"], rows))
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        parts.append(
            "Body: " + "; ".join(f"`{kind}`, {_type(document, each['schema'])}" for kind, each in body.items())
        )
    answers = {status: _resolve(document, each) for status, each in sorted(operation["responses"].items())}
    parts += [f"{status}: {_answer(document, each)}" for status, each in answers.items() if int(status) < 400]
    problems = [status for status in answers if int(status) >= 400]
    parts.append("Problems: " + ", ".join(problems) if problems else "")
    return "\n\n".join(part for part in parts if part)


def _answer(document: dict[str, Any], answer: dict[str, Any]) -> str:
    kinds = [
        f"`{kind}`" + (f" {_type(document, each['schema'])}" if each.get("schema") else "")
        for kind, each in answer.get("content", {}).items()
        if kind != "application/problem+json"
    ]
    return ": ".join(filter(None, [answer.get("description", ""), ", ".join(kinds)]))


def _resolve(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    target: Any = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return dict(target)


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "anyOf" in schema:
        return " or ".join(_type(document, each) for each in schema["anyOf"])
    if "enum" in schema:
        text = ", ".join(f"`{each}`" for each in schema["enum"])
    elif schema.get("type") == "array":
        text = f"list of {_type(document, schema.get('items', {}))}"
    else:
        text = str(schema.get("type", "any"))
    names = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {schema[name]:g}" for name, sign in names.items() if name in schema]
    if "default" in schema and schema["default"] is not None:
        bounds.append(f"default `{schema['default']}`")
    return " ".join([text, *bounds])
