"""The /metrics document, read by Prometheus's own parser and checked against its naming rules."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from api.ops.families import LABELLED, METRICS, UNDESCRIBED, family_of, row_of
from headland.contract.refusals import Reason
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import NOW_MS, fill_farm
from tests.api.server import own_app, serve
from tests.floors.modules import ROOT
from tests.machine import find_program

NAME = re.compile(r"headland_[a-z0-9]+(_[a-z0-9]+)*")
LABEL = re.compile(r"[a-z]+(_[a-z]+)*")
#: Of the labels only these may have many values, and they are bounded: gateways and routes.
LABELS = {"engine", "gateway", "kind", "fate", "quantile", "method", "route", "status", "le"}


#: Of each kind that the parts of a station report.
COUNTERS = {
    "ingest_received": 12.0, "ingest_waiting": 1.0, "ingest_commit_latency_ms": 3.0, "uptime_s": 3.5, "home_said": 4.0,
    "notices_due": 0.0, "notices_oldest_due_s": 0.0, "alarm_unstored": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> Iterator[str]:
    app = own_app(fill_farm(), counters=lambda: COUNTERS, now_ms=lambda: NOW_MS, gateways=FakeIngest())
    with serve(app) as client:
        client.get("/v1/devices")
        answer = client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        yield answer.text


@pytest.fixture(scope="module")
def families(document: str) -> list[Metric]:
    return list(text_string_to_metric_families(document))


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


def test_every_family_has_a_type_and_a_name_as_prometheus_wants_it(families: list[Metric]) -> None:
    # The rules of `promtool check metrics`.
    for family in families:
        assert family.type in {"counter", "gauge", "histogram", "summary"}, family.name
        assert not re.search(r"_(ms|s|millis|minutes|kb|mb)$", family.name), family.name
        assert family.type == "counter" or not family.name.endswith("_total"), family.name
        for sample in family.samples:
            assert family.type != "counter" or sample.name.endswith("_total"), sample.name
            assert family.type == "summary" or "quantile" not in sample.labels, sample.name


@pytest.mark.parametrize(
    ("name", "value", "kind", "full", "shown"),
    [
        ("ingest_commit_latency_ms", 250.0, "gauge", "headland_ingest_commit_latency_seconds", 0.25),
        ("notices_oldest_due_s", 4.0, "gauge", "headland_notices_oldest_due_seconds", 4.0),
        ("store_memory_bytes", 9.0, "gauge", "headland_store_memory_bytes", 9.0),
        ("ingest_waiting", 3.0, "gauge", "headland_ingest_waiting", 3.0),
        ("home_refused", 2.0, "counter", "headland_home_refused_total", 2.0),
    ],
)
def test_a_count_is_a_counter_and_a_state_a_gauge_in_base_units(
    name: str, value: float, kind: str, full: str, shown: float
) -> None:
    family = family_of(name, value)
    (sample,) = family.samples
    assert (family.type, sample.name, sample.value) == (kind, full, shown)


@pytest.mark.services("promtool")
def test_promtool_finds_nothing_to_improve(document: str) -> None:
    program = find_program("promtool")
    assert program is not None
    checked = subprocess.run([program, "check", "metrics"], input=document, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_help_says_what_a_metric_is_and_not_its_name_or_another_unit(families: list[Metric]) -> None:
    for family in families:
        assert not re.findall(r"[a-z]+(?:_[a-z]+)+", family.documentation), (family.name, family.documentation)
        assert family.documentation != UNDESCRIBED, family.name
        assert family.documentation[0].isupper() or family.documentation[0].isdigit(), family.documentation


def test_each_metric_is_declared_once_and_says_something_else_than_the_others() -> None:
    exported = [*(row.exported for row in METRICS), *LABELLED]
    assert len(set(exported)) == len(exported)
    meanings = [*(row.meaning for row in METRICS), *(meaning for _, meaning, _ in LABELLED.values())]
    assert len(set(meanings)) == len(meanings)
    for row in METRICS:
        assert NAME.fullmatch(row.exported.replace("*", "word")), row
        assert (row.meaning.count("*") == 1) is ("*" in row.name), row
        assert not row.name.endswith(("_bytes", "_ms", "_s")) or row.kind == "gauge", row


def test_every_count_of_the_ingest_is_declared() -> None:
    root = Path(__file__).parents[3] / "ingest"
    counted = {
        name
        for path in root.rglob("*.py")
        for name in re.findall(r"(?:batch|self)\.counts\[\"(\w+)\"\]", path.read_text())
    }
    assert len(counted) > 15
    assert {name for name in counted if row_of(f"ingest_{name}") is None} == set()
    for reason in Reason:
        assert family_of(f"ingest_quarantined_{reason}", 1.0).documentation.endswith(f": {reason.replace('_', ' ')}")


def test_every_count_of_a_worker_of_the_station_is_declared() -> None:
    counted = {
        key.value
        for path in (ROOT / "station" / "server").rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and function.name == "counters"
        for display in ast.walk(function)
        if isinstance(display, ast.Dict)
        for key in display.keys
        if isinstance(key, ast.Constant)
    }
    assert len(counted) > 10
    assert {name for name in counted if row_of(str(name)) is None} == set()


def test_what_nobody_declared_is_exported_all_the_same() -> None:
    family = family_of("new_part_things", 3.0)
    assert (family.name, family.type, family.documentation) == ("headland_new_part_things", "counter", UNDESCRIBED)
