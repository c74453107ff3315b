"""The systemd units: sound in systemd's own eyes, confined, and with options that there are."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from station.cli.app import app

UNITS = sorted((Path(__file__).resolve().parents[2] / "deploy" / "systemd").glob("*.service"))


@pytest.mark.services("systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("headland")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/headland/bin/headland", str(program))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    made = [str(tmp_path / unit.name) for unit in UNITS]
    assert len(made) == 4
    done = subprocess.run(["systemd-analyze", "verify", *made], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "headland" in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.services("systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_rates_the_exposure_of_a_unit_below_two(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_as_a_plain_user_comes_back_and_calls_what_there_is(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    for line in ("User=headland", "Restart=always", "NoNewPrivileges=yes", "ProtectSystem=strict", "Type=notify"):
        assert line in text
    assert re.search(r"(?m)^WatchdogSec=\d+$", text)
    assert not re.search(r"(?im)^Environment=.*(password|token)", text)
    command = re.search(r"^ExecStart=/opt/headland/bin/headland (.*)$", text, re.MULTILINE)
    assert command is not None
    words = [word.replace("${HEADLAND_BROKER}", "127.0.0.1:1883") for word in shlex.split(command[1]) if word[0] != "$"]
    group: Any = typer.main.get_command(app)
    while isinstance(group, typer.core.TyperGroup):
        group = group.commands[words.pop(0)]
    group.make_context("headland", words)
