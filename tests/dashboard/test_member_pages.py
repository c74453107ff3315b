"""The pages of a member, to whom nothing that they ask for is refused, and of a named key, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from headland.registry.models.models import Scope
from headland.registry.models.people import Holding, HoldingKind, Person, PersonRole
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm
from tests.dashboard.test_every_page import cut_field, go

pytestmark = pytest.mark.services("chromium")

YEAR_MS = 365 * 86_400_000


def sign_in_as_member(farm: Farm) -> str:
    """Return the key of a member who leases the farm's field, which a combine has cut."""
    cut_field(farm)
    member = farm.repositories.people.add(Person(name="王芳", number="17", role=PersonRole.MEMBER))
    since_ms = farm.now_ms() - YEAR_MS
    farm.repositories.holdings.add(
        Holding(field=farm.field, person=member.id, kind=HoldingKind.LEASE, start_ms=since_ms)
    )
    return farm.repositories.add_key("member", Scope.READ, person=member.id)[1]


def refusals_of(page: Page) -> list[str]:
    """Return a list to which each refused answer of the page is added."""
    refused: list[str] = []

    def collect(answer: Response) -> None:
        if answer.status >= 400:
            refused.append(f"{answer.status} {answer.url}")

    page.on("response", collect)
    return refused


def test_no_page_of_a_member_asks_for_what_is_refused(visit: Open, tmp_path: Path) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        key = sign_in_as_member(farm)
        (tmp_path / "base-map").write_text('{"type": "FeatureCollection", "features": []}')
        options = {"locale": "zh-CN", "viewport": {"width": 390, "height": 844}, "extra_http_headers": {}}
        page = visit(f"#key={key}", base=farm.base, **options)
        refused = refusals_of(page)  # what was refused before is an error of the console, which fails as well
        expect(page.locator("[data-panel=own-statements]")).to_be_visible()
        # As it begins when it is opened again, on the farm page, which a member does not have.
        page.goto(f"{farm.base}/#/farm")
        page.reload()
        expect(page.locator("[data-panel=own-statements]")).to_be_visible()
        go(page, "#/cooperative?tab=deliveries")
        expect(page.locator("[data-panel=deliveries]")).to_be_visible()
        go(page, "#/cooperative?tab=fields")
        page.get_by_role("button", name="产量图").click()
        expect(page.locator("[data-figures=yield]")).to_be_visible()
        page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
        go(page, "#/cooperative?tab=disputes")
        page.get_by_label("作业", exact=True).select_option(value=farm.flight)
        place = page.locator(f"[data-panel=dispute-map][data-pass='{farm.flight}']")
        expect(place).to_have_attribute("data-drawn", "true")
        expect(place.locator(".map-view")).to_have_attribute("data-state", "idle")
        place.locator("canvas").first.click()
        expect(place.locator("[data-panel=evidence] .facts")).to_contain_text("公斤/亩")
        expect(page.locator("progress:visible")).to_have_count(0)
        go(page, "#/settings")  # by its address: no link leads a member there
        expect(page.locator(".page")).to_contain_text("页面不存在")
        assert refused == []
        page.close()


def test_the_ledger_names_the_key_that_made_an_entry(visit: Open, tmp_path: Path) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        key = farm.repositories.add_key("Office", Scope.ADMIN)[1]
        page = visit(f"#key={key}", base=farm.base, extra_http_headers={})
        expect(page.locator(".page")).to_have_attribute("data-mounted", "true")
        go(page, f"#/field/{farm.field}?pass={farm.flight}")
        ledger = page.locator("[data-panel=ledger]")
        ledger.locator("summary").first.click()
        ledger.get_by_role("button", name="Enter this pass in the ledger").click()
        expect(ledger.locator("tbody tr").first).to_contain_text("Office")
        page.close()


#: What each caller may open by an address, its tabs included.
_ADDRESSES = (
    "#/farm", "#/field", "#/field?tab=draw", "#/field?tab=import", "#/field?tab=inputs", "#/greenhouse", "#/harvest",
    "#/alarms", "#/alarms?tab=rules", "#/alarms?tab=recipients", "#/alarms?tab=duty", "#/health", "#/cooperative",
    "#/cooperative?tab=people", "#/cooperative?tab=accounts", "#/cooperative?tab=disputes",
    "#/cooperative?tab=subsidies", "#/settings", "#/settings?tab=houses", "#/settings?tab=sites", "#/settings?tab=keys",
)  # fmt: skip


@pytest.mark.parametrize("caller", ["pilot", "agronomist", "read"])
def test_no_page_asks_for_what_the_caller_is_refused(visit: Open, tmp_path: Path, caller: str) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        if caller == "read":
            key = farm.repositories.add_key("reader", Scope.READ)[1]
        else:
            person = farm.repositories.people.add(Person(name=caller, role=PersonRole(caller)))
            key = farm.repositories.add_key(caller, Scope.ADMIN, person=person.id)[1]
        page = visit(f"#key={key}", base=farm.base, extra_http_headers={})
        refused = refusals_of(page)
        expect(page.locator(".page").first).to_have_attribute("data-mounted", "true")
        for address in _ADDRESSES:
            go(page, address)
        assert [each for each in refused if each.startswith("403")] == []
        page.close()
