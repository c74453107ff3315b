"""Requests of a key through nginx, alone and beside 2,000 customers and 50 wrong tokens a second.

    make bench ARGS="public"
    make bench ARGS="public -- --rounds 5"

The API runs in this process, those who ask in two others. Rounds alternate, after one that is not counted: the
key alone, and the key beside the strangers. `p99_ratio` compares all requests of all rounds; at most 2 is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from api.http.addresses import Addresses
from headland.registry.models.models import Scope
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS
from tests.api.server import own_app, serve
from tests.api.spread_field import serve_spread_field
from tests.api.traceability.test_public import harvest
from tests.api.traceability.test_through_a_proxy import CONFIGURATION, CUSTOMERS, status_of
from tests.machine import find_program
from tests.ports import find_free_port
from tests.waiting import wait_until

SECONDS: Final = 20.0
WRONG_A_SECOND: Final = 50
ASKED_A_SECOND: Final = 25


async def at_pace(count: int, every_s: float, ask: Any) -> None:
    """Call `ask` for each number at its instant, whatever the ones before take."""
    began_s, tasks = time.monotonic(), []
    for number in range(count):
        await asyncio.sleep(max(0.0, began_s + number * every_s - time.monotonic()))
        tasks.append(asyncio.create_task(ask(number)))
    await asyncio.gather(*tasks)


async def ask_with_key(port: int, key: str) -> dict[str, Any]:
    """Return the times of a key's requests [ms] and their statuses."""
    took_ms, statuses = list[float](), Counter[int]()

    async def one(_number: int) -> None:
        began_s = time.perf_counter()
        statuses[await status_of(port, "/v1/fields", f"Authorization: Bearer {key}\r\n")] += 1
        took_ms.append((time.perf_counter() - began_s) * 1000)

    await at_pace(round(SECONDS * ASKED_A_SECOND), 1 / ASKED_A_SECOND, one)
    return {"took_ms": took_ms, "statuses": dict(statuses)}


async def be_strangers(port: int, path: str) -> dict[str, Any]:
    """Return the statuses of 2,000 customers, and of wrong tokens beside them."""
    customers, guesses = Counter[int](), Counter[int]()

    async def customer(_number: int) -> None:
        customers[await status_of(port, path)] += 1

    async def guess(number: int) -> None:
        guesses[await status_of(port, f"/p/{number:022}")] += 1

    await asyncio.gather(
        at_pace(CUSTOMERS, SECONDS / CUSTOMERS, customer),
        at_pace(round(SECONDS * WRONG_A_SECOND), 1 / WRONG_A_SECOND, guess),
    )
    return {"customers": dict(customers), "guesses": dict(guesses)}


def begin(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.bench.bench_public", *words], stdout=subprocess.PIPE)


def result_of(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(process.communicate()[0])
    return told


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Return the figures of some rounds."""
    with serve_spread_field(folder, MemoryStore()) as farm:
        lot = harvest(farm, "20260901-A1")["id"]
        path = farm.client.post(f"/v1/lots/{lot}/release", json={"issuer": "Red Star"}).json()["path"]
        key = farm.repositories.add_key("phone", Scope.READ)[1]
        app = own_app(registry=farm.registry, now_ms=lambda: NOW_MS, addresses=Addresses("https://farm.example"))
        with serve(app, opened=False) as http:
            port = find_free_port()
            text = CONFIGURATION.format(folder=folder, port=port, station=http.base_url.port)
            (folder / "nginx.conf").write_text(text, encoding="utf-8")
            proxy = subprocess.Popen([str(find_program("nginx")), "-c", str(folder / "nginx.conf")])
            try:
                wait_until((folder / "nginx.pid").exists)
                alone, beside, strangers = [], [], []
                result_of(begin("--key", key, "--port", str(port)))
                for _ in range(rounds):
                    alone.append(result_of(begin("--key", key, "--port", str(port))))
                    others = begin("--path", path, "--port", str(port))
                    beside.append(result_of(begin("--key", key, "--port", str(port))))
                    strangers.append(result_of(others))
            finally:
                proxy.terminate()
                proxy.wait(60)
    without, with_them = (
        statistics.quantiles([ms for each in told for ms in each["took_ms"]], n=100) for told in (alone, beside)
    )
    return {
        "alone_p50_ms": without[49],
        "alone_p99_ms": without[98],
        "beside_p50_ms": with_them[49],
        "beside_p99_ms": with_them[98],
        "p99_ratio": with_them[98] / without[98],
        "customers_answered": sum(each["customers"].get("200", 0) for each in strangers),
        "customers_refused": sum(sum(each["customers"].values()) for each in strangers)
        - sum(each["customers"].get("200", 0) for each in strangers),
        "key_refused": sum(sum(each["statuses"].values()) - each["statuses"].get("200", 0) for each in beside),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="")
    parser.add_argument("--path", default="")
    options = parser.parse_args()
    if options.key:
        print(json.dumps(asyncio.run(ask_with_key(options.port, options.key))))
    elif options.path:
        print(json.dumps(asyncio.run(be_strangers(options.port, options.path))))
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(folder), options.rounds)
        print(json.dumps(figures) if options.json else json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
