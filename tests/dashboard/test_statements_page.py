"""Statements in a real browser: what making them would correct is said before it is written."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pypdf
import pytest
from playwright.sync_api import expect

from headland.analysis.cooperative.treated_ground import pack_mask
from headland.registry.models.cooperative import SubsidyRule, TariffRecord
from tests.api.spread_field import SPREADER
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")


def test_ground_by_cells_is_corrected_only_after_both_areas_were_shown(
    visit: Open, farm: Farm, page_errors: list[str]
) -> None:
    ledger = farm.repositories.ledger
    cells = np.ones((80, 100), np.bool_)
    before = ledger.append(
        "treated", farm.field, farm.flight,
        {"device": SPREADER, "start_ms": 0, "end_ms": 1, "product": "Urea", "cell_m": 1.0, "rows": 80, "columns": 100,
         "cells": pack_mask(cells), "area_m2": 8000.0, "evidence_m2": {"measured_flow": 8000.0}, "grams": 1,
         "amount": 1.0, "unit": "kg", "night": False, "field_version": 1, "method": "as_applied_deposit 3",
         "simulated": False},
    )  # fmt: skip
    farm.repositories.tariffs.add(TariffRecord(name="2026", per_mu_fen=800))
    page = visit("#/cooperative?tab=statements", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.locator("[data-act=run]").click()
    told = page.locator("[data-part=correction]")
    # 8,000 m2 by cells; seven swaths of 195 m by 5 m are usable.
    expect(told).to_contain_text("12.00 亩")
    expect(told).to_contain_text("10.24 亩")
    told.get_by_role("button", name="取消").click()
    expect(told).to_have_count(0)
    assert [entry.seq for entry in ledger.read(kind="treated", pass_id=farm.flight)] == [before.seq]
    page.locator("[data-act=run]").click()
    told.get_by_role("button", name="更正并生成结算单").click()
    expect(page.locator("[data-panel=runs] tbody tr")).to_have_count(1)
    # Other flights of the farm, of other tests, may be in the same run.
    corrected = ledger.read(kind="treated", pass_id=farm.flight)[-1]
    assert (
        len(ledger.read(kind="treated", pass_id=farm.flight)),
        round(msgspec.json.decode(corrected.body)["area_m2"] / 10_000 * 15, 2),
    ) == (2, 10.24)
    page.locator("[data-act=run]").click()
    # What was recorded needs no correction; the preview still asks, and names each flight that is not charged.
    preview = page.locator("[data-part=preview]")
    expect(preview).to_contain_text("次作业：计费")
    expect(told.get_by_role("button", name="生成结算单", exact=True)).to_be_visible()
    told.get_by_role("button", name="生成结算单", exact=True).click()
    expect(page.locator("[data-panel=run] progress")).to_have_count(0)
    expect(told).to_have_count(0)
    # The flight of a drone without an implement cannot be recorded, and the page says so.
    page_errors[:] = [error for error in page_errors if not ("409" in error and error.endswith("/treated"))]


def test_a_claim_is_a_pdf_with_the_flights_and_the_sum_of_the_page(visit: Open, farm: Farm) -> None:
    farm.repositories.subsidy_rules.add(SubsidyRule(name="植保补贴", fen_per_mu=1500, least_coverage_pct=1))
    page = visit("#/cooperative?tab=subsidies", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.locator("[data-act=preview]").click()
    said = page.locator("[data-panel=subsidies] [role=status]").filter(has_text="次作业")
    expect(said).to_contain_text("未申报")
    numbers = re.findall(r"[\d,.]+", said.inner_text())
    with page.expect_download() as download:
        page.get_by_role("button", name="申报表（PDF）").click()
    sheets = pypdf.PdfReader(download.value.path()).pages
    text = "\n".join(sheet.extract_text() for sheet in sheets)
    assert "补贴申报表" in text
    assert set(numbers[:4]) <= set(text.split()), (numbers, text)
