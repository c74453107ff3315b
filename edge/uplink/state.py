"""State of the uplink, as shown to people, on the status topic and in the status file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DeleteOn = Literal["commit", "puback"]


@dataclass(frozen=True, slots=True)
class UplinkState:
    """State of the connection; `detail` is one sentence while it is down or something else is wrong.

    `overdue_ms` is the time from which an overdue commit ack has been awaited, or None. With `delete_on` "puback"
    records are deleted when the broker has them, which is not durable.
    """

    connected: bool
    detail: str
    epoch: str
    acked_seq: int | None = None
    acked_ms: int | None = None
    overdue_ms: int | None = None
    delete_on: DeleteOn = "commit"
