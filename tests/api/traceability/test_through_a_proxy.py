"""Customers who come through nginx see their lots, whatever somebody else guesses through the same proxy."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from api.http.addresses import Addresses
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS
from tests.api.server import own_app, serve
from tests.api.spread_field import serve_spread_field
from tests.api.traceability.test_public import harvest
from tests.machine import find_program
from tests.ports import find_free_port
from tests.waiting import wait_until

CUSTOMERS: Final = 2000
#: Customers who are on their way at once.
_AT_ONCE: Final = 100
CONFIGURATION: Final = """\
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 2000; }}
http {{
    access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; location / {{
        proxy_pass http://127.0.0.1:{station}; proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
    }} }}
}}
"""


async def status_of(port: int, path: str, headers: str = "") -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: farm.example\r\nConnection: close\r\n{headers}\r\n".encode())
        return int((await reader.read(-1))[9:12])
    finally:
        writer.close()


async def ask(port: int, path: str) -> tuple[Counter[int], Counter[int]]:
    """Return the statuses of customers, and of who names a wrong token beside every second customer."""
    customers, guesses, at_once = Counter[int](), Counter[int](), asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with at_once:
            if number % 2:
                guesses[await status_of(port, f"/p/{number:022}")] += 1
            customers[await status_of(port, path)] += 1

    await asyncio.gather(*(one(number) for number in range(CUSTOMERS)))
    return customers, guesses


@pytest.mark.services("nginx")
@pytest.mark.long
def test_2000_customers_and_one_who_guesses_behind_one_address_are_all_answered(tmp_path: Path) -> None:
    with serve_spread_field(tmp_path, MemoryStore()) as farm:
        lot = harvest(farm, "20260901-A1")["id"]
        path = farm.client.post(f"/v1/lots/{lot}/release", json={"issuer": "Red Star"}).json()["path"]
        app = own_app(registry=farm.registry, now_ms=lambda: NOW_MS, addresses=Addresses("https://farm.example"))
        with serve(app, opened=False) as http:
            port = find_free_port()
            text = CONFIGURATION.format(folder=tmp_path, port=port, station=http.base_url.port)
            (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
            proxy = subprocess.Popen([str(find_program("nginx")), "-c", str(tmp_path / "nginx.conf")])
            try:
                wait_until((tmp_path / "nginx.pid").exists)
                customers, guesses = asyncio.run(ask(port, path))
            finally:
                proxy.terminate()
                proxy.wait(60)
    assert customers == {200: CUSTOMERS}
    assert guesses[429] > CUSTOMERS // 4
