"""Lines of `headland edge status`, made from the agent's status. Pure, `now_ms` is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from edge.agent.status import AgentStatus, SourceStatus, UplinkStatus
from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from headland.contract.gateway_rules import RulesRefusal
from headland.contract.records import EpochReason, RulesReport, SpoolStatus
from headland.runtime.supervised_thread import faults_of

#: A daemon writes its status every two seconds; after so long it counts as dead.
SILENT_MS: Final = 10_000
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))
_LABEL: Final = 10
#: Why an epoch began, and what a person may do.
_EPOCH_REASONS: Final[dict[str, str]] = {
    EpochReason.UPGRADED: "the spool is of an older version",
    EpochReason.MOVED: "the spool came from another machine; where it was copied, give this gateway an id of its own",
    EpochReason.COPIED: "the spool is a copy; where the original is in use, give this gateway an id of its own",
    EpochReason.UNPROVEN: "nothing proved that the numbers were unused: a check file or a commit ack was missing",
    EpochReason.SHORTENED: "accepted records are missing in the file: check the disk or card",
    EpochReason.DAMAGED: "the file was damaged and moved aside: check the disk or card",
    EpochReason.REPLACED: "the file was deleted or replaced by another",
    EpochReason.RENAMED: "gateway.id has changed",
    EpochReason.AHEAD: "the numbers were used before, as after the restoration of a backup",
    EpochReason.TWIN: "another gateway uses this gateway's id and numbers: give each an id of its own",
}
#: Why a message of alarm rules was refused as a whole.
_REJECTED: Final[dict[str, str]] = {
    RulesRefusal.TOO_LARGE: "it is too large",
    RulesRefusal.NOT_READABLE: "it cannot be read",
    RulesRefusal.OTHER_GATEWAY: "it is for another gateway",
    RulesRefusal.NOT_SIGNED: "this farm's ingest did not sign it; check broker.ack_key (headland gateway ack-key)",
    RulesRefusal.OLDER: "it is older than the rules in use",
}
_MOST_FLAG_LINES: Final = 20


def silence_sentence(status: AgentStatus, now_ms: int) -> str | None:
    """Return the sentence for a daemon that has not written its status for ten seconds, or None where it has.

    A status from the future counts as silence as well: the clock was set back, and a running daemon would have written.
    """
    age_ms = now_ms - status.time_ms
    if abs(age_ms) <= SILENT_MS:
        return None
    when = f"for {format_age(age_ms)}" if age_ms > 0 else "since this machine's clock was set back"
    return (
        f"gateway {status.gateway} has not written its status {when}: it is not running, or its disk is full or "
        "read-only; the lines above show its last status"
    )


def status_lines(status: AgentStatus, now_ms: int) -> list[str]:
    """Return the lines for a person."""
    software = f"headland {status.software}, " if status.software else ""
    who = f"{status.gateway} ({software}pid {status.pid}), up for {format_age(status.time_ms - status.started_ms)}"
    lines = [
        ("gateway", who),
        ("uplink", uplink_sentence(status.uplink, now_ms)),
        ("last ack", _last_ack(status.uplink, now_ms)),
        ("spool", _depth(status.spool, now_ms)),
        ("dropped", _losses(status)),
    ]
    epoch = epoch_sentence(status, now_ms)
    if epoch is not None:
        lines.append(("epoch", epoch))
    lines += [("" if at else "ALARMS", alarm_sentence(alarm)) for at, alarm in enumerate(status.alarms)]
    if status.rules is not None:
        lines.append(("rules", rules_sentence(status.rules, now_ms)))
    texts = [text for source in status.sources for text in (_source(source), *_remarks(source))]
    lines += [("" if at else "sources", text) for at, text in enumerate(texts)]
    if not status.sources:
        lines.append(("sources", "none: edge.toml has no [[source]]"))
    lines += [("" if at else "threads", text) for at, text in enumerate(_threads(status))]
    lines += [("" if at else "flags", text) for at, text in enumerate(_flags(status))]
    return [f"{label:<{_LABEL}}{text}" for label, text in lines]


def uplink_sentence(uplink: UplinkStatus, now_ms: int) -> str:
    """Return in one sentence whether and how the gateway reaches the broker and the store."""
    if not uplink.connected:
        return f"not connected: {uplink.detail}" if uplink.detail else "not connected"
    if uplink.detail:
        return uplink.detail
    if uplink.delete_on == "puback":
        return "connected; records are deleted when the broker has them, which does not prove that they are stored"
    if uplink.overdue_ms is not None:
        waits = format_age(now_ms - uplink.overdue_ms)
        return (
            f"connected, but no commit ack for {waits}: nothing is stored there; the records remain here and are sent"
            " again"
        )
    return "connected; the store commits the records"


def format_age(age_ms: int) -> str:
    """Return a duration for a person: in its largest unit with one decimal."""
    age_s = max(0, age_ms) / 1000
    for seconds, unit in _UNITS:
        if age_s >= seconds:
            return f"{age_s / seconds:.1f} {unit}"
    return f"{age_s:.1f} s"


def format_bytes(size: int) -> str:
    """Return a size for a person."""
    for factor, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _last_ack(uplink: UplinkStatus, now_ms: int) -> str:
    if uplink.delete_on == "puback":
        return f"not used; the broker accepted all up to record {uplink.acked_seq or 0:,}"
    if uplink.acked_seq is None or uplink.acked_ms is None:
        return "none received since the daemon started"
    return f"up to record {uplink.acked_seq:,}, {format_age(now_ms - uplink.acked_ms)} ago"


def _depth(spool: SpoolStatus, now_ms: int) -> str:
    trouble = f"; NOT ACCEPTING DATA: {spool.trouble}" if spool.trouble else ""
    if not spool.records:
        return f"empty: the store has everything{trouble}"
    oldest = "" if spool.oldest_ms is None else f", the oldest of {format_age(now_ms - spool.oldest_ms)} ago"
    return f"{spool.records:,} records wait for their commit ack, {format_bytes(spool.bytes)}{oldest}{trouble}"


def epoch_sentence(status: AgentStatus, now_ms: int) -> str | None:
    """Return why the epoch in use began and what a person may do, or None where it is the first of its spool."""
    spool = status.spool
    if spool.epoch_ms is None or spool.epoch_reason == EpochReason.NEW:
        return None
    why = _EPOCH_REASONS.get(spool.epoch_reason, spool.epoch_reason)
    return f"{status.epoch} began {format_age(now_ms - spool.epoch_ms)} ago, renewal {spool.renewals}: {why}"


def alarm_sentence(alarm: RaisedAlarm) -> str:
    """Return an active alarm for a person; its times are the data's, in UTC."""
    if alarm.condition == "silent":
        what = f"no {alarm.channel} for {format_age(round(alarm.value * 1000))}"
    else:
        what = f"{alarm.channel} {alarm.value:.4g} {alarm.unit}, {alarm.condition} {alarm.threshold:g} {alarm.unit}"
    estimated = " (surface estimated)" if alarm.estimated else ""
    begun, raised = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (alarm.since_ms, alarm.raised_ms))
    since = f"since {begun:%Y-%m-%d %H:%M:%S} UTC, raised {raised:%H:%M:%S}"
    text = f": {alarm.text}" if alarm.text else ""
    return f"{alarm.severity} {alarm.rule} at {alarm.device}: {what}{estimated}, {since}{text}"


