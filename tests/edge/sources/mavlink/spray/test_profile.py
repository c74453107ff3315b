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


def test_entries_of_the_table_override_its_profile(tmp_path: Path) -> None:
    profile = resolve_profile(SprayerSettings(profile="sprayer-batt-flow", flow_battery_id=4, pump_servo=9), tmp_path)
    assert (profile.flow_battery_id, profile.pump_servo, profile.tank_battery_id) == (4, 9, 2)


def test_a_file_beside_the_settings_overrides_a_built_in_profile(tmp_path: Path) -> None:
    (tmp_path / "spreader-hopper.toml").write_text('machine = "spreader"\npump_servo = 5\n')
    assert resolve_profile(SprayerSettings(profile="spreader-hopper"), tmp_path).pump_servo == 5


def test_a_missing_or_invalid_profile_is_refused_with_the_built_in_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"built in \(.*sprayer-batt-flow"):
        resolve_profile(SprayerSettings(profile="none"), tmp_path)
    (tmp_path / "wrong.toml").write_text("pump_servo = 99\n")
    with pytest.raises(SettingsError, match=r"wrong\.toml:1"):
        resolve_profile(SprayerSettings(profile="wrong"), tmp_path)
    (tmp_path / "chain.toml").write_text('profile = "sprayer-batt-flow"\n')
    with pytest.raises(SettingsError, match="cannot name another"):
        resolve_profile(SprayerSettings(profile="chain"), tmp_path)
    with pytest.raises(ValueError, match="not one of"):
        NamedValue(name="X", channel="made_up")
