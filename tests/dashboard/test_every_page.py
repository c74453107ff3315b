"""Every page: both languages, a phone, keyboard and screen reader; sign-in; the built files."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Page, expect

from headland.analysis.trials.design import TrialOrder, draw_trial
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.models import Scope
from headland.registry.models.people import Person
from headland.registry.models.trials import Germplasm, PlotObservation, TrialTreatment, TrialVariable
from headland.registry.repositories.alarms import AlarmUpdate
from tests.agronomy.harvest.simulated_harvest import harvest
from tests.api.auth.test_middleware import serve_api
from tests.api.farm import EAST_DEG_M, HOUSE, NORTH_DEG_M, OWN, write_series
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")

SERIOUS = {"serious", "critical"}
#: Four English words in a row: a sentence; names such as "Late blight" or "RTK" are shorter.
ENGLISH = re.compile(r"[A-Za-z]+(?: [a-z]+){3,}")
#: Names of the code: with underscores, as types of JSON, or as parts of a path in it.
IDENTIFIER = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b|\$\.\w+|\bundefined\b|\bNaN\b|\bdegC\b|\[object \w+\]|\bnull\b")
#: A text whose placeholders were not filled.
PLACEHOLDER = re.compile(r"\{\w+\}")
#: Parts of pages that are opened by a tab.
TABS = (
    *(f"#/alarms?tab={tab}" for tab in ("rules", "recipients", "silence", "history")),
    *(f"#/settings?tab={tab}" for tab in ("houses", "sites", "gateways", "keys", "members")),
    *(f"#/cooperative?tab={tab}" for tab in ("people", "accounts", "deliveries", "disputes", "subsidies")),
    *(f"#/greenhouse/gh-1?analysis={tab}" for tab in ("compliance", "weather", "seasons")),
)
#: What the page displays for a method that the catalogue of terms does not have.
UNKNOWN_METHOD = "该方法的说明见 API 文档"
#: What it displays for a quantity without a name.
UNKNOWN_QUANTITY = "其他量（"


@pytest.mark.services("axe-core")
@pytest.mark.parametrize(("locale", "width", "scheme"), [("en-GB", 1280, "light"), ("zh-CN", 375, "dark")])
@pytest.mark.long
def test_every_page_is_readable_by_everybody_and_shows_no_raw_words(
    visit: Open, farm: Farm, axe: str, locale: str, width: int, scheme: str
) -> None:
    alarm = farm.raise_frost("page-words")
    lay_out_trial(farm)
    cut_field(farm)
    # The tester's script is not the page's own: its policy would refuse it.
    options = {"locale": locale, "viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    page = visit("#/farm", bypass_csp=True, **options)
    expect(page.locator(".page")).to_have_attribute("data-mounted", "true")
    pages = page.locator("nav.menu a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert pages[:2] == ["#/today", "#/greenhouse"]
    titles = set()
    fields = [
        f"#/field/{farm.field}?pass={farm.flight}",
        f"#/field/{farm.field}?tab=weather",
        f"#/field/{farm.field}?tab=trials",
        f"#/field/{farm.field}?tab=yield",
    ]
    for address in [*pages[1:], pages[0], *fields, *TABS]:
        go(page, address)
        name = address.split("?", maxsplit=1)[0].split("/")[1]
        expect(page.locator(f".page[data-page={name}]")).to_have_attribute("data-mounted", "true")
        expect(page.locator("nav.menu a[aria-current]")).to_have_attribute("href", f"#/{name}")
        if address.startswith("#/field/"):
            expect(page).to_have_title("Equator · Headland")  # once the field is known
        titles.add(page.title())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        if address.endswith("tab=yield"):
            expect(page.locator("[data-figures=yield]")).to_be_visible()
        expect(page.locator("progress:visible")).to_have_count(0)
        assert find_violations(page, axe) == [], address
        check_words(page, locale, address)
    ended = msgspec.structs.replace(alarm, standing=(), ended_ms=farm.now_ms(), ended_why="cleared")
    farm.repositories.alarms.save(AlarmUpdate(alarms={alarm.id: ended}))
    assert page.evaluate("document.documentElement.lang") == ("zh-CN" if locale == "zh-CN" else "en")
    assert len(titles) == len(pages) + 1


def lay_out_trial(farm: Farm) -> None:
    """Keep a trial with a yield of each plot, and an account, once."""
    repositories = farm.repositories
    if repositories.trials.list():
        return
    variable = repositories.trial_variables.add(
        TrialVariable(name="Yield", trait="yield", method="weighed", unit="t/ha", least=0.0, most=20.0)
    )
    varieties = [repositories.germplasm.add(Germplasm(name=f"V{number}", crop="wheat")) for number in range(5)]
    order = TrialOrder(
        field=farm.field,
        name="N",
        kind="rcbd",
        treatments=tuple(
            TrialTreatment(name=f"{variety.name} N{rate}", n_kg_ha=float(rate), germplasm=variety.id)
            for variety, rate in zip(varieties, (0, 60, 90, 150, 180), strict=True)
        ),
        replicates=3,
        seed=1,
        length_m=20.0,
        width_m=5.0,
        variables=(variable.id,),
    )
    trial = repositories.trials.add(draw_trial(order, repositories.fields.get(farm.field)))
    yields = (4.0, 5.4, 6.2, 7.2, 7.3)
    repositories.plot_observations.add_all(
        [
            PlotObservation(
                trial=trial.id,
                plot=plot.number,
                variable=variable.id,
                value=f"{yields[plot.treatment] + 0.1 * plot.block + 0.05 * (plot.number % 3):.2f}",
                time_ms=farm.now_ms(),
            )
            for plot in trial.plots
        ]
    )
    person = repositories.people.add(Person(name="Wang"))
    entry = AccountEntry(person=person.id, kind=AccountKind.ADVANCE, time_ms=farm.now_ms(), amount_fen=50_000)
    repositories.accounts.add(entry)


def cut_field(farm: Farm) -> None:
    """Cut the field with a combine three days ago, once."""
    if any(record.descriptor.device == "machine-h7" for record in farm.store.devices(OWN)):
        return
    points = harvest(0).points
    columns = {
        "latitude_deg": points.north_m / NORTH_DEG_M,
        "longitude_deg": 10.0 + points.east_m / EAST_DEG_M,
        "working_width_m": points.width_m,
        "ground_speed_m_s": points.speed_m_s,
        "harvest_flow_kg_min": points.flow_kg_s * 60.0,
    }
    began_ms = farm.now_ms() - 3 * 86_400_000
    write_series(farm.store, OWN, "home", "machine", "machine-h7", began_ms + points.time_ms, columns)
    channels = {"harvest_flow_kg_min": ChannelInfo(unit="kg/min")}
    combine = Descriptor(device="machine-h7", kind="machine", site="home", name="Combine", channels=channels)
    farm.store.describe(OWN, "gw-1", combine)


def go(page: Page, address: str) -> None:
    """Go to an address within the page that is loaded; what it shows now is no answer to a search for the next."""
    here = page.evaluate("location.hash")
    # Parts of one page are opened in it: it is built anew from another one only.
    steps = ["#/nothing", address] if here.split("?", maxsplit=1)[0] == address.split("?", maxsplit=1)[0] else [address]
    for step in steps:
        page.evaluate("document.querySelector('.page').dataset.page = 'left'")
        page.evaluate("address => (location.hash = address)", step)
        expect(page.locator(".page[data-page=left]")).to_have_count(0)


def find_violations(page: Page, axe: str) -> list[str]:
    """Return the serious violations that axe finds."""
    if page.evaluate("!('axe' in window)"):  # once a page: half a megabyte of script
        page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']}" for each in found if each["impact"] in SERIOUS]


def check_words(page: Page, locale: str, address: str) -> None:
    """Assert that a page shows no raw identifier, no empty placeholder and, in Chinese, no English sentence."""
    page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
    expect(page.locator("progress:visible")).to_have_count(0)
    # JSON of the ledger, and addresses of the API, are for programs.
    page.locator("pre, code").evaluate_all("all => all.forEach(each => each.remove())")
    text = page.locator("body").inner_text()
    assert IDENTIFIER.findall(text) == [], address
    assert PLACEHOLDER.findall(text) == [], address
    if locale == "zh-CN":
        assert ENGLISH.findall(text) == [], address
        assert UNKNOWN_METHOD not in text, address
        assert UNKNOWN_QUANTITY not in text, address


def test_the_language_and_the_area_unit_are_stored(visit: Open) -> None:
    page = visit("#/field")
    expect(page.locator("tbody tr").first).to_contain_text("0.697 ha")
    page.get_by_role("button", name="中文").press("Enter")
    expect(page.locator("tbody tr").first).to_contain_text("10.45 亩")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("button", name="公斤/公顷").click()
    page.reload()
    expect(page.locator("tbody tr").first).to_contain_text("公顷")
    expect(page.locator("footer")).to_have_text("时间为北京时间。")


def test_an_unknown_page_is_reported(visit: Open) -> None:
    page = visit("#/nothing")
    expect(page.locator(".page")).to_contain_text("Page not found.")


@pytest.mark.long
def test_the_api_page_lists_and_tries_every_route(visit: Open) -> None:
    page = visit("docs")
    operation = page.locator(".operation", has_text="/v1/greenhouses/{device}/climate").first
    operation.locator("summary").first.click()
    operation.get_by_label("device").fill(HOUSE)
    operation.get_by_role("button", name="Send").click()
    expect(operation.locator("pre")).to_contain_text('"vpd_kpa"')


def test_a_key_signs_in_by_the_form_or_by_the_address_and_stays_in_neither(
    visit: Open, tmp_path: Path, page_errors: list[str]
) -> None:
    with serve_api(tmp_path) as own:
        base, key = str(own.client.base_url).rstrip("/"), own.keys[Scope.ADMIN]
        page = visit("", base=base, extra_http_headers={})
        entry = page.get_by_label("API key")
        expect(entry).to_be_focused()
        entry.fill("hl_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("The key is not known or has expired. Enter another key.")
        entry.fill(key)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(f"[data-row='{HOUSE}']")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(entry).to_be_visible()
        page.goto("about:blank")
        page.clock.install()
        page.goto(f"{base}/#key={key}")
        expect(page.locator(f"[data-row='{HOUSE}']")).to_be_visible()
        assert "key" not in page.url
        # The stream authenticates by the cookie, too: an EventSource has no headers.
        expect(page.locator(".live")).to_have_attribute("data-state", "online")
        # The next request after the end of the session returns to the sign-in.
        page.context.clear_cookies()
        more = page.locator("summary", has_text="Climate, last 10 minutes")
        more.evaluate_all("all => all.forEach(each => each.click())")  # unless a request was sent before
        expect(page.get_by_role("alert")).to_have_text("Your session has ended. Sign in again.")
        entry.fill("hl_half-typed")
        # A late answer does not clear the entry, and no further request is sent.
        page.clock.run_for(2_000)  # a part that was on its way, such as the map
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.clock.run_for(30_000)
        expect(entry).to_have_value("hl_half-typed")
        assert requests == []
        page.close()
    page_errors[:] = [error for error in page_errors if "401" not in error and "ERR_" not in error]


def test_a_browser_keeps_what_never_changes_and_asks_for_the_rest(farm: Farm) -> None:
    first = httpx.get(f"{farm.base}/", timeout=120)
    assert first.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in first.headers["content-security-policy"]
    assets = re.findall(r'(?:src|href)="(/dashboard/assets/[^"]+)"', first.text)
    assert len(assets) >= 2
    for asset in assets:
        answer = httpx.get(f"{farm.base}{asset}", timeout=120)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    # In the page before its script, in the bar and in the browser's tab: asked for once.
    logos = re.findall(r'"(/dashboard/[^"]+\.svg)"', first.text)
    assert set(logos) == {"/dashboard/headland.svg"}
    assert "max-age=86400" in httpx.get(f"{farm.base}{logos[0]}", timeout=120).headers["cache-control"]
    assert httpx.get(f"{farm.base}/dashboard/sw.js", timeout=120).headers["cache-control"] == "no-cache"
    assert httpx.get(f"{farm.base}/dashboard/assets/..%2findex.html", timeout=120).status_code == 404
