"""How much is taken of anybody: buckets and nesting as sums, and the answers through a real server."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.body_limits import depth_of
from api.auth.limits import Limits
from api.auth.rate_limiter import Rate, TokenBuckets
from headland.registry.models.models import Scope
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord
from tests.api.auth.test_middleware import serve_api, sign_in
from tests.api.farm import OWN
from tests.api.open_authenticator import OpenAuthenticator
from tests.api.server import own_app, serve
from tests.waiting import wait_until

VALUES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


def nested(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(nested, value.values()), default=0)
    return 1 + max(map(nested, value), default=0) if isinstance(value, Sequence) and not isinstance(value, str) else 0


@given(VALUES)
def test_the_depth_of_a_text_is_that_of_its_value(value: object) -> None:
    assert depth_of(json.dumps(value).encode()) == nested(value)
    assert depth_of(json.dumps(value, ensure_ascii=False).encode()) == nested(value)


def test_an_unclosed_text_has_the_depth_of_its_open_brackets() -> None:
    assert depth_of(b"[" * 70_000) == 70_000
    assert depth_of(b']]]["\\"[[[["]') <= 0


@given(st.lists(st.floats(0, 5), max_size=60))
def test_a_bucket_permits_its_burst_and_then_its_rate(steps_s: list[float]) -> None:
    buckets, now_s, taken = TokenBuckets(Rate(5, 2)), 0.0, 0
    for step_s in steps_s:
        now_s += step_s
        wait_s = buckets.take("key", now_s).wait_s
        taken += wait_s == 0
        assert taken <= 5 + 2 * now_s + 1e-6
        assert 0 <= wait_s <= 0.5
        if wait_s:
            now_s += wait_s + 1e-9
            assert buckets.take("key", now_s).wait_s == 0
            taken += 1


def test_the_number_of_buckets_is_bounded_and_the_least_recently_used_is_removed() -> None:
    buckets = TokenBuckets(Rate(1, 0.001), most=2)
    assert [buckets.take(name, 0.0).wait_s > 0 for name in ("a", "b", "b", "c", "b", "a")] == [
        False, False, True, False, True, False,
    ]  # fmt: skip


def test_a_client_above_its_rate_waits_and_other_clients_do_not(tmp_path: Path) -> None:
    with serve_api(tmp_path, limits=Limits(requests=Rate(3, 0.01), failures=Rate(2, 0.01))) as own:
        answers = [own.ask("GET", "/v1/session", Scope.READ) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[3].headers["retry-after"]) > 1
        assert own.ask("GET", "/v1/session", Scope.WRITE).status_code == 200
        wrong = {"Authorization": "Bearer hl_00000000." + "a" * 43}
        assert [own.client.get("/v1/devices", headers=wrong).status_code for _ in range(3)] == [401, 401, 429]
        assert own.client.post("/v1/session", json={"key": "hl_00000000." + "a" * 43}).status_code == 429
        # A valid key is let in from the same address, whether it was known or not.
        assert sign_in(own).status_code == 200
        assert own.ask("GET", "/v1/devices", Scope.WRITE).status_code == 200
        assert own.ask("GET", "/v1/devices", Scope.ADMIN).status_code == 200


def test_a_body_beyond_the_limits_is_refused_before_any_route_reads_it(tmp_path: Path) -> None:
    with serve_api(tmp_path, limits=Limits(body_bytes=5000, body_depth=8)) as own:
        large = own.ask("POST", "/v1/farms", Scope.WRITE, content=b"x" * 5001)
        assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
        pieces = own.ask("POST", "/v1/farms", Scope.WRITE, content=(b"x" * 1000 for _ in range(6)))
        assert pieces.status_code == 413
        deep = own.ask("POST", "/v1/farms", Scope.WRITE, content=b"[" * 9)
        assert (deep.status_code, deep.json()["type"]) == (400, "urn:headland:problem:too-deep")
        assert own.ask("POST", "/v1/farms", Scope.WRITE, json={"name": "[[[[[[[[[["}).status_code == 201
        # Who is not known yet may send a key, and no more.
        assert own.client.post("/v1/session", content=b"x" * 4097).status_code == 413


def test_a_response_that_does_not_begin_in_time_is_abandoned() -> None:
    going_on = threading.Event()

    class SlowStore(MemoryStore):
        def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
            going_on.wait(120)
            return super().devices(organisation, device)

    app = own_app(SlowStore(), authenticator=OpenAuthenticator(OWN), limits=Limits(answer_s=0.2))
    with serve(app) as client:
        answer = client.get("/v1/devices")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:headland:problem:too-slow")
        assert answer.headers["retry-after"]
        going_on.set()
        # This answer has little time as well: one is in time as soon as the machine has a moment.
        wait_until(lambda: client.get("/v1/devices").status_code == 200)


@pytest.mark.parametrize("told", ["abc", "0", "-1", "nan"])
def test_an_invalid_limit_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    from headland.errors import SettingsError
    from station.cli.options import limits_from_environment

    monkeypatch.setenv("HEADLAND_REQUESTS_PER_S", "20")
    assert limits_from_environment().requests == Rate(80, 20)
    monkeypatch.setenv("HEADLAND_ANSWER_S", told)
    with pytest.raises(SettingsError, match="HEADLAND_ANSWER_S"):
        limits_from_environment()
