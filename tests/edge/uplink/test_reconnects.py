"""The uplink on links that break and come back, turn by turn on a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.connection import Acknowledged, Closed, Connected, LinkEvent, ReceivedMessage, Subscribed, Will
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.clock import MachineClock
from headland.contract.codec import decode_record, encode_record
from headland.contract.content_sums import content_sum, pack_sums
from headland.contract.records import Ack, GatewayStatus
from headland.contract.topics import ack_topic, data_topic, status_topic
from headland.errors import HeadlandError
from tests.edge.contents import START_MS, content

GATEWAY = "gw-1"
#: A PUBACK comes after this time.
PUBACK_S = 0.05


@dataclass
class Place:
    """Clock, broker and ingest: what was published, and answers that are on their way as (due, event)."""

    now_s: float = 100.0
    commit_s: float = 0.3
    has_ingest: bool = True
    is_heard: bool = True
    published: list[int] = field(default_factory=list)
    sums: dict[int, int] = field(default_factory=dict)
    statuses: list[GatewayStatus] = field(default_factory=list)
    retained: Ack | None = None
    stored: dict[str, set[int]] = field(default_factory=dict)
    answers: list[tuple[float, LinkEvent]] = field(default_factory=list)
    epoch: str = ""

    def clock(self) -> MachineClock:
        return MachineClock(lambda: START_MS + round(self.now_s * 1000), lambda: self.now_s)

    def cut(self) -> None:
        self.answers = [(self.now_s, Closed("cut"))]

    def ack(self, ack: Ack) -> None:
        self.retained = ack
        event = ReceivedMessage(ack_topic(GATEWAY), encode_record(ack))
        self.answers.append((self.now_s + self.commit_s, event))


class PlaceLink:
    """A link to a `Place`; `Link` of `edge.uplink.connection`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.mid = 0

    def open(self) -> None:
        self.place.answers = [(self.place.now_s, Connected(100, 200_000))]

    def subscribe(self, topic: str) -> None:
        place = self.place
        place.answers.append((place.now_s, Subscribed(None)))
        if place.retained is not None:
            place.answers.append((place.now_s + 0.1, ReceivedMessage(topic, encode_record(place.retained))))

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, labels: Sequence[tuple[str, str]] = ()
    ) -> int:
        place = self.place
        self.mid += 1
        if topic == status_topic(GATEWAY):
            status = decode_record(payload, GatewayStatus)
            assert isinstance(status, GatewayStatus)
            place.statuses.append(status)
        elif topic == data_topic(GATEWAY):
            epoch, seq = dict(labels)["epoch"], int(dict(labels)["seq"])
            place.published.append(seq)
            place.sums[seq] = content_sum(payload)
            if place.has_ingest:
                stored = place.stored.setdefault(epoch, set())
                stored.add(seq)
                high = next(number for number in range(len(stored) + 1) if number + 1 not in stored)
                if high:
                    place.ack(Ack(epoch=epoch, seq=high))
        place.answers.append((place.now_s + PUBACK_S, Acknowledged(self.mid, None, no_subscribers=not place.is_heard)))
        return self.mid

    def pump(self, timeout_s: float) -> list[LinkEvent]:
        del timeout_s
        due = [event for due_s, event in self.place.answers if due_s <= self.place.now_s]
        self.place.answers = [answer for answer in self.place.answers if answer[0] > self.place.now_s]
        return due

    def wake(self) -> None:
        return None

    def close(self) -> None:
        return None


def uplink_of(place: Place, spool: Spool, **changes: float) -> Uplink:
    def make_link(_settings: BrokerSettings, _client_id: str, _will: Will | None) -> PlaceLink:
        return PlaceLink(place)

    settings = BrokerSettings(window=50, **changes)  # type: ignore[arg-type] # resend_s
    return Uplink(settings, GATEWAY, spool, clock=place.clock(), make_link=make_link, dice=lambda: 0.5)


def run(place: Place, uplink: Uplink, for_s: float) -> None:
    """Let time pass, turn by turn; connect again at once after a cut."""
    end_s = place.now_s + for_s
    while place.now_s < end_s:
        try:
            if uplink._session is None:
                uplink.connect()
            uplink.turn()
        except HeadlandError as error:
            uplink.note_failure(error)
            uplink.disconnect()
        place.now_s += 0.02


def test_a_flapping_link_goes_on_where_it_was(spool: Spool) -> None:
    place = Place(commit_s=1.0)  # longer than a connection lasts: the retained ack of the next one reports it
    uplink = uplink_of(place, spool)
    assert spool.append([content(number) for number in range(1, 1001)])
    for _ in range(200):
        run(place, uplink, 0.6)
        place.cut()
        if not spool.status().records:
            break
    assert spool.status().records == 0
    assert sorted(place.stored[spool.epoch]) == list(range(1, 1001))
    assert len(place.published) <= 1200, "1,550 where each connection began at the head"


def test_a_commit_ack_that_does_not_come_still_starts_at_the_head(spool: Spool) -> None:
    place = Place(has_ingest=False)
    uplink = uplink_of(place, spool)
    assert spool.append([content(number) for number in range(1, 31)])
    for _ in range(5):
        run(place, uplink, 0.6)
        place.cut()
    assert place.published[:30] == list(range(1, 31)), "what the broker has is not sent again at once"
    assert 1 in place.published[30:], "a broker that was killed may have lost it"
    place.has_ingest = True
    run(place, uplink, 20.0)
    assert spool.status().records == 0


