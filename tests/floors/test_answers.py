"""An answer is one record: how much of `api` repeats what the library has. The bounds may only fall."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.app import _document
from tests.floors.modules import ROOT

#: Pydantic models in `api`: the query of a recommendation.
MOST_MODELS = 1
#: Shapes of requests and answers in `api` that are no records of the library.
MOST_SHAPES = 195
#: Arguments `x=y.x` in `api`.
MOST_COPIES = 55
#: Lines of `api/schemas`.
MOST_LINES = 2741


def test_answers_and_bodies_are_records_and_no_pydantic_models() -> None:
    assert len(list(_classes("BaseModel"))) <= MOST_MODELS


def test_shapes_beside_the_records_only_become_fewer() -> None:
    assert len(list(_classes("msgspec.Struct"))) <= MOST_SHAPES


def test_copies_of_fields_only_become_fewer() -> None:
    copies = [
        keyword
        for tree in _trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Attribute) and keyword.value.attr == keyword.arg
    ]
    assert len(copies) <= MOST_COPIES


def test_the_schemas_only_become_shorter() -> None:
    files = (ROOT / "api" / "schemas").rglob("*.py")
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= MOST_LINES


def test_every_field_of_the_document_has_a_description() -> None:
    schemas: dict[str, dict[str, Any]] = _document()["components"]["schemas"]
    undescribed = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, about in schema.get("properties", {}).items()
        if not about.get("description")
    ]
    assert undescribed == []


def _classes(base: str) -> Iterator[str]:
    """Yield the classes of `api` that are of a base, also by another class in between."""
    names = {base}
    while found := {name for name, bases in _bases() if names & bases} - names:
        names |= found
    yield from names - {base}


def _bases() -> Iterator[tuple[str, set[str]]]:
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, {ast.unparse(base) for base in node.bases}


def _trees() -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(Path(ROOT / "api").rglob("*.py"))]
