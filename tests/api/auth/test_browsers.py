"""Answers in a browser: headers that bound their use, and hosts that are refused."""

from __future__ import annotations

import re

import pytest

from headland.registry.models.models import Scope
from tests.api.auth.test_middleware import KeyedApi, keyed_api
from tests.api.farm import HOUSE, NOW_MS, START_MS

__all__ = ["keyed_api"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8110", "127.0.0.1.evil.example", "", "10.0.0.1"])
def test_a_page_whose_name_leads_to_this_machine_needs_a_key(keyed_api: KeyedApi, path: str, host: str) -> None:
    assert keyed_api.client.get(path, headers={"Host": host}).status_code == 401
    assert keyed_api.ask("GET", path, Scope.READ, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_this_machine_by_its_own_names_needs_none(keyed_api: KeyedApi, host: str) -> None:
    assert keyed_api.client.get("/readyz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/v1/devices",
        "/v1/nothing",
        "/openapi.json",
        "/",
        "/dashboard",
        f"/v1/greenhouses/{HOUSE}/report?start={START_MS}&end={NOW_MS}",
        f"/v1/devices/{HOUSE}/samples?format=csv&start={START_MS}&end={NOW_MS}",
    ],
)
def test_every_answer_keeps_its_type_and_stands_in_no_frame(keyed_api: KeyedApi, path: str) -> None:
    answer = keyed_api.ask("GET", path, Scope.READ)
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert re.search(r"frame-ancestors 'none'", policy)
    assert "default-src" in policy
    refused = keyed_api.ask("GET", path, None)
    assert refused.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["[evil", "a b", "a/b", "a@b", "a:b", "[::1", "::1", "a:999999", "%00", "a?b"])
def test_a_host_that_is_none_is_refused_on_every_path(keyed_api: KeyedApi, host: str) -> None:
    for path in ("/healthz", "/v1/devices", "/nowhere", "/sta/v1.1"):
        answer = keyed_api.ask("GET", path, Scope.READ, headers={"Host": host})
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:bad-host"), answer.text
