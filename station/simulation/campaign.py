"""Campaign of simulated farms: one seed after the other, the sums by fault, and the command that repeats a failure."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, TextIO

from station.simulation.machines.store import StoreEngine
from station.simulation.world import RUN_HOURS, RunResult, RunSettings, run_world

_LOGGER = logging.getLogger(__name__)

_MIXED: Final = "several"
#: The columns of the printed table; the JSON file has all figures.
_COLUMNS: Final = ("faults", "accepted", "stored", "kept", "lost", "said", "no trace", "unsaid", "doubled")


@dataclass(slots=True)
class FaultSums:
    """Sums of the runs with one fault, or with several."""

    runs: int = 0
    hours: float = 0.0
    faults: int = 0
    accepted: int = 0
    stored: int = 0
    on_disk: int = 0
    quarantined: int = 0
    dropped: int = 0
    expired: int = 0
    lost: int = 0
    said: int = 0
    untraced: int = 0
    unsaid: int = 0
    doubled: int = 0
    wrongly_said: int = 0

    def add(self, result: RunResult) -> None:
        """Add a run."""
        self.runs += 1
        self.hours += result.hours
        self.faults += sum(result.faults.values())
        for verdict in result.verdicts:
            self.accepted += verdict.accepted
            self.stored += verdict.stored
            self.on_disk += verdict.on_disk
            self.quarantined += verdict.quarantined
            self.dropped += verdict.dropped
            self.expired += verdict.expired
            self.lost += len(verdict.lost)
            self.said += verdict.said
            self.untraced += verdict.untraced
            self.unsaid += len(verdict.unsaid)
            self.wrongly_said += len(verdict.wrongly_said)
            self.doubled += len(verdict.doubled)

    def row(self) -> list[int]:
        """Return the figures of `_COLUMNS`; kept is on a gateway's disk, in quarantine, dropped as said, or expired."""
        kept = self.on_disk + self.quarantined + self.dropped + self.expired
        return [
            self.faults, self.accepted, self.stored, kept, self.lost, self.said, self.untraced, self.unsaid,
            self.doubled,
        ]  # fmt: skip


@dataclass(slots=True)
class Campaign:
    """Result of a campaign."""

    seed: int
    hours: float
    faults: Sequence[str]
    sums: dict[str, FaultSums] = field(default_factory=dict)
    failures: list[RunResult] = field(default_factory=list)
    seconds: float = 0.0
    engine: StoreEngine = "memory"

    @property
    def is_sound(self) -> bool:
        """Whether the delivery guarantee held in every run."""
        return not self.failures


def run_campaign(
    seed: int,
    hours: float,
    faults: Sequence[str],
    report: Callable[[RunResult], None],
    *,
    engine: StoreEngine = "memory",
    lines_to: TextIO | None = None,
    most_failures: int = 10,
) -> Campaign:
    """Run seeds from `seed` on until `hours` are simulated or `most_failures` runs have failed."""
    campaign = Campaign(seed, hours, faults, engine=engine)
    began_s = time.perf_counter()
    left, number = hours, seed
    while left > 0 and len(campaign.failures) < most_failures:
        settings = RunSettings(number, min(left, RUN_HOURS), tuple(faults), engine)
        try:
            result = run_world(settings, lines_to)
        except Exception as error:
            _LOGGER.exception("seed %d broke", number)
            result = RunResult(number, settings.hours, trouble=[f"{type(error).__name__}: {error}"])
        name = next(iter(result.chosen)) if len(result.chosen) == 1 else _MIXED
        campaign.sums.setdefault(name, FaultSums()).add(result)
        if not result.is_sound:
            campaign.failures.append(result)
        report(result)
        left, number = left - result.hours, number + 1
    campaign.hours = hours - max(0.0, left)
    campaign.seconds = time.perf_counter() - began_s
    return campaign


def replay_command(campaign: Campaign, result: RunResult, all_faults: Sequence[str]) -> str:
    """Return the command that repeats a run."""
    words = ["headland simulate", f"--seed {result.seed}", f"--hours {result.hours:g}"]
    if campaign.engine != "memory":
        words.append(f"--store {campaign.engine}")
    if list(campaign.faults) != list(all_faults):
        words.append(f"--faults {','.join(campaign.faults)}")
    return " ".join(words)


def format_table(campaign: Campaign) -> str:
    """Return the sums by fault as text; the last line is the sum of all."""
    lines: list[tuple[str, ...]] = [("fault", *_COLUMNS)]
    total = [0] * len(_COLUMNS)
    for name, sums in sorted(campaign.sums.items()):
        row = sums.row()
        total = [before + value for before, value in zip(total, row, strict=True)]
        lines.append((name, *(str(value) for value in row)))
    lines.append(("all", *(str(value) for value in total)))
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(f"  {word:>{width}}" for word, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def write_json(path: Path, campaign: Campaign) -> None:
    """Write the sums and the failures. Raises OSError."""
    content = {
        "seed": campaign.seed,
        "store": campaign.engine,
        "hours": campaign.hours,
        "seconds": round(campaign.seconds, 1),
        "sound": campaign.is_sound,
        "faults": {name: asdict(sums) for name, sums in sorted(campaign.sums.items())},
        "failures": [
            {"seed": failure.seed, "hours": failure.hours, "why": failure.sentences()} for failure in campaign.failures
        ],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
