"""Metric families of the counts that parts report by name: type, unit and name as Prometheus has them."""

from __future__ import annotations

import re
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_INVALID: Final = re.compile(r"[^a-zA-Z0-9_]")
#: What is a state and not a count since the start; names that end in a unit are states, too.
_GAUGES: Final = frozenset(
    {
        "alarm_unstored",
        "ingest_session_generation",
        "ingest_waiting",
        "live_clients",
        "notices_due",
        "recipients_put_aside",
        "result_cache_entries",
        "store_conflicts",
        "store_events",
        "store_waiting_writes",
    }
)


def family_of(name: str, value: float, part: str) -> Metric:
    """Return the family of a count of a part: a counter with `_total`, or a gauge; times are in seconds."""
    plain = _INVALID.sub("_", name).lower()
    meaning = f"the {part}'s {plain}"
    for ending, seconds in (("_ms", 0.001), ("_s", 1.0)):
        if plain.endswith(ending):
            full = f"headland_{plain.removesuffix(ending)}_seconds"
            return GaugeMetricFamily(full, meaning, value=value * seconds)
    if plain in _GAUGES or plain.endswith("_bytes"):
        return GaugeMetricFamily(f"headland_{plain}", meaning, value=value)
    return CounterMetricFamily(f"headland_{plain}", meaning, value=value)
