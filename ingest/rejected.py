"""Samples that the store will never take: which messages brought them, so that these go to quarantine whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from headland.contract.records import Block
from headland.contract.refusals import Reason, Refused
from headland.store.port import Rejection
from ingest.admit import Admitted
from ingest.mqtt.inbox import Message
from ingest.quarantine import Refusal

#: A series' names without its organisation, which all messages of a worker share, and an instant.
_Sample = tuple[str, str, str, bool, str, int]


def refusals_of(
    messages: Sequence[Message], rejections: Sequence[Rejection], admit: Callable[[Message], Admitted]
) -> list[Refusal]:
    """Return each message that brought a rejected sample, with why; what else it brought is stored.

    Tried again once the store takes such samples, a message adds these only: the others are there already.
    """
    why = {_sample_of(rejection): rejection.why for rejection in rejections}
    found = []
    for message in messages:
        admitted = admit(message)
        reasons = Counter(reason for block in admitted.blocks for reason in _reasons(block, why))
        if reasons:
            found.append(
                Refusal(
                    message.topic,
                    message.payload,
                    reasons_of(reasons),
                    message.properties,
                    admitted.topic,
                    admitted.mark,
                )
            )
    return found


def reasons_of(counts: Counter[str]) -> tuple[Refused, ...]:
    """Return why samples were rejected, as a quarantine says it."""
    return tuple(
        Refused(Reason.STORE_REFUSED, f"{count} sample{'s' if count > 1 else ''}: {why}"[:500])
        for why, count in counts.items()
    )


def _sample_of(rejection: Rejection) -> _Sample:
    key = rejection.key
    return (key.site, key.kind, key.device, key.simulated, key.channel, rejection.time_ms)


def _reasons(block: Block, why: dict[_Sample, str]) -> list[str]:
    """Return why samples of a block were rejected, one reason a sample."""
    found = []
    for channel, column in block.c.items():
        for offset_ms, value in zip(block.dt, column, strict=True):
            sample = (block.site, block.kind, block.device, block.simulated, channel, block.t0 + offset_ms)
            if value is not None and sample in why:
                found.append(why[sample])
    return found
