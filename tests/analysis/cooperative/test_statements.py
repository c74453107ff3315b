"""Statements of a season: parts add up to the whole for any tariff, holdings and overlap, in any order."""

from __future__ import annotations

import base64
import random
import zlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.pass_areas import measure_areas
from headland.agronomy.application.swaths import draw_swaths
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.analysis.cooperative.counted_ground import count_once
from headland.analysis.cooperative.shares import NOBODY, HeldShare, bearers, divide, round_half_up
from headland.analysis.cooperative.statements import SeasonFacts, make_statements
from headland.analysis.cooperative.tariff import charge_of
from headland.analysis.cooperative.treated_ground import (
    PlacedGround,
    TreatedGround,
    ground_of_cells,
    keep_precision,
    move_ground,
    pack_ground,
    pack_mask,
    unpack_ground,
    unpack_mask,
)
from headland.registry.models.cooperative import AccountEntry, AccountKind, TariffRecord
from tests.examples import examples

DAY_MS = 86_400_000
FIELDS = ("east", "west")


PLANE = Plane(32.0, 119.0)


def squares(cells: np.ndarray, cell_m: float = 1.0) -> PlacedGround:
    """Return the ground of squares: any ground whose area is known by counting."""
    return PlacedGround(ground_of_cells(cells, Grid(0.0, 0.0, cell_m, *cells.shape)), PLANE)


def ground(field: str, at: str, cells: np.ndarray, day: int = 0, **more: object) -> TreatedGround:
    values: dict[str, object] = {
        "operator": at[:1], "start_ms": day * DAY_MS, "product": "urea", "placed": squares(cells),
        "grams": 1000 * int(cells.sum()),
        "evidence_m2": (("measured_flow", float(cells.sum())),), "is_night": False, "simulated": False, **more,
    }  # fmt: skip
    return TreatedGround(field=field, pass_id=at, **values)  # type: ignore[arg-type]


def union_m2(works: list[TreatedGround]) -> int:
    """Return the ground that any of some passes on one plane treated."""
    return round(float(shapely.union_all([work.placed.polygons for work in works]).area)) if works else 0


def entry(id: str, person: str, kind: str, time_ms: int, amount_fen: int, **more: Any) -> AccountEntry:  # noqa: A002 - it is the record's id
    return AccountEntry(id=id, person=person, kind=AccountKind(kind), time_ms=time_ms, amount_fen=amount_fen, **more)


@st.composite
def seasons(draw: st.DrawFn) -> SeasonFacts:
    works = []
    for number in range(draw(st.integers(1, 7))):
        rng = np.random.default_rng(draw(st.integers(0, 1000)))
        cells = rng.random((12, 9)) < draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
        works.append(
            ground(
                draw(st.sampled_from(FIELDS)),
                f"{'ab'[number % 2]}{number}",
                cells,
                draw(st.integers(0, 20)),
                is_night=draw(st.booleans()),
                grams=draw(st.integers(0, 10**7)),
            )
        )
    holdings = {
        name: [
            HeldShare(f"p{index}", draw(st.booleans()), Fraction(1, draw(st.integers(2, 7))))
            for index in range(draw(st.integers(0, 2)))
        ]
        for name in FIELDS
    }
    entries = [
        entry(f"e{number}", f"p{number % 4}", kind, number, draw(st.integers(-(10**6), 10**6)), grams=number * 7)
        for number, kind in enumerate(
            draw(st.lists(st.sampled_from(["advance", "delivery", "correction"]), max_size=6))
        )
    ]
    fen = st.integers(0, 3000)
    tariff = TariffRecord(
        name="2026", slopes_pct={"east": 20.0},
        per_mu_fen=draw(fen), per_kg_fen=draw(fen), minimum_fen=draw(fen), night_pct=draw(st.integers(0, 50)),
        slope_pct=draw(st.integers(0, 50)), repeat_days=draw(st.integers(0, 30)), dividend_fen=draw(fen),
        dividend_by=draw(st.sampled_from(["delivery", "area"])),
    )  # fmt: skip
    return SeasonFacts(works, holdings, entries, tariff, 0, 10 * DAY_MS)


