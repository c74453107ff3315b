"""Instants in other units than milliseconds: refused by one sentence at every door, with the instant meant."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from api.http.problems import ProblemError
from api.http.query_windows import parse_instant, parse_query_instant
from api.http.records import check_instants
from headland.units_of_time import read_foreign_instant
from tests.api.farm import NOW_MS
from tests.api.registry_api import serve_registry

NOON_MS = 1_780_315_200_000  # 2026-06-01T12:00:00Z
NOON = "2026-06-01T12:00:00Z"


@pytest.mark.parametrize(
    ("number", "unit"),
    [(NOON_MS // 1000, "seconds"), (NOON_MS * 1000, "microseconds"), (NOON_MS * 1_000_000, "nanoseconds")],
)
def test_an_instant_in_another_unit_is_refused_with_the_instant_that_is_meant(number: int, unit: str) -> None:
    for read in (parse_instant, parse_query_instant):
        for text in (str(number), number):
            with pytest.raises(ValueError, match=rf"{number} counts {unit} \({NOON}\): write .* {NOON_MS}, or as that"):
                read(text)


@given(st.integers(946_684_800_000, 4_102_444_799_999))
def test_an_instant_in_milliseconds_is_never_taken_for_another_unit(time_ms: int) -> None:
    assert read_foreign_instant(time_ms) is None
    assert parse_instant(str(time_ms)) == time_ms
    # And each of the other units is known by its number alone.
    for unit, number in (
        ("seconds", time_ms // 1000),
        ("microseconds", time_ms * 1000),
        ("nanoseconds", time_ms * 10**6),
    ):
        found = read_foreign_instant(number)
        assert found is not None
        assert (found[0], abs(found[1] - time_ms) < 1000) == (unit, True)


def test_seconds_with_their_fraction_are_named_too() -> None:
    with pytest.raises(ValueError, match=r"1780315200\.25 counts seconds"):
        parse_instant("1780315200.25")


@pytest.mark.parametrize("text", ["0", "-1", "86400000", NOON, "1970-01-20T12:00:00Z", str(NOW_MS)])
def test_what_is_no_instant_of_another_unit_is_read_as_before(text: str) -> None:
    assert isinstance(parse_instant(text), int)


@pytest.mark.parametrize("name", ["start_ms", "end_ms", "time_ms", "until_ms", "expires_ms", "grown_from_ms"])
def test_an_instant_of_a_body_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ProblemError) as refused:
        check_instants(b'{"a": [{"%s" : 1780315200}]}' % name.encode())
    assert (refused.value.status, refused.value.detail) == (
        422, f"{name} is 1780315200, which counts seconds ({NOON}): write it in milliseconds, {NOON_MS}."
    )  # fmt: skip


def test_a_text_that_looks_like_an_instant_is_a_text() -> None:
    check_instants(b'{"note": "\\"start_ms\\": 1780315200", "area_m2": 1780315200, "time_ms": %d}' % NOON_MS)


def test_every_instant_of_every_route_is_read_by_this_function(app: FastAPI, client: httpx.Client) -> None:
    asked = 0
    for path, operations in app.openapi()["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            shapes = str(parameter.get("schema"))
            if parameter["in"] != "query" or "date-time" not in shapes:
                continue
            where = re.sub(r"\{(\w+)\}", _fill, path)
            for language, words in (("en", "counts seconds"), ("zh", "以秒计的时间")):
                answer = client.get(
                    where, params={parameter["name"]: NOON_MS // 1000}, headers={"accept-language": language}
                )
                assert answer.status_code in (400, 422), (path, answer.text)
                assert words in answer.json()["detail"], (path, parameter["name"], answer.text)
            asked += 1
    assert asked > 30, asked


def _fill(match: re.Match[str]) -> str:
    return "gh-1" if match[1] in ("device", "gateway", "site") else "01k9zzzzzzzzzzzzzzzzzzzzzz"


def test_a_body_in_seconds_is_refused_by_record_routes_and_others(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as farm:
        note = {"field": farm.ids["fields"], "author": "Li", "text": "rust", "time_ms": NOON_MS // 1000}
        order = {"start_ms": NOON_MS // 1000, "end_ms": NOON_MS, "fen_per_kg": {"wheat": 236}}
        for path, body in (("/v1/notes", note), ("/v1/deliveries", order)):
            answer = farm.client.post(path, json=body)
            assert (answer.status_code, "counts seconds" in answer.json()["detail"]) == (422, True), answer.text
