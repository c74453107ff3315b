"""Yields against their crop: usual ones pass, those in another unit are named with the unit, no record is refused."""

from __future__ import annotations

import pytest

from headland.agronomy.plausibility.amounts import (
    DRY,
    FRESH,
    YIELDS,
    doubt_yield,
    impossible_harvest,
    impossible_price,
    impossible_prices,
    impossible_rate,
    impossible_yield,
    read_other_unit,
    yields_of,
)
from headland.i18n import load_terms


@pytest.mark.parametrize(
    ("crop", "yield_t_ha"),
    [
        ("wheat", 17.4), ("winter wheat", 6.0), ("Winter-Wheat", 12.0), ("maize", 38.7), ("tomato", 1600.0),
        ("tomato", 100.0), ("strawberry", 250.0), ("cucumber", 800.0), ("rice", 22.0), ("anything", 900.0),
    ],
)  # fmt: skip
def test_what_a_crop_has_yielded_is_possible(crop: str, yield_t_ha: float) -> None:
    assert impossible_yield(yields_of(crop), yield_t_ha) is None


@pytest.mark.parametrize(
    ("crop", "number", "unit", "right"),
    [
        ("wheat", 80.0, "dt/ha", 8.0), ("wheat", 6500.0, "kg/ha", 6.5), ("wheat", 400.0, "kg/mu", 6.0),
        ("wheat", 900.0, "jin/mu", 6.75), ("maize", 110.0, "dt/ha", 11.0), ("rapeseed", 40.0, "dt/ha", 4.0),
        ("soybean", 3000.0, "kg/ha", 3.0), ("tomato", 60_000.0, "kg/ha", 60.0), ("rice", 600.0, "kg/mu", 9.0),
    ],
)  # fmt: skip
def test_a_yield_in_another_unit_is_refused_with_that_unit(crop: str, number: float, unit: str, right: float) -> None:
    sentence = impossible_yield(yields_of(crop), number)
    assert sentence is not None
    assert f"if it is in {unit}, write {right:g}." in sentence


@pytest.mark.parametrize("crop", sorted(YIELDS))
def test_each_crop_is_asked_about_outside_of_its_usual_yields_alone(crop: str) -> None:
    yields = yields_of(crop)
    assert yields.low < yields.typical < yields.high <= yields.most
    for yield_t_ha in (yields.low, yields.typical, yields.high):
        assert doubt_yield(yields, yield_t_ha, "x") is None
    for yield_t_ha in (0.9 * yields.low, 1.1 * yields.high):
        doubt = doubt_yield(yields, yield_t_ha, "x")
        assert doubt is not None
        assert {change.field for change in doubt.changes} <= {"x"}


@pytest.mark.parametrize("crop", sorted(YIELDS))
def test_a_typical_yield_in_decitonnes_of_open_ground_is_known_as_one(crop: str) -> None:
    yields = yields_of(crop)
    given = 10.0 * yields.typical
    found = read_other_unit(yields, given)
    assert found is not None
    assert (found[0], round(found[1], 6)) == ("dt/ha", round(yields.typical, 6))
    if yields.open_ground is None:
        assert impossible_yield(yields, given) is not None or doubt_yield(yields, given, "x") is not None


def test_an_unknown_crop_has_the_yields_of_its_kind() -> None:
    assert yields_of("spelt", 2.4) is DRY
    assert yields_of("chard", 0.4) is FRESH
    assert yields_of(None) is FRESH
    assert impossible_yield(DRY, 80.0) is not None


def test_the_crops_of_the_table_have_names_for_people() -> None:
    assert YIELDS.keys() - load_terms()["crops"].keys() <= {"barley"}


@pytest.mark.parametrize(
    ("rate_ha", "shares", "density", "is_refused"),
    [
        (400.0, (46.0, 0.0, 0.0), 1.0, False), (900.0, (46.0, 0.0, 0.0), 1.0, False),
        (60_000.0, (0.4, 0.2, 0.5), 1.0, False),
        (1000.0, (28.0, 0.0, 0.0), 1.28, False), (400_000.0, (46.0, 0.0, 0.0), 1.0, True),
        (40_000.0, (15.0, 15.0, 15.0), 1.0, True),
        (20_000.0, (28.0, 0.0, 0.0), None, True),
    ],
)  # fmt: skip
def test_a_rate_in_grams_is_refused_and_manure_is_not(
    rate_ha: float, shares: tuple[float, ...], density: float | None, is_refused: object
) -> None:
    assert (impossible_rate(rate_ha, shares, density) is not None) is is_refused


def test_a_harvest_of_more_than_its_ground_yields_is_refused() -> None:
    assert impossible_harvest(yields_of("wheat"), 8_000_000, 10_000.0) is None
    assert impossible_harvest(yields_of("tomato"), 50_000_000, 667.0) is None
    told = impossible_harvest(yields_of("wheat"), 8_000_000, 1000.0)
    assert told is not None
    assert told.startswith("8000 kg from 1000 m2 are 80 t/ha, and this crop yields 26.1 at most")
    assert impossible_harvest(yields_of("wheat"), 8_000_000, 0.0) is None


def test_a_price_of_a_tonne_for_a_kilogram_is_refused() -> None:
    assert impossible_price("wheat", 236) is None
    assert impossible_price("strawberry", 6_000) is None
    assert impossible_price("wheat", 236_000) is not None
    assert impossible_prices(5.0, 2400.0) is None
    assert impossible_prices(1.1, 190.0) is None
    assert impossible_prices(5.0, 2.4) is not None
    assert impossible_prices(5000.0, 2400.0) is not None
