"""Division of a whole number by weights, exactly: the parts add up to the whole, and no order changes them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def divide(total: int, weights: Mapping[K, Fraction | int]) -> dict[K, int]:
    """Return a whole number divided by weights (largest remainder); equal remainders go to the smaller key.

    Raises ValueError for a negative weight, and for weights that are all 0 where there is something to divide.
    """
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    if any(weight < 0 for weight in weights.values()) or (whole == 0 and total != 0):
        raise ValueError("a whole is divided by weights of which none is negative and one is above 0")
    if whole == 0:
        return dict.fromkeys(weights, 0)
    sign, size = (-1, -total) if total < 0 else (1, total)
    exact = {key: size * Fraction(weight) / whole for key, weight in weights.items()}
    parts = {key: int(value) for key, value in exact.items()}
    left = size - sum(parts.values())
    by_remainder = sorted(exact, key=lambda key: (parts[key] - exact[key], str(key)))
    for key in by_remainder[:left]:
        parts[key] += 1
    return {key: sign * part for key, part in parts.items()}


def round_half_up(value: Fraction) -> int:
    """Return the nearest whole number; a half is rounded away from 0."""
    size = int(abs(value) + Fraction(1, 2))
    return -size if value < 0 else size


@dataclass(frozen=True, slots=True)
class HeldShare:
    """A person's share of a field by ownership or lease in [start_ms, end_ms)."""

    person: str
    is_lease: bool
    share: Fraction
    start_ms: int | None = None
    end_ms: int | None = None

    def holds_at(self, time_ms: int) -> bool:
        """Return whether the share is held at an instant."""
        return (self.start_ms is None or self.start_ms <= time_ms) and (self.end_ms is None or time_ms < self.end_ms)


#: Key of the part of a field that nobody holds.
NOBODY = ""


def bearers(shares: Iterable[HeldShare], time_ms: int) -> dict[str, Fraction]:
    """Return who bears the work on a field at an instant, as shares that add up to 1.

    Lessees bear their shares; the owners bear the rest in proportion to theirs; without owners the rest is `NOBODY`'s.
    """
    held = [share for share in shares if share.holds_at(time_ms)]
    found: dict[str, Fraction] = {}
    for share in held:
        if share.is_lease:
            found[share.person] = found.get(share.person, Fraction(0)) + share.share
    rest = max(1 - sum(found.values(), Fraction(0)), Fraction(0))
    owned = sum((share.share for share in held if not share.is_lease), Fraction(0))
    if rest and owned:
        # Of what is not let; what nobody is known to own remains nobody's.
        known = min(owned, Fraction(1))
        for share in held:
            if not share.is_lease:
                part = rest * known * share.share / owned
                found[share.person] = found.get(share.person, Fraction(0)) + part
        rest -= rest * known
    if rest:
        found[NOBODY] = rest
    return found
