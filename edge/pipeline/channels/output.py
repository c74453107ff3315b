"""What goes on of a row that was judged: the rows that are reported, and the event of a gap before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edge.pipeline.channels.channel import ChannelState, Judged
from edge.pipeline.channels.reporting import Sample
from edge.sources.source import Reading
from headland.contract.records import DATA_GAP, Event, Quality, Scalar

_GOOD = int(Quality.GOOD)


def report_row(states: Mapping[str, ChannelState | None], row: Reading, judged: Mapping[str, Judged]) -> list[Reading]:
    """Return the rows that are reported, oldest first: of each channel what its strategy lets through, and its raw one.

    A channel that changes after a while brings the sample before the change with it, so that a row may come before.
    """
    plain = [state is None or (state.reporter is None and state.plan.raw_channel is None) for state in states.values()]
    if all(plain):
        return [row]
    rows: dict[int, tuple[dict[str, float | None], dict[str, int]]] = {}
    for name, value in row.values.items():
        state, one = states.get(name), judged.get(name)
        now = Sample(row.time_ms, value, row.quality.get(name, _GOOD), None if one is None else one.raw)
        reporter = None if state is None else state.reporter
        for sample in (now,) if reporter is None else reporter.take(now):
            values, flags = rows.setdefault(sample.time_ms, ({}, {}))
            values[name] = sample.value
            if sample.flag != _GOOD:
                flags[name] = sample.flag
            if state is not None and state.plan.raw_channel is not None:
                values[state.plan.raw_channel] = sample.raw
    return [
        msgspec.structs.replace(row, time_ms=at, values=values, quality=flags)
        for at, (values, flags) in sorted(rows.items())
    ]


def say_gaps(row: Reading, judged: Mapping[str, Judged]) -> list[Event]:
    """Return one event for the channels of a row that were late; there is no sample to carry a flag.

    Of a sensor that is often late only some are said.
    """
    late = {name: one.late_since_ms for name, one in judged.items() if one.late_since_ms is not None and one.is_news}
    if not late:
        return []
    identity = row.source
    data: dict[str, Scalar] = {
        "channels": ", ".join(sorted(late)),
        "from_ms": min(late.values()),
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
