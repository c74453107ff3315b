"""Records that wait at gateways, by their own reports: one that does not report is not known, never nothing."""

from __future__ import annotations

from pathlib import Path

from headland.analysis.tonight.today.answer import UnheardGateway
from headland.analysis.tonight.today.facts import waiting_at
from headland.contract.freshness import GATEWAY_REPORT_OLD_S, RECORD_BEHIND_S
from headland.contract.gateway_state import GatewayState, SpoolState

NOW_MS = 1_796_200_000_000
PAGE = Path(__file__).parents[4] / "dashboard" / "src" / "health" / "records.ts"


def gateway(
    name: str, *, age_ms: int | None = 4000, online: bool | None = True, records: int = 0, waits_s: float | None = None
) -> GatewayState:
    oldest_ms = None if waits_s is None else NOW_MS - round(waits_s * 1000)
    return GatewayState(
        id=name,
        online=online,
        last_status_ms=None if age_ms is None else NOW_MS - age_ms,
        software="",
        epoch="e1",
        spool=SpoolState(records=records, oldest_ms=oldest_ms),
    )


def test_what_waits_is_the_sum_of_all_gateways_with_the_oldest_of_it() -> None:
    states = [
        gateway("gw-1", records=3, waits_s=5),
        gateway("gw-2", records=4, waits_s=700),
        gateway("else", records=9),
    ]
    found = waiting_at(states, {"gw-1", "gw-2"}, NOW_MS)
    assert (found.gateways, found.known, found.records, found.unheard) == (2, 2, 7, [])
    assert (found.oldest_ms, found.is_behind) == (NOW_MS - 700_000, True)
    fresh = waiting_at(states[:1], {"gw-1"}, NOW_MS)
    assert (fresh.records, fresh.oldest_ms, fresh.is_behind) == (3, NOW_MS - 5000, False)


def test_a_gateway_whose_report_is_old_is_not_known_and_never_nothing() -> None:
    old = gateway("gw-2", age_ms=30_000, records=0)
    found = waiting_at([gateway("gw-1", records=3), old], {"gw-1", "gw-2"}, NOW_MS)
    assert (found.known, found.records) == (1, 3)
    assert found.unheard == [UnheardGateway(gateway="gw-2", reported_ms=NOW_MS - 30_000)]
    assert waiting_at([old], {"gw-2"}, NOW_MS).records is None


def test_a_gateway_that_went_offline_left_a_count_that_holds_no_more() -> None:
    found = waiting_at([gateway("gw-1", online=False, records=0)], {"gw-1"}, NOW_MS)
    assert (found.known, found.records, [one.gateway for one in found.unheard]) == (0, None, ["gw-1"])


def test_a_gateway_that_was_never_heard_is_named_without_a_time() -> None:
    found = waiting_at([gateway("gw-1", online=None, age_ms=None)], {"gw-1", "gw-9"}, NOW_MS)
    assert [(one.gateway, one.reported_ms) for one in found.unheard] == [("gw-1", None), ("gw-9", None)]


def test_the_page_of_gateways_has_the_same_limits() -> None:
    text = PAGE.read_text()
    assert f"STATUS_OLD_MS = {round(GATEWAY_REPORT_OLD_S * 1000):_};" in text
    assert f"BEHIND_MS = {round(RECORD_BEHIND_S * 1000):_};" in text
