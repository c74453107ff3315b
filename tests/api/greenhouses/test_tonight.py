"""Tonight over HTTP: cards by trouble, their pages, what was done, and texts in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from headland.analysis.tonight.house_statements import house_statements
from headland.contract.records import Descriptor
from headland.i18n import find_term
from headland.registry.models.alarms import Alarm, AlarmTest, Severity
from headland.registry.models.models import Device, Field, Greenhouse, GreenhouseZone, GrowerNote, Site
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import HOUR_MS
from tests.api.farm import HOUSE, NOW_MS, OTHER, OWN, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.registry.records import PLOT

ORIGIN_MS = NOW_MS // HOUR_MS * HOUR_MS
CALM = {
    "air_temperature_degc": 15.0,
    "relative_humidity_pct": 60.0,
    "leaf_condensation_margin_k": 5.0,
    "cover_condensation_margin_k": 5.0,
}


class Farm:
    """The API over a store with three greenhouses, and its registry."""

    def __init__(self, client: httpx.Client, repositories: OrganisationRepositories) -> None:
        self.client, self.repositories = client, repositories

    def forecast(self, house: str, **changes: float) -> None:
        """Record the forecast of a house, the same for all 24 hours."""
        quantities = {
            name: QuantityForecast(
                made=[value] * 24, low=[None] * 24, high=[None] * 24, as_now=None, as_yesterday=[None] * 24,
                measured=[None] * 24,
            )
            for name, value in {**CALM, **changes}.items()
        }  # fmt: skip
        forecast = Forecast(house=house, origin_ms=ORIGIN_MS, made_ms=NOW_MS, quantities=quantities)
        self.repositories.forecasts.save(forecast)

    def cards(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.client.get("/v1/tonight", params=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    registry, repositories, _ = fill_registry(tmp_path)
    store = fill_farm()
    for device in ("gh-2", "gh-3"):
        store.describe(OWN, "gw-1", Descriptor(device=device, kind="greenhouse", site="home", name=device))
    store.describe(OTHER, "gw-9", Descriptor(device="gh-9", kind="greenhouse", site="away", name="theirs"))
    app = own_app(store, registry=registry, now_ms=lambda: NOW_MS)
    with serve(app) as client:
        yield Farm(client, repositories)
    registry.close()


def names(cards: list[dict[str, Any]]) -> list[str]:
    return [card["id"] for card in cards]


def test_the_greenhouse_with_the_most_trouble_is_first_and_nobody_elses_is_there(farm: Farm) -> None:
    farm.forecast(HOUSE)
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0, air_temperature_degc=10.0)
    farm.forecast("gh-3", leaf_condensation_margin_k=-1.0, air_temperature_degc=0.5)
    cards = farm.cards(kind="greenhouse")
    assert names(cards) == ["gh-3", "gh-2", HOUSE]
    assert [card["level"] for card in cards[:2]] == ["high", "high"]
    frost = next(one for one in cards[0]["statements"] if one["kind"] == "frost")
    assert (frost["occurs"], frost["value"], frost["unit"], frost["hours"]) == (True, 0.5, "degC", 24)
    assert frost["record"] == {
        "n": 0, "least": 10, "right": 0, "missed": 0, "false_alarms": 0, "mean_abs_error": None, "chance": None,
    }  # fmt: skip
    assert frost["advice"]["text_zh"] != frost["advice"]["text"] != "keep_frost_out"


def test_a_card_of_wet_leaves_and_frost_orders_no_vent_open_and_closed(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0, cover_condensation_margin_k=-5.0, air_temperature_degc=1.0)
    card = next(card for card in farm.cards(kind="greenhouse") if card["id"] == "gh-2")
    advice = [one["advice"] for one in card["statements"] if one["advice"] is not None]
    english, chinese = (" ".join(one[name] for one in advice).lower() for name in ("text", "text_zh"))
    assert re.search("close (the )?vents", english)
    assert not any(opened in english for opened in ("open the vents", "ventilate to", "ventilate slowly"))
    assert "关闭风口" in chinese
    assert not any(opened in chinese for opened in ("开小风口", "放风排湿", "缓慢放风"))
    vents = [(one["direction"], one["reasons"]) for one in card["orders"] if one["actuator"] == "vents"]
    assert vents == [("close", ["frost"])]
    yields = {one["kind"]: one["advice"]["withheld"] for one in card["statements"] if one["advice"] is not None}
    assert [(each["actuator"], each["by"], each["holds"]) for each in yields["leaf_condensation"]] == [
        ("vents", "frost", "close")
    ]
    assert "frost" in yields["leaf_condensation"][0]["text"]
    assert card["time_zone"]


def test_frost_is_told_by_the_limit_of_the_farms_own_rule(farm: Farm) -> None:
    farm.forecast("gh-2", air_temperature_degc=4.5)
    frost = AlarmTest(what="air_temperature_degc", below=5.0, hysteresis=1.0)
    rules = farm.repositories.alarm_rules
    (rule,) = (each for each in rules.all() if each.name == "frost")
    rule = rules.change(
        msgspec.structs.replace(rule, any_of=((frost,),), kind="greenhouse", site=None, zone=None, enabled=True)
    )

    def told() -> tuple[str, bool, str]:
        card = next(card for card in farm.cards(kind="greenhouse") if card["id"] == "gh-2")
        one = next(one for one in card["statements"] if one["kind"] == "frost")
        return one["level"], one["occurs"], one["method"]["source"].partition("frost below ")[2][:6]

    assert told() == ("high", True, "5 degC")
    rules.change(msgspec.structs.replace(rule, enabled=False))
    assert told() == ("low", False, "2 degC")


def test_a_deactivated_house_and_what_is_at_a_deactivated_site_have_no_card(farm: Farm) -> None:
    houses, sites, fields = farm.repositories.greenhouses, farm.repositories.sites, farm.repositories.fields
    owner = next(iter(farm.repositories.farms.all())).id
    site = sites.add(Site(farm=owner, name="home", time_zone="Asia/Shanghai"))
    field = fields.add(Field(farm=owner, name="At home", geometry=PLOT, site=site.id))
    unplanted = houses.add(Greenhouse(farm=site.farm, site=site.id, name="gh-2", active=False))
    every = set(names(farm.cards()))
    assert "gh-2" not in every
    assert {HOUSE, "gh-3", field.id} <= every
    houses.change(msgspec.structs.replace(unplanted, active=True))
    assert set(names(farm.cards())) == every | {unplanted.id}
    sites.change(msgspec.structs.replace(site, active=False))
    assert set(names(farm.cards())) == every - {HOUSE, "gh-3", field.id}


def test_an_active_alarm_comes_before_what_is_only_said(farm: Farm) -> None:
    for house in (HOUSE, "gh-2", "gh-3"):
        farm.forecast(house)
    farm.forecast("gh-3", leaf_condensation_margin_k=-1.0)
    alarm = Alarm(
        id=farm.repositories.alarms.new_id(), rule="frost", subject="gh-2", kind="greenhouse", site="home",
        severity=Severity.CRITICAL, by_station=True, standing=("station",), began_ms=NOW_MS - 1000, raised_ms=NOW_MS,
    )  # fmt: skip
    farm.repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm}))
    (first, *_) = farm.cards(kind="greenhouse")
    assert (first["id"], [one["rule"] for one in first["alarms"]]) == ("gh-2", ["frost"])
    farm.repositories.alarms.acknowledge(alarm.id)
    card = next(card for card in farm.cards(kind="greenhouse") if card["id"] == "gh-2")
    assert [(done["kind"], done["text"]) for done in card["done"]] == [("acknowledgement", "frost")]


def test_pages_follow_each_other_and_have_each_card_once(farm: Farm) -> None:
    for house in (HOUSE, "gh-2", "gh-3"):
        farm.forecast(house)
    whole = names(farm.cards())
    seen: list[str] = []
    cursor = None
    for _ in range(len(whole)):
        query = {"limit": 2, **({} if cursor is None else {"cursor": cursor})}
        page = farm.client.get("/v1/tonight", params=query).json()
        assert page["total"] == len(whole)
        seen += names(page["items"])
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole
    assert farm.client.get("/v1/tonight", params={"cursor": "nothing"}).status_code == 400


def test_a_house_without_a_history_and_a_field_without_weather_say_so(farm: Farm) -> None:
    for card in farm.cards():
        assert all(one["value"] is None and one["reason"] for one in card["statements"] if one["level"] == "unknown")
    (house, *_) = (card for card in farm.cards(kind="greenhouse") if card["id"] == "gh-2")
    assert {one["reason"] for one in house["statements"]} == {"no_forecast", "insufficient_data"}
    assert house["forecast_ms"] is None


def test_a_house_has_the_id_of_the_registry_whether_it_has_one_device_or_several(farm: Farm) -> None:
    (home, *_) = farm.repositories.farms.all()
    (site, *_) = farm.repositories.sites.all()
    houses = {
        name: farm.repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name=name))
        for name in ("gh-2", "East")
    }
    zone = farm.repositories.zones.add(GreenhouseZone(greenhouse=houses["East"].id, name="bed"))
    farm.repositories.devices.add(Device(name="gh-3", kind="greenhouse", gateway="gw-1", site="home", zone=zone.id))
    farm.forecast("gh-3")
    cards = {card["id"]: card["name"] for card in farm.cards(kind="greenhouse")}
    assert {houses["gh-2"].id: "gh-2", houses["East"].id: "East"}.items() <= cards.items()
    assert not {"gh-2", "gh-3"} & set(cards)
    # The same at the door of the devices, and every card's id opens its house.
    devices = {each["id"]: each["greenhouse"] for each in farm.client.get("/v1/devices").json()["items"]}
    assert (devices["gh-2"], devices["gh-3"], devices[HOUSE]) == (houses["gh-2"].id, houses["East"].id, None)
    assert farm.client.get("/v1/devices/gh-3").json()["greenhouse"] == houses["East"].id
    for house in cards:
        assert farm.client.get(f"/v1/greenhouses/{house}/climate").json()["greenhouse"] == house


def test_houses_are_in_the_order_of_their_numbers(farm: Farm) -> None:
    (home, *_) = farm.repositories.farms.all()
    (site, *_) = farm.repositories.sites.all()
    for number in (10, 2, 1, 100):
        ring = tuple(tuple(tuple((x + 0.01 * number, y) for x, y in ring) for ring in part) for part in PLOT)
        farm.repositories.fields.add(Field(farm=home.id, name=f"field {number}", geometry=ring, site=site.id))
    listed = [card["name"] for card in farm.cards(kind="field") if card["name"].startswith("field ")]
    assert listed == ["field 1", "field 2", "field 10", "field 100"]


def test_a_growers_note_is_something_that_was_done(farm: Farm) -> None:
    farm.forecast("gh-2")
    (home, *_) = farm.repositories.farms.all()
    (site, *_) = farm.repositories.sites.all()
    greenhouse = farm.repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name="gh-2"))
    for hours_ago, text in ((1, "vents opened"), (30, "too long ago")):
        time_ms = NOW_MS - hours_ago * HOUR_MS
        farm.repositories.notes.add(GrowerNote(time_ms=time_ms, author="Wang", text=text, greenhouse=greenhouse.id))
    card = next(card for card in farm.cards(kind="greenhouse") if card["id"] == greenhouse.id)
    assert (card["name"], card["forecast_ms"]) == ("gh-2", NOW_MS)  # recorded under the name of its device
    assert [(done["kind"], done["text"], done["by"]) for done in card["done"]] == [("note", "vents opened", "Wang")]


def test_every_statement_and_advice_has_its_texts_in_both_languages() -> None:
    kinds = {statement.kind for statement in house_statements(None, ())}
    for kind in kinds | {"irrigation", "spray_window", "spread_window"}:
        assert find_term("tonight_statements", kind, "en")
        assert find_term("tonight_statements", kind, "zh")
    advice = [
        "dry_the_air", "let_the_cover_drain", "keep_frost_out", "shorten_wetness", "protect_from_field_frost",
        "use_the_window", "use_the_window_with_care", "water_by_radiation",
    ]  # fmt: skip
    for rule in advice:
        for group in ("tonight_advice", "tonight_sources"):
            assert find_term(group, rule, "en") != find_term(group, rule, "zh") is not None
