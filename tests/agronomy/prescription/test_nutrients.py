"""Nutrients and nitrogen efficiency compared with published and hand-computed numbers."""

from __future__ import annotations

import pytest

from headland.agronomy.prescription.nutrients import (
    CA_OF_CAO,
    K_OF_K2O,
    MG_OF_MGO,
    P_OF_P2O5,
    S_OF_SO3,
    Grade,
    Nutrients,
    balance_nitrogen,
    kg_mu,
    nitrogen_use,
)

# Standard atomic masses, IUPAC 2021 abridged.
OXYGEN = 15.999
PHOSPHORUS, POTASSIUM, SULPHUR, CALCIUM, MAGNESIUM = 30.974, 39.098, 32.06, 40.078, 24.305


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (P_OF_P2O5, 2 * PHOSPHORUS / (2 * PHOSPHORUS + 5 * OXYGEN)),
        (K_OF_K2O, 2 * POTASSIUM / (2 * POTASSIUM + OXYGEN)),
        (S_OF_SO3, SULPHUR / (SULPHUR + 3 * OXYGEN)),
        (CA_OF_CAO, CALCIUM / (CALCIUM + OXYGEN)),
        (MG_OF_MGO, MAGNESIUM / (MAGNESIUM + OXYGEN)),
    ],
)
def test_oxides_hold_what_their_atoms_weigh(factor: float, expected: float) -> None:
    assert factor == pytest.approx(expected, abs=1e-4)


def test_a_rate_of_urea_is_a_rate_of_nitrogen() -> None:
    urea = Grade(n=0.46, amide_n=0.46)
    assert urea.nutrients(225.0) == Nutrients(n=103.5)
    assert urea.product_for_n(103.5) == pytest.approx(225.0)


def test_a_compound_holds_phosphorus_and_potassium() -> None:
    found = Grade(0.15, 0.15, 0.15).nutrients(100.0) + Grade(0.18, 0.46).nutrients(50.0)
    assert [found.n, found.p2o5, found.k2o] == pytest.approx([24.0, 38.0, 15.0])
    assert [found.elements.p, found.elements.k] == pytest.approx([16.58, 12.45], abs=0.01)
    assert found.scaled(0.5).n == pytest.approx(12.0)


@pytest.mark.parametrize(
    "shares",
    [{"n": 1.1}, {"n": -0.1}, {"n": 0.6, "k2o": 0.6}, {"n": 0.46, "amide_n": 0.3}, {"n": 0.2, "nitrate_n": 0.3}],
)
def test_an_impossible_grade_is_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="grade"):
        Grade(**shares)


def test_no_amount_of_potash_supplies_nitrogen() -> None:
    with pytest.raises(ValueError, match="without nitrogen"):
        Grade(k2o=0.6).product_for_n(10.0)


def test_efficiencies_are_those_worked_by_hand() -> None:
    found = nitrogen_use(
        225.0,
        yield_kg_ha=6750.0,
        unfertilised_yield_kg_ha=3600.0,
        uptake_kg_ha=180.0,
        unfertilised_uptake_kg_ha=85.0,
        grain_n_share=0.021,
    )
    assert found.pfp == pytest.approx(30.0)
    assert found.ae == pytest.approx(14.0)
    assert found.re == pytest.approx(0.4222, abs=1e-4)
    assert found.pe == pytest.approx(33.158, abs=1e-3)
    assert found.pnb == pytest.approx(0.63)


def test_an_efficiency_without_its_inputs_is_none() -> None:
    found = nitrogen_use(225.0, yield_kg_ha=6750.0)
    assert (found.pfp, found.ae, found.re, found.pe, found.pnb) == (30.0, None, None, None, None)
    assert nitrogen_use(0.0, yield_kg_ha=6750.0).pfp is None
    assert balance_nitrogen(0.0, 80.0) is None


@pytest.mark.parametrize(
    ("brought", "taken", "nue", "surplus", "verdict"),
    [
        (200.0, 140.0, 0.70, 60.0, "ok"),
        (250.0, 120.0, 0.48, 130.0, "surplus"),
        (100.0, 95.0, 0.95, 5.0, "soil_mining"),
        (120.0, 70.0, 0.583, 50.0, "low_output"),
        (180.0, 95.0, 0.528, 85.0, "surplus"),
        (150.0, 71.0, 0.473, 79.0, "low_nue"),
    ],
)
def test_a_season_is_assessed_by_the_panels_box(
    brought: float, taken: float, nue: float, surplus: float, verdict: str
) -> None:
    found = balance_nitrogen(brought, taken)
    assert found is not None
    assert found.nue == pytest.approx(nue, abs=1e-3)
    assert found.surplus_kg_ha == pytest.approx(surplus)
    assert found.verdict == verdict


def test_a_kilogram_per_mu_is_fifteen_per_hectare() -> None:
    assert kg_mu(97.5) == pytest.approx(6.5)
