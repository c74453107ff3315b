"""Links of the dashboard on a farm of several houses, fields and lots: each leads to its thing, or says so."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import httpx
import msgspec
import pytest
from playwright.sync_api import Locator, Page, Request, expect

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Device, Field, Greenhouse, GreenhouseZone, GrowerNote
from tests.api.farm import HOUSE, OWN, write_greenhouse
from tests.api.spread_field import SPREADER, box
from tests.dashboard.conftest import SHOWN, Open
from tests.dashboard.farm import Farm, serve_farm

pytestmark = pytest.mark.services("chromium")

#: Houses by their names in the registry and their devices: known by its name, by zones, with several devices.
HOUSES: Final = {"house-1": ["house-1"], "East": ["gh-east"], "house-10": ["gh-a", "gh-b"], "house-2": ["house-2"]}
FIELDS: Final = ("Mulberry", "Paddy 2", "Paddy 10")
TABS: Final = (
    *(f"#/alarms?tab={tab}" for tab in ("active", "rules", "recipients", "duty", "silence", "history")),
    *(f"#/settings?tab={tab}" for tab in ("browser", "houses", "sites", "gateways", "keys", "members", "bands")),
    *(
        f"#/cooperative?tab={tab}"
        for tab in ("statements", "people", "accounts", "deliveries", "disputes", "subsidies")
    ),
    *(f"#/harvest?tab={tab}" for tab in ("lots", "certificates", "protection")),
    "#/health?tab=import",
)
THING: Final = re.compile(r"^#/(field|greenhouse|harvest)/|[?&](alarm|device|gateway|note|certificate)=")
LINKS: Final = """
all => all.filter((link) => link.checkVisibility()).map((link) => ({
  href: link.getAttribute('href'),
  text: [link.textContent, link.getAttribute('aria-label') ?? '', link.title].join(' ').replace(/\\s+/g, ' ').trim(),
}))
"""


@dataclass(frozen=True)
class Link:
    """A link of a page, as a person sees it."""

    page: str
    href: str
    text: str


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm of five houses, four fields, two lots with a certificate, an alarm, and notes about all of them."""
    with serve_farm(tmp_path_factory.mktemp("large")) as farm:
        repositories = farm.repositories
        home, site = next(iter(repositories.farms.all())), next(iter(repositories.sites.all()))
        for name, devices in HOUSES.items():
            house = repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name=name))
            zone = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="bed", crop="tomato"))
            for device in devices:
                write_greenhouse(farm.store, device, start_ms=farm.now_ms() - 600_000)
                channels = {"air_temperature_degc": ChannelInfo(unit="degC")}
                described = Descriptor(device=device, kind="greenhouse", site="home", name="", channels=channels)
                farm.store.describe(OWN, "gw-1", described)
                if devices != [name]:
                    placed = Device(name=device, kind="greenhouse", gateway="gw-1", site="home", zone=zone.id)
                    repositories.devices.add(placed)
            farm.forecast(devices[0] if len(devices) == 1 else house.id, air_temperature_degc=-2.0)
            note = GrowerNote(time_ms=farm.now_ms() - 60_000, author="Li", text=f"vents of {name}", greenhouse=house.id)
            repositories.notes.add(note)
        for number, name in enumerate(FIELDS, 1):
            shape = box(0.5, 100.0 * number, 199.5, 100.0 * number + 40.0)
            field = repositories.fields.add(Field(farm=home.id, name=name, geometry=shape, site=site.id))
            note = GrowerNote(
                time_ms=farm.now_ms(), author="Li", text=f"weeds on {name}", field=field.id,
                longitude_deg=10.001, latitude_deg=0.001 * number,
            )  # fmt: skip
            repositories.notes.add(note)
            harvest = {"field": field.id, "crop": "rice", "product": "Rice", "grams": 1000 * number, "author": "Li"}
            harvest |= {"time_ms": farm.now_ms() - number * 1000, "evidence": "declared"}
            lot = ask(farm, "/v1/harvests", harvest)["lot"]
        farm.raise_frost()
        second = msgspec.structs.replace(farm.raise_frost("dew"), id=repositories.alarms.new_id(), subject="house-2")
        assert second.subject != HOUSE
        issued = {"issuer": "Green", "contact": "138", "address": "Field 1", "author": "Li", "basis": ["own_control"]}
        ask(farm, f"/v1/lots/{lot['id']}/certificates", {**issued, "tested": ""})
        yield farm


