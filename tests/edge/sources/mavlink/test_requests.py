from __future__ import annotations

from collections import Counter

from edge.sources.mavlink.protocol.encoder import (
    Outgoing,
    RequestInterval,
    RequestParameter,
    RequestStream,
    RequestVersion,
)
from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID
from edge.sources.mavlink.requests import Requester
from edge.sources.mavlink.settings import RatedMessage

ATTITUDE, POSITION = 30, 33
RATES_HZ: dict[RatedMessage, float] = {"ATTITUDE": 5.0, "GLOBAL_POSITION_INT": 10.0}


class Talk:
    """A requester and the messages of its vehicle so far."""

    def __init__(self) -> None:
        self.requester = Requester(1, RATES_HZ)
        self.received: Counter[int] = Counter()
        self.acks: dict[int, int] = {}
        self.session = 0
        self.has_version = True
        self.sent: list[tuple[float, Outgoing]] = []

    def at(self, now_s: float) -> list[Outgoing]:
        requests = self.requester.due(
            now_s, session=self.session, has_version=self.has_version, received=self.received, acks=self.acks
        )
        self.sent += [(now_s, request) for request in requests]
        return requests

    def asked_ids(self, now_s: float) -> list[int]:
        return [request.message_id for request in self.at(now_s) if isinstance(request, RequestInterval)]


def test_every_wanted_message_is_asked_for_at_its_rate() -> None:
    assert Talk().at(100.0) == [RequestInterval(1, 1, 30, 200_000), RequestInterval(1, 1, 33, 100_000)]


def test_the_identity_is_asked_for_until_it_is_known_ever_less_often() -> None:
    talk = Talk()
    talk.has_version = False
    for tenth in range(1200):
        talk.at(tenth / 10)
    at_s = [now_s for now_s, request in talk.sent if isinstance(request, RequestVersion)]
    assert at_s == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0, 91.0]
    talk.has_version = True
    assert not any(isinstance(request, RequestVersion) for request in talk.at(500.0))


def test_messages_that_did_not_come_are_requested_again() -> None:
    talk = Talk()
    talk.at(0.0)
    talk.acks[511] = 0
    talk.received[ATTITUDE] += 15
    assert talk.at(2.9) == []
    assert talk.asked_ids(3.0) == [33]


def test_without_answer_and_data_the_old_streams_are_asked_for() -> None:
    talk = Talk()
    talk.at(0.0)
    assert talk.at(3.0) == [RequestStream(1, 1, 10, 5), RequestStream(1, 1, 6, 10)]


def test_messages_at_the_requested_rate_are_not_requested_again() -> None:
    talk = Talk()
    talk.at(0.0)
    for second in range(1, 200):
        talk.received[ATTITUDE] += 5
        talk.received[POSITION] += 10
        assert talk.at(float(second)) == []


def test_a_rate_that_another_station_lowered_is_asked_for_again() -> None:
    talk = Talk()
    talk.at(0.0)
    for second in range(1, 100):
        talk.received[ATTITUDE] += 5
        talk.received[POSITION] += 10 if second < 40 else 1
        talk.at(float(second))
    later = [(now_s, request) for now_s, request in talk.sent if now_s > 0]
    assert later
    assert {request.message_id for _, request in later if isinstance(request, RequestInterval)} == {33}
    assert later[0][0] >= 40


def test_messages_that_a_vehicle_never_sends_are_not_requested_for_ever() -> None:
    talk = Talk()
    talk.acks[511] = 3
    for second in range(1, 300):
        talk.received[ATTITUDE] += 5
        talk.at(float(second))
    asked_at_s = [
        now_s for now_s, request in talk.sent if isinstance(request, RequestInterval) and request.message_id == 33
    ]
    assert len(asked_at_s) <= 3


def test_after_a_reboot_everything_is_asked_for_again() -> None:
    talk = Talk()
    talk.at(0.0)
    talk.session = 1
    assert talk.asked_ids(1.0) == [30, 33]


def test_every_rate_has_a_message_that_is_read() -> None:
    for request in Talk().at(0.0):
        assert isinstance(request, RequestInterval)
        assert request.message_id in MESSAGE_BY_ID


def test_an_autopilot_that_does_not_know_rates_is_asked_for_streams_although_some_data_comes() -> None:
    talk = Talk()
    talk.at(0.0)
    talk.acks[511] = 3
    talk.received[ATTITUDE] += 15
    assert {type(request) for request in talk.at(3.0)} == {RequestStream}


def test_missing_parameters_are_asked_for_a_few_at_a_time_and_not_for_ever() -> None:
    talk = Talk()
    talk.at(0.0)
    talk.acks[511] = 0
    names = [f"SERVO{n}_FUNCTION" for n in range(1, 17)]
    asked: Counter[str] = Counter()
    for tenth in range(1, 300):
        talk.received[ATTITUDE] += 1
        talk.received[POSITION] += 1
        requests = talk.requester.due(
            tenth / 10, session=0, has_version=True, received=talk.received, acks=talk.acks, parameters=names
        )
        parameters = [request.name for request in requests if isinstance(request, RequestParameter)]
        assert len(parameters) <= 4
        asked.update(parameters)
    assert asked == dict.fromkeys(names, 3)
