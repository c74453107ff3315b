"""Reports of a spool that are lost before a commit ack confirmed them are made again."""

from __future__ import annotations

from edge.spool.identity.check_file import CheckRecord
from edge.spool.numbering.epochs import MissingRecords, Renewal, renewal_events, with_lost_reports
from edge.spool.settings import SpoolOwner
from headland.contract.records import EpochReason

CHECK = CheckRecord(
    gateway="gw-1",
    epoch="e2",
    last=3,
    unreported=[("e0", 4, 5, 2)],
    doubts=[(1_700_000_000_000, "e1", "the check file is missing")],
    report=1,
)


def shortened(first: int) -> Renewal:
    return Renewal(EpochReason.SHORTENED, "missing", "e2", (MissingRecords("e2", first, 3, 4 - first),))


def test_what_a_lost_report_said_is_reported_again_with_its_own_time() -> None:
    renewal = with_lost_reports(shortened(1), CHECK)
    events = renewal_events(SpoolOwner("gw-1", "home"), renewal, 0, 1_700_000_009_000)
    assert [(event.t, event.kind, event.data.get("reason"), event.data.get("epoch")) for event in events] == [
        (1_700_000_009_000, "spool_renewed", "shortened", None),
        (1_700_000_000_000, "spool_renewed", "unproven", None),
        (1_700_000_009_000, "spool_shortened", None, "e0"),
        (1_700_000_009_000, "spool_shortened", None, "e2"),
    ]


def test_a_report_that_is_still_there_is_not_made_again() -> None:
    renewal = with_lost_reports(shortened(2), CHECK)
    assert (renewal.again, renewal.doubts) == ((), ())
