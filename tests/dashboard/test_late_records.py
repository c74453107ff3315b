"""A treatment that is entered after the harvest, on a phone in Chinese: every page says it, until it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from headland.registry.models.lots import Harvest, Lot
from headland.registry.models.models import Field
from headland.registry.models.plant_protection import ActiveIngredient, PlantProtectionProduct, ProductUse
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm

pytestmark = pytest.mark.services("chromium")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm of its own: what is recorded here is never deleted."""
    with serve_farm(tmp_path_factory.mktemp("late")) as served:
        yield served


def test_a_late_record_is_said_on_every_page_until_it_is_withdrawn(visit: Open, farm: Farm) -> None:
    repositories, now_ms = farm.repositories, farm.now_ms()
    known = repositories.fields.get(farm.field)
    field = repositories.fields.add(
        Field(farm=known.farm, name="Late ground", geometry=known.geometry, site=known.site)
    ).id
    use = ProductUse(crop="wheat", pre_harvest_interval_days=5)
    content = ActiveIngredient(name="x", content=25.0, unit="pct")
    product = repositories.plant_protection.add(
        PlantProtectionProduct(
            name="吡唑醚菌酯", registration_number="PD-LATE", unit="l", active_ingredients=(content,), uses=(use,)
        )
    )
    harvest = Harvest(field=field, crop="wheat", time_ms=now_ms - 60_000, grams=1_000_000, author="李梅")
    lot = Lot(code="LATE-1", product="小麦", crop="wheat", time_ms=now_ms, grams=1)
    lot = repositories.lots.record_harvest(harvest, lot)[1].lots[0]
    page = visit(f"#/harvest/{lot.id}", locale="zh-CN", viewport={"width": 390, "height": 844})
    release = page.locator("[data-panel=release]")
    expect(release).to_be_visible()
    expect(page.locator("[data-panel=breaches]")).to_have_count(0)
    release.get_by_label("开具单位").fill("绿源合作社")
    release.get_by_role("button", name="公开", exact=True).click()
    address = release.get_by_role("link", name="打开页面").get_attribute("href")
    # The treatment of three days ago is entered now.
    page.evaluate(f"location.hash = '#/field/{field}'")
    page.get_by_role("tab", name="田间记录").click()
    page.locator("[data-part=protection] > summary").click()
    page.locator("summary", has_text="登记用药").click()
    form = page.locator("form", has=page.locator("[name=dose]"))
    form.locator("[name=product]").select_option(product.id)
    form.locator("[name=crop]").select_option("wheat")
    form.locator("[name=dose]").fill("0.5")
    for name in ("start", "end"):
        moment = form.locator(f"[name={name}]").input_value()
        form.locator(f"[name={name}]").fill(page.evaluate(_THREE_DAYS_BEFORE, moment))
    form.locator("[name=author]").fill("李梅")
    form.locator("button[type=submit]").click()
    expect(page.locator("[data-within='1']")).to_contain_text("需召回的批次：1 个")
    entry = page.locator("[data-treatment]").first
    entry.locator("summary").first.click()
    expect(entry.locator("[data-panel=breaches]")).to_contain_text("LATE-1")
    entry.get_by_text("召回：吡唑醚菌酯").click()
    expect(entry.locator("[data-recalled='1']")).to_be_visible()
    page.evaluate("location.hash = '#/harvest?tab=lots'")
    expect(page.locator("[data-interval=breached]")).to_have_text("安全间隔期内采收")
    page.evaluate(f"location.hash = '#/harvest/{lot.id}'")
    breaches = page.locator("[data-panel=breaches]")
    expect(breaches).to_contain_text("用药记录在采收之后补登")
    expect(page.locator("[data-panel=certificate]")).to_contain_text("不能开具或打印合格证")
    expect(page.get_by_role("button", name="开具合格证")).to_have_count(0)
    page.evaluate("location.hash = '#/farm'")
    expect(page.locator("[data-panel=recalls]")).to_contain_text("Late ground：需召回 1 个批次")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shown = httpx.get(f"{farm.base}{address}", headers={"Accept-Language": "zh-CN"}, timeout=120)
    assert "请暂停食用和销售此批次" in shown.text
    # Withdrawn, it is nowhere any more.
    page.evaluate(f"location.hash = '#/field/{field}'")
    page.get_by_role("tab", name="田间记录").click()
    page.locator("[data-part=protection] > summary").click()
    entry.locator("summary").first.click()
    entry.get_by_role("button", name="撤销").click()
    page.get_by_role("dialog").get_by_role("button", name="撤销").click()
    expect(page.locator("[data-treatment]")).to_have_count(0)
    page.evaluate(f"location.hash = '#/harvest/{lot.id}'")
    expect(release).to_be_visible()
    expect(breaches).to_have_count(0)
    shown = httpx.get(f"{farm.base}{address}", headers={"Accept-Language": "zh-CN"}, timeout=120)
    assert "请暂停" not in shown.text


_THREE_DAYS_BEFORE = """(text) => {
  const moment = new Date(text + "Z");
  moment.setUTCDate(moment.getUTCDate() - 3);
  return moment.toISOString().slice(0, 16);
}"""
