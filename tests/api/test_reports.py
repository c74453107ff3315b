"""Reports over HTTP: the API's figures in both languages and all forms, without unknown amounts."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import numpy as np
import pypdf
import pytest

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.options import PassOptions
from headland.contract.records import Descriptor
from headland.i18n import find_term
from headland.registry.models.models import Site
from headland.reports.document import Figure, Report, ReportTable
from headland.reports.formatting import has_label, has_value
from headland.reports.greenhouse_report import make_week_document
from headland.reports.iso_weeks import find_week
from headland.reports.pass_report import make_pass_document
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, START_MS, write_series
from tests.api.registry_api import RegistryApi, ask
from tests.api.spread_field import SPREADER, declaration, serve_spread_field

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_MS = round(datetime(2026, 11, 16, tzinfo=SHANGHAI).timestamp() * 1000)
STEP_MS = 600_000
Row = dict[str, str]


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def farm_api(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    """A field and a house of one site; a day of the house's week is missing."""
    time_ms = MONDAY_MS + STEP_MS * np.arange(-3 * 144, 8 * 144 + 80)
    here = (time_ms < MONDAY_MS + 4 * DAY_MS) | (time_ms >= MONDAY_MS + 5 * DAY_MS)
    day = np.sin((time_ms[here] - MONDAY_MS) / DAY_MS * 2 * np.pi - 2.0)
    house = {
        "air_temperature_degc": 20.0 + 4.0 * day,
        "relative_humidity_pct": 75.0 - 10.0 * day,
        "par_umol_m2_s": 400.0 * np.maximum(day, 0.0),
    }
    write_series(store, OWN, "equator", "greenhouse", "gh-a", time_ms[here], house, simulated=True)
    humid = house | {"relative_humidity_pct": 93.0 - 6.0 * day}
    write_series(store, OWN, "equator", "greenhouse", "gh-wet", time_ms[here], humid, simulated=True)
    told = Descriptor(device="gh-wet", kind="greenhouse", site="equator", name="Wet", simulated=True)
    store.describe(OWN, "gw-1", told)
    response = Descriptor(device="gh-a", kind="greenhouse", site="equator", name="番茄温室 <1>", simulated=True)
    store.describe(OWN, "gw-1", response)
    with serve_spread_field(tmp_path_factory.mktemp("reports"), store) as served:
        farm = served.repositories.farms.list()[0]
        site = served.repositories.sites.add(Site(farm=farm.id, name="equator", time_zone="Asia/Shanghai"))
        field = served.repositories.fields.get(served.ids["field"])
        served.repositories.fields.change(msgspec.structs.replace(field, site=site.id, name="小麦地 <b>", owner="王"))
        yield served


@pytest.fixture(scope="module")
def pass_id(farm_api: RegistryApi) -> str:
    created = farm_api.client.post("/v1/passes", json=declaration(farm_api))
    assert created.status_code == 201, created.text
    closed = farm_api.client.post(f"/v1/passes/{created.json()['id']}/close")
    assert closed.status_code == 200, closed.text
    return str(created.json()["id"])


