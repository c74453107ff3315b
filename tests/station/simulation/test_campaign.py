"""Campaigns: seed after seed, figures by fault, and the command that repeats a failure."""

import json
from pathlib import Path

import pytest

from station.simulation import campaign as campaigns
from station.simulation.campaign import format_table, replay_command, run_campaign, write_json
from station.simulation.faults.catalogue import FAULTS
from station.simulation.truth import GatewayTruth, judge
from station.simulation.world import RunResult, RunSettings

_FAULTS = ("kill-broker", "cut-link")


def test_a_campaign_runs_one_seed_a_day_and_the_rest_of_the_hours() -> None:
    seen: list[tuple[int, float]] = []
    campaign = run_campaign(5, 30.0, _FAULTS, lambda result: seen.append((result.seed, result.hours)))
    assert seen == [(5, 24.0), (6, 6.0)]
    assert campaign.is_sound
    assert sum(sums.accepted for sums in campaign.sums.values()) == sum(sums.stored for sums in campaign.sums.values())
    assert format_table(campaign).splitlines()[-1].startswith("all")


def test_a_failure_is_reported_with_the_command_that_repeats_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lose(settings: RunSettings, _: object) -> RunResult:
        truth = GatewayTruth({"g"}, certain={1, 2, 3})
        verdict = judge("g", truth, {1: 1}, on_disk={2}, quarantined=set(), dropped=set(), said=set())
        return RunResult(settings.seed, settings.hours, chosen=settings.faults, verdicts=[verdict])

    monkeypatch.setattr(campaigns, "run_world", lose)
    campaign = run_campaign(7, 1000.0, _FAULTS, lambda _: None, most_failures=2)
    assert [failure.seed for failure in campaign.failures] == [7, 8]
    command = replay_command(campaign, campaign.failures[1], list(FAULTS))
    assert command == "headland simulate --seed 8 --hours 24 --faults kill-broker,cut-link"
    write_json(tmp_path / "figures.json", campaign)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert not figures["sound"]
    assert figures["failures"][0]["why"] == ["g: 1 lost and not said, of 1 lost: (3,)"]
    assert figures["faults"]["several"]["unsaid"] == 2


def test_a_run_that_breaks_is_a_failure_of_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: RunSettings, __: object) -> RunResult:
        raise ValueError("a mistake")

    monkeypatch.setattr(campaigns, "run_world", break_down)
    campaign = run_campaign(7, 24.0, _FAULTS, lambda _: None)
    assert campaign.failures[0].sentences() == ["ValueError: a mistake"]


def test_a_verdict_tells_every_place_of_a_number() -> None:
    truth = GatewayTruth({"g"}, certain=set(range(1, 9)), uncertain={9}, untraced={6})
    verdict = judge("g", truth, {1: 1, 9: 1, 2: 2, 77: 1}, on_disk={3}, quarantined={4}, dropped={5}, said={7})
    assert (verdict.stored, verdict.on_disk, verdict.quarantined, verdict.dropped) == (2, 1, 1, 1)
    assert verdict.lost == (6, 7, 8)
    assert (verdict.said, verdict.untraced, verdict.unsaid) == (1, 1, (8,))
    assert (verdict.doubled, verdict.unknown) == ((2,), (77,))
    assert not verdict.is_sound
