"""The model behind the figures of many gateways: queueing theory where it has a formula, and conservation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.scale.chain_model import BATCH_MESSAGES, Arrival, ChainModel, ServiceTimes
from tests.bench.scale.region import WORKLOADS, plan_region

FREE = ServiceTimes(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


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


@given(st.lists(st.floats(0.0, 3.0), max_size=60), st.integers(1, 2000), st.floats(1e-6, 0.01))
def test_each_message_is_committed_once_whatever_comes_when(at_s: list[float], points: int, service_s: float) -> None:
    model = ChainModel(times(broker_message_s=service_s, commit_batch_s=service_s), 2.0)
    result = model.run_paced([Arrival(points, sorted(at_s))], 1e6)
    assert (len(result.took_s), result.points) == (len(at_s), points * len(at_s))
    assert all(took_s >= 0.0 for took_s in result.took_s)


def test_the_slowest_part_bounds_a_load_that_is_as_fast_as_it_can_be() -> None:
    slow = times(broker_message_s=2e-4, build_point_s=1e-6, commit_point_s=4e-7)
    result = ChainModel(slow, 8.0, window=500).run_closed(4 * BATCH_MESSAGES, 500)
    assert result.points_per_s == pytest.approx(500 / max(2e-4, 500 * 1e-6), rel=0.2)
    # The same work on one core: it takes as long as all parts together.
    alone = ChainModel(slow, 1.0, window=500).run_closed(4 * BATCH_MESSAGES, 500)
    assert alone.points_per_s == pytest.approx(500 / (2e-4 + 500 * 1.4e-6), rel=0.25)


def test_a_region_of_stations_that_do_nothing_is_bounded_by_what_they_cost_idle() -> None:
    told = plan_region(FREE_OF_BACKLOG, WORKLOADS["greenhouses"])
    assert told["stations_a_machine_by_cores"] == pytest.approx(0.5 * 8 / 0.06, rel=0.01)
    assert told["machines"] == pytest.approx(5000 / told["stations_a_machine_by_cores"], rel=0.01)


FREE_OF_BACKLOG = times(broker_message_s=1e-6)
