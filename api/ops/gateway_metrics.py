"""Metrics per gateway: the figures of its delivery, labelled by gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import Metric

from api.ops.families import LABELLED, labelled
from api.ops.ingest_port import IngestPort
from headland.contract.delivery import Delivery
from headland.errors import HeadlandError

#: Largest number of gateways with series of their own, the first by id: labels stay few.
MAX_GATEWAYS: Final = 1000


def collect_gateways(ingest: IngestPort | None) -> Iterator[Metric]:
    """Yield the figures of each gateway; none without an ingest, or while the store does not respond."""
    if ingest is None:
        return
    try:
        names = [gateway.id for gateway in ingest.gateways()]
        deliveries = ingest.deliveries(names[:MAX_GATEWAYS])
    except HeadlandError:
        return
    known = labelled("headland_gateways")
    known.add_metric([], len(names))
    yield known
    messages = labelled("headland_gateway_messages")
    records = labelled("headland_gateway_records")
    contradictions = labelled("headland_gateway_contradictions")
    online = labelled("headland_gateway_online")
    spool = labelled("headland_gateway_spool_records")
    name = "headland_gateway_latency_seconds"
    kind, meaning, _ = LABELLED[name]
    latency = Metric(name, meaning, kind)
    for delivery in deliveries:
        for kind, count in (("received", delivery.received), ("duplicate", delivery.duplicate)):
            messages.add_metric([delivery.gateway, kind], count)
        for fate, count in count_records(delivery).items():
            records.add_metric([delivery.gateway, fate], count)
        for kind in ("conflicting", "other_content", "foreign", "alternations"):
            contradictions.add_metric([delivery.gateway, kind], getattr(delivery, kind))
        if delivery.online is not None:
            online.add_metric([delivery.gateway], float(delivery.online))
            spool.add_metric([delivery.gateway], delivery.spool.records)
        for quantile, time_ms in (("0.5", delivery.latency_ms.p50), ("0.99", delivery.latency_ms.p99)):
            if time_ms is not None:
                labels = {"gateway": delivery.gateway, "quantile": quantile}
                latency.add_sample(latency.name, labels, time_ms / 1000.0)
    yield from (messages, records, contradictions, online, spool, latency)


def count_records(delivery: Delivery) -> dict[str, int]:
    """Return the number of records per outcome, over all spools of a gateway."""
    names = (
        "stored",
        "quarantined",
        "store_refused",
        "expired",
        "dropped_by_gateway",
        "gone_unseen",
        "uncounted",
        "not_known",
        "missing",
    )
    counts = {name: getattr(delivery.totals, name) for name in names}
    return {**counts, "lost": delivery.loss}
