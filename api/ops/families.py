"""Metrics: each one once, with its kind and what it is; and the family of a count that a part reports by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_INVALID: Final = re.compile(r"[^a-zA-Z0-9_]")
#: Endings of counts in other units than Prometheus has, and how many seconds one is.
_SECONDS: Final = {"_ms": 0.001, "_s": 1.0}
#: Meaning of what nobody declared: the part is of another version.
UNDESCRIBED: Final = "No description in this version"
#: What stands for any words in the name of a row, and for the same words in its sentence.
_WORDS: Final = "*"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric by the name under which a part reports it, whose ending is its unit, with what it is in one phrase.

    A counter counts since the start of the process; a gauge is a state. `*` stands for words that differ.
    """

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str

    @property
    def exported(self) -> str:
        """The name in `/metrics`."""
        for ending in _SECONDS:
            if self.name.endswith(ending):
                return f"headland_{self.name.removesuffix(ending)}_seconds"
        return f"headland_{self.name}{'_total' if self.kind == 'counter' else ''}"


def _counters(**meanings: str) -> tuple[MetricRow, ...]:
    return tuple(MetricRow(name, "counter", meaning) for name, meaning in meanings.items())


def _gauges(**meanings: str) -> tuple[MetricRow, ...]:
    return tuple(MetricRow(name, "gauge", meaning) for name, meaning in meanings.items())


#: Metrics that parts report by name. Those with labels are declared below, histograms where they are measured.
METRICS: Final[tuple[MetricRow, ...]] = (
    *_gauges(
        uptime_s="Time since the station began",
        store_points="Samples in the store",
        store_series="Series in the store",
        store_size_bytes="Size of the store on its disk",
        store_memory_bytes="Memory of the store's engine",
        store_waiting_writes="Writes that wait for a transaction",
        store_conflicts="Values in the store that contradict another one of the same instant",
        store_events="Events in the store",
        store_sample_cache_bytes="Memory of samples that are kept because they are asked for again",
    ),
    *_counters(
        store_sample_cache_answers="Answers that were made of kept samples",
        store_transactions="Transactions that were committed to the store",
        store_failed_transactions="Transactions that the store refused",
        store_duplicates="Samples that the store was given a second time",
        store_rejected="Series that the store refused",
        store_reopenings="Times that the store's file was opened again",
        store_reloads="Times that the store's contents were read again from its server",
        result_cache_hits="Results that were taken from memory",
        result_cache_misses="Results that were computed because memory had none",
        result_cache_evictions="Results that were put out of memory for others",
    ),
    *_gauges(result_cache_entries="Results in memory", result_cache_bytes="Memory of the results that are kept"),
    *_counters(
        ingest_received="Messages that arrived from the broker",
        ingest_stored="Messages of which something was stored",
        ingest_duplicate="Messages that were stored already",
        ingest_compared="Repeated messages that were compared with what is stored",
        ingest_other_content="Messages with a number that is stored with another content",
        ingest_points="Samples that were stored",
        ingest_points_duplicate="Samples that were in the store already",
        ingest_points_conflicting="Samples that contradict a stored one of the same instant",
        ingest_points_rejected="Series of messages that the store refused",
        ingest_commit_acks="Commit acks that were published",
        ingest_statuses="Statuses of gateways that arrived",
        ingest_descriptors="Descriptions of devices that arrived",
        ingest_ignored_other_shard="Messages of gateways that another ingest serves",
        ingest_ignored_retained="Retained messages, which are none of now",
        ingest_records_gone_unseen="Records that a gateway lost before anybody saw them",
        ingest_refused_too_far_ahead="Messages ahead of missing ones, which their gateway sends again",
        ingest_refused_quarantine_full="Messages that wait at their gateway because quarantine is full",
        ingest_isolated="Messages that were stored alone after their batch had failed",
        ingest_retries="Attempts to write again what the store did not take",
        ingest_replayed="Quarantined messages that were stored at a later attempt",
        ingest_replayed_in_vain="Quarantined messages that were refused at a later attempt, too",
        ingest_held_for_quarantine="Messages that wait in memory for the file of the quarantine",
        ingest_left_for_quarantine="Messages that wait at their gateway for the file of the quarantine",
        ingest_lost_for_quarantine="Messages without a number that the quarantine's file could not take",
        ingest_sessions_lost="Sessions that the broker lost",
        ingest_callback_errors="Errors in the handling of a message's arrival",
        ingest_stale_acks="Acks to the broker of a session that was over",
        ingest_inbox_dropped="Messages that the inbox had no room for",
        ingest_gateways_untracked="Messages of gateways beyond those with figures of their own",
        ingest_quarantine_dropped="Quarantined messages that were deleted for newer ones",
        ingest_quarantine_damaged_files="Files of the quarantine that were damaged",
        ingest_quarantine_restored_files="Files of the quarantine that were restored",
        ingest_waiting_for_quarantine="Messages that wait for the file of the quarantine",
    ),
    MetricRow("ingest_quarantined_*", "counter", "Messages that were put in quarantine: *"),
    MetricRow("ingest_refused_*", "counter", "Messages that were refused: *"),
    *_gauges(
        ingest_waiting="Messages that arrived and are not stored yet",
        ingest_session_generation="Number of the session at the broker",
        ingest_commit_latency_ms="Time that the newest batch took from its first message to its commit",
        ingest_last_message_age_ms="Time since the newest message; below 0 before the first",
    ),
    *_counters(
        live_commits_dropped="Commits that the live feed had no room for",
        live_values="Values that were sent to clients of the live feed",
        live_values_skipped="Values that were left out for a newer one of the same channel",
        live_gaps="Gaps that were told to clients of the live feed",
        live_clients_joined="Clients that joined the live feed",
        live_clients_refused="Clients that the live feed had no place for",
        alarm_rounds="Rounds in which the rules were evaluated",
        alarm_judged="Evaluations of a rule for a subject",
        alarm_notices="Notices that alarms gave rise to",
        webhook_posts="Posts that webhooks were given",
        webhook_unqueued="Posts of webhooks that were not kept for another attempt",
        webhook_dropped="Posts of webhooks that were given up",
        notices_delivered="Notices that were delivered",
        notices_later="Attempts to deliver a notice that are repeated later",
        notices_refused="Notices that their recipient refused for good",
        forecasts_made="Forecasts of greenhouses that were made",
        gateway_rules_sent="Messages with alarm rules that were sent to gateways",
        weather_requests="Requests to providers of weather forecasts",
        weather_issues="Weather forecasts that were new",
        weather_unchanged="Answers of providers that nothing has changed",
        weather_failures="Requests to providers without a forecast that can be used",
        weather_files="Forecast files that were read from the station's folder",
        weather_files_refused="Forecast files that were refused",
        home_described="Descriptions of sensors that were published for Home Assistant",
        home_said="Values that were published for Home Assistant",
        home_dropped="Values that Home Assistant's broker had no room for",
        home_refused="Values that Home Assistant's broker refused",
        traces_exported="Traces that were exported",
        traces_dropped="Traces that could not be exported",
        audit_deleted_by_retention="Entries of the audit log that retention deleted",
        alarms_deleted_by_retention="Ended alarms that retention deleted",
        owner_calls="Calls of API workers to the process that owns the store",
        owner_calls_failed="Calls of API workers that failed",
        owner_calls_cancelled="Calls of API workers that were given up",
        owner_connections="Connections of API workers to the process that owns the store, now",
        owner_connections_refused="Connections of API workers that there was no room for",
    ),
    *_gauges(
        live_clients="Clients of the live feed",
        alarm_unstored="Changes of alarms that wait for the registry",
        notices_due="Notices that are due and not delivered",
        notices_oldest_due_s="Time for which the oldest notice has been due",
        recipients_put_aside="Recipients that are put aside after failures",
        disk_free_bytes="Free space of the farm's disk",
        disk_total_bytes="Size of the farm's disk",
        disk_farm_bytes="Size of the farm's folder",
        disk_growth_a_day_bytes="Growth of the farm's folder in a day",
        disk_left_ms="Time after which the farm's disk is full at its present growth",
    ),
)

