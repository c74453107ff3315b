"""Plant protection, harvests, lots, recall and certificates over HTTP, on a field that was spread."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.routes.harvest import certificates
from api.routes.harvest import lots as lots_routes
from headland.client import Client
from headland.errors import HeadlandError
from headland.formats.plant_protection.register_csv import sample_csv
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS
from station.demo import wheat
from station.demo.papers import Papers
from tests.api.farm import NOW_MS, START_MS
from tests.api.registry_api import RegistryApi, ask
from tests.api.server import body_of
from tests.api.spread_field import APPLIED_KG, SPREADER, declaration, serve_spread_field
from tests.reports.test_certificate import content_of, read_code

#: Forty days after the pass: intervals are over.
LATER_MS = NOW_MS + 40 * DAY_MS
COLUMNS = (
    "registration_number,name,unit,active_ingredients,crop,most_dose_ha,pre_harvest_interval_days,most_uses_season"
)
REGISTER = (
    COLUMNS
    + """
PD-1,Granule G,kg,carbosulfan 5 %,wheat,200,30,1
PD-2,Old spray,l,azoxystrobin 250 g/l,tomato,0.9,5,3
"""
)


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("harvest"), MemoryStore(), LATER_MS) as served:
        farm = served.client
        register = REGISTER.encode()
        assert farm.post("/v1/plant-protection-products/import", content=register).status_code == 200
        served.ids["pass"] = body_of(farm.post("/v1/passes", json={**declaration(served), "product": None}), 201)["id"]
        products = ask(served, "/v1/plant-protection-products")["items"]
        served.ids.update((product["registration_number"], product["id"]) for product in products)
        yield served


def send(farm_api: RegistryApi, path: str, body: dict[str, Any], status: int = 201, **headers: str) -> Any:
    return body_of(farm_api.client.post(path, json=body, headers=headers), status)


def treatment(farm_api: RegistryApi, **changes: Any) -> dict[str, Any]:
    return {
        "field": farm_api.ids["field"],
        "pass_id": farm_api.ids["pass"],
        "crop": "winter wheat",
        "start_ms": START_MS,
        "end_ms": NOW_MS,
        "mix": [{"product": farm_api.ids["PD-1"], "dose_ha": 120.0}],
        "author": "Li",
        **changes,
    }


def harvest(farm_api: RegistryApi, **changes: Any) -> dict[str, Any]:
    return {
        "field": farm_api.ids["field"],
        "crop": "wheat",
        "product": "Wheat",
        "time_ms": LATER_MS - HOUR_MS,
        "grams": 1_000_000,
        "author": "Li",
        **changes,
    }


@pytest.fixture(scope="module")
def treated(farm_api: RegistryApi) -> dict[str, Any]:
    made: dict[str, Any] = send(farm_api, "/v1/treatments", treatment(farm_api))
    return made


def test_a_dry_run_of_the_register_adds_nothing_and_a_second_import_changes_nothing(farm_api: RegistryApi) -> None:
    url = "/v1/plant-protection-products/import"
    dry = farm_api.client.post(url, content=sample_csv(), params={"dry_run": True, "sample": True}).json()
    assert (dry["stored"], len(dry["added"])) == (False, 3)
    again = farm_api.client.post(url, content=REGISTER.encode()).json()
    assert (again["added"], again["changed"], again["unchanged"]) == ([], [], 2)
    refused = farm_api.client.post(url, content=b"name\nx", headers={"Accept-Language": "zh"})
    assert refused.status_code == 400
    assert refused.json()["rows"][0]["detail"].startswith("缺少以下列")


def test_a_treatment_is_checked_by_cell_against_what_its_pass_measured(
    farm_api: RegistryApi, treated: dict[str, Any]
) -> None:
    check = ask(farm_api, f"/v1/treatments/{treated['id']}/check")
    findings = {finding["check"]: finding for finding in check["products"][0]["findings"]}
    assert check["no_map"] is None
    assert findings["dose"]["state"] == "holds"
    by_cell = findings["dose_by_cell"]
    # 93.6 kg on 0.8 ha: 117 kg/ha on average, below the 200 of the label.
    assert by_cell["state"] == "holds"
    assert by_cell["values"]["mean"] == pytest.approx(APPLIED_KG / 0.8, rel=0.1)
    assert by_cell["values"]["coverage_pct"] > 95
    assert by_cell["evidence"] == "measured"
    assert findings["buffer"]["id"] == "buffer_strip_treated"
    assert findings["weather"]["state"] == "unknown"
    assert findings["uses"]["values"] == {"uses": 1, "most": 1}
    assert findings["interval"]["state"] == "holds"
    assert "公斤/公顷" in by_cell["text_zh"]


def test_a_crop_that_the_label_lacks_is_a_finding(farm_api: RegistryApi) -> None:
    made = send(farm_api, "/v1/treatments", treatment(farm_api, crop="rice", pass_id=None))
    product = ask(farm_api, f"/v1/treatments/{made['id']}/check")["products"][0]
    assert (product["crop_on_label"], product["findings"][0]["id"]) == (False, "crop_not_on_label")
    withdrawn = treatment(farm_api, crop="rice", pass_id=None, corrects=made["id"], withdrawn=True)
    send(farm_api, "/v1/treatments", withdrawn)


def test_a_harvest_is_refused_with_the_day_on_which_the_interval_ends(
    farm_api: RegistryApi, treated: dict[str, Any]
) -> None:
    early = NOW_MS + 29 * DAY_MS
    state = ask(farm_api, "/v1/harvest-intervals", field=farm_api.ids["field"], crop="小麦", time_ms=early)
    assert (state["may_harvest"], len(state["running"])) == (False, 1)
    refused = send(farm_api, "/v1/harvests", harvest(farm_api, time_ms=early), 409, **{"Accept-Language": "zh-CN"})
    assert refused["type"].endswith(":interval-runs")
    assert refused["ends_on"] == state["ends_on"]
    assert state["ends_on"] in refused["detail"]
    assert "安全间隔期" in refused["detail"]
    assert ask(farm_api, "/v1/lots")["items"] == []


@pytest.fixture(scope="module")
def lots(farm_api: RegistryApi, treated: dict[str, Any]) -> dict[str, Any]:
    """Two harvests, mixed and then split into packages."""
    first = send(farm_api, "/v1/harvests", harvest(farm_api))["lot"]
    second = send(farm_api, "/v1/harvests", harvest(farm_api, grams=500_001, code="W-2"))["lot"]
    operation = {
        "kind": "mix",
        "time_ms": LATER_MS,
        "author": "Li",
        "inputs": [{"lot": first["id"], "grams": 1_000_000}, {"lot": second["id"], "grams": 500_001}],
        "outputs": [{"product": "Wheat", "crop": "wheat", "grams": 1_500_001}],
    }
    mixed = send(farm_api, "/v1/lot-operations", operation)["lots"][0]
    milling = {
        "kind": "process",
        "time_ms": LATER_MS,
        "author": "Li",
        "inputs": [{"lot": mixed["id"], "grams": 1_000_000}],
        "outputs": [
            {"product": "Flour", "crop": "wheat", "grams": 750_000, "packs": 300},
            {"product": "Bran", "crop": "wheat", "grams": 240_000},
        ],
        "loss_g": 10_000,
    }
    flour, bran = send(farm_api, "/v1/lot-operations", milling)["lots"]
    return {"first": first, "second": second, "mixed": mixed, "flour": flour, "bran": bran}


def test_a_lot_inherits_what_happened_to_its_harvests_with_the_evidence(
    farm_api: RegistryApi, lots: dict[str, Any], treated: dict[str, Any]
) -> None:
    history = ask(farm_api, f"/v1/lots/{lots['flour']['id']}")
    assert sum(share["grams"] for share in history["harvests"]) == 750_000
    happened = {(each["kind"], each["id"], each["evidence"]) for each in history["happenings"]}
    assert ("pass", farm_api.ids["pass"], "measured") in happened
    assert ("treatment", treated["id"], "declared") in happened
    held = ask(farm_api, "/v1/lots/holding", kind="pass", id=farm_api.ids["pass"])
    assert held["count"] == 5
    assert {lot["product"] for lot in held["items"]} == {"Wheat", "Flour", "Bran"}
    assert ask(farm_api, "/v1/lots/holding", kind="treatment", id=treated["id"])["count"] == 5
    below = ask(farm_api, f"/v1/lots/{lots['mixed']['id']}/descendants")
    assert {lot["id"] for lot in below["items"]} == {lots["flour"]["id"], lots["bran"]["id"]}
    listed: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = ask(farm_api, "/v1/lots/holding", kind="pass", id=farm_api.ids["pass"], limit="2", **cursor)
        listed += page["items"]
        cursor = {"cursor": page["next"]}
    assert (page["next"], page["count"], listed) == (None, 5, held["items"])
    sale = {"kind": "sell", "time_ms": LATER_MS, "author": "Li", "inputs": [{"lot": lots["flour"]["id"], "grams": 500}]}
    for party in ("Shop B", "Shop A", "Shop B"):
        send(farm_api, "/v1/lot-operations", {**sale, "party": party})
    query = {"kind": "pass", "id": farm_api.ids["pass"], "format": "csv"}
    answer = farm_api.client.get("/v1/lots/holding", params=query)
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [row["lot"] for row in rows] == [lot["id"] for lot in held["items"]]
    flour = next(row for row in rows if row["product"] == "Flour")
    assert (float(flour["kg"]), float(flour["remaining_kg"]), flour["parties"]) == (750, 748.5, "Shop A; Shop B")
    nothing = farm_api.client.get(f"/v1/lots/{lots['bran']['id']}/descendants?format=csv").text.splitlines()
    assert nothing == [",".join(rows[0])]
    rest = {lot["id"]: lot["remaining_g"] for lot in ask(farm_api, "/v1/lots")["items"]}
    assert (rest[lots["mixed"]["id"]], rest[lots["flour"]["id"]]) == (500_001, 748_500)


def certificate(**changes: Any) -> dict[str, Any]:
    return {"issuer": "绿源合作社", "contact": "138 0000", "author": "Li", "basis": ["own_control"], **changes}


def test_a_certificate_is_issued_once_printed_and_made_void(farm_api: RegistryApi, lots: dict[str, Any]) -> None:
    url = f"/v1/lots/{lots['mixed']['id']}/certificates"
    made = send(farm_api, url, certificate())
    assert (made["grams"], made["state"], len(made["token"])) == (500_001, "valid", 22)
    assert send(farm_api, url, certificate(), 409)["type"].endswith(":certificate-valid")
    flour = send(farm_api, f"/v1/lots/{lots['flour']['id']}/certificates", certificate())
    assert flour["follows"] == [made["id"]]
    body = {"author": "Li", "form": "label_60x40", "base_url": "https://farm.example"}
    printed = farm_api.client.post(f"/v1/certificates/{made['id']}/copies", json=body)
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")
    send(farm_api, f"/v1/certificates/{made['id']}/void", {"author": "Li", "reason": "mixed again"})
    shown = ask(farm_api, f"/v1/certificates/{made['id']}")
    assert [entry["kind"] for entry in shown["entries"]] == ["issued", "copied", "void"]
    assert shown["certificate"]["state"] == "void"
    body = {"author": "Li", "form": "a7", "base_url": "https://farm.example"}
    send(farm_api, f"/v1/certificates/{made['id']}/copies", body, 409)
    assert len(ask(farm_api, "/v1/certificates")["items"]) == 2


def test_nothing_simulated_and_nothing_of_a_sample_label_is_certified(
    farm_api: RegistryApi, lots: dict[str, Any]
) -> None:
    simulated = send(farm_api, "/v1/harvests", harvest(farm_api, evidence="simulated"))["lot"]
    refused = send(farm_api, f"/v1/lots/{simulated['id']}/certificates", certificate(), 409)
    assert refused["type"].endswith(":lot-simulated")
    specimens = {
        lot["code"]: farm_api.client.get(
            f"/v1/lots/{lot['id']}/specimen", params={"issuer": "绿源", "form": "a7", "origin": "武汉"}
        )
        for lot in (simulated, lots["mixed"])
    }
    assert {answer.headers["content-type"] for answer in specimens.values()} == {"application/pdf"}
    codes = [read_code(content_of(answer.content)) for answer in specimens.values()]
    assert codes == [
        "SPECIMEN 样张 · simulated 模拟数据 · no certificate 非合格证",
        "SPECIMEN 样张 · no certificate 非合格证",
    ]
    assert len(ask(farm_api, "/v1/certificates")["items"]) == 2
    used_up = send(farm_api, f"/v1/lots/{lots['first']['id']}/certificates", certificate(), 409)
    assert used_up["type"].endswith(":lot-used-up")


def test_a_treatment_that_is_entered_after_the_harvest_refuses_the_certificate(farm_api: RegistryApi) -> None:
    zone = farm_api.ids["zones"]
    grown = {"field": None, "zone": zone, "crop": "tomato", "product": "Tomato"}
    lot = send(farm_api, "/v1/harvests", harvest(farm_api, **grown))["lot"]
    late = {
        "field": None,
        "zone": zone,
        "pass_id": None,
        "crop": "tomato",
        "start_ms": LATER_MS - 2 * DAY_MS,
        "end_ms": LATER_MS - 2 * DAY_MS + HOUR_MS,
        "mix": [{"product": farm_api.ids["PD-2"], "dose_ha": 0.6}],
    }
    send(farm_api, "/v1/treatments", treatment(farm_api, **late))
    url = f"/v1/lots/{lot['id']}/certificates"
    assert send(farm_api, url, certificate(), 409)["type"].endswith(":harvested-in-interval")
    unknown = {**late, "crop": "pepper", "start_ms": LATER_MS - 3 * DAY_MS, "end_ms": LATER_MS - 3 * DAY_MS + 1}
    lot = send(farm_api, "/v1/harvests", harvest(farm_api, **{**grown, "crop": "pepper", "product": "Pepper"}))["lot"]
    send(farm_api, "/v1/treatments", treatment(farm_api, **unknown))
    refused = send(farm_api, f"/v1/lots/{lot['id']}/certificates", certificate(), 409, **{"Accept-Language": "zh"})
    assert refused["type"].endswith(":interval-not-known")
    assert "安全间隔期" in refused["detail"]
    assert SPREADER not in refused["detail"]


def test_no_request_changes_or_deletes_a_harvest_a_lot_or_a_certificate() -> None:
    routes = [route for router in (certificates.router, lots_routes.router) for route in router.routes()]
    assert {method for route in routes for method in route.methods} == {"GET", "POST"}


def test_a_demonstration_enters_nothing_where_machines_are_real(farm_api: RegistryApi, tmp_path: Path) -> None:
    field = {**ask(farm_api, f"/v1/fields/{farm_api.ids['field']}"), "name": "jurong-wheat", "zones": []}
    made = send(farm_api, "/v1/fields", {name: field[name] for name in ("farm", "name", "geometry")})
    before = ask(farm_api, "/v1/lots")
    papers = Papers(tmp_path, "en", lambda _: None)
    with (
        Client(str(farm_api.client.base_url), farm_api.client.headers.get("authorization", "")[7:] or None) as client,
        pytest.raises(HeadlandError, match="real machines"),
    ):
        wheat.run(client, papers, NOW_MS + DAY_MS)
    assert ask(farm_api, "/v1/lots") == before
    assert len(ask(farm_api, "/v1/farms")["items"]) == 1
    removed = farm_api.client.delete(f"/v1/fields/{made['id']}", headers={"If-Match": f'"{made["version"]}"'})
    assert removed.status_code == 204
