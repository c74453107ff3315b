"""Orders to gateways over HTTP: handed to the ingest, logged without their settings, refused where they cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from headland.contract.gateway_orders import (
    AnswerState,
    Order,
    OrderOutcome,
    PutSource,
    RemoveSource,
    SensorDevice,
    SensorSource,
    SurveyModbus,
)
from headland.errors import RetryLater
from headland.registry.models.models import Scope
from tests.api.devices.test_device_owners import Farm, farm
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

__all__ = ["farm"]

ORDERS: Final = "/v1/gateways/gw-1/orders"
SOURCE: Final[dict[str, Any]] = {
    "name": "probe",
    "type": "mqtt",
    "host": "10.0.0.8",
    "port": 1883,
    "username": "grower",
    "password": "pass-of-the-broker",
    "format": "json",
    "devices": [{"match": "1", "device": "probe"}],
}
PUT: Final = {"order": {"type": "put_source", "source": SOURCE}}


def test_an_order_is_handed_to_the_ingest_as_it_was_given(farm: Farm) -> None:
    survey = {"type": "survey_modbus", "host": "10.0.0.9", "last_unit": 2}
    answer = farm.client.post(ORDERS, json={"order": survey})
    assert (answer.status_code, answer.json()["state"]) == (200, "applied")
    farm.client.post(ORDERS, json=PUT).raise_for_status()
    source = SensorSource(
        name="probe",
        type="mqtt",
        host="10.0.0.8",
        port=1883,
        username="grower",
        password="pass-of-the-broker",
        format="json",
        devices=(SensorDevice(match="1", device="probe"),),
    )
    assert farm.ingest.orders == [
        ("gw-1", SurveyModbus(host="10.0.0.9", last_unit=2)),
        ("gw-1", PutSource(source=source)),
    ]


def test_what_a_gateway_reads_since_is_logged_by_name_alone(farm: Farm) -> None:
    answer = farm.client.post(ORDERS, json=PUT)
    assert "pass-of-the-broker" not in answer.text
    entry = farm.repositories.audit_entries("gw-1/probe")[0]
    assert (entry.kind, entry.action, entry.who) == ("source of a gateway", "change", "api")
    assert "pass-of-the-broker" not in repr(entry)
    farm.client.post(ORDERS, json={"order": {"type": "remove_source", "name": "probe"}}).raise_for_status()
    assert farm.repositories.audit_entries("gw-1/probe")[0].action == "delete"
    assert farm.ingest.orders[-1] == ("gw-1", RemoveSource(name="probe"))


class Refusing(FakeIngest):
    """An ingest whose gateway refuses, and then is away."""

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        self.orders.append((gateway, order))
        if len(self.orders) > 1:
            raise RetryLater(f"the gateway {gateway} is offline: start it, then try again")
        return OrderOutcome(state=AnswerState.REFUSED, why="a survey runs already: wait for its end")


def test_what_a_gateway_refused_is_not_logged_and_one_that_is_away_is_said(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing()
    monkeypatch.setattr(farm.ingest, "order", refusing.order)
    answer = farm.client.post(ORDERS, json=PUT).json()
    assert (answer["state"], answer["why"]) == ("refused", "a survey runs already: wait for its end")
    away = farm.client.post(ORDERS, json=PUT, headers={"Accept-Language": "zh-CN"})
    assert (away.status_code, away.json()["detail"]) == (503, "网关“gw-1”离线：请先启动网关再试")
    assert (away.json()["type"], away.json()["title"]) == ("urn:headland:problem:gateway-unavailable", "网关没有应答")
    assert away.headers["retry-after"] == "2"
    assert farm.repositories.audit_entries("gw-1/probe") == []


def test_an_unknown_gateway_gets_no_order(farm: Farm) -> None:
    answer = farm.client.post("/v1/gateways/nobody/orders", json=PUT)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "unknown-gateway")
    assert farm.ingest.orders == []


@pytest.mark.parametrize(
    "order",
    [
        {"type": "format_disk"},
        {"type": "put_source", "source": {**SOURCE, "type": "a_plugin"}},
        {"type": "put_source", "source": {**SOURCE, "registers": "../../etc/passwd"}},
        {"type": "put_source", "source": {**SOURCE, "port": 0}},
        {"type": "put_source", "source": {**SOURCE, "file": "/etc/passwd"}},
        {"type": "survey_mqtt", "seconds": 86_400},
        {"type": "survey_modbus", "host": "10.0.0.9", "last_unit": 256},
        {"type": "survey_modbus", "host": ""},
    ],
)
def test_what_is_no_order_is_refused_before_it_is_sent(farm: Farm, order: dict[str, Any]) -> None:
    answer = farm.client.post(ORDERS, json={"order": order})
    assert answer.status_code in (400, 422), answer.text
    assert farm.ingest.orders == []


@pytest.mark.parametrize(("scope", "status"), [(Scope.READ, 403), (Scope.WRITE, 403), (Scope.ADMIN, 200), (None, 401)])
def test_a_key_below_an_administrators_gives_no_orders(tmp_path: Path, scope: Scope | None, status: int) -> None:
    registry, repositories, _ = fill_registry(tmp_path)
    ingest = FakeIngest()
    headers = {} if scope is None else {"Authorization": f"Bearer {repositories.add_key('key', scope)[1]}"}
    with serve(own_app(fill_farm(), gateways=ingest, registry=registry), opened=False) as client:
        answer = client.post(ORDERS, json=PUT, headers=headers)
    registry.close()
    assert (answer.status_code, len(ingest.orders)) == (status, int(status == 200))
