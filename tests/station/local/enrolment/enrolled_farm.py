"""A farm with API and mosquitto that enrols gateways, and has a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI

from headland.clock import wall_clock_ms
from headland.registry.registry import open_registry
from station.local.folder import FarmFolder
from station.local.gateway_registration import FolderRegistrar
from tests.api.farm import NOW_MS, OWN
from tests.api.server import own_app, serve
from tests.station.local.enrolment.certificates_at_broker import enrolling_broker


class EnrolledFarm:
    """A farm's folder, its API, the port of its broker on this machine, and how far its clock is from the true one."""

    def __init__(self, folder: FarmFolder, app: FastAPI, client: httpx.Client, port: int, clock: list[int]) -> None:
        self.folder = folder
        self.app = app
        self.clock = clock
        self.client = client
        self.port = port
        self.url = str(client.base_url).rstrip("/")

    def code_of(self, name: str) -> str:
        answer = self.client.post(f"/v1/gateways/{name}/code", json={"host": "localhost", "station": self.url})
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store"), answer.text
        assert answer.json()["command"] == f"headland edge enrol {self.url} {answer.json()['code']}"
        return str(answer.json()["code"])


@contextmanager
def enrolled_farm(root: Path) -> Iterator[EnrolledFarm]:
    """Run broker and API of a farm in `root`."""
    folder = FarmFolder(root / "farm")
    clock = [0]
    registrar = FolderRegistrar(folder, lambda: wall_clock_ms() + clock[0])
    with enrolling_broker(folder) as broker:
        registry = open_registry(f"sqlite:///{folder.registry_path}", lambda: NOW_MS)
        registry.add_organisation(OWN, "Our farm", "test")
        app = own_app(registry=registry, registrar=registrar, enrolment=registrar)
        with serve(app) as client, folder.hold():
            made = EnrolledFarm(folder, app, client, broker.port, clock)
            folder.write_state(broker.state(made.url))
            yield made
        registry.close()
