"""The charge for a work by a tariff: whole fen, each rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from headland.analysis.cooperative.shares import round_half_up
from headland.registry.models.cooperative import TariffRecord

#: 1 mu is 2000/3 m2.
MU_M2: Final = Fraction(2000, 3)


@dataclass(frozen=True, slots=True)
class Charge:
    """The charge for a pass on a field [fen] and its parts; `total_fen` is their sum, at least the minimum."""

    area_fen: int
    mass_fen: int
    night_fen: int
    slope_fen: int
    to_minimum_fen: int

    @property
    def total_fen(self) -> int:
        """The sum of the parts."""
        return self.area_fen + self.mass_fen + self.night_fen + self.slope_fen + self.to_minimum_fen


def charge_of(tariff: TariffRecord, area_m2: int, grams: int, *, is_night: bool, slope_pct: float | None) -> Charge:
    """Return the charge for treated ground and the product on it; nothing for no ground."""
    if area_m2 <= 0:
        return Charge(0, 0, 0, 0, 0)
    area = round_half_up(tariff.per_mu_fen * Fraction(area_m2) / MU_M2)
    mass = round_half_up(Fraction(tariff.per_kg_fen * grams, 1000))
    base = Fraction(area + mass, 100)
    night = round_half_up(base * tariff.night_pct) if is_night else 0
    is_steep = slope_pct is not None and slope_pct >= tariff.slope_from_pct
    slope = round_half_up(base * tariff.slope_pct) if is_steep else 0
    return Charge(area, mass, night, slope, max(tariff.minimum_fen - area - mass - night - slope, 0))
