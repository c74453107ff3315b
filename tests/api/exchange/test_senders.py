"""The table of senders: every path of it takes samples, and every path that takes samples is in it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from api.auth.permissions import RequiredScope, required_scope
from headland.contract.posts.senders import SAMPLE_SENDERS, KeyPlace, SampleSender
from headland.store.memory import MemoryStore
from tests.api.server import serve

SENDERS = SAMPLE_SENDERS.items


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serve(create_app(MemoryStore(), organisation="local", readiness=list, counters=dict)) as client:
        yield client


def test_it_is_given_out_with_names_in_both_languages(client: httpx.Client) -> None:
    items = client.get("/v1/samples/senders").json()["items"]
    assert [(item["slug"], item["path"], item["key"]) for item in items] == [
        (each.slug, each.path, each.key.value) for each in SENDERS
    ]
    assert all(item["en"] and item["zh"] for item in items)
    assert len({item["slug"] for item in items}) == len(items)


def test_its_paths_are_all_that_take_samples_and_no_others(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    taking = {
        (path, method.upper())
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "PostedResult" in str(operation["responses"].get("200", {})) and not path.startswith("/v1/quarantine")
    }
    of_a_standard = {path for path in paths if "Observations" in path and "post" in paths[path]}
    assert len(of_a_standard) == 3
    assert all("201" in paths[path]["post"]["responses"] for path in of_a_standard)
    known = {(path, method) for each in SENDERS for path in (each.path, *each.more_paths) for method in each.methods}
    assert known == taking | {(path, "POST") for path in of_a_standard}


def test_its_bodies_are_those_that_the_api_document_states(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in {each.path for each in SENDERS if "POST" in each.methods}:
        stated = set(paths[path]["post"]["requestBody"]["content"])
        assert stated <= {kind for each in SENDERS if each.path == path for kind in each.content_types}, path


@pytest.mark.parametrize("sender", SENDERS, ids=lambda each: each.slug)
def test_no_sender_writes_without_a_key_that_may(sender: SampleSender) -> None:
    if sender.key is KeyPlace.HEADER:
        paths = (sender.path, *sender.more_paths)
        assert {required_scope(method, path) for method in sender.methods for path in paths} == {RequiredScope.SAMPLES}
