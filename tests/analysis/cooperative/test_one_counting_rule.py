"""One counting rule: in any season statements and claims have the same ground of a pass, and a count of cells, too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec
import numpy as np

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.analysis.cooperative.counted_ground import CountedBefore
from headland.analysis.cooperative.shares import HeldShare, round_half_up
from headland.analysis.cooperative.statements import SeasonFacts, StatementRun, make_statements
from headland.analysis.cooperative.subsidy import Claim, assess_claims
from headland.analysis.cooperative.tariff import MU_M2
from headland.analysis.cooperative.treated_ground import PlacedGround, TreatedGround, ground_of_cells, move_ground
from headland.registry.models.cooperative import AccountEntry, AccountKind, SubsidyRule, TariffRecord
from tests.analysis.cooperative.test_statements import DAY_MS, PLANE

ROWS, COLUMNS, LAST_DAY = 24, 30, 40
#: Rows and columns of fields: two neighbours, and one that was drawn again over both.
FIELDS = {"east": (0, 24, 0, 14), "west": (0, 24, 14, 30), "again": (4, 20, 6, 22)}
#: The plane of an outline after an edit.
EDITED = Plane(PLANE.latitude_deg + 3e-5, PLANE.longitude_deg - 4e-5)


@dataclass(frozen=True)
class Season:
    """A season at random, with the cells of each pass."""

    facts: SeasonFacts
    cells: dict[tuple[str, str], np.ndarray]
    rule: SubsidyRule
    product: str


def any_season(seed: int) -> Season:
    rng = np.random.default_rng(seed)
    names = list(FIELDS)[: int(rng.integers(1, 4))]
    works, cells = [], {}
    day, step = 0.0, float(rng.choice([1, 5, 6, 7, 7.5]))
    for number in range(int(rng.integers(2, 9))):
        # A chain of one service, and passes at any time.
        day = (day + step) % LAST_DAY if rng.random() < 0.7 else float(rng.integers(0, LAST_DAY))
        field = str(rng.choice(names))
        mask = _ground_of(rng, FIELDS[field])
        cells[field, f"p{number}"] = mask
        polygons = ground_of_cells(mask, Grid(0.0, 0.0, 1.0, ROWS, COLUMNS))
        is_edited = rng.random() < 0.3
        placed = (
            PlacedGround(move_ground(polygons, PLANE, EDITED), EDITED) if is_edited else PlacedGround(polygons, PLANE)
        )
        shares = (("measured_flow", float(mask.sum())), ("tank_mass", 0.0), ("pump_pwm", float(rng.integers(0, 2) * 9)))
        works.append(
            TreatedGround(
                field=field, pass_id=f"p{number}", operator="ab"[number % 2], start_ms=round(day * DAY_MS),
                product=str(rng.choice(["urea", "urea", "lime"])), placed=placed, grams=int(rng.integers(0, 10**6)),
                evidence_m2=shares, is_night=bool(rng.integers(0, 2)), simulated=False,
            )
        )  # fmt: skip
    holdings = {
        name: [
            HeldShare(f"m{n}", bool(rng.integers(0, 2)), Fraction(1, int(rng.integers(2, 6))))
            for n in range(rng.integers(0, 3))
        ]
        for name in names
    }
    entries = [
        AccountEntry(
            id=f"e{n}", person=f"m{n % 3}", kind=AccountKind.DELIVERY, time_ms=n, grams=int(rng.integers(1, 10**6)),
            amount_fen=int(rng.integers(0, 10**6)),
        )
        for n in range(int(rng.integers(0, 3)))
    ]  # fmt: skip
    days = int(rng.choice([0, 3, 7, 12, 30]))
    tariff = TariffRecord(
        name="2026", per_mu_fen=int(rng.integers(1, 3000)), per_kg_fen=int(rng.integers(0, 50)), repeat_days=days,
        minimum_fen=int(rng.integers(0, 900)), dividend_fen=int(rng.integers(0, 10**4)),
        dividend_by=rng.choice(["delivery", "area"]),
    )  # fmt: skip
    rule = SubsidyRule(
        name="2026", fen_per_mu=int(rng.integers(1, 3000)), least_coverage_pct=0.0, repeat_days=days,
        cap_mu=None if rng.random() < 0.5 else float(rng.integers(1, 900)) / 1000.0,
        cap_fen=None if rng.random() < 0.5 else int(rng.integers(1, 2000)),
    )  # fmt: skip
    facts = SeasonFacts(works, holdings, entries, tariff, 0, LAST_DAY * DAY_MS)
    return Season(facts, cells, rule, str(rng.choice(["urea", "lime"])))


def _ground_of(rng: np.random.Generator, field: tuple[int, int, int, int]) -> np.ndarray:
    """Return some strips of a field, or all of it."""
    first, last, left, right = field
    mask = np.zeros((ROWS, COLUMNS), np.bool_)
    for _ in range(int(rng.integers(1, 3))):
        bottom, start = int(rng.integers(first, last)), int(rng.integers(left, right))
        is_all = rng.random() < 0.4
        mask[first if is_all else bottom : last, left if is_all else start : right] = True
    return mask


def count_cells(season: Season, works: list[TreatedGround], *, by_product: bool) -> dict[tuple[str, str], int]:
    """Return the ground of each pass that counts by the tariff's text, cell by cell."""
    days = season.facts.tariff.repeat_days
    standing: list[tuple[TreatedGround, np.ndarray, np.ndarray]] = []
    found: dict[tuple[str, str], int] = {}
    for work in sorted(works, key=lambda each: (each.start_ms, each.pass_id)):
        whole = season.cells[work.field, work.pass_id]
        left = whole.copy()
        for other, its_whole, counted in standing:
            common = int((whole & its_whole).sum())
            is_same = other.field == work.field or (common >= 25 and common >= 0.01 * min(whole.sum(), its_whole.sum()))
            is_alike = other.product == work.product or not by_product
            if is_same and is_alike and work.start_ms - other.start_ms < days * DAY_MS:
                left &= ~counted
        standing.append((work, whole, left))
        found[work.field, work.pass_id] = int(left.sum())
    return found


