"""A program that posts samples, as curl in a loop would: each body again until it is answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import httpx

from tests.waiting import PATIENCE_S

T0_S: Final = 1_764_000_000
#: Every third body has no time: its repetition is known by its key. Every tenth cannot be stored.
UNDATED_EACH: Final = 3
WRONG_EACH: Final = 10
#: Of every second body the sender does not take the first answer, as if a network had lost it.
LOST_EACH: Final = 2
_NO_ANSWER: Final = httpx.Timeout(PATIENCE_S, read=0.001)


def is_wrong(number: int) -> bool:
    return number % WRONG_EACH == WRONG_EACH - 1


def is_dated(number: int) -> bool:
    return number % UNDATED_EACH != 0 or is_wrong(number)


def channel_of(number: int) -> str:
    return "mood" if is_wrong(number) else "co2_ppm"


class SampleSender:
    """Posts `bodies` numbered bodies about `NAME-dated` and `NAME-undated` to an address that may change."""

    def __init__(self, name: str, bodies: int, address: Callable[[], str], headers: dict[str, str]) -> None:
        self.repeated = self.answered = 0
        self.failed: BaseException | None = None
        self._name, self._bodies, self._address, self._headers = name, bodies, address, headers
        # No keep-alive: of several processes that serve, another one may take each body.
        self._client = httpx.Client(verify=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._thread = threading.Thread(target=self._run, name=f"sender-{name}")
        self._thread.start()

    @property
    def expected(self) -> dict[str, list[float]]:
        """What is to be stored, by device."""
        good = [number for number in range(self._bodies) if not is_wrong(number)]
        return {
            f"{self._name}-dated": [float(number) for number in good if is_dated(number)],
            f"{self._name}-undated": [float(number) for number in good if not is_dated(number)],
        }

    @property
    def refused(self) -> int:
        """How many bodies are to be in quarantine."""
        return sum(is_wrong(number) for number in range(self._bodies))

    def has_answers(self, least: int) -> bool:
        """Return whether so many bodies are answered; raises what the sender met."""
        if self.failed is not None:
            raise self.failed
        return self.answered >= least

    def join(self, timeout_s: float) -> None:
        """Wait until every body is answered; raises what the sender met."""
        self._thread.join(timeout_s)
        assert self.has_answers(self._bodies)

    def _run(self) -> None:
        try:
            with self._client:
                for number in range(self._bodies):
                    is_lost = number % LOST_EACH == 0
                    while not self._post(number, _NO_ANSWER if is_lost else httpx.Timeout(PATIENCE_S)):
                        self.repeated += 0 if is_lost else 1
                        is_lost = False
                        threading.Event().wait(0.05)
                    self.answered += 1
        except BaseException as error:
            self.failed = error

    def _post(self, number: int, timeout: httpx.Timeout) -> bool:
        path, content_type, body = self._request(number)
        key = {"Idempotency-Key": f"{self._name}-body-number-{number:08}"} if content_type == "text/plain" else {}
        headers = {**self._headers, **key, "Content-Type": content_type}
        try:
            answer = self._client.post(f"{self._address()}{path}", content=body, headers=headers, timeout=timeout)
        except httpx.TransportError:
            return False
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            return False
        if not is_wrong(number):
            self._check_stored(answer)
            return True
        assert answer.status_code == 400, answer.text
        assert [each["reason"] for each in answer.json()["errors"]] == ["unknown_channel"], answer.text
        assert "mood" in answer.json()["detail"]
        return True

    def _check_stored(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200, answer.text
        assert sum(answer.json()[name] for name in ("stored", "duplicate")) == 1, answer.text

    def _request(self, number: int) -> tuple[str, str, str]:
        """Return the path, the type and the text of a body."""
        device = f"{self._name}-{'dated' if is_dated(number) else 'undated'}"
        time = f" {T0_S + number}" if is_dated(number) else ""
        return "/v1/samples?precision=s", "text/plain", f"air,device={device} {channel_of(number)}={number}{time}"


class ConsoleSender(SampleSender):
    """Uploads of one weather console to its address, each as a form."""

    def __init__(self, name: str, bodies: int, address: Callable[[], str], path: str) -> None:
        self._path = path
        super().__init__(name, bodies, address, {})

    @property
    def expected(self) -> dict[str, list[float]]:
        """What is to be stored, by device."""
        return {f"wunderground.{self._name}": [float(number) for number in range(self._bodies) if not is_wrong(number)]}

    def _request(self, number: int) -> tuple[str, str, str]:
        time = datetime.fromtimestamp(T0_S + number, UTC).strftime("%Y-%m-%d+%H%%3A%M%%3A%S")
        field = "mood" if is_wrong(number) else "dailyrainin"
        value = f"{number / 25.4:.9f}"
        body = f"ID={self._name}&PASSWORD=x&dateutc={time}&{field}={value}&softwaretype=EasyWeatherV1.6.6"
        return self._path, "application/x-www-form-urlencoded", body


class ObservationSender(SampleSender):
    """Creates Observations of one Datastream, which exists, as a client of SensorThings does."""

    @property
    def expected(self) -> dict[str, list[float]]:
        """What is to be stored, by device."""
        return {self._name: [float(number) for number in range(self._bodies) if not is_wrong(number)]}

    def _check_stored(self, answer: httpx.Response) -> None:
        assert (answer.status_code, answer.content) == (201, b""), answer.text
        assert f"/Observations('{self._name}:co2_ppm@" in answer.headers["location"]

    def _request(self, number: int) -> tuple[str, str, str]:
        time = datetime.fromtimestamp(T0_S + number, UTC).isoformat()
        stream = f"{self._name}:{channel_of(number)}"
        body = json.dumps({"phenomenonTime": time, "result": number, "Datastream": {"@iot.id": stream}})
        return "/sta/v1.1/Observations", "application/json", body


class UplinkSender(SampleSender):
    """Posts uplinks of one device, as the webhooks of The Things Stack do."""

    @property
    def expected(self) -> dict[str, list[float]]:
        """What is to be stored, by device."""
        return {f"{self._name}.bed-1": [float(number) for number in range(self._bodies) if not is_wrong(number)]}

    def _request(self, number: int) -> tuple[str, str, str]:
        ids = {"device_id": "bed-1", "application_ids": {"application_id": self._name}}
        received_at = datetime.fromtimestamp(T0_S + number, UTC).isoformat()
        uplink = {"received_at": received_at, "decoded_payload": {channel_of(number): number}}
        body = json.dumps({"end_device_ids": ids, "uplink_message": uplink})
        return "/v1/samples/things-stack", "application/json", body
