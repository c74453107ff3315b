"""A service reads its options itself, and means the same as the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer.main

from station.cli.app import app
from station.cli.commands.services.edge_run import edge_run
from station.cli.commands.services.station import station
from station.cli.commands.simulation.simulators import sim_drone, sim_greenhouse
from station.cli.commands.up import BrokerChoice, up
from station.cli.log_output import LOG_FORMAT, LogRecordFormat
from station.cli.main import _SERVICES, find_service, function_of
from station.cli.words import _described, read_words
from station.server.storage.stores import STORE_URL


def typer_command(words: list[str]) -> Any:
    """Return typer's command of a service."""
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    return command


def value_for(kind: Any) -> list[str]:
    """Return the words after the name of an option of a type; of several values the last."""
    if kind is bool:
        return []
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [list(kind)[-1].value]
    return ["7" if kind in (int, float) else "x:7"]


@pytest.mark.parametrize("service", sorted(_SERVICES))
def test_each_option_of_a_service_is_read_as_typer_reads_it(service: str) -> None:
    command, function = typer_command(service.split()), function_of(service)
    signature = inspect.signature(function, eval_str=True).parameters
    defaults = {name: each.default for name, each in signature.items() if each.default is not each.empty}
    values = {name: value_for(_described(each).kind) for name, each in signature.items()}
    options = [each for each in command.params if each.name in signature]
    assert {each.name for each in options} == set(signature)
    required = [word for each in options if each.required for word in (each.opts[0], *values[each.name])]
    asked: dict[str, Any] = {}
    with patch.object(command, "callback", lambda **given: asked.update(given)):
        for option in options:
            for name in (*option.opts, *option.secondary_opts):
                words = [*required, name, *values[option.name]]
                asked.clear()
                command.main(list(words), standalone_mode=False)
                found = read_words(function, words, {})
                assert found is not None, words
                # typer's own wrapper makes lists of these tuples, and nothing of an empty one
                lists = {key: list(value) or None for key, value in asked.items() if isinstance(value, tuple)}
                assert defaults | found == asked | lists, words


@pytest.mark.parametrize(
    ("function", "words", "arguments"),
    [
        (edge_run, ["-c", "a.toml"], {"config": Path("a.toml")}),
        (edge_run, ["--config=a=b.toml"], {"config": Path("a=b.toml")}),
        (up, ["--no-past", "--broker", "iotcore"], {"past": False, "broker": BrokerChoice.IOTCORE}),
        (up, ["--broker-name", "a", "--broker-name", "b"], {"broker_name": ["a", "b"]}),
        (sim_drone, ["--speed", "2", "--idle", "--speed", "4"], {"speed": 4.0, "idle": True}),
        (sim_greenhouse, ["--modbus-port", "0"], {"port": 0}),
    ],
)
def test_plain_words_are_read(function: Callable[..., None], words: list[str], arguments: dict[str, Any]) -> None:
    assert read_words(function, words, {}) == arguments


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (edge_run, []),  # --config is required
        (edge_run, ["--help"]),
        (edge_run, ["-c"]),
        (edge_run, ["-c=a.toml"]),
        (edge_run, ["-c", "a.toml", "more"]),
        (edge_run, ["-c", "a.toml", "--log-format", "xml"]),
        (up, ["--port", "eighty"]),
        (up, ["--port", "-1"]),
        (up, ["--no-sim=1"]),
        (up, ["--por", "8000"]),
    ],
)
def test_mistakes_and_unusual_words_are_left_to_typer(function: Callable[..., None], words: list[str]) -> None:
    assert read_words(function, words, {}) is None


def test_an_option_that_is_not_given_is_read_from_its_variable() -> None:
    environ = {STORE_URL: "influx://db", LOG_FORMAT: "json"}
    assert read_words(station, [], environ) == {"store": "influx://db", "log_format": LogRecordFormat.JSON}
    assert read_words(station, ["--store", "a.duckdb"], environ) == {
        "store": "a.duckdb",
        "log_format": LogRecordFormat.JSON,
    }
    assert read_words(station, [], {STORE_URL: "", LOG_FORMAT: ""}) == {}


def test_a_variable_for_a_flag_is_left_to_typer() -> None:
    assert read_words(up, [], {"HEADLAND_PAST": "0"}) is None
    assert read_words(up, ["--past"], {"HEADLAND_PAST": "0"}) == {"past": True}


def test_other_commands_are_left_to_typer() -> None:
    for words in ([], ["--version"], ["edge"], ["edge", "check"], ["doctor"], ["sim"]):
        assert find_service(words, {}) is None