def ask(farm: Farm, path: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
    answer = httpx.post(f"{farm.base}{path}", json=body, headers=SHOWN, timeout=120)
    assert answer.status_code == 201, answer.text
    made: dict[str, dict[str, str]] = answer.json()
    return made


@pytest.mark.long
def test_the_links_of_the_first_page_lead_to_the_things_that_they_name(visit: Open, large: Farm) -> None:
    page = visit("#/farm", base=large.base, viewport={"width": 1280, "height": 900})
    found = find_links(page, large, ["#/farm"], follow=False)
    assert {kind_of(link.href) for link in found} >= {"field", "greenhouse", "alarm"}
    houses = {house.id for house in large.repositories.greenhouses.all()}
    assert houses <= {link.href.removeprefix("#/greenhouse/") for link in found}
    assert find_wrong(page, large, found) == []


@pytest.mark.long
def test_every_link_of_every_page_leads_to_the_thing_that_it_names(
    visit: Open, large: Farm, page_errors: list[str]
) -> None:
    page = visit("#/farm", base=large.base, viewport={"width": 1280, "height": 900})
    expect(page.locator(".page[data-mounted]")).to_be_attached()
    addresses = page.locator("nav.menu a").evaluate_all("all => all.map((link) => link.getAttribute('href'))")
    found = find_links(page, large, [*addresses, *TABS, f"#/field/{large.field}?pass={large.flight}"], follow=True)
    # A flight without an implement has no settlement.
    page_errors[:] = [error for error in page_errors if "409" not in error]
    assert {kind_of(link.href) for link in found} >= {
        "field", "greenhouse", "harvest", "alarm", "gateway", "note", "certificate",
    }  # fmt: skip
    assert find_wrong(page, large, found) == []
    # Nothing of the farm is without a link.
    linked = " ".join(link.href for link in found)
    repositories = large.repositories
    ids = {house.id for house in repositories.greenhouses.all()} | {field.id for field in repositories.fields.all()}
    ids |= {alarm.id for alarm in repositories.alarms.active()}
    ids |= {note.id for note in repositories.notes.all() if note.longitude_deg is not None}
    assert {one for one in ids if one not in linked} == set()


def find_links(page: Page, farm: Farm, waiting: list[str], *, follow: bool) -> list[Link]:
    """Return the links to things on some pages, and with `follow` on those that they lead to, each text once."""
    found: dict[tuple[str, str], Link] = {}
    seen: set[str] = set()
    while waiting:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        show(page, farm, address)
        for link in page.locator("main a[href^='#/']").evaluate_all(LINKS):
            if THING.search(link["href"]):
                found.setdefault((link["href"], link["text"]), Link(address, link["href"], link["text"]))
                if follow:
                    waiting.append(link["href"])
    return list(found.values())


def find_wrong(page: Page, farm: Farm, links: list[Link]) -> list[str]:
    """Click each link where it was found; return those whose page is not headed by what they name."""
    wrong = []
    for link in links:
        show(page, farm, link.page)
        # What is displayed now is no answer.
        page.evaluate("document.querySelector('.page').dataset.page = 'left'")
        page.locator(f"main a[href='{link.href}']:visible").first.click()
        expect(page.locator(f".page[data-page={re.split('[/?]', link.href)[1]}][data-mounted]")).to_be_attached()
        said, named = arrive(page, farm, link)
        if named not in said:
            wrong.append(f"{link}: {said!r} is not {named!r}")
    return wrong


def kind_of(href: str) -> str:
    """Return what a link leads to."""
    path, query = THING.search(href).groups()  # type: ignore[union-attr]
    marked = re.search(r"certificate=", href)
    return "certificate" if marked else str(path or query)


def show(page: Page, farm: Farm, address: str) -> None:
    """Open an address anew, with all that is folded on it."""
    open_requests(page)
    page.goto("about:blank")
    page.goto(f"{farm.base}/{address}")
    opened = -1
    while opened:
        # What opens may hold, or ask for, more that is folded.
        expect(page.locator(".page[data-mounted]")).to_be_attached()
        expect(page.locator("progress:visible")).to_have_count(0)
        wait_for_answers(page)
        opened = page.locator("main details:not([open])").evaluate_all(
            "all => all.filter((each) => each.checkVisibility() && (each.open = true)).length"
        )
    evidence = page.get_by_role("button", name="Show evidence")
    if evidence.count():
        evidence.first.click()
        expect(page.locator("[data-panel=evidence] .provenance")).to_be_visible()


@functools.cache
def open_requests(page: Page) -> set[Request]:
    """Return the requests of a page that wait for their answer, from now on; a live stream has no end."""
    waiting = set[Request]()

    def add(request: Request) -> None:
        if "/v1/live" not in request.url:
            waiting.add(request)

    def remove(request: Request) -> None:
        waiting.discard(request)

    page.on("request", add)
    page.on("requestfinished", remove)
    page.on("requestfailed", remove)
    return waiting


def wait_for_answers(page: Page) -> None:
    """Wait until a page has asked for nothing during two frames and a tenth of a second."""
    quiet = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))"
    for _ in range(600):
        page.evaluate(quiet)
        if not open_requests(page):
            return
    raise AssertionError(f"still asked: {[request.url for request in open_requests(page)]}")


