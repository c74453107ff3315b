from __future__ import annotations

import pytest

from tests.station.cli.command_line import call


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--fault", "lose=2", "'lose=2' is not a fault of a drone: choose lose="),
        ("--scenario", "nowhere", "Unknown field scenario 'nowhere': choose one of chongqing-terrace, demo"),
        ("--connect", "nonsense", "'nonsense' is not a link: write udpout:HOST:PORT"),
        ("--fleet", "300", "give 1 to 250 drones"),
    ],
)
def test_a_drone_that_cannot_be_is_refused_with_one_sentence(option: str, value: str, sentence: str) -> None:
    done = call("sim", "drone", option, value)
    assert done.returncode == 2
    assert done.stderr.startswith("headland: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
