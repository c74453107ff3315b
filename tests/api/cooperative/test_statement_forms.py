"""One statement in four forms: JSON, spreadsheet, table and PDF say the same, to the fen and the square metre."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from headland.i18n import Language, find_term
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.reports.formatting import label_of, time_text, value_text
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, START_MS
from tests.api.registry_api import RegistryApi
from tests.api.server import body_of
from tests.api.spread_field import declaration, serve_spread_field

MU_M2 = 2000 / 3
PERIOD = {"start_ms": START_MS - 60_000, "end_ms": NOW_MS + 60_000}
ZONE_NAME = "Asia/Shanghai"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RegistryApi, dict[str, Any], dict[str, Any]]]:
    """A run with a work, a delivery, an advance and a dividend of one member, and its statement."""
    with serve_spread_field(tmp_path_factory.mktemp("forms"), MemoryStore()) as api:
        person = api.repositories.people.add(Person(name="Wang", number="007")).id
        api.repositories.holdings.add(
            Holding(field=api.ids["field"], person=person, kind=HoldingKind.LEASE, parts=1, of_parts=1)
        )
        made = body_of(api.client.post("/v1/passes", json=declaration(api), timeout=120), 201)
        body_of(api.client.post(f"/v1/passes/{made['id']}/treated", timeout=120))
        for kind, fen, grams in (("advance", 5001, 0), ("delivery", 333, 1_250_501)):
            goods = {"crop": "wheat"} if kind == "delivery" else {}
            order = {"person": person, "kind": kind, "time_ms": START_MS, "amount_fen": fen, "grams": grams, **goods}
            body_of(api.client.post("/v1/accounts", json={**order, "note": f"slip of {kind}"}), 201)
        prices = {"per_mu_fen": 907, "per_kg_fen": 33, "minimum_fen": 900_001, "night_pct": 17, "dividend_fen": 10_001}
        tariff = body_of(api.client.post("/v1/tariffs", json={"name": "Sums", "repeat_days": 9, **prices}), 201)
        run = body_of(api.client.post("/v1/statement-runs", json={"tariff": tariff["id"], **PERIOD}), 201)
        (statement,) = api.client.get(f"/v1/statements?run={run['id']}").json()["items"]
        yield api, run, statement


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_field_of_the_json_is_on_the_sheets(
    settled: tuple[RegistryApi, dict[str, Any], dict[str, Any]], language: Language
) -> None:
    api, run, statement = settled
    content = api.client.get(f"/v1/statement-runs/{run['id']}?format=xlsx&lang={language}").content
    balances, lines, terms, not_charged = openpyxl.load_workbook(io.BytesIO(content)).worksheets

    def unit(text: str) -> str:
        return f"（{text}）" if language == "zh" else f" [{text}]"

    def word(name: str, of: str = "") -> str:
        return label_of(name, language) + of

    yuan, mu = unit("元" if language == "zh" else "CNY"), unit("亩" if language == "zh" else "mu")
    (one,) = rows_of(balances)
    assert round(one[word("member_balance", yuan)] * 100, 6) == statement["balance_fen"]
    assert round(one[word("charged_ground_mu", mu)] * MU_M2) == statement["area_m2"]
    assert (one[word("statement_id")], one[word("run_id")]) == (statement["id"], statement["run"])
    assert one[word("simulated_works")] == word("false")
    shown = rows_of(lines)
    assert len(shown) == len(statement["lines"]) == 4
    for row, line in zip(shown, statement["lines"], strict=True):
        assert round(row[word("line_amount", yuan)] * 100, 6) == line["amount_fen"]
        assert round(row[word("mass_kg", unit("公斤" if language == "zh" else "kg"))] * 1000, 6) == line["grams"]
        assert round(row[word("charged_ground_mu", mu)] * MU_M2) == line["area_m2"]
        assert round(row[word("repeated_mu", mu)] * MU_M2) == line["repeated_m2"]
        is_work = line["kind"] == "work"
        expected = {
            "entry_kind": value_text("entry_kind", line["kind"], language),
            "share_held": line["share"], "operator": line["operator"], "product": line["product"],
            "pass_id": line["pass_id"], "entry_id": line["entry"], "counted_by": line["counted_by"],
            "simulated_work": word(str(line["simulated"]).lower()) if is_work else "",
            "surcharges": value_text("surcharges", "at_minimum", language) if is_work else "",
            "evidence": value_text("evidence", line["evidence"], language) if is_work else "",
            "lot_code": line["lot_code"],
            "crop": find_term("crops", line["crop"], language) if line["crop"] else "",
        }  # fmt: skip
        assert {name: row[word(name)] or "" for name in expected} == expected
        if line["kind"] == "dividend":
            assert row[word("dividend_weight")] == int(line["note"])
        else:
            assert line["note"] in (row[word("note")] or "")
    said = {str(name): value for name, value in list(terms.iter_rows(values_only=True))[1:]}
    assert said[word("tariff")] == "Sums (v1)"
    assert round(said[word("per_mu_fen", yuan)] * 100, 6) == 907
    assert (said[word("night_pct", unit("%"))], said[word("repeat_days")]) == (17, 9)
    assert (said[word("digest")], said[word("run_people")]) == (run["digest"], run["people"])
    assert round(said[word("charged", yuan)] * 100, 6) == run["charged_fen"]
    assert len(list(not_charged.iter_rows())) == 1 + len(run["not_charged"])
    # No column without what it is measured in: those of numbers name their unit.
    for row in lines.iter_rows(min_row=2):
        for cell, head in zip(row, next(lines.iter_rows(values_only=True)), strict=True):
            assert cell.data_type != "n" or cell.value is None or "[" in str(head) or "（" in str(head), head


def test_the_period_on_the_sheet_is_in_local_time(
    settled: tuple[RegistryApi, dict[str, Any], dict[str, Any]],
) -> None:
    from zoneinfo import ZoneInfo

    api, _, statement = settled
    content = api.client.get(f"/v1/statements/{statement['id']}?format=xlsx").content
    balances, _, terms, _ = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    (one,) = rows_of(balances)
    zone = ZoneInfo(str({row[0]: row[1] for row in terms.iter_rows(values_only=True)}["Time zone"]).split(" ")[0])
    assert one["Period from"] == time_text(PERIOD["start_ms"], zone)
    assert one["Period to (before)"] == time_text(PERIOD["end_ms"], zone)


def test_table_and_pdf_have_the_amounts_of_the_json_to_the_fen(
    settled: tuple[RegistryApi, dict[str, Any], dict[str, Any]],
) -> None:
    api, _, statement = settled
    path = f"/v1/statements/{statement['id']}"
    table = list(csv.DictReader(io.StringIO(api.client.get(f"{path}?format=csv").content.decode("utf-8-sig"))))
    column = next(name for name in ("value", "number", "code") if name in table[0])
    amounts = [row[column] for row in table if row["name"] == "line_amount"]
    assert sorted(round(float(text) * 100, 6) for text in amounts) == sorted(
        line["amount_fen"] for line in statement["lines"]
    )
    content = api.client.get(f"{path}?format=pdf", timeout=120).content
    text = "".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())
    for fen in [*(line["amount_fen"] for line in statement["lines"]), statement["balance_fen"]]:
        assert f"{fen / 100:,.2f}" in text, fen


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    heads, *rows = sheet.iter_rows(values_only=True)
    assert len(set(heads)) == len(heads)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_the_preview_is_the_run_that_follows_and_a_run_before_the_record_names_the_flight(
    tmp_path: Path,
) -> None:
    with serve_spread_field(tmp_path, MemoryStore()) as api:
        made = body_of(api.client.post("/v1/passes", json=declaration(api), timeout=120), 201)
        tariff = body_of(api.client.post("/v1/tariffs", json={"name": "Sums", "per_mu_fen": 907}), 201)
        asked = {"tariff": tariff["id"], "start": PERIOD["start_ms"], "end": PERIOD["end_ms"]}
        order = {"tariff": tariff["id"], **PERIOD}
        before = body_of(api.client.post("/v1/statement-runs", json=order), 201)
        assert (before["charged_fen"], before["not_charged"]) == (
            0, [[api.ids["field"], made["id"], "not_recorded"]],
        )  # fmt: skip
        preview = body_of(api.client.get("/v1/statement-runs/preview", params=asked, timeout=120))
        assert (preview["flights"], preview["charged"], preview["not_charged"]) == (1, 1, 0)
        (work,) = preview["works"]
        assert (work["recorded"], work["registered"], work["simulated"]) == (False, True, False)
        assert preview["unheld_fen"] == preview["charged_fen"] > 0
        assert "treated" not in {entry["kind"] for entry in api.client.get("/v1/ledger").json()["items"]}
        body_of(api.client.post(f"/v1/passes/{made['id']}/treated", timeout=120))
        after = body_of(api.client.post("/v1/statement-runs", json=order), 201)
        assert (after["charged_fen"], after["not_charged"]) == (preview["charged_fen"], [])
        again = body_of(api.client.get("/v1/statement-runs/preview", params=asked, timeout=120))
        assert again == {**preview, "works": [{**work, "recorded": True}]}
        assert api.client.get("/v1/statement-runs/preview", params={**asked, "tariff": "0" * 26}).status_code == 400
