"""Providers of forecasts are saved by the name of an adapter that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.registry.models.errors import InvalidRecord
from headland.registry.models.weather import ForecastProviderSetting
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.formats.weather.valley import install_valley


def test_an_unknown_provider_is_refused_and_the_known_ones_are_named(
    repositories: OrganisationRepositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("met-norway", "open-meteo", "qweather"):
        assert repositories.forecast_providers.add(ForecastProviderSetting(provider=name)).provider == name
    with pytest.raises(InvalidRecord, match=r"'valley': choose one of .*met-norway, open-meteo, qweather"):
        repositories.forecast_providers.add(ForecastProviderSetting(provider="valley"))
    install_valley(tmp_path, monkeypatch)
    kept = repositories.forecast_providers.add(ForecastProviderSetting(provider="valley"))
    assert kept.provider == "valley"
    with pytest.raises(InvalidRecord, match="lost, met-norway, open-meteo, other, qweather, valley"):
        repositories.forecast_providers.add(ForecastProviderSetting(provider="met-norwegen"))
