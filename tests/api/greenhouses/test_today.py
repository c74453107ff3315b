"""Today over HTTP: one answer from which the first page is drawn, with one next action for each house and field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from headland.analysis.tonight import field_statements
from headland.analysis.tonight.cards import forecasts
from headland.analysis.tonight.cards import page as card_page
from headland.analysis.tonight.today.answer import Today
from headland.contract.gateway_state import GatewayState, SpoolState
from headland.contract.records import Descriptor
from headland.errors import RetryLater
from headland.registry.models.alarms import Alarm, AlarmRecipient, RecipientKind, Severity
from headland.registry.models.duty import DutyRota, DutyShift
from headland.registry.models.models import Greenhouse
from headland.registry.repositories.alarms import AlarmUpdate
from headland.units_of_time import HOUR_MS
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import HOUSE, NOW_MS, OWN, fill_farm, write_series
from tests.api.greenhouses.test_tonight import Farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

#: Five minutes of a house whose device reports every ten seconds.
SEEN_MS = NOW_MS - 300_000 + 10_000 * np.arange(30, dtype=np.int64)
STATES = {"act", "watch", "calm", "unknown", "silent", "flying", "interrupted", "recalled"}


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A farm of three houses: two report, and gh-3 never did."""
    registry, repositories, _ = fill_registry(tmp_path)
    store = fill_farm()
    columns = {"air_temperature_degc": np.full(30, 15.0), "relative_humidity_pct": np.full(30, 60.0)}
    write_series(store, OWN, "home", "greenhouse", "gh-2", SEEN_MS, columns)
    for device in ("gh-2", "gh-3"):
        store.describe(OWN, "gw-1", Descriptor(device=device, kind="greenhouse", site="home", name=device))
    with serve(own_app(store, registry=registry, now_ms=lambda: NOW_MS)) as client:
        yield Farm(client, repositories)
    registry.close()


def today(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/v1/today")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def row(page: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in page["rows"] if each["name"] == name or each["id"] == name)
    return found


def test_a_frost_night_has_one_next_action_with_its_deadline_and_what_follows(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0, cover_condensation_margin_k=-5.0, air_temperature_degc=1.0)
    farm.forecast(HOUSE)
    page = today(farm.client)
    assert set(page) == set(Today.__struct_fields__)
    frost = row(page, "gh-2")
    action, following = frost["action"], frost["next_action"]
    assert (frost["state"], action["actuator"], action["order"]) == ("act", "vents", "close")
    assert following["actuator"] != action["actuator"]
    assert "风口" in action["text_zh"]
    assert "1.0 度" in action["reason_zh"]
    assert action["gain"] is None  # no climate model tells it
    assert "vents" in action["gives_up"]["text"].lower()
    hazards = frost["strip"]["house"]["hazards"]
    assert hazards["frost"]
    assert hazards["wet"]
    assert frost["strip"]["house"]["limit"] == {"value_degc": 2.0, "kind": "frost"}
    calm = row(page, HOUSE)
    assert (calm["state"], calm["action"], calm["strip"]["house"]["hazards"]["wet"]) == ("calm", None, [])
    assert calm["quiet"]["text_zh"].startswith("没有事")
    assert page["rows"][0]["id"] == frost["id"]
    assert page["sentence"]["text"].startswith("1 of 3 houses needs you")
    assert page["first"]["text_zh"] == f"gh-2：{action['text_zh']}"


def test_hours_that_are_too_hot_are_drawn_with_their_limit_and_said(farm: Farm) -> None:
    farm.forecast("gh-2", air_temperature_degc=41.0)
    strip = row(today(farm.client), "gh-2")["strip"]
    assert strip["house"]["limit"] == {"value_degc": 40.0, "kind": "heat"}
    ((start_ms, end_ms),) = strip["house"]["hazards"]["heat"]
    assert start_ms < end_ms
    assert strip["house"]["hazards"]["frost"] == []
    assert "heat" in strip["label"]
    assert "高温" in strip["label_zh"]
    farm.forecast(HOUSE, air_temperature_degc=37.0)
    warm = row(today(farm.client), HOUSE)["strip"]["house"]
    assert (warm["limit"], warm["hazards"]["heat"]) == (None, [])


def test_a_cover_of_unknown_material_is_a_question_and_no_state(farm: Farm) -> None:
    (home, *_), (site, *_) = farm.repositories.farms.all(), farm.repositories.sites.all()
    farm.repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name="gh-2"))
    farm.forecast("gh-2", cover_condensation_margin_k=-5.0)
    wet = row(today(farm.client), "gh-2")
    assert wet["state"] == "calm"
    assert wet["strip"]["house"]["hazards"] == {"wet": [], "frost": [], "heat": []}


