"""Asks the station over HTTP with what Python brings along: the kit needs no client library."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection, HTTPException

from station.local.plan import HOST

_ANSWER_S = 10.0


def ask(port: int, path: str, key: str | None = None) -> tuple[int, bytes]:
    """Return status and body of a GET that shows `key`; status 0 where nobody answers."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    try:
        with closing(HTTPConnection(HOST, port, timeout=_ANSWER_S)) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
