"""Headers of limits: each limited answer tells what the one table of limits allows, and what is left of it."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from api.auth.limit_headers import LEFT, POLICY, note_rate
from api.auth.limits import Limits
from api.auth.rate_limiter import Draw, Rate, TokenBuckets
from api.auth.shares import RequestShare
from headland.registry.models.models import Scope
from tests.api.auth.test_middleware import serve_api

_ITEM = re.compile(r'"([a-z-]+)"((?:;[a-z]+=(?:\d+|"[a-z-]+"))+)(?:, |$)')


def items(header: str) -> dict[str, dict[str, int | str]]:
    """Return the items of a list of structured fields by name; nothing else may be in the header."""
    assert _ITEM.sub("", header) == "", header
    return {
        name: {
            key: int(value) if value.isdigit() else value.strip('"')
            for key, value in (each.split("=") for each in parameters[1:].split(";"))
        }
        for name, parameters in _ITEM.findall(header)
    }


def limits_of(answer: httpx.Response) -> tuple[dict[str, dict[str, int | str]], dict[str, dict[str, int | str]]]:
    policies, left = items(answer.headers[POLICY]), items(answer.headers[LEFT])
    assert list(policies) == list(left)
    return policies, left


def test_each_answer_to_a_key_says_what_is_left_until_it_is_refused(tmp_path: Path) -> None:
    limits = Limits(requests=Rate(3, 0.01), failures=Rate(2, 0.01), share=RequestShare(of_key=7, of_organisation=9))
    with serve_api(tmp_path, limits=limits) as own:
        answers = [own.ask("GET", "/v1/farms", Scope.READ) for _ in range(4)]
        for number, answer in enumerate(answers):
            policies, left = limits_of(answer)
            assert policies["requests"] == {"q": 3, "w": 300}
            assert left["requests"]["r"] == max(0, 2 - number)
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        policies, left = limits_of(answers[0])
        assert (policies["at-once"], left["at-once"]) == ({"q": 7, "qu": "concurrent-requests"}, {"r": 6})
        # The refused request may come again when the answer says so, by either header.
        assert limits_of(answers[3])[1]["requests"]["t"] == int(answers[3].headers["retry-after"])


def test_failed_attempts_say_how_many_more_their_address_has(tmp_path: Path) -> None:
    with serve_api(tmp_path, limits=Limits(failures=Rate(2, 0.01))) as own:
        answers = [own.client.get("/v1/farms", headers={"Authorization": "Bearer hl_wrong"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert [limits_of(answer)[1]["failures"]["r"] for answer in answers] == [1, 0, 0]
        assert {limits_of(answer)[0]["failures"]["q"] for answer in answers} == {2}
        assert int(answers[2].headers["retry-after"]) == limits_of(answers[2])[1]["failures"]["t"]
        # What is not limited says nothing of limits.
        assert POLICY not in own.client.get("/healthz").headers


@given(st.floats(1, 1e6), st.floats(0.01, 1e4), st.lists(st.floats(0, 20), max_size=30))
def test_a_client_that_waits_as_told_finds_what_was_told(burst: float, per_s: float, steps_s: list[float]) -> None:
    buckets, now_s = TokenBuckets(Rate(burst, per_s)), 0.0
    for step_s in steps_s:
        now_s += step_s
        told = left_after(draw := buckets.take("key", now_s))
        assert 0 <= told["r"] <= draw.left + 1e-9
        if draw.wait_s:
            now_s += told["t"]
            assert buckets.take("key", now_s).wait_s == 0


def left_after(draw: Draw) -> dict[str, int]:
    scope: dict[str, dict[str, dict[str, tuple[str, str]]]] = {}
    note_rate(scope, "requests", draw)
    told = items(f'"requests";{scope["state"]["limits"]["requests"][1]}')["requests"]
    return {name: int(value) for name, value in told.items()}
