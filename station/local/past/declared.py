"""Records that people would have entered in a simulated past, sent through the API."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any, Final

from firmware_sim.drone.scenarios import FIELDS
from headland.client import Client
from headland.errors import RetryLater
from headland.i18n import Language, find_term
from station.local.folder import FarmFolder
from station.server.organisation import implement_names
from station.server.place_names import place_name, place_names
from station.server.scenarios import FarmDrone, FarmHouse, PastFlight

#: The products of the simulated flights.
_PRODUCTS: Final[dict[str, dict[str, Any]]] = {
    "urea 46-0-0": {"kind": "granular", "n_pct": 46.0, "p2o5_pct": 0.0, "k2o_pct": 0.0, "amide_n_pct": 46.0,
                    "ammonium_n_pct": 0.0, "nitrate_n_pct": 0.0, "density_kg_l": 0.75},
    "foliar feed": {"kind": "liquid", "n_pct": 12.0, "p2o5_pct": 4.0, "k2o_pct": 6.0, "density_kg_l": 1.15},
}  # fmt: skip
#: The live data of a house come within seconds of its start; whatever takes longer is told.
_DEVICE_WAIT_S: Final = 60.0
_ASK_EVERY_S: Final = 0.5


class PastRecords:
    """Enters zones, products, seasons and passes through the API; what is there already stays as it is."""

    def __init__(self, folder: FarmFolder, language: Language = "en") -> None:
        self._language: Language = language
        key = folder.api_key()
        if key is None:
            raise RetryLater("The station has not written its key yet.")
        self._client = Client(folder.read_state().api_url, key)

    def __enter__(self) -> PastRecords:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def enter_house(self, house: FarmHouse, stop: threading.Event) -> None:
        """Enter the crop of each greenhouse, and its device into the zone.

        Raises RetryLater where `stop` came before the device sent its first live data, which register it.
        """
        for device, (crop, stage) in zip(house.devices, house.crops, strict=False):
            greenhouse = self._named("/v1/greenhouses", *place_names(device))
            if greenhouse is None:
                continue
            place = self._wait_for_place(device, stop)
            zones = list(self._client.items("/v1/greenhouse-zones", greenhouse=greenhouse["id"]))
            zone = {"greenhouse": greenhouse["id"], "name": crop, "crop": crop, "stage": stage}
            if not zones:
                zones = [self._client.post("/v1/greenhouse-zones", zone)]
            if place["zone"] is None and zones[0]["name"] == crop:
                self._client.put(f"/v1/devices/{device}/place", {"zone": zones[0]["id"]}, version=0)

    def _wait_for_place(self, device: str, stop: threading.Event) -> dict[str, Any]:
        until_s = time.monotonic() + _DEVICE_WAIT_S
        while (place := self._place_of(device)) is None:
            if time.monotonic() > until_s or stop.wait(_ASK_EVERY_S):
                raise RetryLater(f"{device} has sent no live data yet, which would register it.")
        return place

    def _place_of(self, device: str) -> dict[str, Any] | None:
        places = self._client.get("/v1/device-places")["items"]
        return next((place for place in places if place["device"] == device), None)

    def declare(self, drone: FarmDrone, flight: PastFlight, device: str, start_ms: int, end_ms: int) -> None:
        """Declare a pass with its implement, product and planned rate."""
        field = self._named("/v1/fields", *place_names(drone.scenario))
        if field is None:
            return
        implement = self._named("/v1/implements", *implement_names(drone.scenario))
        if implement is not None:
            self._tie(implement, device)
        declaration = {
            "field": field["id"],
            "device": device,
            "start_ms": start_ms,
            "end_ms": end_ms,
            "implement": None if implement is None else implement["id"],
            "product": self._ensure_product(flight.product),
            "season": self._ensure_season(field["id"], drone.crop),
            "planned_rate_ha": FIELDS[drone.scenario].machine.rate_ha,
            "note": flight.note,
        }
        self._client.post("/v1/passes", declaration)

    def _tie(self, implement: dict[str, Any], device: str) -> None:
        """Tie an implement that is on no vehicle yet to the one that flew with it."""
        found = self._place_of(device)
        if found is not None and implement["device"] is None:
            tied = {**implement, "device": found["id"]}
            self._client.put(f"/v1/implements/{implement['id']}", tied, implement["version"])

    def _ensure_product(self, name: str) -> str | None:
        if not name:
            return None
        found = self._named("/v1/products", *place_names(name))
        if found is None:
            found = self._client.post("/v1/products", {"name": place_name(name, self._language), **_PRODUCTS[name]})
        return str(found["id"])

    def _ensure_season(self, field: str, crop: str) -> str | None:
        if not crop:
            return None
        found = next(iter(self._client.items("/v1/seasons", field=field)), None)
        if found is None:
            name = find_term("crops", crop, self._language) if self._language == "zh" else crop
            found = self._client.post("/v1/seasons", {"field": field, "name": name or crop, "crop": crop})
        return str(found["id"])

    def _named(self, path: str, *names: str) -> dict[str, Any] | None:
        return next((item for item in self._client.items(path) if item["name"] in names), None)
