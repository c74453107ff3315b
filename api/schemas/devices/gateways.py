"""Requests and lists of gateways and the quarantine, and the delivery with the flights of the gateway's vehicles."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from headland.analysis.inputs.flights import FlightCoverage
from headland.contract import delivery
from headland.contract.delivery import Quarantined
from headland.contract.gateway_rules import MAX_RULES_BYTES
from headland.contract.gateway_state import GatewayState


class NewGateway(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway to add: its name, which is its login, and its site."""

    EXAMPLE: ClassVar = {"name": "barn", "site": "home"}

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    site: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "home"
    host: Annotated[
        Annotated[str, Meta(max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")] | None,
        "Host name or address by which the gateway reaches this machine; needed where the broker "
        "listens on every address.",
    ] = None


class RulesToSend(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alarm rules for a gateway, as the API of the farm makes them of its records."""

    EXAMPLE: ClassVar = {"number": 7, "content": "{}"}

    number: Annotated[Annotated[int, Meta(ge=0)], "Grows with each change of the rules."]
    content: Annotated[Annotated[str, Meta(max_length=MAX_RULES_BYTES)], "JSON of `RulesContent`."]


class GatewayList(msgspec.Struct, frozen=True, kw_only=True):
    """Gateways by id; `next` is the cursor of the next page, null on the last."""

    items: list[GatewayState]
    next: str | None


class Delivery(delivery.Delivery, frozen=True, kw_only=True):
    """Delivery of every record that a gateway numbered, with the flights of its vehicles."""

    flights: Annotated[
        list[FlightCoverage], "Flights of its vehicles that ended in the last day, the newest first, at most 50."
    ] = msgspec.field(default_factory=list)
    flights_left_out: Annotated[int, "Older flights of that day that `flights` does not list."] = 0


class AcceptedLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of a gateway that was accepted: it stays in the delivery and raises no alarm."""

    loss: Annotated[int, "Number of lost records that are accepted."]


class QuarantineList(msgspec.Struct, frozen=True, kw_only=True):
    """Quarantined messages, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[Quarantined]
    next: str | None


class ReplayAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The message will be processed again within about a second; it leaves once all of it is stored."""

    id: int
