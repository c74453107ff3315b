"""The data link page in a real browser: delivery of each gateway, clocks, and the quarantine."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from headland.contract.records import Clock, Event
from headland.store.port import StoredEvent, WriteBatch
from tests.api.fake_ingest import MESSAGE
from tests.api.farm import DRONE, OWN, points_of
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
    expect(page.locator("[data-panel=quarantine] .progress")).to_contain_text("Retry requested.")
    page.once("dialog", lambda dialog: dialog.dismiss())
    row.get_by_role("button", name="Delete permanently").click()
    expect(row).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Delete permanently").click()
    expect(row).to_have_count(0)


def test_what_contradicts_is_named(visit: Open, farm: Farm) -> None:
    page = visit("#/health")
    card, other = (page.locator(f".card[data-gateway={name}]") for name in ("gw-1", "gw-2"))
    expect(card.get_by_role("row", name="Conflicting samples")).to_contain_text("samples: 600")
    expect(card.get_by_role("row", name="Devices of other gateways")).to_contain_text("gh-7 (belongs to gw-2)")
    expect(card.get_by_role("row", name="Identity of the gateway")).to_contain_text("Two machines use this identity")
    expect(other.get_by_role("row", name="Identity of the gateway")).to_contain_text("two contents: 7")
    expect(card.get_by_role("row", name="Records stored")).to_contain_text("80")
