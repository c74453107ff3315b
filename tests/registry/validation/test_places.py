"""Places: every zone of the database passes where it is in use, and each slip of a position or a zone is named."""

from __future__ import annotations

import msgspec
import pytest

from headland.registry.models.errors import InvalidRecord
from headland.registry.models.models import Farm, Field, Greenhouse, Site
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.place_doubts import doubt_greenhouse, doubt_site
from headland.registry.validation.time_zones import is_in_use_at, lag_of, load_places, noon_by, zone_at
from tests.registry.records import PLOT


@pytest.fixture
def registry_url(tmp_path: object) -> str:
    """SQLite alone: validation knows no database."""
    return f"sqlite:///{tmp_path}/registry.sqlite"


#: In use far from the sun's time, or far from the largest place of the zone.
FAR_AND_RIGHT = [
    ("Asia/Shanghai", 73.6, 39.4), ("Asia/Shanghai", 80.1, 32.5), ("Asia/Shanghai", 134.8, 48.3), ("PRC", 116.4, 39.9),
    ("Asia/Urumqi", 76.0, 39.5), ("Asia/Chongqing", 106.5, 29.5), ("Europe/Madrid", -9.2, 43.0),
    ("America/Argentina/Buenos_Aires", -72.3, -50.3), ("Pacific/Kiritimati", -157.4, 1.9),
    ("Pacific/Apia", -172.0, -13.8),
    ("Atlantic/Reykjavik", -24.0, 65.5), ("Asia/Kolkata", 68.2, 23.2), ("Asia/Kolkata", 97.0, 28.0),
    ("Asia/Anadyr", -170.0, 66.0), ("America/Adak", -176.6, 51.9), ("Africa/Algiers", -8.0, 27.0),
    ("Europe/Berlin", 19.0, 52.0), ("UTC", 2.0, 48.0), ("Etc/GMT-8", 119.0, 31.0),
]  # fmt: skip
#: Zone, longitude, latitude, cause, and the fields as they would be right.
SLIPS = [
    ("Europe/Berlin", 119.17, 31.95, "zone_elsewhere", {"time_zone": "Asia/Shanghai"}),
    ("UTC", 119.17, 31.95, "zone_elsewhere", {"time_zone": "Asia/Shanghai"}),
    ("America/New_York", -118.2, 34.1, "zone_elsewhere", {"time_zone": "America/Los_Angeles"}),
    ("Asia/Shanghai", -119.17, 31.95, "place_longitude_sign", {"longitude_deg": 119.17}),
    ("America/Chicago", 97.5, 35.5, "place_longitude_sign", {"longitude_deg": -97.5}),
    ("Asia/Shanghai", 119.17, -31.95, "place_latitude_sign", {"latitude_deg": 31.95}),
    ("America/Sao_Paulo", -47.9, 25.8, "place_latitude_sign", {"latitude_deg": -25.8}),
    ("Asia/Kolkata", 28.6, 77.2, "axes_swapped", {"longitude_deg": 77.2, "latitude_deg": 28.6}),
    ("Europe/Amsterdam", 52.0, 4.4, "axes_swapped", {"longitude_deg": 4.4, "latitude_deg": 52.0}),
    ("America/Sao_Paulo", 47.9, 25.8, "both_signs", {"longitude_deg": -47.9, "latitude_deg": -25.8}),
]


def site(zone: str, longitude: float, latitude: float) -> Site:
    return Site(farm="f", name="home", time_zone=zone, longitude_deg=longitude, latitude_deg=latitude)


def test_every_zone_of_the_database_passes_at_its_own_place() -> None:
    places = load_places()
    assert len(places) > 300
    assert [each for each in places if not is_in_use_at(each.zone, *each.position)] == []


@pytest.mark.parametrize(("zone", "longitude", "latitude"), FAR_AND_RIGHT)
def test_a_zone_that_is_in_use_far_from_the_suns_time_passes(zone: str, longitude: float, latitude: float) -> None:
    assert doubt_site(site(zone, longitude, latitude), None) is None


