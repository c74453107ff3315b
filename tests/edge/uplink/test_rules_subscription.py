"""The uplink's subscription to the farm's alarm rules, at brokers that grant, refuse or do not bear it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.connection import ReceivedMessage, Subscribed
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.topics import ack_topic, rules_topic
from tests.edge.contents import content
from tests.edge.uplink.test_reconnects import GATEWAY, Place, PlaceLink, run


@dataclass
class RulesPlace(Place):
    """A place whose broker answers the subscription to rules in some way."""

    refused: str | None = None
    is_borne: bool = True
    asked: list[str] = field(default_factory=list)


class RulesLink(PlaceLink):
    place: RulesPlace

    def subscribe(self, topic: str) -> None:
        place = self.place
        place.asked.append(topic)
        if topic != rules_topic(GATEWAY):
            super().subscribe(topic)
        elif not place.is_borne:
            place.cut()
        else:
            place.answers.append((place.now_s, Subscribed(place.refused)))
            if place.refused is None:
                place.answers.append((place.now_s, ReceivedMessage(topic, b"rules")))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool.sqlite", SpoolOwner(GATEWAY, "home"), 50_000_000)
    yield spool
    spool.close()


def uplink_at(place: RulesPlace, spool: Spool, taken: list[bytes] | None, **changes: Any) -> Uplink:
    settings = BrokerSettings(window=50, **changes)
    uplink = Uplink(settings, GATEWAY, spool, clock=place.clock(), make_link=lambda *_: RulesLink(place))
    if taken is not None:
        uplink.take_rules(taken.append)
    spool.append([content(1)])
    return uplink


def test_rules_are_asked_for_after_the_acks_and_passed_on(spool: Spool) -> None:
    place, taken = RulesPlace(), list[bytes]()
    uplink = uplink_at(place, spool, taken)
    run(place, uplink, 8.0)
    assert place.asked == [ack_topic(GATEWAY), rules_topic(GATEWAY)]
    assert (taken, uplink.counters()["rules_received"], uplink.counters()["bad_acks"]) == ([b"rules"], 1, 0)
    assert spool.status().records == 0


def test_a_broker_that_refuses_the_rules_gets_the_records_all_the_same(spool: Spool) -> None:
    place, taken = RulesPlace(refused="not authorized"), list[bytes]()
    uplink = uplink_at(place, spool, taken)
    run(place, uplink, 8.0)
    assert (taken, uplink.counters()["rules_refused"], uplink.counters()["connects"]) == ([], 1, 1)
    assert spool.status().records == 0


def test_a_broker_that_ends_the_connection_for_it_is_not_asked_for_ever(spool: Spool) -> None:
    place = RulesPlace(is_borne=False)
    uplink = uplink_at(place, spool, [])
    run(place, uplink, 12.0)
    assert place.asked.count(rules_topic(GATEWAY)) == 2
    assert (spool.status().records, uplink.state().connected) == (0, True)


def test_without_a_taker_nothing_is_asked(spool: Spool) -> None:
    place = RulesPlace()
    run(place, uplink_at(place, spool, None), 8.0)
    assert place.asked == [ack_topic(GATEWAY)]
    assert spool.status().records == 0
