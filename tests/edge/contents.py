"""Contents of messages for tests, and what records of a spool hold."""

from __future__ import annotations

from edge.pipeline.batcher import Content
from edge.spool.queue import SpoolRecord
from headland.contract.codec import Decoded, decode_batch
from headland.contract.records import Batch, Block, Clock, Event

START_MS = 1_790_000_000_000


def alarm(number: int) -> Content:
    """A message that is one alarm, at the time of the message `number`."""
    event = Event(
        t=START_MS + number * 1000,
        device="gh-1",
        kind="alarm_raised",
        device_kind="greenhouse",
        site="home",
        clock=Clock.RTC,
        data={"rule": "frost", "number": number},
    )
    return Content([], [event], 0, urgent=True)


def content(number: int, *, rows: int = 5, events: int = 0, text: str = "") -> Content:
    """A message whose rows contain the message's number."""
    block = Block(
        device="gh-1",
        kind="greenhouse",
        site="home",
        clock=Clock.RTC,
        t0=START_MS + number * 1000,
        dt=list(range(rows)),
        c={"co2_ppm": [float(number)] * rows},
    )
    made_events = [
        Event(
            t=START_MS + number * 1000,
            device="gh-1",
            kind="alarm",
            device_kind="greenhouse",
            site="home",
            clock=Clock.RTC,
            data={"number": number, "text": text},
        )
        for _ in range(events)
    ]
    return Content([block], made_events, rows)


def batch_of(record: SpoolRecord) -> Batch:
    """The message in a record, whose numbers are those of the record."""
    decoded = decode_batch(record.payload)
    assert isinstance(decoded, Decoded)
    assert decoded.refused == ()
    batch = decoded.batch
    assert (batch.epoch, batch.seq, batch.first or batch.seq) == (record.epoch, record.seq, record.first)
    return batch
