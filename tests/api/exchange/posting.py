"""A program that posts samples through an API and a real ingest into a store."""

from __future__ import annotations

from typing import Any, Final

import httpx

from headland.store.memory import MemoryStore
from headland.store.port import SeriesFilter
from tests.api.farm import NOW_MS, OWN

TIME_S: Final = NOW_MS // 1000 - 60
LINES: Final = {"Content-Type": "text/plain"}
SENML: Final = {"Content-Type": "application/senml+json"}
JSON: Final = {"Content-Type": "application/json"}
KEY: Final = {"Idempotency-Key": "0123456789abcdef"}


class Writer:
    """A program with a key, the store that its samples go to, and a clock that goes on with each request."""

    def __init__(
        self, client: httpx.Client, store: MemoryStore, headers: dict[str, str], other: dict[str, str]
    ) -> None:
        self.client, self._store, self._headers, self.other = client, store, headers, other
        self.manager: dict[str, str] = {}

    def post(self, body: str, headers: dict[str, str], path: str = "/v1/samples", **parameters: Any) -> httpx.Response:
        return self.client.post(path, content=body, headers={**self._headers, **headers}, params=parameters)

    def make_address(self, name: str, sender: str) -> str:
        """Return the path of a new address."""
        order = {"name": name, "scope": "samples", "sender": sender}
        answer = self.client.post("/v1/keys", json=order, headers=self.manager)
        assert answer.status_code == 201, answer.text
        path: str = answer.json()["path"]
        return path

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request as a device does, which has no key."""
        return self.client.request(method, path, **more)

    def quarantined(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client.get("/v1/quarantine", headers=self.manager).json()["items"]
        return items

    def as_manager(self, path: str, body: bytes) -> httpx.Response:
        return self.client.post(
            path, content=body, headers={**self.manager, "Content-Type": "application/octet-stream"}
        )

    def stored(self) -> list[tuple[str, str, int, float]]:
        return [
            (samples.key.device, samples.key.channel, int(time_ms), float(value))
            for samples in self._store.raw(SeriesFilter(OWN), 0, 2**60)
            for time_ms, value in zip(samples.time_ms, samples.value, strict=True)
        ]


def told(answer: httpx.Response, *names: str) -> tuple[Any, ...]:
    return (answer.status_code, *(answer.json().get(name) for name in names))
