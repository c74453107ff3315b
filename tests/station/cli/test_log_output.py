"""Log records of every process: text or JSON, with time in UTC."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.errors import SettingsError
from station.cli.log_output import JsonFormatter, LogRecordFormat, TextFormatter, configure_from_environment, iso_time
from tests.station.cli.command_line import environment, run

TEXT_RECORD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (WARNING|ERROR|CRITICAL) [\w.]+: .+")


def record(message: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("edge.uplink.mqtt", logging.WARNING, "mqtt.py", 1, message, arguments, info)
    made.created = 1_795_000_200.25
    return made


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_a_time_is_iso_8601_in_utc_with_milliseconds() -> None:
    assert iso_time(0.0) == "1970-01-01T00:00:00.000Z"
    assert iso_time(1_795_000_200.2567) == "2026-11-18T11:10:00.256Z"


def test_a_text_record_is_a_line_with_time_level_logger_and_message() -> None:
    line = TextFormatter().format(record("lost %d records", 3))
    assert line == "2026-11-18T11:10:00.250Z WARNING edge.uplink.mqtt: lost 3 records"


def test_a_json_record_has_one_line_also_with_an_exception() -> None:
    error = ValueError("no such topic\nat all")
    line = JsonFormatter("edge").format(record("lost %d records", 3, error=error))
    assert "\n" not in line
    fields = json.loads(line)
    assert "ValueError: no such topic" in fields.pop("exception")
    assert fields == {
        "time": "2026-11-18T11:10:00.250Z",
        "level": "WARNING",
        "logger": "edge.uplink.mqtt",
        "part": "edge",
        "message": "lost 3 records",
    }


def test_a_second_configuration_replaces_the_first(root: logging.Logger) -> None:
    configure_from_environment("headland", {})
    first = root.handlers[-1]
    others = root.handlers[:-1]
    configure_from_environment("headland", {"HEADLAND_LOG_FORMAT": "json", "HEADLAND_LOG": "info"})
    assert isinstance(first.formatter, TextFormatter)
    assert root.handlers[:-1] == others
    assert isinstance(root.handlers[-1].formatter, JsonFormatter)
    assert root.level == logging.INFO


@pytest.mark.parametrize("environ", [{"HEADLAND_LOG_FORMAT": "xml"}, {"HEADLAND_LOG": "LOUD"}])
def test_an_unknown_format_or_level_is_refused(root: logging.Logger, environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="must be"):
        configure_from_environment("headland", environ)


def test_the_error_that_ends_a_service_is_a_record_where_logs_are_json(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("not toml at all")
    text = run("edge", "run", "-c", str(config))
    assert text.stderr.startswith("headland: ")
    for done in (
        run("edge", "run", "-c", str(config), "--log-format", "json"),
        run("edge", "run", "-c", str(config), HEADLAND_LOG_FORMAT="json"),
    ):
        (line,) = done.stderr.splitlines()
        fields = json.loads(line)
        assert (fields["level"], fields["part"]) == ("CRITICAL", "edge")
        assert f"headland: {fields['message']}" == text.stderr.strip()
        assert done.returncode == 2


def test_an_unknown_format_in_the_environment_is_a_wrong_setting() -> None:
    done = run("edge", "run", "-c", "edge.toml", HEADLAND_LOG_FORMAT="xml")
    assert done.returncode == 2
    assert done.stderr == "headland: HEADLAND_LOG_FORMAT is 'xml'; it must be text or json.\n"


@pytest.mark.parametrize("log_format", list(LogRecordFormat))
def test_warnings_and_uncaught_exceptions_of_all_threads_are_records(log_format: LogRecordFormat) -> None:
    script = """
import os, threading, warnings
from station.cli.log_output import configure_from_environment, log_uncaught_exceptions
configure_from_environment("edge", os.environ)
log_uncaught_exceptions()
warnings.warn("old pump")
def fail(): raise KeyError("valve")
thread = threading.Thread(target=fail, name="pump")
thread.start()
thread.join()
raise OSError("no disk")
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env=environment(HEADLAND_LOG_FORMAT=log_format.value),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    if log_format is LogRecordFormat.JSON:
        warning, thread, main = map(json.loads, done.stderr.splitlines())
        assert "old pump" in warning["message"]
        assert "thread pump" in thread["message"]
        assert "KeyError: 'valve'" in thread["exception"]
        assert "OSError: no disk" in main["exception"]
    else:
        records = [line for line in done.stderr.splitlines() if TEXT_RECORD.fullmatch(line)]
        assert len(records) == 3
        assert "OSError: no disk" in done.stderr