def charged_by(run: StatementRun) -> dict[tuple[str, str], tuple[int, int]]:
    """Return charged and treated ground of each pass of a run, summed over the members."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for each in run.statements:
        for line in each.lines:
            if line.kind == "work":
                area, treated = found.get((line.field, line.pass_id), (0, 0))
                found[line.field, line.pass_id] = (area + line.area_m2, treated + line.area_m2 + line.repeated_m2)
    return found


def claimed_by(claims: list[Claim]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the ground of each claim that counts, before the caps, and its treated ground."""
    return {
        (each.work.field, each.work.pass_id): (each.placed.area_m2, each.placed.area_m2 + each.repeated_m2)
        for each in claims
        if each.reason not in ("weak_evidence", "other_product")
    }


def check_season(seed: int) -> tuple[list[int], list[int]]:
    """Check a season; return the counted ground of the passes of a product, by the claims and by the statements."""
    season = any_season(seed)
    facts, rule = season.facts, season.rule
    rng = np.random.default_rng(seed + 10**6)
    usable = {name: (box[1] - box[0]) * (box[3] - box[2]) for name, box in FIELDS.items()}
    sure = [work for work in facts.works if work.weakest_evidence == "measured_flow"]
    run = make_statements(facts)
    charged = charged_by(run)
    # By the text of the tariff, cell by cell.
    assert {key: area for key, (area, _) in charged.items()} == count_cells(season, sure, by_product=True)
    assert all(treated == season.cells[key].sum() for key, (_, treated) in charged.items())
    # Statements and claims of the same passes, product by product.
    claims = assess_claims(rule, usable, facts.works, products={season.product})
    claimed = claimed_by(claims)
    of_product = {(work.field, work.pass_id) for work in sure if work.product == season.product}
    assert claimed == {key: value for key, value in charged.items() if key in of_product}
    everything = claimed_by(assess_claims(rule, usable, facts.works))
    assert {key: area for key, (area, _) in everything.items()} == count_cells(season, sure, by_product=False)
    # Caps hold, and what is within them is paid to the fen.
    for name in usable:
        own = [each for each in claims if each.work.field == name]
        if rule.cap_fen is not None:
            assert sum(each.fen for each in own) <= rule.cap_fen
        if rule.cap_mu is not None:
            assert sum(each.area_m2 for each in own) <= Fraction(rule.cap_mu).limit_denominator(1000) * MU_M2
        assert all(each.fen == round_half_up(rule.fen_per_mu * Fraction(each.area_m2) / MU_M2) for each in own
                   if each.reason != "over_the_cap")  # fmt: skip
    # Conservation.
    lines = [line for each in run.statements for line in each.lines]
    assert -sum(line.amount_fen for line in lines if line.kind == "work") == run.charged_fen
    assert sum(line.area_m2 for line in lines) == run.area_m2 == sum(area for area, _ in charged.values())
    # Order.
    turned = replace(facts, works=[facts.works[at] for at in rng.permutation(len(facts.works))])
    assert make_statements(turned) == run
    assert assess_claims(rule, usable, turned.works, products={season.product}) == claims
    # Two periods are the whole one; the claims of the first are kept before those of the second.
    middle = int(rng.integers(1, LAST_DAY)) * DAY_MS
    parts = [make_statements(replace(facts, end_ms=middle)), make_statements(replace(facts, start_ms=middle))]
    assert charged_by(parts[0]) | charged_by(parts[1]) == charged
    first = claimed_by(kept := assess_claims(rule, usable, _within(facts, 0, middle), products={season.product}))
    before = [CountedBefore(each.work.field, each.work.start_ms, each.placed) for each in kept if each.placed.area_m2]
    later = assess_claims(rule, usable, _within(facts, middle, facts.end_ms), before, products={season.product})
    assert first | claimed_by(later) == claimed
    # A delivery on two slips pays as one.
    split = [part for entry in facts.entries for part in _two_slips(entry)]
    again = make_statements(replace(facts, entries=split))
    assert {each.person: each.balance_fen for each in again.statements} == {
        each.person: each.balance_fen for each in run.statements
    }
    keys = sorted(of_product)
    return [claimed[key][0] for key in keys], [charged[key][0] for key in keys]


def _within(facts: SeasonFacts, start_ms: int, end_ms: int) -> list[TreatedGround]:
    return [work for work in facts.works if start_ms <= work.start_ms < end_ms]


def _two_slips(entry: AccountEntry) -> list[AccountEntry]:
    grams, fen = entry.grams // 3, entry.amount_fen // 3
    rest = msgspec.structs.replace(
        entry, id=f"{entry.id}b", grams=entry.grams - grams, amount_fen=entry.amount_fen - fen
    )
    return [msgspec.structs.replace(entry, grams=grams, amount_fen=fen), rest]


def test_statements_and_claims_agree_in_any_season() -> None:
    for seed in range(60):
        check_season(seed)
