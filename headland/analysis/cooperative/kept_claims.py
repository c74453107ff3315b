"""Claims that are kept in the ledger, and the correction of those that were made by cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import msgspec
import shapely

from headland.agronomy.application.pass_areas import TREATED_GROUND, surfaces_of
from headland.agronomy.application.swaths import GRID_M
from headland.analysis.cooperative.shares import round_half_up
from headland.analysis.cooperative.treated_ground import PlacedGround, TreatedGround
from headland.analysis.cooperative.treated_works import is_by_cells, read_ground, treated_works, write_ground
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.cooperative import SubsidyRule
from headland.registry.models.models import Field
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Kind of the ledger's entries about claims: one for each rule, pass and field, and those that correct them.
CLAIM: Final = "subsidy_claim"
_CORRECTS: Final = "corrects"
_PAGE: Final = 500
#: What an entry by cells has of them.
_LATTICE: Final = ("cells", "rows", "columns", "cell_m", "west_m", "south_m")


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """A claim in the ledger as it stands: its rule, the start of its pass, its ground, and what it paid."""

    entry: LedgerEntry
    body: Mapping[str, Any]
    placed: PlacedGround

    @property
    def rule(self) -> str:
        """The rule's id."""
        return str(self.body["rule"])

    @property
    def start_ms(self) -> int:
        """The start of the pass."""
        return int(self.body["start_ms"])

    @property
    def area_m2(self) -> int:
        """The claimed ground."""
        return round(float(self.body["area_m2"]))

    @property
    def fen(self) -> int:
        """What was claimed for it."""
        return int(self.body["fen"])


@dataclass(frozen=True, slots=True)
class ClaimCorrection:
    """A claim by cells, and what it is by the union of the swaths; `reason` where its coverage is now too low."""

    kept: KeptClaim
    field: Field
    placed: PlacedGround
    coverage_pct: float
    fen: int
    reason: str | None

    @property
    def area_m2(self) -> int:
        """The ground that can be claimed."""
        return self.placed.area_m2


def kept_claims(repositories: OrganisationRepositories) -> dict[str, list[KeptClaim]]:
    """Return the kept claims by field; of a claim and its correction the correction."""
    found: dict[int, KeptClaim] = {}
    after = 0
    while page := repositories.ledger.read(kind=CLAIM, after_seq=after, limit=_PAGE):
        after = page[-1].seq
        for entry in page:
            body = msgspec.json.decode(entry.body)
            if _CORRECTS in body:
                found.pop(body[_CORRECTS]["seq"], None)
            found[entry.seq] = KeptClaim(entry, body, read_ground(repositories, entry.field, body))
    by_field: dict[str, list[KeptClaim]] = {}
    for claim in found.values():
        by_field.setdefault(claim.entry.field, []).append(claim)
    return by_field


def find_claim_corrections(scope: OrgScope, rule: SubsidyRule) -> list[ClaimCorrection]:
    """Return what the kept claims of a rule that were made by cells are by the union of the swaths.

    Their passes have to be recorded anew before: those whose treated ground is by cells still are left out. The money
    follows the ground at the price that was claimed, and is nothing where the coverage is too low for the rule.
    """
    repositories = scope.repositories
    works = {(work.field, work.pass_id): work for work in treated_works(repositories) if not work.is_by_cells}
    corrections = []
    for field_id, claims in sorted(kept_claims(repositories).items()):
        field = repositories.fields.get(field_id, also_deleted=True)
        for kept in claims:
            work = works.get((field_id, kept.entry.pass_id))
            if kept.rule == rule.id and is_by_cells(kept.body) and work is not None:
                corrections.append(_correct(rule, kept, field, work))
    return corrections


def keep_claim_corrections(scope: OrgScope, corrections: Sequence[ClaimCorrection]) -> list[LedgerEntry]:
    """Append corrections of claims to the ledger; each names the entry that it corrects, which stays."""
    ledger = scope.repositories.ledger
    entries = []
    for each in corrections:
        kept = each.kept
        body = {
            **{name: value for name, value in kept.body.items() if name not in _LATTICE},
            **write_ground(each.placed),
            "field_m2": usable_m2(each.field),
            "area_m2": each.area_m2,
            "coverage_pct": round(each.coverage_pct, 2),
            "fen": each.fen,
            "reason": each.reason,
            _CORRECTS: {
                "seq": kept.entry.seq,
                "area_m2": kept.area_m2,
                "fen": kept.fen,
                "by": f"{TREATED_GROUND.id} {TREATED_GROUND.version}",
            },
        }
        entries.append(ledger.append(CLAIM, kept.entry.field, kept.entry.pass_id, body))
    return entries


def usable_m2(field: Field) -> int:
    """Return the field's usable ground, of which the treated ground is a part."""
    return round(float(outline_of(field, plane_of(field)).usable.area))


def _correct(rule: SubsidyRule, kept: KeptClaim, field: Field, work: TreatedGround) -> ClaimCorrection:
    whole_m2 = usable_m2(field)
    coverage_pct = 100.0 * work.area_m2 / whole_m2 if whole_m2 else 0.0
    if coverage_pct < rule.least_coverage_pct:
        nothing = PlacedGround(shapely.MultiPolygon(), work.placed.plane)
        return ClaimCorrection(kept, field, nothing, coverage_pct, 0, "coverage_too_low")
    # Only ground that was claimed: the rest of the pass was another claim's, or over a cap.
    claimed = kept.placed.on(work.placed)
    shared = surfaces_of(shapely.intersection(work.placed.polygons, claimed, grid_size=GRID_M))
    placed = PlacedGround(shared, work.placed.plane)
    share = min(Fraction(placed.area_m2, kept.area_m2), Fraction(1)) if kept.area_m2 else Fraction(0)
    return ClaimCorrection(kept, field, placed, coverage_pct, round_half_up(kept.fen * share), None)
