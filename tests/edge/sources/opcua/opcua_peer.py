"""An OPC UA server of asyncua on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from asyncua import Server, ua
from asyncua.server.user_managers import User, UserRole

from tests.ports import find_free_port

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).replace(tzinfo=None)


class _Login:
    """Accepts one name and password."""

    def get_user(
        self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None
    ) -> User | None:
        del iserver, certificate
        return User(role=UserRole.User) if (username, password) == ("reader", "secret") else None


class OpcUaPeer:
    """Variables `ns=2;s=NAME`; `write` sets value, status code and source time of one."""

    def __init__(self, port: int, *names: str, login: bool = False) -> None:
        self.port = port
        self._names = names
        self._login = login

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="opcua-peer", daemon=True)
        self._thread.start()
        self._do(self._open())

    def stop(self) -> None:
        self._do(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(120)
        self._loop.close()

    def write(self, name: str, value: Any, status: int = 0, time: datetime | None = NOW) -> None:
        data = ua.DataValue(ua.Variant(value), ua.StatusCode(status), time)
        self._do(self._server.write_attribute_value(ua.NodeId(name, 2), data))

    async def _open(self) -> None:
        self._server = Server(user_manager=_Login()) if self._login else Server()
        await self._server.init()
        self._server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}")
        await self._server.register_namespace("urn:test")
        for name in self._names:
            variable = await self._server.nodes.objects.add_variable(ua.NodeId(name, 2), f"2:{name}", 0.0)
            await variable.write_value(ua.DataValue(ua.Variant(1.0), ua.StatusCode(0), NOW))
        await self._server.start()

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(120)


@contextmanager
def serving(*names: str, login: bool = False) -> Iterator[OpcUaPeer]:
    """Serve such variables on a free port."""
    peer = OpcUaPeer(find_free_port(), *names, login=login)
    peer.start()
    try:
        yield peer
    finally:
        peer.stop()
