"""The file of crop targets: the default one is valid, a stage comes before its crop, a bad file is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from headland.agronomy.climate.disease import DOWNY_MILDEWS
from headland.analysis.greenhouse.crop_targets import DEFAULT_FILE, OWN_FILE, load_crop_targets, read_crop_targets
from headland.analysis.greenhouse.own_bands import is_valid, target_of
from headland.errors import SettingsError
from headland.registry.models.crop_bands import BandIndex, CropBand
from headland.units_of_time import DAY_MS


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


def test_an_own_band_comes_before_every_default_and_says_who_set_it() -> None:
    own = [
        CropBand(crop="Tomato", index=BandIndex("vpd_kpa"), low=0.6, high=1.1, author="Li", changed_ms=DAY_MS),
        CropBand(
            crop="tomato", stage="fruiting", index=BandIndex("vpd_kpa"), low=0.9, high=1.3, author="Li", source="trial"
        ),
        CropBand(crop="default", index=BandIndex("co2_ppm"), low=400, high=900, author="Wang"),
    ]
    targets = read_crop_targets(DEFAULT_FILE).before([target_of(band) for band in own])
    general = targets.bands("tomato", "propagation")["vpd_kpa"]
    assert (general.low, general.source) == (0.6, "set by Li on 1970-01-02")
    assert general.source_zh == "Li 于 1970-01-02 设定"
    assert targets.bands("tomato", "Fruiting")["vpd_kpa"].source.endswith(": trial")
    assert targets.bands("okra", "")["co2_ppm"].high == 900
    assert targets.bands("okra", "")["vpd_kpa"].crop == "default"


def test_an_own_band_is_valid_on_its_first_and_last_day_and_on_no_other() -> None:
    days = date(2026, 5, 1), date(2026, 5, 31)
    band = CropBand(
        crop="tomato", index=BandIndex("vpd_kpa"), low=1, high=2, author="Li", valid_from=days[0], valid_until=days[1]
    )
    valid = [is_valid(band, day) for day in (date(2026, 4, 30), *days, date(2026, 6, 1))]
    assert valid == [False, True, True, False]


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