def test_what_nobody_heard_is_not_deleted_by_a_commit_ack(spool: Spool) -> None:
    place = Place(has_ingest=False, is_heard=False)
    uplink = uplink_of(place, spool)
    assert spool.append([content(number) for number in range(1, 6)])
    run(place, uplink, 2.0)
    place.ack(Ack(epoch=spool.epoch, seq=5))  # of a copy of this spool, whose records have the same numbers
    run(place, uplink, 2.0)
    assert (spool.status().records, spool.acked_seq) == (5, 0)
    place.has_ingest = place.is_heard = True
    run(place, uplink, 70.0)
    assert spool.status().records == 0
    assert place.stored[spool.epoch] == {1, 2, 3, 4, 5}


def test_what_is_stored_with_another_content_is_sent_again_under_an_epoch_of_its_own(spool: Spool) -> None:
    place = Place(has_ingest=False)
    uplink = uplink_of(place, spool)
    assert spool.append([content(number) for number in range(1, 6)])
    run(place, uplink, 2.0)
    old, sums = spool.epoch, {**place.sums, 3: place.sums[3] ^ 1}
    # A copy of this card sent another record 3, and the broker kept that one.
    place.ack(Ack(epoch=old, seq=5, sums=pack_sums([sums[seq] for seq in range(1, 6)])))
    run(place, uplink, 2.0)
    assert (spool.epoch != old, spool.status().epoch_reason) == (True, "twin")
    assert spool.status().records == 6, "none is deleted, and the report is among them"
    place.has_ingest = True
    run(place, uplink, 70.0)
    assert (spool.status().records, place.stored[spool.epoch]) == (0, {1, 2, 3, 4, 5, 6})


def test_an_ingest_that_returns_after_minutes_is_found_within_seconds(spool: Spool) -> None:
    place = Place(has_ingest=False)
    uplink = uplink_of(place, spool)
    assert spool.append([content(number) for number in range(1, 301)])
    run(place, uplink, 150.0)
    copies = len(place.published)
    assert copies <= 50 + 8 + 150 / 7.5 + 2, "and the broker is not filled meanwhile"
    place.has_ingest = True
    place.stored = {}
    run(place, uplink, 10.0)
    assert spool.status().records == 0, "after the last of doubling intervals it was up to a minute"


def test_an_ack_without_progress_wakes_a_stalled_uplink_at_once(spool: Spool) -> None:
    place = Place()
    uplink = uplink_of(place, spool, resend_s=60.0)
    assert spool.append([content(1)])
    run(place, uplink, 2.0)
    assert spool.status().records == 0
    place.has_ingest = False
    assert spool.append([content(number) for number in range(2, 20)])
    run(place, uplink, 70.0)
    place.has_ingest = True
    place.ack(Ack(epoch=spool.epoch, seq=1))  # ingest publishes it when it has connected
    run(place, uplink, 2.0)
    assert spool.status().records == 0
    assert uplink.counters()["woken"] == 1


def test_a_restored_spool_sends_no_new_record_under_a_used_number(spool: Spool, tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    files = [path, path.with_name("spool.sqlite-wal"), path.with_name("spool.sqlite.check")]
    place = Place()
    uplink = uplink_of(place, spool)
    assert spool.append([content(number) for number in range(1, 11)])
    run(place, uplink, 2.0)
    backup = {each: each.read_bytes() for each in files}
    assert spool.append([content(number) for number in range(11, 31)])
    run(place, uplink, 2.0)
    uplink.disconnect()
    spool.close()
    old = spool.epoch
    for each, data in backup.items():
        each.write_bytes(data)
    restored = Spool(path, SpoolOwner(GATEWAY, "home"), 50_000_000)
    assert restored.epoch == old
    assert restored.append([content(number) for number in range(101, 111)])
    place.published.clear()
    again = uplink_of(place, restored)
    run(place, again, 5.0)
    assert place.retained is not None
    assert (restored.status().records, restored.status().epoch_reason) == (0, "ahead")
    assert place.stored[old] == set(range(1, 31))
    assert len(place.stored[restored.epoch]) == 11, "ten records and the report"
    restored.close()


@pytest.mark.parametrize("had_ack", [True, False])
def test_without_a_retained_ack_a_restarted_gateway_waits_a_moment_and_sends(
    spool: Spool, tmp_path: Path, *, had_ack: bool
) -> None:
    place = Place(has_ingest=had_ack)
    uplink = uplink_of(place, spool)
    assert spool.append([content(1)])
    run(place, uplink, 2.0)
    uplink.disconnect()
    spool.close()
    again = Spool(tmp_path / "spool.sqlite", SpoolOwner(GATEWAY, "home"), 50_000_000)
    assert again.append([content(2)])
    place.retained, place.has_ingest = None, True
    place.published.clear()
    second = uplink_of(place, again)
    run(place, second, 4.9)
    assert place.published == []
    run(place, second, 2.0)
    assert again.status().records == 0
    assert (again.epoch == spool.epoch) != had_ack
    assert place.statuses[-1].instance != ""
    assert place.statuses[-1].spool.epoch_reason == ("unproven" if had_ack else "new")
    again.close()
