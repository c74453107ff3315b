"""Samples that programs post while processes of the station are killed: each is stored once, each wrong one kept."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.services.farm import Farm
from tests.services.sample_sender import T0_S, ConsoleSender, ObservationSender, SampleSender, UplinkSender
from tests.services.test_api_workers import pids_of
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]

BODIES: Final = 150
KILLS: Final = (("station",), ("broker", "station"), ("station",))
#: Processes of a station with two workers for its API.
WORKER_KILLS: Final = (("api-1",), ("owner",), ("api-2",), ("owner", "api-1", "api-2"))


def values_of(farm: Farm, device: str, start_ms: int, end_ms: int) -> list[float]:
    channel = "daily_rain_mm" if device.startswith("wunderground.") else "co2_ppm"
    answer = farm.get(f"/v1/devices/{device}/series", channel=channel, start=start_ms, end=end_ms)
    return sorted(round(value, 6) for value in answer["channels"][channel] if value is not None)


def check(farm: Farm, *senders: SampleSender) -> None:
    """Find every body once: its sample, or what is refused of it."""
    now_ms = time.time_ns() // 1_000_000
    dated = T0_S * 1000, (T0_S + BODIES) * 1000
    undated = now_ms - 3_600_000, now_ms + 60_000
    expected = {device: values for sender in senders for device, values in sender.expected.items()}
    stored = {device: values_of(farm, device, *(undated if "undated" in device else dated)) for device in expected}
    assert stored == expected
    kept = farm.get("/v1/quarantine", limit=1000)["items"]
    refused = sum(sender.refused for sender in senders)
    assert ([each["reason"] for each in kept], len({each["id"] for each in kept})) == (
        ["unknown_channel"] * refused,
        refused,
    )
    for gateway in {each["gateway"] for each in kept}:
        delivery = farm.get(f"/v1/gateways/{gateway}/delivery")
        assert (delivery["loss"], delivery["conflicting"]) == (0, 0)


def senders_to(farm: Farm) -> tuple[SampleSender, ...]:
    def address() -> str:
        return farm.folder.read_state().api_url

    order = {"name": "weather", "scope": "write", "sender": "ecowitt"}
    made = httpx.post(f"{address()}/v1/keys", json=order, headers=farm.headers, verify=False)
    assert made.status_code == 201, made.text
    before = httpx.post(
        f"{address()}/v1/samples?precision=s",
        content=f"air,device=observed co2_ppm=1 {T0_S - 1000}",
        headers={**farm.headers, "Content-Type": "text/plain"},
        verify=False,
    )
    assert before.status_code == 200, before.text
    return (
        SampleSender("console", BODIES, address, farm.headers),
        UplinkSender("network", BODIES, address, farm.headers),
        ObservationSender("observed", BODIES, address, farm.headers),
        ConsoleSender("weather", BODIES, address, made.json()["path"]),
    )


def test_every_posted_sample_is_stored_once_through_kills(tmp_path: Path) -> None:
    farm = Farm(tmp_path / "farm", "--no-past", "--no-sim")
    try:
        farm.wait_ready()
        senders = senders_to(farm)
        for count, parts in enumerate(KILLS, 1):
            farm.wait_until(lambda least=count * BODIES // 5: all(each.has_answers(least) for each in senders))  # type: ignore[misc]
            farm.kill(*parts)
            farm.wait_ready()
        for sender in senders:
            sender.join(PATIENCE_S * 4)
        # Of several senders a quick one may be done before the last kills.
        assert sum(sender.repeated for sender in senders) > 0
        check(farm, *senders)
    finally:
        farm.stop()


def test_every_posted_sample_is_stored_once_through_kills_of_each_process_of_an_api_with_workers(
    tmp_path: Path,
) -> None:
    farm = Farm(tmp_path / "farm", "--no-past", "--no-sim", "--api-workers", "2")
    try:
        farm.wait_ready()
        farm.wait_until(lambda: len(pids_of(farm)) == 3)
        senders = senders_to(farm)
        for count, names in enumerate(WORKER_KILLS, 1):
            farm.wait_until(lambda least=count * BODIES // 6: all(each.has_answers(least) for each in senders))  # type: ignore[misc]
            before = pids_of(farm)
            for name in names:
                os.kill(before[name], signal.SIGKILL)
            farm.wait_until(
                lambda before=before, names=names: (  # type: ignore[misc]
                    len(now := pids_of(farm)) == 3 and all(now[name] != before[name] for name in names)
                )
            )
            farm.wait_ready()
        for sender in senders:
            sender.join(PATIENCE_S * 4)
        # Of several senders a quick one may be done before the last kills.
        assert sum(sender.repeated for sender in senders) > 0
        check(farm, *senders)
    finally:
        farm.stop()
