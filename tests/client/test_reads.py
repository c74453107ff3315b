"""The typed layer: a method for each GET of the API, whose records hold what the API answers."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import httpx
import msgspec
import pytest

from api.app import create_app
from docs.generator import python_client
from headland.client.api import AsyncReads, Reads
from headland.client.connection import AsyncConnection, Connection
from headland.store.memory import MemoryStore
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import DRONE, HOUSE, NOW_MS, START_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.floors.modules import ROOT

#: What is asked beside the path, by the name of the operation.
ASKED: Final[dict[str, dict[str, Any]]] = {
    "get_series": {"channel": "co2_ppm", "start": START_MS, "end": NOW_MS},
    "get_exchange": {"leaf_area_index": 2.0},
    "get_intervals": {"crop": "wheat"},
    "list_statement_passes": {"start": START_MS, "end": NOW_MS},
}


@cache
def gets() -> dict[str, tuple[str, Any]]:
    """Return path and operation of each GET by the operation's name."""
    document = create_app(MemoryStore(), organisation="farm", readiness=list, counters=dict).openapi()
    found = {
        methods["get"]["operationId"]: (path, methods["get"])
        for path, methods in document["paths"].items()
        if "get" in methods
    }
    return {name: each for name, each in found.items() if each[0] not in python_client.STREAMS}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    registry, _, ids = fill_registry(tmp_path_factory.mktemp("reads"))
    app = own_app(fill_farm(), now_ms=lambda: NOW_MS, gateways=FakeIngest(), registry=registry)
    with serve(app) as client:
        yield client, ids
    registry.close()


def test_the_typed_layer_is_what_the_document_gives() -> None:
    for path, text in python_client.files().items():
        told = f"{path} is not what the API's document gives: python -m docs.generator.python_client"
        assert (ROOT / path).read_text(encoding="utf-8") == text, told


def test_every_get_has_a_typed_method_with_its_parameters() -> None:
    assert len(gets()) > 200
    for name, (path, operation) in gets().items():
        for reads in (Reads, AsyncReads):
            method = getattr(reads, name)
            assert method.__annotations__["return"] != "Any", name
            parameters = inspect.signature(method).parameters
            named = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
            placed = re.findall(r"\{(\w+)\}", path)
            assert [key for key, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD] == [
                "self",
                *placed,
            ]
            left_out = {"cursor", "format"} - set(parameters)
            assert {each for each in named if each.isidentifier()} - left_out <= set(parameters), name


def values_of(path: str, ids: dict[str, str]) -> list[str]:
    """Return what the places of a path are filled with: the record of its kind, or the greenhouse's device."""
    return [ids.get(kind.replace("-", "_"), HOUSE) for kind in re.findall(r"(?:([\w-]*)/)?\{\w+\}", path)]


def test_records_hold_what_the_api_answers(
    http: tuple[httpx.Client, dict[str, str]], request: pytest.FixtureRequest
) -> None:
    client, ids = http
    connection = Connection(str(client.base_url), "any", 120, 1)
    request.addfinalizer(connection.close)
    reads = Reads(connection)
    compared = 0
    for name, (path, _) in gets().items():
        values = values_of(path, ids)
        asked = ASKED.get(name, {})
        address = re.sub(r"\{\w+\}", "{}", path).format(*values)
        raw = client.get(address, params=asked)
        if raw.status_code != 200 or raw.headers["content-type"] != "application/json":
            continue
        told = getattr(reads, name)(*values, **asked)
        known = raw.json()
        if isinstance(told, Iterator | list):
            assert_held(msgspec.to_builtins(list(told)), known if isinstance(known, list) else known["items"], name)
        else:
            assert_held(msgspec.to_builtins(told), known, name)
        compared += 1
    assert compared > 90, compared


def assert_held(told: Any, known: Any, where: str) -> None:
    """Assert that a record holds all of an answer: each key and each value, null where it may be absent."""
    if isinstance(known, dict) and isinstance(told, dict):
        assert known.keys() <= told.keys(), (where, known.keys() - told.keys())
        for key, value in told.items():
            if key in known:
                assert_held(value, known[key], f"{where}.{key}")
    elif isinstance(known, list) and isinstance(told, list):
        assert len(known) == len(told), where
        for number, (one, other) in enumerate(zip(told, known, strict=True)):
            assert_held(one, other, f"{where}[{number}]")
    else:
        assert told == known or where.endswith(("_ms", "time")), (where, told, known)


def test_awaited_answers_are_those_of_the_others(http: tuple[httpx.Client, dict[str, str]]) -> None:
    url = str(http[0].base_url)

    async def ask() -> tuple[Any, list[Any], bytes]:
        connection = AsyncConnection(url, "any", 120, 1)
        try:
            reads = AsyncReads(connection)
            window: dict[str, Any] = {"start": START_MS, "end": NOW_MS}
            events = [event async for event in reads.list_events(DRONE, limit=1, **window)]
            climate = await reads.get_climate(HOUSE, **window)
            file = await reads.get_series_file(HOUSE, channel="co2_ppm", media_type="text/csv", **window)
            return climate, events, file
        finally:
            await connection.close()

    climate, events, file = asyncio.run(ask())
    connection = Connection(url, "any", 120, 1)
    reads = Reads(connection)
    assert climate == reads.get_climate(HOUSE, start=START_MS, end=NOW_MS)
    assert events == list(reads.list_events(DRONE, start=START_MS, end=NOW_MS))
    assert file.startswith(b"time")
    connection.close()
