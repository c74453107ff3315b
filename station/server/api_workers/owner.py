"""The process that owns the store beside the API's workers: it serves its services to them on a local socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headland.runtime.remote.server import PortServer
from station.server.api_workers.place import StationPlace
from station.server.api_workers.services import OwnedServices, served_ports
from station.server.http_server import prepare_process
from station.server.signals import end_process_within, stop_event
from station.server.thread_sources import ThreadSources

#: As a station of one process: what was acknowledged survives an end at any moment.
_END_WITHIN_S: Final = 4.5


def serve_workers(
    place: StationPlace, owned: OwnedServices, threads: ThreadSources, end_streams: Callable[[], object]
) -> None:
    """Serve the workers until SIGTERM or SIGINT; `end_streams` lets those go that wait for live values."""
    stop = stop_event()
    server = PortServer(place.take_socket(), served_ports(owned), "owner")
    prepare_process()
    server.start()
    threads.add(server)
    try:
        stop.wait()
        end_process_within(_END_WITHIN_S)
        end_streams()
    finally:
        server.stop()
