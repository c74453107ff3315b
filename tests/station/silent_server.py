"""A server that takes connections and says nothing."""

from __future__ import annotations

import socket


class SilentServer:
    """Listens on a loopback port of its own for the length of the block."""

    def __enter__(self) -> SilentServer:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
