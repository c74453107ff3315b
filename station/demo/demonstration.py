"""Run of a demonstration: farm, way, papers, and the proof that is checked once the farm has stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from headland.client import Client
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, SettingsError
from station.demo import greenhouse, wheat
from station.demo.farm import demonstration_farm, verify_offline
from station.demo.papers import Papers
from station.local.folder import FarmFolder


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A way to walk, and the options of the farm that it needs."""

    farm_options: tuple[str, ...]
    walk: Callable[[Client, Papers, int], dict[str, Any]]


DEMONSTRATIONS: Final[Mapping[str, Demonstration]] = {
    "hubei-greenhouses": Demonstration(greenhouse.FARM_OPTIONS, greenhouse.run),
    "jurong-wheat": Demonstration(wheat.FARM_OPTIONS, wheat.run),
}


def demonstration_named(name: str) -> Demonstration:
    """Return a demonstration; raises SettingsError, which lists the names."""
    if name not in DEMONSTRATIONS:
        names = ", ".join([*DEMONSTRATIONS, "cooperative-season"])
        raise SettingsError(f"Unknown demonstration {name!r}: choose one of {names}.")
    return DEMONSTRATIONS[name]


def run_demonstration(name: str, folder: FarmFolder, papers: Papers, is_stopped: Callable[[], bool]) -> None:
    """Run a demonstration; raises HeadlandError where a step is not as it has to be."""
    chosen = demonstration_named(name)
    papers.tell("title_" + name.replace("-", "_"))
    if not folder.running():
        papers.tell("starting")
    with demonstration_farm(folder, list(chosen.farm_options), is_stopped) as client:
        released = chosen.walk(client, papers, wall_clock_ms())
        papers.tell("released", path=released["link_path"])
    key = (papers.folder / "log-key.txt").read_text().strip()
    checked = verify_offline(papers.folder / "proof.json", key, papers.folder / "checkpoint-kept.txt")
    papers.write("verify.txt", checked.stdout.encode())
    if checked.returncode != 0:
        raise HeadlandError(f"headland verify does not accept the proof: {checked.stdout}{checked.stderr}")
    papers.tell("verified")
    papers.tell("folder", folder=papers.folder, names=", ".join([*papers.names(), "summary.txt"]))
    papers.write_told()
