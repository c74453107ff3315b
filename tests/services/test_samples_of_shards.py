"""Samples posted to an API whose ingest is two workers elsewhere: each is stored once while one of them is killed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from headland.contract.topics import SHARDS, shard_of
from headland.store.port import SeriesFilter
from headland.store.victoria.store import open_victoria
from tests.services.sample_sender import SampleSender, UplinkSender
from tests.services.sharded_farm import ShardedFarm, running_farm
from tests.waiting import PATIENCE_S, wait_until

pytestmark = [
    pytest.mark.long,
    pytest.mark.services("mosquitto", "postgresql", "victoria-metrics"),
    pytest.mark.timeout(900),
]

BODIES: Final = 60
WORKERS: Final = 2


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ShardedFarm]:
    with running_farm(tmp_path, WORKERS) as made:
        yield made


def keys_of_each_worker(farm: ShardedFarm, manager: str) -> dict[int, str]:
    """Return a key whose gateway's shard each worker has, by the worker's number."""
    found: dict[int, str] = {}
    numbers = itertools.count(1)
    while len(found) < WORKERS:
        answer = httpx.post(
            f"{farm.api_url}/v1/keys",
            json={"name": f"console {next(numbers)}", "scope": "write"},
            headers={"Authorization": f"Bearer {manager}"},
        )
        assert answer.status_code == 201, answer.text
        made = answer.json()
        found.setdefault(shard_of(f"http-{made['id']}") * WORKERS // SHARDS, made["key"])
    return found


def test_every_posted_sample_is_stored_once_while_workers_and_the_api_are_killed(farm: ShardedFarm) -> None:
    manager = farm.make_key()
    senders = [
        kind(f"{name}-{worker}", BODIES, lambda: farm.api_url, {"Authorization": f"Bearer {key}"})
        for worker, key in keys_of_each_worker(farm, manager).items()
        for name, kind in (("console", SampleSender), ("network", UplinkSender))
    ]
    kills: tuple[Callable[[], None], ...] = (
        lambda: farm.kill_worker(0),
        lambda: farm.kill_worker(1),
        farm.kill_api,
        lambda: farm.kill_worker(0),
    )
    for count, kill in enumerate(kills, 1):
        wait_until(lambda least=count * BODIES // 6: all(each.has_answers(least) for each in senders))  # type: ignore[misc]
        kill()
    for sender in senders:
        sender.join(PATIENCE_S * 4)
    assert sum(sender.repeated for sender in senders) > 0
    kept = farm.get("/v1/quarantine?limit=1000", manager)["items"]
    assert len({each["id"] for each in kept}) == len(kept) == sum(sender.refused for sender in senders)
    assert {each["reason"] for each in kept} == {"unknown_channel"}
    assert len({each["gateway"] for each in kept}) == WORKERS
    farm.stop_workers()
    store = open_victoria(farm.store_url)
    try:
        samples = wait_until(lambda: store.raw(SeriesFilter("local"), 0, 2**60))
        stored = {each.key.device: sorted(each.value.tolist()) for each in samples}
        assert stored == {device: values for sender in senders for device, values in sender.expected.items()}
        assert store.conflicts("local", 0, 2**60) == []
    finally:
        store.close()
