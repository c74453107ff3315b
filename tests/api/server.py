"""The application behind a real server on a free loopback port, and a client of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.auth.limits import Limits
from api.auth.public_access import PublicLimiter, PublicLimits
from api.auth.rate_limiter import Rate
from api.auth.sessions_cache import AuthCache
from headland.store.memory import MemoryStore
from headland.store.port import Store
from station.server.http_server import ApiServer, server_config
from tests.api.farm import OWN
from tests.api.open_authenticator import OpenAuthenticator
from tests.ports import find_free_port
from tests.waiting import wait_until

#: A busy machine may take ten times as long for an answer as a quiet one; what is about time says its own.
PATIENCE_S: Final = 120.0
UNLIMITED: Final = Limits(requests=Rate(1e9, 1e9), failures=Rate(1e9, 1e9))


def own_app(store: Store | None = None, **more: Any) -> FastAPI:
    """Return the app of the organisation of the tests on a store, by default an empty one, with nothing else there."""
    parts = {"organisation": OWN, "readiness": list, "counters": dict, **more}
    return create_app(MemoryStore() if store is None else store, **parts)


@contextmanager
def serve(app: FastAPI, *, opened: bool = True) -> Iterator[httpx.Client]:
    """Yield a client whose base URL is the served app; the server ends with the block.

    With `opened` the app accepts this client for everything of the app's own organisation, without a key.
    """
    headers = open_access(app) if opened else {}
    port = find_free_port()
    server = ApiServer(server_config(app, "127.0.0.1", port))
    faults: list[BaseException] = []

    def run() -> None:
        try:
            server.run()
        except BaseException as fault:  # for the test, whoever has replaced `threading.excepthook`
            faults.append(fault)

    thread = threading.Thread(target=run, name=f"test-api-{port}", daemon=True)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    try:
        url = f"http://127.0.0.1:{port}"
        # Without TLS there is nothing to verify: to read the certificates of the world takes 7 ms.
        with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S, verify=False) as client:
            yield client
    finally:
        server.should_exit = True
        # A browser may still hold a connection: the thread, which ends with the process, is not waited for longer.
        thread.join(5.0)
        if faults:
            raise faults[0]


def open_access(app: FastAPI) -> dict[str, str]:
    """Replace the app's authenticator by one that accepts any key; return the headers of a request."""
    app.state.public_limiter = PublicLimiter(PublicLimits(Rate(1e9, 1e9)))
    app.state.auth_cache = AuthCache(OpenAuthenticator(app.state.home.organisation), UNLIMITED)
    return {"Authorization": "Bearer any"}


def body_of(answer: httpx.Response, status: int = 200) -> Any:
    """Return the JSON of an answer, which must have a status."""
    assert answer.status_code == status, answer.text
    return answer.json()
