"""`headland mcp`: questions of a language model to a farm, by the Model Context Protocol."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from headland.errors import SettingsError
from station.cli.options import DataOption, farm_folder, host_and_port

_API_KEY: Final = "HEADLAND_API_KEY"
_TIMEOUT_S: Final = 60.0
_TRIES: Final = 3


def mcp(
    api: Annotated[
        str | None, typer.Option(help="URL of the station's API.", show_default="that of the farm in --data")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="File with the API key.", show_default=f"{_API_KEY}, or the key of the farm in --data"),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Serve over HTTP at /mcp; each request brings its own key.",
            show_default="standard input and output",
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Answer a language model's questions (MCP). Its tools read, and change nothing.

    The key decides what can be read: make one with the scope `read`.
    """
    from functools import partial

    import anyio

    from headland.client.ask.server import serve_http, serve_stdio
    from headland.client.connection import Connection

    url = api or farm_folder(data).read_state().api_url
    if listen is not None:
        host, port = host_and_port(listen)
        anyio.run(serve_http, partial(Connection, url, timeout_s=_TIMEOUT_S, tries=_TRIES), host, port)
        return
    connection = Connection(url, _read_key(key_file, data), _TIMEOUT_S, _TRIES)
    try:
        anyio.run(serve_stdio, connection)
    finally:
        connection.close()


def _read_key(key_file: Path | None, data: Path | None) -> str:
    """Return the key; raises SettingsError where there is none."""
    if key_file is not None:
        try:
            key = key_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                f"The key in {key_file} cannot be read ({error.strerror}): give another --key-file."
            ) from error
    else:
        key = os.environ.get(_API_KEY) or farm_folder(data).api_key() or ""
    if not key:
        raise SettingsError(f"There is no API key: set {_API_KEY}, or give --key-file.")
    return key