#: Metrics with labels: exported name, kind, what it is, and its labels.
LABELLED: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "headland_store_up": ("gauge", "1 while the store responds", ("engine",)),
    "headland_gateways": ("gauge", "Known gateways", ()),
    "headland_gateway_messages": ("counter", "Messages of a gateway by what became of them", ("gateway", "kind")),
    "headland_gateway_records": ("gauge", "Records of a gateway by where they are", ("gateway", "fate")),
    "headland_gateway_contradictions": ("gauge", "What of a gateway contradicts other data", ("gateway", "kind")),
    "headland_gateway_online": ("gauge", "1 while a gateway reports that it is online", ("gateway",)),
    "headland_gateway_spool_records": ("gauge", "Records that wait on a gateway's disk", ("gateway",)),
    "headland_gateway_latency_seconds": ("summary", "Delay from a live sample to its commit", ("gateway", "quantile")),
    "headland_thread_running": ("gauge", "1 while a thread runs", ("thread",)),
    "headland_thread_success_age_seconds": ("gauge", "Time since a thread last succeeded", ("thread",)),
    "headland_thread_failures": ("counter", "Steps of a thread that failed", ("thread",)),
    "headland_thread_item_failures": ("counter", "Items that a thread left out because they failed", ("thread",)),
    "headland_http_request_seconds": (
        "histogram", "Time from a request's arrival to its response's last byte", ("method", "route", "status")
    ),
}  # fmt: skip


def labelled(name: str) -> GaugeMetricFamily | CounterMetricFamily:
    """Return the empty family of a gauge or counter with labels."""
    kind, meaning, labels = LABELLED[name]
    return (GaugeMetricFamily if kind == "gauge" else CounterMetricFamily)(name, meaning, labels=labels)


def family_of(name: str, value: float) -> Metric:
    """Return the family of a count of a part: a counter with `_total`, or a gauge; times are in seconds."""
    plain = _INVALID.sub("_", name).lower()
    row = row_of(plain)
    if row is None:
        # A part of another version, or one that nobody declared: its tests fail, its farm does not.
        is_state = plain.endswith(("_bytes", *_SECONDS))
        row = MetricRow(plain, "gauge" if is_state else "counter", UNDESCRIBED)
    for ending, seconds in _SECONDS.items():
        if plain.endswith(ending):
            value *= seconds
    kind = GaugeMetricFamily if row.kind == "gauge" else CounterMetricFamily
    exported = MetricRow(plain, row.kind, "").exported.removesuffix("_total")
    return kind(exported, row.meaning.replace(_WORDS, _words_of(row.name, plain)), value=value)


@cache
def row_of(name: str) -> MetricRow | None:
    """Return the row of a reported name, the one without `*` first; None for one that is not declared."""
    return _first(METRICS, name, with_words=False) or _first(METRICS, name, with_words=True)


def _first(rows: Sequence[MetricRow], name: str, *, with_words: bool) -> MetricRow | None:
    if not with_words:
        return next((row for row in rows if row.name == name), None)
    return next((row for row in rows if _WORDS in row.name and name.startswith(row.name.partition(_WORDS)[0])), None)


def _words_of(pattern: str, name: str) -> str:
    """Return the words that `*` stands for in a name."""
    return name.removeprefix(pattern.partition(_WORDS)[0]).replace("_", " ")
