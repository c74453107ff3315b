"""A season of a cooperative over HTTP: treated ground, statements, disputes and subsidy claims."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import openpyxl
import pytest

from headland.registry.models.models import Scope
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.store.memory import MemoryStore
from tests.api.farm import NORTH_DEG_M, NOW_MS, START_MS
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import APPLIED_KG, declaration, serve_spread_field

PERIOD = {"start_ms": START_MS - 60_000, "end_ms": NOW_MS + 60_000}


@dataclass(frozen=True)
class Village:
    """A field that a spreader treated, held by two members by a third and two thirds."""

    api: RegistryApi
    pass_id: str
    people: list[str]
    member: dict[str, str]

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> httpx.Response:
        answer = self.api.client.request(method, path, timeout=120, **more)
        assert answer.status_code == status, (path, answer.text[:500])
        return answer


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with serve_spread_field(tmp_path_factory.mktemp("village"), MemoryStore()) as api:
        repositories = api.repositories
        people = [repositories.people.add(Person(name=name)).id for name in ("王芳", "Li")]
        for person, parts in zip(people, (1, 2), strict=True):
            repositories.holdings.add(
                Holding(field=api.ids["field"], person=person, kind=HoldingKind.LEASE, parts=parts, of_parts=3)
            )
        made = api.client.post("/v1/passes", json=declaration(api), timeout=120)
        key = repositories.add_key("member", Scope.READ, person=people[0])[1]
        yield Village(api, made.json()["id"], people, {"Authorization": f"Bearer {key}"})


def settle(village: Village, **tariff: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    order = {"name": f"tariff {sorted(tariff.items())}", "repeat_days": 7, **tariff}
    made = village.ask("POST", "/v1/tariffs", 201, json=order).json()
    run = village.ask("POST", "/v1/statement-runs", 201, json={"tariff": made["id"], **PERIOD}).json()
    again = village.ask("POST", "/v1/statement-runs", 201, json={"tariff": made["id"], **PERIOD}).json()
    assert again == run
    return run, village.ask("GET", f"/v1/statements?run={run['id']}").json()["items"]


def test_a_season_is_settled_from_the_ledger_to_the_fen(village: Village) -> None:
    window = f"start={PERIOD['start_ms']}&end={PERIOD['end_ms']}"
    (listed,) = village.ask("GET", f"/v1/statement-passes?{window}").json()["items"]
    assert (listed["pass_id"], listed["recorded"]) == (village.pass_id, 0)
    (treated,) = village.ask("POST", f"/v1/passes/{village.pass_id}/treated").json()["items"]
    # Eight swaths of 195 m by 5 m, of which one is on the buffer strip: what may not be treated is not charged.
    assert treated["area_m2"] == pytest.approx(7 * 195 * 5, rel=0.001)
    assert treated["grams"] == pytest.approx(APPLIED_KG * 1000 * 7 / 8, rel=0.01)
    assert village.ask("POST", f"/v1/passes/{village.pass_id}/treated").json()["items"][0]["seq"] == treated["seq"]
    assert village.ask("GET", f"/v1/statement-passes?{window}").json()["items"][0]["recorded"] == 1
    person, other = village.people
    entries = [(person, "advance", 5000, 0), (other, "delivery", 120_000, 400_000), (person, "delivery", 0, 100_000)]
    for owner, kind, amount_fen, grams in entries:
        order = {"person": owner, "kind": kind, "time_ms": START_MS, "amount_fen": amount_fen, "grams": grams}
        village.ask("POST", "/v1/accounts", 201, json=order)
    run, statements = settle(village, per_mu_fen=801, per_kg_fen=37, night_pct=13, dividend_fen=10_001)
    assert (run["people"], len(statements)) == (2, 2)
    works = [line for each in statements for line in each["lines"] if line["kind"] == "work"]
    assert -sum(line["amount_fen"] for line in works) == run["charged_fen"]
    area_fen = round(801 * treated["area_m2"] * 3 / 2000)
    mass_fen = round(37 * treated["grams"] / 1000)
    assert run["charged_fen"] >= area_fen + mass_fen
    assert sum(line["area_m2"] for line in works) == run["area_m2"] == treated["area_m2"]
    assert {line["share"] for line in works} == {"1/3", "2/3"}
    assert sum(each["balance_fen"] for each in statements) == 5000 + 120_000 + 10_001 - run["charged_fen"]
    dividends = {each["person"]: line["amount_fen"] for each in statements for line in each["lines"]
                 if line["kind"] == "dividend"}  # fmt: skip
    assert dividends == {person: 2000, other: 8001}


def test_a_statement_is_a_page_a_pdf_a_table_and_a_spreadsheet_in_both_languages(village: Village) -> None:
    village.ask("POST", f"/v1/passes/{village.pass_id}/treated")
    run, statements = settle(village, per_mu_fen=900)
    path = f"/v1/statements/{next(each['id'] for each in statements if each['person'] == village.people[0])}"
    page = village.ask("GET", f"{path}?format=html&lang=zh").text
    assert "结算单" in page
    assert "王芳" in page
    assert "Statement" in village.ask("GET", f"{path}?format=html").text
    assert village.ask("GET", f"{path}?format=pdf&lang=zh").content.startswith(b"%PDF")
    assert "结余" in village.ask("GET", f"{path}?format=csv&lang=zh").content.decode("utf-8-sig")
    for content in (
        village.ask("GET", f"{path}?format=xlsx&lang=zh").content,
        village.ask("GET", f"/v1/statement-runs/{run['id']}?format=xlsx&lang=zh").content,
    ):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            assert "王芳" in book.read("xl/worksheets/sheet1.xml").decode()
            assert "作业面积（亩）" in book.read("xl/worksheets/sheet2.xml").decode()


def test_a_correction_is_a_new_entry_that_changes_the_next_run(village: Village) -> None:
    person, other = village.people
    # JSON has one type of number: 300.0 is a whole one.
    order = {"person": person, "kind": "payment", "time_ms": START_MS, "amount_fen": 300.0}
    entry = village.ask("POST", "/v1/accounts", 201, json=order).json()
    first, _ = settle(village, per_mu_fen=700)
    wrong = {"person": other, "kind": "correction", "corrects": entry["id"], "time_ms": START_MS, "amount_fen": -300}
    village.ask("POST", "/v1/accounts", 400, json=wrong)
    village.ask("POST", "/v1/accounts", 201, json={**wrong, "person": person})
    made = {"tariff": first["tariff"], **PERIOD}
    second = village.ask("POST", "/v1/statement-runs", 201, json=made).json()
    assert second["digest"] != first["digest"]
    assert second["id"] != first["id"]


def test_a_table_of_deliveries_is_imported_once_and_a_delivery_corrected_once(village: Village) -> None:
    person, _ = village.people
    table = "日期,姓名,作物,净重（公斤）,单价（元/公斤）\n" + 2 * "2025-06-03,王芳,小麦,1250.5,2.36\n"
    more: dict[str, Any] = {"content": table.encode(), "headers": {"Content-Type": "text/csv"}}
    seen = village.ask("POST", "/v1/deliveries/import?dry_run=true", 200, **more).json()
    assert (seen["added"], seen["known"], seen["grams"], seen["amount_fen"]) == (2, 0, 2_501_000, 590_236)
    stored = village.ask("POST", "/v1/deliveries/import", 201, **more).json()
    assert (stored["added"], stored["stored"]) == (2, True)
    again = village.ask("POST", "/v1/deliveries/import", 201, **more).json()
    assert (again["added"], again["known"]) == (0, 2)
    more["content"] = more["content"].replace("王芳".encode(), b"Nobody")
    refused = village.ask("POST", "/v1/deliveries/import", 400, **more).json()
    assert [fault["row"] for fault in refused["faults"]] == [1, 2]
    listed = village.ask("GET", f"/v1/deliveries?person={person}").json()["items"]
    wheat = [each for each in listed if each["crop"] == "wheat"]
    right = {"grams": 1_200_000, "amount_fen": 283_200, "time_ms": START_MS}
    path = f"/v1/deliveries/{wheat[0]['id']}/correction"
    for _ in range(2):
        fixed = village.ask("POST", path, 201, json=right).json()
    assert (fixed["grams"], fixed["amount_fen"], len(fixed["corrections"])) == (1_200_000, 283_200, 1)
    village.ask("POST", path, 422, json={**right, "grams": -1})
    village.ask("POST", f"/v1/deliveries/{'0' * 26}/correction", 404, json=right)
    first = village.ask("GET", f"/v1/deliveries?person={person}&limit=1").json()
    rest = village.ask("GET", f"/v1/deliveries?person={person}&cursor={first['next']}").json()["items"]
    assert [each["id"] for each in (*first["items"], *rest)] == [each["id"] for each in listed]


def test_a_dispute_keeps_the_evidence_of_its_cell_and_its_outcome_in_the_ledger(village: Village) -> None:
    place = {"latitude_deg": 10.0 / NORTH_DEG_M, "longitude_deg": 10.0009}
    order = {"pass_id": village.pass_id, "text": "nothing came here", "person": village.people[0], **place}
    dispute = village.ask("POST", "/v1/disputes", 201, json=order).json()
    assert dispute["evidence"]["evidence"] == "measured_flow"
    assert dispute["evidence"]["applied_ha"] == pytest.approx(120, rel=0.2)
    assert dispute["evidence"]["visits"]
    village.ask("POST", "/v1/disputes", 404, json={**order, "pass_id": "0" * 26})
    closed = {"outcome": "rejected", "text": "the meter shows it"}
    village.ask("POST", f"/v1/disputes/{dispute['seq'] + 1000}/outcome", 404, json=closed)
    village.ask("POST", f"/v1/disputes/{dispute['seq']}/outcome", 201, json=closed)
    found = village.ask("GET", "/v1/disputes").json()["items"][-1]
    assert (found["outcome"], found["outcome_text"]) == ("rejected", "the meter shows it")
    kinds = [entry["kind"] for entry in village.ask("GET", "/v1/ledger").json()["items"]]
    assert {"dispute", "dispute_outcome"} <= set(kinds)
    assert village.api.repositories.ledger.check().broken_at is None


def test_an_upheld_dispute_ends_in_money_of_the_next_run_or_in_a_reason(village: Village) -> None:
    place = {"latitude_deg": 10.0 / NORTH_DEG_M, "longitude_deg": 10.0009}
    order = {"pass_id": village.pass_id, "text": "nothing came here", "person": village.people[0], **place}
    dispute = village.ask("POST", "/v1/disputes", 201, json=order).json()["seq"]
    path = f"/v1/disputes/{dispute}/outcome"
    village.ask("POST", f"/v1/passes/{village.pass_id}/treated")
    before, _ = settle(village, per_mu_fen=913)
    for outcome in ("upheld", "partly_upheld"):
        for text in ("", "  "):
            refused = village.ask("POST", path, 400, json={"outcome": outcome, "text": text}).json()
            assert refused["type"].endswith("no-correction")
    closed = village.ask("POST", path, 201, json={"outcome": "upheld", "correction_fen": 3406}).json()
    (entry,) = [
        each
        for each in village.ask("GET", f"/v1/accounts?person={village.people[0]}").json()["items"]
        if each["id"] == closed["correction"]
    ]
    assert (entry["amount_fen"], entry["pass_id"]) == (3406, village.pass_id)
    # The period of the entry is that of its day: the next run has the money.
    after = village.ask("POST", "/v1/statement-runs", 201, json={"tariff": before["tariff"], **PERIOD}).json()

    def balance_of(run: dict[str, Any]) -> int:
        statements = village.ask("GET", f"/v1/statements?run={run['id']}").json()["items"]
        return int(next(each["balance_fen"] for each in statements if each["person"] == village.people[0]))

    assert balance_of(after) - balance_of(before) == 3406
    reasoned = {"outcome": "partly_upheld", "text": "paid in cash on the spot"}
    assert village.ask("POST", path, 201, json=reasoned).json()["correction"] is None
    village.ask("POST", path, 400, json={**reasoned, "correction_fen": 1, "correction": closed["correction"]})


def test_a_claim_is_kept_once_and_its_pack_has_table_map_evidence_and_proof(village: Village) -> None:
    village.ask("POST", f"/v1/passes/{village.pass_id}/treated")
    rule = {"name": "2027", "fen_per_mu": 1500, "least_coverage_pct": 80, "repeat_days": 30}
    made = village.ask("POST", "/v1/subsidy-rules", 201, json=rule).json()
    order = {"rule": made["id"], **PERIOD}
    answer = village.ask("POST", "/v1/subsidy-claims", json=order, headers={"Accept-Language": "zh"}).json()
    (item,) = answer["items"]
    assert (item["holders"], item["reason"], item["evidence"]) == ("Li, 王芳", None, "measured_flow")
    assert answer["fen"] == item["fen"] == round(1500 * item["area_m2"] * 3 / 2000)
    assert "主管部门" in answer["caveat"]
    with zipfile.ZipFile(io.BytesIO(village.ask("POST", "/v1/subsidy-claims?format=zip", json=order).content)) as pack:
        assert len(pack.read("claims-zh.csv").decode("utf-8-sig").splitlines()) == 2
        assert len(json.loads(pack.read("map.geojson"))["features"]) == 1
        seqs = {entry["seq"] for entry in json.loads(pack.read("proof.json"))["entries"]}
        assert seqs == {entry["seq"] for entry in json.loads(pack.read("evidence.json"))}
        assert seqs
    assert village.ask("POST", "/v1/subsidy-claims?keep=true", json=order).json()["fen"] == answer["fen"]
    assert village.ask("POST", "/v1/subsidy-claims", json=order).json()["items"] == []


def test_a_member_reads_the_own_statement_and_opens_the_own_dispute(village: Village) -> None:
    village.ask("POST", f"/v1/passes/{village.pass_id}/treated")
    settle(village, per_mu_fen=650)
    person = village.people[0]
    repositories = village.api.registry.repositories(village.api.repositories.organisation, "member", person)
    own = list(repositories.statements.statements.all())
    assert own
    assert {each.person for each in own} == {person}
    assert not list(repositories.statements.runs.all())
    assert {entry.person for entry in repositories.accounts.records.all()} <= {person}


def test_ground_is_not_claimed_again_under_another_field(village: Village) -> None:
    repositories = village.api.repositories
    made = village.ask(
        "POST", "/v1/subsidy-rules", 201, json={"name": "once", "fen_per_mu": 1500, "least_coverage_pct": 1}
    ).json()
    own = repositories.fields.get(village.api.ids["field"])
    ring = [(east - 2e-6, north + 3e-6) for east, north in own.geometry[0][0]]
    twin = repositories.fields.add(msgspec.structs.replace(own, id="", name="twin", geometry=[[ring]], version=0))
    again = {**declaration(village.api), "field": twin.id}
    for pass_id in (village.pass_id, village.ask("POST", "/v1/passes", 201, json=again).json()["id"]):
        village.ask("POST", f"/v1/passes/{pass_id}/treated")
    kept = village.ask("POST", "/v1/subsidy-claims?keep=true", json={"rule": made["id"], **PERIOD}).json()["items"]
    areas = [item["area_m2"] for item in kept if item["field"] == twin.id]
    treated = max(item["area_m2"] + item["repeated_m2"] for item in kept)
    # Claimed for the first field: what is left is the ground of the twin beside it.
    assert areas
    assert sum(areas) < 0.02 * treated


@pytest.mark.parametrize("language", ["zh", "en"])
def test_another_program_reads_the_spreadsheet_as_numbers_that_add_up_to_the_fen(
    village: Village, language: str
) -> None:
    village.ask("POST", f"/v1/passes/{village.pass_id}/treated")
    person, _ = village.people
    # A third of an odd sum, a text that a spreadsheet would take for a formula, and goods to the gram.
    goods = {"person": person, "kind": "delivery", "time_ms": START_MS, "amount_fen": 333, "grams": 1_250_501}
    village.ask("POST", "/v1/accounts", 201, json={**goods, "crop": "wheat", "note": '=HYPERLINK("x")'})
    run, statements = settle(
        village, per_mu_fen=907, per_kg_fen=33, night_pct=17, dividend_fen=10_001 + (language == "zh")
    )
    answer = village.ask("GET", f"/v1/statement-runs/{run['id']}?format=xlsx&lang={language}")
    balances, lines, *_ = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    head, *rows = balances.iter_rows()
    assert [cell.data_type for cell in head] == ["s"] * len(head)
    assert all([cell.data_type for cell in row][2:6] == ["n"] * 4 for row in rows)
    for row, each in zip(rows, statements, strict=True):
        charged = -sum(line["amount_fen"] for line in each["lines"] if line["kind"] == "work")
        expected = [charged, each["balance_fen"] + charged, each["balance_fen"]]
        assert [round(cell.value * 100, 6) for cell in row[3:6]] == expected
    assert round(sum(row[3].value for row in rows) * 100, 6) == run["charged_fen"]
    shown = [[cell.value for cell in row] for row in list(lines.iter_rows())[1:]]
    stored = [line for each in statements for line in each["lines"]]
    assert [round(row[10] * 100, 6) for row in shown] == [line["amount_fen"] for line in stored]
    assert [round(row[8] * 1000, 6) for row in shown] == [line["grams"] for line in stored]
    assert {cell.data_type for row in list(lines.iter_rows())[1:] for cell in row} <= {"s", "n", "inlineStr"}
    (note,) = {row[11] for row in shown if row[11] and "HYPERLINK" in row[11]}
    assert note == f'{"小麦" if language == "zh" else "Wheat"} · =HYPERLINK("x")'
    sums = sum(each["balance_fen"] for each in statements)
    assert round(sum(row[5].value for row in rows) * 100, 6) == sums


def test_a_rule_is_claimed_beside_another_only_where_neither_excludes_the_other(village: Village) -> None:
    village.ask("POST", f"/v1/passes/{village.pass_id}/treated")

    def claim(rule: dict[str, Any], *, keep: bool = False) -> int:
        order = {"rule": rule["id"], **PERIOD}
        answer = village.ask("POST", f"/v1/subsidy-claims?keep={str(keep).lower()}", json=order).json()
        return int(answer["fen"])

    def add(name: str, **more: Any) -> dict[str, Any]:
        rule = {"name": name, "fen_per_mu": 100, "least_coverage_pct": 1, "repeat_days": 366, **more}
        made: dict[str, Any] = village.ask("POST", "/v1/subsidy-rules", 201, json=rule).json()
        return made

    def change(rule: dict[str, Any], excludes: list[str] | None) -> dict[str, Any]:
        now = village.ask("GET", f"/v1/subsidy-rules/{rule['id']}").json()
        path = f"/v1/subsidy-rules/{rule['id']}"
        changed: dict[str, Any] = village.ask("PUT", path, json={**now, "excludes": excludes}).json()
        return changed

    # Other tests may have kept claims by rules that exclude all others.
    for rule in village.ask("GET", "/v1/subsidy-rules").json()["items"]:
        change(rule, [])
    work, spraying = add("machine work", excludes=[]), add("plant protection", excludes=[])
    assert claim(work, keep=True) > 0
    assert claim(spraying) > 0
    change(work, None)
    assert claim(spraying) == 0  # work excludes all, as a rule does that says nothing
    change(work, [spraying["id"]])
    assert claim(spraying) == 0
    change(work, [])
    first = claim(spraying)
    assert first > 0
    change(spraying, [work["id"]])
    assert claim(spraying) == 0
    change(spraying, [])
    assert claim(spraying, keep=True) == first
    assert claim(spraying) == claim(work) == 0  # each excludes itself
