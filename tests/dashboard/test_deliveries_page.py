"""Deliveries of members in a real browser: entered from a weigh slip, corrected, taken back, imported."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, expect

from headland.registry.models.people import Holding, HoldingKind, Person
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")


def test_a_delivery_is_entered_corrected_and_taken_back_and_a_table_is_imported(visit: Open, farm: Farm) -> None:
    person = farm.repositories.people.add(Person(name="赵敏", number="77"))
    page = visit("#/cooperative?tab=deliveries", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.locator("summary", has_text="登记交售").click()
    form = page.locator("form", has=page.locator("[data-panel=enter-delivery]"))
    form.get_by_label("人员").select_option(value=person.id)
    form.get_by_label("作物").fill("小麦")
    form.get_by_label("净重").fill("1250.5")
    form.get_by_role("button", name="登记").click()
    expect(form.get_by_role("alert")).to_contain_text("请填写单价或金额")
    form.get_by_label("单价").fill("2.36")
    expect(form.get_by_role("status")).to_contain_text("¥2,951.18")
    form.get_by_role("button", name="登记").click()
    row = page.locator("tr[data-delivery]", has_text="赵敏")
    expect(row).to_contain_text("1,250.50 公斤")
    row.get_by_role("button", name="更正").click()
    correction = page.locator("[data-panel=correct-delivery]")
    correction.get_by_label("净重").fill("1200")
    # At the price of the entry, until an amount is entered.
    expect(correction.get_by_label("金额")).to_have_value("2832.00")
    expect(correction.get_by_role("status").filter(has_text="按原单价")).to_contain_text("¥2,832.00")
    correction.get_by_label("更正原因").fill("扣水分")
    correction.get_by_role("button", name="更正", exact=True).click()
    expect(row).to_contain_text("1,200 公斤")
    expect(row).to_contain_text("¥2,832.00")
    expect(row).to_contain_text("扣水分")
    row.get_by_role("button", name="撤销").click()
    page.get_by_role("dialog").get_by_role("button", name="撤销", exact=True).click()
    expect(row).to_contain_text("已撤销")
    page.locator("summary", has_text="从表格导入").click()
    table = "日期,社员编号,作物,净重（斤）,金额（元）\n2026-06-03,77,小麦,500,590\n2026-06-03,78,小麦,1,1\n"
    right, wrong = (
        FilePayload(name="slips.csv", mimeType="text/csv", buffer=text.encode("gb18030"))
        for text in (table.rpartition("2026")[0], table)
    )
    imported = page.locator("[data-panel=import-table]")
    imported.locator("input[type=file]").set_input_files(wrong)
    expect(imported.get_by_role("status")).to_contain_text("新增 1 条，共 250 公斤、¥590.00")
    expect(imported.get_by_role("status")).to_contain_text("没有编号为“78”的人员")
    expect(imported.get_by_role("button", name="导入", exact=True)).to_be_disabled()
    imported.locator("input[type=file]").set_input_files(right)
    imported.get_by_role("button", name="导入", exact=True).click()
    expect(page.locator("[data-panel=deliveries] [data-sum]")).to_contain_text("250 公斤，¥590.00")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # Who has an account is kept; a share ends after its last day, and one that was entered by mistake is deleted.
    share = farm.repositories.holdings.add(
        Holding(field=farm.field, person=person.id, kind=HoldingKind.LEASE, parts=1, of_parts=9)
    )
    page.get_by_role("tab", name="人员").click()
    page.locator("[data-panel=people]").get_by_role("link", name="赵敏").click()
    record = page.locator("[data-panel=person-record]")
    expect(record).to_contain_text("4 条账目、0 份结算单")
    record.get_by_label("最后一天").fill("2026-09-30")
    record.get_by_role("button", name="终止份额").click()
    expect(record).to_contain_text("9月30日 止")
    assert farm.repositories.holdings.get(share.id).end_ms == 1_790_784_000_000  # 2026-10-01 00:00 in Shanghai
    record.get_by_role("button", name="删除（误登记）").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(record).to_contain_text("未持有地块")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
