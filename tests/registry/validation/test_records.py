"""Validation of records beyond the bounds of their fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec
import pytest
import sqlalchemy as sa

from headland.contract.topics import shard_of
from headland.registry.models.alarms import AlarmRecipient, RecipientKind
from headland.registry.models.errors import InvalidGeometry, InvalidRecord
from headland.registry.models.lots import Harvest
from headland.registry.models.models import (
    Farm,
    Field,
    FieldZone,
    Gateway,
    Implement,
    ImplementKind,
    Pass,
    PatternPoint,
    Product,
    ProductKind,
    Season,
    Site,
    ZoneKind,
)
from headland.registry.models.people import Person
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.registry.records import PLOT, POND, ring


@pytest.fixture
def registry_url(tmp_path: object) -> str:
    """These look at values, not at databases: one is enough."""
    return f"sqlite:///{tmp_path}/registry.sqlite"


def product(**changes: float | None) -> Product:
    values: dict[str, float | None] = {"n_pct": 46.0, "p2o5_pct": 0.0, "k2o_pct": 0.0, **changes}
    return Product(name="a product", kind=ProductKind.GRANULAR, **values)  # type: ignore[arg-type]


def pattern(*points: tuple[float, float]) -> Implement:
    made = tuple(PatternPoint(offset_m=offset, rate=rate) for offset, rate in points)
    return Implement(name="a spreader", kind=ImplementKind.SPREADER, swath_m=6.0, pattern=made)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda repositories: repositories.products.add(product(p2o5_pct=60.0)), "add up to 106 %"),
        (lambda repositories: repositories.products.add(product(amide_n_pct=46.0)), "all three"),
        (
            lambda repositories: repositories.products.add(
                product(nitrate_n_pct=0.0, ammonium_n_pct=0.0, amide_n_pct=100.0)
            ),
            "add up to 100 %, but nitrogen is 46 %",
        ),
        (lambda repositories: repositories.implements.add(pattern((-1.0, 1.0), (1.0, 1.0))), "at least three"),
        (
            lambda repositories: repositories.implements.add(pattern((1.0, 1.0), (0.0, 1.0), (2.0, 1.0))),
            "left to right",
        ),
        (
            lambda repositories: repositories.implements.add(pattern((-1.0, 0.0), (0.0, 0.0), (1.0, 0.0))),
            "needs a positive rate",
        ),
        (
            lambda repositories: repositories.implements.add(
                msgspec.structs.replace(pattern(), min_speed_m_s=5.0, max_speed_m_s=4.0)
            ),
            "lowest speed",
        ),
    ],
    ids=["grade", "part", "parts", "few", "order", "nothing", "speed"],
)
def test_an_invalid_product_or_implement_is_refused(
    repositories: OrganisationRepositories, change: Callable[[OrganisationRepositories], object], why: str
) -> None:
    with pytest.raises(InvalidRecord, match=why):
        change(repositories)


def test_the_label_of_a_real_product_is_accepted(repositories: OrganisationRepositories) -> None:
    uan = product(n_pct=32.0, nitrate_n_pct=7.75, ammonium_n_pct=7.75, amide_n_pct=16.5, density_kg_l=1.32)
    assert repositories.products.add(uan).density_kg_l == 1.32


def test_a_site_needs_a_real_time_zone(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="Home"))
    for wrong in ("Beijing time", "../../etc/passwd", "UTC+8"):
        with pytest.raises(InvalidRecord, match="IANA name"):
            repositories.sites.add(Site(farm=farm.id, name="home", time_zone=wrong))


def test_a_harvest_follows_its_sowing(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="Home"))
    field = repositories.fields.add(Field(farm=farm.id, name="North", geometry=PLOT))
    with pytest.raises(InvalidRecord, match="before the sowing"):
        repositories.seasons.add(
            Season(field=field.id, name="x", crop="rice", sowing_date=date(2026, 6, 1), harvest_date=date(2026, 5, 1))
        )


def test_a_gateways_shard_follows_from_its_name(repositories: OrganisationRepositories) -> None:
    assert repositories.gateways.add(Gateway(name="gw-7", site="home", shard=99)).shard == shard_of("gw-7")


def test_the_usable_area_leaves_out_overlapping_zones_once(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="Home"))
    pond = FieldZone(kind=ZoneKind.EXCLUSION, name="pond", geometry=POND)
    strip = FieldZone(kind=ZoneKind.BUFFER, name="strip", geometry=POND, width_m=5.0)
    outside = FieldZone(kind=ZoneKind.EXCLUSION, name="road", geometry=((ring(119.18, 31.95, 119.181, 31.951),),))
    field = repositories.fields.add(
        Field(farm=farm.id, name="North", geometry=PLOT, zones=(pond, strip, outside), area_m2=1.0)
    )
    assert field.area_m2 == pytest.approx(41_934.12218, rel=1e-6)
    # The pond is a sixteenth of the rectangle's degrees.
    assert field.usable_area_m2 == pytest.approx(field.area_m2 * 15 / 16, rel=1e-4)


def test_an_outline_with_swapped_axes_is_detected_by_its_farms_position(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="Home", longitude_deg=7.1, latitude_deg=50.7))
    with pytest.raises(InvalidGeometry, match=r"swapped.*put longitude first"):
        repositories.fields.add(Field(farm=farm.id, name="North", geometry=((ring(50.7, 7.1, 50.702, 7.102),),)))
    pond = FieldZone(kind=ZoneKind.EXCLUSION, name="pond", geometry=POND)
    misplaced = Field(farm=farm.id, name="North", geometry=((ring(7.1, 50.7, 7.102, 50.702),),), zones=(pond,))
    with pytest.raises(InvalidGeometry, match=r"the zone 'pond'.*from its farm"):
        repositories.fields.add(misplaced)


def test_a_new_person_is_compared_with_those_of_the_same_number_alone(repositories: OrganisationRepositories) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if "people.number = " in statement:
            asked.append((statement, parameters))

    with repositories.lots.lineage.database.reading() as connection:
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    repositories.people.add(Person(name="Li", number="7"))
    sa.event.remove(engine, "before_cursor_execute", note)
    [(statement, parameters)] = asked
    with repositories.lots.lineage.database.reading() as connection:
        [plan] = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert plan[3] == "SEARCH people USING INDEX ix_people_organisation_number (organisation=? AND number=?)"


def test_a_pass_is_not_planned_with_grams_for_kilograms(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="f"))
    field = repositories.fields.add(Field(farm=farm.id, name="n", geometry=PLOT))
    urea = repositories.products.add(product())
    planned = Pass(
        field=field.id, device="uav-1", start_ms=0, end_ms=60_000, product=urea.id, planned_rate_ha=300_000.0
    )
    with pytest.raises(InvalidRecord, match="brings 138000 kg/ha of one nutrient"):
        repositories.passes.declare(planned)
    repositories.passes.declare(msgspec.structs.replace(planned, planned_rate_ha=300.0))


def test_a_harvest_is_at_most_what_its_ground_can_yield(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="f"))
    field = repositories.fields.add(Field(farm=farm.id, name="n", geometry=PLOT))
    weighed = Harvest(field=field.id, crop="wheat", time_ms=1_780_000_000_000, grams=30_000_000, author="Li")
    repositories.lots.harvests.checked(weighed)
    with pytest.raises(InvalidRecord, match=r"and this crop yields 26\.1 at most: check the unit"):
        repositories.lots.harvests.checked(msgspec.structs.replace(weighed, grams=300_000_000))


def site_at(farm: Farm, name: str, away_deg: float, *, active: bool = True) -> Site:
    """Return a site to the west of the plot."""
    west, south = PLOT[0][0][0]
    longitude_deg = west - away_deg
    return Site(
        farm=farm.id,
        name=name,
        time_zone="Asia/Shanghai",
        active=active,
        longitude_deg=longitude_deg,
        latitude_deg=south,
    )


def test_a_new_field_has_the_nearest_site_of_its_farm(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="a farm", longitude_deg=119.2, latitude_deg=31.9))
    near, nearer = (
        repositories.sites.add(site_at(farm, name, away)) for name, away in (("near", 0.01), ("nearer", 0.003))
    )
    repositories.sites.add(site_at(farm, "given-up", 0.001, active=False))
    repositories.sites.add(Site(farm=farm.id, name="nowhere", time_zone="Asia/Shanghai"))
    field = repositories.fields.add(Field(farm=farm.id, name="drawn", geometry=PLOT))
    assert field.site == nearer.id
    taken_away = repositories.fields.change(msgspec.structs.replace(field, site=None))
    assert taken_away.site is None
    chosen = repositories.fields.add(Field(farm=farm.id, name="chosen", geometry=PLOT, site=near.id))
    assert chosen.site == near.id


def test_a_field_far_from_every_site_has_none(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="a farm", longitude_deg=119.2, latitude_deg=31.9))
    repositories.sites.add(site_at(farm, "far", 0.5))
    assert repositories.fields.add(Field(farm=farm.id, name="drawn", geometry=PLOT)).site is None


def test_alarms_go_to_no_person_who_is_not_there(repositories: OrganisationRepositories) -> None:
    recipient = AlarmRecipient(name="night", kind=RecipientKind.EMAIL, address="n@example.org", person="nobody")
    with pytest.raises(InvalidRecord, match="no person 'nobody'"):
        repositories.alarm_recipients.add(recipient)
