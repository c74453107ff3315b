"""Samples over HTTP on a whole farm, whose station and broker are killed while they are posted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from tests.services.farm import Farm
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]

BODIES: Final = 150
KILLS: Final = (("station",), ("broker", "station"), ("station",))
T0_S: Final = 1_764_000_000


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    made = Farm(tmp_path_factory.mktemp("samples") / "farm", "--no-past", "--no-sim")
    made.wait_ready()
    yield made
    made.stop()


class Sender:
    """Posts numbered samples as curl in a loop would: each body again until it is answered with 200."""

    def __init__(self, farm: Farm) -> None:
        self.repeated = self.answered = 0
        self._farm = farm
        self._client = httpx.Client(headers=farm.headers, timeout=PATIENCE_S, verify=False)
        self.thread = threading.Thread(target=self._run, name="sender")
        self.thread.start()

    def _run(self) -> None:
        with self._client:
            for number in range(BODIES):
                while not self._post(number):
                    self.repeated += 1
                self.answered += 1

    def _post(self, number: int) -> bool:
        # Every third body has no time: its repetition is known by its key.
        is_dated = number % 3 != 0
        body = f"air,device=console-{int(is_dated)} co2_ppm={number}"
        headers = {"Content-Type": "text/plain", "Idempotency-Key": f"body-number-{number:08}"}
        address = f"{self._farm.folder.read_state().api_url}/v1/samples?precision=s"
        try:
            answer = self._client.post(
                address, content=f"{body} {T0_S + number}" if is_dated else body, headers=headers
            )
        except httpx.TransportError:
            return False
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            return False
        assert answer.status_code == 200, answer.text
        return True


def values_of(farm: Farm, device: str, start_ms: int, end_ms: int) -> list[float]:
    answer = farm.get(f"/v1/devices/{device}/series", channel="co2_ppm", start=start_ms, end=end_ms)
    return [value for value in answer["channels"]["co2_ppm"] if value is not None]


def test_every_posted_sample_is_stored_once_through_kills(farm: Farm) -> None:
    sender = Sender(farm)
    for count, parts in enumerate(KILLS, 1):
        farm.wait_until(lambda least=count * BODIES // 5: sender.answered >= least)  # type: ignore[misc]
        farm.kill(*parts)
        farm.wait_ready()
    sender.thread.join(PATIENCE_S * 4)
    assert sender.answered == BODIES
    assert sender.repeated > 0
    numbers = range(BODIES)
    dated = values_of(farm, "console-1", T0_S * 1000, (T0_S + BODIES) * 1000)
    assert sorted(dated) == [number for number in numbers if number % 3]
    now_ms = time.time_ns() // 1_000_000
    undated = values_of(farm, "console-0", now_ms - 3_600_000, now_ms + 60_000)
    assert sorted(undated) == [number for number in numbers if not number % 3]
