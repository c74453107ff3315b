"""Reports of a chaos test: one line per round, the table at the end, and the results as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from station.chaos.rounds import ChaosSettings, Round
from station.chaos.soak import SoakResult

_COLUMNS = (
    "round",
    "fault",
    "sent",
    "stored",
    "lost",
    "duplicated",
    "not accepted",
    "quarantined",
    "delivery",
    "recovered s",
)


def make_table(rounds: Sequence[Round], seed: int) -> Table:
    """Return the table of all rounds, with sums in the last row."""
    table = Table(title=f"headland chaos, seed {seed}", show_footer=len(rounds) > 1)
    sums = [sum(_counts(finished)[index] for finished in rounds) for index in range(6)]
    times = [finished.recover_s for finished in rounds if finished.recover_s is not None]
    foot = ["", f"{len(rounds)} rounds", *map(str, sums), "", f"at most {max(times, default=0.0):.1f}"]
    for name, last in zip(_COLUMNS, foot, strict=True):
        table.add_column(name, footer=last, justify="left" if name in ("fault", "delivery") else "right")
    for finished in rounds:
        recovered = "never" if finished.recover_s is None else f"{finished.recover_s:.1f}"
        cells = [str(finished.number), finished.fault, *map(str, _counts(finished)), _delivery(finished), recovered]
        table.add_row(*cells, style="" if finished.is_sound else "bold red")
    return table


def print_round(console: Console, finished: Round) -> None:
    """Print the result of a round as far as the API shows it."""
    counts = dict(zip(_COLUMNS[2:8], _counts(finished), strict=True))
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    console.print(
        f"round {finished.number}: {finished.fault}: {words}",
        style="" if finished.is_sound else "bold red",
        highlight=False,
    )
    for sentence in finished.trouble:
        console.print(f"  {sentence}", style="red", highlight=False)
    for sentence in finished.late:
        console.print(f"  late: {sentence}", style="yellow", highlight=False)


def write_json(path: Path, settings: ChaosSettings, broker: str, rounds: Sequence[Round]) -> None:
    """Write all results to a file. Raises OSError."""
    content = {
        "seed": settings.seed,
        "broker": broker,
        "freeze_s": settings.freeze_s,
        "sound": all(finished.is_sound for finished in rounds),
        "decided": all(finished.is_decided for finished in rounds),
        "rounds": [_as_dict(finished) for finished in rounds],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def make_soak_table(result: SoakResult) -> Table:
    """Return the results of a soak test, one figure per line."""
    table = Table(title="headland chaos --soak", show_header=False)
    memory = result.memory_mb or [0.0]
    for name, value in (
        ("simulated hours", f"{result.hours:g}"),
        ("gateways", str(result.gateways)),
        ("messages", f"{result.records:,}"),
        ("points", f"{result.points:,}"),
        ("seconds", f"{result.seconds:.0f}"),
        ("points/s to commit", f"{result.points / max(result.seconds, 0.1):,.0f}"),
        ("sent again", f"{result.resends:,} times"),
        ("lost", str(result.lost)),
        ("duplicated", str(result.duplicated)),
        ("station's memory", f"{memory[len(memory) // 4]:.0f} MB at a quarter, {memory[-1]:.0f} MB at the end"),
        ("memory, last quarter to second", f"{result.growth:.2f}"),
    ):
        table.add_row(name, value)
    return table


def _as_dict(finished: Round) -> dict[str, Any]:
    names = [name.replace(" ", "_") for name in _COLUMNS[2:8]]
    return {
        "round": finished.number,
        "fault": finished.fault,
        **dict(zip(names, _counts(finished), strict=True)),
        "unread": finished.verdict.unread,
        "unsaved": finished.verdict.unsaved,
        "lost_numbers": finished.verdict.lost[:1000],
        "duplicated_numbers": finished.verdict.duplicated[:1000],
        "recover_s": finished.recover_s,
        "delivery": None if finished.delivery is None else dataclasses.asdict(finished.delivery),
        "trouble": finished.trouble,
        "late": finished.late,
        "waiting": finished.waiting,
    }


def _counts(finished: Round) -> list[int]:
    verdict = finished.verdict
    not_accepted = verdict.unread + verdict.unsaved
    return [
        verdict.sent,
        verdict.stored,
        len(verdict.lost),
        len(verdict.duplicated),
        not_accepted,
        finished.quarantined,
    ]


def _delivery(finished: Round) -> str:
    if finished.delivery is None or not finished.delivery.asked:
        return "not there"
    return "differs" if finished.delivery.differences else "agrees"
