"""Local time of what an organisation keeps: of a site, of a farm, of all sites, or not known."""

from __future__ import annotations

import msgspec

from headland.registry.models.models import Farm, Site
from headland.registry.repositories.local_time import NOT_KNOWN, find_local_time
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def told(repositories: OrganisationRepositories, site: str | None = None, farm: str | None = None) -> tuple[str, bool]:
    local = find_local_time(repositories, site, farm)
    return local.zone.key, local.is_known


def test_a_site_has_its_own_time_and_others_that_which_all_sites_share(repositories: OrganisationRepositories) -> None:
    assert find_local_time(repositories) == NOT_KNOWN
    east, west = (repositories.farms.add(Farm(name=name)).id for name in ("east", "west"))
    home = repositories.sites.add(Site(farm=east, name="home", time_zone="Asia/Shanghai"))
    assert told(repositories) == told(repositories, home.id) == told(repositories, farm=west) == ("Asia/Shanghai", True)
    away = repositories.sites.add(Site(farm=west, name="away", time_zone="Asia/Urumqi"))
    # Two zones: what has no site has that of its farm, and else none.
    assert told(repositories, away.id) == told(repositories, farm=west) == ("Asia/Urumqi", True)
    assert told(repositories, farm=east) == ("Asia/Shanghai", True)
    assert told(repositories) == ("UTC", False)
    repositories.sites.change(msgspec.structs.replace(away, time_zone="Asia/Shanghai"))
    assert told(repositories) == ("Asia/Shanghai", True)
    repositories.sites.delete(home.id, home.version)
    assert told(repositories, home.id) == ("Asia/Shanghai", True)
