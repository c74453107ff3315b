"""The plan of a field's next dressing over HTTP: from an empty field to a mission, each number with its source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headland.registry.models.models import Field, Implement, ImplementKind, Product, ProductKind
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, START_MS
from tests.api.registry_api import RegistryApi, serve_registry
from tests.api.spread_field import declaration, serve_spread_field
from tests.registry.records import PLOT, ring

UREA = Product(name="plan urea", kind=ProductKind.GRANULAR, n_pct=46.0, p2o5_pct=0.0, k2o_pct=0.0, density_kg_l=0.75)
SPREADER = Implement(
    name="plan spreader",
    kind=ImplementKind.SPREADER,
    swath_m=6.0,
    tank_l=40.0,
    max_flow_kg_min=60.0,
    max_speed_m_s=5.0,
)


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as served:
        yield served


def empty_field(farm_api: RegistryApi, name: str = "empty", geometry: Any = PLOT) -> str:
    farm = farm_api.repositories.farms.list()[0]
    return farm_api.repositories.fields.add(Field(farm=farm.id, name=name, geometry=geometry)).id


def change(farm_api: RegistryApi, field: str, plan: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    path, query = f"/v1/fields/{field}/plan", plan.get("told", {})
    answer = farm_api.client.patch(path, params=query, json={"name": name, "value": value})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def numbers_of(plan: Any) -> Iterator[dict[str, Any]]:
    if isinstance(plan, dict):
        if {"value", "unit", "source"} <= plan.keys():
            yield plan
        for each in plan.values():
            yield from numbers_of(each)
    elif isinstance(plan, list):
        for each in plan:
            yield from numbers_of(each)


def test_an_empty_field_becomes_a_mission_and_nothing_is_told_twice(farm_api: RegistryApi) -> None:
    field = empty_field(farm_api)
    product, implement = farm_api.repositories.products.add(UREA), farm_api.repositories.implements.add(SPREADER)
    path = f"/v1/fields/{field}/plan"
    plan = farm_api.client.get(path).json()
    assert (plan["step"], plan["season"], plan["need"]) == ("season", None, None)
    plan = change(farm_api, field, plan, "crop", "winter_wheat")
    plan = change(farm_api, field, plan, "sowing_date", "2025-11-02")
    assert (plan["season"]["crop"], plan["step"]) == ("winter_wheat", "need")
    assert "target_yield_t_ha" in plan["need"]["missing"]
    plan = change(farm_api, field, plan, "target_yield_t_ha", 7.5)
    need = plan["need"]
    # 500 kg/mu: 38 kg of 18-15-12 and 15.33 kg of urea a mu, by the table of the middle and lower Yangtze.
    assert need["total"]["value"] == pytest.approx((38 * 0.18 + 15.3333 * 0.46) * 15, rel=1e-4)
    assert (need["total"]["source"], need["total"]["basis"]) == ("default", "regional_table")
    plan = change(farm_api, field, plan, "product", product.id)
    plan = change(farm_api, field, plan, "implement", implement.id)
    rates, mission = plan["rates"], plan["mission"]
    assert rates["rate"]["value"] == pytest.approx(need["now"]["value"] / 0.46)
    assert rates["amount"]["value"] == pytest.approx(rates["rate"]["value"] * rates["area_ha"])
    assert mission["minutes"]["value"] > 0.0
    assert mission["loads"]["value"] >= rates["amount"]["value"] / 30.0
    told = plan["told"]
    assert told == {"product": product.id, "implement": implement.id}
    made = farm_api.client.post("/v1/prescriptions", json=rates["order"])
    assert made.status_code == 201, made.text
    assert made.json()["total"] == pytest.approx(rates["amount"]["value"], rel=1e-6)
    plan = farm_api.client.get(path).json()
    assert (plan["step"], plan["mission"]["prescription"]) == ("mission", made.json()["id"])
    file = farm_api.client.get(f"/v1/prescriptions/{made.json()['id']}/export", params={"format": "qgc-plan"})
    assert file.status_code == 200
    for number in numbers_of(plan):
        assert (number["source"] is None) == (number["value"] is None)
        assert number["value"] is None or number["basis"]


def test_what_was_told_once_is_as_before_in_the_next_plan_of_the_field(farm_api: RegistryApi) -> None:
    field = empty_field(farm_api)
    product, implement = farm_api.repositories.products.add(UREA), farm_api.repositories.implements.add(SPREADER)
    plan = change(farm_api, field, {}, "crop", "maize")
    for name, value in (
        ("target_yield_t_ha", 9.0),
        ("unfertilised_yield_t_ha", 5.0),
        ("product", product.id),
        ("implement", implement.id),
    ):
        plan = change(farm_api, field, plan, name, value)
    # (9000 - 5000) kg x 2.57 % / 0.4
    assert plan["need"]["total"]["value"] == pytest.approx(4000 * 0.0257 / 0.4)
    sources = {each["name"]: each["source"] for each in plan["need"]["inputs"]}
    assert sources == {
        "target_yield_t_ha": "told",
        "unfertilised_yield_t_ha": "told",
        "uptake_kg_100kg": "default",
        "recovery": "default",
    }
    assert farm_api.client.post("/v1/prescriptions", json=plan["rates"]["order"]).status_code == 201
    after = farm_api.client.get(f"/v1/fields/{field}/plan", params={"anew": True}).json()
    sources = {each["name"]: (each["value"], each["source"]) for each in after["need"]["inputs"]}
    assert sources["unfertilised_yield_t_ha"] == (5.0, "as_before")
    assert (after["rates"]["product"]["source"], after["mission"]["implement"]["source"]) == ("as_before", "as_before")


def test_what_nothing_tells_is_asked_and_not_filled(farm_api: RegistryApi) -> None:
    field = empty_field(farm_api)
    plan = change(farm_api, field, {}, "crop", "tomato")
    plan = change(farm_api, field, plan, "target_yield_t_ha", 80.0)
    assert plan["need"]["missing"] == ["unfertilised_yield_t_ha", "recovery"]
    assert (plan["step"], plan["need"]["now"]["value"]) == ("need", None)
    plan = change(farm_api, field, plan, "n_total_kg_ha", 200.0)
    assert (plan["need"]["now"]["value"], plan["need"]["total"]["source"]) == (200.0, "told")
    plan = change(farm_api, field, plan, "n_total_kg_ha", None)
    assert plan["need"]["now"]["value"] is None


def test_what_landed_in_the_season_is_taken_off_the_need(tmp_path: Path) -> None:
    with serve_spread_field(tmp_path, MemoryStore()) as farm_api:
        field = farm_api.ids["field"]
        plan = change(farm_api, field, {}, "crop", "winter_wheat")
        season = plan["season"]["id"]
        told = {**declaration(farm_api), "season": season}
        declared = farm_api.client.post("/v1/passes", json=told).json()
        plan = change(farm_api, field, plan, "n_total_kg_ha", 200.0)
        (given,) = plan["need"]["given"]
        nutrients = farm_api.client.get(f"/v1/fields/{field}/nutrients", params={"season": season}).json()
        assert given["pass_id"] == declared["id"]
        assert given["n_kg_ha"] == pytest.approx(nutrients["passes"][0]["kg_ha"]["n"])
        need = plan["need"]
        parts = [need[part]["value"] for part in ("given_n", "elsewhere", "now", "later")]
        assert sum(parts) == pytest.approx(need["total"]["value"])
        assert need["given_n"]["source"] == "measured"


def test_one_rate_is_accepted_on_small_and_on_large_fields(farm_api: RegistryApi) -> None:
    product, implement = farm_api.repositories.products.add(UREA), farm_api.repositories.implements.add(SPREADER)
    west, south = PLOT[0][0][0]
    for name, side_deg in (("tiny", 0.00003), ("usual", 0.001), ("large", 0.015)):
        geometry = ((ring(west, south, west + side_deg, south + side_deg),),)
        field = empty_field(farm_api, name, geometry)
        plan = change(farm_api, field, {}, "crop", "rice")
        for told, value in (("rate_ha", 217.0), ("product", product.id), ("implement", implement.id)):
            plan = change(farm_api, field, plan, told, value)
        made = farm_api.client.post("/v1/prescriptions", json=plan["rates"]["order"])
        assert made.status_code == 201, made.text
        assert [zone["rate_ha"] for zone in made.json()["zones"]] == [217.0]
        assert made.json()["total"] == pytest.approx(217.0 * plan["rates"]["area_ha"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("recovery", 1.5, 422),
        ("recovery", "much", 422),
        ("sowing_date", "2025-13-01", 422),
        ("crop", 5.0, 422),
        ("product", "nobody's", 404),
        ("target_yield_t_ha", 900.0, 400),
        ("unknown", 1.0, 422),
    ],
)
def test_a_value_that_cannot_be_is_refused(farm_api: RegistryApi, name: str, value: Any, status: int) -> None:
    field = empty_field(farm_api)
    change(farm_api, field, {}, "crop", "winter_wheat")
    answer = farm_api.client.patch(f"/v1/fields/{field}/plan", json={"name": name, "value": value})
    assert answer.status_code == status, answer.text
    assert farm_api.client.get(f"/v1/fields/{'0' * 26}/plan").status_code == 404


def test_nothing_is_changed_without_a_season(farm_api: RegistryApi) -> None:
    field = empty_field(farm_api)
    answer = farm_api.client.patch(f"/v1/fields/{field}/plan", json={"name": "target_yield_t_ha", "value": 7.0})
    assert answer.json()["type"].endswith("no-season")
    assert NOW_MS > START_MS
