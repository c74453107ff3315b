"""A field's page while a vehicle is at work on it, and once it has landed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from headland.contract.records import ChannelInfo, Descriptor
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, OWN, land, write_series
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm

pytestmark = pytest.mark.services("chromium")

DEVICE = "uav-now"


def fly_until_now(farm: Farm) -> None:
    """Spread two and a half swaths until this second."""
    seconds = np.arange(130)
    swath, into = seconds // 50, seconds % 50
    on = (into >= 1) & (into <= 39)
    columns = {
        "latitude_deg": (swath * 5.0 + np.maximum(into - 40, 0) * 0.5) / NORTH_DEG_M,
        "longitude_deg": 10.0 + np.minimum(into, 40) * 5.0 / EAST_DEG_M,
        "pump_on": on.astype(np.float64),
        "hopper_kg": 200.0 - 0.3 * seconds,
        "mass_flow_kg_min": np.where(on, 18.0, 0.0),
        "working_width_m": np.full(len(seconds), 5.0),
    }
    write_series(farm.store, OWN, "home", "drone", DEVICE, farm.now_ms() - 1000 * (129 - seconds), columns)
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    described = Descriptor(device=DEVICE, kind="drone", site="home", name="Spreader 7", channels=channels)
    farm.store.describe(OWN, "gw-1", described)


def test_a_flight_under_way_is_named_and_has_no_skipped_share_no_settlement_and_no_registration(
    visit: Open, tmp_path: Path
) -> None:
    with serve_farm(tmp_path) as farm:
        fly_until_now(farm)
        page = visit(
            f"#/field/{farm.field}?planned_rate_ha=700",
            base=farm.base, locale="zh-CN", viewport={"width": 390, "height": 844},
        )  # fmt: skip
        # The newest pass that has ended is open, and the one under way is named.
        expect(page.locator(".field")).not_to_have_attribute("data-drawn", "")
        assert DEVICE not in (page.locator(".field").get_attribute("data-drawn") or "")
        flying = page.locator("[data-flying]")
        expect(flying).to_contain_text("Spreader 7")
        expect(flying).to_contain_text("作业中")
        # Of the others one was found and is not registered: the one under way does not count.
        expect(page.locator("[data-unregistered]")).to_have_attribute("data-unregistered", "1")
        flying.click()
        applied = page.locator("[data-panel=applied]")
        expect(applied.locator("[data-answer=Amount] .number, .number").first).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="作业仍在进行")).to_be_visible()
        expect(applied).to_contain_text("重叠")
        expect(applied).not_to_contain_text("漏施")
        verdict = page.locator("[data-panel=verdict]")
        expect(verdict.locator("h2")).to_contain_text("正在作业")
        expect(verdict.locator(".figure").nth(1)).to_contain_text("—")
        expect(verdict.locator("[data-act=fly-rest]")).to_have_count(0)
        for panel in ("settlement", "deviation"):
            expect(page.locator(f"[data-panel={panel}]")).to_have_count(0)
        expect(page.get_by_role("button", name="登记本次作业")).to_have_count(0)
        expect(page.get_by_role("radio", name="实际施用")).to_be_checked()
        # Ground that it may still reach is not drawn as ground that got nothing.
        expect(page.locator(".legend")).not_to_contain_text("未施到")
        page.locator("[data-panel=ledger] summary").first.click()
        expect(page.locator("[data-panel=ledger] [data-act=check]")).to_be_visible()
        expect(page.locator("[data-panel=ledger] [data-act=close]")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        # It lands: the same page is that of a pass that has ended.
        land(farm.store, DEVICE, farm.now_ms())
        page.reload()
        expect(page.locator("[data-flying]")).to_have_count(0)
        expect(page.locator("[data-panel=applied]")).to_contain_text("漏施")
        expect(page.locator("[data-panel=settlement]")).to_have_count(1)
        expect(page.locator("[data-panel=deviation]")).to_have_count(1)
        expect(page.get_by_role("button", name="登记本次作业")).to_be_visible()
