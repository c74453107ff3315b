"""The implement of a pass that was found: what its vehicle used last, else the farm's only one, and the API says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headland.analysis.passes.vehicle_visits import VehicleImplements
from headland.registry.models.models import Implement, ImplementKind
from headland.store.memory import MemoryStore
from tests.api.farm import START_MS
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import SPREADER, WINDOW, declaration, serve_spread_field

OLD, NEW, OTHER = (
    Implement(id=name, name=name, kind=ImplementKind.SPREADER, swath_m=width_m)
    for name, width_m in (("old", 4.0), ("new", 6.0), ("other", 9.0))
)


def test_the_last_one_used_before_a_pass_goes_before_the_first_after_it_and_the_only_one() -> None:
    used = VehicleImplements(None, ((1000, OLD), (5000, NEW)), OTHER)
    assert used.at(4000) == (OLD, "last_used")
    assert used.at(6000) == (NEW, "last_used")
    assert used.at(10) == (OLD, "last_used")
    assert VehicleImplements(None, (), OTHER).at(10) == (OTHER, "only")
    assert VehicleImplements(OTHER, ((1000, OLD),), None).at(6000) == (OTHER, "mounted")
    assert VehicleImplements(None, (), None).at(10) == (None, None)


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path, MemoryStore()) as served:
        yield served


def found(farm_api: RegistryApi) -> dict[str, Any]:
    items = farm_api.client.get(f"/v1/fields/{farm_api.ids['field']}/passes", params=WINDOW).json()["items"]
    (item,) = [each for each in items if not each["declared"]]
    assert farm_api.client.get(f"/v1/passes/{item['id']}").json()["implement_basis"] == item["implement_basis"]
    return dict(item)


def status_of(farm_api: RegistryApi, item: dict[str, Any]) -> int:
    return farm_api.client.get(f"/v1/passes/{item['id']}/as-applied", params={"format": "summary"}).status_code


def test_a_found_pass_has_the_implement_that_its_vehicle_used_last_and_a_map(farm_api: RegistryApi) -> None:
    item = found(farm_api)
    assert (item["implement"], item["implement_basis"]) == (None, None)
    assert status_of(farm_api, item) == 409
    earlier = {**declaration(farm_api), "start_ms": START_MS - 9_000_000, "end_ms": START_MS - 8_000_000}
    assert farm_api.client.post("/v1/passes", json=earlier).status_code == 201
    item = found(farm_api)
    assert (item["implement"], item["implement_basis"]) == (farm_api.ids["implement"], "last_used")
    assert status_of(farm_api, item) == 200


def test_a_found_pass_has_the_farms_only_implement_where_it_suits_the_vehicle(farm_api: RegistryApi) -> None:
    implements = farm_api.repositories.implements
    for other in implements.all():
        if other.id != farm_api.ids["implement"]:
            implements.delete(other.id, other.version)
    item = found(farm_api)
    assert (item["implement"], item["implement_basis"]) == (farm_api.ids["implement"], "only")
    assert status_of(farm_api, item) == 200
    path = f"/v1/devices/{SPREADER}/application"
    window = {"start": item["start_ms"], "end": item["end_ms"]}
    assert farm_api.client.get(path, params=window).json()["swath_basis"] == "only"
    only = implements.get(farm_api.ids["implement"])
    implements.change(msgspec.structs.replace(only, kind=ImplementKind.SPRAYER))
    assert found(farm_api)["implement"] is None
