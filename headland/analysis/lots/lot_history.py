"""History of a lot: its harvests with their shares, what it inherits from them, and the lots that hold something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.lots.happenings import Happening, HappeningKind, happenings_of
from headland.analysis.passes.detection import find_pass
from headland.analysis.plant_protection.growing_place import GrowingPlace, find_place, grown_from_ms
from headland.analysis.plant_protection.harvest_review import LotReview, review_harvests, review_treatment
from headland.plain_numbers import is_digits
from headland.registry.models.lots import Harvest, Lot, LotOperation
from headland.registry.repositories.harvest.lot_lineage import LotLink
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def composition_of(lot: str, links: Iterable[LotLink]) -> dict[str, Fraction]:
    """Return the share of each harvest in a lot, which add up to 1; empty without links.

    `links` are those above the lot (`LotLineage.ancestors`). What was taken from a lot is composed as the lot is.
    """
    above: dict[str, list[LotLink]] = defaultdict(list)
    for link in links:
        above[link.child].append(link)
    known: dict[str, dict[str, Fraction]] = {}
    waiting = [lot]
    while waiting:
        current = waiting[-1]
        if current in known:
            waiting.pop()
            continue
        parents = above.get(current, [])
        unknown = [link.parent for link in parents if link.parent in above and link.parent not in known]
        if unknown:
            waiting += unknown
            continue
        total_g = sum(link.grams for link in parents)
        shares: dict[str, Fraction] = defaultdict(Fraction)
        for link in parents:
            of_parent = known.get(link.parent, {link.parent: Fraction(1)})
            for harvest, share in of_parent.items():
                shares[harvest] += share * Fraction(link.grams, total_g)
        known[current] = dict(shares)
        waiting.pop()
    return known[lot]


def apportion(grams: int, shares: dict[str, Fraction]) -> dict[str, int]:
    """Return whole grams by share that add up to `grams`: the largest remainders are rounded up."""
    exact = {name: share * grams for name, share in shares.items()}
    whole = {name: int(amount) for name, amount in exact.items()}
    missing = grams - sum(whole.values()) if exact else 0
    for name in sorted(exact, key=lambda name: (whole[name] - exact[name], name))[:missing]:
        whole[name] += 1
    return whole


#: Harvests of one lot whose happenings are read: more would take minutes.
MOST_HARVESTS: Final = 50


@dataclass(frozen=True, slots=True)
class LotHarvest:
    """A harvest in a lot, with its place and its share of the lot's mass [g]."""

    harvest: Harvest
    place: GrowingPlace
    grams: int


@dataclass(frozen=True, slots=True)
class LotHistory:
    """A lot with what remains of it, its operations, its harvests, and everything above it.

    `happenings` are those of at most `MOST_HARVESTS` harvests, the largest shares; `is_whole` tells whether of all.
    `review` is of all its harvests.
    """

    lot: Lot
    remaining_g: int
    operations: list[LotOperation]
    links: Annotated[list[LotLink], "Masses that went into it, from harvests and lots above it."]
    harvests: list[LotHarvest]
    happenings: list[Happening]
    is_whole: Annotated[bool, "Whether the happenings are of all harvests in it, and not of the largest shares only."]
    review: LotReview

    @property
    def time_zone(self) -> ZoneInfo:
        """The time zone of the first harvest's place, UTC without a harvest."""
        return self.harvests[0].place.time_zone if self.harvests else ZoneInfo("UTC")


def read_lot_history(scope: OrgScope, lot_id: str, *, with_happenings: bool = True) -> LotHistory:
    """Return a lot with its history; raises NotFound."""
    repositories = scope.repositories
    lot = repositories.lots.lots.get(lot_id)
    links = repositories.lots.lineage.ancestors(lot_id)
    grams = apportion(lot.grams, composition_of(lot_id, links)) if links else {}
    shares = [
        LotHarvest(harvest, find_place(repositories, harvest.field, harvest.zone), grams.get(harvest.id, 0))
        for harvest in repositories.lots.lineage.harvests_of(lot_id)
    ]
    largest = sorted(shares, key=lambda share: -share.grams)[:MOST_HARVESTS]
    happenings: list[Happening] = []
    if with_happenings:
        happenings = [each for share in largest for each in happenings_of(scope, share.harvest)]
    return LotHistory(
        lot=lot,
        remaining_g=repositories.lots.remaining_g([lot_id])[lot_id],
        operations=repositories.lots.operations_of(lot_id),
        links=links,
        harvests=shares,
        happenings=happenings,
        is_whole=len(largest) == len(shares),
        review=LotReview(tuple(review_harvests(repositories, [share.harvest for share in shares]))),
    )


def harvests_after(scope: OrgScope, kind: HappeningKind, id: str) -> list[str]:  # noqa: A002 - it is a record's id
    """Return the harvests of a crop to which this happened, for a recall by pass, treatment, alarm or week.

    Raises NotFound and AnalysisError for an unknown one.
    """
    repositories = scope.repositories
    return [harvest.id for harvest in _harvests_after(scope, repositories, kind, id)]


def _harvests_after(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    kind: HappeningKind,
    id: str,  # noqa: A002
) -> list[Harvest]:
    field: str | None = None
    zones: list[str] = []
    #: Harvests within an interval of the treatment, also where their growth is said to have begun after it.
    within: frozenset[str] = frozenset()
    if kind == "pass":
        field_pass = find_pass(scope, id)
        field, start_ms, end_ms = field_pass.field.id, field_pass.start_ms, field_pass.end_ms
    elif kind == "treatment":
        treatment = repositories.treatments.get(id)
        field, zones = treatment.field, [] if treatment.zone is None else [treatment.zone]
        start_ms, end_ms = treatment.start_ms, treatment.end_ms
        review = review_treatment(repositories, treatment)
        within = frozenset() if review is None else frozenset(review.harvests)
    elif kind == "alarm":
        alarm = repositories.alarms.get(id)
        start_ms, end_ms = alarm.raised_ms, scope.now_ms if alarm.ended_ms is None else alarm.ended_ms
        field, zones = _places_of(repositories, alarm.subject)
    else:
        device, _, start = id.rpartition("~")
        if not is_digits(start, 15):
            raise AnalysisError("unknown-week", "No such week", "Name a week as a lot's history does.")
        start_ms, end_ms = int(start), int(start) + 7 * 86_400_000
        field, zones = _places_of(repositories, device.removesuffix("~water"))
    harvests = [] if field is None else repositories.lots.harvests_of(field=field)
    for zone in zones:
        harvests += repositories.lots.harvests_of(zone=zone)
    return [
        harvest
        for harvest in harvests
        if start_ms <= harvest.time_ms and (harvest.id in within or end_ms > grown_from_ms(repositories, harvest))
    ]


def _places_of(repositories: OrganisationRepositories, subject: str) -> tuple[str | None, list[str]]:
    """Return the field and the zones of a subject: a device, or a zone."""
    devices = repositories.devices.list(name=subject, limit=1)
    if devices:
        return devices[0].field, [] if devices[0].zone is None else [devices[0].zone]
    return None, [subject]
