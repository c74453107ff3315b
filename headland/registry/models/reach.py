"""Reach of alarms: whether a person gets them, as a person has said it and not only a service."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

RecipientState = Literal["never_tried", "tried", "failed", "confirmed"]
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


class RecipientReach(msgspec.Struct, frozen=True, kw_only=True):
    """Whether messages reach a person by a recipient."""

    is_persons: Annotated[bool, "It is a person's: no broker, and no program's address that nobody has confirmed."]
    state: Annotated[
        RecipientState,
        "never_tried: nothing was sent. tried: the service took the last message, nobody has confirmed one. failed: "
        "the last one did not arrive. confirmed: a person has said that one came, and none failed since.",
    ]
    last_ms: Annotated[int | None, "When a message last arrived, or failed; null where none was sent."] = None
    confirmed_ms: Annotated[int | None, "When a person said that a message came; null where nobody has."] = None
    confirmed_by: Annotated[str | None, "Key or person that said so; null where nobody has."] = None


class RecipientWays(msgspec.Struct, frozen=True, kw_only=True):
    """Ways by which this station can send alarms."""

    unreachable: Annotated[
        dict[str, str],
        "Why nothing can be sent to recipients of a kind, by kind: no_mail_server, no_apprise, no_broker.",
    ]


class MessageConfirmed(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that a message to a recipient came: when, and who said it."""

    time_ms: int
    by: str
