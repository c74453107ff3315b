"""Messages with samples that the store will never accept, for quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from headland.contract.records import Block
from headland.contract.refusals import Reason, Refused
from headland.store.port import Rejection
from ingest.admission.admit import Admitted
from ingest.mqtt.inbox import InboundMessage
from ingest.quarantine.refused_messages import RefusedMessage

#: A series without its organisation, which all messages of a worker share, and an instant.
_Sample = tuple[str, str, str, bool, str, int]


def refuse_messages(
    messages: Sequence[InboundMessage], rejections: Sequence[Rejection], admit: Callable[[InboundMessage], Admitted]
) -> list[RefusedMessage]:
    """Return each message with a rejected sample, with the reasons; its other samples are stored.

    A replay, once the store accepts such samples, adds only these: the others are stored already.
    """
    why = {_sample_of(rejection): rejection.reason for rejection in rejections}
    refused = []
    for message in messages:
        admitted = admit(message)
        reasons = Counter(reason for block in admitted.blocks for reason in _reasons(block, why))
        if reasons:
            refused.append(
                RefusedMessage(
                    message.topic,
                    message.payload,
                    summarise_rejections(reasons),
                    message.properties,
                    admitted.topic,
                    admitted.mark,
                )
            )
    return refused


def summarise_rejections(counts: Counter[str]) -> tuple[Refused, ...]:
    """Return refusals for the quarantine: one for each reason, with the number of its samples."""
    return tuple(
        Refused(Reason.STORE_REFUSED, f"{count} sample{'s' if count > 1 else ''}: {why}"[:500])
        for why, count in counts.items()
    )


def _sample_of(rejection: Rejection) -> _Sample:
    key = rejection.key
    return (key.site, key.kind, key.device, key.simulated, key.channel, rejection.time_ms)


def _reasons(block: Block, why: dict[_Sample, str]) -> list[str]:
    """Return the reasons of a block's rejected samples, one a sample."""
    reasons = []
    for channel, column in block.c.items():
        for offset_ms, value in zip(block.dt, column, strict=True):
            sample = (block.site, block.kind, block.device, block.simulated, channel, block.t0 + offset_ms)
            if value is not None and sample in why:
                reasons.append(why[sample])
    return reasons
