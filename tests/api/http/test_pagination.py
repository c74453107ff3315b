"""Pagination of every list: no record is repeated or skipped while others are added or removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.pagination import read_cursor, write_cursor
from api.http.problems import ProblemError
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import NOW_MS, OWN, START_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


@given(st.integers(-(2**53) + 1, 2**53 - 1), IDS)
def test_a_cursor_decodes_to_its_key(number: int, name: str) -> None:
    cursor = write_cursor(number, name)
    assert read_cursor(cursor, tuple[int, str]) == (number, name)
    assert httpx.URL("/v1", params={"cursor": cursor}).query == f"cursor={cursor}".encode()


@given(st.text(max_size=80) | st.builds(write_cursor, st.integers() | st.text(), st.integers()))
def test_an_invalid_cursor_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ProblemError, match="Use `next`"):
        read_cursor(text, tuple[str])


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return fill_farm()


@pytest.fixture(scope="module")
def client(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    registry, repositories, _ = fill_registry(tmp_path_factory.mktemp("registry"))
    [farm], [product] = repositories.farms.list(), repositories.products.list()
    for number in range(3):
        repositories.farms.add(msgspec.structs.replace(farm, name=f"farm {number}"))
        repositories.products.add(msgspec.structs.replace(product, name=f"product {number}"))
    app = own_app(store, now_ms=lambda: NOW_MS, gateways=FakeIngest(), registry=registry)
    with serve(app) as client:
        yield client
    registry.close()


def follow(client: httpx.Client, path: str, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of each page, by the Link of the page before."""
    answer = client.get(path, params=query)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert ("next" in answer.links) == (page["next"] is not None)
        yield page["items"]
        if page["next"] is None:
            return
        answer = client.get(answer.links["next"]["url"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/devices", {}),
        ("/v1/devices", {"kind": "drone"}),
        ("/v1/latest", {}),
        ("/v1/devices/uav-484c53494d01/events", {"start": START_MS, "end": NOW_MS}),
        ("/v1/gateways", {}),
        ("/v1/gateways", {"online": True}),
        ("/v1/quarantine", {}),
        ("/v1/farms", {}),
        ("/v1/products", {"kind": "granular"}),
        ("/v1/prescriptions", {}),
    ],
)
def test_small_pages_together_contain_what_one_page_contains(
    client: httpx.Client, path: str, query: dict[str, Any]
) -> None:
    [whole] = follow(client, path, **query)
    small = list(follow(client, path, limit=1, **query))
    assert [item for page in small for item in page] == whole
    assert whole


def test_a_device_added_or_removed_between_two_pages_shifts_no_other(store: MemoryStore, client: httpx.Client) -> None:
    pages = follow(client, "/v1/devices", limit=2)
    names = [item["id"] for item in next(pages)]
    for name in ("aa-1", "zz-1"):
        descriptor = Descriptor(device=name, kind="weather", site="home", name=name)
        store.describe(OWN, "gw-1", descriptor)
    names += [item["id"] for page in pages for item in page]
    assert names == ["gh-1", "uav-484c53494d01", "wx-1", "zz-1"]


def test_every_list_of_the_document_has_the_same_pages(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    listed = 0
    for path, methods in document["paths"].items():
        operation = methods.get("get", {})
        schema = operation.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
        properties = _resolve(document, schema.get("schema", {})).get("properties", {})
        if not operation.get("operationId", "").startswith("list_"):
            continue
        assert {"items", "next"} <= properties.keys(), path
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        if properties["next"].get("type") != "null":  # a list that is whole: the catalog, the kept imports
            assert {"cursor", "limit"} <= names, path
            listed += 1
    assert listed > 15


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    found: dict[str, Any] = document["components"]["schemas"][reference.split("/")[-1]] if reference else schema
    return found