@settings(max_examples=examples(120), deadline=None)
@given(seasons(), st.randoms(use_true_random=False))
def test_statements_add_up_to_the_fen_and_no_order_changes_them(facts: SeasonFacts, rng: random.Random) -> None:
    run = make_statements(facts)
    works = [line for statement in run.statements for line in statement.lines if line.kind == "work"]
    assert -sum(line.amount_fen for line in works) == run.charged_fen
    assert sum(line.area_m2 for line in works) == run.area_m2
    dividends = [line.amount_fen for statement in run.statements for line in statement.lines if line.kind == "dividend"]
    assert sum(dividends) in (0, facts.tariff.dividend_fen)
    entries = sum(entry.amount_fen for entry in facts.entries)
    assert sum(statement.balance_fen for statement in run.statements) == entries + sum(dividends) - run.charged_fen
    # Each pass on a field: the parts of its bearers are its charge, computed here by itself.
    for counted in count_once([work for work in facts.works if work.area_m2], facts.tariff.repeat_days):
        field = counted.ground.field
        of_pass = [line for line in works if (line.field, line.pass_id) == (field, counted.ground.pass_id)]
        if not 0 <= counted.ground.start_ms < facts.end_ms:
            assert of_pass == []
            continue
        charge = charge_of(
            facts.tariff, counted.area_m2, counted.grams, is_night=counted.ground.is_night,
            slope_pct=facts.tariff.slopes_pct.get(field),
        )  # fmt: skip
        assert -sum(line.amount_fen for line in of_pass) == charge.total_fen
        assert sum(line.grams for line in of_pass) == counted.grams
        assert sum(Fraction(line.share) for line in of_pass) == 1
    works_turned, entries_turned = list(facts.works), list(facts.entries)
    rng.shuffle(works_turned)
    rng.shuffle(entries_turned)
    turned = {name: list(reversed(held)) for name, held in reversed(list(facts.holdings.items()))}
    again = make_statements(SeasonFacts(works_turned, turned, entries_turned, facts.tariff, 0, 10 * DAY_MS))
    assert again == run


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5), st.integers(0, 30))
def test_ground_that_two_operators_treat_is_counted_once(seeds: list[int], days: int) -> None:
    works = [
        ground("east", f"{'ab'[n % 2]}{n}", np.random.default_rng(seed).random((8, 8)) < 0.5, day=n % 3)
        for n, seed in enumerate(seeds)
    ]
    counted = count_once(works, 4)
    assert sum(each.area_m2 for each in counted) == union_m2(works)
    assert all(each.area_m2 + each.repeated_m2 == each.ground.area_m2 for each in counted)
    assert sum(each.area_m2 for each in count_once(works, 0)) == sum(work.area_m2 for work in works)
    assert union_m2(works) <= sum(each.area_m2 for each in count_once(works, days)) <= sum(w.area_m2 for w in works)


