"""How the way to the broker stands: what a person, the status topic and the status file are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DeleteOn = Literal["commit", "puback"]


@dataclass(frozen=True, slots=True)
class UplinkState:
    """`detail` is one sentence while `connected` is false, or while something else is wrong.

    `overdue_ms` is since when a commit ack has been awaited for longer than it may take, or None. With `delete_on`
    "puback" records are deleted when the broker has them, which is not durable.
    """

    connected: bool
    detail: str
    epoch: str
    acked_seq: int | None = None
    acked_ms: int | None = None
    overdue_ms: int | None = None
    delete_on: DeleteOn = "commit"
