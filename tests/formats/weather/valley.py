"""A provider of another distribution: an adapter of its own, installed as an entry point."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from headland.runtime.extensions import FORECAST_PROVIDERS

_MODULE: Final = """
from headland.formats.weather.iso_times import read_time_ms
from headland.formats.weather.issue_builder import ForeignName, IssueBuilder
from headland.formats.weather.provider import ForecastProvider, ProviderRequest
from headland.registry.models.weather import Attribution

NAME = ForeignName(name="t", channel="air_temperature_degc", height_m=2.0)
SAYS = Attribution(text="Valley service.", text_zh="山谷气象服务。", licence="CC0", url="https://valley.example/")


def request(query, key):
    place = query.place
    return ProviderRequest(f"/valley/{place.latitude_deg:g}/{place.longitude_deg:g}")


def decode(body, query, fetched_ms):
    builder = IssueBuilder()
    for line in body.decode(errors="replace").splitlines():
        time, _, value = line.partition(" ")
        time_ms = read_time_ms(time)
        if time_ms is not None:
            builder.add(NAME, (time_ms, time_ms), value, "degC")
    return builder.finish(query, "valley", SAYS, fetched_ms, issued_ms=None, answered=None, model="")


VALLEY = ForecastProvider(
    name="valley", title="Valley", host="https://valley.example", attribution=SAYS, request=request, decode=decode
)
OTHER = 7
"""


def install_valley(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the distribution for a test: `valley`, `other` that is no provider, and `lost` without a module."""
    (folder / "valley_forecast.py").write_text(_MODULE)
    info = folder / "valley_forecast-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: valley-forecast\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{FORECAST_PROVIDERS}]\nvalley = valley_forecast:VALLEY\nother = valley_forecast:OTHER\n"
        "lost = valley_lost:X\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    # The module is forgotten with the test.
    monkeypatch.setitem(sys.modules, "valley_forecast", None)
    monkeypatch.delitem(sys.modules, "valley_forecast")
