from __future__ import annotations

import pytest

from tests.station.cli.command_line import call


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--scenario", "nowhere", "Unknown greenhouse scenario 'nowhere': choose one of chongqing-film, "),
        ("--lines-pty", "xml:port", "Unknown line format 'xml': choose one of json, csv, kv"),
        ("--mqtt-kind", "homie", "Unknown kind of MQTT device homie: choose from esphome, "),
        ("--weather", "none.csv", "The weather file none.csv cannot be read"),
    ],
)
def test_a_greenhouse_that_cannot_be_is_refused_with_one_sentence(option: str, value: str, sentence: str) -> None:
    done = call("sim", "greenhouse", "--modbus-port", "0", option, value)
    assert done.returncode == 2
    assert done.stderr.startswith("headland: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
