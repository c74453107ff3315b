"""Ingest port with constant answers, for tests of the API alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from api.schemas.model import fill
from headland.contract.delivery import (
    Delivery,
    EpochDelivery,
    EpochRange,
    Latency,
    Quarantined,
    QuarantinedDetail,
    RecordTotals,
    RefusedDevice,
)
from headland.contract.gateway_orders import AnswerState, Order, OrderOutcome
from headland.contract.gateway_state import GatewayState, RulesState, SourceState, SpoolState, UnstoredRecords
from headland.contract.posts.packs import PostedPack, PostedResult
from headland.contract.posts.receipts import PostReceipt, ReceivedPosts

SPOOL = SpoolState(records=3, bytes=9216)
MESSAGE = QuarantinedDetail(
    id=7,
    topic="headland/v1/data/3/gw-1",
    reason="not_deflate",
    detail="not_deflate: no zlib stream",
    gateway="gw-1",
    epoch="e1",
    first=4,
    seq=4,
    first_seen_ms=1000,
    last_seen_ms=2000,
    count=2,
    replays=0,
    is_asked=False,
    properties={"epoch": "e1", "seq": "4"},
    payload_bytes=3,
    payload_base64="AP8B",
)


TROUBLE: Final = "udpin:0.0.0.0:14550 cannot be opened (Address already in use): another program has this port"
TROUBLE_ZH: Final = "udpin:0.0.0.0:14550 无法打开：该端口已被其他程序占用"


class FakeIngest:
    """An `api.ops.ingest_port.IngestPort` with two gateways and two refused messages."""

    def __init__(self) -> None:
        self.replayed: list[int] = []
        self.dropped: list[int] = []
        self.moved: list[str] = []
        self.orders: list[tuple[str, Order]] = []

    def gateways(self) -> list[GatewayState]:
        return [
            GatewayState(
                id="gw-1",
                online=True,
                last_status_ms=1000,
                software="headland 0.1.0",
                epoch="e1",
                spool=SpoolState(records=3, bytes=9216),
                loss=5,
                unstored=UnstoredRecords(lost=5, quarantined=3, expired=1200),
                sources=(
                    SourceState(name="drones", type="mavlink", trouble=TROUBLE, trouble_zh=TROUBLE_ZH, restarts=2),
                    SourceState(name="house-1", type="modbus_tcp"),
                ),
                rules=RulesState(
                    reported=True,
                    number=3,
                    revision="0011223344556677",
                    since_ms=1000,
                    applied=4,
                    refused=1,
                    refused_names=("newer",),
                ),
            ),
            GatewayState(id="gw-2", online=None, last_status_ms=None, software="", epoch="", spool=SpoolState()),
        ]

    def delivery(self, gateway: str) -> Delivery | None:
        return next(iter(self.deliveries([gateway])), None)

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        return [delivery_of(each.id) for each in self.gateways() if each.id in gateways]

    def quarantined(self, limit: int, before: int | None, gateway: str | None) -> list[Quarantined]:
        messages = [msgspec.structs.replace(MESSAGE, id=number) for number in (9, 7)]
        matching = [
            each for each in messages if (before is None or each.id < before) and gateway in (None, each.gateway)
        ]
        return [fill(Quarantined, each) for each in matching[:limit]]

    def find_quarantined(self, number: int) -> QuarantinedDetail | None:
        return MESSAGE if number == MESSAGE.id else None

    def replay(self, number: int) -> bool:
        self.replayed.append(number)
        return number == MESSAGE.id

    def devices_moved(self, gateway: str) -> None:
        self.moved.append(gateway)

    def accept_loss(self, gateway: str) -> int | None:
        self.moved.append(f"accept {gateway}")
        return 5 if gateway == "gw-1" else None

    def send_rules(self, gateway: str, number: int, content: bytes) -> None:
        self.moved.append(f"rules {gateway} {number} {content.decode()}")

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult | None:
        self.moved += (f"{gateway} {pack.device} {pack.payload.decode(errors='replace')}" for pack in packs)
        refused = tuple(each for pack in packs for each in pack.refused)
        return PostedResult(stored=sum(not pack.refused for pack in packs), refused=refused)

    def note_post(self, receipt: PostReceipt) -> bool:
        self.moved.append(f"receipt of {receipt.gateway}")
        return True

    def received_posts(self) -> list[ReceivedPosts]:
        return [ReceivedPosts(gateway="http-1", kind="senml", since_ms=1000, posts=2, stored=3, devices=("bed-1",))]

    def take_read(self, number: int) -> bool:
        self.dropped.append(number)
        return number == MESSAGE.id

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        self.orders.append((gateway, order))
        return OrderOutcome(state=AnswerState.APPLIED)

    def forget_marks(self, gateway: str) -> None:
        self.moved.append(f"forget {gateway}")

    def drop(self, number: int) -> bool:
        self.dropped.append(number)
        return number == MESSAGE.id


def delivery_of(gateway: str) -> Delivery:
    epoch = EpochDelivery(
        epoch="e1",
        accounted=90,
        stored=80,
        quarantined=1,
        dropped_by_gateway=4,
        gone_unseen=5,
        high_water=88,
        missing=((89, 90),),
    )
    return Delivery(
        gateway=gateway,
        online=gateway == "gw-1" or None,
        since_ms=1000,
        received=95,
        duplicate=5,
        epochs=(epoch,),
        totals=RecordTotals(accounted=90, stored=80, quarantined=1, dropped_by_gateway=4, gone_unseen=5, missing=2),
        loss=5,
        lost=(EpochRange(epoch="e1", first=1, last=5),),
        missing=(EpochRange(epoch="e1", first=89, last=90),),
        latency_ms=Latency(p50=12.5, p99=40.0, n=90),
        spool=SPOOL,
        conflicting=600,
        other_content=7,
        foreign=3,
        refused_devices=(RefusedDevice(device="gh-7", owner="gw-2"),),
        alternations=2 if gateway == "gw-1" else 0,
    )