def test_no_text_names_a_weekday_and_every_row_has_a_sentence(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0)
    farm.forecast(HOUSE, leaf_condensation_margin_k=0.5)
    page = today(farm.client)
    for each in page["rows"]:
        assert each["state"] in STATES
        assert each["quiet"]["text"]
        texts = [each["quiet"]["text_zh"]]
        texts += [each[name]["text_zh"] for name in ("action", "next_action") if each[name]]
        texts += [] if each["strip"] is None else [each["strip"]["label_zh"]]
        assert not any("周" in text for text in texts)
    assert (row(page, HOUSE)["state"], row(page, HOUSE)["look_again_ms"] > page["now_ms"]) == ("watch", True)


def test_too_little_data_is_unknown_and_says_what_comes_when(farm: Farm) -> None:
    page = today(farm.client)
    assert [row(page, name)["state"] for name in (HOUSE, "gh-2", "gh-3")] == ["unknown", "unknown", "silent"]
    known = row(page, "gh-2")
    assert (known["action"], known["record"]) == (None, None)
    assert known["strip"]["house"]["hazards"] == {"wet": [], "frost": [], "heat": []}
    assert known["current"]["value"] == 15.0
    assert page["making"]["share"] < 1
    assert page["making"]["steps"]["forecast_ms"] > NOW_MS
    assert page["counts"]["houses_unknown"] == 3
    assert [each["device"] for each in page["facts"]["data"]["missing"]] == ["gh-3"]


class Reporting(FakeIngest):
    """Two gateways that report now, of which one has records on its disk; or a broken one."""

    heard = True
    broken = False

    def gateways(self) -> list[GatewayState]:
        if self.broken:
            raise RetryLater("The ingest worker does not respond.")
        spool = SpoolState(records=3, oldest_ms=NOW_MS - 20_000)
        time_ms = NOW_MS - (2000 if self.heard else 60_000)
        return [msgspec.structs.replace(each, last_status_ms=time_ms, spool=spool) for each in super().gateways()[:1]]


def test_data_say_what_waits_at_gateways_and_null_where_one_does_not_report(tmp_path: Path) -> None:
    registry, _, _ = fill_registry(tmp_path)
    ingest = Reporting()
    with serve(own_app(fill_farm(), registry=registry, now_ms=lambda: NOW_MS, gateways=ingest)) as client:
        data = today(client)["facts"]["data"]
        assert (data["waiting"], data["at_gateways"]["records"], data["at_gateways"]["known"]) == (3, 3, 1)
        assert data["at_gateways"]["oldest_ms"] == NOW_MS - 20_000
        ingest.heard = False
        data = today(client)["facts"]["data"]
        assert (data["waiting"], data["at_gateways"]["records"], data["at_gateways"]["known"]) == (None, None, 0)
        assert data["at_gateways"]["unheard"] == [{"gateway": "gw-1", "reported_ms": NOW_MS - 60_000}]
        ingest.broken = True
        data = today(client)["facts"]["data"]
        assert (data["waiting"], data["at_gateways"]) == (None, None)
    registry.close()


def test_of_a_device_that_no_gateway_described_nothing_is_said_to_wait(tmp_path: Path) -> None:
    registry, _, _ = fill_registry(tmp_path)
    store = fill_farm()
    columns = {"air_temperature_degc": np.full(len(SEEN_MS), 19.0)}
    write_series(store, OWN, "home", "greenhouse", "gh-9", SEEN_MS, columns)
    with serve(own_app(store, registry=registry, now_ms=lambda: NOW_MS, gateways=Reporting())) as client:
        waiting = today(client)["facts"]["data"]["at_gateways"]
        assert (waiting["devices_without_gateway"], waiting["gateways"], waiting["unheard"]) == (1, 1, [])
    registry.close()


