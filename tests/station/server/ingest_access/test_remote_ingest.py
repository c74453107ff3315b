"""An API on its own gives the answers of the ingest workers elsewhere, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import httpx
import msgspec
import pytest

from headland.contract.delivery import Delivery
from headland.contract.gateway_orders import (
    AnswerState,
    Order,
    OrderOutcome,
    PutSource,
    SensorDevice,
    SensorSource,
    SurveyModbus,
)
from headland.contract.gateway_state import GatewayState
from headland.contract.posts.packs import PostedPack, PostedResult
from headland.contract.refusals import Reason, Refused
from headland.errors import RetryLater
from station.server.ingest_access.remote_ingest import RemoteIngest
from tests.api.devices.test_gateways import app_with
from tests.api.fake_ingest import MESSAGE, FakeIngest
from tests.api.server import serve
from tests.ports import find_free_port


class SecondIngest(FakeIngest):
    """A worker of other shards: it knows gw-3 alone."""

    def gateways(self) -> list[GatewayState]:
        return [msgspec.structs.replace(super().gateways()[0], id="gw-3")]

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult | None:
        return super().hand_over(gateway, packs, within_s) if gateway == "gw-3" else None


class FirstIngest(FakeIngest):
    """A worker of the shards that the second has not."""

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult | None:
        return None if gateway == "gw-3" else super().hand_over(gateway, packs, within_s)


class AwayIngest(FakeIngest):
    """A worker whose gateways are offline."""

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        raise RetryLater(f"the gateway {gateway} is offline: start it, then try again")


@pytest.fixture
def ingests() -> list[FakeIngest]:
    return [FirstIngest(), SecondIngest()]


@pytest.fixture
def urls(ingests: list[FakeIngest]) -> Iterator[list[str]]:
    with ExitStack() as stack:
        clients = [stack.enter_context(serve(app_with(desk))) for desk in ingests]
        yield [str(client.base_url) for client in clients]


@pytest.fixture
def remote(urls: list[str]) -> Iterator[RemoteIngest]:
    with closing(RemoteIngest(urls, "any")) as remote:
        yield remote


def test_the_gateways_of_all_workers_are_listed(remote: RemoteIngest) -> None:
    assert [gateway.id for gateway in remote.gateways()] == ["gw-1", "gw-2", "gw-3"]


def test_rules_are_sent_by_one_worker_whose_word_on_the_gateway_holds(
    remote: RemoteIngest, ingests: list[FakeIngest]
) -> None:
    remote.send_rules("gw-1", 7, b'{"inactive":["gh-2"]}')
    assert [each.moved for each in ingests] == [[], ['rules gw-1 7 {"inactive":["gh-2"]}']]
    for damaged in (b"no JSON", b'{"rules":1}', b'{"latitude_deg":1}'):
        with pytest.raises(RetryLater, match="400"):
            remote.send_rules("gw-1", 8, damaged)
    assert len(ingests[1].moved) == 1


def test_an_order_is_given_once_by_one_worker_with_all_its_settings(
    remote: RemoteIngest, ingests: list[FakeIngest]
) -> None:
    source = SensorSource(
        name="shelly",
        type="mqtt",
        host="10.0.0.8",
        port=1883,
        password="pass-of-the-broker",
        devices=(SensorDevice(match="1", device="shelly"),),
    )
    orders: list[Order] = [SurveyModbus(host="10.0.0.9", last_unit=2), PutSource(source=source)]
    assert [remote.order("gw-3", order) for order in orders] == [OrderOutcome(state=AnswerState.APPLIED)] * 2
    assert [each.orders for each in ingests] == [[], [("gw-3", order) for order in orders]]


def test_why_a_gateway_takes_no_order_comes_through_the_worker_in_its_words() -> None:
    with ExitStack() as stack:
        worker = stack.enter_context(serve(app_with(AwayIngest())))
        remote = stack.enter_context(closing(RemoteIngest([str(worker.base_url)], "any")))
        with pytest.raises(RetryLater, match=r"^the gateway gw-1 is offline: start it, then try again$"):
            remote.order("gw-1", SurveyModbus(host="10.0.0.9"))
        with pytest.raises(RetryLater, match=r"^the gateway gw-9 is offline: start it, then try again$"):
            remote.order("gw-9", SurveyModbus(host="10.0.0.9"))
    with closing(RemoteIngest([], "any")) as nobody, pytest.raises(RetryLater, match="no ingest worker"):
        nobody.order("gw-1", SurveyModbus(host="10.0.0.9"))


def test_an_order_goes_through_another_worker_where_the_last_is_away_or_has_not_heard_of_the_gateway(
    urls: list[str], ingests: list[FakeIngest]
) -> None:
    away = f"http://127.0.0.1:{find_free_port()}"
    with ExitStack() as stack:
        silent = stack.enter_context(serve(app_with(AwayIngest())))
        remote = stack.enter_context(closing(RemoteIngest([*urls, away, str(silent.base_url)], "any")))
        assert remote.order("gw-1", SurveyModbus(host="10.0.0.9")).state is AnswerState.APPLIED
    assert sum(len(each.orders) for each in ingests) == 1


def test_posted_samples_are_stored_by_the_worker_of_the_shard(remote: RemoteIngest, ingests: list[FakeIngest]) -> None:
    why = Refused(Reason.NOT_JSON, "malformed")
    packs = [PostedPack("bed-1", b"[]"), PostedPack("bed-2", b"\xff".decode("latin-1").encode(), (why,))]
    assert remote.hand_over("gw-3", packs, 1.0) == PostedResult(stored=1, refused=(why,))
    assert [len(each.moved) for each in ingests] == [0, 2]
    assert ingests[1].moved[0] == "gw-3 bed-1 []"


def test_samples_of_which_no_worker_has_the_shard_are_told_to_come_again(urls: list[str]) -> None:
    with closing(RemoteIngest(urls[1:], "any")) as remote, pytest.raises(RetryLater, match="shard"):
        remote.hand_over("gw-1", [PostedPack("bed-1", b"[]")], 1.0)


def test_a_worker_that_is_away_keeps_no_samples_of_anothers_shard_waiting(
    urls: list[str], ingests: list[FakeIngest]
) -> None:
    away = f"http://127.0.0.1:{find_free_port()}"
    packs = [PostedPack("bed-1", b"[]")]
    with closing(RemoteIngest([away, urls[1]], "any")) as remote:
        assert remote.hand_over("gw-3", packs, 1.0) == PostedResult(stored=1)
        with pytest.raises(RetryLater, match="does not respond"):
            remote.hand_over("gw-1", packs, 1.0)
    assert [len(each.moved) for each in ingests] == [0, 1]


def test_a_delivery_is_asked_of_the_worker_that_knows_the_gateway(
    remote: RemoteIngest, ingests: list[FakeIngest]
) -> None:
    assert isinstance(remote.delivery("gw-3"), Delivery)
    assert remote.delivery("gw-3") == ingests[1].delivery("gw-3")
    assert remote.delivery("gw-9") is None
    assert [each.gateway for each in remote.deliveries(["gw-3", "gw-9", "gw-1"])] == ["gw-3", "gw-1"]


def test_every_refused_message_has_a_number_of_its_own(remote: RemoteIngest, ingests: list[FakeIngest]) -> None:
    listed = [each.id for each in remote.quarantined(10, None, None)]
    assert listed == [9 * 16 + 1, 9 * 16, 7 * 16 + 1, 7 * 16]
    pages = []
    before: int | None = None
    while page := remote.quarantined(1, before, None):
        pages += [each.id for each in page]
        before = page[-1].id
    assert pages == listed
    shown = remote.find_quarantined(7 * 16 + 1)
    assert shown is not None
    assert (shown.id, shown.payload_base64) == (7 * 16 + 1, MESSAGE.payload_base64)
    assert remote.replay(7 * 16 + 1)
    assert remote.drop(7 * 16)
    assert (ingests[0].replayed, ingests[1].replayed, ingests[0].dropped, ingests[1].dropped) == ([], [7], [7], [])


@pytest.mark.parametrize("number", [8 * 16, 7 * 16 + 2, 1, 15])
def test_a_message_of_no_worker_is_not_there(remote: RemoteIngest, number: int) -> None:
    assert remote.find_quarantined(number) is None
    assert not remote.replay(number)
    assert not remote.drop(number)


def test_a_worker_that_is_away_is_said() -> None:
    port = find_free_port()
    away = RemoteIngest([f"http://127.0.0.1:{port}"], "any")
    with closing(away), pytest.raises(RetryLater, match=f"127.0.0.1:{port} does not respond"):
        away.gateways()


def test_the_api_answers_for_workers_elsewhere(remote: RemoteIngest) -> None:
    with serve(app_with(remote)) as client:
        assert [each["id"] for each in client.get("/v1/gateways").json()["items"]] == ["gw-1", "gw-2", "gw-3"]
        assert client.get("/v1/gateways/gw-3/delivery").json()["gateway"] == "gw-3"
        assert client.delete(f"/v1/quarantine/{8 * 16}").status_code == httpx.codes.NOT_FOUND
