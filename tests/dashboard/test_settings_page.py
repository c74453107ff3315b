"""The settings page in a real browser: language and area unit, crops of zones, recipients, keys and members."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from headland.registry.models.models import Greenhouse, GreenhouseZone
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")


def test_language_and_crops_are_set_and_a_rejected_input_is_reported(
    visit: Open, farm: Farm, page_errors: list[str]
) -> None:
    repositories = farm.repositories
    site = next(one for one in repositories.sites.all() if one.name == "home")
    greenhouse = repositories.greenhouses.add(Greenhouse(farm=site.farm, site=site.id, name="Settings house"))
    zone = repositories.zones.add(GreenhouseZone(greenhouse=greenhouse.id, name="bed 1"))
    page = visit("#/settings")
    page.get_by_label("简体中文").check()
    expect(page.locator("h1")).to_have_text("设置")
    page.get_by_label("公斤/公顷").check()
    page.get_by_label("English").focus()
    page.keyboard.press("Space")
    expect(page.locator("h1")).to_have_text("Settings")
    expect(page.get_by_role("button", name="kg/ha")).to_have_attribute("aria-pressed", "true")

    row = page.locator(f"tr[data-zone='{zone.id}']")
    expect(row).to_contain_text("Settings house")
    row.get_by_label("Crop of bed 1").fill("Lettuce")
    row.get_by_label("Stage of bed 1").fill("heading")
    row.get_by_role("button", name="Save").press("Enter")
    expect(page.locator("[data-panel=zones] .progress")).to_have_text("Saved.")
    changed = repositories.zones.get(zone.id)
    assert (changed.crop, changed.stage, changed.version) == ("lettuce", "heading", 2)
    panel = page.locator("[data-panel=recipients]")
    panel.get_by_label("Name").fill("nobody")
    panel.get_by_label("Address").fill("no mailbox")
    panel.get_by_role("button", name="Add recipient").click()
    expect(panel.locator(".progress.failed")).to_contain_text("mailbox")
    page_errors[:] = [error for error in page_errors if "400" not in error]


def test_recipients_keys_and_members_are_added_and_deleted(visit: Open, farm: Farm) -> None:
    page = visit("#/settings")
    panel = page.locator("[data-panel=recipients]")
    panel.get_by_label("Name").fill("Wang Fang")
    panel.get_by_label("Address").fill("wang@example.org")
    panel.get_by_label("Language").select_option("zh-CN")
    panel.get_by_label("Lowest severity").select_option("critical")
    panel.get_by_role("button", name="Add recipient").click()
    row = panel.locator("tr", has_text="Wang Fang")
    expect(row).to_contain_text("简体中文")
    (recipient,) = [each for each in farm.repositories.alarm_recipients.all() if each.name == "Wang Fang"]
    assert (recipient.address, recipient.least_severity, recipient.enabled) == ("wang@example.org", "critical", True)
    row.get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("Enable")
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    keys = page.locator("[data-panel=keys]")
    keys.get_by_label("Name").fill("page app")
    keys.get_by_label("Valid for days").fill("30")
    keys.get_by_role("button", name="Create key").click()
    secret = keys.locator(".secret")
    expect(secret).to_contain_text("hl_")
    (made,) = [one for one in farm.repositories.keys.all() if one.name == "page app"]
    assert secret.inner_text().startswith(made.prefix)
    assert made.expires_ms is not None
    assert made.expires_ms - farm.now_ms() == pytest.approx(30 * 86_400_000, abs=60_000)
    page.once("dialog", lambda dialog: dialog.accept())
    keys.get_by_role("button", name="Revoke the key page app").click()
    expect(keys.locator("tr", has_text="page app")).to_have_count(0)
    expect(secret).to_have_count(0)
    members = page.locator("[data-panel=members]")
    members.get_by_label("Name").fill("Li Na")
    members.get_by_label("Subject (OIDC sub)").fill("idp|7")
    members.get_by_role("button", name="Add member").click()
    expect(members.locator("tr", has_text="idp|7")).to_be_visible()
