from __future__ import annotations

from pathlib import Path

import pytest

from edge.sources.mavlink.spray.profile import FOLDER, NamedValue, SprayerSettings, resolve_profile
from headland.contract.quantities import QUANTITIES
from headland.errors import SettingsError

SHIPPED = sorted(file.stem for file in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_profile_is_sound_and_can_be_named(name: str, tmp_path: Path) -> None:
    profile = resolve_profile(SprayerSettings(profile=name), tmp_path)
    assert profile.reads_outputs
    assert all(value.channel in QUANTITIES for value in profile.value)


def test_the_two_machines_come_with_headland() -> None:
    assert {"sprayer-batt-flow", "spreader-hopper"} <= set(SHIPPED)


def test_what_the_table_says_goes_before_what_its_profile_says(tmp_path: Path) -> None:
    profile = resolve_profile(SprayerSettings(profile="sprayer-batt-flow", flow_battery_id=4, pump_servo=9), tmp_path)
    assert (profile.flow_battery_id, profile.pump_servo, profile.tank_battery_id) == (4, 9, 2)


def test_a_file_beside_the_settings_goes_before_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "spreader-hopper.toml").write_text('machine = "spreader"\npump_servo = 5\n')
    assert resolve_profile(SprayerSettings(profile="spreader-hopper"), tmp_path).pump_servo == 5


def test_a_profile_that_is_not_there_or_wrong_is_told_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"built in \(.*sprayer-batt-flow"):
        resolve_profile(SprayerSettings(profile="none"), tmp_path)
    (tmp_path / "wrong.toml").write_text("pump_servo = 99\n")
    with pytest.raises(SettingsError, match=r"wrong\.toml:1"):
        resolve_profile(SprayerSettings(profile="wrong"), tmp_path)
    (tmp_path / "chain.toml").write_text('profile = "sprayer-batt-flow"\n')
    with pytest.raises(SettingsError, match="does not name another"):
        resolve_profile(SprayerSettings(profile="chain"), tmp_path)
    with pytest.raises(ValueError, match="not one of"):
        NamedValue(name="X", channel="made_up")
