"""Doubts about places: a time zone that is not that of its longitude, a wrong sign, swapped axes, far from its farm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headland.agronomy.plausibility.doubt import RecordDoubt
from headland.agronomy.series.finding import FieldChange
from headland.registry.models.geometry import Position
from headland.registry.models.models import Greenhouse, Site
from headland.registry.validation.geometry import distance_m
from headland.registry.validation.time_zones import is_in_use_at, noon_by, zone_at

#: A site farther than this from its farm, and a greenhouse from its site.
_FAR_FROM_FARM_M: Final = 1_000_000.0
_FAR_FROM_SITE_M: Final = 100_000.0


def doubt_site(site: Site, near: Position | None) -> RecordDoubt | None:
    """Return the doubt about a site's position and zone; `near` is the position of its farm."""
    if site.longitude_deg is None or site.latitude_deg is None:
        return None
    here, zone = (site.longitude_deg, site.latitude_deg), site.time_zone

    def is_near(position: Position) -> bool:
        return near is None or distance_m(position, near) <= _FAR_FROM_FARM_M

    fits = is_in_use_at(zone, *here)
    if fits and is_near(here):
        return None
    value = f"{zone} {here[0]:g} {here[1]:g}"
    facts = {"zone": zone, "longitude": f"{here[0]:g}", "latitude": f"{here[1]:g}", "noon": noon_by(zone, here[0])}
    changes = _mend(here, lambda position: is_in_use_at(zone, *position) and is_near(position))
    if changes:
        slip = _slip_of(changes)
        return RecordDoubt(slip if len(changes) == 2 else f"place_{slip}", value, facts, changes)
    if fits and near is not None:
        return RecordDoubt("far_from_farm", value, {**facts, "away": f"{distance_m(here, near) / 1000:.0f}"})
    there = zone_at(*here)
    if there is None or not is_in_use_at(there, *here):
        return RecordDoubt("zone_elsewhere", value, facts)
    return RecordDoubt("zone_elsewhere", value, facts, (FieldChange("time_zone", zone, there),))


def doubt_greenhouse(house: Greenhouse, near: Position | None) -> RecordDoubt | None:
    """Return the doubt about a greenhouse's position; `near` is the position of its site."""
    if house.longitude_deg is None or house.latitude_deg is None or near is None:
        return None
    here = (house.longitude_deg, house.latitude_deg)
    away_m = distance_m(here, near)
    if away_m <= _FAR_FROM_SITE_M:
        return None
    value = f"{here[0]:g} {here[1]:g}"
    facts = {"longitude": f"{here[0]:g}", "latitude": f"{here[1]:g}", "away": f"{away_m / 1000:.0f}"}
    changes = _mend(here, lambda position: distance_m(position, near) <= _FAR_FROM_SITE_M)
    return RecordDoubt(f"house_{_slip_of(changes)}" if changes else "far_from_site", value, facts, changes)


def _mend(here: Position, fits: Callable[[Position], bool]) -> tuple[FieldChange, ...]:
    """Return the one slip that explains a position: a sign of one axis, the axes swapped, or both signs."""
    longitude, latitude = here
    slips = [(-longitude, latitude), (longitude, -latitude)]
    if abs(longitude) <= 90.0:
        slips.append((latitude, longitude))
    slips.append((-longitude, -latitude))
    for slip in slips:
        if slip != here and fits(slip):
            names = ("longitude_deg", "latitude_deg")
            return tuple(
                FieldChange(name, before, after)
                for name, before, after in zip(names, here, slip, strict=True)
                if before != after
            )
    return ()


def _slip_of(changes: tuple[FieldChange, ...]) -> str:
    if len(changes) == 1:
        return changes[0].field.replace("_deg", "_sign")
    longitude, latitude = changes
    return "axes_swapped" if longitude.after == latitude.before else "both_signs"
