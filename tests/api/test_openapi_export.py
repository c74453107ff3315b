"""The OpenAPI document for generators: the same for the same routes, without examples, with shared problems."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.http.problems import MEDIA_TYPE
from api.openapi import describe
from headland.registry.db.tables.all_tables import METADATA
from headland.registry.repositories.repository import KEPT_TABLES


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(describe())
    return parsed


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def test_two_exports_are_identical() -> None:
    # The dashboard's types are generated again only where the document's digest changes.
    assert describe() == describe()


def test_no_parameter_and_no_media_type_has_an_example(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter.keys().isdisjoint({"example", "examples"}), parameter["name"]
        for response in operation["responses"].values():
            for media_type in response.get("content", {}).values():
                assert media_type.keys().isdisjoint({"example", "examples"})


def test_the_name_of_a_schema_does_not_follow_its_module(document: dict[str, Any]) -> None:
    # Two classes of one name get the path of their module; these four names were published so, and stay.
    assert {name for name in document["components"]["schemas"] if "__" in name} == {
        "api__routes__enrolments__CertificateBody",
        "api__schemas__harvest__certificates__CertificateBody",
        "api__schemas__imports__LeftOut",
        "api__schemas__series__LeftOut",
    }


def test_what_refers_to_a_record_can_be_deleted_or_changed_or_is_said_to_be_kept(document: dict[str, Any]) -> None:
    # A refusal to delete names it: as something to delete first, or as kept for good.
    offered = {
        path.split("/")[2].replace("-", "_")
        for path, methods in document["paths"].items()
        if path.count("/") > 2 and {"delete", "put"} & methods.keys()
    }
    referring = {
        table.name
        for table in METADATA.tables.values()
        for constraint in table.foreign_key_constraints
        if len(constraint.column_keys) == 2
    }
    assert referring - offered == KEPT_TABLES
    assert {"prescriptions", "seasons", "notes"} <= referring & offered


def test_problems_are_shared_components(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    assert "NotFound" in shared
    problems = [
        response
        for operation in _operations(document)
        for status, response in operation["responses"].items()
        if int(status) >= 400 and list(response.get("content", ())) == [MEDIA_TYPE]
    ]
    # What remains in place differs from the shared one of the same name.
    assert [problem for problem in problems if problem in shared.values()] == []
