"""Owners of devices over HTTP: an administrator moves a device, replaces a gateway, and removes a wrong mark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from headland.contract.records import Descriptor
from headland.registry.models.models import Gateway
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import DRONE, HOUSE, OTHER, OWN, WEATHER, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.station.cli.command_line import call, environment


@dataclass(frozen=True, slots=True)
class Farm:
    """The API, and everything behind it."""

    client: httpx.Client
    store: MemoryStore
    ingest: FakeIngest
    repositories: OrganisationRepositories

    def device(self, name: str) -> tuple[str, bool]:
        (device,) = [each for each in self.store.devices(OWN) if each.descriptor.device == name]
        return device.gateway, device.descriptor.simulated


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    registry, repositories, _ = fill_registry(tmp_path)
    store, ingest = fill_farm(), FakeIngest()
    app = own_app(store, gateways=ingest, registry=registry)
    with serve(app) as client:
        yield Farm(client, store, ingest, repositories)
    registry.close()


def put_owner(farm: Farm, device: str, gateway: str) -> httpx.Response:
    return farm.client.put(f"/v1/devices/{device}/owner", json={"gateway": gateway})


def test_an_administrator_moves_a_device_and_the_audit_log_names_it(farm: Farm) -> None:
    assert farm.client.get(f"/v1/devices/{HOUSE}/owner").json()["gateway"] == "gw-1"
    answer = put_owner(farm, HOUSE, "gw-2")
    assert (answer.status_code, answer.json()) == (200, {"device": HOUSE, "gateway": "gw-2", "simulated": False})
    assert farm.device(HOUSE) == ("gw-2", False)
    assert farm.ingest.moved == ["gw-2"]
    (record,) = farm.repositories.devices.list(name=HOUSE)
    (entry, *_) = farm.repositories.audit_entries(record.id)
    assert (record.gateway, entry.kind, entry.who) == ("gw-2", "device", "api")


def test_a_device_without_a_descriptor_is_moved_too(farm: Farm) -> None:
    assert farm.device(WEATHER)[0] == ""
    assert put_owner(farm, WEATHER, "gw-1").json()["gateway"] == "gw-1"
    assert farm.device(WEATHER) == ("gw-1", False)


def test_all_devices_of_a_replaced_gateway_are_moved(farm: Farm) -> None:
    farm.store.describe(OTHER, "gw-1", Descriptor(device="gh-9", kind="greenhouse", site="away", name="theirs"))
    farm.repositories.gateways.add(Gateway(name="gw-new", site="home"))
    answer = farm.client.post("/v1/gateways/gw-1/replace", json={"gateway": "gw-new"})
    assert (answer.status_code, answer.json()) == (200, {"moved": 2})
    assert {farm.device(name)[0] for name in (DRONE, HOUSE)} == {"gw-new"}
    assert [device.gateway for device in farm.store.devices(OTHER)] == ["gw-1"]
    assert farm.device(DRONE)[1]
    assert farm.ingest.moved == ["gw-new"]
    assert farm.client.post("/v1/gateways/gw-new/replace", json={"gateway": "gw-new"}).status_code == 409


def test_a_mark_as_simulated_is_removed_where_no_sample_is_simulated(farm: Farm) -> None:
    marked = Descriptor(device=HOUSE, kind="greenhouse", site="home", name="x", simulated=True)
    farm.store.describe(OWN, "gw-1", marked)
    farm.repositories.record_descriptor("gw-1", marked)
    answer = farm.client.delete(f"/v1/devices/{HOUSE}/simulated")
    assert (answer.status_code, answer.json()["simulated"]) == (200, False)
    assert farm.device(HOUSE) == ("gw-1", False)
    assert farm.repositories.devices.list(name=HOUSE)[0].simulated is False
    refused = farm.client.delete(f"/v1/devices/{DRONE}/simulated")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "simulated-samples")
    assert farm.device(DRONE)[1]


def test_a_loss_is_accepted_and_logged(farm: Farm) -> None:
    answer = farm.client.post("/v1/gateways/gw-1/delivery/accept")
    assert (answer.status_code, answer.json(), farm.ingest.moved) == (200, {"loss": 5}, ["accept gw-1"])
    entry = farm.repositories.audit_entries("gw-1")[0]
    assert (entry.kind, entry.after, entry.who) == ("delivery loss", '{"loss_accepted":5}', "api")
    assert farm.client.post("/v1/gateways/nobody/delivery/accept").status_code == 404


def test_the_commands_ask_a_running_station(farm: Farm) -> None:
    farm.repositories.gateways.add(Gateway(name="gw-new", site="home"))
    environ = environment(HEADLAND_API_KEY="any")

    def run(*words: str) -> tuple[int, str]:
        done = call(*words, "--api", str(farm.client.base_url), environ=environ)
        return done.returncode, done.stdout + done.stderr

    assert run("device", "move", HOUSE, "gw-2") == (0, f"{HOUSE} belongs to gw-2.\n")
    assert run("gateway", "replace", "gw-1", "gw-new") == (0, "Moved 1 devices from gw-1 to gw-new.\n")
    assert run("device", "unmark", HOUSE) == (0, f"{HOUSE} is not simulated.\n")
    status, said = run("device", "move", HOUSE, "gw-unknown")
    assert status != 0
    assert "There is no gateway gw-unknown" in said
    assert farm.device(HOUSE)[0] == "gw-2"


@pytest.mark.parametrize(
    ("device", "body", "status"),
    [
        (HOUSE, {"gateway": "gw-unknown"}, 404),
        ("nobody", {"gateway": "gw-2"}, 404),
        (HOUSE, {"gateway": "a b"}, 422),
        (HOUSE, {}, 422),
        (HOUSE, {"gateway": "gw-2", "more": 1}, 422),
    ],
)
def test_a_wrong_move_changes_nothing(farm: Farm, device: str, body: dict[str, object], status: int) -> None:
    assert farm.client.put(f"/v1/devices/{device}/owner", json=body).status_code == status
    assert farm.device(HOUSE)[0] == "gw-1"
    assert farm.ingest.moved == []
