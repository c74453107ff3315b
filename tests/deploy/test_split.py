"""The split deployment without its images: its own commands against a real broker, InfluxDB and PostgreSQL."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.broker import Broker
from tests.deploy.test_compose import make_env, read_compose
from tests.influx_server import InfluxServer
from tests.ingest.gateway import Gateway, batch_of
from tests.postgres import Postgres
from tests.services.farm import HEADLAND
from tests.waiting import wait_until


class Split:
    """The services `ingest` and `api` of docker-compose.yml as processes: only addresses and folders are other ones."""

    def __init__(
        self, services: dict[str, Any], places: dict[str, str], environment: dict[str, str], log: Path
    ) -> None:
        self._processes = []
        for name in ("ingest", "api"):
            words = services[name]["command"][1:]
            for place, other in places.items():
                words = [word.replace(place, other) for word in words]
            with (log / f"{name}.log").open("wb") as file:
                environ = {**os.environ, **{key: environment[key] for key in services[name]["environment"]}}
                self._processes.append(
                    subprocess.Popen(
                        [*HEADLAND, *words], env=environ, stdout=file, stderr=file, stdin=subprocess.DEVNULL
                    )
                )

    def close(self) -> None:
        """End both."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(120)


def checks(url: str) -> dict[str, bool]:
    """Return what /readyz says, by check; nothing while nobody answers."""
    try:
        return {check["name"]: check["ok"] for check in httpx.get(f"{url}/readyz", timeout=120).json()["checks"]}
    except httpx.HTTPError:
        return {}


@pytest.fixture
def split(
    tmp_path: Path, new_port: Callable[[], int], mosquitto: Broker, influx_server: InfluxServer, postgres: Postgres
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Where ingest and API of a running split deployment answer, and its environment."""
    make_env(tmp_path / "env")
    (tmp_path / "password").write_text("anonymous clients may do anything here", encoding="utf-8")
    (tmp_path / "ack-secret").write_text("what the broker made at its first start", encoding="utf-8")
    ingest_port, api_port = new_port(), new_port()
    places = {
        "broker:1883": f"{mosquitto.host}:{mosquitto.port}",
        "/run/headland/ingest/password": str(tmp_path / "password"),
        "/run/headland/ingest/ack-secret": str(tmp_path / "ack-secret"),
        "/var/lib/headland": str(tmp_path / "state"),
        "0.0.0.0:8001": f"127.0.0.1:{ingest_port}",
        "http://ingest:8001": f"http://127.0.0.1:{ingest_port}",
        "--host=0.0.0.0": "--host=127.0.0.1",
        "--port=8000": f"--port={api_port}",
    }
    (tmp_path / "state").mkdir()
    environment = {
        "HEADLAND_STORE_URL": influx_server.url_of(tmp_path),
        "HEADLAND_REGISTRY_URL": postgres.new_database(),
        "HEADLAND_WORKER_TOKEN": "both-know-this-one",
        "HEADLAND_HOME_ASSISTANT": "homeassistant",
    }
    running = Split(read_compose(tmp_path / "env")["services"], places, environment, tmp_path)
    try:
        yield f"http://127.0.0.1:{ingest_port}", f"http://127.0.0.1:{api_port}", {**os.environ, **environment}
    finally:
        running.close()


@pytest.mark.services("docker-compose", "mosquitto", "influxdb", "nginx", "postgresql")
@pytest.mark.long
def test_the_split_deployment_stores_answers_and_outlives_its_registry(
    split: tuple[str, str, dict[str, str]], mosquitto: Broker, postgres: Postgres
) -> None:
    ingest_url, api_url, environ = split
    wait_until(lambda: all(checks(ingest_url).values()) and checks(ingest_url), every_s=0.1)
    assert "home-assistant" in checks(ingest_url)
    wait_until(lambda: checks(api_url).get("registry"), every_s=0.1)
    with Gateway(mosquitto.host, mosquitto.port) as gateway:
        gateway.send(batch_of(1))
        gateway.wait_for_ack(1)
        # As docs/how-to/access.md says: this API has no folder to keep a first key in.
        made = subprocess.run(
            [*HEADLAND, "key", "add", "first"], capture_output=True, text=True, env=environ, check=True
        )
        shown = {"Authorization": f"Bearer {made.stdout.strip()}"}
        assert httpx.get(f"{api_url}/v1/devices", timeout=120).status_code == 401

        def devices() -> list[str]:
            answer = httpx.get(f"{api_url}/v1/devices", headers=shown, timeout=120)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        # The API looks every five seconds at what ingest has written.
        wait_until(lambda: devices() == ["gh-1"], every_s=0.1)
        delivery = httpx.get(f"{api_url}/v1/gateways/gw-1/delivery", headers=shown, timeout=120).json()
        assert delivery["epochs"][0]["stored"] == 1
        postgres.kill()
        try:
            assert checks(api_url)["registry"] is False
            assert httpx.get(f"{api_url}/readyz", timeout=120).status_code == 503
            # Who was let in a moment ago is let in still: the store is there.
            assert devices() == ["gh-1"]
            gateway.send(batch_of(2))
            gateway.wait_for_ack(2)
            assert httpx.get(f"{ingest_url}/readyz", timeout=120).status_code == 200
        finally:
            postgres.start()
        wait_until(lambda: checks(api_url).get("registry"), every_s=0.1)