@pytest.mark.parametrize(("zone", "longitude", "latitude", "cause", "right"), SLIPS)
def test_each_slip_of_a_place_is_named_and_its_change_mends_it(
    zone: str, longitude: float, latitude: float, cause: str, right: dict[str, object]
) -> None:
    wrong = site(zone, longitude, latitude)
    doubt = doubt_site(wrong, None)
    assert doubt is not None
    assert (doubt.cause, {each.field: each.after for each in doubt.changes}) == (cause, right)
    assert {each.field: each.before for each in doubt.changes} == {name: getattr(wrong, name) for name in right}
    assert doubt_site(msgspec.structs.replace(wrong, **right), None) is None


def test_noon_by_the_clocks_of_another_zone_is_told() -> None:
    assert noon_by("Europe/Berlin", 119.17) == "05:03"
    assert lag_of("Asia/Shanghai", 75.0) == pytest.approx(3.0)
    assert zone_at(119.17, 31.95) == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("longitude", "latitude", "cause"),
    [(-9.2, 40.0, "place_longitude_sign"), (40.0, 9.2, "axes_swapped"), (28.0, 38.0, "far_from_farm")],
)
def test_a_site_far_from_its_farm_is_asked_about_where_its_zone_does_not_tell(
    longitude: float, latitude: float, cause: str
) -> None:
    # UTC+1 and UTC+2 say little of where a place is.
    here = site("Europe/Athens" if cause == "far_from_farm" else "Etc/GMT-1", longitude, latitude)
    assert doubt_site(here, (9.2, 40.0 if cause != "far_from_farm" else 45.0)).cause == cause  # type: ignore[union-attr]


def test_a_greenhouse_far_from_its_site_is_asked_about() -> None:
    near = (119.17, 31.95)
    house = Greenhouse(farm="f", site="s", name="1", longitude_deg=119.18, latitude_deg=31.96)
    assert doubt_greenhouse(house, near) is None
    for changed, cause in (
        ({"latitude_deg": -31.96}, "house_latitude_sign"),
        ({"longitude_deg": -119.18}, "house_longitude_sign"),
        ({"longitude_deg": 112.0}, "far_from_site"),
    ):
        doubt = doubt_greenhouse(msgspec.structs.replace(house, **changed), near)
        assert doubt is not None
        assert doubt.cause == cause


def test_nothing_is_at_null_island(repositories: OrganisationRepositories) -> None:
    with pytest.raises(InvalidRecord, match="the farm lies at 0, 0 in the Gulf of Guinea"):
        repositories.farms.add(Farm(name="f", longitude_deg=0.0, latitude_deg=0.0))
    farm = repositories.farms.add(Farm(name="f"))
    with pytest.raises(InvalidRecord, match="the site lies at 0, 0"):
        repositories.sites.add(Site(farm=farm.id, name="s", time_zone="UTC", longitude_deg=0.001, latitude_deg=0.0))
    place = repositories.sites.add(Site(farm=farm.id, name="s", time_zone="UTC"))
    with pytest.raises(InvalidRecord, match="the greenhouse lies at 0, 0"):
        repositories.greenhouses.add(
            Greenhouse(farm=farm.id, site=place.id, name="g", longitude_deg=0.0, latitude_deg=0.0)
        )
    with pytest.raises(InvalidRecord, match="needs both"):
        repositories.greenhouses.add(Greenhouse(farm=farm.id, site=place.id, name="g", longitude_deg=119.0))


def test_a_field_far_from_its_site_is_refused_where_the_farm_has_no_position(
    repositories: OrganisationRepositories,
) -> None:
    farm = repositories.farms.add(Farm(name="f"))
    here = Site(farm=farm.id, name="s", time_zone="Asia/Shanghai", longitude_deg=119.17, latitude_deg=31.95)
    near = repositories.sites.add(here)
    repositories.fields.add(Field(farm=farm.id, name="near", geometry=PLOT, site=near.id))
    away = repositories.sites.add(msgspec.structs.replace(here, name="t", longitude_deg=100.0))
    with pytest.raises(InvalidRecord, match=r"1,8\d\d km from its site: check its coordinates"):
        repositories.fields.add(Field(farm=farm.id, name="far", geometry=PLOT, site=away.id))
