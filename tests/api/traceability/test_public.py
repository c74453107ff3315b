"""A released lot is open to whoever has its token, proven to strangers, and nothing else is."""

from __future__ import annotations

import io
import json
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import jwt
import numpy as np
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

from api.auth.public_access import PublicLimiter, PublicLimits
from api.auth.rate_limiter import Rate
from headland.analysis.lots.releases.passport import did_of
from headland.formats.epcis.checks import view_event
from headland.formats.epcis.documents import read_document
from headland.formats.epcis.event_hash import hash_event
from headland.formats.epcis.vocabulary import namespaces_of
from headland.proof.checkpoint import read_checkpoint, read_key
from headland.proof.proof_document import has_failed, read_proof, verdict_of, verify_proof
from headland.registry.models.models import Device
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, START_MS, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import declaration, serve_spread_field
from tests.formats.epcis.test_epcis import SCHEMA
from tests.machine import find_program
from tests.reports.test_certificate import content_of, read_code

GTIN = "9506000134352"
PAGES = ("proof.json", "events.json", "passport.json", "overlay", "card.svg", "card.pdf", "picture.png")
EVIL = "</script><img src=x onerror=alert(1)>&\"'"


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("public"), MemoryStore()) as served:
        assert served.client.post("/v1/passes", json=declaration(served)).status_code == 201
        yield served


@pytest.fixture(scope="module")
def stranger(farm_api: RegistryApi) -> Iterator[httpx.Client]:
    """Somebody without a key."""
    with httpx.Client(base_url=farm_api.client.base_url, headers={"Accept-Language": "zh-CN"}, timeout=120) as client:
        yield client


def harvest(farm_api: RegistryApi, code: str, **more: Any) -> dict[str, Any]:
    body = {
        "field": farm_api.ids["field"],
        "crop": "wheat",
        "product": f"Flour wheat {EVIL}",
        "code": code,
        "time_ms": NOW_MS,
        "grown_from_ms": START_MS - 86_400_000,
        "grams": 120_500,
        "author": "Li Hua",
        **more,
    }
    made = farm_api.client.post("/v1/harvests", json=body)
    assert made.status_code == 201, made.text
    lot: dict[str, Any] = made.json()["lot"]
    return lot


@pytest.fixture(scope="module")
def released(farm_api: RegistryApi) -> dict[str, Any]:
    lot = harvest(farm_api, "20260901-A1")
    certified: dict[str, Any] = {
        "issuer": "Red Star",
        "contact": "0512 555",
        "author": "Li Hua",
        "basis": ["own_control", "own_test"],
    }
    certified["tested"] = "Report 7: 12 residues, none found"
    certificate = farm_api.client.post(f"/v1/lots/{lot['id']}/certificates", json=certified)
    assert certificate.status_code == 201, certificate.text
    chosen = {"issuer": f"Red Star {EVIL}", "message": "Fresh.", "gtin": GTIN, "contact": "0512 555"}
    made = farm_api.client.post(f"/v1/lots/{lot['id']}/release", json=chosen)
    assert made.status_code == 201, made.text
    return {**made.json(), "lot": lot, "certificate": certificate.json()}


