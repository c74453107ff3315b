"""Weather to come on the page: providers, the forecast of a site, what was said before, and the water of a field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest
from playwright.sync_api import Page, expect

from headland.network.polite_requests import RequestFault, RequestState
from headland.registry.models.weather import ForecastPlace, ForecastProviderSetting
from headland.registry.repositories.weather import name_of_place
from headland.units_of_time import HOUR_MS
from tests.api.fields.test_water import SOWN, serve_watered_field
from tests.api.registry_api import RegistryApi
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.test_every_page import check_words, find_violations, go
from tests.formats.weather.answers import ISSUED_MS, met_case
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium", "axe-core")

#: The place of the site `home`, as it leaves the station.
PLACE: Final = ForecastPlace(latitude_deg=0.0, longitude_deg=10.0)
PHONE: Final = {"width": 390, "height": 844}


@pytest.fixture
def without_provider(farm: Farm) -> Iterator[Farm]:
    """The farm, whose providers are removed afterwards."""
    yield farm
    for setting in farm.repositories.forecast_providers.all():
        farm.repositories.forecast_providers.delete(setting.id, setting.version)


def add_issue(farm: Farm, hours_ago: int) -> int:
    """Keep an issue for the place of the site that was made and read so many hours ago; return when."""
    issue = met_case().issue()
    at_ms = farm.now_ms() // HOUR_MS * HOUR_MS - hours_ago * HOUR_MS
    shift_ms = at_ms - ISSUED_MS
    series = tuple(
        msgspec.structs.replace(
            each,
            starts_ms=tuple(time_ms + shift_ms for time_ms in each.starts_ms),
            ends_ms=tuple(time_ms + shift_ms for time_ms in each.ends_ms),
        )
        for each in issue.series
    )
    told = msgspec.structs.replace(issue, asked=PLACE, issued_ms=at_ms, fetched_ms=at_ms, series=series)
    farm.repositories.weather.add(told)
    return at_ms


def test_a_manager_turns_a_provider_on_once_told_what_leaves_the_farm(
    visit: Open, without_provider: Farm, axe: str
) -> None:
    farm = without_provider
    repositories = farm.repositories.forecast_providers
    page = visit("#/settings?tab=forecasts", locale="zh-CN", viewport=PHONE, bypass_csp=True)
    panel = page.locator("[data-panel=forecast-providers]")
    expect(panel.locator("[data-providers=none]")).to_have_text("尚未添加预报来源，不查询天气预报。")
    state = panel.locator("[data-state-of]").first
    expect(state.locator("[data-reason=off]")).to_contain_text("没有天气预报")
    form = page.locator("[data-panel=add-provider]")
    form.get_by_label("预报来源").select_option(label="挪威气象研究所（MET Norway Locationforecast 2.0）")
    form.get_by_label("联系方式").fill("office@farm.example")
    form.get_by_role("button", name="添加预报来源").press("Enter")
    card = panel.locator("[data-provider=met-norway]")
    expect(card).to_contain_text("未启用")
    (added,) = repositories.all()
    assert (added.provider, added.enabled, added.contact) == ("met-norway", False, "office@farm.example")
    card.get_by_role("button", name="启用").click()
    question = page.get_by_role("dialog")
    # The rounded place, the host and the contact are all that leaves the farm.
    expect(question).to_contain_text("https://api.met.no")
    expect(question).to_contain_text("经纬度保留 2 位小数")
    expect(question).to_contain_text("(0.00°, 10.00°)")
    expect(question).to_contain_text("office@farm.example")
    question.get_by_role("button", name="启用").click()
    wait_until(lambda: repositories.get(added.id).enabled)
    expect(card).to_contain_text("已启用")
    expect(state.locator("[data-reason=waiting]")).to_contain_text("挪威气象研究所")
    expect(state).to_contain_text("0.00°, 10.00°")
    form.get_by_label("预报来源").select_option(label="和风天气（QWeather）")
    form.get_by_role("button", name="添加预报来源").press("Enter")
    expect(panel.locator("[data-provider=qweather]")).to_contain_text("HEADLAND_FORECAST_KEYS=qweather=")
    page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert find_violations(page, axe) == []
    check_words(page, "zh-CN", "settings")


def test_a_site_s_weather_shows_its_source_and_an_earlier_issue_beside_what_was_measured(
    visit: Open, without_provider: Farm, axe: str
) -> None:
    farm = without_provider
    options = {"locale": "zh-CN", "viewport": PHONE, "bypass_csp": True, "color_scheme": "dark"}
    page = visit("#/weather", **options)
    # Off: nothing is shown in the place of a forecast, and the way to turn one on is.
    expect(page.locator("[data-forecast=nothing][data-reason=off]")).to_contain_text("管理员可在设置中启用")
    expect(page.locator("[data-panel=said-and-measured]")).to_have_count(0)
    farm.repositories.forecast_providers.add(ForecastProviderSetting(provider="met-norway", enabled=True))
    before_ms = add_issue(farm, 30)
    issued_ms = add_issue(farm, 5)
    # It was not reached since: the forecast is old, and says why.
    state = RequestState(
        asked_ms=farm.now_ms() - 60_000,
        good_ms=issued_ms,
        next_ms=farm.now_ms() + HOUR_MS,
        fault=RequestFault.NO_ANSWER,
    )
    farm.repositories.weather.save_state("met-norway", name_of_place(PLACE), msgspec.to_builtins(state), farm.now_ms())
    page.reload()
    told = page.locator("[data-panel=weather-next]")
    expect(told.locator("[data-forecast=provider]")).to_contain_text("没有新消息")
    expect(told.locator("[data-forecast=provider]")).to_contain_text("请检查本站网络")
    expect(told.locator("[data-attribution]")).to_have_text("天气预报数据来自挪威气象研究所（MET Norway），CC BY 4.0。")
    expect(told.get_by_role("figure", name="降雨量与降雨概率")).to_contain_text("降雨量")
    expect(told.get_by_role("figure", name="气温与湿度")).to_contain_text("90% 区间下限")
    said = page.locator("[data-panel=said-and-measured]")
    expect(said.locator("[data-forecast-source]")).to_be_visible()
    # Another time is another issue, in the address and on the page.
    said.get_by_role("button", name="48 小时前").click()
    expect(said.locator("[data-said=nothing]")).to_be_visible()
    site = next(one for one in farm.repositories.sites.all() if one.name == "home")
    go(page, f"#/weather/{site.id}?at={before_ms + HOUR_MS}")
    expect(said.get_by_role("figure")).to_contain_text("预报值")
    hour = page.evaluate(
        "at => new Intl.DateTimeFormat('zh-CN', {timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', "
        "hourCycle: 'h23'}).format(at)",
        before_ms,
    )
    expect(said.locator("[data-forecast-source]")).to_contain_text(f"{hour} 起报")
    page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert find_violations(page, axe) == []
    check_words(page, "zh-CN", "weather")
    field = farm.repositories.fields.get(farm.field)
    assert field.site == site.id
    go(page, f"#/field/{farm.field}?tab=weather&kind=liquid")
    windows = page.locator("[data-panel=forecast-window]")
    expect(windows.locator("[data-attribution]")).to_contain_text("挪威气象研究所")
    first = windows.locator(".hours li").first
    first.get_by_role("button").click()
    told = windows.locator("[data-chosen-hour]")
    expect(told).to_contain_text("风速")
    reasons = told.locator(".state-text")
    assert reasons.get_attribute("data-state") == first.get_attribute("data-state")
    outlook = page.locator("[data-panel=field-outlook]")
    expect(outlook.locator("[data-frost]")).to_contain_text("最低")
    asked = page.request.get(f"{farm.base}/v1/fields/{farm.field}/weather-outlook").json()
    for panel, days in (("field-blight", asked["disease"]), ("field-harvest", asked["harvest"])):
        rows = outlook.locator(f"[data-panel={panel}] tbody tr")
        expect(rows).to_have_count(len(days))
        # Each day says how many of its hours were measured, and how many are forecast.
        for row, day in zip(rows.all(), days, strict=True):
            hours = f"实测 {day['measured_h']} 小时，预报 {day['forecast_h']} 小时"
            expect(row).to_contain_text(hours + (f"，缺 {day['missing_h']} 小时" if day["missing_h"] else ""))
        expect(outlook.locator(f"[data-panel={panel}] [data-attribution]")).to_contain_text("挪威气象研究所")
    assert any(day["forecast_h"] for day in asked["disease"])
    lacking = [day for day in asked["disease"] if day["reason"] is not None]
    expect(outlook.locator("[data-panel=field-blight] [data-reason=insufficient_data]")).to_have_count(len(lacking))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert find_violations(page, axe) == []
    check_words(page, "zh-CN", "field weather")
    go(page, "#/weather/nowhere")
    expect(page.locator("[data-not-found=site]")).to_contain_text("nowhere")


def test_the_water_of_a_field_says_when_to_irrigate_and_which_probes_are_believed(
    visit: Open, tmp_path: Path, axe: str
) -> None:
    with serve_watered_field(tmp_path) as api:
        field, base = api.ids["field"], str(api.client.base_url).rstrip("/")
        options = {"locale": "zh-CN", "viewport": PHONE, "bypass_csp": True}
        page = visit(f"#/field/{field}?tab=water", base=base, **options)
        water = page.locator("[data-panel=water]")
        expect(water.locator("[data-reason=soil_not_known]")).to_contain_text("土壤未知")
        form = page.locator("[data-panel=soil]")
        form.get_by_label("土壤质地").select_option(label="壤土")
        form.get_by_label("水表以外的灌水").fill("30 毫米")
        form.get_by_role("button", name="计算").press("Enter")
        expect(form.get_by_role("alert")).to_contain_text("这一行不是“日期 毫米数”：30 毫米")
        form.get_by_label("水表以外的灌水").fill("")
        form.get_by_role("button", name="计算").press("Enter")
        told = api.client.get(f"/v1/fields/{field}/water", params={"texture": "loam"}).json()
        amount = round(told["advice"]["amount_m3_mu"]["value"])
        expect(water.locator("[data-advice]")).to_contain_text(f"{amount} m³/亩")
        # Nothing forecasts here, and it is said.
        expect(water).to_contain_text("没有降雨预报")
        expect(water.locator(".table tbody tr")).to_have_count(len(told["probes"]))
        expect(water.locator("[data-left-out] li").filter(has_text="probe-3").first).to_contain_text("未采用")
        expect(water.get_by_role("figure", name="播种以来根区缺水量")).to_contain_text("开始受旱")
        # The address keeps what was declared.
        page.reload()
        expect(water.locator("[data-advice]")).to_contain_text(f"{amount} m³/亩")
        save_zone_and_irrigations(page, api, amount)
        page.locator("details").evaluate_all("all => all.forEach(details => (details.open = true))")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert find_violations(page, axe) == []
        check_words(page, "zh-CN", "water")
        page.close()


def save_zone_and_irrigations(page: Page, api: RegistryApi, amount: int) -> None:
    """Save what the address declares, write water down on two days, and add and choose a zone that is a part."""
    field, client = api.ids["field"], api.client
    page.locator("[data-panel=declared]").get_by_role("button", name="保存到农场档案").click()
    zone = page.locator("[data-panel=irrigation-zone]")
    expect(zone.locator("summary")).to_have_text("灌溉分区：整块地")
    # It is the farm's now: the address has nothing of it, and the advice is the same.
    expect(page.locator("[data-panel=declared]")).to_have_count(0)
    assert "soil=" not in page.url
    (whole,) = client.get("/v1/irrigation-zones", params={"field": field}).json()["items"]
    assert (whole["texture"], whole["area_m2"]) == ("loam", None)
    expect(page.locator("[data-panel=water] [data-advice]")).to_contain_text(f"{amount} m³/亩")
    zone.locator("summary").click()
    zone.get_by_label("灌溉方式").select_option(label="滴灌")
    zone.get_by_label("probe-1").check()
    zone.get_by_label("meter-1").check()
    zone.get_by_role("button", name="保存").press("Enter")
    wait_until(lambda: client.get(f"/v1/irrigation-zones/{whole['id']}").json()["method"] == "drip")
    changed = client.get(f"/v1/irrigation-zones/{whole['id']}").json()
    assert (changed["texture"], sorted(changed["devices"])) == ("loam", ["meter-1", "probe-1"])
    given = page.locator("[data-panel=irrigations]")
    given.locator("details > summary").first.click()
    dry, metered = ((SOWN + timedelta(days=days)).isoformat() for days in (20, 55))
    for day in (dry, metered):
        given.get_by_label("日期").fill(day)
        given.get_by_label("灌水量").fill("10")
        given.get_by_label("您的姓名").fill("李强")
        given.get_by_role("button", name="登记灌水").press("Enter")
        expect(given.locator("tr[data-source=record]").filter(has_text=day)).to_contain_text("登记人：李强")
        expect(given.get_by_label("灌水量")).to_have_value("")
    # Ten cubic metres a mu are 15 mm; where the meter counted, its count holds.
    expect(given.locator("tr[data-counted=counted][data-source=record]")).to_contain_text("15.0")
    expect(given.locator("tr[data-counted=by_meter]")).to_contain_text(metered)
    expect(given.locator("tr[data-source=meter]").filter(has_text=metered)).to_contain_text("水表：meter-1")
    given.get_by_role("button", name=f"删除: {metered}").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(given.locator("tr[data-source=record]")).to_have_count(1)
    (kept,) = client.get("/v1/irrigations", params={"field": field}).json()["items"]
    assert (kept["day"], kept["amount_mm"], kept["volume_m3"], kept["author"]) == (dry, 15.0, None, "李强")
    add = page.locator("[data-panel=add-irrigation-zone]")
    add.locator("summary").click()
    add.get_by_label("名称").fill("东片")
    add.get_by_label("土壤质地").select_option(label="砂土")
    add.get_by_role("button", name="添加灌溉分区").press("Enter")
    # Another zone is a part: its area is asked for.
    expect(add.locator(".field-error")).to_have_count(1)
    add.get_by_label("分区面积").fill("3")
    add.get_by_role("button", name="添加灌溉分区").press("Enter")
    expect(page.get_by_label("灌溉分区", exact=True).locator("option:checked")).to_contain_text("东片")
    part = next(each for each in client.get("/v1/irrigation-zones").json()["items"] if each["name"] == "东片")
    assert part["area_m2"] == pytest.approx(2000.0)
    assert f"zone={part['id']}" in page.url
    expect(page.locator("[data-panel=water]")).to_contain_text("整个分区")
    page.get_by_label("灌溉分区", exact=True).select_option(label="整块地")
    expect(zone.locator("summary")).to_have_text("灌溉分区：整块地")
    assert "zone=" not in page.url
