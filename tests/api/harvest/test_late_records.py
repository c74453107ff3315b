"""Twenty treatments that are entered after the harvest: every door says which lots were harvested within the interval.

Lots are as they were harvested, packed, split, mixed, and packed and split; places are fields and zones of houses;
treatments end around midnight of the farm, whose days are not those of UTC. All were released and half sold before.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import pytest

from headland.alarms.rounds.evaluator import AlarmEvaluator
from headland.analysis.plant_protection.harvest_alarms import alarms_of_records
from headland.formats.epcis.documents import read_document
from headland.formats.epcis.event_hash import hash_event
from headland.formats.epcis.vocabulary import namespaces_of
from headland.registry.models.models import Field, Greenhouse, GreenhouseZone
from headland.runtime.readiness import Check
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN
from tests.api.registry_api import RegistryApi, fill_registry
from tests.api.server import body_of, own_app, serve
from tests.registry.records import PLOT
from tests.reports.test_certificate import content_of

pytestmark = pytest.mark.long

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
CASES: Final = 20
KINDS: Final = ("harvested", "packed", "split", "mixed", "packed and split")
#: The last minute before, and the first at and after midnight in Shanghai, which is 16:00 of UTC; and at noon.
ENDS: Final = ("23:59", "00:00", "00:01", "12:00")
INTERVAL_DAYS: Final = 5
COLUMNS: Final = (
    "registration_number,name,unit,active_ingredients,crop,most_dose_ha,pre_harvest_interval_days,reentry_h"
)
REGISTER: Final = f"""{COLUMNS}
PD-1,Spray S,l,azoxystrobin 250 g/l,tomato,0.9,{INTERVAL_DAYS},12
PD-2,Spray T,l,azoxystrobin 250 g/l,tomato,0.9,1,
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A harvest with the lots of it, the newest last, their public page, and the treatment that is entered late."""

    place: dict[str, str]
    harvested_ms: int
    lots: list[str]
    path: str
    treatment: dict[str, Any]

    @property
    def lot(self) -> str:
        """The lot that is released and half sold."""
        return self.lots[-1]


@dataclass(frozen=True, slots=True)
class LateFarm:
    """A farm with lots of twenty places; `clean` is a lot of a place without a treatment."""

    api: RegistryApi
    cases: list[Case]
    clean: str
    certificate: dict[str, Any]
    evaluator: AlarmEvaluator


def ask(farm: LateFarm, path: str, **params: Any) -> Any:
    return body_of(farm.api.client.get(path, params=params))


def send(client: httpx.Client, path: str, body: dict[str, Any], status: int = 201) -> Any:
    return body_of(client.post(path, json=body), status)


def operate(client: httpx.Client, kind: str, inputs: dict[str, int], outputs: list[int], time_ms: int) -> list[str]:
    made = send(
        client,
        "/v1/lot-operations",
        {
            "kind": kind,
            "time_ms": time_ms,
            "author": "Li",
            "inputs": [{"lot": lot, "grams": grams} for lot, grams in inputs.items()],
            "outputs": [{"product": "Tomato", "crop": "tomato", "grams": grams} for grams in outputs],
            **({"party": "Shop A"} if kind == "sell" else {}),
        },
    )
    return [lot["id"] for lot in made["lots"]]


def local_ms(day: int, clock: str) -> int:
    """Return an instant of the farm: days before the present one."""
    today = datetime.fromtimestamp(NOW_MS / 1000, SHANGHAI).date()
    hour, minute = (int(part) for part in clock.split(":"))
    moment = datetime.combine(today - timedelta(days=day), datetime.min.time(), SHANGHAI)
    return round(moment.replace(hour=hour, minute=minute).timestamp() * 1000)


def harvest(client: httpx.Client, place: dict[str, str], time_ms: int) -> str:
    body = {**place, "crop": "tomato", "product": "Tomato", "time_ms": time_ms, "grams": 100_000, "author": "Li"}
    lot: str = send(client, "/v1/harvests", body)["lot"]["id"]
    return lot


def treatment(product: str, place: dict[str, str], end_ms: int) -> dict[str, Any]:
    mix = [{"product": product, "dose_ha": 0.6}]
    return {**place, "crop": "tomato", "start_ms": end_ms - 600_000, "end_ms": end_ms, "mix": mix, "author": "Li"}


def make_case(client: httpx.Client, number: int, place: dict[str, str], clean: str, product: str) -> Case:
    """Return a case of a number, with its treatment not yet entered."""
    ends = ENDS[number % len(ENDS)]
    # A treatment that ends at midnight is of the day before: the last day of the interval is four days after that.
    treated_day = 8 if ends == "00:00" else 7
    end_ms = local_ms(7, ends)
    harvested_ms = local_ms(treated_day - INTERVAL_DAYS + 1, "06:00")
    lots = [harvest(client, place, harvested_ms)]
    kind = KINDS[number // len(ENDS)]
    later_ms = NOW_MS - 3_600_000
    if kind.startswith("packed"):
        lots += operate(client, "pack", {lots[-1]: 100_000}, [100_000], later_ms)
    if kind.endswith("split"):
        lots += operate(client, "split", {lots[-1]: 100_000}, [40_000, 60_000], later_ms)
    if kind == "mixed":
        lots += operate(client, "mix", {lots[-1]: 100_000, clean: 1000}, [101_000], later_ms)
    released = send(client, f"/v1/lots/{lots[-1]}/release", {"issuer": "Red Star", "gtin": "9506000134352"})
    operate(client, "sell", {lots[-1]: 30_000}, [], NOW_MS)
    return Case(place, harvested_ms, lots, released["path"], treatment(product, place, end_ms))


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LateFarm]:
    registry, repositories, ids = fill_registry(tmp_path_factory.mktemp("late"))
    app = own_app(readiness=lambda: [Check("ingest", True, "connected")], now_ms=lambda: NOW_MS, registry=registry)
    house = repositories.greenhouses.add(Greenhouse(farm=ids["farms"], site=ids["sites"], name="House 2"))
    places: list[dict[str, str]] = []
    for number in range(CASES):
        if number % 2:
            zone = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name=f"zone {number}", crop="tomato"))
            places.append({"zone": zone.id})
        else:
            # Without a site of its own: the days are those of the farm's only site.
            site = ids["sites"] if number % 4 else None
            field = Field(farm=ids["farms"], name=f"Field {number}", geometry=PLOT, site=site)
            places.append({"field": repositories.fields.add(field).id})
    spare = repositories.fields.add(Field(farm=ids["farms"], name="Spare", geometry=PLOT, site=ids["sites"]))
    evaluator = AlarmEvaluator(MemoryStore(), repositories, OWN, dict, record_alarms=alarms_of_records(repositories))
    with serve(app) as client:
        register = client.post("/v1/plant-protection-products/import", content=REGISTER.encode())
        assert register.status_code == 200, register.text
        products = client.get("/v1/plant-protection-products").json()["items"]
        ids.update((product["registration_number"], product["id"]) for product in products)
        api = RegistryApi(client, registry, repositories, ids)
        clean = harvest(client, {"field": spare.id}, local_ms(3, "06:00"))
        cases = [make_case(client, number, place, clean, ids["PD-1"]) for number, place in enumerate(places)]
        contact = {"issuer": "Red Star", "contact": "0512 555", "author": "Li", "basis": ["own_control"]}
        certificate = send(client, f"/v1/lots/{cases[0].lot}/certificates", contact)
        unflagged = LateFarm(api, cases, clean, certificate, evaluator)
        assert flags_at_every_door(unflagged) == {door: set() for door in DOORS}
        for case in cases:
            send(client, "/v1/treatments", case.treatment)
        yield unflagged
    registry.close()


def listed_states(farm: LateFarm) -> dict[str, str]:
    lots: dict[str, str] = {}
    cursor: dict[str, str] = {}
    while True:
        page = ask(farm, "/v1/lots", limit=10, **cursor)
        lots |= {lot["id"]: lot["interval_state"] for lot in page["items"]}
        if page["next"] is None:
            return lots
        cursor = {"cursor": page["next"]}


def recalled(farm: LateFarm, treatment_id: str) -> set[str]:
    answer = ask(farm, "/v1/lots/holding", kind="treatment", id=treatment_id)
    return {lot["id"] for lot in answer["items"] if lot["interval_state"] == "breached"}


def recalled_in_csv(farm: LateFarm, treatment_id: str) -> set[str]:
    asked = {"kind": "treatment", "id": treatment_id, "format": "csv"}
    answer = farm.api.client.get("/v1/lots/holding", params=asked)
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    return {row["lot"] for row in rows if row["harvested_in_interval"] == "true"}


def passport_of(farm: LateFarm, case: Case) -> dict[str, Any]:
    token = farm.api.client.get(f"{case.path}/passport.json").json()["id"].removeprefix("data:application/vc+jwt,")
    body = token.split(".")[1]
    subject: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["credentialSubject"]
    return subject


def holds_event(farm: LateFarm, case: Case) -> bool:
    document = read_document(farm.api.client.get(f"{case.path}/events.json").content)
    names = namespaces_of(document.context)
    assert all(event["eventID"] == hash_event(event, names) for event in document.events)
    told = [(event.get("bizStep"), event.get("disposition")) for event in document.events]
    return ("holding", "non_sellable_other") in told


def text_at(farm: LateFarm, path: str, **params: str) -> str:
    answer = farm.api.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.text


def flags_at_every_door(farm: LateFarm) -> dict[str, set[str]]:
    """Return the lots, of those released and half sold, that each door flags."""
    found: dict[str, set[str]] = {door: set() for door in DOORS}
    states = listed_states(farm)
    treatments = {item["id"]: item for item in ask(farm, "/v1/treatments", limit=1000)["items"]}
    tonight = ask(farm, "/v1/tonight")
    cards = {card["id"]: card for card in tonight["items"]} | {
        card["id"]: card for card in ask(farm, "/v1/tonight", limit=50)["items"]
    }
    now_ms = NOW_MS + len(treatments) * 60_000
    farm.evaluator.round(now_ms)
    alarms = {alarm["subject"]: alarm for alarm in ask(farm, "/v1/alarms", state="active", limit=1000)["items"]}
    recalls = {recall["treatment"]: recall for recall in tonight["recalls"]}
    register = {each["lot"]: each["interval_state"] for each in ask(farm, "/v1/certificates")["items"]}
    for number, case in enumerate(farm.cases):
        lot, of_place = case.lot, {**case.place}
        history = ask(farm, f"/v1/lots/{lot}", happenings=False)
        mine = [item for item in treatments.values() if of_place.items() <= item.items()]
        checks = [ask(farm, f"/v1/treatments/{item['id']}/check") for item in mine]
        card = cards.get(case.place.get("field", ""), {"recalls": []})
        pages = {language: text_at(farm, case.path, lang=language) for language in ("en", "zh")}
        says = {
            "lot page": history["lot"]["interval_state"] == "breached"
            and any(breach["kind"] == "pre_harvest" for breach in history["interval_breaches"]),
            "list of lots": states[lot] == "breached",
            "list of treatments": any(item["lots_within"] for item in mine),
            "check of the treatment": any(
                finding["check"] == "harvest" and finding["state"] == "broken"
                for check in checks
                for part in check["products"]
                for finding in part["findings"]
            )
            and lot in {each["id"] for check in checks for each in check["lots"]},
            "recall": any(lot in recalled(farm, item["id"]) for item in mine),
            "recall as CSV": any(lot in recalled_in_csv(farm, item["id"]) for item in mine),
            "first page": any(recalls.get(item["id"], {}).get("lots", 0) for item in mine),
            "card of the field": bool(card["recalls"]) and card["level"] == "high",
            "alarm": any(alarms.get(item["id"], {}).get("severity") == "critical" for item in mine),
            "public page in English": "Do not eat or sell this lot" in pages["en"],
            "public page in Chinese": "请暂停食用和销售此批次" in pages["zh"],
            "overlay": "暂停销售" in text_at(farm, f"{case.path}/overlay", lang="zh"),
            "shelf card": "暂停销售" in text_at(farm, f"{case.path}/card.svg", lang="zh"),
            "passport": "harvestedWithinInterval" in passport_of(farm, case),
            "events": holds_event(farm, case),
            "release": ask(farm, f"/v1/lots/{lot}/release")["interval_state"] == "breached",
            "certificates": register.get(lot) == "breached" if number == 0 else states[lot] == "breached",
        }
        for door, is_said in says.items():
            if is_said:
                found[door].add(lot)
    return found


#: The card is of a field; a house without a device has none, and is on the first page besides.
DOORS: Final = (
    "lot page", "list of lots", "list of treatments", "check of the treatment", "recall", "recall as CSV",
    "first page", "card of the field", "alarm", "public page in English", "public page in Chinese", "overlay",
    "shelf card", "passport", "events", "release", "certificates",
)  # fmt: skip


def test_twenty_late_records_are_twenty_flags_at_every_door(farm: LateFarm) -> None:
    released = {case.lot for case in farm.cases}
    fields = {case.lot for case in farm.cases if "field" in case.place}
    assert len(released) == CASES
    found = flags_at_every_door(farm)
    assert found == {**dict.fromkeys(DOORS, released), "card of the field": fields}
    states = listed_states(farm)
    # Every lot on the way is flagged, and no other.
    every = {lot for case in farm.cases for lot in case.lots}
    assert {lot for lot, state in states.items() if state == "breached"} == every
    assert states[farm.clean] == "no_breach"


def test_the_days_are_those_of_the_farm(farm: LateFarm) -> None:
    for case in farm.cases:
        (breach,) = ask(farm, f"/v1/lots/{case.lot}", happenings=False)["interval_breaches"]
        end = datetime.fromtimestamp((case.treatment["end_ms"] - 1) / 1000, SHANGHAI).date()
        assert breach["treated_on"] == end.isoformat()
        assert breach["ends_on"] == (end + timedelta(days=INTERVAL_DAYS)).isoformat()
        assert breach["harvested_on"] == (end + timedelta(days=INTERVAL_DAYS - 1)).isoformat()
        assert breach["entered_late"]


def test_papers_are_refused_and_printed_ones_say_it(farm: LateFarm) -> None:
    client, case = farm.api.client, farm.cases[0]
    contact = {"issuer": "Red Star", "contact": "0512 555", "author": "Li", "basis": ["own_control"]}
    for each in farm.cases[1:]:
        refused = send(client, f"/v1/lots/{each.lot}/certificates", contact, 409)
        assert refused["type"].endswith(":harvested-in-interval")
        again = send(client, f"/v1/lots/{each.lot}/release", {"issuer": "Red Star"}, 409)
        assert again["type"].endswith(":harvested-in-interval")
    copy = {"author": "Li", "base_url": "https://farm.example"}
    refused = client.post(
        f"/v1/certificates/{farm.certificate['id']}/copies", json=copy, headers={"Accept-Language": "zh"}
    )
    assert refused.status_code == 409
    assert "请予作废" in refused.json()["detail"]
    # The promise of the certificate is not repeated to buyers, nor named to search engines.
    page = text_at(farm, case.path, lang="zh")
    assert "承诺达标合格证</h2>" not in page
    assert "hasCertification" not in page
    card = client.get(f"{case.path}/card.pdf", params={"lang": "zh"}).content
    assert len(content_of(card)) > 0
    clean = send(client, f"/v1/lots/{farm.clean}/release", {"issuer": "Red Star"})["path"]
    assert len(card) > len(client.get(f"{clean}/card.pdf", params={"lang": "zh"}).content)
    assert client.get(f"{clean}/picture.png").content != client.get(f"{case.path}/picture.png").content
    assert "暂停" not in text_at(farm, clean, lang="zh")


def test_an_acknowledged_recall_is_quiet_and_stays_flagged(farm: LateFarm) -> None:
    case = farm.cases[2]
    (recall,) = [each for each in ask(farm, "/v1/tonight")["recalls"] if case.place.items() <= each.items()]
    answer = farm.api.client.post(f"/v1/alarms/{recall['alarm']}/acknowledge", json={"note": "recalled"})
    assert answer.status_code == 200, answer.text
    cards = ask(farm, "/v1/tonight", limit=50)
    (again,) = [each for each in cards["recalls"] if each["treatment"] == recall["treatment"]]
    assert again["acknowledged_ms"] is not None
    assert cards["recalls"][-1] == again
    (card,) = [each for each in cards["items"] if each["id"] == case.place["field"]]
    assert card["level"] != "high"
    assert ask(farm, f"/v1/lots/{case.lot}", happenings=False)["lot"]["interval_state"] == "breached"


def test_a_harvest_in_the_growth_of_which_no_treatment_falls_is_recalled_by_it(farm: LateFarm) -> None:
    client, place = farm.api.client, {"field": farm.api.ids["fields"]}
    time_ms = local_ms(1, "06:00")
    body = {**place, "crop": "tomato", "product": "Late", "time_ms": time_ms, "grams": 1000, "author": "Li"}
    lot = send(client, "/v1/harvests", {**body, "grown_from_ms": time_ms - 3_600_000})["lot"]["id"]
    made = send(client, "/v1/treatments", treatment(farm.api.ids["PD-1"], place, local_ms(3, "06:00")))
    assert made["lots_within"] == 1
    assert recalled(farm, made["id"]) == {lot}
    withdrawn = {**treatment(farm.api.ids["PD-1"], place, local_ms(3, "06:00")), "corrects": made["id"]}
    assert send(client, "/v1/treatments", {**withdrawn, "withdrawn": True})["lots_within"] == 0
    assert ask(farm, f"/v1/lots/{lot}", happenings=False)["lot"]["interval_state"] == "no_breach"


def test_a_harvest_within_the_reentry_interval_is_named_and_no_goods_are_recalled(farm: LateFarm) -> None:
    client, zone = farm.api.client, farm.api.ids["zones"]
    lot = harvest(client, {"zone": zone}, local_ms(1, "06:00"))
    made = send(client, "/v1/plant-protection-products/import", {}, 400)
    register = "registration_number,name,unit,active_ingredients,crop,pre_harvest_interval_days,reentry_h\n"
    register += "PD-3,Smoke,l,azoxystrobin 250 g/l,tomato,0,24\n"
    assert client.post("/v1/plant-protection-products/import", content=register.encode()).status_code == 200
    products = ask(farm, "/v1/plant-protection-products", limit=100)["items"]
    (product,) = [each["id"] for each in products if each["registration_number"] == "PD-3"]
    made = send(client, "/v1/treatments", treatment(product, {"zone": zone}, local_ms(1, "00:30")))
    check = ask(farm, f"/v1/treatments/{made['id']}/check")
    assert [each["kind"] for each in check["breaches"]] == ["reentry"]
    assert "harvest_entry" in {each["check"] for each in check["products"][0]["findings"]}
    assert (made["lots_within"], check["lots_within"]) == (0, 0)
    assert ask(farm, f"/v1/lots/{lot}", happenings=False)["lot"]["interval_state"] == "no_breach"


def test_a_shorter_interval_clears_every_door_and_leaves_the_history(farm: LateFarm) -> None:
    client = farm.api.client
    first = ask(farm, "/v1/treatments", limit=1000)["items"]
    entered = {json.dumps(case.place): case for case in farm.cases}
    for item in first:
        place = {name: item[name] for name in ("field", "zone") if item[name] is not None}
        case = entered.get(json.dumps(place))
        if case is None:
            continue
        corrected = {**case.treatment, "mix": [{"product": farm.api.ids["PD-2"], "dose_ha": 0.6}]}
        made = send(client, "/v1/treatments", {**corrected, "corrects": item["id"], "note": "it was Spray T"})
        assert made["lots_within"] == 0
    assert flags_at_every_door(farm) == {door: set() for door in DOORS}
    # What was said is kept: the corrected entry, and the alarm with its end.
    old = ask(farm, f"/v1/treatments/{first[0]['id']}")
    assert old["mix"][0]["product"] == farm.api.ids["PD-1"]
    ended = ask(farm, "/v1/alarms", state="ended", limit=1000)["items"]
    ours = [alarm for alarm in ended if alarm["rule"] == "harvested-in-interval"]
    assert {alarm["ended_why"] for alarm in ours} == {"cleared"}
    assert len({alarm["subject"] for alarm in ours}) >= CASES
    assert all(alarm["raised_ms"] >= NOW_MS for alarm in ours)
    copy = {"author": "Li", "base_url": "https://farm.example"}
    assert client.post(f"/v1/certificates/{farm.certificate['id']}/copies", json=copy).status_code == 200


def test_a_label_that_is_changed_later_is_looked_back_on_too(farm: LateFarm) -> None:
    client, case = farm.api.client, farm.cases[5]
    register = REGISTER.replace(
        "PD-2,Spray T,l,azoxystrobin 250 g/l,tomato,0.9,1,", "PD-2,Spray T,l,azoxystrobin 250 g/l,tomato,0.9,9,"
    )
    assert client.post("/v1/plant-protection-products/import", content=register.encode()).status_code == 200
    assert ask(farm, f"/v1/lots/{case.lot}", happenings=False)["lot"]["interval_state"] == "breached"
    assert len(ask(farm, "/v1/tonight")["recalls"]) == CASES
    assert "请暂停食用和销售此批次" in text_at(farm, case.path, lang="zh")
