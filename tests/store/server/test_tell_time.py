"""A store on a server goes by the station's clock, not by the system's."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from headland.store.influx.samples import InfluxSamples
from headland.store.server.store import ServerStore
from headland.store.victoria.samples import VictoriaSamples
from headland.units_of_time import DAY_MS, HOUR_MS

NOW_MS = 1_790_000_000_000


def influx() -> InfluxSamples:
    return InfluxSamples(cast("Any", SimpleNamespace(address=SimpleNamespace(retention_h=24.0))))


def victoria() -> VictoriaSamples:
    return VictoriaSamples(
        cast("Any", SimpleNamespace(retention_h=24.0, address=SimpleNamespace(store="s"))), cast("Any", None)
    )


@pytest.mark.parametrize("make", [influx, victoria])
def test_what_is_too_old_for_a_server_is_judged_by_the_station_s_clock(
    make: Callable[[], InfluxSamples | VictoriaSamples],
) -> None:
    samples = make()
    store = ServerStore.__new__(ServerStore)
    store._samples = samples
    store.tell_time_by(lambda: NOW_MS)
    assert samples.limits_ms()[0] == NOW_MS - DAY_MS
    store.tell_time_by(lambda: NOW_MS + HOUR_MS)
    assert samples.limits_ms()[0] == NOW_MS + HOUR_MS - DAY_MS