def rules_sentence(rules: RulesReport, now_ms: int) -> str:
    """Return which alarm rules of the farm the gateway evaluates, and what it refused."""
    if rules.own:
        return "those of edge.toml alone"
    if not rules.revision:
        text = "none of the farm received yet: those of edge.toml"
    else:
        text = f"{rules.applied} of the farm, revision {rules.revision}"
        text += "" if rules.since_ms is None else f", for {format_age(now_ms - rules.since_ms)}"
    if rules.replaced:
        text += f"; instead of those of edge.toml: {_names(rules.replaced, rules.replaced_names)}"
    if rules.refused:
        text += f"; CANNOT EVALUATE {_names(rules.refused, rules.refused_names)}"
    if rules.rejected:
        text += f"; a newer message was REFUSED: {_REJECTED.get(rules.rejected, rules.rejected)}"
    return f"{text}; NOT ON THE DISK YET" if rules.unsaved else text


def _names(count: int, names: Sequence[str]) -> str:
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{', '.join(names)}{more}"


def _flags(status: AgentStatus) -> list[str]:
    """Return a line for each channel that has flagged samples, the first of many."""
    by_channel: dict[str, list[str]] = {}
    for count in status.flags:
        counts = by_channel.setdefault(f"{count.device} {count.channel}", [])
        counts.append(f"{count.test} {count.flag} {count.samples:,}")
    lines = [f"{channel}: {', '.join(counts)}" for channel, counts in by_channel.items()]
    more = len(lines) - _MOST_FLAG_LINES
    return lines if more <= 0 else [*lines[:_MOST_FLAG_LINES], f"and {more} more channels: --json shows all"]


def _losses(status: AgentStatus) -> str:
    """Return the losses so far: of the full spool, and of the queue in memory before it."""
    losses = []
    if status.spool.thinned_points:
        losses.append(f"{status.spool.thinned_points:,} samples thinned out of stored records")
    if status.spool.dropped_records:
        losses.append(f"{status.spool.dropped_records:,} records with {status.spool.dropped_points:,} samples")
    if status.spool.shortened_records:
        losses.append(f"{status.spool.shortened_records:,} accepted records found missing in the spool's file")
    lost = status.intake.get("lost_messages", 0)
    if lost:
        events = status.intake.get("lost_events", 0)
        losses.append(f"{lost:,} messages with {events:,} events while the disk accepted nothing")
    return "; ".join(losses) or "nothing"


def _threads(status: AgentStatus) -> list[str]:
    """Return a line with the age of each thread's last success, and one for each that is at fault."""
    if not status.threads:
        return []
    ages = ", ".join(f"{thread.name} {format_age(round(thread.success_age_s * 1000))}" for thread in status.threads)
    left_out = sum(thread.item_failures + thread.failures for thread in status.threads)
    failed = f"; {left_out:,} failures since the start" if left_out else ""
    return [f"last success {ages} ago{failed}", *faults_of(status.threads)]


def _remarks(source: SourceStatus) -> list[str]:
    """Return what a source says beyond its counters."""
    return [f"  WARNING {text}" for text in source.warnings] + [f"  {text}" for text in source.notes]


def _source(source: SourceStatus) -> str:
    text = f"{source.name} ({source.type}) {'runs' if source.running else 'does not run'}"
    if source.restarts:
        text += f", restarted {source.restarts} times, last error: {source.last_error}"
    shown = [f"{name} {count:,}" for name, count in source.counters.items() if count]
    return f"{text}: {', '.join(shown)}" if shown else f"{text}: nothing read yet"
