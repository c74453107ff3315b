"""Composition of a lot: how much of it is of each harvest, where everything mixed is mixed evenly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from headland.registry.repositories.harvest.lot_lineage import LotLink


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
