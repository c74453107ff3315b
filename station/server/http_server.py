"""HTTP server of the API: bounded connections, and an end in time whatever is under way."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from headland.runtime.service_manager import ServiceManager
from headland.runtime.supervised_thread import ThreadStatus
from station.server.http_protocol import AT_ONCE, KEEP_ALIVE_S, MOST_CONNECTIONS, bounded_protocol, raise_file_limit
from station.server.signals import end_process_within, stop_event

#: A process that was told to stop has ended after this time, whatever is under way: all its files survive that.
_END_WITHIN_S: Final = 4.5
#: How long a thread of Python code runs where others wait. The event loop waits for each busy one at every read and
#: write of a socket: with the default of 5 ms and eight of them, more than a hundred milliseconds a request.
_SWITCH_S: Final = 0.0005
#: Objects made until the youngest are looked through for cycles, and how often that is until older ones are. All are
#: looked through by `GarbageSearch` alone: that stops all threads, under load for half a second.
_COLLECT_AFTER: Final = (2_000, 10, 1_000_000)
#: Connections that the system holds until they are accepted.
_MOST_UNACCEPTED: Final = 2048
#: What uvicorn counts in a second: at each so many it renews the headers.
_TICKS_PER_S: Final = 10
#: Turns of the event loop from the acceptance of a connection until the server knows it, and some to spare: a task
#: begins, makes the transport, and that calls its protocol in the next turn.
_TURNS_TO_ACCEPT: Final = 8
#: How long the server waits for cancelled work.
_LEFT_BEHIND_S: Final = 1.0


class ApiServer(uvicorn.Server):
    """Ends live streams and work under way before its shutdown, which would wait for them.

    From the event loop it reports to the service manager: a loop that stands still is reported by silence.
    """

    def __init__(self, config: uvicorn.Config, manager: ServiceManager | None = None) -> None:
        super().__init__(config)
        self._manager = manager or ServiceManager()
        self._reports: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exiting = asyncio.Event()

    @property
    def should_exit(self) -> bool:
        """Whether the server ends; may be set from any thread and by a signal."""
        return self._should_exit

    @should_exit.setter
    def should_exit(self, should_exit: bool) -> None:
        self._should_exit = should_exit
        loop = getattr(self, "_loop", None)
        if should_exit and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._exiting.set)

    async def main_loop(self) -> None:
        """Renew the headers each second until the server ends: uvicorn's own loop looks ten times a second."""
        self._loop = asyncio.get_running_loop()
        seconds = 0
        while not await self.on_tick(seconds * _TICKS_PER_S):
            seconds += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._exiting.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start up; the event loop accepts some connections at once, and the system holds many more."""
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                with socket.fromfd(listening.fileno(), listening.family, listening.type) as same:
                    same.listen(_MOST_UNACCEPTED)
        self._manager.report_ready()
        if self._manager.report_every_s is not None:
            self._reports = asyncio.create_task(self._report(self._manager.report_every_s))

    async def _report(self, every_s: float) -> None:
        while True:
            self._manager.report()
            await asyncio.sleep(every_s)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down."""
        self._manager.report_stopping()
        if self._reports is not None:
            self._reports.cancel()
        app = self.config.app
        if isinstance(app, FastAPI) and hasattr(app.state, "running"):
            app.state.live.close()
            app.state.running.cancel_all()
        await self._stop_accepting()
        await super().shutdown(sockets)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; however that ends, no socket is left to the event loop, which ends as well."""
        try:
            await super().serve(sockets)
        finally:
            await self._stop_accepting()
            for listening in self.servers:
                listening.close()
            while self.server_state.connections:
                for connection in list(self.server_state.connections):
                    connection.transport.abort()
                await asyncio.sleep(0)

    async def _stop_accepting(self) -> None:
        """Accept no more, and wait until the server knows each connection that the event loop has accepted.

        A server that is closed in between makes a transport that nobody ends, with its socket.
        """
        loop = asyncio.get_running_loop()
        descriptors = [listening.fileno() for server in self.servers for listening in server.sockets]
        accepting = [loop.remove_reader(each) for each in descriptors]
        for _ in range(_TURNS_TO_ACCEPT if any(accepting) else 0):
            await asyncio.sleep(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the shutdown at a signal."""
        end_process_within(_END_WITHIN_S)
        super().handle_exit(sig, frame)


def server_config(app: FastAPI, host: str, port: int, most_connections: int = MOST_CONNECTIONS) -> uvicorn.Config:
    """Return the settings of the server."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=bounded_protocol(most_connections),
        # asyncio accepts so many connections before it does anything else.
        backlog=AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_S,
        ws="none",
        # The process's own log format instead of uvicorn's.
        log_config=None,
        # Its warnings are about what clients send.
        log_level="error",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
        server_header=False,
        # The address of a client is that of its connection.
        proxy_headers=False,
    )


def prepare_process() -> None:
    """Let no other thread stop the event loop for long: for a process that is this server's, once all is loaded."""
    sys.setswitchinterval(_SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def serve_until_stopped(
    app: FastAPI,
    host: str,
    port: int,
    list_threads: Callable[[], Sequence[ThreadStatus]] = list,
    listening: socket.socket | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; work that does not look at its cancellation is left behind in its thread.

    `list_threads` are the threads without which the process has to be restarted. `listening` is a socket that listens
    already, as several processes accept from it.
    """
    # uvicorn raises the signal again after its shutdown: without our handler it would end the process at once.
    stop_event()
    if threading.current_thread() is threading.main_thread():
        prepare_process()
    most_connections = raise_file_limit()
    app.state.live.places.bound(most_connections)
    server = ApiServer(server_config(app, host, port, most_connections), ServiceManager(list_threads))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(server.serve(None if listening is None else [listening]))
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_LEFT_BEHIND_S))
    finally:
        asyncio.set_event_loop(None)
        if all(task.done() for task in asyncio.all_tasks(loop)):
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
