"""The model behind the figures of many gateways: queueing theory where it has a formula, and conservation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.simulation.agenda import Agenda
from tests.bench.scale.chain_model import BATCH_MESSAGES, BATCH_WAIT_S, Arrival, ChainModel, Cores, ServiceTimes
from tests.bench.scale.region import WORKLOADS, StationCost, plan_region

FREE = ServiceTimes(*[0.0] * len(ServiceTimes.__slots__))


def times(**seconds: float) -> ServiceTimes:
    return ServiceTimes(**{**{name: getattr(FREE, name) for name in FREE.__slots__}, **seconds})


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_messages_wait_before_the_broker_as_pollaczek_and_khinchine_say(load: float) -> None:
    service_s = 0.001
    gaps_s = np.random.default_rng(1).exponential(service_s / load, 20_000)
    model = ChainModel(times(broker_message_s=service_s), 8.0)
    waits: list[float] = []
    forwarded = model._forwarded

    def note() -> None:
        waits.append(model._agenda.now_s - model._at_broker[0][0])
        forwarded()

    model._forwarded = note  # type: ignore[method-assign]
    model.run_paced([Arrival(1, np.cumsum(gaps_s))], 1e6)
    # M/D/1: half of rho / (1 - rho) services of waiting, and one of service.
    assert np.mean(waits) == pytest.approx(service_s * (1 + load / (2 * (1 - load))), rel=0.08)


def test_servers_share_cores_and_pythons_threads_one_interpreter() -> None:
    agenda = Agenda()
    cores = Cores(agenda, 2.0)
    ended_s: dict[str, float] = {}

    def note(name: str) -> None:
        ended_s[name] = agenda.now_s

    for name, seconds, is_python in (("a", 1.0, True), ("b", 2.0, True), ("broker", 1.0, False)):
        cores.work(name, seconds, note, name, is_python=is_python)
    agenda.at(2.5, cores.work, "late", 0.25, note, "late")
    agenda.run(10.0)
    # Two threads of one interpreter take turns on one core, the other process has the other core for itself.
    assert ended_s == pytest.approx({"broker": 1.0, "a": 2.0, "late": 2.75, "b": 3.0})
    assert cores.busy_s == {"a": 1.0, "b": 2.0, "broker": 1.0, "late": 0.25}


def test_an_ack_waits_for_its_commit_and_for_the_batch_that_is_built_meanwhile() -> None:
    one = ChainModel(times(commit_batch_s=0.5), 8.0).run_paced([Arrival(1, [0.0])], 10.0)
    assert one.took_s == pytest.approx([BATCH_WAIT_S + 0.5])
    # The second message comes too late for the first transaction: it is gathered while that is committed.
    two = ChainModel(times(engine_batch_s=0.5, build_batch_s=0.1), 8.0)
    told = two.run_paced([Arrival(1, [0.0, BATCH_WAIT_S + 0.05])], 10.0)
    first_s = BATCH_WAIT_S + 0.1 + 0.5
    assert told.took_s == pytest.approx([first_s, first_s + 0.5 - 0.05 - BATCH_WAIT_S])
    assert (told.commits, told.points) == (2, 2)


@given(st.lists(st.floats(0.0, 3.0), max_size=60), st.integers(1, 2000), st.floats(1e-6, 0.01))
def test_each_message_is_committed_once_whatever_comes_when(at_s: list[float], points: int, service_s: float) -> None:
    model = ChainModel(times(broker_message_s=service_s, commit_batch_s=service_s), 2.0)
    result = model.run_paced([Arrival(points, sorted(at_s))], 1e6)
    assert (len(result.took_s), result.points) == (len(at_s), points * len(at_s))
    assert all(took_s >= 0.0 for took_s in result.took_s)


def test_the_slowest_part_bounds_a_load_that_is_as_fast_as_it_can_be() -> None:
    slow = times(broker_message_s=2e-4, build_point_s=1e-6, engine_point_s=4e-7)
    result = ChainModel(slow, 8.0, window=1000).run_closed(4 * BATCH_MESSAGES, 500)
    assert result.points_per_s == pytest.approx(500 / max(2e-4, 500 * 1e-6), rel=0.2)
    # The same work on one core: it takes as long as all parts together.
    alone = ChainModel(slow, 1.0, window=1000).run_closed(4 * BATCH_MESSAGES, 500)
    assert alone.points_per_s == pytest.approx(500 / (2e-4 + 500 * 1.4e-6), rel=0.25)


def test_a_region_of_stations_that_do_nothing_is_bounded_by_what_they_cost_idle() -> None:
    told = plan_region(FREE_OF_BACKLOG, WORKLOADS["greenhouses"])
    assert told["stations_a_machine_by_cores"] == pytest.approx(0.5 * 8 / StationCost().idle_cores, rel=0.01)
    fitting = min(told["stations_a_machine_by_cores"], told["stations_a_machine_by_memory"])
    assert told["machines"] == pytest.approx(5000 / fitting, rel=0.01)


FREE_OF_BACKLOG = times(broker_message_s=1e-6)
