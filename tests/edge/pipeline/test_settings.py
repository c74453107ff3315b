"""Tables of channels, quality and alarms in edge.toml: accepted settings, and the sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.agent.settings import EdgeSettings, load_settings
from edge.pipeline.alarms.rule_tables import gather_rules
from edge.pipeline.factory import make_processor
from headland.contract.alarm_rules import usual_limit
from headland.errors import SettingsError

SAMPLE = Path(__file__).parents[3] / "edge" / "edge.sample.toml"
GATEWAY = '[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "data"\n'


def load(folder: Path, text: str) -> EdgeSettings:
    path = folder / "edge.toml"
    path.write_text(GATEWAY + text, encoding="utf-8")
    return load_settings(path, {})


def test_the_sample_contains_each_kind_of_setting_and_is_valid(tmp_path: Path) -> None:
    settings = load_settings(SAMPLE, {})
    (leaf,) = settings.channel
    assert leaf.calibration[0].valid_from is not None
    assert leaf.quality.twin is not None
    rules = {rule.name: rule for rule in gather_rules(settings.alarm, settings.alarms.rules, Path())}
    assert set(rules) == {"seedlings-cold", "frost", "heat", "condensation", "power", "air-sensor-dead"}
    assert rules["frost"].below == usual_limit("frost")
    text = '[alarms]\nrules = ["greenhouse"]\n[[alarm]]\nname = "frost"\nchannel = "air_temperature_degc"\nbelow = 4\n'
    own = load(tmp_path, text)
    rules = {rule.name: rule for rule in gather_rules(own.alarm, own.alarms.rules, Path())}
    assert rules["frost"].below == 4.0, "a rule of edge.toml replaces the one of the same name"
    make_processor(settings)


def test_tables_beside_the_file_are_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[co2_ppm]\ngross_range = { suspect = [300, 2000] }\n")
    (tmp_path / "rules.toml").write_text(
        '[[alarm]]\nname = "co2"\nchannel = "co2_ppm"\nabove = 3000\ntext = "too much"\n'
    )
    settings = load(tmp_path, '[quality]\nlimits = "mine.toml"\n[alarms]\nrules = ["rules.toml"]\n')
    assert settings.quality.limits == str(tmp_path / "mine.toml")
    assert [rule.name for rule in gather_rules(settings.alarm, settings.alarms.rules, Path("/"))] == ["co2"]
    assert load(tmp_path, '[quality]\nlimits = ""\n').quality.limits == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[channel]]\nchannel = "co2_ppm"\nunit = "°C"', "edge.toml:5: channel co2_ppm: '°C' cannot be converted"),
        ('[[channel]]\nchannel = "CO2"', "edge.toml:6: channel[0].channel must be text like"),
        ('[[channel]]\nchannel = "co2_ppm"\nreport = "sometimes"', "edge.toml:7: channel[0].report must be"),
        ('[[channel]]\nchannel = "co2_ppm"\n[channel.quality]\nstep = 3', "channel[0].quality.step is not known"),
        (
            '[[channel]]\nchannel = "co2_ppm"\n[[channel.calibration]]\nvalid_from = 2026-03-01T00:00:00',
            "edge.toml:8: channel[0].calibration[0].valid_from",
        ),
        ('[quality]\nlimits = "field"', "edge.toml:6: the table of limits 'field' is neither in"),
        ('[alarms]\nrules = ["forest"]', "alarms.rules: the file 'forest' is neither in"),
        ('[[alarm]]\nname = "x"\nchannel = "co2_ppm"', "edge.toml:5: alarm x: an alarm must have exactly one"),
        (
            2 * '[[alarm]]\nname = "x"\nchannel = "co2_ppm"\nabove = 1\n',
            "edge.toml:9: alarm x: its name must be unique",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert sentence in str(caught.value)
