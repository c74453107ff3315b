"""A DataFlash log as the text that a ground station makes of a .BIN, read by pymavlink: it shares nothing with ours."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pymavlink import DFReader

from tests.edge.imports.dataflash.bin_writer import BinWriter


def as_text(log: BinWriter) -> bytes:
    """Return the text: a line a message, values scaled, as Mission Planner writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.bin"
        path.write_bytes(bytes(log.data))
        return text_of_file(path)


def text_of_file(path: Path) -> bytes:
    """Return the text of a .BIN."""
    log = DFReader.DFReader_binary(str(path), zero_time_base=True)
    lines: list[str] = []
    try:
        while (message := log.recv_msg()) is not None:
            lines.append(
                ", ".join(
                    (message.get_type(), *map(_word, (getattr(message, name) for name in message.get_fieldnames())))
                )
            )
    finally:
        log.data_map.close()
        log.filehandle.close()
    return ("\r\n".join(lines) + "\r\n").encode()


def _word(value: Any) -> str:
    if isinstance(value, bytes):
        return value.rstrip(b"\0").decode("latin-1")
    return repr(value) if isinstance(value, float) else str(value)
