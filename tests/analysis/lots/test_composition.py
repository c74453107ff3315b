"""Composition of lots: shares of harvests that add up, whatever was mixed and split."""

from __future__ import annotations

import random
from fractions import Fraction

from headland.analysis.lots.lot_history import apportion, composition_of
from headland.registry.repositories.harvest.lot_lineage import LotLink


def link(parent: str, child: str, grams: int) -> LotLink:
    return LotLink(parent=parent, child=child, operation="o", grams=grams)


def test_a_mixture_of_mixtures_has_the_shares_of_its_harvests() -> None:
    links = [link("h1", "a", 100), link("h2", "b", 300), link("a", "m", 50), link("b", "m", 150), link("m", "n", 20)]
    assert composition_of("n", links) == {"h1": Fraction(1, 4), "h2": Fraction(3, 4)}
    assert apportion(20, composition_of("n", links)) == {"h1": 5, "h2": 15}
    assert composition_of("x", []) == {}


def test_the_grams_of_random_graphs_add_up_to_the_lot() -> None:
    random_source = random.Random(3)
    for _ in range(200):
        lots = [f"l{number}" for number in range(12)]
        links = [link(f"h{number}", lots[number], random_source.randint(1, 10**7)) for number in range(4)]
        for number in range(4, 12):
            parents = random_source.sample(lots[:number], random_source.randint(1, 3))
            links += [link(parent, lots[number], random_source.randint(1, 10**7)) for parent in parents]
        shares = composition_of(lots[-1], links)
        assert sum(shares.values()) == 1
        grams = random_source.randint(1, 10**9)
        assert sum(apportion(grams, shares).values()) == grams
        assert all(abs(apportion(grams, shares)[name] - grams * share) < 1 for name, share in shares.items())


def test_a_line_of_ten_thousand_lots_needs_no_deep_recursion() -> None:
    links = [link("h", "l0", 5), *(link(f"l{number}", f"l{number + 1}", 5) for number in range(10_000))]
    assert composition_of("l10000", links) == {"h": Fraction(1)}
