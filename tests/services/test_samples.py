"""Samples that programs post while processes of the station are killed: each is stored once, each wrong one kept."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

import pytest

from tests.services.farm import Farm
from tests.services.sample_sender import T0_S, SampleSender, UplinkSender
from tests.services.test_api_workers import pids_of
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]

BODIES: Final = 150
KILLS: Final = (("station",), ("broker", "station"), ("station",))
#: Processes of a station with two workers for its API.
WORKER_KILLS: Final = (("api-1",), ("owner",), ("api-2",), ("owner", "api-1", "api-2"))


def values_of(farm: Farm, device: str, start_ms: int, end_ms: int) -> list[float]:
    answer = farm.get(f"/v1/devices/{device}/series", channel="co2_ppm", start=start_ms, end=end_ms)
    return sorted(value for value in answer["channels"]["co2_ppm"] if value is not None)


def check(farm: Farm, samples: SampleSender, uplinks: UplinkSender) -> None:
    """Find every body once: its sample, or what is refused of it."""
    now_ms = time.time_ns() // 1_000_000
    dated = T0_S * 1000, (T0_S + BODIES) * 1000
    windows = dated, (now_ms - 3_600_000, now_ms + 60_000), dated
    expected = samples.expected | uplinks.expected
    stored = {device: values_of(farm, device, *window) for device, window in zip(expected, windows, strict=True)}
    assert stored == expected
    kept = farm.get("/v1/quarantine", limit=1000)["items"]
    refused = samples.refused + uplinks.refused
    assert ([each["reason"] for each in kept], len({each["id"] for each in kept})) == (
        ["unknown_channel"] * refused,
        refused,
    )
    delivery = farm.get(f"/v1/gateways/{kept[0]['gateway']}/delivery")
    assert (delivery["loss"], delivery["conflicting"]) == (0, 0)


def senders_to(farm: Farm) -> tuple[SampleSender, UplinkSender]:
    def address() -> str:
        return farm.folder.read_state().api_url

    return (
        SampleSender("console", BODIES, address, farm.headers),
        UplinkSender("network", BODIES, address, farm.headers),
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
            assert sender.repeated > 0
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
            assert sender.repeated > 0
        check(farm, *senders)
    finally:
        farm.stop()
