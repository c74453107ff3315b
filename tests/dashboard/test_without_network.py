"""The dashboard without a network: what was entered is at the station once when it is back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect

from headland.registry.db.tables.farm_tables import passes
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Field, Greenhouse, GreenhouseZone
from headland.registry.repositories.alarms import AlarmUpdate
from tests.api.farm import OWN
from tests.api.spread_field import SPREADER
from tests.dashboard.conftest import PATIENCE_MS, Open
from tests.dashboard.farm import Farm
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")

TEXTS = ("shut the vents", "leaf mould on row 4", "emptied the tray")


@pytest.fixture
def house(farm: Farm) -> Iterator[str]:
    """The greenhouse of a device, registered while a test runs."""
    home = farm.repositories.farms.list()[0]
    site = next(site for site in farm.repositories.sites.all() if site.name == "home")
    house = farm.repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name="番茄一号棚")).id
    zone = farm.repositories.zones.add(GreenhouseZone(greenhouse=house, name="main"))
    found = next(each for each in farm.store.devices(OWN) if each.descriptor.name == "番茄一号棚")
    record = farm.repositories.record_descriptor(found.gateway, found.descriptor)
    farm.repositories.devices.change(msgspec.structs.replace(record, zone=zone.id))
    yield house
    remove(farm, house)


def remove(farm: Farm, house: str) -> None:
    for note in farm.repositories.notes.list(greenhouse=house):
        farm.repositories.notes.delete(note.id, note.version)
    for zone in farm.repositories.zones.list(greenhouse=house):
        for device in farm.repositories.devices.list(zone=zone.id):
            farm.repositories.devices.change(msgspec.structs.replace(device, zone=None))
        farm.repositories.zones.delete(zone.id, zone.version)
    with suppress(NotFound):
        farm.repositories.greenhouses.delete(house, farm.repositories.greenhouses.get(house).version)


@pytest.fixture
def page(visit: Open, house: str, page_errors: list[str]) -> Iterator[Page]:
    """A page that has been open, with all that it stores for later."""
    page = visit(f"#/greenhouse/{house}?data=open", service_workers="allow")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    # Loaded again: the answers of the station pass the service worker.
    page.reload()
    expect(page.locator(".page.greenhouse")).to_have_attribute("data-loaded", re.compile(r"^\d+$"))
    expect(page.locator(".live")).to_have_attribute("data-state", "online")
    yield page
    # A browser without a network says so of each request; a house without zones of its own is 404 before its device.
    page_errors[:] = [error for error in page_errors if not re.search(r"ERR_|Failed to fetch|40[049]", error)]


def write_note(page: Page, text: str) -> None:
    page.get_by_label("Observation or action").fill(text)
    page.get_by_label("Author", exact=True).fill("Li")
    page.get_by_role("button", name="Add note").click()


def notes(farm: Farm, house: str) -> list[str]:
    return sorted(note.text for note in farm.repositories.notes.list(greenhouse=house))


@pytest.fixture
def plot(farm: Farm) -> Iterator[str]:
    """A field without a pass."""
    equator = farm.repositories.fields.get(farm.field)
    outline = tuple(tuple(tuple((x + 0.01, y) for x, y in ring) for ring in part) for part in equator.geometry)
    plot = farm.repositories.fields.add(Field(farm=equator.farm, name="Ditch plot", geometry=outline))
    yield plot.id
    # A registered pass stays for ever, so its row goes by hand.
    with farm.repositories._context.database.writing() as connection:
        connection.execute(passes.delete().where(passes.c.field == plot.id))
    farm.repositories.fields.delete(plot.id, plot.version)


@pytest.fixture
def frosts(farm: Farm) -> Iterator[list[str]]:
    """Two alarms that are active during a test."""
    raised = [farm.raise_frost(rule) for rule in ("frost-by-me", "frost-by-another")]
    yield [alarm.id for alarm in raised]
    for alarm in raised:
        active = farm.repositories.alarms.get(alarm.id)
        ended = msgspec.structs.replace(active, standing=(), ended_ms=farm.now_ms(), ended_why="cleared")
        farm.repositories.alarms.save(AlarmUpdate(alarms={alarm.id: ended}))


def picture() -> bytes:
    """A photo of a phone: large, upright by its Exif block, and with the place in it."""
    image, out, exif = Image.new("RGB", (2400, 1800), "olive"), io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N31.95"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def go(page: Page, address: str) -> None:
    page.evaluate("(address) => { location.hash = address; }", address)


def test_what_was_entered_without_a_network_is_at_the_station_once(
    page: Page, farm: Farm, house: str, plot: str, frosts: list[str]
) -> None:
    context = page.context
    mine, others = frosts
    # Seen before, with a network.
    go(page, f"#/field/{plot}")
    expect(page.locator("[data-act=declare]")).to_be_visible()
    go(page, "#/alarms")
    expect(page.locator(f"[data-alarm='{mine}']")).to_be_visible()
    go(page, f"#/greenhouse/{house}?data=open")
    expect(page.get_by_label("Observation or action")).to_be_visible()
    context.set_offline(True)
    page.get_by_label("Photos").set_input_files({"name": "leaf.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    expect(page.locator(".note-photos img")).to_be_visible()
    for text in TEXTS:
        write_note(page, text)
        expect(page.get_by_label("Observation or action")).to_have_value("")
    expect(page.locator("[data-note=waiting]")).to_have_count(3)
    expect(page.locator("[data-note=waiting] img")).to_have_count(1)
    go(page, f"#/field/{plot}")
    page.locator("[data-act=declare]").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Vehicle").select_option(value=SPREADER)
    form.get_by_label("Note").fill("by hand")
    form.get_by_role("button", name="Register this pass").click()
    expect(form).to_have_count(0)
    go(page, "#/alarms")
    for alarm in frosts:
        card = page.locator(f"[data-alarm='{alarm}']")
        card.get_by_label("Note", exact=True).fill("stove lit")
        card.get_by_role("button", name="Acknowledge").click()
        expect(card.locator("[data-kept=waiting]")).to_be_visible()
    waiting = page.get_by_role("button", name="6 to send")
    expect(waiting).to_be_visible()
    # Somebody else was sooner with one of them.
    farm.repositories.alarms.acknowledge(others, "vents shut")
    # The page opens again without the network, with the last state and what waits.
    go(page, f"#/greenhouse/{house}?data=open")
    page.reload()
    expect(page.locator("h1")).to_have_text("番茄一号棚")
    expect(page.locator(".notice").first).to_contain_text("Stored state:")
    waiting.click()
    titles = [*TEXTS, "Pass: ", "Acknowledge: ", "Acknowledge: "]
    expect(page.locator("[data-waiting]")).to_have_text([re.compile(re.escape(title)) for title in titles])
    page.keyboard.press("Escape")
    # The answers to a photo and to a note get lost: both are sent again, and there once.
    lost = lose_first_answer(context)
    context.set_offline(False)
    page.get_by_role("button", name="1 to check").click()
    refused = page.locator("[data-waiting=refused]")
    expect(refused).to_contain_text(re.compile(r"Acknowledge: .*Not accepted: test acknowledged it meanwhile"))
    refused.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog", name="Discard").get_by_role("button", name="Discard").click()
    expect(page.locator(".waiting")).to_have_count(0)
    assert sorted(lost) == ["/v1/notes", "/v1/photos"]
    assert notes(farm, house) == sorted(TEXTS)
    assert [declared.note for declared in farm.repositories.passes.of_field(plot)] == ["by hand"]
    assert [farm.repositories.alarms.get(alarm).note for alarm in frosts] == ["stove lit", "vents shut"]
    # The photo is made small, turned as it was taken, and no place is in it.
    (photo,) = [photo for note in farm.repositories.notes.list(greenhouse=house) for photo in note.photos]
    shown = page.request.get(f"{farm.base}/v1/photos/{photo}")
    assert shown.headers["content-type"] == "image/jpeg"
    taken = Image.open(io.BytesIO(shown.body()))
    assert (taken.size, dict(taken.getexif())) == ((1200, 1600), {})
    expect(page.locator(f".note-photos img[src='/v1/photos/{photo}']")).to_be_visible()
    expect(page.locator(".live")).to_have_attribute("data-state", "online")


def test_what_is_on_its_way_is_not_sent_again_with_the_next_entry(
    page: Page, farm: Farm, house: str, frosts: list[str]
) -> None:
    sent: list[str] = []
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.headers["idempotency-key"])
        if len(sent) == 1 and not held:
            held.append(route)
        else:
            route.continue_()

    page.context.route("**/v1/notes", hold)
    write_note(page, TEXTS[0])
    expect(page.get_by_role("button", name="1 to send")).to_be_visible()
    go(page, "#/alarms")
    page.locator(f"[data-alarm='{frosts[0]}']").get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("button", name="2 to send")).to_be_visible()
    held[0].continue_()
    expect(page.locator(".waiting")).to_have_count(0)
    wait_until(lambda: farm.repositories.alarms.get(frosts[0]).acknowledged_by is not None)
    assert (len(sent), notes(farm, house)) == (1, [TEXTS[0]])


def lose_first_answer(context: BrowserContext) -> list[str]:
    """Lose the answer to the first note and to the first photo that is sent; return their paths as they are lost."""
    lost: list[str] = []

    def pass_on(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path in lost or route.request.method != "POST":
            route.continue_()
            return
        lost.append(path)
        route.fetch(timeout=PATIENCE_MS)
        route.abort()

    for path in ("notes", "photos"):
        context.route(f"**/v1/{path}", pass_on)
    return lost


@pytest.mark.long
def test_a_page_that_was_open_once_opens_without_a_network(
    visit: Open, farm: Farm, frosts: list[str], page_errors: list[str]
) -> None:
    page = visit("#/alarms", service_workers="allow")
    # What is written in the first visit is not asked for again: it would be an error 405.
    page.locator(f"[data-alarm='{frosts[0]}']").get_by_role("button", name="Acknowledge").click()
    wait_until(lambda: farm.repositories.alarms.get(frosts[0]).acknowledged_by is not None)
    page.goto(f"{farm.base}/#/farm")
    expect(page.locator("[data-device]").first).to_be_visible()
    kept = "caches.open('headland-answers').then((cache) => cache.keys()).then((keys) => keys.map(({url}) => url))"
    asked = ("/v1/session", "/v1/devices", "/v1/alarms")
    wait_until(lambda: all(any(path in url for url in page.evaluate(kept)) for path in asked))
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("[data-device]").first).to_be_visible()
    expect(page.locator(".notice").first).to_contain_text("Stored state:")
    page.context.set_offline(False)
    page_errors[:] = [error for error in page_errors if not re.search(r"ERR_|Failed to fetch", error)]


@pytest.mark.long
def test_what_the_station_refuses_is_displayed_and_discarded_by_the_user(page: Page, farm: Farm, house: str) -> None:
    page.context.set_offline(True)
    write_note(page, "of a house that is gone")
    expect(page.get_by_role("button", name="1 to send")).to_be_visible()
    remove(farm, house)
    page.context.set_offline(False)
    page.get_by_role("button", name="1 to check").click()
    entry = page.locator("[data-waiting=refused]")
    expect(entry).to_contain_text("of a house that is gone")
    expect(entry.get_by_role("alert")).to_contain_text("Not accepted: ")
    entry.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog", name="Discard").get_by_role("button", name="Discard").click()
    expect(page.locator(".waiting")).to_have_count(0)


def test_the_dashboard_can_be_installed(farm: Farm, visit: Open) -> None:
    page = visit("", service_workers="block")
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.json())")
    built = Path("api/dashboard").resolve()
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert (built / icon["src"].removeprefix("/dashboard/")).is_file()
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    assert json.dumps(manifest).count("://") == 0
    assert page.request.get(f"{farm.base}/dashboard/sw.js").headers["service-worker-allowed"] == "/"
