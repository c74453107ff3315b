"""The dashboard without a network: what was entered is at the station once when it is back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from headland.registry.models.errors import NotFound
from headland.registry.models.models import Greenhouse
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")

TEXTS = ("shut the vents", "leaf mould on row 4", "emptied the tray")


@pytest.fixture
def house(farm: Farm) -> Iterator[str]:
    """The greenhouse of a device, registered while a test runs."""
    home = farm.repositories.farms.list()[0]
    site = next(site for site in farm.repositories.sites.all() if site.name == "home")
    house = farm.repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name="番茄一号棚")).id
    yield house
    remove(farm, house)


def remove(farm: Farm, house: str) -> None:
    for note in farm.repositories.notes.list(greenhouse=house):
        farm.repositories.notes.delete(note.id, note.version)
    with suppress(NotFound):
        farm.repositories.greenhouses.delete(house, farm.repositories.greenhouses.get(house).version)


@pytest.fixture
def page(visit: Open, house: str, page_errors: list[str]) -> Iterator[Page]:
    """A page that has been open, with all that it stores for later."""
    page = visit(f"#/greenhouse/{house}", service_workers="allow")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    # Loaded again: the answers of the station pass the service worker.
    page.reload()
    expect(page.locator(".page.greenhouse")).to_have_attribute("data-loaded", re.compile(r"^\d+$"))
    expect(page.locator(".live")).to_have_attribute("data-state", "online")
    yield page
    # A browser without a network says so of each request; a house without zones of its own is 404 before its device.
    page_errors[:] = [error for error in page_errors if not re.search(r"ERR_|Failed to fetch|40[04]", error)]


def write_note(page: Page, text: str) -> None:
    page.get_by_label("Observation or action").fill(text)
    page.get_by_label("Author").fill("Li")
    page.get_by_role("button", name="Add note").click()


def notes(farm: Farm, house: str) -> list[str]:
    return sorted(note.text for note in farm.repositories.notes.list(greenhouse=house))


def test_what_was_entered_without_a_network_is_at_the_station_once(page: Page, farm: Farm, house: str) -> None:
    context = page.context
    context.set_offline(True)
    for text in TEXTS:
        write_note(page, text)
        expect(page.get_by_label("Observation or action")).to_have_value("")
    waiting = page.get_by_role("button", name="3 to send")
    expect(waiting).to_be_visible()
    # The page opens again without the network, with the last state and what waits.
    page.reload()
    expect(page.locator("h1")).to_have_text("番茄一号棚")
    expect(page.locator(".notice").first).to_contain_text("Stored state:")
    waiting.click()
    expect(page.locator("[data-waiting]")).to_have_text([re.compile(re.escape(text)) for text in TEXTS])
    page.keyboard.press("Escape")
    # The answer to one of them gets lost: it is sent again, and there once.
    lost = lose_first_answer(context)
    context.set_offline(False)
    expect(page.locator(".waiting")).to_have_count(0)
    assert lost == ["lost"]
    assert notes(farm, house) == sorted(TEXTS)
    expect(page.locator(".live")).to_have_attribute("data-state", "online")


def lose_first_answer(context: BrowserContext) -> list[str]:
    lost: list[str] = []

    def pass_on(route: Route) -> None:
        if lost or route.request.method != "POST":
            route.continue_()
            return
        lost.append("lost")
        route.fetch()
        route.abort()

    context.route("**/v1/notes", pass_on)
    return lost


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
