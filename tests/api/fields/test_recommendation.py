"""Nitrogen recommendations over HTTP compared with published examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.registry_api import RegistryApi, serve_registry
from tests.api.server import body_of


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_registry(Path(tmp_path_factory.mktemp("registry"))) as served:
        yield served


def ask(farm_api: RegistryApi, status: int = 200, **query: Any) -> Any:
    return body_of(farm_api.client.get(f"/v1/fields/{farm_api.ids['fields']}/recommendation", params=query), status)


@pytest.mark.parametrize(
    ("query", "n_kg_ha"),
    [
        # 6 t at 25 kg/t, 60 from the soil, 60 % taken up.
        ({"method": "stanford", "crop_n_kg_ha": 150, "soil_n_kg_ha": 60, "efficiency": 0.6}, 150.0),
        (
            {
                "method": "stanford",
                "target_yield_t_ha": 6,
                "uptake_kg_100kg": 2.5,
                "soil_n_kg_ha": 60,
                "efficiency": 0.6,
            },
            150.0,
        ),
        # 450 kg/mu aimed at, 250 without: 37.27 kg of urea a mu.
        (
            {
                "method": "target_yield",
                "target_yield_t_ha": 6.75,
                "unfertilised_yield_t_ha": 3.75,
                "uptake_kg_100kg": 3.0,
                "recovery": 0.35,
            },
            257.14,
        ),
        # B wheat of 90 dt in a farmers' paper: 230 + 10 - 43 - 20 - 10 - 10.
        (
            {
                "method": "duev",
                "past_yields_t_ha": [8.5, 9.5, 9],
                "nmin_kg_ha": 43,
                "quality_class": "B",
                "humus_kg_ha": 20,
                "organic_last_year_kg_ha": 10,
                "precrop_kg_ha": 10,
            },
            157.0,
        ),
        (
            {"method": "nfoa", "ndvi": 0.55, "reference_ndvi": 0.75, "growing_days": 95, "curve": "oklahoma-2004"},
            34.01,
        ),
        ({"method": "sufficiency", "index": 0.85, "reference_index": 1.0, "optimum_kg_ha": 150}, 106.1),
        (
            {
                "method": "linear",
                "index": 0.6,
                "index_low": 0.4,
                "index_high": 0.8,
                "least_kg_ha": 60,
                "most_kg_ha": 120,
                "direction": "compensate",
            },
            90.0,
        ),
    ],
    ids=lambda value: value["method"] if isinstance(value, dict) else "",
)
def test_each_rule_reproduces_its_published_example_with_source_and_inputs(
    farm_api: RegistryApi, query: dict[str, Any], n_kg_ha: float
) -> None:
    answer = ask(farm_api, **query)
    assert answer["n_kg_ha"] == pytest.approx(n_kg_ha, rel=1e-3)
    assert answer["n_kg_mu"] == pytest.approx(n_kg_ha / 15, rel=1e-3)
    assert answer["method"]["source"]
    assert answer["valid_for"]
    assert len(answer["inputs"]) >= 3
    assert answer["product"] is None


def test_the_rate_of_a_product_is_per_hectare_per_mu_and_for_the_whole_usable_field(farm_api: RegistryApi) -> None:
    query: dict[str, Any] = {"unfertilised_yield_t_ha": 3.75, "uptake_kg_100kg": 3.0, "recovery": 0.35}
    # The season says 6.75 t/ha.
    ids: dict[str, Any] = {"season": farm_api.ids["seasons"], "product": farm_api.ids["products"]}
    answer = ask(farm_api, method="target_yield", **query, **ids)
    product = answer["product"]
    assert (product["kg_ha"], product["kg_mu"]) == (pytest.approx(559, rel=1e-3), pytest.approx(37.27, rel=1e-3))
    assert (product["l_ha"], product["p2o5_kg_ha"]) == (None, 0.0)
    assert product["field_kg"] == pytest.approx(559.006 * answer["area_ha"], rel=1e-4)
    assert answer["area_ha"] < 4.1934


def test_the_ordinances_yield_is_of_past_years_and_a_target_is_named_as_such(farm_api: RegistryApi) -> None:
    query: dict[str, Any] = {"method": "duev", "nmin_kg_ha": 43, "quality_class": "B"}
    past = ask(farm_api, **query, past_yields_t_ha=[2.0, 8.0, 8.5, 9.0, 9.5, 10.0])
    assert past["inputs"]["yield_t_ha"] == pytest.approx(9.0)
    assert ask(farm_api, **query, mean_yield_t_ha=9.0)["n_kg_ha"] == past["n_kg_ha"] == pytest.approx(197.0)
    aimed = ask(farm_api, **query, target_yield_t_ha=9.0)
    assert (aimed["n_kg_ha"], aimed["inputs"]["yield_basis"]) == (197.0, "aimed_at")
    assert "mean yield of the last five years" in aimed["valid_for"]
    # The season's target is no yield of a past year.
    problem = ask(farm_api, 400, **query, season=farm_api.ids["seasons"])
    assert (problem["missing"], "past_yields_t_ha" in problem["detail"]) == (["mean_yield_t_ha"], True)


@pytest.mark.parametrize(
    ("uptake", "fixed", "target", "blank"), [(0.45, 0.0, 75.0, 45.0), (7.2, 0.667, 4.0, 2.0), (5.8, 0.0, 3.5, 1.5)]
)
def test_vegetables_and_legumes_have_a_target_yield(
    farm_api: RegistryApi, uptake: float, fixed: float, target: float, blank: float
) -> None:
    yields: dict[str, Any] = {"target_yield_t_ha": target, "unfertilised_yield_t_ha": blank}
    rule: dict[str, Any] = {"uptake_kg_100kg": uptake, "fixed_share": fixed, "recovery": 0.4}
    answer = ask(farm_api, method="target_yield", **yields, **rule)
    assert answer["n_kg_ha"] == pytest.approx((target - blank) * 1000 * uptake / 100 * (1 - fixed) / 0.4)
    assert answer["doubts"] == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"method": "duev", "mean_yield_t_ha": 80, "nmin_kg_ha": 40, "quality_class": "B"}, "in dt/ha, write 8."),
        ({"method": "duev", "past_yields_t_ha": [8, 80], "nmin_kg_ha": 40, "quality_class": "B"}, "in dt/ha, write 8."),
        ({"method": "duev", "target_yield_t_ha": 400, "nmin_kg_ha": 40, "quality_class": "B"}, "in kg/mu, write 6."),
        (
            {"method": "stanford", "target_yield_t_ha": 80, "uptake_kg_100kg": 3, "soil_n_kg_ha": 9, "efficiency": 0.5},
            "in dt/ha, write 8.",
        ),
        (
            {
                "method": "target_yield", "target_yield_t_ha": 45, "unfertilised_yield_t_ha": 20,
                "uptake_kg_100kg": 5.8, "recovery": 0.4,
            },
            "take up 2610 kg N/ha",
        ),
        (
            {"method": "nfoa", "ndvi": 0.9, "reference_ndvi": 0.5, "growing_days": 90, "curve": "oklahoma-2007"},
            "exchange them",
        ),
        ({"method": "sufficiency", "index": 50, "reference_index": 40, "optimum_kg_ha": 150}, "exchange them"),
    ],
)  # fmt: skip
def test_an_amount_that_no_crop_has_is_refused_with_the_unit_that_explains_it(
    farm_api: RegistryApi, query: dict[str, Any], words: str
) -> None:
    problem = ask(farm_api, 422, **query)
    assert problem["type"] == "urn:headland:problem:impossible-amount"
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("query", "cause", "after"),
    [
        ({"method": "duev", "mean_yield_t_ha": 15, "nmin_kg_ha": 40, "quality_class": "B"}, "yield_unit", 1.5),
        ({"method": "duev", "mean_yield_t_ha": 0.4, "nmin_kg_ha": 40, "quality_class": "B"}, "yield_unit", 6.0),
        (
            {"method": "nfoa", "ndvi": 0.74, "reference_ndvi": 0.7, "growing_days": 90, "curve": "oklahoma-2007"},
            "above_reference",
            0.7,
        ),
    ],
)
def test_an_amount_that_is_not_usual_is_answered_with_a_doubt(
    farm_api: RegistryApi, query: dict[str, Any], cause: str, after: float
) -> None:
    (doubt,) = ask(farm_api, **query)["doubts"]
    assert (doubt["cause"], doubt["changes"][0]["after"]) == (cause, after)
    assert doubt["text_zh"] != doubt["text"]


def test_a_season_of_a_vegetable_yields_a_hundred_tonnes_and_one_of_wheat_does_not(farm_api: RegistryApi) -> None:
    season = {"field": farm_api.ids["fields"], "name": "2027", "crop": "Tomato", "target_yield_t_ha": 100}
    made = farm_api.client.post("/v1/seasons", json=season)
    assert (made.status_code, made.json()["doubts"]) == (201, [])
    wheat = farm_api.client.post("/v1/seasons", json={**season, "name": "wheat", "crop": "winter wheat"})
    assert wheat.status_code == 400
    assert "more than this crop ever yielded, 26.1 at most: if it is in dt/ha, write 10." in wheat.json()["detail"]
    unusual = farm_api.client.post(
        "/v1/seasons", json={**season, "name": "mu", "crop": "winter wheat", "target_yield_t_ha": 0.4}
    ).json()
    (question,) = unusual["doubts"]
    assert question in farm_api.client.get("/v1/doubts").json()["items"]
    assert question["changes"] == [{"field": "target_yield_t_ha", "before": 0.4, "after": 6.0}]


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("stanford", ["crop_n_kg_ha", "soil_n_kg_ha", "efficiency"]),
        ("target_yield", ["target_yield_t_ha", "unfertilised_yield_t_ha", "uptake_kg_100kg", "recovery"]),
        ("duev", ["mean_yield_t_ha", "nmin_kg_ha", "quality_class"]),
        ("nfoa", ["ndvi", "reference_ndvi", "growing_days", "curve"]),
        ("sufficiency", ["index", "reference_index", "optimum_kg_ha"]),
        ("linear", ["index", "index_low", "index_high", "least_kg_ha", "most_kg_ha", "direction"]),
    ],
)
def test_an_input_that_is_missing_is_named_and_never_assumed(
    farm_api: RegistryApi, method: str, missing: list[str]
) -> None:
    problem = ask(farm_api, 400, method=method)
    assert problem["type"] == "urn:headland:problem:missing-input"
    assert problem["missing"] == missing
    assert all(name in problem["detail"] for name in missing)


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ({"method": "guess"}, 422, "bad-parameter"),
        ({"method": "duev", "nmin": 5}, 400, "unknown-parameter"),
        ({"method": "duev", "season": "0" * 26}, 404, "unknown-season"),
        (
            {"method": "nfoa", "ndvi": 0.5, "reference_ndvi": 0.7, "growing_days": 90, "curve": "jiangsu"},
            400,
            "outside-of-rule",
        ),
    ],
)
def test_an_impossible_recommendation_is_refused_with_its_reason(
    farm_api: RegistryApi, query: dict[str, Any], status: int, kind: str
) -> None:
    assert ask(farm_api, status, **query)["type"] == f"urn:headland:problem:{kind}"


def test_a_product_without_nitrogen_gives_none(farm_api: RegistryApi) -> None:
    made = farm_api.client.post("/v1/products/catalog/Potassium chloride 60").json()
    query: dict[str, Any] = {"crop_n_kg_ha": 150, "soil_n_kg_ha": 60, "efficiency": 0.6, "product": made["id"]}
    assert ask(farm_api, 400, method="stanford", **query)["type"] == "urn:headland:problem:no-nitrogen"
