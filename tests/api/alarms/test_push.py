"""Web push over HTTP: a browser subscribes itself, once, and its address is a secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.routes.alarms.kinds import mask_recipient
from tests.alarms.notification.test_web_push import SUBSCRIPTION
from tests.api.registry_api import RegistryApi, serve_registry


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as served:
        yield served


def test_a_browser_subscribes_once_and_ends_it(farm_api: RegistryApi) -> None:
    client = farm_api.client
    key = client.get("/v1/push-subscriptions/key").json()["public_key"]
    assert (len(key), client.get("/v1/push-subscriptions/key").json()["public_key"]) == (87, key)
    order = {
        "name": "Li's phone",
        "endpoint": SUBSCRIPTION.endpoint,
        "p256dh": SUBSCRIPTION.p256dh,
        "auth": SUBSCRIPTION.auth,
        "language": "zh-CN",
    }
    made = client.post("/v1/push-subscriptions", json=order)
    assert made.status_code == 201, made.text
    again = client.post("/v1/push-subscriptions", json={**order, "name": "Phone"}).json()
    assert again == {"recipient": made.json()["recipient"], "name": "Phone"}
    reader = mask_recipient(farm_api.repositories.alarm_recipients.get(again["recipient"]))
    assert (reader.name, reader.address) == ("Phone", "https://push.example.net/***")
    wrong: tuple[dict[str, object], ...] = (
        {"p256dh": "AAAA"},
        {"auth": "AAAA"},
        {"endpoint": "http://push.example.net/1"},
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": "file:///etc/passwd"},
    )
    for bad in wrong:
        assert client.post("/v1/push-subscriptions", json={**order, "name": "Other", **bad}).status_code == 400
    path = f"/v1/push-subscriptions/{made.json()['recipient']}"
    assert client.delete(f"/v1/push-subscriptions/{farm_api.ids['alarm_recipients']}").status_code == 404
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
