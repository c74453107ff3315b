"""Numbers in records: how a simulated source writes them, and how they are read back from messages."""

from __future__ import annotations

from typing import Final

from edge.pipeline.batcher import Content
from headland.contract.codec import decode_batch
from headland.contract.records import Block, Clock
from headland.contract.refusals import Refused

#: Channel of the numbers.
NUMBER_CHANNEL: Final = "number_count"
SITE: Final = "here"


def device_of(gateway: str) -> str:
    """Return the device of the gateway that was called so at first."""
    return f"{gateway}-counter"


def content_of(gateway: str, number: int, time_ms: int) -> Content:
    """Return the content of a record with one number."""
    values: dict[str, list[float | None]] = {NUMBER_CHANNEL: [float(number)]}
    block = Block(device=device_of(gateway), kind="counter", site=SITE, clock=Clock.NTP, t0=time_ms, dt=[0], c=values)
    return Content([block], [], 1)


def number_in(content: Content) -> int:
    """Return the number of a content."""
    value = content.blocks[0].c[NUMBER_CHANNEL][0]
    return 0 if value is None else round(value)


def numbers_of(payload: bytes) -> set[int]:
    """Return the numbers in an encoded message; none where it cannot be read."""
    decoded = decode_batch(payload)
    if isinstance(decoded, Refused):
        return set()
    columns = [block.c.get(NUMBER_CHANNEL, []) for block in decoded.batch.blocks]
    return {round(value) for column in columns for value in column if value is not None}
