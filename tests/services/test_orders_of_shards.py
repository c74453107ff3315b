"""Orders to gateways of a farm with two ingest workers: each reaches its gateway and is answered, whichever has it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from headland.contract.ack_keys import derive_ack_key
from headland.contract.topics import SHARDS, shard_of
from tests.services.farm import HEADLAND
from tests.services.sharded_farm import ShardedFarm, running_farm
from tests.waiting import PATIENCE_S, wait_until

pytestmark = [
    pytest.mark.long,
    pytest.mark.services("mosquitto", "postgresql", "victoria-metrics"),
    pytest.mark.timeout(600),
]

WORKERS: Final = 2
#: A gateway of each worker's shards.
GATEWAYS: Final = [
    next(f"gw-{number}" for number in range(200) if shard_of(f"gw-{number}") * WORKERS // SHARDS == worker)
    for worker in range(WORKERS)
]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ShardedFarm]:
    with running_farm(tmp_path, WORKERS) as made:
        yield made


@contextmanager
def gateway(farm: ShardedFarm, name: str) -> Iterator[None]:
    """Run a gateway of the farm as a process."""
    folder = farm.folder / name
    folder.mkdir(exist_ok=True)
    key = derive_ack_key(farm.environ["HEADLAND_ACK_SECRET"], name)
    config = folder / "edge.toml"
    config.write_text(
        f'[gateway]\nid = "{name}"\nsite = "home"\ndata_dir = "{folder}"\n'
        f'[broker]\nhost = "{farm.broker.host}"\nport = {farm.broker.port}\nack_key = "{key}"\n'
    )
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*HEADLAND, "edge", "run", "-c", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def source(name: str) -> dict[str, Any]:
    channel = {"key": "4:1:int16", "channel": "air_temperature_degc", "unit": "degC", "scale": 0.1}
    device = {"match": "1", "device": f"probe-{name}"}
    where = {"type": "modbus_tcp", "host": "127.0.0.1", "port": 9}
    return {"name": f"probe-{name}", **where, "channels": [channel], "devices": [device]}


def test_orders_reach_the_gateways_of_both_workers_and_are_answered(farm: ShardedFarm) -> None:
    headers = {"Authorization": f"Bearer {farm.make_key()}"}
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(base_url=farm.api_url, headers=headers, timeout=PATIENCE_S))
        for name in GATEWAYS:
            stack.enter_context(gateway(farm, name))

        def give(name: str, order: dict[str, Any]) -> httpx.Response:
            return client.post(f"/v1/gateways/{name}/orders", json={"order": order})

        def online() -> set[str]:
            return {each["id"] for each in client.get("/v1/gateways").json()["items"] if each["online"]}

        wait_until(lambda: online() >= set(GATEWAYS), every_s=0.2)
        for name in GATEWAYS:
            put = give(name, {"type": "put_source", "source": source(name)})
            assert put.status_code == 200, put.text
            assert put.json()["state"] == "applied"
        # After the workers are others, each gateway still has its own.
        for worker in range(WORKERS):
            farm.kill_worker(worker)
        wait_until(lambda: online() >= set(GATEWAYS), every_s=0.2)
        for name in GATEWAYS:
            listed = give(name, {"type": "list_sources"})
            assert [each["name"] for each in listed.json()["sources"]] == [f"probe-{name}"], listed.text
        away = give("gw-nobody", {"type": "list_sources"})
        assert (away.status_code, away.json()["title"]) == (404, "Unknown gateway")
    # Both are killed: the answer says that a gateway is away, not the store.
    wait_until(lambda: not is_online(farm, headers), every_s=0.2)
    for name in GATEWAYS:
        silent = httpx.post(
            f"{farm.api_url}/v1/gateways/{name}/orders",
            json={"order": {"type": "list_sources"}},
            headers=headers,
            timeout=PATIENCE_S,
        )
        assert silent.status_code == 503
        assert silent.json()["type"] == "urn:headland:problem:gateway-unavailable"
        assert f"the gateway {name} is offline" in silent.json()["detail"]


def is_online(farm: ShardedFarm, headers: dict[str, str]) -> bool:
    listed = httpx.get(f"{farm.api_url}/v1/gateways", headers=headers, timeout=PATIENCE_S).json()["items"]
    return any(each["online"] for each in listed)