@pytest.mark.parametrize(
    ("days", "repeat_days", "expected"),
    [
        ((0, 6, 12, 18), 7, (0, 12)),
        ((0, 7, 14, 21), 7, (0, 7, 14, 21)),
        ((0, 3, 6, 9, 12, 15), 7, (0, 9)),
        ((0, 1, 2), 1, (0, 1, 2)),
        ((0, 0, 5), 0, (0, 0, 5)),
    ],
)
def test_ground_is_charged_again_from_the_days_after_the_last_charged_pass(
    days: tuple[int, ...], repeat_days: int, expected: tuple[int, ...]
) -> None:
    works = [ground("east", f"a{number}", np.ones((8, 10), np.bool_), day) for number, day in enumerate(days)]
    tariff = TariffRecord(name="2026", per_mu_fen=1000, repeat_days=repeat_days)
    run = make_statements(SeasonFacts(works, {}, [], tariff, 0, 90 * DAY_MS))
    charged = [line.time_ms // DAY_MS for each in run.statements for line in each.lines if line.area_m2]
    assert tuple(charged) == expected


def test_two_fields_that_share_ground_are_charged_for_it_once_and_neighbours_for_all_of_theirs() -> None:
    whole = np.ones((20, 20), np.bool_)
    beside = PlacedGround(shapely.box(19.5, 0.0, 39.5, 20.0), PLANE)
    works = [
        ground("east", "a", whole),
        ground("drawn again", "b", whole, 1),
        ground("west", "c", whole, placed=beside),
    ]
    counted = {each.ground.field: each.area_m2 for each in count_once(works, 7)}
    assert counted == {"east": 400, "drawn again": 0, "west": 400}


def test_another_product_on_the_same_ground_is_another_work() -> None:
    everything = np.ones((4, 4), np.bool_)
    first, second = ground("east", "a", everything), ground("east", "b", everything, product="fungicide")
    assert [each.area_m2 for each in count_once([first, second], 7)] == [16, 16]


@settings(max_examples=examples(40), deadline=None)
@given(st.floats(-6.0, 6.0), st.floats(-6.0, 6.0), st.integers(0, 999))
def test_ground_of_an_edited_outline_is_still_counted_once(east_m: float, north_m: float, seed: int) -> None:
    after = Plane(32.0 + 3e-5, 119.0 - 4e-5)
    cells = np.random.default_rng(seed).random((20, 24)) < 0.5
    first = ground("east", "a", cells)
    # The same ground in the plane of the outline after the edit, and some square metres beside it.
    beyond = shapely.box(100.0 + east_m, north_m, 107.0 + east_m, 3.0 + north_m)
    wider = shapely.union(move_ground(first.placed.polygons, PLANE, after), beyond)
    second = ground("east", "b", cells, day=1, placed=PlacedGround(keep_precision(wider), after))
    assert [each.area_m2 for each in count_once([first, second], 7)] == [int(cells.sum()), 21]


def test_ground_without_a_place_is_compared_with_ground_of_the_same_cells_alone() -> None:
    cells = np.ones((4, 4), np.bool_)
    polygons = squares(cells).polygons
    first = ground("east", "a", cells, placed=PlacedGround(polygons, None, (4, 4)))
    same = ground("east", "b", cells, placed=PlacedGround(polygons, None, (4, 4)))
    other = ground("east", "c", cells, placed=PlacedGround(polygons, None, (4, 5)))
    assert [each.area_m2 for each in count_once([first, same, other], 7)] == [16, 0, 16]


@settings(max_examples=examples(60), deadline=None)
# Boundaries come from degrees, where the smallest step of a double is about a nanometre: no plot is 5e-324 m wide.
@given(st.integers(0, 999), st.floats(0.1, 30.0), st.integers(0, 50_000_000_000).map(lambda nm: nm * 1e-9))
def test_swaths_over_several_plots_are_shared_without_loss(seed: int, swath_m: float, split_m: float) -> None:
    # Ways at random over two plots with a common edge: the parts are the whole, and each closes with its skips.
    rng = np.random.default_rng(seed)
    lines = [rng.uniform(-10.0, 60.0, (int(rng.integers(2, 6)), 2)) for _ in range(int(rng.integers(1, 5)))]
    swaths = draw_swaths(lines, swath_m)
    whole = measure_areas(swaths, shapely.box(0, 0, 50, 50), swath_m)
    plots = [measure_areas(swaths, shapely.box(*box), swath_m) for box in ((0, 0, split_m, 50), (split_m, 0, 50, 50))]
    assert sum(plot.treated_m2 for plot in plots) == pytest.approx(whole.treated_m2, abs=0.1)
    for areas in (whole, *plots):
        assert areas.treated_m2 + areas.skipped_m2 == pytest.approx(areas.field_m2, abs=0.1)
        assert areas.treated.area == pytest.approx(areas.treated_m2)
    parts = [PlacedGround(keep_precision(plot.treated), PLANE) for plot in plots]
    assert sum(part.area_m2 for part in parts) == pytest.approx(whole.treated_m2, abs=2.0)


def test_a_pass_that_another_declaration_replaces_is_not_charged_and_said() -> None:
    everything = np.ones((4, 4), np.bool_)
    works = [ground("east", "a", everything, product="", is_replaced=True), ground("east", "b", everything)]
    run = make_statements(SeasonFacts(works, {}, [], TariffRecord(name="2026", per_mu_fen=1000), 0, DAY_MS))
    assert (run.area_m2, run.not_charged) == (16, (("east", "a", "replaced"),))


def test_a_dividend_by_delivery_counts_what_a_correction_left_of_it() -> None:
    entries = [
        entry("e1", "p1", "delivery", 0, 900, grams=3000),
        entry("e2", "p2", "delivery", 0, 900, grams=3000),
        entry("e3", "p1", "correction", 1, -600, grams=-2000, corrects="e1"),
        entry("e4", "p2", "payment", 1, -500),
        entry("e5", "p2", "correction", 2, 100, corrects="e4"),
    ]
    run = make_statements(SeasonFacts([], {}, entries, TariffRecord(name="2026", dividend_fen=400), 0, DAY_MS))
    dividends = {each.person: each.sum_fen("dividend") for each in run.statements}
    assert dividends == {"p1": 100, "p2": 300}


@given(st.integers(-(10**9), 10**9), st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), min_size=1))
def test_parts_add_up_and_are_within_one_of_their_exact_values(total: int, weights: dict[str, int]) -> None:
    if not any(weights.values()):
        with pytest.raises(ValueError, match="above 0"):
            divide(total or 1, weights)
        return
    parts = divide(total, weights)
    assert sum(parts.values()) == total
    whole = sum(weights.values())
    assert all(abs(parts[key] - Fraction(total * weight, whole)) < 1 for key, weight in weights.items())
    assert divide(total, dict(reversed(weights.items()))) == parts


