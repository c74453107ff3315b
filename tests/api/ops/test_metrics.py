"""The /metrics document, read by Prometheus's own parser and checked against its naming rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import NOW_MS, OWN, fill_farm
from tests.api.server import serve

NAME = re.compile(r"headland_[a-z0-9]+(_[a-z0-9]+)*")
LABEL = re.compile(r"[a-z]+(_[a-z]+)*")
#: Of the labels only these may have many values, and they are bounded: gateways and routes.
LABELS = {"engine", "gateway", "kind", "fate", "quantile", "method", "route", "status", "le"}


@pytest.fixture(scope="module")
def families() -> Iterator[list[Metric]]:
    app = create_app(
        fill_farm(), organisation=OWN, readiness=list, counters=lambda: {"ingest_messages": 12.0, "uptime_s": 3.5},
        now_ms=lambda: NOW_MS, gateways=FakeIngest(),
    )  # fmt: skip
    with serve(app) as client:
        client.get("/v1/devices")
        answer = client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        yield list(text_string_to_metric_families(answer.text))


def test_every_name_and_label_is_lower_case_with_a_prefix_and_every_metric_has_one_sentence_of_help(
    families: list[Metric],
) -> None:
    assert len(families) > 10
    for family in families:
        assert NAME.fullmatch(family.name), family.name
        assert family.documentation.strip(), family.name
        assert "\n" not in family.documentation
        for sample in family.samples:
            assert set(sample.labels) <= LABELS
            assert all(LABEL.fullmatch(label) for label in sample.labels)


def test_no_metric_and_no_series_is_exported_twice(families: list[Metric]) -> None:
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
    series = [(s.name, *sorted(s.labels.items())) for family in families for s in family.samples]
    assert len(set(series)) == len(series)


def test_durations_are_a_whole_histogram_by_route_template(families: list[Metric]) -> None:
    (family,) = (one for one in families if one.name == "headland_http_request_seconds")
    assert family.type == "histogram"
    of_devices = [s for s in family.samples if s.labels.get("route") == "/v1/devices"]
    buckets = [s for s in of_devices if s.name.endswith("_bucket")]
    assert buckets[-1].labels["le"] == "+Inf"
    assert [s.value for s in buckets] == sorted(s.value for s in buckets)
    (count,) = (s.value for s in of_devices if s.name.endswith("_count"))
    assert count == buckets[-1].value == 1.0
