"""Port from the API to the station's clock."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from pydantic import Field

from api.schemas.model import Model


class ClockState(Model):
    """The station's clock, and why it cannot be believed; while it is in doubt nothing is deleted or judged by it."""

    in_doubt: Annotated[bool | None, Field(description="Null where this process judges no clock.")]
    cause: Annotated[
        Literal["jumped", "behind", "ahead", "gateways"] | None,
        Field(
            description="It jumped; is before what it showed or stored; is more than a day after the newest sample and "
            "not confirmed; is contradicted by gateways with clocks of their own."
        ),
    ] = None
    shown_ms: Annotated[int, Field(description="What the clock shows.")]
    believed_ms: Annotated[int, Field(description="The time by which the station goes.")]
    since_ms: Annotated[int | None, Field(description="Since when it is in doubt, by the time believed then.")] = None
    ahead_ms: Annotated[int | None, Field(description="How far it is ahead, negative where it is behind.")] = None
    witnesses: Annotated[int, Field(description="Gateways that contradict it.")] = 0
    is_certain: Annotated[bool, Field(description="False for what is only unconfirmed, or one gateway's word.")] = False
    sentence: str


class ClockPort(Protocol):
    """The station's clock. Every call may come from any thread."""

    def state(self) -> ClockState:
        """Return the clock as it is now."""
        ...

    def accept(self) -> ClockState:
        """Believe the clock as it is, by the word of a person."""
        ...
