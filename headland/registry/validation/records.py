"""Validation of records: one function a kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from headland.agronomy.house_model.compartment import Compartment
from headland.agronomy.plausibility.amounts import impossible_rate, impossible_yield, yields_of
from headland.contract.topics import shard_of
from headland.registry.db.tables.alarm_tables import alarms
from headland.registry.db.tables.farm_tables import farms, greenhouse_zones, prescriptions, products, sites
from headland.registry.models.energy_price import EnergyPrice
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.geometry import Position
from headland.registry.models.house_model import HouseModel
from headland.registry.models.models import (
    Farm,
    Field,
    Gateway,
    Greenhouse,
    GrowerNote,
    Implement,
    Pass,
    Product,
    Season,
    Site,
)
from headland.registry.validation.geometry import (
    area_of,
    area_without,
    check_geometry,
    check_on_land,
    check_place,
    distance_m,
)
from headland.units_of_time import DAY_MS

#: Labels are rounded to tenths of a percent.
_ROUNDING_PCT: Final = 0.15
LONGEST_PASS_MS: Final = 2 * DAY_MS
#: A site farther than this from a field has another weather.
_NEAR_SITE_M: Final = 20_000.0
_MODEL_PARAMETERS: Final = frozenset(field.name for field in fields(Compartment))
_MOST_PARAMETER: Final = 1e8


def check_farm(farm: Farm, _connection: sa.Connection, _organisation: str) -> Farm:
    """Validate that a position has both coordinates or none, and is on land."""
    _check_pair(farm.longitude_deg, farm.latitude_deg, "the farm")
    return farm


def check_site(site: Site, _connection: sa.Connection, _organisation: str) -> Site:
    """Validate that the time zone is an IANA name: the site's local days are computed with it."""
    _check_pair(site.longitude_deg, site.latitude_deg, "the site")
    try:
        ZoneInfo(site.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidRecord(
            f"{site.time_zone!r} is not a time zone: give an IANA name, such as Asia/Shanghai or Europe/Berlin."
        ) from error
    return site


def check_field(field: Field, connection: sa.Connection, organisation: str) -> Field:
    """Validate that outline and zones are near the farm, and the site; a new field without one gets the nearest.

    Nearest is within `_NEAR_SITE_M` of the field, of the sites of its farm that are in use: weather from farther away
    is another place's. Somebody who changes a field may take the site away again.
    """
    if field.site is None and field.version == 1:
        field = msgspec.structs.replace(field, site=_nearest_site(connection, organisation, field))
    for table, whose, place in ((farms, "farm", field.farm), (sites, "site", field.site)):
        near = None if place is None else _position_of(connection, organisation, table, place)
        check_place(field.geometry, "the field", near, whose)
        for zone in field.zones:
            check_place(zone.geometry, f"the zone {zone.name!r}", near, whose)
    return field


def _nearest_site(connection: sa.Connection, organisation: str, field: Field) -> str | None:
    """Return the id of the farm's site that is nearest to a field and near enough, None without any."""
    columns = (sites.c.id, sites.c.longitude_deg, sites.c.latitude_deg)
    query = sa.select(*columns).where(
        sites.c.organisation == organisation,
        sites.c.farm == field.farm,
        sites.c.deleted_ms.is_(None),
        sites.c.active.is_(True),
        sites.c.longitude_deg.is_not(None),
    )
    corners = [corner for rings in field.geometry for ring in rings for corner in ring]
    away_m = [
        (min(distance_m((row.longitude_deg, row.latitude_deg), corner) for corner in corners), row.id)
        for row in connection.execute(query)
    ]
    nearest_m, site = min(away_m, default=(_NEAR_SITE_M, None))
    return site if nearest_m < _NEAR_SITE_M else None


def measure_field(field: Field) -> Field:
    """Validate outline and zones, and set the areas: work that holds up no other writer of the registry."""
    geometry = check_geometry(field.geometry, "the field")
    zones = tuple(
        msgspec.structs.replace(zone, geometry=check_geometry(zone.geometry, f"the zone {zone.name!r}"))
        for zone in field.zones
    )
    return msgspec.structs.replace(
        field,
        geometry=geometry,
        zones=zones,
        area_m2=area_of(geometry),
        usable_area_m2=area_without(geometry, [zone.geometry for zone in zones]),
    )


def check_gateway(gateway: Gateway, _connection: sa.Connection, _organisation: str) -> Gateway:
    """Set the shard, which follows from the name."""
    return msgspec.structs.replace(gateway, shard=shard_of(gateway.name))


def check_product(product: Product, _connection: sa.Connection, _organisation: str) -> Product:
    """Validate that the grade is at most 100 % and that the forms of nitrogen add up to the nitrogen."""
    whole = product.n_pct + product.p2o5_pct + product.k2o_pct + product.s_pct
    if whole > 100 + _ROUNDING_PCT:
        raise InvalidRecord(f"The nutrients add up to {whole:g} % of the product: give at most 100 %.")
    parts = [part for part in (product.nitrate_n_pct, product.ammonium_n_pct, product.amide_n_pct) if part is not None]
    if not parts:
        return product
    if len(parts) < 3:
        raise InvalidRecord("Give nitrate, ammonium and amide nitrogen all three (0 where there is none), or none.")
    if abs(sum(parts) - product.n_pct) > _ROUNDING_PCT:
        raise InvalidRecord(
            f"Nitrate, ammonium and amide nitrogen add up to {sum(parts):g} %, but nitrogen is {product.n_pct:g} %: "
            "give each in percent of the product."
        )
    return product


def check_implement(implement: Implement, _connection: sa.Connection, _organisation: str) -> Implement:
    """Validate that the lateral pattern runs from left to right with a positive rate, and the speed range."""
    offsets = [point.offset_m for point in implement.pattern]
    if offsets and (len(offsets) < 3 or any(after <= before for before, after in pairwise(offsets))):
        raise InvalidRecord("A lateral pattern needs at least three points, from left to right, each offset once.")
    if offsets and not any(point.rate > 0 for point in implement.pattern):
        raise InvalidRecord("A lateral pattern needs a positive rate at some offset.")
    low, high = implement.min_speed_m_s, implement.max_speed_m_s
    if low is not None and high is not None and low > high:
        raise InvalidRecord(f"The lowest speed, {low:g} m/s, is above the highest, {high:g} m/s.")
    return implement


def check_season(season: Season, _connection: sa.Connection, _organisation: str) -> Season:
    """Validate that the harvest follows the sowing, and that the crop can have the target yield."""
    if season.sowing_date and season.harvest_date and season.harvest_date < season.sowing_date:
        raise InvalidRecord(f"The harvest, {season.harvest_date}, is before the sowing, {season.sowing_date}.")
    if season.target_yield_t_ha is not None:
        sentence = impossible_yield(yields_of(season.crop), season.target_yield_t_ha)
        if sentence is not None:
            raise InvalidRecord(sentence)
    return season


def check_pass(declared: Pass, connection: sa.Connection, organisation: str) -> Pass:
    """Validate that a pass has a duration of at most two days, and at most one plan, of its own field."""
    if not 0 < declared.end_ms - declared.start_ms <= LONGEST_PASS_MS:
        raise InvalidRecord(
            "A pass must end after its start, and at most two days after it: declare longer work in parts."
        )
    if declared.planned_rate_ha is not None and declared.product is not None:
        columns = [products.c[name] for name in ("n_pct", "p2o5_pct", "k2o_pct", "kind", "density_kg_l")]
        which = (products.c.organisation == organisation, products.c.id == declared.product)
        product = connection.execute(sa.select(*columns).where(*which)).one_or_none()
        density = None if product is None else product.density_kg_l if product.kind == "liquid" else 1.0
        shares = () if product is None else (product.n_pct, product.p2o5_pct, product.k2o_pct)
        sentence = impossible_rate(declared.planned_rate_ha, shares, density)
        if sentence is not None:
            raise InvalidRecord(sentence)
    if declared.prescription is None:
        return declared
    if declared.planned_rate_ha is not None:
        raise InvalidRecord("A pass has one plan: give its prescription or planned_rate_ha, not both.")
    query = sa.select(prescriptions.c.field).where(prescriptions.c.organisation == organisation)
    if connection.execute(query.where(prescriptions.c.id == declared.prescription)).scalar_one() != declared.field:
        raise InvalidRecord("The prescription belongs to another field: choose one of the pass's own field.")
    return declared


def check_note(note: GrowerNote, connection: sa.Connection, organisation: str) -> GrowerNote:
    """Validate that a note is about one thing that exists, and that a position is whole."""
    subjects = [getattr(note, name) for name in ("greenhouse", "field", "zone", "site", "alarm")]
    if sum(subject is not None for subject in subjects) != 1:
        raise InvalidRecord(
            "A note is about one thing: name either greenhouse, field, zone, site or alarm, and only one."
        )
    for name, table in (("zone", greenhouse_zones), ("site", sites)):
        subject = getattr(note, name)
        which = (table.c.organisation == organisation, table.c.id == subject, table.c.deleted_ms.is_(None))
        if subject is not None and connection.execute(sa.select(table.c.id).where(*which)).one_or_none() is None:
            raise NotFound(name, subject)
    if note.alarm is not None:
        which_alarm = (alarms.c.organisation == organisation, alarms.c.id == note.alarm)
        if connection.execute(sa.select(alarms.c.id).where(*which_alarm)).one_or_none() is None:
            raise NotFound("alarm", note.alarm)
    _check_pair(note.longitude_deg, note.latitude_deg, "the note")
    return note


def check_greenhouse(house: Greenhouse, _connection: sa.Connection, _organisation: str) -> Greenhouse:
    """Validate that a position has both coordinates or none, and is on land, its climate model and its prices."""
    _check_pair(house.longitude_deg, house.latitude_deg, "the greenhouse")
    if house.climate_model is not None:
        check_climate_model(house.climate_model)
    check_prices(house.energy_prices or ())
    return house


def check_prices(prices: Sequence[EnergyPrice]) -> None:
    """Validate that a cubic metre has its energy, other units none, and that a day has one price of a kind."""
    for price in prices:
        if (price.unit == "m3") != (price.kwh_per_unit is not None):
            raise InvalidRecord("A price per m3 needs the heat of a m3 in kWh; another has none.")
    days = [(price.kind, price.from_day) for price in prices]
    if len(set(days)) < len(days):
        raise InvalidRecord("Two prices of one kind begin on one day: keep one of them.")


def _check_pair(longitude_deg: float | None, latitude_deg: float | None, what: str) -> None:
    if (longitude_deg is None) != (latitude_deg is None):
        raise InvalidRecord("A position needs both longitude_deg and latitude_deg.")
    if longitude_deg is not None and latitude_deg is not None:
        check_on_land((longitude_deg, latitude_deg), what)


def _position_of(
    connection: sa.Connection,
    organisation: str,
    table: sa.Table,
    id: str,  # noqa: A002 - it is the record's id
) -> Position | None:
    query = sa.select(table.c.longitude_deg, table.c.latitude_deg)
    row = connection.execute(query.where(table.c.organisation == organisation, table.c.id == id)).one()
    return None if row.longitude_deg is None else (row.longitude_deg, row.latitude_deg)


def check_climate_model(model: HouseModel) -> None:
    """Validate that the parameters of a climate model are known, and numbers."""
    unknown = sorted(set(model.parameters) - _MODEL_PARAMETERS)
    if unknown:
        raise InvalidRecord(
            f"The climate model has no parameter {unknown[0]!r}: give {', '.join(sorted(_MODEL_PARAMETERS))}."
        )
    for name, value in model.parameters.items():
        if not math.isfinite(value) or abs(value) > _MOST_PARAMETER:
            raise InvalidRecord(f"The parameter {name} of the climate model is {value:g}: give a number of its unit.")
    held_out = model.held_out
    if held_out is not None and held_out.end_ms <= held_out.start_ms:
        raise InvalidRecord("The held-out errors of the climate model end before they begin: give start and end in ms.")
