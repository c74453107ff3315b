"""A gateway is registered over HTTP: its settings are returned once, and pass the gateway's own check."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from headland.registry.registry import open_registry
from station.local.folder import FarmFolder
from station.local.gateway_registration import FolderRegistrar
from station.local.gateways import Gateways
from tests.api.farm import NOW_MS, OWN
from tests.api.server import own_app, serve

CHINESE = {"Accept-Language": "zh-CN"}


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    return folder


@pytest.fixture
def client(folder: FarmFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    # Only whether the broker is installed is asked for; none runs here.
    monkeypatch.setattr("station.local.gateway_registration.find_mosquitto", lambda: Path("/usr/sbin/mosquitto"))
    registry = open_registry(f"sqlite:///{folder.registry_path}", lambda: NOW_MS)
    registry.add_organisation(OWN, "Our farm", "test")
    app = own_app(registry=registry, registrar=FolderRegistrar(folder))
    with serve(app) as client:
        yield client
    registry.close()


def test_the_settings_of_a_new_gateway_are_returned_once_and_let_it_log_in(
    client: httpx.Client, folder: FarmFolder
) -> None:
    answer = client.post("/v1/gateways", json={"name": "barn", "site": "home"})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    added = answer.json()
    settings = tomllib.loads(added["settings"])
    (login,) = Gateways(folder).all()
    assert (settings["gateway"]["id"], settings["broker"]["username"]) == ("barn", "barn")
    assert settings["broker"]["password"] == login.password
    assert settings["broker"]["ack_key"] == folder.ack_key("barn")
    assert (added["host"], added["is_local"], added["certificate"]) == ("127.0.0.1", True, None)


@pytest.mark.parametrize(
    ("body", "english", "chinese"),
    [
        ({"name": "ingest-2"}, "“ingest-2” is reserved: choose another name.", "“ingest-2”是保留名称，请另选名称。"),
        (
            {"name": "barn", "host": "192.168.1.5"},
            "The broker listens on this machine only",
            "本农场的消息代理只监听本机",
        ),
    ],
)
def test_what_prevents_a_gateway_is_said_in_the_language_of_the_page(
    client: httpx.Client, folder: FarmFolder, body: dict[str, str], english: str, chinese: str
) -> None:
    for headers, told in (({"Accept-Language": "en"}, english), (CHINESE, chinese)):
        answer = client.post("/v1/gateways", json=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:headland:problem:gateway-refused")
        assert answer.json()["detail"].startswith(told)
    assert Gateways(folder).all() == []


def test_a_second_gateway_of_a_name_is_refused(client: httpx.Client) -> None:
    assert client.post("/v1/gateways", json={"name": "barn"}).status_code == 201
    again = client.post("/v1/gateways", json={"name": "Barn"}, headers=CHINESE)
    assert again.json()["detail"].startswith("已有名为“Barn”的网关")


def test_a_station_without_the_broker_says_where_gateways_are_added(client: httpx.Client) -> None:
    app = own_app()
    with serve(app) as other:
        answer = other.post("/v1/gateways", json={"name": "barn"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:headland:problem:no-registrar")