def report(farm_api: RegistryApi, path: str, **params: Any) -> httpx.Response:
    answer = farm_api.client.get(f"{path}/report", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(farm_api: RegistryApi, path: str, **params: Any) -> list[Row]:
    text = report(farm_api, path, format="csv", **params).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def value(rows: list[Row], name: str, row: str = "", table: str = "") -> float:
    (found,) = [r for r in rows if (r["name"], r["row"], r["table"]) == (name, row, table)]
    return float(found["value"])


def test_the_figures_of_a_pass_are_those_that_the_api_answers(farm_api: RegistryApi, pass_id: str) -> None:
    rows = rows_of(farm_api, f"/v1/passes/{pass_id}")
    applied = ask(farm_api, f"/v1/passes/{pass_id}/as-applied", cell_m=1)
    assert value(rows, "amount") == applied["amount"]["value"]
    assert value(rows, "mean_rate_ha") == applied["rate"]["value"]
    assert value(rows, "mean_rate_mu") == pytest.approx(applied["rate"]["value"] / 15)
    assert value(rows, "covered_mu") == pytest.approx(applied["cover"]["covered_m2"] * 15 / 10_000)
    for place in ("released", "usable", "buffer", "outside"):
        assert value(rows, "value", place, "where_it_went") == applied["places"][place]
    amount = next(r for r in rows if r["name"] == "amount")
    assert (amount["evidence"], amount["unit"], amount["method"]) == ("measured_flow", "kg", "as_applied_deposit")
    assert float(amount["coverage"]) == applied["amount"]["coverage"]
    deviation = ask(farm_api, f"/v1/passes/{pass_id}/deviation", cell_m=1)
    assert value(rows, "planned_rate_ha") == deviation["planned_rate_ha"]
    assert value(rows, "mean_deviation_pct") == deviation["mean_deviation_pct"]
    for kind, m2 in deviation["class_m2"].items():
        assert value(rows, "value", kind, "ground_by_class") == m2
    nutrients = ask(farm_api, f"/v1/fields/{farm_api.ids['field']}/nutrients")["passes"][0]
    assert value(rows, "per_ha", "n", "nutrients_per_area") == nutrients["kg_ha"]["n"]
    assert value(rows, "per_mu", "n", "nutrients_per_area") == nutrients["kg_mu"]["n"]
    risk = next(r for r in rows if r["name"] == "volatilisation")
    assert risk["code"] == nutrients["volatilisation"]["state"] == "insufficient_data"
    ledger = ask(farm_api, "/v1/ledger", pass_id=pass_id)["items"]
    assert next(r for r in rows if r["name"] == "ledger_hash")["text"] in {entry["hash"] for entry in ledger}


def test_wet_leaves_have_one_figure_in_every_form_of_a_house_day(farm_api: RegistryApi) -> None:
    """The page's tables, the API's answers and the week report, in all its forms."""
    house, window = "/v1/greenhouses/gh-wet", {"start": MONDAY_MS, "end": MONDAY_MS + 7 * DAY_MS}
    wet = [
        [item["answers"][name]["value"] for item in ask(farm_api, f"{house}/{about}", **window, **more)["items"]]
        for about, name, more in (
            ("condensation", "leaf_condensation_h", {"by": "day"}), ("disease", "wet_h", {}),
        )
    ]  # fmt: skip
    page = ask(farm_api, f"{house}/overview", **window)["days"]["answers"]
    wet += [page[name]["value"] for name in ("leaf_condensation_h", "wet_h")]
    rows = rows_of(farm_api, house, week="2026-W47")
    for table, name in (("condensation_by_day", "leaf_condensation_h"), ("disease_by_day", "wet_h")):
        told = [r["value"] for r in rows if (r["table"], r["name"]) == (table, name) and r["row"].startswith("2026")]
        wet.append([float(one) if one else None for one in told])
    assert all(column == wet[0] for column in wet)
    assert sum(value or 0.0 for value in wet[0]) > 20.0
    # Degree days are by one method on page and paper, and in no other column.
    sine = [r["value"] for r in rows if r["name"] == "degree_days_single_sine" and r["row"].startswith("2026")]
    assert [float(one) if one else None for one in sine] == page["degree_days_single_sine"]["value"]
    assert "degree_days_average" not in {r["name"] for r in rows}


def test_the_days_of_a_week_are_those_that_the_api_answers_and_a_missing_day_has_no_sum(farm_api: RegistryApi) -> None:
    rows = rows_of(farm_api, "/v1/greenhouses/gh-a", week="2026-W47")
    window = {"start": MONDAY_MS, "end": MONDAY_MS + 7 * DAY_MS}
    by_day = ask(farm_api, "/v1/greenhouses/gh-a/climate", by="day", **window)["items"]
    light = ask(farm_api, "/v1/greenhouses/gh-a/light", **window)["items"]
    wet = ask(farm_api, "/v1/greenhouses/gh-a/condensation", **window)["items"]
    assert len(by_day) == 7
    for at, items, table, names in (
        *((at, by_day, "air_by_day", ("air_temperature_degc", "vpd_kpa")) for at in range(7)),
        *((at, light, "light_by_day", ("dli_mol_m2",)) for at in range(7)),
        *((at, wet, "condensation_by_day", ("condensation_h",)) for at in range(7)),
    ):
        date = f"2026-11-{16 + at}"
        for name in names:
            (row,) = [r for r in rows if (r["table"], r["row"], r["name"]) == (table, date, name)]
            answer = items[at]["answers"][name]
            assert row["value"] == ("" if answer["value"] is None else str(answer["value"]))
            assert (row["reason"], row["simulated"]) == (answer["reason"] or "", "true")
    missing = [r for r in rows if (r["row"], r["name"]) == ("2026-11-20", "air_temperature_degc")]
    assert [r["reason"] for r in missing] == ["insufficient_data"]
    sums = [r for r in rows if r["table"] == "light_by_day" and r["name"] == "dli_mol_m2" and r["row"] == "8"]
    assert [(r["value"], r["reason"]) for r in sums] == [("", "not_all_days")]


def test_the_page_has_its_language_marks_simulated_data_and_escapes_names(farm_api: RegistryApi, pass_id: str) -> None:
    chinese = report(farm_api, f"/v1/passes/{pass_id}", lang="zh")
    assert chinese.headers["content-language"] == "zh-CN"
    assert "default-src 'none'" in chinese.headers["content-security-policy"]
    text = chinese.text
    assert '<html lang="zh-CN">' in text
    assert "小麦地 &lt;b&gt;" in text
    assert "<b>" not in text
    for words in ("实际施用", "流量计实测", "公斤/公顷", "公斤/亩", "计算方法与来源", "Asia/Shanghai"):
        assert words in text
    assert "data:image/png;base64," in text
    assert "<script" not in text
    week = report(farm_api, "/v1/greenhouses/gh-a", week="2026-W47").text
    # Each target is in a unit of its own, which no heading can name.
    assert re.search(r"<td class=number>\d\.\d\d kPa</td>", week)
    assert "SIMULATED" in week
    assert "番茄温室 &lt;1&gt;" in week
    # Nothing comes from elsewhere: the only addresses are those of the API, as text.
    assert not re.search(r'(?:src|href)="(?!data:)', week)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pdf_has_the_same_content_in_both_languages(farm_api: RegistryApi, pass_id: str, language: str) -> None:
    for path, words in (
        (f"/v1/passes/{pass_id}", {"en": "Amount applied", "zh": "实际施用"}),
        ("/v1/greenhouses/gh-a", {"en": "Disease risk", "zh": "病害风险"}),
    ):
        response = report(
            farm_api, path, format="pdf", lang=language, **({} if "passes" in path else {"week": "2026-W47"})
        )
        assert response.headers["content-type"] == "application/pdf"
        pages = pypdf.PdfReader(io.BytesIO(response.content)).pages
        text = "\n".join(page.extract_text() for page in pages)
        assert words[language] in text
        if "passes" in path:
            amount = ask(farm_api, f"/v1/passes/{pass_id}/as-applied", cell_m=1)["amount"]["value"]
            assert f"{amount:.2f} {'kg' if language == 'en' else '公斤'}" in text


def test_without_reportlab_pdf_is_refused_and_the_page_remains(
    farm_api: RegistryApi, pass_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Python has it where a package is not there.
    monkeypatch.setitem(sys.modules, "reportlab.platypus", None)
    refused = farm_api.client.get(f"/v1/passes/{pass_id}/report", params={"format": "pdf"})
    assert (refused.status_code, refused.json()["type"]) == (501, "urn:headland:problem:no-pdf")
    assert "headland[reports]" in refused.json()["detail"]
    assert report(farm_api, f"/v1/passes/{pass_id}").status_code == 200


def test_the_report_of_a_found_pass_has_the_swath_plan_and_cells_that_the_screen_has(farm_api: RegistryApi) -> None:
    found = f"/v1/passes/{farm_api.ids['field']}~{SPREADER}~{START_MS + 1000}"
    # What is not given is that of the implement that the vehicle used last.
    own = ask(farm_api, f"/v1/implements/{farm_api.ids['implement']}")
    assert value(rows_of(farm_api, found), "swath_m") == own["swath_m"]
    given: dict[str, Any] = {"swath_m": 5.5, "planned_rate_ha": 98}
    rows = rows_of(farm_api, found, **given)
    cells, deviation = ask(farm_api, f"{found}/cells", **given), ask(farm_api, f"{found}/deviation", **given)
    applied = ask(farm_api, f"{found}/as-applied", swath_m=5.5, format="summary")
    assert "grid" not in applied
    assert value(rows, "swath_m") == 5.5
    assert {deviation["cell_m"], applied["cell_m"], cells["cell_m"], value(rows, "cell_m")} == {1.0}
    assert value(rows, "on_target_share") == pytest.approx(deviation["on_target_share"] * 100)
    assert value(rows, "amount") == applied["amount"]["value"]
    # Every amount that is told of the pass follows from the one that was released.
    balance = deviation["balance"]
    assert balance["released"] - balance["outside"] - balance["buffer"] - balance["unlocated"] == pytest.approx(
        balance["usable"], rel=1e-6
    )
    assert balance["usable"] - balance["unplanned"] - balance["not_to_treat"] == pytest.approx(balance["compared"])
    assert value(rows, "value", "is_compared", "balance") == balance["compared"] == deviation["applied"]
    addresses = re.findall(r"<code>(/v1/passes[^<]*)", report(farm_api, found, **given).text)
    assert [unescape(address).partition("?")[2] for address in addresses[1:]] == [
        "cell_m=1&swath_m=5.5", "cell_m=1&swath_m=5.5&planned_rate_ha=98",
    ]  # fmt: skip
    # The same pass is written into the ledger with what was given, and said so.
    closed = farm_api.client.post(f"{found}/close", params=given)
    assert closed.status_code == 200, closed.text
    entry, compared = (json.loads(entry["body"]) for entry in closed.json()["items"][:2])
    assert (entry["given_swath_m"], entry["amount"]) == (5.5, applied["amount"]["value"])
    assert (compared["source"], compared["rate_ha"]) == ("query_rate", 98.0)
    settled = farm_api.client.get(f"{found}/settlement", params=given, headers={"Accept": "application/json"}).json()
    assert settled["columns"]["applied_kg"] == [
        pytest.approx(value(rows, "plot_amount", settled["columns"]["field"][0], "plots"), abs=1e-3)
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_report_shows_the_place_of_a_value(farm_api: RegistryApi, pass_id: str, language: str) -> None:
    found = f"/v1/passes/{farm_api.ids['field']}~{SPREADER}~{START_MS + 1000}"
    for path, more in ((found, {}), (f"/v1/passes/{pass_id}", {}), ("/v1/greenhouses/gh-a", {"week": "2026-W47"})):
        page = re.sub(r"<style>.*?</style>", "", report(farm_api, path, lang=language, **more).text)
        assert not re.search(r"\{\w*\}", page)
        table = report(farm_api, path, format="csv", lang=language, **more).content.decode("utf-8-sig")
        assert not re.search(r"\{\w*\}", table)


def test_a_pass_without_a_known_amount_reports_none(farm_api: RegistryApi, pass_id: str) -> None:
    rows = rows_of(farm_api, f"/v1/passes/{pass_id}")
    assert [r["value"] for r in rows if r["name"] == "amount"] != [""]
    silent = {**declaration(farm_api), "device": "uav-nobody", "planned_rate_ha": None}
    created = farm_api.client.post("/v1/passes", json=silent)
    assert created.status_code == 201, created.text
    rows = rows_of(farm_api, f"/v1/passes/{created.json()['id']}", lang="zh")
    assert not [r for r in rows if r["name"] in ("amount", "mean_rate_ha", "planned_rate_ha") and r["value"]]
    notes = {r["name"]: r["text"] for r in rows if r["section"] in ("what_was_applied", "against_the_plan")}
    assert notes == {"unknown_device": "没有该设备的数据"}
    assert "work_s" in {r["name"] for r in rows if r["reason"] == "nothing_heard"}


@pytest.mark.parametrize(
    ("week", "status", "kind"),
    [
        ("2026-W54", 400, "no-week"),
        ("last", 422, "bad-parameter"),
        ("2026-47", 422, "bad-parameter"),
        ("0001-W01", 400, "no-week"),
        ("2027-W01", 400, "week-not-begun"),
    ],
)
def test_an_invalid_week_is_refused(farm_api: RegistryApi, week: str, status: int, kind: str) -> None:
    answer = farm_api.client.get("/v1/greenhouses/gh-a/report", params={"week": week})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:headland:problem:{kind}")


def test_a_week_begins_on_its_local_monday_and_the_present_week_ends_now() -> None:
    whole = find_week("2026-W47", SHANGHAI, MONDAY_MS + 30 * DAY_MS)
    assert (whole.window.start_ms, whole.window.end_ms) == (MONDAY_MS, MONDAY_MS + 7 * DAY_MS)
    present = find_week(None, SHANGHAI, MONDAY_MS + 2 * DAY_MS)
    assert (present.name, present.window.end_ms, present.end_ms) == (
        "2026-W47", MONDAY_MS + 2 * DAY_MS, MONDAY_MS + 7 * DAY_MS,
    )  # fmt: skip
    # A week in which clocks are put back has an hour more.
    autumn = find_week("2026-W43", ZoneInfo("Europe/Berlin"), MONDAY_MS)
    assert autumn.end_ms - autumn.window.start_ms == 7 * DAY_MS + HOUR_MS


def test_every_name_and_value_of_a_report_has_its_text_in_the_catalogue(
    store: MemoryStore, farm_api: RegistryApi, pass_id: str
) -> None:
    scope = OrgScope(store, farm_api.registry, OWN, NOW_MS)
    for document in (
        make_pass_document(scope, pass_id, PassOptions()),
        make_week_document(scope, "gh-a", "2026-W47", None),
    ):
        assert [name for name in labels_of(document) if not has_label(name)] == []
        for figure in figures_of(document):
            if isinstance(figure.value, str) and figure.value and not figure.is_name:
                assert has_value(figure.name, figure.value), (figure.name, figure.value)
            for group, term in (("reasons", figure.reason), ("evidence", figure.evidence), ("levels", figure.level)):
                assert term is None or find_term(group, term, "zh"), (group, term)


def figures_of(document: Report) -> Iterator[Figure]:
    for section in document.sections:
        for part in section.parts:
            if isinstance(part, Figure):
                yield part
            if isinstance(part, ReportTable):
                yield from (cell for row in part.rows for cell in row if isinstance(cell, Figure))


def labels_of(document: Report) -> Iterator[str]:
    yield document.title
    for section in document.sections:
        yield section.name
        for part in section.parts:
            yield part.name
            if isinstance(part, ReportTable):
                yield from (name for name, _ in part.columns)


#: Latin words of a Chinese text that are no English sentence: names and years of a citation, formulas, units, symbols.
ALLOWED = re.compile(r"[A-Z][\w.-]*|pH|[a-zµ°℃²³]{1,4}(?:/[a-zA-Z²³]+)*")


def english_runs(text: str) -> list[str]:
    """Two or more English words in a row, of which one is neither a name nor a unit."""
    runs = re.findall(r"[A-Za-z][\w.'-]*(?:[ ,;:]+[A-Za-z][\w.'-]*)+", text)
    return [run for run in runs if not all(ALLOWED.fullmatch(word) for word in re.split(r"[ ,;:]+", run))]


def readable(page: str) -> str:
    """The text of a page without style, requests and names that people chose."""
    page = re.sub(r"<style>.*?</style>|<code>.*?</code>|<svg.*?</svg>", " ", page, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "\n", page))


def test_a_chinese_report_of_a_pass_has_no_english_words(farm_api: RegistryApi, pass_id: str) -> None:
    text = readable(report(farm_api, f"/v1/passes/{pass_id}", lang="zh").text)
    assert "流量计" in text
    assert english_runs(text) == []


def test_a_chinese_report_of_a_week_has_no_english_words(farm_api: RegistryApi) -> None:
    text = readable(report(farm_api, "/v1/greenhouses/gh-a", week="2026-W47", lang="zh").text)
    for words in ("温室内光量子传感器实测", "估算，夜间比气温低 1.5 ℃", "生产经验", "饱和水汽压差"):
        assert words in text
    assert english_runs(text) == []


def test_english_words_in_a_chinese_text_are_found() -> None:
    assert english_runs("光照：quantum sensor in the house") == ["quantum sensor in the house"]
    assert english_runs("按 Broome 等 1995；VPD 0.92 kPa，Asia/Shanghai，µmol/m²/s，McMaster 和 Wilhelm 1997") == []
