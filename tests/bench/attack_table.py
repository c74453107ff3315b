"""Table of the attacks at once: tries, refusals and what came of each; and the bars that must hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Upper bounds of a figure, by its name: nothing is lost, health answers, a true alarm arrives.
BARS: Final[Mapping[str, float]] = {
    "lost": 0,
    "doubled": 0,
    "loss_in_delivery": 0,
    "alarms_lost": 0,
    "healthz_p99_ms": 200,
    "alarm_max_s": 10,
    "wrong keys let in": 0,
    "descriptors taken over": 0,
    "alarms of impossible times": 0,
}
#: Kinds of hostile messages, in the order in which they are sent.
MESSAGES: Final = (
    "junk bytes",
    "values of a neighbour's device",
    "a device for each message",
    "a neighbour's descriptor",
    "an alarm of the year 287396",
    "a forged commit ack",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One attack; `refused` is None where the answer to a try cannot be seen by the attacker."""

    attack: str
    tries: int
    refused: int | None
    result: str


def attack_rows(counts: Mapping[str, int], figures: Mapping[str, Any]) -> list[Row]:
    """Return a row for each attack, from the attackers' counts and the figures of the farm after it."""
    safe = f"of {figures['numbers']} numbers {figures['lost']} lost, {figures['doubled']} doubled"
    health = f"/healthz p50 {figures['healthz_p50_ms']} ms, p99 {figures['healthz_p99_ms']} ms"
    results = {
        "junk bytes": "acknowledged, quarantined",
        "values of a neighbour's device": safe,
        "a device for each message": f"{figures['devices of the intruder']} devices stored",
        "a neighbour's descriptor": f"{figures['descriptors taken over']} devices taken over",
        "an alarm of the year 287396": f"{figures['alarms of impossible times']} such alarms; true ones go on",
        "a forged commit ack": f"loss {figures['loss_in_delivery']}: no spool deleted for it",
    }
    rows = [Row(name, counts[f"message: {name}"], None, results[name]) for name in MESSAGES]
    slow, streams, keys, outs, kml = (
        _by_status(counts, name) for name in ("slow read", "stream", "wrong key", "sign out", "KML")
    )
    alarms = (
        f"{figures['alarms']} true alarms, the slowest in {figures['alarm_max_s']} s; lost {figures['alarms_lost']}"
    )
    return [
        *rows,
        Row("45 slow requests of a read key at once", sum(slow.values()), _refused(slow), health),
        Row("100 live streams of a read key", sum(streams.values()), _refused(streams), health),
        Row("wrong keys", sum(keys.values()), _refused(keys), f"{figures['wrong keys let in']} let in"),
        Row(
            "sign-outs of nobody",
            sum(outs.values()),
            _refused(outs),
            f"an admin's requests: p99 {figures['admin_p99_ms']} ms, failed {figures['failed_requests'] or 'none'}",
        ),
        Row("half requests", counts.get("half requests", 0), None, health),
        Row("nested KML", sum(kml.values()), _refused(kml), health),
        Row("recipients that drip and never end", figures["posts to slow recipients"], None, alarms),
    ]


def missed_bars(figures: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each figure above its bar, and where nothing was measured."""
    missed = [f"{name} is {figures[name]}, the bar is {most:g}" for name, most in BARS.items() if figures[name] > most]
    missed += [f"{name} is 0: nothing was tried" for name in ("numbers", "alarms") if not figures[name]]
    return missed


def write_table(rows: list[Row], missed: list[str]) -> str:
    """Return the table as Markdown, with the verdict."""
    lines = ["| attack | tries | refused | result |", "|---|---|---|---|"]
    lines += [f"| {r.attack} | {r.tries} | {'-' if r.refused is None else r.refused} | {r.result} |" for r in rows]
    return "\n".join([*lines, "", *(f"MISSED: {sentence}" for sentence in missed)] if missed else [*lines, "", "held"])


def _by_status(counts: Mapping[str, int], name: str) -> dict[str, int]:
    return {key.rpartition(" ")[2]: count for key, count in counts.items() if key.startswith(f"{name}: ")}


def _refused(by_status: Mapping[str, int]) -> int:
    return sum(count for status, count in by_status.items() if not status.startswith("2"))