def test_the_page_is_whole_small_and_strict(stranger: httpx.Client, released: dict[str, Any]) -> None:
    for language, word in (("zh", "防篡改证明"), ("en", "How do we know?")):
        answer = stranger.get(released["path"], params={"lang": language})
        assert answer.status_code == 200, answer.text
        assert len(answer.content) <= 100_000
        assert word in answer.text
        assert "承诺达标合格证" in answer.text
        assert released["certificate"]["number"] in answer.text
    assert answer.headers["content-language"] == "en"
    assert "<img src=x" not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<[^>]+ style=|\son\w+=\"", answer.text)
    assert not re.search(r"(?:src|href)=\"https?://(?!127\.0\.0\.1|localhost)", answer.text)
    assert stranger.get(released["path"]).headers["content-language"] == "zh-CN"
    assert stranger.head(released["path"]).status_code == 200
    (product,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', answer.text)
    told = json.loads(product)
    assert (told["@type"], told["gtin14"], told["name"]) == ("Product", f"0{GTIN}", f"Flour wheat {EVIL}")
    assert told["hasCertification"]["certificationIdentification"] == released["certificate"]["number"]


def test_only_what_was_released_is_on_it(
    farm_api: RegistryApi, stranger: httpx.Client, released: dict[str, Any]
) -> None:
    lot = harvest(farm_api, "20260901-B1", product="Second lot")
    hidden = {"issuer": "Red Star", "kinds": ["treatment"], "shows_map": False}
    path = farm_api.client.post(f"/v1/lots/{lot['id']}/release", json=hidden).json()["path"]
    page, other = stranger.get(path).text, stranger.get(released["path"]).text
    assert "<svg" in other
    assert page.count("<svg") == 1  # the drawing of every lot
    for text in (page, stranger.get(f"{path}/events.json").text, stranger.get(f"{path}/proof.json").text):
        for secret in ("uav-spreader", "Equator", "Li Hua", "20260901-A1", released["token"], "key:", "latitude"):
            assert secret not in text, secret
    assert "uav-spreader" not in other


def test_a_stranger_proves_the_page_and_a_kept_checkpoint(
    farm_api: RegistryApi, stranger: httpx.Client, released: dict[str, Any]
) -> None:
    key = read_key(farm_api.client.get("/v1/ledger/log-keys").json()["log"])
    kept = read_checkpoint(farm_api.client.get("/v1/ledger/checkpoint").json()["checkpoint"])
    harvested = harvest(farm_api, "20260901-C1")
    assert farm_api.client.post(f"/v1/lots/{harvested['id']}/release", json={"issuer": "Red Star"}).status_code == 201
    answer = stranger.get(f"{released['path']}/proof.json", params={"old_size": kept.checkpoint.size})
    checks = verify_proof(read_proof(answer.content), [key], kept)
    assert {check.name: check.passed for check in checks} == {
        "text": True, "entry": True, "inclusion": True, "checkpoint": True, "witness": None, "kept": True
    }  # fmt: skip
    assert verdict_of(checks) == "ok"
    assert verdict_of(verify_proof(read_proof(answer.content))) == "none"
    assert has_failed(verify_proof(read_proof(answer.content.replace(b"Fresh.", b"Frosty"))))


def test_events_and_passport_are_valid_for_others(stranger: httpx.Client, released: dict[str, Any]) -> None:
    document = read_document(stranger.get(f"{released['path']}/events.json").content)
    assert len(document.events) == 2
    for event in document.events:
        assert event["eventID"] == hash_event(event, namespaces_of(document.context))
    enveloped = stranger.get(f"{released['path']}/passport.json").json()
    token = enveloped["id"].removeprefix("data:application/vc+jwt,")
    header = jwt.get_unverified_header(token)
    issuer = jwt.decode(token, options={"verify_signature": False})["issuer"]["id"]
    assert header["kid"].startswith(issuer)
    number = 0
    for letter in issuer.removeprefix("did:key:z"):
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(letter)
    raw = number.to_bytes(34)[2:]
    assert did_of(raw) == issuer
    passport = jwt.decode(token, Ed25519PublicKey.from_public_bytes(raw), algorithms=["EdDSA"])
    assert passport["credentialSubject"]["product"]["batchNumber"] == "20260901-A1"


def test_the_digital_link_leads_to_each_kind_of_page(stranger: httpx.Client, released: dict[str, Any]) -> None:
    assert released["link_path"] == f"/01/0{GTIN}/10/20260901-A1?t={released['token']}"
    link = released["link_path"]
    to = stranger.get(link)
    assert (to.status_code, to.headers["location"].endswith(released["path"])) == (307, True)
    assert stranger.get(f"{link}&linkType=gs1:traceability").headers["location"].endswith("/events.json")
    links = stranger.get(f"{link}&linkType=linkset").json()["linkset"][0]
    assert links["https://gs1.org/voc/pip"][0]["type"] == "text/html"
    for wrong in (
        link.split("?")[0],
        link.replace("20260901-A1", "20260901-B1"),
        link.replace(GTIN, "9506000134369"),
        f"{link}&linkType=gs1:other",
    ):
        assert stranger.get(wrong).status_code == 404


def test_the_market_kit_has_the_code_and_no_secret(stranger: httpx.Client, released: dict[str, Any]) -> None:
    for shape in ("16:9", "9:16"):
        overlay = stranger.get(f"{released['path']}/overlay", params={"shape": shape, "lang": "en"})
        assert overlay.status_code == 200
        assert "Picked just now" in overlay.text
        assert "background:transparent" in overlay.text
        assert EVIL not in overlay.text
    card = stranger.get(f"{released['path']}/card.svg", params={"lang": "zh"})
    assert card.headers["content-type"] == "image/svg+xml"
    link = f"{str(stranger.base_url).rstrip('/')}{released['link_path']}"
    for size in ("a6", "a5"):
        printed = stranger.get(f"{released['path']}/card.pdf", params={"size": size, "lang": "zh"})
        assert printed.headers["content-type"] == "application/pdf"
        assert read_code(content_of(printed.content)) == link
    replay = stranger.get(f"{released['path']}/replay.svg")
    assert 'dur="15s"' in replay.text
    assert stranger.get(f"{released['path']}/replay.svg", params={"number": 9}).status_code == 404


def test_chats_show_a_small_picture_whose_code_leads_to_the_page(
    stranger: httpx.Client, released: dict[str, Any]
) -> None:
    page = stranger.get(released["path"]).text
    (address,) = re.findall(r'<meta property="og:image" content="([^"]+)">', page)
    answer = stranger.get(address)
    assert answer.headers["content-type"] == "image/png"
    assert len(answer.content) < 20_000
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (1200, 630)
        (code,) = zxingcpp.read_barcodes(np.array(picture.convert("L")))
    assert code.text == f"{str(stranger.base_url).rstrip('/')}{released['link_path']}"


def test_whatever_is_guessed_has_one_answer(stranger: httpx.Client, released: dict[str, Any]) -> None:
    """Neighbours of the token, ids, batch numbers and tricks: same status, body and headers."""
    chance = random.Random(1)
    token = released["token"]
    letters = string.ascii_letters + string.digits + "-_"
    guesses = ["".join(chance.choices(letters, k=22)) for _ in range(10)]
    guesses += [
        token[:place] + chance.choice(letters.replace(token[place], "")) + token[place + 1 :] for place in (0, 9, 20)
    ]
    guesses += [token[:-1], f"{token}A", token.swapcase(), released["lot"]["id"], "20260901-A1", "%00", "' OR 1=1", "*"]
    guesses += [f"{token}%00", f"{token}%20", f"{token}%0a", "1" * 2000, f"%E2%80%8B{token}"]
    answers = set()
    for guess in guesses:
        for tail in (
            "",
            "/proof.json",
            "/events.json",
            "/passport.json",
            "/overlay",
            "/card.svg",
            "/card.pdf",
            "/picture.png",
        ):
            answer = stranger.get(f"/p/{guess}{tail}")
            headers = {name: value for name, value in answer.headers.items() if name != "date"}
            answers.add((answer.status_code, answer.content, str(sorted(headers.items()))))
    assert len(answers) == 1, answers
    assert next(iter(answers))[0] == 404
    for trick in (f"%2e%2e%2fp%2f{token}x", f"{token}/../x", f"{token}/x.json", "", f"{token}/"):
        assert stranger.get(f"/p/{trick}", follow_redirects=False).status_code in (307, 404)


def test_a_withdrawn_page_is_not_found_and_a_void_certificate_says_so(
    farm_api: RegistryApi, stranger: httpx.Client
) -> None:
    lot = harvest(farm_api, "20260901-D1", product="Third lot")
    certified = {"issuer": "Red Star", "contact": "0512", "author": "Li", "basis": ["own_control"]}
    certificate = farm_api.client.post(f"/v1/lots/{lot['id']}/certificates", json=certified).json()
    path = farm_api.client.post(f"/v1/lots/{lot['id']}/release", json={"issuer": "Red Star"}).json()["path"]
    assert "合格证已作废" not in stranger.get(path).text
    voided = {"author": "Li", "reason": "test"}
    assert farm_api.client.post(f"/v1/certificates/{certificate['id']}/void", json=voided).status_code == 201
    assert "合格证已作废" in stranger.get(path).text
    assert farm_api.client.delete(f"/v1/lots/{lot['id']}/release").status_code == 204
    missing = stranger.get("/p/" + "A" * 22)
    assert (stranger.get(path).status_code, stranger.get(path).content) == (404, missing.content)
    assert farm_api.client.delete(f"/v1/lots/{lot['id']}/release").status_code == 404


def test_a_wrong_gtin_is_refused(farm_api: RegistryApi, released: dict[str, Any]) -> None:
    answer = farm_api.client.post(
        f"/v1/lots/{released['lot']['id']}/release", json={"issuer": "x", "gtin": "9506000134353"}
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:invalid-gtin")


def test_whoever_guesses_waits_and_others_do_not() -> None:
    now_s = [0.0]
    limiter = PublicLimiter(PublicLimits(Rate(5, 0.1)), lambda: now_s[0])
    assert [limiter.miss("guesser").wait_s for _ in range(5)] == [0] * 5
    assert limiter.miss("guesser").wait_s == pytest.approx(10.0)
    assert limiter.miss("reader").wait_s == 0
    now_s[0] = 11.0
    assert limiter.miss("guesser").wait_s == 0


@pytest.mark.services("chromium")
@pytest.mark.long
def test_a_phone_without_a_network_checks_the_page_that_it_loaded(
    farm_api: RegistryApi, released: dict[str, Any]
) -> None:
    from playwright.sync_api import sync_playwright

    address = f"{str(farm_api.client.base_url).rstrip('/')}{released['path']}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"], timeout=120_000
        )
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        context.set_default_timeout(120_000)
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        context.set_offline(True)
        page.get_by_role("button", name="立即核对").click()
        page.locator("#check .open").wait_for()
        # The page's own key proves nobody: its reader is told to compare it, and "correct" is not said.
        assert "公钥只由本页给出" in page.locator("#check .open").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        # The same page after somebody changed a number in what it proves.
        page.evaluate(
            "() => { const node = document.getElementById('proof');"
            " node.textContent = node.textContent.replace('120500', '120501'); }"
        )
        page.get_by_role("button", name="立即核对").click()
        page.locator("#check .bad").wait_for()
        assert faults == []
        browser.close()


