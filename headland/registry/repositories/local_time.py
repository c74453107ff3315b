"""Local time of what an organisation keeps: the one decision by whose clock its days begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time zone, and whether it is known; UTC where it is not."""

    zone: ZoneInfo
    is_known: bool


NOT_KNOWN: Final = LocalTime(ZoneInfo("UTC"), False)


def find_local_time(
    repositories: OrganisationRepositories, site: str | None = None, farm: str | None = None
) -> LocalTime:
    """Return the local time of a site by its id, also of a deleted one; raises NotFound.

    Without a site it is that of the farm's sites, else of all sites, where these have one time zone.
    """
    if site is not None:
        return LocalTime(ZoneInfo(repositories.sites.get(site, also_deleted=True).time_zone), True)
    sites = list(repositories.sites.all())
    own = {each.time_zone for each in sites if each.farm == farm}
    shared = own or {each.time_zone for each in sites}
    return LocalTime(ZoneInfo(shared.pop()), True) if len(shared) == 1 else NOT_KNOWN
