"""Coverage of flights, as an answer about a vehicle and in the delivery of its gateway."""

from __future__ import annotations

from typing import Any

from headland.contract.records import Clock, Descriptor, Event
from headland.store.memory import MemoryStore
from headland.store.port import StoredEvent, WriteBatch
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import NOW_MS, OWN, points_of
from tests.api.server import own_app, serve

VEHICLE = "uav-1"
FLIGHT: dict[str, Any] = {
    "start_ms": NOW_MS - 7_200_000, "end_ms": NOW_MS - 7_100_000, "live_s": 88.0, "healed_s": 0.0, "remaining_s": 12.0,
    "gaps": 1, "state": "open", "reason": None,
}  # fmt: skip


def report(at_ms: int, device: str = VEHICLE, kind: str = "flight_coverage", **changes: Any) -> Event:
    data = {**FLIGHT, **changes}
    return Event(t=at_ms, device=device, kind=kind, device_kind="drone", site="home", clock=Clock.RTC, data=data)


def store_with(*events: Event) -> MemoryStore:
    store = MemoryStore()
    for device, gateway in ((VEHICLE, "gw-1"), ("uav-2", "gw-2")):
        store.describe(OWN, gateway, Descriptor(device=device, kind="drone", site="home", name=device))
    store.write(WriteBatch(points_of([]), events=[StoredEvent(OWN, event) for event in events]))
    return store


def test_the_newest_report_of_each_flight_counts_for_its_vehicle_and_its_gateway() -> None:
    earlier: dict[str, Any] = {
        "start_ms": NOW_MS - 90_000_000,
        "end_ms": NOW_MS - 89_900_000,
        "live_s": 100.0,
        "remaining_s": 0.0,
    }
    store = store_with(
        report(NOW_MS - 89_900_000, **earlier, gaps=0, state="complete"),
        report(NOW_MS - 7_100_000),
        report(NOW_MS - 7_000_000, healed_s=9.0, remaining_s=3.0, state="left", reason="log_ends"),
        report(NOW_MS - 6_000_000, kind="text"),
        report(NOW_MS - 6_000_000, live_s="many"),
        report(NOW_MS - 5_000_000, device="uav-2"),
    )
    app = own_app(store, gateways=FakeIngest(), now_ms=lambda: NOW_MS)
    with serve(app) as client:
        window = {"start": NOW_MS - 100_000_000, "end": NOW_MS}
        first, second = client.get(f"/v1/devices/{VEHICLE}/flights", params=window).json()["items"]
        assert (first["state"], first["coverage"]) == ("complete", 1.0)
        assert (second["live_coverage"], second["coverage"]) == (0.88, 0.97)
        assert (second["healed_s"], second["remaining_s"], second["reason"]) == (9.0, 3.0, "log_ends")
        until_then = {**window, "end": NOW_MS - 80_000_000}
        assert client.get(f"/v1/devices/{VEHICLE}/flights", params=until_then).json()["items"] == [first]
        assert client.get("/v1/devices/uav-9/flights").status_code == 404
        delivery = client.get("/v1/gateways/gw-1/delivery").json()
        assert (delivery["flights"], delivery["flights_left_out"]) == ([second], 0)
        assert [flight["device"] for flight in client.get("/v1/gateways/gw-2/delivery").json()["flights"]] == ["uav-2"]
