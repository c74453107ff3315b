"""MAVSDK's whole public API against the simulated drone: each method answers what the documentation says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.floors.modules import ROOT
from tests.services.mavsdk_calls import list_methods
from tests.services.mavsdk_walk import CALLED, OUTCOMES
from tests.services.test_ground_stations import drone

PAGE: Final = ROOT / "docs" / "reference" / "mavsdk.md"
#: The word in the table for a method that is not called, with the reason beside it.
NOT_CALLED: Final = "not called"
#: The walk takes ten seconds; a busy machine may need more.
DEADLINE_S: Final = 300


def documented() -> dict[str, str]:
    """Return `plugin.method` -> answer by the tables of the page."""
    answers: dict[str, str] = {}
    for row in re.findall(r"^\| `(\w+)` \| (`[^|]+`) \| ([^|]+) \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.M):
        plugin, methods, answer = row
        for method in re.findall(r"`(\w+)`", methods):
            assert f"{plugin}.{method}" not in answers, f"{plugin}.{method} is on the page twice"
            answers[f"{plugin}.{method}"] = answer.replace("`", "")
    return answers


def test_every_method_of_mavsdk_is_on_the_page_and_no_other() -> None:
    assert set(documented()) == set(list_methods())


@pytest.mark.parametrize("plugin", ["action", "mission_raw", "telemetry", "camera_server"])
def test_the_methods_are_found_in_its_source(plugin: str) -> None:
    assert len([key for key in list_methods() if key.startswith(f"{plugin}.")]) > 15


def walk(port: int, folder: Path, expected: dict[str, str]) -> dict[str, str]:
    """Call the expected methods on a new drone, and return what came of those that differ."""
    folder.mkdir()
    (folder / CALLED).write_text(json.dumps(sorted(expected)))
    command = [sys.executable, "-m", "tests.services.mavsdk_walk", str(port), str(folder)]
    with drone(port, folder):
        subprocess.run(command, check=True, cwd=ROOT, timeout=DEADLINE_S)
    outcomes: dict[str, str] = json.loads((folder / OUTCOMES).read_text())
    assert set(expected) <= set(outcomes)
    return {key: outcomes[key] for key, answer in expected.items() if outcomes[key] not in answer.split(" or ")}


@pytest.mark.long
def test_each_call_answers_as_the_page_says(new_port: Callable[[], int], tmp_path: Path) -> None:
    expected = {key: answer for key, answer in documented().items() if answer != NOT_CALLED}
    differences = walk(new_port(), tmp_path / "first", expected)
    for attempt in ("second", "third"):
        if differences:
            # On a busy machine MAVSDK gives up waiting for one call or another: what differs each time is a difference.
            again = walk(new_port(), tmp_path / attempt, {key: expected[key] for key in differences})
            differences = {key: outcome for key, outcome in differences.items() if key in again}
    assert differences == {}
