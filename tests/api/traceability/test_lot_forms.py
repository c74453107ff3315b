"""One lot in every form: masses of one name are one figure, and another figure has another name."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pypdf
import pytest

from headland.i18n import LANGUAGES, Language, load_terms
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, START_MS
from tests.api.passes.test_pass_areas import ask
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import declaration, serve_spread_field

HARVESTED, TAKEN, MADE, LOST, SOLD = 1_250_333, 1_000_000, 990_000, 10_000, 500_000
#: Masses by their name [g]; the certificate is issued when so much is left.
TRUTH: Final = {
    "harvested": HARVESTED, "left of the harvest": HARVESTED - TAKEN, "taken": TAKEN, "made": MADE, "lost": LOST,
    "sold": SOLD, "left": MADE - SOLD, "certified": MADE - SOLD, "in this lot": MADE,
}  # fmt: skip
Masses = Iterator[tuple[str, str, float]]


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("lot"), MemoryStore()) as served:
        yield served


class Texts(HTMLParser):
    """The texts of a page, without those of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style") and data.strip():
            self.found.append(data.strip())


def make_lot(farm_api: RegistryApi) -> dict[str, Any]:
    """Harvest, pack with a loss, sell, certify and release; return the ids and the path of the public page."""
    flown = ask(farm_api, "POST", "/v1/passes", json=declaration(farm_api)).json()["id"]
    harvest = {
        "field": farm_api.ids["field"], "crop": "wheat", "product": "Wheat", "code": "H-1", "time_ms": NOW_MS,
        "grown_from_ms": START_MS - 86_400_000, "grams": HARVESTED, "author": "Li",
    }  # fmt: skip
    whole = ask(farm_api, "POST", "/v1/harvests", json=harvest).json()["lot"]["id"]
    packing = {
        "kind": "pack", "time_ms": NOW_MS, "author": "Li", "inputs": [{"lot": whole, "grams": TAKEN}],
        "outputs": [{"code": "P-1", "product": "Wheat", "crop": "wheat", "grams": MADE, "packs": 396}], "loss_g": LOST,
    }  # fmt: skip
    packed = ask(farm_api, "POST", "/v1/lot-operations", json=packing).json()["lots"][0]["id"]
    sale = {"kind": "sell", "time_ms": NOW_MS, "author": "Li", "party": "Shop"}
    ask(farm_api, "POST", "/v1/lot-operations", json={**sale, "inputs": [{"lot": packed, "grams": SOLD}]})
    order = {"issuer": "Co", "contact": "1", "author": "Li", "basis": ["own_control"]}
    certificate = ask(farm_api, "POST", f"/v1/lots/{packed}/certificates", json=order).json()
    path = ask(farm_api, "POST", f"/v1/lots/{packed}/release", json={"issuer": "Co"}).json()["path"]
    return {"pass": flown, "whole": whole, "packed": packed, "certificate": certificate, "path": path}


def masses_of_lot(farm_api: RegistryApi, lot: dict[str, Any]) -> Masses:
    """Yield form, name and mass [g] of the lot's page, the list, the recall and its table."""
    told = ask(farm_api, "GET", f"/v1/lots/{lot['packed']}").json()
    yield "lot", "made", told["lot"]["grams"]
    yield "lot", "left", told["lot"]["remaining_g"]
    yield "lot", "in this lot", told["harvests"][0]["grams"]
    yield "lot", "harvested", told["harvests"][0]["harvest"]["grams"]
    pack, sale = told["operations"]
    yield "lot, packing", "taken", pack["inputs"][0]["grams"]
    yield "lot, packing", "made", pack["outputs"][0]["grams"]
    yield "lot, packing", "lost", pack["loss_g"]
    yield "lot, sale", "sold", sale["inputs"][0]["grams"]
    by_id = {each["id"]: each for each in ask(farm_api, "GET", "/v1/lots").json()["items"]}
    yield "list", "made", by_id[lot["packed"]]["grams"]
    yield "list", "left", by_id[lot["packed"]]["remaining_g"]
    yield "list", "harvested", by_id[lot["whole"]]["grams"]
    yield "list", "left of the harvest", by_id[lot["whole"]]["remaining_g"]
    query = {"kind": "pass", "id": lot["pass"]}
    for each in ask(farm_api, "GET", "/v1/lots/holding", params=query).json()["items"]:
        is_packed = each["id"] == lot["packed"]
        yield "recall", "made" if is_packed else "harvested", each["grams"]
        yield "recall", "left" if is_packed else "left of the harvest", each["remaining_g"]
    text = ask(farm_api, "GET", "/v1/lots/holding", params={**query, "format": "csv"}).text
    for row in csv.DictReader(io.StringIO(text)):
        is_packed = row["lot"] == lot["packed"]
        yield "recall, CSV", "made" if is_packed else "harvested", float(row["kg"]) * 1000.0
        yield "recall, CSV", "left" if is_packed else "left of the harvest", float(row["remaining_kg"]) * 1000.0


