"""The data link page in a real browser: delivery of each gateway, clocks, and the quarantine."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from headland.contract.records import Clock, Event
from headland.store.port import StoredEvent, WriteBatch
from tests.api.fake_ingest import MESSAGE, TROUBLE_ZH
from tests.api.farm import DRONE, OWN, points_of, write_series
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

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


def test_what_contradicts_is_named(visit: Open, farm: Farm) -> None:
    page = visit("#/health")
    card, other = (page.locator(f".card[data-gateway={name}]") for name in ("gw-1", "gw-2"))
    expect(card.get_by_role("row", name="Conflicting samples")).to_contain_text("samples: 600")
    expect(card.get_by_role("row", name="Devices of other gateways")).to_contain_text("gh-7 (belongs to gw-2)")
    expect(card.get_by_role("row", name="Identity of the gateway")).to_contain_text("Two machines use this identity")
    expect(other.get_by_role("row", name="Identity of the gateway")).to_contain_text("two contents: 7")
    expect(card.get_by_role("row", name="Records stored")).to_contain_text("80")
