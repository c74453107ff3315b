"""Requests on a field that was spread whose way through the product tests follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.farm import HOUSE, NOW_MS, START_MS
from tests.api.registry_api import RegistryApi
from tests.api.server import body_of
from tests.api.spread_field import declaration


def _post(farm_api: RegistryApi, path: str, body: dict[str, Any], status: int = 201) -> Any:
    return body_of(farm_api.client.post(path, json=body), status)


def as_applied(farm_api: RegistryApi) -> Callable[[], None]:
    """Declare a pass; return the request of its map."""
    made = _post(farm_api, "/v1/passes", declaration(farm_api))

    def ask() -> None:
        answer = farm_api.client.get(f"/v1/passes/{made['id']}/as-applied")
        assert answer.status_code == 200, answer.text

    return ask


def climate(farm_api: RegistryApi) -> Callable[[], None]:
    """Return the request of a greenhouse's climate."""

    def ask() -> None:
        answer = farm_api.client.get(f"/v1/greenhouses/{HOUSE}/climate", params={"start": START_MS, "end": NOW_MS})
        assert answer.status_code == 200, answer.text

    return ask


def certificate(farm_api: RegistryApi) -> Callable[[], None]:
    """Record a harvest; return the request of its lot's certificate."""
    harvest = {
        "field": farm_api.ids["fields"],
        "crop": "wheat",
        "product": "Wheat",
        "time_ms": NOW_MS - 1,
        "grams": 1_000_000,
        "author": "Li",
    }
    lot = _post(farm_api, "/v1/harvests", harvest)["lot"]["id"]

    def ask() -> None:
        body = {"issuer": "Li", "contact": "138", "author": "Li", "basis": ["own_control"]}
        _post(farm_api, f"/v1/lots/{lot}/certificates", body)

    return ask
