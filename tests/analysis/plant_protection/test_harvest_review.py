"""Review of harvests against treatments, whichever was entered first, in the days of the place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headland.analysis.plant_protection.harvest_alarms import HARVESTED_IN_INTERVAL, alarms_of_records
from headland.analysis.plant_protection.harvest_review import review_lots, review_treatment, review_treatments
from headland.registry.models.lots import Harvest, Lot, LotMass, LotOperation, OperationKind
from headland.registry.models.models import Farm, Field, Site
from headland.registry.models.plant_protection import (
    ActiveIngredient,
    MixPart,
    PlantProtectionProduct,
    ProductUse,
    Treatment,
)
from headland.registry.registry import open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.examples import examples
from tests.registry.records import PLOT, START_MS

ZONES = ("Asia/Shanghai", "America/Los_Angeles", "Asia/Kathmandu", "UTC")


class Ground:
    """A registry with a product of each interval, and a new field for each question."""

    def __init__(self, repositories: OrganisationRepositories) -> None:
        self.repositories = repositories
        self.products: dict[int | None, str] = {}
        self.number = 0

    def field(self, time_zone: str) -> str:
        self.number += 1
        farm = self.repositories.farms.add(Farm(name=f"Farm {self.number}"))
        name = f"site-{self.number}"
        site = self.repositories.sites.add(Site(farm=farm.id, name=name, time_zone=time_zone))
        return self.repositories.fields.add(Field(farm=farm.id, name="North", geometry=PLOT, site=site.id)).id

    def product(self, days: int | None) -> str:
        if days not in self.products:
            use = ProductUse(crop="wheat", pre_harvest_interval_days=days)
            record = PlantProtectionProduct(
                name=f"Spray {days}",
                registration_number=f"PD-{days}",
                unit="l",
                active_ingredients=(ActiveIngredient(name="x", content=1.0, unit="pct"),),
                uses=(use,),
            )
            self.products[days] = self.repositories.plant_protection.add(record).id
        return self.products[days]

    def harvest(self, field: str, time_ms: int) -> str:
        self.number += 1
        harvest = Harvest(field=field, crop="wheat", time_ms=time_ms, grams=1000, author="Li")
        lot = Lot(code=f"L{self.number}", product="Wheat", crop="wheat", time_ms=time_ms, grams=1000)
        return self.repositories.lots.record_harvest(harvest, lot)[1].lots[0].id

    def treat(self, field: str, end_ms: int, days: int | None, corrects: Treatment | None = None) -> Treatment:
        mix = (MixPart(product=self.product(days), dose_ha=1.0),)
        return self.repositories.treatments.add(
            Treatment(
                field=field,
                crop="wheat",
                start_ms=end_ms - HOUR_MS,
                end_ms=end_ms,
                mix=mix,
                author="Li",
                corrects=None if corrects is None else corrects.id,
            )
        )

    def state(self, lot: str) -> str:
        return review_lots(self.repositories, [lot])[lot].state


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder: Path = tmp_path_factory.mktemp("review")
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: START_MS)
    yield Ground(registry.repositories(registry.add_organisation("farm", "Farm", "test").id, "test"))
    registry.close()


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    days=st.integers(1, 40),
    end_min=st.integers(-3, 1443),
    after_min=st.integers(0, 42 * 1440),
    is_treated_first=st.booleans(),
)
def test_a_lot_is_flagged_exactly_where_its_local_day_is_before_the_last_one_of_the_interval(
    ground: Ground, zone: str, days: int, end_min: int, after_min: int, is_treated_first: bool
) -> None:
    local = ZoneInfo(zone)
    midnight = datetime(2026, 11, 1, tzinfo=local)
    end_ms = round(midnight.timestamp() * 1000) + end_min * MINUTE_MS
    harvested_ms = end_ms + after_min * MINUTE_MS
    field = ground.field(zone)
    if is_treated_first:
        made = ground.treat(field, end_ms, days)
    lot = ground.harvest(field, harvested_ms)
    if not is_treated_first:
        made = ground.treat(field, end_ms, days)
    # The calendar of the place itself, not days of 24 hours.
    treated = datetime.fromtimestamp((end_ms - 1) / 1000, local).date()
    harvested = datetime.fromtimestamp(harvested_ms / 1000, local).date()
    expected = harvested < treated + timedelta(days=days)
    assert ground.state(lot) == ("breached" if expected else "no_breach")
    review = review_treatment(ground.repositories, made)
    assert (review is not None and [each.id for each in review.lots] == [lot]) is expected


def test_lots_of_a_flagged_lot_are_flagged_until_their_making_is_taken_back(ground: Ground) -> None:
    field, other = ground.field("Asia/Shanghai"), ground.field("Asia/Shanghai")
    lot, clean = ground.harvest(field, START_MS), ground.harvest(other, START_MS)
    inputs = (LotMass(lot=lot, grams=1), LotMass(lot=clean, grams=999))
    mix = LotOperation(kind=OperationKind.MIX, time_ms=START_MS, author="Li", inputs=inputs)
    product = Lot(code="MIX", product="Wheat", crop="wheat", time_ms=START_MS, grams=1000)
    made = ground.repositories.lots.operate(mix, [product])
    ground.treat(field, START_MS - DAY_MS, 7)
    mixed = made.lots[0].id
    # One gram in a kilogram is something.
    assert [ground.state(each) for each in (lot, mixed, clean)] == ["breached", "breached", "no_breach"]
    ground.repositories.lots.correct(made.operation.id, START_MS, "Li", "")
    assert [ground.state(each) for each in (lot, mixed, clean)] == ["breached", "no_breach", "no_breach"]


def test_a_correction_and_a_withdrawal_are_what_counts(ground: Ground) -> None:
    field = ground.field("Asia/Shanghai")
    lot = ground.harvest(field, START_MS)
    first = ground.treat(field, START_MS - 3 * DAY_MS, 7)
    assert ground.state(lot) == "breached"
    second = ground.treat(field, START_MS - 3 * DAY_MS, 2, corrects=first)
    assert (ground.state(lot), review_treatment(ground.repositories, first)) == ("no_breach", None)
    third = ground.treat(field, START_MS - 1 * DAY_MS, 2, corrects=second)
    assert ground.state(lot) == "breached"
    ground.treat(field, START_MS - 1 * DAY_MS, None, corrects=third)
    assert ground.state(lot) == "not_known"


def test_a_field_without_a_site_has_the_days_of_its_farm(ground: Ground) -> None:
    sited = ground.field("Asia/Shanghai")
    farm = ground.repositories.fields.get(sited).farm
    field = ground.repositories.fields.add(Field(farm=farm, name="Drawn", geometry=PLOT)).id
    shanghai = ZoneInfo("Asia/Shanghai")
    # Treated at six in the morning of the first, which is the day before by UTC.
    ground.treat(field, round(datetime(2026, 11, 1, 6, tzinfo=shanghai).timestamp() * 1000), 5)
    last = ground.harvest(field, round(datetime(2026, 11, 5, 20, tzinfo=shanghai).timestamp() * 1000))
    free = ground.harvest(field, round(datetime(2026, 11, 6, 0, 1, tzinfo=shanghai).timestamp() * 1000))
    assert (ground.state(last), ground.state(free)) == ("breached", "no_breach")


def test_an_alarm_stands_for_each_treatment_with_lots_to_recall(ground: Ground) -> None:
    read = alarms_of_records(ground.repositories)
    before = {alarm.subject for alarm in read(START_MS)}
    assert before == {review.treatment.id for review in review_treatments(ground.repositories)}
    field = ground.field("Asia/Shanghai")
    ground.harvest(field, START_MS)
    made = ground.treat(field, START_MS - DAY_MS, 7)
    (alarm,) = [each for each in read(START_MS + 1) if each.subject == made.id]
    assert (alarm.rule, alarm.severity, alarm.standing) == (HARVESTED_IN_INTERVAL, "critical", ("records",))
    assert alarm.raised_ms == START_MS + 1
    assert "Spray 7" in alarm.text
    assert "安全间隔期未满" in alarm.text_zh
    ground.treat(field, START_MS - DAY_MS, 1, corrects=made)
    assert {each.subject for each in read(START_MS + 2)} == before
