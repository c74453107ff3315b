"""Output of a processed row: the rows that are reported, and the event of a gap before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from edge.pipeline.channels.channel import ChannelState, CheckedSample
from edge.pipeline.channels.reporting import ChannelSample
from edge.sources.source import Reading
from headland.contract.records import DATA_GAP, Event, Quality, Scalar

_GOOD: Final = int(Quality.GOOD)


def report_row(
    states: Mapping[str, ChannelState | None], row: Reading, samples: Mapping[str, CheckedSample]
) -> list[Reading]:
    """Return the rows to report, oldest first: the samples that pass their report filters, and their raw values.

    A channel that changes after a while also reports the sample before the change, as a row before this one.
    """
    plain = [state is None or (state.reporter is None and state.plan.raw_channel is None) for state in states.values()]
    if all(plain):
        return [row]
    rows: dict[int, tuple[dict[str, float | None], dict[str, int]]] = {}
    for name, value in row.values.items():
        state, checked = states.get(name), samples.get(name)
        newest = ChannelSample(
            row.time_ms, value, row.quality.get(name, _GOOD), None if checked is None else checked.raw
        )
        reporter = None if state is None else state.reporter
        for sample in (newest,) if reporter is None else reporter.report(newest):
            values, flags = rows.setdefault(sample.time_ms, ({}, {}))
            values[name] = sample.value
            if sample.flag != _GOOD:
                flags[name] = sample.flag
            if state is not None and state.plan.raw_channel is not None:
                values[state.plan.raw_channel] = sample.raw
    return [
        msgspec.structs.replace(row, time_ms=time_ms, values=values, quality=flags)
        for time_ms, (values, flags) in sorted(rows.items())
    ]


def gap_events(row: Reading, samples: Mapping[str, CheckedSample]) -> list[Event]:
    """Return one event for all late channels of a row: a gap has no sample that could carry a flag.

    For a sensor that is often late only some gaps are reported.
    """
    late_since_ms = {
        name: sample.late_since_ms
        for name, sample in samples.items()
        if sample.late_since_ms is not None and sample.is_reported
    }
    if not late_since_ms:
        return []
    identity = row.source
    data: dict[str, Scalar] = {
        "channels": ", ".join(sorted(late_since_ms)),
        "from_ms": min(late_since_ms.values()),
        "to_ms": row.time_ms,
    }
    return [
        Event(
            t=row.time_ms,
            device=identity.device,
            kind=DATA_GAP,
            device_kind=identity.kind,
            site=identity.site,
            clock=row.clock,
            data=data,
            simulated=identity.simulated,
        )
    ]
