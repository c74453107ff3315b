"""Ingest workers on static shards: the same load with 1, 2 and 4 of them, on VictoriaMetrics and PostgreSQL.

`python -m tests.bench.bench_shards [--json] [--records N] [--points N] [--rounds N] [--gateways N] [--workers N...]`

Each round starts mosquitto, VictoriaMetrics and PostgreSQL anew, then so many workers (`headland ingest run --shards`),
and publishes the records of all gateways as fast as they are taken. The clock runs from the first publish to the last
commit ack. Efficiency is told twice, because all processes share the cores of this machine:

- `efficiency_by_wall`: records a second, over those of one worker times their number. With more processes than cores it
  cannot be 1.
- `efficiency_by_cpu`: processor time of all workers for a record with one worker, over that with n. It is what
  sharding itself costs, whatever the cores.

`worker_limit_records_per_s` is what the workers' own processor time would allow if each had a core of its own: the sum
of their records, over the time of the busiest one. It is computed, not measured.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from headland.contract.codec import decode_record
from headland.contract.records import Ack
from headland.contract.topics import SHARDS, ack_topic, shard_of
from tests.bench.bench_ingest import cpu_s_of, receive, rounded
from tests.bench.ingest_load import Load, make_messages, publish
from tests.bench.machine_load import busy_cores
from tests.services.sharded_farm import ShardedFarm
from tests.waiting import wait_until

COUNTS: Final = (1, 2, 4)
_BROKER: Final = ("max_inflight_messages 1000", "set_tcp_nodelay true")
Figures = dict[str, float]


def cpu_s_with_children(pid: int) -> float:
    """Return the processor seconds of a process and of its children, also of those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    ended_s = (int(fields[13]) + int(fields[14])) / 100
    return cpu_s_of(pid) + ended_s + sum(cpu_s_of(int(child)) for child in children)


def run(workers: int, load: Load) -> Figures:
    """Run one round with so many workers."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        farm = ShardedFarm(Path(folder), broker_lines=_BROKER)
        here, there = spawn.Pipe()
        publisher = spawn.Process(target=publish, args=(there, 0, load))
        try:
            farm.start()
            farm.shard(workers)
            publisher = spawn.Process(target=publish, args=(there, farm.broker.port, load))
            publisher.start()
            receive(here)
            acks = listen(farm.broker.port, load)
            pids = {f"worker-{number}": worker.pid for number, worker in enumerate(farm.workers)}
            pids |= {"broker": farm.broker.pid, "victoria": farm.victoria.pid, "publisher": publisher.pid or 0}
            postgres = farm.postgres.pid
            before = {name: cpu_s_of(pid) for name, pid in pids.items()}
            before["postgres"] = cpu_s_with_children(postgres)
            began_s = time.perf_counter()
            here.send("go")
            wait_until(lambda: acks.ended_s, 600)
            took_s = acks.ended_s - began_s
            spent = {name: cpu_s_of(pid) - before[name] for name, pid in pids.items() if name != "publisher"}
            spent["postgres"] = cpu_s_with_children(postgres) - before["postgres"]
            acks.close()
        finally:
            if publisher.pid is not None:
                publisher.join(20)
                publisher.kill()
            farm.close()
    of_workers = [spent[name] for name in spent if name.startswith("worker-")]
    us = 1e6 / load.messages
    return {
        "records_s": load.messages / took_s,
        "points_s": load.total / took_s,
        "workers_cpu_us_a_record": sum(of_workers) * us,
        "busiest_worker_share": max(of_workers) / max(1e-9, sum(of_workers)),
        "worker_limit_records_per_s": load.messages / max(of_workers),
        "broker_cpu_us_a_record": spent["broker"] * us,
        "victoria_cpu_us_a_record": spent["victoria"] * us,
        "postgres_cpu_us_a_record": spent["postgres"] * us,
        "all_cpu_us_a_record": sum(spent.values()) * us,
        "busy_cores": sum(spent.values()) / took_s,
    }


class _Acks:
    """The commit acks of all gateways; `ended_s` is when the last record was committed, 0 before."""

    def __init__(self, port: int, last: dict[str, int]) -> None:
        self._last = last
        self.ended_s = 0.0
        subscribed: list[int] = []
        self._client = Client(CallbackAPIVersion.VERSION2, "bench-acks", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe(ack_topic("+"), qos=0)
        self._client.on_subscribe = lambda *_: subscribed.append(1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        wait_until(lambda: subscribed)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        gateway = message.topic.rsplit("/", 1)[1]
        ack = decode_record(bytes(message.payload), Ack)
        if isinstance(ack, Ack) and ack.seq >= self._last.get(gateway, ack.seq + 1):
            del self._last[gateway]
            if not self._last:
                self.ended_s = time.perf_counter()


def listen(port: int, load: Load) -> _Acks:
    """Return the commit acks of a load from now on."""
    last: dict[str, int] = {}
    for message in make_messages(load):
        last[message.gateway] = max(message.seq, last.get(message.gateway, 0))
    return _Acks(port, last)


def measure(counts: list[int], load: Load, rounds: int) -> dict[str, Any]:
    """Alternate the numbers of workers; return the medians of each, and their efficiency beside the first."""
    load_before = busy_cores()
    found: dict[int, list[Figures]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            found[count].append(run(count, load))
    medians = {
        count: {key: statistics.median(one[key] for one in each) for key in each[0]} for count, each in found.items()
    }
    first = medians[counts[0]]
    for count, figures in medians.items():
        share = counts[0] / count
        figures["efficiency_by_wall"] = figures["records_s"] / first["records_s"] * share
        figures["efficiency_by_cpu"] = first["workers_cpu_us_a_record"] / figures["workers_cpu_us_a_record"]
        figures["efficiency_of_limit"] = (
            figures["worker_limit_records_per_s"] / first["worker_limit_records_per_s"] * share
        )
    return {"other_load_cores": load_before, **{f"workers_{count}": figures for count, figures in medians.items()}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=6000)
    parser.add_argument("--points", type=int, default=100, help="samples of a record")
    parser.add_argument("--gateways", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", choices=(1, 2, 4, 8, 16), default=list(COUNTS))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    load = Load(options.records, options.points, options.gateways, options.gateways)
    halves = [sum(shard_of(f"gw-{number}") < SHARDS // 2 for number in range(options.gateways)) / options.gateways]
    figures = rounded({"share_of_first_half": halves[0], **measure(options.workers, load, options.rounds)})
    if options.json:
        print(json.dumps(figures))
        return
    groups = {name: group for name, group in figures.items() if isinstance(group, dict)}
    print(f"{'':28}" + "".join(f"{name:>14}" for name in groups))
    for what in next(iter(groups.values())):
        print(f"{what:28}" + "".join(f"{group[what]:14,.2f}" for group in groups.values()))


if __name__ == "__main__":
    main()
