"""The station's clock in the API: whether it can be believed, readiness, and a person's word that it is right."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from headland.clock.station_clock.station_clock import StationClock
from headland.contract.records import Clock
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS
from station.server.clock_access import LocalClock, check_clock
from tests.api.server import serve
from tests.clock.machine import NOW_MS, STEPS_MS, ClockedMachine


@pytest.fixture
def machine() -> ClockedMachine:
    return ClockedMachine()


@pytest.fixture
def clock(machine: ClockedMachine) -> StationClock:
    return StationClock(None, sources=machine.sources())


@pytest.fixture
def client(clock: StationClock) -> Iterator[httpx.Client]:
    app = create_app(
        MemoryStore(),
        organisation="local",
        readiness=lambda: [check_clock(clock)],
        counters=dict,
        clock=LocalClock(clock),
    )
    with serve(app) as client:
        yield client


@pytest.mark.parametrize("step_ms", STEPS_MS)
def test_a_step_of_the_clock_is_said_at_the_next_question(
    machine: ClockedMachine, client: httpx.Client, step_ms: int
) -> None:
    assert client.get("/readyz").status_code == 200
    assert client.get("/v1/clock").json()["in_doubt"] is False
    machine.run(60)
    machine.step_ms = step_ms
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "headland store clock --accept" in answer.json()["detail"]
    state = client.get("/v1/clock").json()
    assert (state["in_doubt"], state["cause"], state["ahead_ms"]) == (True, "jumped", step_ms)
    assert (state["shown_ms"], state["believed_ms"]) == (NOW_MS + 60_000 + step_ms, NOW_MS + 60_000)


def test_a_person_says_that_the_clock_is_right(machine: ClockedMachine, client: httpx.Client) -> None:
    machine.step_ms = DAY_MS
    assert client.get("/v1/clock").json()["in_doubt"] is True
    assert client.post("/v1/clock/accept").json()["in_doubt"] is False
    assert client.get("/readyz").status_code == 200


def test_one_gateway_alone_never_turns_the_readiness(
    machine: ClockedMachine, clock: StationClock, client: httpx.Client
) -> None:
    clock.hear("ga", Clock.NTP, machine.true_ms + 6 * HOUR_MS)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    (check,) = (check for check in answer.json()["checks"] if check["name"] == "clock")
    assert "in doubt" in check["detail"]
    clock.hear("gb", Clock.NTP, machine.true_ms + 6 * HOUR_MS)
    machine.run(1)
    assert client.get("/readyz").status_code == 503


def test_a_clock_that_is_only_unconfirmed_does_not_fail() -> None:
    machine = ClockedMachine()
    clock = StationClock(None, lambda: NOW_MS - 9 * DAY_MS, machine.sources())
    check = check_clock(clock)
    assert check.ok
    assert "9 days after the newest stored sample" in check.detail


def test_a_process_apart_from_the_station_says_that_it_judges_no_clock() -> None:
    app = create_app(MemoryStore(), organisation="local", readiness=list, counters=dict)
    with serve(app) as client:
        answer = client.get("/v1/clock")
        assert (answer.status_code, answer.json()["in_doubt"]) == (200, None)
        assert client.post("/v1/clock/accept").status_code == 404