def masses_of_papers(farm_api: RegistryApi, lot: dict[str, Any]) -> Masses:
    """Yield form, name and mass [g] of the certificate, its sheet and the events for others."""
    yield "certificate", "certified", lot["certificate"]["grams"]
    order = {"author": "Li", "form": "a7", "base_url": "https://farm.example"}
    sheet = ask(farm_api, "POST", f"/v1/certificates/{lot['certificate']['id']}/copies", json=order).content
    lines = pypdf.PdfReader(io.BytesIO(sheet)).pages[0].extract_text().splitlines()
    yield "certificate, PDF", "certified", kilograms(lines[lines.index("数量") + 1])
    document = ask(farm_api, "GET", f"{lot['path']}/events.json").json()
    events = document["epcisBody"]["eventList"]
    commissioned = [each for each in events if each["type"] == "ObjectEvent" and each.get("quantityList")]
    for event in commissioned:
        yield "EPCIS", "harvested", event["quantityList"][0]["quantity"] * 1000.0


def kilograms(text: str) -> float:
    """Return the one mass in a text [g]."""
    (number,) = re.findall(r"([0-9.,]+) kg", text)
    return float(number.replace(",", "")) * 1000.0


def masses_of_page(farm_api: RegistryApi, lot: dict[str, Any], language: Language) -> Masses:
    """Yield form, name and mass [g] of the consumer's page: each mass on it has its label."""
    words = load_terms()["consumer_page"]
    page = ask(farm_api, "GET", lot["path"], params={"lang": language}).text
    texts = Texts(page).found
    names = {words["quantity"][language]: "certified", words["quantity_made"][language]: "made"}
    in_lot = re.escape(words["in_this_lot"][language]).replace(re.escape("{mass}"), r"[0-9.,]+ kg")
    for at, text in enumerate(texts):
        if not re.search(r"[0-9] kg", text):
            continue
        name = "in this lot" if re.fullmatch(in_lot, text) else names.get(texts[at - 1], f"no label: {text}")
        yield f"public page {language}", name, kilograms(text)
    (product,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    yield "schema.org", "made", json.loads(product)["weight"]["value"] * 1000.0


def test_one_lot_has_one_mass_of_a_name_in_every_form(farm_api: RegistryApi, tmp_path: Path) -> None:
    lot = make_lot(farm_api)
    told = [*masses_of_lot(farm_api, lot), *masses_of_papers(farm_api, lot)]
    for language in LANGUAGES:
        told += masses_of_page(farm_api, lot, language)
    assert [each for each in told if each[2] != pytest.approx(TRUTH.get(each[1], -1.0), abs=0.5)] == []
    forms = {name: {form.partition(",")[0] for form, each, _ in told if each == name} for name in TRUTH}
    assert len(forms["made"]) >= 6
    assert len(forms["harvested"]) >= 4
    assert {"public page en", "public page zh"} <= forms["in this lot"]
    assert {"certificate", "public page en", "public page zh"} <= forms["certified"]
