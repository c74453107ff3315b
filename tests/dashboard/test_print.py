"""Paper of a page: its map is on it in its colours, every section is loaded and open, and controls are gone."""

from __future__ import annotations

import base64
import io

import numpy as np
import pypdf
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.api.farm import HOUSE
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.paper import NOT_LOADED, paper_of, print_whole
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")

#: Prepares the page for paper, takes the picture of its map, and ends that.
TAKE = """
async () => {
          dispatchEvent(new Event("beforeprint"));
          const picture = document.querySelector(".map-picture");
          const url = picture.toDataURL("image/png");
          const closed = document.querySelectorAll("main details:not([open])").length;
          dispatchEvent(new Event("afterprint"));
          return { url, closed, left: document.querySelectorAll(".map-picture").length };
        }
"""


def shares(image: Image.Image) -> dict[tuple[int, ...], float]:
    """Return the share of each colour of a picture, in steps of 16."""
    pixels = np.asarray(image.convert("RGB").resize((400, 300), Image.Resampling.NEAREST)).reshape(-1, 3) // 16
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return {tuple(colour): count / len(pixels) for colour, count in zip(colours.tolist(), counts.tolist(), strict=True)}


def test_a_printed_pass_has_its_map_in_the_colours_of_the_screen(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}?pass={farm.flight}", viewport={"width": 1440, "height": 900})
    expect(page.locator(".field")).to_have_attribute("data-drawn", farm.flight)
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    # A map that draws a mark after the first picture is another one on paper.
    seen: list[str] = []

    def stands_still() -> bool:
        seen.append(page.evaluate(TAKE)["url"])
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

    wait_until(stands_still, every_s=0.3)
    screen = page.evaluate(TAKE)
    assert (screen["closed"], screen["left"]) == (0, 0)
    taken = Image.open(io.BytesIO(base64.b64decode(screen["url"].split(",")[1])))
    of_screen = shares(taken)
    assert len(of_screen) > 3
    page.emulate_media(media="screen")
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True)))
    pictures = [image.image for sheet in printed.pages for image in sheet.images if image.image is not None]
    nearest = min(
        (max(abs(shares(each).get(colour, 0.0) - share) for colour, share in of_screen.items()) for each in pictures),
        default=1.0,
    )
    assert nearest < 0.02, (nearest, len(pictures))
    assert page.locator(".map-picture").count() == 0


def test_a_pass_is_on_four_sheets_with_its_verdict_its_lines_and_all_its_sections(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}?pass={farm.flight}", viewport={"width": 1440, "height": 900})
    expect(page.locator(".field")).to_have_attribute("data-drawn", farm.flight)
    expect(page.locator("[data-panel=deviation]")).to_be_visible()
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    for panel in ("settlement", "nutrients", "ledger"):
        page.locator(f"[data-panel={panel}] > summary").click()
        expect(page.locator(f"[data-panel={panel}] .fold-place").locator("table, .note").first).to_be_visible()
    sheets = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True))).pages
    text = "\n".join(sheet.extract_text() for sheet in sheets)
    assert len(sheets) <= 4, [len(sheet.extract_text()) for sheet in sheets]
    for word in (
        "within 10 % of the plan",
        "Treated ground",
        "Comparison with the plan",
        "Settlement",
        "Nutrients",
        "Ledger",
    ):
        assert word in text, word
    # The lines of the passes are buttons, and stay; other buttons go.
    assert text.count("uav-spreader") >= 1
    assert "Draw map" not in text


def test_print_loads_every_section_of_a_house_first_and_closes_it_again(visit: Open) -> None:
    page = visit(f"#/greenhouse/{HOUSE}", viewport={"width": 1440, "height": 900})
    expect(page.locator(".house-top [data-panel=plan]")).to_be_visible()
    expect(page.locator("main details[open]")).to_have_count(0)
    text = print_whole(page)
    for words in (
        "Energy",
        "Climate by day",
        "Disease risk by day",
        "Data sources and quality",
        "Vapour pressure deficit",
    ):
        assert words in text, words
    assert NOT_LOADED not in text
    assert "Other headings of this page, not on this paper: Climate · Water and weather." in text
    assert "Download" not in text
    expect(page.locator("main details[open]")).to_have_count(0)
    expect(page.locator(".print-line, .print-head, .off-paper")).to_have_count(0)


def test_the_menu_of_the_browser_prints_a_line_in_place_of_what_was_never_opened(visit: Open) -> None:
    page = visit(f"#/greenhouse/{HOUSE}", viewport={"width": 1440, "height": 900})
    expect(page.locator(".house-top [data-panel=plan]")).to_be_visible()
    text = paper_of(page)
    assert "Climate by day" not in text
    assert text.count(NOT_LOADED) == page.locator("main details").count() == 3


def test_the_rows_of_today_and_the_steps_of_a_plan_are_open_on_paper(visit: Open, farm: Farm) -> None:
    page = visit("#/today", locale="zh-CN", viewport={"width": 390, "height": 844})
    expect(page.locator("[data-row]").first).to_be_visible()
    expect(page.locator(".row-rest")).to_have_count(0)
    page.get_by_role("button", name="菜单").click()
    text = print_whole(page)
    assert "打印时尚未加载" not in text
    # What a row opens ends with the way to its house or field.
    assert text.count("查看") == page.locator("[data-row]").count() >= 2
    expect(page.locator(".row-rest")).to_have_count(0)
    page.goto(f"{farm.base}/#/field/{farm.field}?tab=plan")
    expect(page.locator(".plan-step")).to_have_count(5)
    page.get_by_role("button", name="菜单").click()
    text = print_whole(page)
    for words in ("茬口", "需肥", "处方", "任务", "产量与试验"):
        assert words in text, words
    assert "在地图上绘制" not in text
