"""Export of traces: what a collector takes, and what one that refuses, hangs or is not there costs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import pytest

from headland.errors import RetryLater, SettingsError
from headland.runtime.tracing import exporter as exporters
from headland.runtime.tracing.exporter import TraceExporter, start_exporter
from headland.runtime.tracing.settings import TraceSettings
from headland.runtime.tracing.spans import Span, new_context
from tests.runtime.tracing.receiver import Receiver
from tests.waiting import wait_until

NOWHERE = "http://127.0.0.1:9/v1/traces"


def span(name: str = "one") -> Span:
    return Span(name, new_context(), None, 1_790_000_000_000_000_000, 1_790_000_000_500_000_000)


def test_a_collector_gets_what_a_span_says() -> None:
    with Receiver() as receiver:
        exporter = TraceExporter(TraceSettings(receiver.url), "headland-station", "ingest-0")
        exporter.start()
        parent = new_context()
        made = Span(
            "ingest record", new_context(parent), parent.span_id, 10, 20, "consumer", {"headland.seq": 7, "a": "b"},
            (("commit ack", 15),), is_error=True,
        )  # fmt: skip
        exporter.add(made)
        exporter._thread.wake()
        wait_until(lambda: receiver.spans)
        exporter.stop()
    ((service, taken),) = receiver.spans
    assert service == "headland-station"
    assert (taken.name, taken.kind, taken.start_time_unix_nano, taken.end_time_unix_nano) == (
        "ingest record",
        5,
        10,
        20,
    )
    assert int.from_bytes(taken.trace_id, "big") == parent.trace_id
    assert int.from_bytes(taken.parent_span_id, "big") == parent.span_id
    assert {item.key: item.value.string_value or item.value.int_value for item in taken.attributes} == {
        "headland.seq": 7, "a": "b",
    }  # fmt: skip
    assert [(event.name, event.time_unix_nano) for event in taken.events] == [("commit ack", 15)]
    assert taken.status.code == 2
    assert exporter.counters() == {"traces_exported": 1, "traces_dropped": 0}


def test_a_collector_that_hangs_delays_nobody_and_what_it_does_not_take_is_counted() -> None:
    with Receiver(hangs=True) as receiver:
        exporter = TraceExporter(TraceSettings(receiver.url, queue=64, timeout_s=0.3), "headland-gateway", "gw-1")
        exporter.start()
        exporter.add(span())
        exporter._thread.wake()
        wait_until(receiver.asked.is_set)
        for _ in range(10_000):
            exporter.add(span())
        assert len(exporter._spans) <= 64
        wait_until(lambda: exporter.trouble)
        assert "took no spans" in exporter.trouble
        exporter.stop()
    counters = exporter.counters()
    assert counters["traces_exported"] == 0
    wait_until(lambda: exporter.counters()["traces_dropped"] == 10_001)


class Log(logging.Handler):
    """Keeps the names of the loggers whose records reach the process's log."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.names.append(record.name)


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    logging.getLogger().addHandler(log)
    yield log
    logging.getLogger().removeHandler(log)


def test_a_collector_that_is_not_there_is_a_trouble_of_the_thread_alone(log: Log) -> None:
    exporter = start_exporter(TraceSettings(NOWHERE, timeout_s=0.2), "headland-gateway", "gw-1")
    assert exporter is not None
    exporter.add(span())
    exporter._thread.wake()
    wait_until(lambda: exporter.trouble)
    (status,) = exporter.threads()
    assert status.is_running
    assert not status.fault
    exporter.stop()
    assert exporter.counters() == {"traces_exported": 0, "traces_dropped": 1}
    assert log.names == ["headland.runtime.supervised_thread"]


def test_a_refusing_collector_is_named_with_its_answer() -> None:
    with Receiver(status=400) as receiver:
        exporter = TraceExporter(TraceSettings(receiver.url, timeout_s=60.0), "headland-gateway", "gw-1")
        exporter.start()
        exporter.add(span())
        exporter._thread.wake()
        wait_until(lambda: exporter.trouble)
        assert "400" in exporter.trouble
        exporter.stop()


def test_what_waits_at_the_stop_is_sent_before_the_end() -> None:
    taken: list[Span] = []
    exporter = TraceExporter(TraceSettings(NOWHERE), "s", "i", lambda *_: taken.extend)
    exporter.start()
    for _ in range(1000):
        exporter.add(span())
    exporter.stop()
    assert len(taken) == 1000
    assert exporter.counters() == {"traces_exported": 1000, "traces_dropped": 0}


def test_a_failed_request_is_not_repeated_and_later_ones_go_on() -> None:
    calls: list[int] = []

    def send(spans: Sequence[Span]) -> None:
        calls.append(len(spans))
        if len(calls) == 1:
            raise RetryLater("not now")

    exporter = TraceExporter(TraceSettings(NOWHERE), "s", "i")
    exporter._send = send
    exporter.add(span())
    with pytest.raises(RetryLater):
        exporter._export()
    exporter.add(span())
    exporter._export()
    assert calls == [1, 1]
    assert exporter.counters() == {"traces_exported": 1, "traces_dropped": 1}


def test_without_the_extra_there_are_no_traces_and_everything_else_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(*_: object) -> exporters.SendSpans:
        raise SettingsError("traces need opentelemetry, which is not installed: pip install 'headland[otel]'")

    monkeypatch.setattr(exporters, "_make_otlp_sender", missing)
    assert start_exporter(TraceSettings(NOWHERE), "s", "i") is None
    assert "headland[otel]" in caplog.text


def test_traces_are_off_without_settings() -> None:
    assert start_exporter(None, "s", "i") is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "collector:4318", "ftp://collector/v1/traces", "http://", "http://:4318", "http://a b/", "http://a\n/",
        "http://user:secret@collector/v1/traces", "http://collector/?key=secret", "http://collector:99999/",
        "http://[::1", "http://collector/" + "a" * 3000,
    ],
)  # fmt: skip
def test_an_unusable_endpoint_is_refused_without_its_secrets(endpoint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        TraceSettings(endpoint)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [{"share": -0.1}, {"share": 1.1}, {"queue": 63}, {"queue": 100_001}, {"timeout_s": 0.0}, {"timeout_s": 61.0}],
)
def test_a_setting_outside_its_bounds_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(changes))):
        TraceSettings(NOWHERE, **changes)  # type: ignore[arg-type] # one of the fields
