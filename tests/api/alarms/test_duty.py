"""Duty over HTTP: who is called now, hand-over, and what a rota may name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.registry.models.alarms import AlarmRecipient, RecipientKind
from tests.api.farm import NOW_MS
from tests.api.registry_api import RegistryApi, serve_registry

HOUR_MS = 3_600_000


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as served:
        yield served


def test_a_rota_is_made_handed_over_and_names_recipients_alone(farm_api: RegistryApi) -> None:
    client, site = farm_api.client, farm_api.ids["sites"]
    wang = AlarmRecipient(name="Wang", kind=RecipientKind.EMAIL, address="wang@example.org")
    farm_api.repositories.alarm_recipients.add(wang)
    whole_day = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "06:00", "end": "06:00", "people": ["Li"]}
    rota = {"name": "House 1", "site": site, "weekly": [whole_day], "order": ["Li", "Wang"], "next_after_s": 600}
    made = client.post("/v1/duty-rotas", json=rota)
    assert made.status_code == 201, made.text

    def duty() -> dict[str, object]:
        return next(item for item in client.get("/v1/duty").json()["items"] if item["name"] == "House 1")

    assert (duty()["on_duty"], duty()["next"], duty()["until_ms"]) == (["Li"], ["Wang"], None)
    path = f"/v1/duty-rotas/{made.json()['id']}"
    handed = client.post(f"{path}/hand-over", json={"to": "Wang", "until_ms": NOW_MS + HOUR_MS})
    assert handed.status_code == 200, handed.text
    assert (duty()["on_duty"], duty()["next"], duty()["until_ms"]) == (["Wang"], ["Li"], NOW_MS + HOUR_MS)
    # The week is as it was; the audit log has who handed over.
    assert client.get(path).json()["weekly"] == [whole_day]
    assert farm_api.repositories.audit_entries(made.json()["id"])[0].who == "api"
    for wrong, status in (({"to": "Nobody"}, 400), ({"to": "Li", "until_ms": NOW_MS}, 422)):
        assert client.post(f"{path}/hand-over", json=wrong).status_code == status
    refused = client.post(
        "/v1/duty-rotas",
        json={**rota, "name": "Other", "order": ["Zhao"]},
        headers={"Accept-Language": "zh-CN"},
    )
    assert (refused.status_code, "Zhao" in refused.json()["detail"]) == (400, True)
    wrong_ones: tuple[dict[str, object], ...] = (
        {"weekly": [{**whole_day, "start": "24:00"}]},
        {"weekly": []},
        {"name": "Li"},
    )
    for bad in wrong_ones:
        assert client.post("/v1/duty-rotas", json={**rota, "name": "Other", **bad}).status_code in (400, 422)