def test_a_house_s_weeks_are_charts_events_and_a_live_overlay(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = MemoryStore()
    time_ms = NOW_MS - 60_000 - 3_600_000 * np.arange(24 * 21)[::-1]
    day = np.sin(np.arange(24 * 21) / 24 * 2 * np.pi)
    columns = {"air_temperature_degc": 20.0 + 5.0 * day, "relative_humidity_pct": 70.0 - 10.0 * day}
    write_series(store, OWN, "equator", "greenhouse", "house-7", time_ms, columns)
    with serve_spread_field(tmp_path_factory.mktemp("house"), store) as served:
        device = Device(
            name="house-7", kind="greenhouse", gateway="gateway-1", site="equator", zone=served.ids["zones"]
        )
        served.repositories.devices.add(device)
        lot = harvest(
            served, "H7-1", field=None, zone=served.ids["zones"], crop="strawberry", product="草莓",
            time_ms=NOW_MS - 3 * 3_600_000, grown_from_ms=int(time_ms[0]),
        )  # fmt: skip
        chosen = {"issuer": "Red Star", "shows_live": True, "kinds": ["climate_week"]}
        path = served.client.post(f"/v1/lots/{lot['id']}/release", json=chosen).json()["path"]
        stranger = httpx.Client(base_url=served.client.base_url, headers={"Accept-Language": "en"}, timeout=120)
        page = stranger.get(path).text
        assert page.count("<svg") == 3  # a drawing, the season, the humidity
        assert "weeks measured" in page
        assert "house-7" not in page
        overlay = stranger.get(f"{path}/overlay").text
        assert "Picked 3 h ago" in overlay
        assert re.search(r"Now in the house: \d\d\.\d °C · \d\d %", overlay)
        raw = stranger.get(f"{path}/events.json").content
        grown, _made = (view_event(event) for event in read_document(raw).events)
        reports = [report for element in grown.sensor_element_list for report in element.sensor_report]
        assert {report.type for report in reports} == {"Temperature", "RelativeHumidity"}
        spans = [
            (report.min_value or 0.0, report.max_value or 0.0) for report in reports if report.type == "Temperature"
        ]
        assert all(15.0 <= low <= high <= 25.0 for low, high in spans)
        if SCHEMA is not None:
            jsonschema.validate(json.loads(raw), json.loads(Path(SCHEMA).read_text(encoding="utf-8")))
        # Without the issuer's consent no reading is shown, and after an hour none is the present one.
        again = served.client.post(f"/v1/lots/{lot['id']}/release", json={**chosen, "shows_live": False})
        assert again.json()["path"] == path
        assert "Now in the house" not in stranger.get(f"{path}/overlay").text
        stranger.close()
