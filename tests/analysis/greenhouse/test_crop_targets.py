"""The file of crop targets: the default one is valid, a stage comes before its crop, a bad file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.agronomy.climate.disease import DOWNY_MILDEWS
from headland.analysis.greenhouse.crop_targets import DEFAULT_FILE, OWN_FILE, load_crop_targets, read_crop_targets
from headland.errors import SettingsError


def test_the_default_file_names_its_sources_and_known_mildews() -> None:
    bands = read_crop_targets(DEFAULT_FILE)
    assert all(len(band.source) > 10 for band in bands.target_bands)
    assert {crop for crop in bands.crops if crop != "default"} >= {"lettuce", "tomato", "cucumber"}
    assert {name for crop in bands.crops.values() for name in crop.downy or []} <= set(DOWNY_MILDEWS)


def test_a_stage_comes_before_its_crop_and_a_crop_before_the_default() -> None:
    bands = read_crop_targets(DEFAULT_FILE)
    assert bands.bands("Tomato", "")["vpd_kpa"].low == 0.8
    assert bands.bands("Tomato", "propagation")["vpd_kpa"].high == 0.5
    assert bands.bands("okra", "")["vpd_kpa"].crop == "default"
    assert bands.crop("okra") == bands.crops["default"]


def test_an_own_file_replaces_the_default_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "bands.toml"
    own.write_text(
        '[crop.okra]\nbase_degc = 12.0\n[[band]]\ncrop="okra"\nindex="vpd_kpa"\nlow=1\nhigh=2\nsource="ours"\n'
    )
    monkeypatch.setenv(OWN_FILE, str(own))
    assert load_crop_targets().bands("okra", "")["vpd_kpa"].high == 2.0
    assert load_crop_targets().crop("tomato").upper_degc == 30.0


@pytest.mark.parametrize(
    "text",
    [
        "[crop",
        "[crop.a]\nbase = 3\n",
        '[crop.a]\n[[band]]\ncrop="a"\nindex="x"\nlow=3\nhigh=1\nsource="s"\n',
        '[crop.a]\nbase_degc = 900.0\n[[band]]\ncrop="a"\nindex="x"\nlow=0\nhigh=1\nsource="s"\n',
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="cannot be used"):
        read_crop_targets(path)