def test_lessees_bear_their_shares_and_owners_the_rest_and_what_nobody_holds_is_nobodys() -> None:
    third = Fraction(1, 3)
    held = [HeldShare("owner", False, Fraction(1)), HeldShare("lessee", True, third, 100, 200)]
    assert bearers(held, 99) == {"owner": 1}
    assert bearers(held, 100) == {"lessee": third, "owner": 2 * third}
    assert bearers(held, 200) == {"owner": 1}
    assert bearers([HeldShare("half", False, Fraction(1, 2))], 0) == {"half": Fraction(1, 2), NOBODY: Fraction(1, 2)}
    assert bearers([], 0) == {NOBODY: 1}


def test_a_charge_is_the_tariff_on_paper() -> None:
    tariff = TariffRecord(name="2026", per_mu_fen=800, per_kg_fen=120, minimum_fen=5000, night_pct=20, slope_pct=10)
    # 10 mu at 8.00 and 150 kg at 1.20 are 80.00 + 180.00; by night on a slope 20 % and 10 % more.
    charge = charge_of(tariff, 6667, 150_000, is_night=True, slope_pct=18.0)
    assert (charge.area_fen, charge.mass_fen, charge.night_fen, charge.slope_fen) == (8000, 18000, 5200, 2600)
    assert charge.total_fen == 33_800
    small = charge_of(tariff, 100, 1000, is_night=False, slope_pct=None)
    assert (small.area_fen, small.mass_fen, small.total_fen) == (120, 120, 5000)
    assert charge_of(tariff, 0, 0, is_night=True, slope_pct=None).total_fen == 0
    assert [round_half_up(Fraction(n, 2)) for n in (1, -1, 3)] == [1, -1, 2]


def test_weak_evidence_is_not_charged_and_is_named() -> None:
    everything = np.ones((4, 4), np.bool_)
    guessed = ground("east", "a", everything, evidence_m2=(("measured_flow", 8.0), ("pump_pwm", 8.0)), grams=None)
    run = make_statements(SeasonFacts([guessed], {}, [], TariffRecord(name="2026", per_mu_fen=1000), 0, DAY_MS))
    assert (run.charged_fen, run.not_charged) == (0, (("east", "a", "weak_evidence"),))
    unknown = ground("east", "a", everything, grams=None)
    run = make_statements(SeasonFacts([unknown], {}, [], TariffRecord(name="2026", per_kg_fen=1), 0, DAY_MS))
    assert run.not_charged == (("east", "a", "no_amount"),)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 99))
def test_ground_is_read_as_it_was_packed(rows: int, columns: int, seed: int) -> None:
    cells = np.random.default_rng(seed).random((rows, columns)) < 0.5
    polygons = keep_precision(shapely.affinity.rotate(ground_of_cells(cells, Grid(-7.3, 2.1, 0.7, rows, columns)), 33))
    again = unpack_ground(pack_ground(polygons))
    assert shapely.symmetric_difference(again, polygons).area < 1e-6
    assert pack_ground(again) == pack_ground(polygons)


@given(st.binary(max_size=200))
def test_any_other_text_is_no_ground(content: bytes) -> None:
    for text in ("", "?", pack_mask(np.ones((99, 99), np.bool_)), base64.b64encode(zlib.compress(content)).decode()):
        try:
            found = unpack_ground(text)
        except ValueError:
            continue
        assert found.geom_type == "MultiPolygon"


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_cells_are_read_as_they_were_packed(rows: int, columns: int, seed: int) -> None:
    cells = np.random.default_rng(seed).random((rows, columns)) < 0.5
    assert (unpack_mask(pack_mask(cells), rows, columns) == cells).all()
    for text in ("", "?", pack_mask(cells)[:-6], pack_mask(np.ones((99, 99), np.bool_))):
        with pytest.raises(ValueError, match="cells"):
            unpack_mask(text, rows, columns)
