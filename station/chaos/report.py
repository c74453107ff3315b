"""What a person reads: a line a round while it runs, the table at the end; and the same as JSON."""

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
    """Return the table of all rounds, with a last row of sums."""
    table = Table(title=f"headland chaos, seed {seed}", show_footer=len(rounds) > 1)
    sums = [sum(_counts(one)[index] for one in rounds) for index in range(6)]
    times = [one.recover_s for one in rounds if one.recover_s is not None]
    foot = ["", f"{len(rounds)} rounds", *map(str, sums), "", f"at most {max(times, default=0.0):.1f}"]
    for name, last in zip(_COLUMNS, foot, strict=True):
        table.add_column(name, footer=last, justify="left" if name in ("fault", "delivery") else "right")
    for one in rounds:
        recovered = "never" if one.recover_s is None else f"{one.recover_s:.1f}"
        cells = [str(one.number), one.fault, *map(str, _counts(one)), _delivery(one), recovered]
        table.add_row(*cells, style="" if one.is_sound else "bold red")
    return table


def print_round(console: Console, one: Round) -> None:
    """Say how a round went, as far as the API shows it."""
    counts = dict(zip(_COLUMNS[2:8], _counts(one), strict=True))
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    console.print(
        f"round {one.number}: {one.fault}: {words}", style="" if one.is_sound else "bold red", highlight=False
    )
    for sentence in one.trouble:
        console.print(f"  {sentence}", style="red", highlight=False)


def write_json(path: Path, settings: ChaosSettings, broker: str, rounds: Sequence[Round]) -> None:
    """Write all that is known of the rounds. Raises OSError."""
    content = {
        "seed": settings.seed,
        "broker": broker,
        "freeze_s": settings.freeze_s,
        "sound": all(one.is_sound for one in rounds),
        "rounds": [_as_dict(one) for one in rounds],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def make_soak_table(result: SoakResult) -> Table:
    """Return what came of a soak, one figure a line."""
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


def _as_dict(one: Round) -> dict[str, Any]:
    names = [name.replace(" ", "_") for name in _COLUMNS[2:8]]
    return {
        "round": one.number,
        "fault": one.fault,
        **dict(zip(names, _counts(one), strict=True)),
        "unread": one.verdict.unread,
        "unsaved": one.verdict.unsaved,
        "lost_numbers": one.verdict.lost[:1000],
        "duplicated_numbers": one.verdict.duplicated[:1000],
        "recover_s": one.recover_s,
        "delivery": None if one.delivery is None else dataclasses.asdict(one.delivery),
        "trouble": one.trouble,
    }


def _counts(one: Round) -> list[int]:
    verdict = one.verdict
    not_accepted = verdict.unread + verdict.unsaved
    return [verdict.said, verdict.stored, len(verdict.lost), len(verdict.duplicated), not_accepted, one.quarantined]


def _delivery(one: Round) -> str:
    if one.delivery is None or not one.delivery.asked:
        return "not there"
    return "differs" if one.delivery.differences else "agrees"
