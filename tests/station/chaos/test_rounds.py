"""Verdict of a chaos round: a loss, soundness, or none because the machine was too slow."""

import time
from pathlib import Path

import pytest

from station.chaos.checks.verdict import Verdict
from station.chaos.farm import core
from station.chaos.farm.core import FarmCore, NotInTime
from station.chaos.rounds import Round
from station.chaos.slowness import slowness


def test_a_round_that_is_only_late_is_sound_and_undecided() -> None:
    late = Round(1, "kill-broker", late=["not everything was stored within 90 s"])
    assert late.is_sound
    assert not late.is_decided
    assert Round(1, "kill-broker").is_decided
    assert not Round(1, "kill-broker", waiting=3).is_decided


def test_a_loss_is_a_loss_also_on_a_slow_machine() -> None:
    assert not Round(1, "kill-broker", verdict=Verdict(sent=3, lost=[2]), late=["slow"]).is_sound


@pytest.mark.parametrize(("load", "processors", "expected"), [(0.3, 2, 1.0), (6.0, 2, 3.0), (28.0, 2, 10.0)])
def test_a_busy_machine_has_longer_time_limits(load: float, processors: int, expected: float) -> None:
    assert slowness(load, processors) == expected


def test_a_condition_that_does_not_hold_in_time_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    farm = FarmCore(tmp_path, "iotcore", ["g"])
    monkeypatch.setattr(core, "slowness", lambda: 3.0)
    began_s = time.monotonic()
    with pytest.raises(NotInTime, match="the farm was not ready within"):
        farm.wait_until(lambda: False, 0.1, "the farm was not ready")
    assert time.monotonic() - began_s >= 0.3
