"""The settings page in a real browser: language and area unit, houses with zones and devices, sites, keys, members."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from headland.registry.models.models import Device, Greenhouse, Site
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.test_every_page import go
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")


def test_language_and_unit_are_chosen_by_keyboard(visit: Open) -> None:
    page = visit("#/settings")
    page.get_by_label("简体中文").check()
    expect(page.locator("h1")).to_have_text("设置")
    page.get_by_label("公斤/公顷").check()
    page.get_by_label("English").focus()
    page.keyboard.press("Space")
    expect(page.locator("h1")).to_have_text("Settings")
    expect(page.get_by_role("button", name="kg/ha")).to_have_attribute("aria-pressed", "true")


def test_a_house_gets_a_zone_a_crop_its_cover_and_a_device_on_a_phone_in_chinese(visit: Open, farm: Farm) -> None:
    repositories = farm.repositories
    site = next(one for one in repositories.sites.all() if one.name == "home")
    house = repositories.greenhouses.add(Greenhouse(farm=site.farm, site=site.id, name="Settings house"))
    page = visit("#/settings?tab=houses", locale="zh-CN", viewport={"width": 390, "height": 844})
    card = page.locator(f"[data-house='{house.id}']")
    expect(card).to_contain_text("尚无分区")
    card.get_by_label("作物").fill("生菜")
    card.get_by_role("button", name="添加分区").press("Enter")
    expect(card.locator("[data-zone] h3")).to_have_text("全棚")
    (zone,) = [one for one in repositories.zones.all() if one.greenhouse == house.id]
    assert (zone.name, zone.crop) == ("全棚", "lettuce")
    card.get_by_label("生育期").fill("heading")
    card.locator("[data-zone]").get_by_role("button", name="保存").press("Enter")
    wait_until(lambda: repositories.zones.get(zone.id).version == 2)
    changed = repositories.zones.get(zone.id)
    assert (changed.crop, changed.stage, changed.version) == ("lettuce", "heading", 2)
    device = repositories.devices.add(Device(name="settings-node", kind="greenhouse", gateway="gw-1", site="home"))
    page.reload()
    box = card.get_by_label("settings-node")
    box.press("Space")
    wait_until(lambda: repositories.devices.get(device.id).zone == zone.id)
    expect(box).to_be_checked()
    expect(box).to_be_enabled()
    box.press("Space")
    wait_until(lambda: repositories.devices.get(device.id).zone is None)
    expect(box).not_to_be_checked()
    card.locator("summary", has_text="覆盖材料与尺寸").press("Enter")
    card.get_by_label("棚膜（覆盖材料）").select_option("film")
    card.locator("details").get_by_role("button", name="保存").click()
    wait_until(lambda: repositories.greenhouses.get(house.id).cover == "film")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(card).to_contain_text("如需删除温室，请先删除其分区")
    card.get_by_role("button", name="删除分区").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(card).to_contain_text("尚无分区")
    card.get_by_role("button", name="删除温室").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(card).to_have_count(0)
    page.locator("[data-tab=places]").click()
    page.locator("[data-part=bands] > summary").click()
    bands = page.locator("[data-panel=bands]")
    expect(bands).to_contain_text("尚无自定义范围")
    bands.get_by_label("作物").fill("番茄")
    bands.get_by_label("下限").fill("0.6")
    bands.get_by_label("上限").fill("1.1")
    bands.get_by_label("设定人").fill("李娜")
    bands.get_by_role("button", name="添加范围").press("Enter")
    expect(bands.get_by_role("row", name="番茄").first).to_contain_text("李娜 于")
    (band,) = repositories.crop_bands.all()
    assert (band.crop, band.low, band.high, band.author) == ("tomato", 0.6, 1.1, "李娜")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    bands.get_by_role("button", name="删除").first.click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(bands).to_contain_text("尚无自定义范围")
    repositories.devices.delete(device.id, repositories.devices.get(device.id).version)


def test_a_site_has_a_time_zone_and_a_wrong_one_is_refused_beside_the_form(
    visit: Open, farm: Farm, page_errors: list[str]
) -> None:
    page = visit("#/settings?tab=sites")
    site = next(one for one in farm.repositories.sites.all() if one.name == "home")
    card = page.locator(f"[data-site='{site.id}']")
    card.get_by_label("Time zone").fill("Mars/Base")
    card.get_by_role("button", name="Save").press("Enter")
    expect(card.get_by_role("alert")).to_contain_text("'Mars/Base' is not a time zone")
    page_errors[:] = [error for error in page_errors if "400" not in error]
    card.get_by_label("Time zone").fill(site.time_zone)
    card.get_by_label("Altitude").fill("12.5")
    card.get_by_role("button", name="Save").press("Enter")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    assert farm.repositories.sites.get(site.id).altitude_m == 12.5
    # Other tests of this farm may have added houses.
    expect(card).to_contain_text(re.compile(r"greenhouses of this site \(\d+\): .*Equator"))
    added = page.locator("[data-panel=add-farm]")
    added.get_by_label("Name").fill("Second farm")
    added.get_by_role("button", name="Add farm").press("Enter")
    expect(added).to_contain_text("Home farm, Second farm")
    new = page.locator("form", has=page.get_by_role("heading", name="Add site"))
    new.get_by_label("Name in gateways").fill("hill")
    new.get_by_label("Farm").select_option(label="Second farm")
    new.get_by_role("button", name="Add site").press("Enter")
    hill = page.locator("[data-site]", has=page.get_by_role("heading", name="hill"))
    hill.get_by_role("button", name="Delete site").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(hill).to_have_count(0)
    (second,) = (one for one in farm.repositories.farms.all() if one.name == "Second farm")
    farm.repositories.farms.delete(second.id, second.version)


def test_a_house_and_a_site_are_deactivated_no_longer_offered_and_activated_again(visit: Open, farm: Farm) -> None:
    repositories = farm.repositories
    home = next(iter(repositories.farms.all())).id
    site = repositories.sites.add(Site(farm=home, name="old-yard", time_zone="Asia/Shanghai"))
    house = repositories.greenhouses.add(Greenhouse(farm=home, site=site.id, name="Fallow"))
    page = visit("#/settings?tab=houses", locale="zh-CN", viewport={"width": 390, "height": 844})
    panel = page.locator("[data-panel=houses]")
    panel.get_by_role("button", name="停用Fallow").press("Enter")
    page.get_by_role("dialog", name="确定停用Fallow？").get_by_role("button", name="停用").press("Enter")
    expect(panel.locator("[data-fold=deactivated] > summary")).to_have_text("已停用（1）")
    assert not repositories.greenhouses.get(house.id).active
    go(page, "#/greenhouse")
    shown = page.locator("[data-page=greenhouse]")
    expect(shown).to_have_attribute("data-mounted", "true")
    expect(shown).not_to_contain_text("Fallow")
    go(page, "#/settings?tab=sites")
    page.get_by_role("button", name="停用old-yard").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="停用").press("Enter")
    sites = page.locator("[data-panel=sites]")
    expect(sites.locator("[data-fold=deactivated]")).to_contain_text("已停用（1）")
    assert not repositories.sites.get(site.id).active
    go(page, "#/settings?tab=houses")
    chosen = page.get_by_label("场区", exact=True)
    expect(chosen).to_contain_text("home")
    expect(chosen).not_to_contain_text("old-yard")
    panel.locator("[data-fold=deactivated] > summary").click()
    panel.get_by_role("button", name="启用Fallow").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="启用").press("Enter")
    expect(panel.locator("[data-fold=deactivated]")).to_have_count(0)
    assert repositories.greenhouses.get(house.id).active
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    repositories.greenhouses.delete(house.id, repositories.greenhouses.get(house.id).version)
    repositories.sites.delete(site.id, repositories.sites.get(site.id).version)


def test_keys_and_members_are_added_changed_and_deleted(visit: Open, farm: Farm) -> None:
    page = visit("#/settings?tab=keys")
    keys = page.locator("[data-panel=keys]")
    keys.get_by_label("Name").fill("page app")
    keys.get_by_label("Valid for days").fill("30")
    before_ms = farm.now_ms()
    keys.get_by_role("button", name="Create key").press("Enter")
    secret = keys.locator(".secret")
    expect(secret).to_contain_text("hl_")
    (made,) = [one for one in farm.repositories.keys.all() if one.name == "page app"]
    assert secret.inner_text().startswith(made.prefix)
    assert made.expires_ms is not None
    assert before_ms - 60_000 <= made.expires_ms - 30 * 86_400_000 <= farm.now_ms() + 60_000
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    keys.get_by_role("button", name="Copy").press("Enter")
    expect(keys.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret.inner_text()
    keys.get_by_role("button", name="Revoke the key page app").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(keys.locator("tr", has_text="page app")).to_have_count(0)
    expect(secret).to_have_count(0)
    page.locator("[data-part=members] > summary").click()
    people = page.locator("[data-panel=people]")
    people.get_by_role("button", name="Add person").click()
    people.get_by_label("Name").fill("Li Na")
    people.get_by_role("button", name="Add person").press("Enter")
    members = page.locator("[data-section=sign-in]")
    members.locator("summary", has_text="Add a sign-in").click()
    members.get_by_label("Subject (OIDC sub)").fill("idp|7")
    members.get_by_role("button", name="Add a sign-in").press("Enter")
    row = members.locator("[data-login]", has_text="idp|7")
    with page.expect_response(lambda answer: answer.request.method == "GET" and "/v1/members" in answer.url):
        row.get_by_label("Role of Li Na").select_option("admin")
    wait_until(lambda: [each.role for each in farm.repositories.members.all() if each.name == "Li Na"] == ["admin"])
    row.get_by_role("button", name="Delete the member Li Na").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_a_gateway_is_registered_and_its_settings_are_taken_along_in_chinese_on_a_phone(visit: Open) -> None:
    page = visit("#/settings?tab=gateways", locale="zh-CN", viewport={"width": 390, "height": 844})
    panel = page.locator("[data-panel=gateways]")
    panel.get_by_role("button", name="不用接入码，改用设置文件").click()
    panel.get_by_label("名称").fill("barn")
    panel.get_by_label("本站点服务的地址").fill("192.168.1.5")
    panel.get_by_role("button", name="登记网关").press("Enter")
    added = panel.locator("[data-added=barn]")
    expect(added.locator("pre")).to_contain_text('id = "barn"')
    with page.expect_download() as download:
        added.get_by_role("link", name="下载 edge.toml").click()
    assert download.value.path().read_text() == added.locator("pre").inner_text()
    added.get_by_role("button", name="显示二维码").press("Enter")
    expect(added.get_by_role("img", name="显示二维码")).to_be_visible()
    # By a code: shown once, listed without it, and revoked.
    codes = page.locator("[data-panel=gateway-codes]")
    panel.get_by_role("button", name="改用接入码").click()
    panel.get_by_label("名称").fill("shed")
    expect(panel.get_by_label("本站地址")).to_have_value(re.compile("^http://127"))
    panel.get_by_role("button", name="生成接入码").press("Enter")
    command = panel.locator("[data-code=shed] code").first
    expect(command).to_have_text(re.compile(r"^headland edge enrol http://127\S+ [0-9A-Z]{5}(-[0-9A-Z]{5}){3}$"))
    expect(panel.get_by_role("img", name="接入命令二维码")).to_be_visible()
    row = codes.locator("tr", has_text="shed")
    expect(row).to_contain_text("待使用")
    row.get_by_role("button", name="吊销").click()
    page.get_by_role("dialog").get_by_role("button", name="吊销").click()
    expect(row).to_contain_text("已吊销")
    expect(panel.locator("[data-code=shed]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_gateway_form_waits_for_its_way_and_keeps_what_was_typed_when_the_way_changes(visit: Open) -> None:
    page = visit("#/settings")
    held: list[Route] = []
    page.route(re.compile("/v1/gateway-enrolments"), lambda route: held.append(route))
    page.goto(page.url.replace("#/settings", "#/settings?tab=gateways"))
    panel = page.locator("[data-panel=gateways]")
    expect(panel).to_be_visible()
    # Whether the farm gives codes is not known yet: a form of either way could be the wrong one.
    expect(panel.get_by_label("Name")).to_have_count(0)
    for route in held:
        route.continue_()
    page.unroute(re.compile("/v1/gateway-enrolments"))
    panel.get_by_label("Name").fill("barn")
    panel.get_by_role("button", name="Without a code: a file of settings").click()
    expect(panel.locator("[data-way=file]")).to_be_visible()
    expect(panel.get_by_label("Name")).to_have_value("barn")


def test_the_page_is_dark_or_light_as_the_user_says_and_prints_are_light(visit: Open) -> None:
    page = visit("#/settings", color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_label("light", exact=True).check()
    light = page.evaluate(background)
    assert light != dark
    # The choice stays, also for style sheets that are loaded later.
    page.reload()
    expect(page.get_by_label("light", exact=True)).to_be_checked()
    assert page.evaluate(background) == light
    page.get_by_label("dark", exact=True).check()
    page.emulate_media(color_scheme="light")
    assert page.evaluate(background) == dark
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(background) != dark
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.get_by_label("as the device").check()
    assert page.evaluate(background) == light
