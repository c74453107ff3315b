"""The page of harvests in a real browser: from a harvest to its certificate on paper."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from headland.registry.models.plant_protection import (
    ActiveIngredient,
    MixPart,
    PlantProtectionProduct,
    ProductUse,
    Treatment,
)
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")


def test_a_harvest_becomes_a_lot_and_a_certificate_in_three_clicks(visit: Open, farm: Farm) -> None:
    page = visit("#/harvest", locale="zh-CN", viewport={"width": 390, "height": 844})
    form = page.locator("[data-panel=harvest]")
    # Nothing is chosen for a person: the field grows no crop that the registry knows.
    expect(form.get_by_label("作物")).to_have_value("")
    expect(form.locator("[data-interval]")).to_have_count(0)
    form.get_by_label("地块或温室分区").select_option(label="Equator")
    form.get_by_label("作物").select_option(label="小麦")
    expect(form.locator("[data-interval]")).to_have_attribute("data-interval", "over")
    # Before the simulated flight: what rests on it has no certificate.
    time = form.get_by_label("时间")
    time.fill((datetime.fromisoformat(time.input_value()) - timedelta(minutes=35)).strftime("%Y-%m-%dT%H:%M"))
    form.get_by_label("重量").fill("1250.5")
    form.get_by_label("登记人").fill("李芳")
    form.get_by_role("button", name="登记采收").click()
    panel = page.locator("[data-panel=certificate]")
    panel.get_by_label("开具单位").fill("绿源合作社")
    panel.get_by_label("联系方式").fill("138 0000 0000")
    expect(page.locator("[data-panel=happenings]")).to_contain_text("实测")
    page.locator("[data-recall]").first.click()
    expect(page.locator("[data-panel=recall] [data-recalled]")).to_contain_text("涉及批次共")
    panel.get_by_text("样张", exact=True).click()
    with page.expect_download() as drawn:
        panel.get_by_role("button", name="A7 卡片").click()
    assert drawn.value.suggested_filename == "specimen-a7.pdf"
    panel.get_by_role("button", name="开具合格证").click()
    expect(panel.locator("[data-certificate=valid]")).to_contain_text("1,250.50 公斤")
    with page.expect_download() as printed:
        panel.get_by_role("button", name="A7 卡片").click()
    assert Path(printed.value.path()).read_bytes().startswith(b"%PDF")
    release = page.locator("[data-panel=release]")
    release.get_by_label("开具单位").fill("绿源合作社")
    release.get_by_label("给消费者的话").fill("今晨采摘")
    # This farm's station has no public URL: said before anything is printed, with the remedy.
    expect(release.locator("[data-release-url=none]")).to_contain_text("--public-url")
    release.get_by_role("button", name="公开", exact=True).click()
    expect(release.locator("[data-release=open]")).to_contain_text("公开")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    address = release.get_by_role("link", name="打开页面").get_attribute("href")
    shown = httpx.get(f"{farm.base}{address}", headers={"Accept-Language": "zh-CN"}, timeout=120)
    assert (shown.status_code, "今晨采摘" in shown.text) == (200, True)
    release.get_by_role("button", name="撤回公开").click()
    page.get_by_role("dialog").get_by_role("button", name="撤回公开").click()
    expect(release.locator("[data-release=withdrawn]")).to_be_visible()
    assert httpx.get(f"{farm.base}{address}", timeout=120).status_code == 404
    # A treatment is corrected by a new entry, whose tank mix keeps its other product, and withdrawn by another.
    repositories, now_ms = farm.repositories, farm.now_ms()
    mix = []
    for number, name in enumerate(("吡虫啉", "苯醚甲环唑")):
        use = ProductUse(crop="wheat", target="", least_dose_ha=0.1, most_dose_ha=1.0)
        content = ActiveIngredient(name=name, content=20.0, unit="pct")
        product = PlantProtectionProduct(
            name=name, registration_number=f"PD2026{number}", unit="l", active_ingredients=(content,), uses=(use,)
        )
        mix.append(MixPart(product=repositories.plant_protection.add(product).id, dose_ha=0.3))
    first = repositories.treatments.add(
        Treatment(
            field=farm.field, crop="wheat", start_ms=now_ms - 7_200_000, end_ms=now_ms - 3_600_000, mix=tuple(mix),
            author="李芳",
        )
    )  # fmt: skip
    page.evaluate("location.hash = '#/harvest?tab=protection'")
    entry = page.locator(f"[data-treatment='{first.id}']")
    entry.locator("summary").click()
    entry.get_by_role("button", name="更正").click()
    entry.get_by_label("每公顷用量", exact=False).first.fill("0.5")
    entry.locator("form").get_by_role("button", name="更正").click()
    expect(entry).to_have_count(0)
    (second,) = repositories.treatments.list(field=farm.field)
    assert (second.corrects, [part.dose_ha for part in second.mix]) == (first.id, [0.5, 0.3])
    # Its form has minutes only; times that nobody changed keep their seconds.
    assert (second.start_ms, second.end_ms) == (first.start_ms, first.end_ms)
    entry = page.locator(f"[data-treatment='{second.id}']")
    entry.locator("summary").click()
    entry.get_by_role("button", name="撤销").click()
    page.get_by_role("dialog").get_by_role("button", name="撤销").click()
    expect(entry).to_have_count(0)
    assert repositories.treatments.list(field=farm.field) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
