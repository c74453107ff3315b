"""Nitrogen rules compared with published examples; each refuses inputs outside its range."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headland.agronomy.prescription.nitrogen_rules import (
    UPTAKES_KG_100KG,
    YIELD_CURVES,
    RateRecommendation,
    duev_wheat,
    linear_index,
    mean_yield,
    nfoa,
    stanford,
    sufficiency_index,
    target_yield,
)

MU = 15.0


def test_stanford_is_need_less_supply_over_efficiency() -> None:
    assert stanford(150.0, 60.0, 0.6).n_kg_ha == pytest.approx(150.0)
    assert stanford(60.0, 150.0, 0.6).n_kg_ha == 0.0


@pytest.mark.parametrize(("uptake", "urea_kg_mu", "n_kg_ha"), [(3.0, 37.267, 257.143), (2.8, 34.783, 240.0)])
def test_the_target_yield_formula_gives_the_handbook_rate(uptake: float, urea_kg_mu: float, n_kg_ha: float) -> None:
    found = target_yield(450.0 * MU, 250.0 * MU, uptake, 0.35)
    assert found.n_kg_ha == pytest.approx(n_kg_ha, abs=0.01)
    assert found.n_kg_ha / 0.46 / MU == pytest.approx(urea_kg_mu, abs=0.01)


@pytest.mark.parametrize(
    ("crop", "target_t_ha", "blank_t_ha", "fixed", "n_kg_ha"),
    [
        # Hubei: rapeseed 2.7 t/ha, tomatoes of 75 t/ha, and soybean whose nodules supply two thirds.
        ("rapeseed", 2.7, 1.35, 0.0, 1350.0 * 0.058 / 0.4),
        ("tomato", 75.0, 45.0, 0.0, 30_000.0 * 0.0045 / 0.4),
        ("soybean", 3.0, 2.25, 2 / 3, 750.0 * 0.072 / 3.0 / 0.4),
        ("peanut", 4.5, 3.0, 0.0, 1500.0 * 0.068 / 0.4),
        ("celery", 90.0, 60.0, 0.0, 30_000.0 * 0.0016 / 0.4),
    ],
)
def test_the_target_yield_formula_takes_vegetables_and_legumes(
    crop: str, target_t_ha: float, blank_t_ha: float, fixed: float, n_kg_ha: float
) -> None:
    uptake = UPTAKES_KG_100KG[crop]
    found = target_yield(1000.0 * target_t_ha, 1000.0 * blank_t_ha, uptake, 0.4, fixed_share=fixed)
    assert found.n_kg_ha == pytest.approx(n_kg_ha)
    assert found.inputs.get("fixed_share", 0.0) == fixed


@pytest.mark.parametrize(
    ("yields", "mean"),
    [
        ([9.0], 9.0),
        ([8.0, 8.5, 9.0, 9.5, 9.0], 8.8),
        # The sixth last does not count.
        ([2.0, 8.0, 8.5, 9.0, 9.5, 9.0], 8.8),
        # What a chamber of agriculture prints for a drought of 35 dt/ha after 85, which the 85 replace.
        ([9.5, 8.5, 8.5], 8.8333333),
    ],
)
def test_the_yield_of_the_ordinance_is_the_mean_of_past_years(yields: list[float], mean: float) -> None:
    assert mean_yield(yields) == pytest.approx(mean)


def test_a_yield_that_is_aimed_at_is_named_where_the_ordinance_wants_a_mean() -> None:
    aimed, mean = duev_wheat(9.0, 43.0, is_aim=True), duev_wheat(9.0, 43.0)
    assert (aimed.n_kg_ha, aimed.method.version) == (mean.n_kg_ha, 2)
    assert "mean yield of the last five years" in aimed.valid_for
    assert (aimed.inputs["yield_basis"], mean.inputs["yield_basis"]) == ("aimed_at", "mean_of_past_years")


def test_the_nmin_table_gives_the_published_example() -> None:
    # top agrar: B wheat, 90 dt/ha, Nmin 43, more than 4 % humus, slurry last year, a creditable pre-crop.
    found = duev_wheat(9.0, 43.0, humus_kg_ha=20.0, organic_last_year_kg_ha=10.0, precrop_kg_ha=10.0)
    assert found.n_kg_ha == 157.0
    assert dict(found.parts) == {"base_kg_ha": 230.0, "by_yield_kg_ha": 10.0, "credits_kg_ha": -83.0}


@pytest.mark.parametrize(
    ("yield_t_ha", "nmin", "quality", "expected"),
    [
        (8.0, 50.0, "B", 180.0),
        (7.0, 50.0, "B", 165.0),
        (14.0, 0.0, "A", 270.0),
        (8.0, 0.0, "E", 260.0),
        (8.0, 300.0, "C", 0.0),
    ],
)
def test_the_nmin_table_follows_yield_and_class(yield_t_ha: float, nmin: float, quality: str, expected: float) -> None:
    assert duev_wheat(yield_t_ha, nmin, quality_class=quality).n_kg_ha == expected


@pytest.mark.parametrize(
    ("year", "ndvi", "days", "yield_kg_ha"),
    [
        (2002, 0.5, 90.0, 1521.7041),
        (2002, 0.7, 110.0, 1889.1248),
        (2003, 0.6, 100.0, 2491.1708),
        (2004, 0.5, 90.0, 2176.6551),
        (2005, 0.6, 100.0, 2713.1554),
        (2006, 0.7, 110.0, 2967.4601),
        (2007, 0.6, 100.0, 2777.5445),
    ],
)
def test_a_yield_curve_is_the_one_its_university_published(
    year: int, ndvi: float, days: float, yield_kg_ha: float
) -> None:
    found = nfoa(ndvi, ndvi, days, YIELD_CURVES[f"oklahoma-{year}"])
    assert found.parts["yield_without_kg_ha"] == pytest.approx(yield_kg_ha, rel=1e-6)


@pytest.mark.parametrize(
    ("ndvi", "reference", "days", "response", "n_kg_ha"),
    [
        (0.55, 0.75, 95.0, 1.3636364, 34.014114),
        (0.62, 0.75, 95.0, 1.2096774, 24.908846),
        (0.75, 0.75, 95.0, 1.0, 0.0),
        (0.45, 0.8, 110.0, 1.7777778, 41.931934),
        (0.80, 0.75, 95.0, 1.0, 0.0),
    ],
)
def test_the_sensor_rule_gives_the_worked_rates(
    ndvi: float, reference: float, days: float, response: float, n_kg_ha: float
) -> None:
    found = nfoa(ndvi, reference, days, YIELD_CURVES["oklahoma-2004"])
    assert found.parts["response"] == pytest.approx(response, rel=1e-6)
    assert found.n_kg_ha == pytest.approx(n_kg_ha, rel=1e-6)
    assert "Oklahoma" in found.valid_for


@pytest.mark.parametrize(
    ("year", "response", "n_kg_ha"),
    [(2002, 1.3636364, 23.46), (2004, 1.3636364, 34.01), (2005, 1.6045455, 61.67), (2006, 1.6045455, 61.20),
     (2007, 1.6045455, 63.35)],
)  # fmt: skip
def test_from_2005_on_the_response_is_adjusted_as_published(year: int, response: float, n_kg_ha: float) -> None:
    found = nfoa(0.55, 0.75, 95.0, YIELD_CURVES[f"oklahoma-{year}"])
    assert found.parts["response"] == pytest.approx(response, rel=1e-6)
    assert found.n_kg_ha == pytest.approx(n_kg_ha, abs=0.01)
    assert (found.method.version, "2005" in found.method.source) == (2, True)


@pytest.mark.parametrize(("ndvi", "response"), [(0.75, 1.0), (0.746, 1.0), (0.375, 2.68), (0.3, 2.68)])
def test_the_ratio_of_ndvi_is_at_most_two_before_it_is_adjusted(ndvi: float, response: float) -> None:
    found = nfoa(ndvi, 0.75, 95.0, YIELD_CURVES["oklahoma-2006"])
    assert found.parts["response"] == pytest.approx(response, rel=1e-6)


@pytest.mark.parametrize(
    ("index", "expected"), [(0.85, 106.06602), (0.96, 0.0), (0.95, 0.0), (0.6, 150.0), (0.7, 150.0)]
)
def test_the_sufficiency_index_gives_a_root_of_the_shortfall(index: float, expected: float) -> None:
    assert sufficiency_index(index, 1.0, 150.0).n_kg_ha == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("index", "compensate", "expected"),
    [
        (0.3, True, 120.0),
        (0.8, True, 60.0),
        (0.55, True, 90.0),
        (0.3, False, 60.0),
        (0.9, False, 120.0),
        (0.1, True, 120.0),
    ],
)
def test_a_line_over_an_index_has_a_direction(index: float, compensate: bool, expected: float) -> None:
    assert linear_index(index, (0.3, 0.8), (60.0, 120.0), compensate=compensate).n_kg_ha == pytest.approx(expected)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: stanford(150.0, 60.0, 0.0),
        lambda: target_yield(6750.0, 3750.0, 30.0, 0.35),
        lambda: target_yield(6750.0, 3750.0, 3.0, 35.0),
        lambda: target_yield(6750.0, 3750.0, 0.05, 0.35),
        lambda: target_yield(6750.0, -1.0, 3.0, 0.35),
        lambda: target_yield(6750.0, 3750.0, 3.0, 0.35, fixed_share=1.0),
        lambda: duev_wheat(8.0, 50.0, quality_class="Z"),
        lambda: duev_wheat(8.0, -50.0),
        lambda: stanford(150.0, -1.0, 0.5),
        lambda: nfoa(0.0, 0.7, 90.0, YIELD_CURVES["oklahoma-2004"]),
        lambda: nfoa(0.5, 0.7, 9.0, YIELD_CURVES["oklahoma-2004"]),
        lambda: sufficiency_index(0.5, 0.0, 150.0),
        lambda: linear_index(0.5, (0.8, 0.3), (60.0, 120.0), compensate=True),
    ],
)
def test_a_rule_refuses_inputs_outside_its_range(ask: Callable[[], RateRecommendation]) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        ask()


def test_a_recommendation_echoes_its_inputs_and_names_its_source() -> None:
    found = sufficiency_index(0.6, 0.8, 150.0, credits_kg_ha=30.0)
    assert dict(found.inputs) == {"index": 0.6, "reference_index": 0.8, "optimum_kg_ha": 150.0, "credits_kg_ha": 30.0}
    assert found.parts["sufficiency_index"] == pytest.approx(0.75)
    assert "Schepers" in found.method.source
    assert found.valid_for