def arrive(page: Page, farm: Farm, link: Link) -> tuple[str, str]:
    """Return what the page that a link opened is headed by, and what the registry calls the thing of the link."""
    repositories, kind = farm.repositories, kind_of(link.href)
    own_id = re.split(r"[/?=&]", link.href)[-1] if kind in {"alarm", "gateway", "note", "device"} else ""
    if kind in {"field", "greenhouse", "harvest"}:
        own_id = re.split(r"[/?]", link.href)[2]
    heading = page.locator("main h1:visible").first
    if kind == "field":
        named = repositories.fields.get(own_id).name
    elif kind == "greenhouse":
        named = HOUSE_NAMES.get(own_id) or repositories.greenhouses.get(own_id).name
    elif kind == "harvest":
        answer = httpx.get(f"{farm.base}/v1/lots/{own_id}", headers=SHOWN, timeout=120)
        named = str(answer.json()["lot"]["code"])
    elif kind == "certificate":
        heading, named = current(page, "[data-certificate]"), link.text
    elif kind == "alarm":
        heading, named = current(page, f"[data-alarm='{own_id}'] h2"), link.text.removeprefix("Alarm: ")
    elif kind == "gateway":
        heading, named = current(page, f"[data-gateway='{own_id}'] h2"), own_id
    elif kind == "note":
        heading, named = current(page, f"[data-note='{own_id}']"), repositories.notes.get(own_id).text
    else:
        heading, named = page.locator(f"[data-device='{own_id}'] h3"), own_id
    expect(heading.first).to_be_visible()
    said = heading.first.inner_text()
    # What a person read on the link is what heads the page.
    is_named = kind in {"field", "greenhouse", "harvest", "alarm"} and not link.text.startswith("Where")
    return said, named if not is_named or named in link.text else f"{named} by {link.text!r}"


def current(page: Page, selector: str) -> Locator:
    """Return a part of what the page marks as the thing that was asked for."""
    return page.locator(f"[aria-current=true] {selector}, [aria-current=true]{selector}")


#: A device that is in no greenhouse of the registry is called as its descriptor says.
HOUSE_NAMES: Final = {HOUSE: "番茄一号棚"}

MISSING: Final = (
    "#/greenhouse/does-not-exist",
    "#/greenhouse/00000000000000000000000000",
    "#/field/does-not-exist",
    "#/field/00000000000000000000000000",
    "#/field/{field}?pass=00000000000000000000000000",
    "#/field/{field}?pass={field}~nobody~1",
    "#/field/{field}?tab=nothing",
    "#/field/{field}?tab=yield&harvest=nothing",
    "#/harvest/00000000000000000000000000",
    "#/harvest/%25%F0",
    "#/farm?device=does-not-exist",
    "#/farm?note=00000000000000000000000000",
    "#/health?gateway=does-not-exist",
    "#/alarms?alarm=00000000000000000000000000",
    "#/settings?tab=nothing",
)


@pytest.mark.parametrize(
    ("locale", "says"), [pytest.param("en-GB", "Not found", marks=pytest.mark.long), ("zh-CN", "未找到")]
)
def test_an_unknown_id_is_said_to_be_unknown_and_has_a_way_back(
    visit: Open, large: Farm, page_errors: list[str], locale: str, says: str
) -> None:
    page = visit("#/farm", base=large.base, locale=locale, viewport={"width": 390, "height": 844})
    for address in MISSING:
        page.goto("about:blank")
        page.goto(f"{large.base}/{address.format(field=large.field)}")
        missing = page.locator("[data-not-found]:visible")
        expect(missing).to_have_count(1)
        expect(missing).to_contain_text(says)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        others = {"番茄一号棚", *HOUSES, *FIELDS, SPREADER} | ({"Equator"} if "{field}" not in address else set())
        headings = page.locator("main :is(h1, h3):visible").all_inner_texts() if "?" not in address else []
        assert not others & set(headings), address
        if "tab=" not in address:
            missing.get_by_role("link").click()
            expect(page.locator("[data-not-found]")).to_have_count(0)
    # Leaving the page tells what was collected: it is what these addresses mean.
    page_errors[:] = [error for error in page_errors if not re.search("404|422|400", error)]


def test_the_name_of_a_houses_device_opens_the_house(visit: Open, large: Farm) -> None:
    for name, devices in HOUSES.items():
        for device in devices:
            page = visit(f"#/greenhouse/{device}", base=large.base)
            expect(page.locator("main h1")).to_have_text(name)
