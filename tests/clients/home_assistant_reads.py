"""The core of Home Assistant takes a farm in, and its recorder stays small: `make clients-test`.

Not a part of `make test`: it installs Home Assistant from PyPI into build/home-assistant (400 MB), which needs Python
3.13, and runs a farm for minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.floors.modules import ROOT

#: The newest for Python 3.13, which Debian 13 has; 2026.3 and newer need 3.14.
VERSION: Final = "2026.2.3"
VENV: Final = ROOT / "build" / "home-assistant"
SESSION: Final = Path(__file__).with_name("home_assistant_session.py")
BIN: Final = Path(sys.executable).parent
#: Longer than the five minutes after which the first statistics are made.
LASTS_S: Final = 330
DAY_S: Final = 86_400
#: Rows of statistics of a sensor in a day: one in five minutes, and one an hour.
STATISTICS_A_DAY: Final = 288 + 24
MOST_MB_A_DAY: Final = 20.0


@dataclass(frozen=True)
class Taken:
    """What Home Assistant found, and the devices of the farm."""

    found: dict[str, Any]
    farm: Path


def _python() -> Path:
    """Return the Python with Home Assistant, installed where it is missing."""
    python = VENV / "bin" / "python"
    if not (VENV / VERSION).exists():
        shutil.rmtree(VENV, ignore_errors=True)
        uv = str(BIN / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", "3.13", str(VENV)], check=True)
        needed = [f"homeassistant=={VERSION}", "paho-mqtt"]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *needed], check=True)
        (VENV / VERSION).touch()
    return python


def _documented_templates() -> str:
    """Return the templates of the weather entity as the documentation has them."""
    page = (ROOT / "docs" / "how-to" / "other-programs.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(template:\n.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    python, folder = _python(), tmp_path_factory.mktemp("farm")
    environ = {**os.environ, "HEADLAND_HOME_ASSISTANT": "homeassistant", "HEADLAND_DATA": str(folder)}
    words = [str(BIN / "headland"), "up", "--no-past", "--port", "0"]
    with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as farm:
        assert farm.stdout is not None
        try:
            said = []
            for line in farm.stdout:
                said.append(line)
                if line.startswith("Ready"):
                    break
            address = next(line.split()[-1] for line in said if line.split()[:1] == ["broker"])
            password = (folder / "secrets" / "home-assistant").read_text().strip()
            templates = folder / "templates.yaml"
            templates.write_text(_documented_templates().replace("forecast_home", "forecast_jurong"), encoding="utf-8")
            session = [str(python), str(SESSION), *address.split(":"), "home-assistant", password, str(LASTS_S)]
            session.append(str(templates))
            done = subprocess.run(session, capture_output=True, text=True, check=False, timeout=LASTS_S + 200)
            assert done.returncode == 0, done.stdout + done.stderr
            yield Taken(json.loads(done.stdout.splitlines()[-1]), folder)
        finally:
            farm.send_signal(signal.SIGINT)
            farm.stdout.read()


@pytest.mark.timeout(900)
def test_it_takes_every_device_and_channel_without_a_complaint(taken: Taken) -> None:
    assert taken.found["complaints"] == []
    assert taken.found["entry"] == "loaded"
    # A drone and the compartments of the greenhouse, each with its channels, an alarm and a data problem; the forecast.
    assert len(taken.found["devices"]) == 5
    assert sum(one.endswith("_alarm") for one in taken.found["unique_ids"]) == 4
    assert sum(one.endswith("_data_problem") for one in taken.found["unique_ids"]) == 4
    assert len(taken.found["unique_ids"]) > 100


def test_the_documented_templates_make_a_weather_entity_with_its_licence(taken: Taken) -> None:
    entity = taken.found["weather"]["weather.farm"]
    assert len(entity["hours"]) == 48
    assert {"datetime", "temperature", "humidity", "wind_speed"} <= set(entity["hours"][0])
    assert "simulated" in entity["attributes"]["attribution"].lower()


def test_what_is_shown_has_a_value(taken: Taken) -> None:
    assert taken.found["with_value"] == taken.found["enabled"]


def test_its_recorder_grows_by_less_than_20_mb_a_day(taken: Taken) -> None:
    found, row_bytes = taken.found, taken.found["row_bytes"]
    assert found["attributes"] <= found["enabled"] + 1  # none with each change
    states_a_day = found["states"] / found["lasted_s"] * DAY_S
    statistics_a_day = found["with_statistics"] * STATISTICS_A_DAY
    states_mb = states_a_day * row_bytes["states"] / 1e6
    statistics_mb = statistics_a_day * row_bytes["statistics_short_term"] / 1e6
    print(
        f"{states_a_day:,.0f} rows of states a day of {row_bytes['states']:.0f} bytes, {statistics_a_day:,.0f} of"
        f" statistics of {row_bytes['statistics_short_term']:.0f}: {states_mb:.1f} and {statistics_mb:.1f} MB"
    )
    assert states_mb + statistics_mb < MOST_MB_A_DAY