def test_facts_say_who_is_on_duty_and_that_no_person_gets_alarms(farm: Farm) -> None:
    rotas, recipients = farm.repositories.duty_rotas, farm.repositories.alarm_recipients
    for rota in list(rotas.all()):
        rotas.delete(rota.id, rota.version)
    for known in list(recipients.all()):
        recipients.delete(known.id, known.version)
    facts = today(farm.client)["facts"]
    assert (facts["duty"], facts["reach"]["state"], facts["alarms"]["open"]) == (None, "none", 0)
    recipients.add(AlarmRecipient(name="Li", kind=RecipientKind.EMAIL, address="li@example.org"))
    (site, *_) = farm.repositories.sites.all()
    shift = DutyShift(days=(1, 2, 3, 4, 5, 6, 7), start="00:00", end="00:00", people=("Li",))
    rotas.add(DutyRota(name="house", site=site.id, weekly=(shift,)))
    alarm = Alarm(
        id=farm.repositories.alarms.new_id(), rule="my-own", subject="gh-2", kind="greenhouse", site="home",
        severity=Severity.CRITICAL, by_station=True, standing=("station",), began_ms=NOW_MS - 1000, raised_ms=NOW_MS,
    )  # fmt: skip
    farm.repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm}))
    farm.forecast("gh-2")
    page = today(farm.client)
    facts = page["facts"]
    assert facts["duty"]["names"] == ["Li"]
    assert facts["reach"] == farm.client.get("/v1/alarm-recipients/reach").json()
    assert (facts["reach"]["people"], facts["reach"]["tried_ms"], facts["reach"]["state"]) == (1, None, "never_tried")
    assert facts["alarms"] == {"open": 1, "unacknowledged": 1}
    assert row(page, "gh-2")["action"]["href"] == {"kind": "alarm", "id": alarm.id, "part": None}


def test_the_weather_goes_from_midnight_for_three_days_and_says_why_there_is_none(farm: Farm) -> None:
    weather = today(farm.client)["weather"]
    starts = [day["start_ms"] for day in weather["days"]]
    assert [after - before for before, after in pairwise(starts)] == [24 * HOUR_MS] * 2
    assert weather["error"]["text"]
    assert weather["attribution"] == ""


def test_one_card_of_tonight_is_asked_for_by_its_id(farm: Farm) -> None:
    farm.forecast("gh-2")
    page = farm.client.get("/v1/tonight", params={"subject": "gh-2"}).json()
    assert ([card["id"] for card in page["items"]], page["total"]) == (["gh-2"], 1)
    assert farm.client.get("/v1/tonight", params={"subject": "nobody"}).json()["items"] == []


def say(farm: Farm, kind: str, thing: str, action: str) -> dict[str, Any]:
    answer = farm.client.post("/v1/today/done", json={"kind": kind, "id": thing, "action": action})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_is_done_makes_room_for_what_follows_and_is_taken_back(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0, air_temperature_degc=1.0)
    before = row(today(farm.client), "gh-2")
    said = say(farm, "greenhouse", "gh-2", before["action"]["id"])
    assert said["action"] == before["next_action"]
    assert said["confirmed"]["text_zh"] == before["action"]["text_zh"]
    assert said["confirmed"]["by"]
    page = today(farm.client)
    assert row(page, "gh-2") == said
    assert [(one["kind"], one["text"]) for one in page["done_today"]] == [("confirmed", before["action"]["text"])]
    # The same word again is no second record.
    assert say(farm, "greenhouse", "gh-2", before["action"]["id"]) == said
    back = farm.client.delete(f"/v1/today/done/{said['confirmed']['id']}")
    assert (back.status_code, back.json()) == (200, before)
    assert row(today(farm.client), "gh-2") == before
    assert farm.client.delete(f"/v1/today/done/{said['confirmed']['id']}").status_code == 404


