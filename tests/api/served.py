"""The application behind a real server on a free loopback port, and a client of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from fastapi import FastAPI

from tests.broker import find_free_port
from tests.waiting import wait_until


@contextmanager
def serve(app: FastAPI) -> Iterator[httpx.Client]:
    """Yield a client whose base URL is the served app; the server ends with the block."""
    port = find_free_port()
    config = uvicorn.Config(
        app, port=port, log_level="critical", lifespan="off", timeout_graceful_shutdown=1, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name=f"test-api-{port}", daemon=True)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(5.0)
