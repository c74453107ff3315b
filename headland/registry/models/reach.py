"""Reach of alarms: whether a person gets them, as a person has said it and not only a service."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ReachState = Literal["none", "never_tried", "tried", "failed", "confirmed"]


class ReachFact(msgspec.Struct, frozen=True, kw_only=True):
    """Whether alarms reach a person."""

    people: Annotated[int, Meta(ge=0), "Enabled recipients that are a person's: no broker, and no program's address."]
    tried_ms: Annotated[int | None, "When a message last arrived, or failed; null where none was sent."]
    state: Annotated[
        ReachState,
        "none: nobody gets alarms. never_tried: no message was sent yet. failed: the last one did not arrive. tried: "
        "the service took it and no person has confirmed that it came. confirmed: a person has, and none failed since.",
    ]
    confirmed: Annotated[int, Meta(ge=0), "Those whose person has confirmed a message, and that work since."] = 0
    failing: Annotated[int, Meta(ge=0), "Those that the last message did not reach."] = 0
    confirmed_ms: Annotated[int | None, "When a person last confirmed a message; null where nobody has."] = None


class MessageConfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that a message to a recipient came: when, and who said it."""

    time_ms: int
    by: str