def test_when_all_is_done_the_row_no_longer_needs_anybody(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0, air_temperature_degc=1.0)
    house = row(today(farm.client), "gh-2")
    for _ in range(12):
        if house["action"] is None:
            break
        house = say(farm, "greenhouse", "gh-2", house["action"]["id"])
    assert (house["action"], house["state"]) == (None, "watch")
    assert today(farm.client)["counts"]["houses_act"] == 0


def test_a_word_about_nothing_that_exists_is_refused_and_one_that_comes_late_is_kept(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0)
    ask = farm.client.post
    assert ask("/v1/today/done", json={"kind": "field", "id": "gh-2", "action": "missed-1"}).status_code == 404
    assert ask("/v1/today/done", json={"kind": "greenhouse", "id": "gh-2", "action": "<b>"}).status_code == 422
    late = say(farm, "greenhouse", "gh-2", f"vents-open-{NOW_MS - 5 * HOUR_MS}-{NOW_MS - 3 * HOUR_MS}")
    assert "小风口" in late["confirmed"]["text_zh"]
    assert late["action"] is not None


def test_a_plan_has_lanes_without_overlap_with_reasons_and_what_yields(farm: Farm) -> None:
    farm.forecast("gh-2", leaf_condensation_margin_k=-1.0, air_temperature_degc=1.0)
    answer = farm.client.get("/v1/greenhouses/gh-2/plan")
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    lanes = {lane["actuator"]: lane for lane in plan["lanes"]}
    assert {"vents", "screens", "heating"} <= set(lanes)
    for lane in lanes.values():
        assert all(after["from_ms"] >= before["to_ms"] for before, after in pairwise(lane["orders"]))
        assert all(order["text_zh"] and order["reasons"][0]["text_zh"] for order in lane["orders"])
    assert [order["order"] for order in lanes["vents"]["orders"]] == ["close"]
    assert {each["asked_by"] for each in plan["withheld"]} >= {"leaf_condensation"}
    assert plan["gives_up"]["text"] == plan["withheld"][0]["text"]
    assert plan["strip"] == row(today(farm.client), "gh-2")["strip"]
    assert plan["reason"] is None
    assert row(today(farm.client), "gh-2")["action"]["id"] in {
        order["id"] for lane in plan["lanes"] for order in lane["orders"]
    }


def test_a_house_without_a_forecast_has_an_empty_plan_that_says_why_and_an_unknown_one_none(farm: Farm) -> None:
    plan = farm.client.get(f"/v1/greenhouses/{HOUSE}/plan").json()
    assert (plan["lanes"], plan["withheld"], plan["gain"]) == ([], [], None)
    assert plan["reason"]["text_zh"]
    assert farm.client.get("/v1/greenhouses/nobody/plan").status_code == 404


def test_each_truth_of_the_page_is_read_once_for_all_rows(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = list(farm.repositories.fields.all())
    for number in range(2):
        farm.repositories.fields.add(msgspec.structs.replace(fields[0], id="", name=f"Field {number}"))
    read: Counter[str] = Counter()

    def count(module: ModuleType, name: str) -> None:
        real = getattr(module, name)

        def counted(*args: object, **more: object) -> object:
            read[name] += 1
            return real(*args, **more)

        monkeypatch.setattr(module, name, counted)

    count(card_page, "crop_targets_of")
    count(forecasts, "crop_targets_of")
    count(card_page, "find_local_time")
    count(card_page, "recent_faults")
    count(field_statements, "read_ahead")
    count(field_statements, "window_record")
    page = today(farm.client)
    sites = {row["site"] for row in page["rows"] if row["kind"] == "field"}
    assert len([row for row in page["rows"] if row["kind"] == "field"]) > len(sites)
    # Those of the list, and of each forecast that the first request makes; faults of sensors are on no row.
    houses = len([row for row in page["rows"] if row["kind"] == "greenhouse"])
    assert read["crop_targets_of"] <= 1 + min(houses, 3)
    assert read["find_local_time"] == 1
    assert read["recent_faults"] == 0
    assert read["read_ahead"] <= len(sites)
    assert read["window_record"] <= 2 * len(sites)
