"""What /metrics says of each gateway: the figures of its delivery answer, with the gateway as a label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric, UnknownMetricFamily

from api.ops.ingest_port import IngestPort
from api.schemas.gateways import Delivery
from headland.errors import HeadlandError

#: Labels stay few: of more gateways than this only the first by id have series of their own.
MAX_GATEWAYS: Final = 1000


def collect_gateways(desk: IngestPort | None) -> Iterator[Metric]:
    """Yield the figures of each gateway; none where there is no ingest or the store does not answer."""
    if desk is None:
        return
    try:
        names = [gateway.id for gateway in desk.gateways()]
        deliveries = desk.deliveries(names[:MAX_GATEWAYS])
    except HeadlandError:
        return
    yield GaugeMetricFamily("headland_gateways", "gateways that were heard of", value=len(names))
    messages = UnknownMetricFamily("headland_gateway_messages", "messages since the start", labels=["gateway", "kind"])
    records = UnknownMetricFamily(
        "headland_gateway_records", "what became of a gateway's records", labels=["gateway", "fate"]
    )
    online = GaugeMetricFamily("headland_gateway_online", "1 while a gateway says it is", labels=["gateway"])
    spool = GaugeMetricFamily("headland_gateway_spool_records", "records in a gateway's spool", labels=["gateway"])
    latency = GaugeMetricFamily(
        "headland_gateway_latency_ms", "from a live sample's time to its commit", labels=["gateway", "quantile"]
    )
    for one in deliveries:
        for kind, count in (("received", one.received), ("duplicate", one.duplicate)):
            messages.add_metric([one.gateway, kind], count)
        for fate, count in count_records(one).items():
            records.add_metric([one.gateway, fate], count)
        if one.online is not None:
            online.add_metric([one.gateway], float(one.online))
            spool.add_metric([one.gateway], one.spool.records)
        for quantile, time_ms in (("0.5", one.latency_ms.p50), ("0.99", one.latency_ms.p99)):
            if time_ms is not None:
                latency.add_metric([one.gateway, quantile], time_ms)
    yield from (messages, records, online, spool, latency)


def count_records(delivery: Delivery) -> dict[str, int]:
    """Return how many records had each fate, over all spools of a gateway."""
    counts = {
        name: sum(getattr(epoch, name) for epoch in delivery.epochs)
        for name in ("stored", "quarantined", "dropped_by_gateway", "gone_unseen")
    }
    missing = sum(each.last - each.first + 1 for each in delivery.missing)
    return {**counts, "missing": missing, "lost": delivery.loss}
