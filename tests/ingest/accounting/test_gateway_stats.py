"""Statistics of each gateway: counts, latency, and whether it is cut off."""

from __future__ import annotations

import pytest

from headland.contract.records import GatewayStatus, SpoolStatus
from ingest.accounting.gateway_stats import QUIET_S, GatewayActivity, GatewayStats

T0_MS = 1_790_000_000_000


def activity_of(
    *, data: int = 0, waiting: int | None = None, online: bool = True, gateway: str = "gw-1"
) -> GatewayActivity:
    activity = GatewayActivity()
    if data:
        activity.counts[gateway, "received"] = data
        activity.newest_ms.append((gateway, T0_MS - 100))
    if waiting is not None:
        spool = SpoolStatus(records=waiting)
        activity.statuses[gateway] = GatewayStatus(gw=gateway, online=online, t=T0_MS, spool=spool)
    return activity


@pytest.fixture
def stats() -> GatewayStats:
    return GatewayStats(T0_MS)


def test_counts_add_up_and_an_unknown_gateway_has_zeros(stats: GatewayStats) -> None:
    stats.record(activity_of(data=3), T0_MS, 0.0)
    stats.record(activity_of(data=2, waiting=1), T0_MS, 1.0)
    figures = stats.figures("gw-1", 0.0)
    assert (figures.received, figures.since_ms, figures.latency.n) == (5, T0_MS, 2)
    assert figures.latency.p50 == pytest.approx(100, rel=0.05)
    assert figures.status is not None
    assert (stats.figures("gw-9", 0.0).received, stats.names()) == (0, {"gw-1"})


def test_a_gateway_whose_spool_grows_while_nothing_comes_is_cut_off(stats: GatewayStats) -> None:
    stats.record(activity_of(data=1, waiting=5), T0_MS, 0.0)
    stats.record(activity_of(waiting=9), T0_MS, QUIET_S - 1)
    assert stats.cut_off(QUIET_S - 1) == []
    assert stats.cut_off(QUIET_S + 1) == ["gw-1"]
    stats.record(activity_of(data=1), T0_MS, QUIET_S + 2)
    assert stats.cut_off(QUIET_S + 3) == []


@pytest.mark.parametrize(
    "later",
    [activity_of(waiting=5), activity_of(waiting=0), activity_of(waiting=50, online=False)],
    ids=["nothing to send", "all sent", "offline"],
)
def test_a_quiet_gateway_with_nothing_new_is_not_cut_off(stats: GatewayStats, later: GatewayActivity) -> None:
    stats.record(activity_of(data=1, waiting=5), T0_MS, 0.0)
    stats.record(later, T0_MS, QUIET_S)
    assert stats.cut_off(2 * QUIET_S) == []


def test_a_gateway_that_is_back_has_a_minute_to_send(stats: GatewayStats) -> None:
    stats.record(activity_of(waiting=5), T0_MS, 0.0)
    stats.record(activity_of(waiting=5, online=False), T0_MS, 10.0)
    stats.record(activity_of(waiting=500), T0_MS, 1000.0)
    stats.record(activity_of(waiting=501), T0_MS, 1001.0)
    assert stats.cut_off(1002.0) == []
    assert stats.cut_off(1000.0 + QUIET_S + 1) == ["gw-1"]


def test_gateways_above_the_limit_are_counted_and_not_tracked(
    stats: GatewayStats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.accounting.gateway_stats.MAX_GATEWAYS", 1)
    stats.record(activity_of(data=1), T0_MS, 0.0)
    stats.record(activity_of(data=1, gateway="gw-2"), T0_MS, 0.0)
    assert stats.names() == {"gw-1"}
    assert stats.untracked > 0
