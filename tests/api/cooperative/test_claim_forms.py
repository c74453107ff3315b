"""One subsidy claim in four forms: the paper, the page and the table say what the JSON says, in both languages."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest

from headland.i18n import Language, find_term
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.reports.formatting import label_of, number_text
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS
from tests.api.farm import NOW_MS, START_MS
from tests.api.registry_api import RegistryApi
from tests.api.server import body_of
from tests.api.spread_field import declaration, serve_spread_field

PERIOD = {"start_ms": START_MS - 60_000, "end_ms": NOW_MS + 9 * DAY_MS}
RULE: dict[str, Any] = {
    "name": "Plant care 2027",
    "fen_per_mu": 1507,
    "least_coverage_pct": 80,
    "repeat_days": 7,
    "cap_mu": 90.0,
}

Claimed = tuple[RegistryApi, dict[str, Any]]


def mu(m2: int) -> str:
    return number_text(m2 * 3 / 2000, "mu")


def yuan(fen: int) -> str:
    return number_text(fen / 100, "CNY")


@pytest.fixture(scope="module")
def claimed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Claimed]:
    """A rule and a period with a claimed pass, a simulated one on the same ground, and one of weak evidence."""
    with serve_spread_field(tmp_path_factory.mktemp("claims"), MemoryStore()) as api:
        field = api.ids["field"]
        for name in ("王芳", "Li"):
            person = api.repositories.people.add(Person(name=name)).id
            api.repositories.holdings.add(
                Holding(field=field, person=person, kind=HoldingKind.LEASE, parts=1, of_parts=2)
            )
        made = body_of(api.client.post("/v1/passes", json=declaration(api), timeout=120), 201)
        body_of(api.client.post(f"/v1/passes/{made['id']}/treated", timeout=120))
        ledger = api.repositories.ledger
        (entry,) = ledger.read(kind="treated", pass_id=made["id"])
        body = msgspec.json.decode(entry.body)
        for days, device, changed in (
            (2, "drone-2", {"simulated": True}),
            (4, "drone-3", {"evidence_m2": {"declared": body["area_m2"]}}),
        ):
            times = {name: body[name] + days * DAY_MS for name in ("start_ms", "end_ms")}
            ledger.append("treated", field, f"{field}~{device}~1", {**body, **times, **changed, "device": device})
        rule = body_of(api.client.post("/v1/subsidy-rules", json=RULE), 201)
        yield api, {"rule": rule["id"], **PERIOD}


def ask(claimed: Claimed, **query: Any) -> Any:
    api, order = claimed
    answer = api.client.post("/v1/subsidy-claims", json=order, params=query, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_claim_is_a_pdf_with_every_number_of_the_answer(claimed: Claimed, language: Language) -> None:
    answer = ask(claimed).json()
    reply = ask(claimed, format="pdf", lang=language)
    assert reply.headers["Content-Type"] == "application/pdf"
    text = text_of(reply.content)
    flat = "".join(text.split())
    expected: Counter[str] = Counter()
    for item in answer["items"]:
        expected.update(mu(item[name]) for name in ("treated_m2", "repeated_m2", "area_m2"))
        expected.update([yuan(item["fen"]), number_text(item["coverage_pct"], "%")])
    first = answer["items"][0]
    expected.update([mu(first["field_m2"]), mu(answer["area_m2"]), yuan(answer["fen"])])
    expected.update([yuan(answer["simulated_fen"]), yuan(RULE["fen_per_mu"]), f"{answer['flights']}"])
    missing = expected - Counter(text.replace("亩", " ").replace("元", " ").split())
    assert not missing, (missing, text)
    words = ["subsidy_claim", "held_by", "claim_parcels", "claim_caveat", "claimed_before_mu", "simulated"]
    reasons = [find_term("claim_reasons", item["reason"], language) for item in answer["items"] if item["reason"]]
    for word in [*(label_of(name, language) for name in words), *reasons, RULE["name"], "王芳", "Li", "Equator"]:
        assert word is not None
        assert "".join(str(word).split()) in flat, word


def test_claimed_and_named_flights_are_all_flights_of_the_period(claimed: Claimed) -> None:
    answer = ask(claimed).json()
    assert [item["reason"] for item in answer["items"]] == [None, "claimed_before", "weak_evidence"]
    assert (answer["flights"], answer["claimed"], answer["not_claimed"]) == (3, 1, 2)
    assert answer["fen"] == sum(item["fen"] for item in answer["items"]) > 0
    assert answer["simulated_fen"] == 0
    assert [item["simulated"] for item in answer["items"]] == [False, True, False]
    named = {item["pass_id"] for item in (*answer["items"], *answer["unclaimed"])}
    assert len(named) == answer["flights"]


def test_the_table_of_a_claim_has_the_areas_and_amounts_whole(claimed: Claimed) -> None:
    answer = ask(claimed).json()
    table = list(csv.DictReader(io.StringIO(ask(claimed, format="csv").content.decode("utf-8-sig"))))
    column = next(name for name in ("value", "number", "code") if name in table[0])
    amounts = [round(float(row[column]) * 100) for row in table if row["name"] == "line_amount"]
    # Once by parcel, and once by pass.
    assert amounts == [answer["fen"], *(item["fen"] for item in answer["items"])]
    grounds = [round(float(row[column]) * 2000 / 3) for row in table if row["name"] == "treated_mu"]
    assert grounds == [item["treated_m2"] for item in answer["items"]]
    assert "主管部门" in ask(claimed, format="html", lang="zh").text


def test_a_flight_that_is_not_in_the_ledger_or_was_kept_is_named_on_the_paper(tmp_path: Path) -> None:
    with serve_spread_field(tmp_path, MemoryStore()) as api:
        made = body_of(api.client.post("/v1/passes", json=declaration(api), timeout=120), 201)
        rule = body_of(api.client.post("/v1/subsidy-rules", json=RULE), 201)
        of_rule = (api, {"rule": rule["id"], **PERIOD})

        def state() -> tuple[int, int, list[tuple[str, str]]]:
            answer = ask(of_rule).json()
            unclaimed = [(each["pass_id"], each["reason"]) for each in answer["unclaimed"]]
            text = "".join(text_of(ask(of_rule, format="pdf", lang="zh").content).split())
            for _, reason in unclaimed:
                assert "".join(str(find_term("claim_reasons", reason, "zh")).split()) in text
            return answer["flights"], answer["claimed"], unclaimed

        assert state() == (1, 0, [(made["id"], "not_recorded")])
        body_of(api.client.post(f"/v1/passes/{made['id']}/treated", timeout=120))
        assert state() == (1, 1, [])
        ask(of_rule, keep=True)
        assert state() == (1, 0, [(made["id"], "claimed_before")])
