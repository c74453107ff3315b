"""The farms of many devices, each as a user meets it: `headland up --scenario NAME`, asked over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.server.scenarios import FARMS
from tests.services.farm import Farm

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]


AIR = {
    "air_temperature_degc", "relative_humidity_pct", "soil_temperature_degc", "substrate_moisture_pct",
    "leaf_temperature_degc",
}  # fmt: skip


@pytest.mark.parametrize("name", ["hubei-greenhouses", "chongqing-mixed"])
def test_a_farm_shows_all_of_its_devices_with_plausible_air(tmp_path: Path, name: str) -> None:
    farm = Farm(tmp_path / "farm", "--scenario", name, "--speed", "60")
    try:
        farm.wait_ready()
        houses = {device: house for house in FARMS[name].houses for device in house.devices}

        def shown() -> dict[str, str]:
            return {item["id"]: item["kind"] for item in farm.get("/v1/devices")["items"]}

        has_drone = bool(FARMS[name].drones)
        # Each device shows when its gateway has described it, in any order.
        farm.wait_until(lambda: set(houses) <= set(shown()) and ("drone" in shown().values()) == has_drone)
        kinds = shown()
        for device, house in houses.items():
            assert kinds[device] == house.kind
            farm.wait_until(lambda device=device: set(latest(farm, device)) >= AIR)  # type: ignore[misc]
            air = latest(farm, device)
            assert -10 < air["air_temperature_degc"] < 45
            assert 20 < air["relative_humidity_pct"] <= 100
        truth = farm.truth("greenhouse-1.csv")
        assert {row["compartment"] for row in truth} == set(range(1, FARMS[name].houses[0].compartments + 1))
    finally:
        if farm.process.poll() is None:
            farm.stop()


def latest(farm: Farm, device: str) -> dict[str, float]:
    """Return the latest value of each channel of a device."""
    channels = farm.get(f"/v1/devices/{device}/latest")["channels"]
    return {channel: float(entry["value"]) for channel, entry in channels.items()}
