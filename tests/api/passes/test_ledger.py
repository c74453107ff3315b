"""Deviation, nutrients, settlement and remaining work of passes over HTTP, and the ledger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arro3.io import read_ipc_stream

from api.http.content_types import ARROW, CSV, JSON
from headland.registry.db.tables.farm_tables import ledger
from headland.registry.models.models import Site
from headland.store.memory import MemoryStore
from tests.api.farm import NORTH_DEG_M, NOW_MS, OWN, START_MS, write_series
from tests.api.registry_api import RegistryApi, ask
from tests.api.spread_field import APPLIED_KG, declaration, serve_spread_field

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    store = MemoryStore()
    first_ms = START_MS // HOUR_MS * HOUR_MS - 2 * HOUR_MS
    time_ms = first_ms + 60_000 * np.arange(180)
    columns = {
        "air_temperature_degc": np.full(180, 25.0),
        "relative_humidity_pct": np.full(180, 60.0),
        "wind_speed_m_s": np.where(np.arange(180) < 60, 2.5, np.where(np.arange(180) < 120, 5.5, 7.0)),
        "rain_on": np.zeros(180),
    }
    write_series(store, OWN, "equator", "weather", "wx-2", time_ms, columns)
    with serve_spread_field(tmp_path_factory.mktemp("ledger"), store) as served:
        farm = served.repositories.farms.list()[0]
        site = served.repositories.sites.add(Site(farm=farm.id, name="equator", time_zone="Europe/Berlin"))
        shown = served.client.get(f"/v1/fields/{served.ids['field']}").json()
        assert served.client.put(f"/v1/fields/{shown['id']}", json={**shown, "site": site.id}).status_code == 200
        yield served


@pytest.fixture(scope="module")
def declared_pass(farm_api: RegistryApi) -> dict[str, Any]:
    made = farm_api.client.post("/v1/passes", json=declaration(farm_api))
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def test_a_pass_as_planned_is_on_target_and_one_at_half_of_its_plan_is_not(
    farm_api: RegistryApi, declared_pass: dict[str, Any]
) -> None:
    path = f"/v1/passes/{declared_pass['id']}/deviation"
    met = ask(farm_api, path, cell_m=5)
    assert met["planned_rate_ha"] == 120.0
    assert met["on_target_share"] > 0.9
    assert met["unit"] == "kg"
    missed = ask(farm_api, path, planned_rate_ha=150.0)
    assert missed["mean_deviation_pct"] == pytest.approx(-20.0, abs=3.0)
    # All of the pass is low alike, and that is what is said of it.
    assert max(missed["cause_m2"], key=missed["cause_m2"].get) == "calibration"
    assert missed["regions"][0]["kind"] == "under"


def test_nutrients_follow_from_the_meter_and_the_label(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    field = farm_api.ids["field"]
    answer = ask(
        farm_api, f"/v1/fields/{field}/nutrients", yield_kg_ha=6750, grain_n_pct=2.1, unfertilised_yield_kg_ha=3600
    )
    (each,) = answer["passes"]
    # Urea is 46 % nitrogen; seven of eight swaths are on the usable 199 m by 35 m.
    n_kg_ha = APPLIED_KG * 7 / 8 * 0.46 / (199 * 35 / 10_000)
    assert each["product_kg"] == pytest.approx(APPLIED_KG * 7 / 8, rel=0.02)
    assert answer["total_kg_ha"]["n"] == pytest.approx(n_kg_ha, rel=0.02)
    assert answer["total_kg_mu"]["n"] == pytest.approx(n_kg_ha / 15, rel=0.02)
    assert answer["balance"]["output_kg_ha"] == pytest.approx(141.75)
    assert answer["balance"]["verdict"] == "soil_mining"
    assert answer["efficiency"]["pfp"] == pytest.approx(6750 / answer["total_kg_ha"]["n"])
    assert answer["efficiency"]["re"] is None
    # Nothing measures millimetres of rain here.
    assert each["volatilisation"]["state"] == "insufficient_data"
    assert each["volatilisation"]["reasons"] == ["moist_not_known", "rain_mm_not_known"]
    assert (each["leaching"]["state"], each["leaching"]["reasons"]) == ("low", ["little_nitrogen"])


def test_each_owner_is_billed_for_the_amount_on_the_plot(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    answer = farm_api.client.get(f"/v1/passes/{declared_pass['id']}/settlement")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["owner"], row["product"]) == ("Wang", "Urea")
    # One of eight swaths is on the buffer strip.
    assert float(row["applied_kg"]) == pytest.approx(APPLIED_KG * 7 / 8, rel=0.01)
    assert float(row["treated_ha"]) == pytest.approx(7 * 195 * 5 / 10_000, rel=0.001)
    assert float(row["treated_mu"]) == pytest.approx(float(row["treated_ha"]) * 15, rel=1e-3)
    answer = farm_api.client.get(f"/v1/passes/{declared_pass['id']}/settlement", headers={"Accept": JSON}).json()
    assert (answer["rows"], answer["columns"]["owner"], answer["columns"]["simulated"]) == (1, ["Wang"], [False])
    assert answer["columns"]["applied_kg"] == [float(row["applied_kg"])]


def test_the_ledger_and_the_cells_of_a_map_are_tables_too(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    for path in ("/v1/ledger", f"/v1/passes/{declared_pass['id']}/as-applied"):
        text = farm_api.client.get(path, headers={"Accept": CSV}).text
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        arrow = read_ipc_stream(io.BytesIO(farm_api.client.get(path, headers={"Accept": ARROW}).content)).read_all()
        assert arrow.num_rows == len(rows) > 0
        assert arrow.column_names == list(rows[0])
    cells = farm_api.client.get(f"/v1/passes/{declared_pass['id']}/as-applied", params={"format": "csv"}).text
    assert cells == text
    assert sum(float(row["amount_kg"] or 0) for row in rows) == pytest.approx(APPLIED_KG, rel=0.01)


def test_remaining_ground_is_treated_once(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    answer = {**declaration(farm_api), "start_ms": START_MS + 1, "end_ms": START_MS + 195_000}
    broken = farm_api.client.post("/v1/passes", json=answer).json()
    rest = ask(farm_api, f"/v1/passes/{broken['id']}/resume")
    # Four of the seven swaths of the usable field were done: three are left.
    assert rest["lines"] == 3
    assert rest["planned_m2"] == pytest.approx(3 * 199 * 5, rel=0.02)
    assert rest["amount"] == pytest.approx(rest["planned_m2"] / 10_000 * 120.0)
    plan = ask(farm_api, rest["plan_url"])
    assert (plan["fileType"], plan["version"], plan["mission"]["version"]) == ("Plan", 1, 2)
    items = plan["mission"]["items"]
    assert [item["doJumpId"] for item in items] == list(range(1, len(items) + 1))
    spray = [item["params"][0] for item in items if item["command"] == 216]
    assert spray == [0.0, *([1.0, 0.0] * 3)]
    north_m = sorted({round(item["params"][4] * NORTH_DEG_M) for item in items if item["command"] == 16})
    assert north_m == [20, 25, 30]
    whole = ask(farm_api, f"/v1/passes/{declared_pass['id']}/resume")
    assert whole["lines"] == 0


def test_the_hours_are_go_caution_or_stop_by_the_sites_own_wind(farm_api: RegistryApi) -> None:
    start_ms = START_MS // HOUR_MS * HOUR_MS - 3 * HOUR_MS
    answer = ask(
        farm_api, f"/v1/fields/{farm_api.ids['field']}/weather-window", start=start_ms, end=start_ms + 4 * HOUR_MS
    )
    assert answer["devices"] == ["wx-2"]
    assert [hour["state"] for hour in answer["hours"]] == ["insufficient_data", "go", "caution", "stop"]
    assert answer["hours"][3]["reasons"] == ["wind_too_strong"]
    # Bureau of Meteorology's table: 25 degC and 60 % are 5.5 K.
    assert answer["hours"][1]["delta_t_k"] == pytest.approx(5.53, abs=0.1)


def test_sensors_that_lie_are_told_beside_the_hours(tmp_path: Path) -> None:
    store = MemoryStore()
    time_ms = START_MS // HOUR_MS * HOUR_MS - 24 * HOUR_MS + 300_000 * np.arange(24 * 12)
    weather = {
        "air_temperature_degc": np.full(len(time_ms), 25.0),
        "relative_humidity_pct": 0.6 + 0.05 * np.sin(np.arange(len(time_ms)) / 50),
        "wind_speed_m_s": np.zeros(len(time_ms)),
    }
    write_series(store, OWN, "liars", "weather", "wx-lies", time_ms, weather)
    with serve_spread_field(tmp_path, store) as served:
        farm = served.repositories.farms.list()[0]
        site = served.repositories.sites.add(Site(farm=farm.id, name="liars", time_zone="Europe/Berlin"))
        shown = served.client.get(f"/v1/fields/{served.ids['field']}").json()
        assert served.client.put(f"/v1/fields/{shown['id']}", json={**shown, "site": site.id}).status_code == 200
        window = {"start": int(time_ms[0]), "end": int(time_ms[-1]) + 1, "kind": "liquid"}
        answer = ask(served, f"/v1/fields/{shown['id']}/weather-window", **window)
    assert {(each["test"], each["left_out"]) for each in answer["left_out"]} == {
        ("flat_line", True), ("flat_line", False), ("unit_fraction", True),
    }  # fmt: skip
    assert {hour["state"] for hour in answer["hours"]} == {"insufficient_data"}
    assert all(hour["air_temperature_degc"] == pytest.approx(25.0) for hour in answer["hours"])


def test_applied_amounts_and_weather_are_recorded_and_a_changed_entry_is_detected(
    farm_api: RegistryApi, declared_pass: dict[str, Any]
) -> None:
    closed = farm_api.client.post(f"/v1/passes/{declared_pass['id']}/close")
    assert closed.status_code == 200, closed.text
    kinds = [entry["kind"] for entry in closed.json()["items"]]
    assert kinds == ["as_applied", "deviation", "weather"]
    deviation = json.loads(closed.json()["items"][1]["body"])
    assert (deviation["source"], deviation["rate_ha"], deviation["prescription"]) == ("pass_rate", 120.0, None)
    assert deviation["zones"][0]["kind"] == "on_target"
    assert deviation["applied"] == pytest.approx(deviation["planned"], rel=0.05)
    assert farm_api.client.post(f"/v1/passes/{declared_pass['id']}/close").json() == closed.json()
    entries = ask(farm_api, "/v1/ledger", field=farm_api.ids["field"])["items"]
    kept = [entry["kind"] for entry in entries if entry["pass_id"] == declared_pass["id"]]
    assert kept == ["weather", "as_applied", "deviation"]
    assert ask(farm_api, "/v1/ledger/check")["whole"] is True
    with farm_api.registry._database.writing() as connection:
        seq = closed.json()["items"][0]["seq"]
        connection.execute(ledger.update().where(ledger.c.seq == seq).values(body='{"amount":1}'))
    found = ask(farm_api, "/v1/ledger/check")
    assert (found["whole"], found["broken_at"]) == (False, seq)


def test_without_a_plan_there_is_no_deviation(farm_api: RegistryApi) -> None:
    declared = {**declaration(farm_api), "start_ms": START_MS + 2, "planned_rate_ha": None}
    made = farm_api.client.post("/v1/passes", json=declared).json()
    answer = farm_api.client.get(f"/v1/passes/{made['id']}/deviation")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:headland:problem:no-plan")
    assert made["end_ms"] == NOW_MS


def test_a_checkpoint_proves_the_ledger_and_is_witnessed_over_http(farm_api: RegistryApi) -> None:
    from base64 import b64decode, b64encode

    from headland.proof.checkpoint import is_signed_by, read_checkpoint, read_key
    from headland.proof.leaves import LedgerLeaf
    from headland.proof.merkle import hash_leaf, verify_consistency, verify_inclusion

    book = farm_api.repositories.ledger
    # The test above altered an entry, which no checkpoint had covered.
    keys = ask(farm_api, "/v1/ledger/log-keys")
    book.append("release", "", "lot-1", {"n": 1})
    old = ask(farm_api, "/v1/ledger/checkpoint")
    book.append("release", "", "lot-2", {"n": 2})
    new = ask(farm_api, "/v1/ledger/checkpoint")
    signed = read_checkpoint(new["checkpoint"])
    assert is_signed_by(signed, read_key(keys["log"]))
    growth = ask(farm_api, "/v1/ledger/growth", old_size=old["size"])
    path = [b64decode(each) for each in growth["path"]]
    assert verify_consistency(
        old["size"], new["size"], b64decode(old["root"]), b64decode(new["root"]), path
    )  # fmt: skip
    proof = ask(farm_api, f"/v1/ledger/entries/{new['size']}/inclusion")
    leaf = LedgerLeaf(kind=proof["kind"], body_sha256=proof["body_sha256"], entry_sha256=proof["entry_sha256"])
    inclusion = [b64decode(each) for each in proof["path"]]
    assert verify_inclusion(
        new["size"] - 1, new["size"], hash_leaf(leaf.content()), inclusion, b64decode(new["root"])
    )  # fmt: skip
    tile = farm_api.client.get(f"/v1/ledger/tile/0/000.p/{new['size']}")
    assert tile.content[-32:] == hash_leaf(leaf.content())
    for wrong in ("0/000", "1/000.p/1", "0/000.p/0", "0/x000/000.p/1"):
        assert farm_api.client.get(f"/v1/ledger/tile/{wrong}").status_code == 404
    assert farm_api.client.get("/v1/ledger/entries/99999/inclusion").status_code == 404
    assert farm_api.client.get("/v1/ledger/growth", params={"old_size": 99999}).status_code == 400
    assert farm_api.client.post("/v1/ledger/witnessed", json={"key": keys["log"]}).status_code == 204
    asked = {"checkpoint": old["checkpoint"], "old_size": 0, "path": []}
    assert farm_api.client.post("/v1/ledger/witnessed/cosign", json=asked).status_code == 200
    refused = farm_api.client.post("/v1/ledger/witnessed/cosign", json={**asked, "checkpoint": new["checkpoint"]})
    assert (refused.status_code, refused.json()["size"]) == (409, old["size"])
    forked = {"checkpoint": new["checkpoint"], "old_size": old["size"], "path": growth["path"][1:]}
    assert farm_api.client.post("/v1/ledger/witnessed/cosign", json=forked).status_code == 422
    line = farm_api.client.post("/v1/ledger/witnessed/cosign", json={**forked, "path": growth["path"]}).json()[
        "signature"
    ]
    cosigned = {"checkpoint": new["checkpoint"] + line}
    junk = b64encode(bytes(76)).decode()
    for wrong in (line, f"— w0 {junk}\n", f"— {keys['witness'].split('+')[0]} {junk}\n", "junk"):
        refused = farm_api.client.post("/v1/ledger/cosignatures", json={"checkpoint": new["checkpoint"] + wrong})
        assert refused.status_code == 400, refused.text
    for wrong in (keys["log"], "junk"):
        assert farm_api.client.post("/v1/ledger/witnesses", json={"key": wrong}).status_code == 400
    assert farm_api.client.post("/v1/ledger/witnesses", json={"key": keys["witness"]}).status_code == 204
    name = keys["witness"].split("+")[0]
    assert ask(farm_api, "/v1/ledger/witnesses")["items"] == [{"name": name, "key": keys["witness"]}]
    assert farm_api.client.post("/v1/ledger/cosignatures", json=cosigned).status_code == 204
    shown = read_checkpoint(ask(farm_api, "/v1/ledger/checkpoint")["checkpoint"])
    assert is_signed_by(shown, read_key(keys["witness"]))
    assert farm_api.client.delete(f"/v1/ledger/witnesses/{name}").status_code == 204
    assert farm_api.client.delete(f"/v1/ledger/witnesses/{name}").status_code == 404
    shown = read_checkpoint(ask(farm_api, "/v1/ledger/checkpoint")["checkpoint"])
    assert not is_signed_by(shown, read_key(keys["witness"]))
