"""A farm split into services on one machine: mosquitto, VictoriaMetrics, PostgreSQL, ingest workers and an API."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx

from headland.contract.topics import SHARDS
from tests.broker import Broker
from tests.ports import find_free_port
from tests.postgres import Postgres
from tests.services.farm import HEADLAND
from tests.victoria_server import VictoriaServer
from tests.waiting import PATIENCE_S, wait_until

TOKEN: Final = "token of these tests alone"


class ShardedFarm:
    """The servers of a split farm, and its ingest workers: `shard(n)` lets n of them share the shards from now on."""

    def __init__(self, folder: Path, broker_lines: Sequence[str] = ()) -> None:
        self.folder = folder
        self.broker = Broker(folder / "broker", lines=broker_lines)
        self.victoria = VictoriaServer(folder / "victoria")
        self.postgres = Postgres()
        self.workers: list[subprocess.Popen[bytes]] = []
        self._listening: list[int] = []
        self._shards: list[str] = []
        self._api: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._client = httpx.Client(timeout=PATIENCE_S, verify=False)
        self.store_url = ""
        self._registry = ""

    def start(self) -> None:
        """Start the servers."""
        self.broker.start()
        self.victoria.start()
        self.postgres.start()
        side, self._registry = self.postgres.new_database(), self.postgres.new_database()
        self.store_url = self.victoria.url(Path()).partition("?")[0] + f"?side={side}"

    def shard(self, count: int, stop_with: signal.Signals = signal.SIGTERM) -> None:
        """End the workers that run, and start `count` others on equal parts of the shards."""
        self.stop_workers(stop_with)
        each = SHARDS // count
        for number in range(count):
            self._listening.append(find_free_port())
            shards = f"{number * each}-{(number + 1) * each - 1}"
            self._shards.append(shards)
            self.workers.append(self._start_worker(number))
        for port in self._listening:
            wait_until(lambda port=port: self._is_ready(port), every_s=0.2)  # type: ignore[misc]  # the loop's value

    def kill_worker(self, number: int) -> None:
        """SIGKILL a worker, and start another one in its place."""
        self.workers[number].kill()
        self.workers[number].wait(PATIENCE_S)
        self.workers[number] = self._start_worker(number)
        wait_until(lambda: self._is_ready(self._listening[number]), every_s=0.2)

    def kill_api(self) -> None:
        """SIGKILL the API, and start another one."""
        assert self._api is not None
        self._api.kill()
        self._api.wait(PATIENCE_S)
        self.start_api()

    def stop_workers(self, stop_with: signal.Signals = signal.SIGTERM) -> None:
        """End the workers and the API that asks them."""
        for process in [*self.workers, *([] if self._api is None else [self._api])]:
            process.send_signal(stop_with)
            process.wait(PATIENCE_S)
        self.workers, self._listening, self._shards, self._api = [], [], [], None

    def start_api(self) -> None:
        """Start an API that asks the workers of now."""
        self._port = find_free_port()
        urls = [f"http://127.0.0.1:{port}" for port in self._listening]
        self._api = self._run(
            "api", "api", "--registry", self._registry, "--port", str(self._port),
            *(word for url in urls for word in ("--ingest", url)),
        )  # fmt: skip
        wait_until(lambda: self._is_ready(self._port), every_s=0.2)

    @property
    def api_url(self) -> str:
        """Address of the API of now."""
        return f"http://127.0.0.1:{self._port}"

    def get(self, path: str, key: str) -> Any:
        """Return an answer of the API."""
        answer = self._client.get(f"{self.api_url}{path}", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def make_key(self) -> str:
        """Return a key of the organisation."""
        words = ("key", "add", "tests", "--scope", "admin", "--registry", self._registry)
        done = subprocess.run([*HEADLAND, *words], env=self.environ, capture_output=True, text=True, check=True)
        return next(word for word in done.stdout.split() if word.startswith("hl_"))

    @property
    def environ(self) -> dict[str, str]:
        """What every process of the farm sees."""
        own = {"HEADLAND_WORKER_TOKEN": TOKEN, "HEADLAND_DATA": str(self.folder / "data")}
        return {
            **os.environ,
            **own,
            "HEADLAND_STORE_URL": self.store_url,
            "HEADLAND_ACK_SECRET": "a secret of tests only",
        }

    def close(self) -> None:
        """End everything."""
        with suppress(ProcessLookupError):
            self.stop_workers(signal.SIGKILL)
        self.broker.kill()
        self.victoria.kill()
        self.postgres.close()
        self._client.close()

    def _start_worker(self, number: int) -> subprocess.Popen[bytes]:
        shards = self._shards[number]
        return self._run(
            f"ingest-{shards}", "ingest", "run", "--broker", f"127.0.0.1:{self.broker.port}",
            "--shards", shards, "--listen", f"127.0.0.1:{self._listening[number]}",
        )  # fmt: skip

    def _run(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [*HEADLAND, *words], env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _is_ready(self, port: int) -> bool:
        with suppress(httpx.HTTPError):
            return self._client.get(f"http://127.0.0.1:{port}/readyz", timeout=20).status_code == 200
        return False


class Spools:
    """Gateways that send records again until they are committed, as the gateway's uplink does."""

    def __init__(self, gateways: Sequence[Any]) -> None:
        self._gateways = gateways
        self._lock = threading.Lock()

    def send_until_committed(self, records: dict[str, list[tuple[int, str, bytes, dict[str, str]]]]) -> None:
        """Send the records of each gateway, and again after three seconds what has no commit ack."""
        for gateway in self._gateways:
            for _, topic, payload, properties in records[gateway.gateway]:
                gateway.publish_soon(topic, payload, properties)
        began_s = time.monotonic()
        while left := {
            gateway: self._left(gateway, records) for gateway in self._gateways if self._left(gateway, records)
        }:
            assert time.monotonic() - began_s < PATIENCE_S, {
                gateway.gateway: len(rest) for gateway, rest in left.items()
            }
            threading.Event().wait(0.1)
            if (time.monotonic() - began_s) % 3.0 < 0.1:
                for gateway, rest in left.items():
                    for _, topic, payload, properties in rest:
                        gateway.publish_soon(topic, payload, properties)

    @staticmethod
    def _left(gateway: Any, records: dict[str, list[tuple[int, str, bytes, dict[str, str]]]]) -> list[Any]:
        acked = max((ack.seq for ack in gateway.acks), default=0)
        return [record for record in records[gateway.gateway] if record[0] > acked]


@contextmanager
def running_farm(folder: Path, workers: int) -> Iterator[ShardedFarm]:
    """Yield a farm whose servers, workers and API run, and end them."""
    farm = ShardedFarm(folder)
    try:
        farm.start()
        farm.shard(workers)
        farm.start_api()
        yield farm
    finally:
        farm.close()
