"""The data link page in a real browser: delivery of each gateway, clocks, and the quarantine."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FilePayload, expect

from headland.contract.records import ChannelInfo, Clock, Descriptor, Event
from headland.registry.lifecycle import KINDS
from headland.registry.models.models import Greenhouse
from headland.store.port import StoredEvent, WriteBatch
from tests.agronomy.harvest.simulated_harvest import harvest
from tests.api.fake_ingest import MESSAGE, TROUBLE_ZH
from tests.api.farm import DRONE, OWN, points_of, write_series
from tests.api.harvest.test_yields import write_file
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.test_every_page import go

pytestmark = pytest.mark.services("chromium")


def test_delivery_clocks_and_quarantine_are_displayed(visit: Open, farm: Farm) -> None:
    event = Event(
        t=farm.now_ms() - 60_000, device=DRONE, kind="clock_disagrees", device_kind="drone", site="home",
        clock=Clock.GPS, data={"active": True, "ahead_ms": 7300}, simulated=True,
    )  # fmt: skip
    farm.store.write(WriteBatch(points_of([]), [StoredEvent(OWN, event)]))
    page = visit("#/health")
    card = page.locator(".card[data-gateway=gw-1]")
    expect(card.get_by_role("row", name="Records waiting in the spool")).to_contain_text("3 (")
    expect(card.get_by_role("row", name="Last commit ack")).to_contain_text(re.compile(r"up to record [\d,]+"))
    expect(card.get_by_role("row", name="Lost")).to_be_visible()
    expect(card.get_by_role("row", name="Delay from sample to store")).to_contain_text("ms")
    expect(page.locator(".card[data-gateway=gw-2] .age")).to_have_text("no data yet")
    clocks = card.locator("[data-fact=clock] td")
    expect(clocks).to_have_text(re.compile(r"off by 7\.3 s \(Drone 1, "))
    expect(clocks).to_have_class("bad")
    row = page.locator(f"tr[data-refused='{MESSAGE.id}']")
    expect(row.locator("th")).to_have_text("not compressed (deflate)")
    expect(row).to_contain_text("no zlib stream")
    row.get_by_role("button", name="Retry").press("Enter")
    expect(page.locator(".toast")).to_contain_text("Retry requested.")
    row.get_by_role("button", name="Delete permanently").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").press("Enter")
    expect(dialog).to_have_count(0)
    expect(row).to_be_visible()
    with page.expect_request(lambda request: request.method == "DELETE") as deleted:
        row.get_by_role("button", name="Delete permanently").click()
        dialog.get_by_role("button", name="Delete permanently").press("Enter")
    assert deleted.value.url.endswith(f"/v1/quarantine/{MESSAGE.id}")


def test_a_source_that_cannot_be_read_and_a_silent_sensor_are_named_with_the_reason_in_chinese(
    visit: Open, farm: Farm
) -> None:
    times = np.array([farm.now_ms() - 2 * 3_600_000])
    write_series(farm.store, OWN, "home", "soil", "bed-9", times, {"soil_temperature_degc": np.array([12.0])})
    page = visit("#/health", locale="zh-CN", viewport={"width": 390, "height": 844})
    sources = page.locator(".card[data-gateway=gw-1] [data-source]")
    expect(sources).to_have_count(2)
    expect(page.locator("[data-source=drones]")).to_contain_text(TROUBLE_ZH)
    expect(page.locator("[data-source=drones]")).to_contain_text("已重启 2 次")
    expect(page.locator("[data-source=house-1]")).to_contain_text("正常")
    row = page.locator("[data-panel=silent] tr", has_text="bed-9")
    expect(row).to_contain_text("2 小时")
    expect(row.locator("td").last).not_to_be_empty()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_sensor_of_a_deactivated_house_or_of_a_file_is_not_told_as_silent(visit: Open, farm: Farm) -> None:
    repositories = farm.repositories
    times = np.array([farm.now_ms() - 2 * 3_600_000])
    for device in ("fallow-7", "bed-7", "file-7"):
        write_series(farm.store, OWN, "home", "soil", device, times, {"soil_temperature_degc": np.array([12.0])})
    channels = {"soil_temperature_degc": ChannelInfo(unit="degC")}
    farm.store.describe(
        OWN, "import", Descriptor(device="file-7", name="file-7", kind="soil", site="home", channels=channels)
    )
    home = next(iter(repositories.farms.all())).id
    site = next(each for each in repositories.sites.all() if each.name == "home")
    house = repositories.greenhouses.add(Greenhouse(farm=home, site=site.id, name="fallow-7", active=False))
    page = visit("#/health")
    panel = page.locator("[data-panel=silent]")
    expect(panel).to_contain_text("bed-7")
    expect(panel).not_to_contain_text("fallow-7")
    expect(panel).not_to_contain_text("file-7")  # what a file brought once
    go(page, "#/farm")
    expect(page.locator("[data-panel=devices] [data-device=file-7]")).to_contain_text("from a file")
    repositories.greenhouses.delete(house.id, house.version)


def test_what_contradicts_is_named(visit: Open, farm: Farm) -> None:
    page = visit("#/health")
    card, other = (page.locator(f".card[data-gateway={name}]") for name in ("gw-1", "gw-2"))
    expect(card.get_by_role("row", name="Conflicting samples")).to_contain_text("samples: 600")
    expect(card.get_by_role("row", name="Devices of other gateways")).to_contain_text("gh-7 (belongs to gw-2)")
    expect(card.get_by_role("row", name="Identity of the gateway")).to_contain_text("Two machines use this identity")
    expect(other.get_by_role("row", name="Identity of the gateway")).to_contain_text("two contents: 7")
    expect(card.get_by_role("row", name="Records stored")).to_contain_text("80")


TABLE = "时间,温度 [°F],备注\n2026/05/31 08:00,68,\n2026/05/31 08:05,x,\n".encode("gb18030")


def test_a_table_and_a_packed_log_are_handed_over_on_a_phone_and_the_columns_chosen_in_chinese(visit: Open) -> None:
    page = visit("#/health", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.get_by_role("tab", name="导入日志和表格").press("Enter")
    files = [("flight.tlog", b"PK\x03\x04" + bytes(100)), ("棚室7.csv", TABLE)]
    payloads: list[FilePayload] = [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    page.locator("[data-panel=imports] input[type=file]").set_input_files(payloads)
    expect(page.locator("[data-state=failed]")).to_contain_text("flight.tlog 是 ZIP 压缩包")
    card = page.locator("[data-state=needs_map]")
    expect(card).to_contain_text("字符编码为推测")
    expect(card.get_by_label("温度 [°F] 的含义")).to_have_value("")
    card.get_by_role("button", name="检查前几行").press("Enter")
    expect(card.get_by_role("alert")).to_have_text("还需填写或选择：新设备编号、表格的时区、至少一列的含义。")
    card.get_by_label("新设备编号").fill("house-7")
    card.get_by_label("时间列").select_option(label="时间")
    expect(card.get_by_label("时间格式")).to_have_value("%Y/%m/%d %H:%M")  # the only one that reads these cells
    expect(card.get_by_label("表格的时区")).to_have_value("")
    card.get_by_label("表格的时区").select_option("Asia/Shanghai")
    card.get_by_label("温度 [°F] 的含义").select_option(label="气温")
    expect(card.get_by_label("温度 [°F] 的单位")).to_have_value("degF")
    # A kelvin is not told as 1 ℃ where units of a reading are to choose.
    names = card.get_by_label("温度 [°F] 的单位").locator("option").all_inner_texts()
    assert names == ["请选择……", "℃", "℉", "K（开尔文）"]
    card.get_by_role("button", name="检查前几行").press("Enter")
    expect(card.locator("tbody tr").first).to_have_text(re.compile("08:00.*20.0"))
    expect(card).to_contain_text("将建立新设备 house-7")
    card.get_by_text("未导入的单元格").press("Enter")
    expect(card.locator("details li")).to_have_text("第 3 行，温度 [°F]：不是数字（x）")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    card.get_by_role("button", name="导入", exact=True).press("Enter")
    expect(page.locator("[data-state=queued]")).to_contain_text("排队等待导入")
    page.locator("[data-state=failed]").get_by_role("button", name="移除").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="移除").press("Enter")
    expect(page.locator("[data-state=failed]")).to_have_count(0)


def test_a_combines_table_has_its_kind_and_never_a_unit_that_its_column_does_not_name(visit: Open) -> None:
    page = visit("#/health")
    page.get_by_role("tab", name="Import logs and tables").press("Enter")
    table = b"time,lon,mass lb/s,flow oz/s\n1791590400,-93.978421,16.54,1\n"
    given: FilePayload = {"name": "combine.csv", "mimeType": "", "buffer": table}
    page.locator("[data-panel=imports] input[type=file]").set_input_files([given])
    card = page.locator("[data-state=needs_map]")
    expect(card.get_by_label("Kind", exact=True)).to_have_value("greenhouse")
    card.get_by_label("What mass lb/s is").select_option(label="Crop flow")
    expect(card.get_by_label("Kind", exact=True)).to_have_value("machine")
    expect(card.get_by_label("Unit of mass lb/s")).to_have_value("lb/s")
    card.get_by_label("What flow oz/s is").select_option(label="Mass flow")
    expect(card.get_by_label("Unit of flow oz/s")).to_have_value("")
    card.get_by_label("What flow oz/s is").select_option("")
    card.get_by_label("What lon is").select_option(label="Longitude")
    expect(card.get_by_label("Unit of lon")).to_have_value("deg")  # the only one, and displayed
    card.get_by_label("Id of the new device").fill("combine-1")
    card.get_by_label("Column of the time").select_option(label="time")
    card.get_by_label("Time zone of the table").select_option("UTC")
    card.get_by_role("button", name="Check the first rows").press("Enter")
    expect(card.locator("thead")).to_contain_text("Crop flow [kg/min]")
    expect(card.locator("tbody tr").first).to_have_text(re.compile(r"-93\.978421.*450\.15"))
    page.locator("[data-state=needs_map]").get_by_role("button", name="Remove").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    expect(card).to_have_count(0)


def test_a_combine_s_log_is_handed_over_on_the_page_of_its_field(visit: Open, farm: Farm, tmp_path: Path) -> None:
    log = write_file(tmp_path / "combine.zip", harvest(0), farm.began_ms)
    page = visit(f"#/field/{farm.field}", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.get_by_role("tab", name="产量与试验").click()
    fold = page.locator("[data-panel=yield] details", has=page.get_by_text("导入收割机记录"))
    expect(fold).to_be_visible()
    if fold.get_attribute("open") is None:  # it is open where the field has no harvest
        fold.locator("summary").first.click()
    fold.locator("input[type=file]").set_input_files(log)
    card = fold.locator("[data-state=queued]", has_text="combine.zip")
    expect(card).to_contain_text("排队等待导入")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    card.get_by_role("button", name="移除").click()
    page.get_by_role("dialog").get_by_role("button", name="移除").click()
    expect(card).to_have_count(0)


def test_what_bounds_everything_that_is_kept_is_a_table_in_chinese(visit: Open) -> None:
    page = visit("#/health", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.get_by_text("数据保存多久").click()
    rows = page.locator(".kept-records tbody tr")
    expect(rows).to_have_count(len(KINDS))
    audit = page.locator(".kept-records tr[data-kind=audit]")
    expect(audit).to_contain_text("审计日志")
    expect(audit).to_contain_text("3,650 天")
    expect(page.locator(".kept-records tr[data-kind=evidence]")).to_contain_text("永不删除")
    expect(page.locator(".kept-records tr[data-kind=samples]")).to_contain_text("永久")
