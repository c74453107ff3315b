"""Place of a process among those of a station: the one that owns the store, or a worker that serves the API."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

#: Environment variable of the processes of a station that serves its API with several, set by the station itself.
PLACE: Final = "HEADLAND_STATION_PLACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPlace:
    """What a process is, and what it has from the one that started it: open sockets and a folder."""

    role: Literal["owner", "worker"]
    name: str
    #: Folder of the owner's socket and of what the workers share.
    folder: str
    #: File descriptor of the listening socket: the owner's own, or that of the API.
    listening: int

    @property
    def owner_path(self) -> Path:
        """Path of the owner's socket."""
        return owner_path(Path(self.folder))

    @property
    def limits_path(self) -> Path:
        """Path of the limits that the workers share."""
        return limits_path(Path(self.folder))

    @property
    def metrics_folder(self) -> Path:
        """Folder of the metrics of all workers."""
        return metrics_folder(Path(self.folder))

    def take_socket(self) -> socket.socket:
        """Return the listening socket."""
        return socket.socket(fileno=self.listening)

    def to_environment(self) -> dict[str, str]:
        """Return the environment of a process at this place."""
        return {PLACE: json.dumps(asdict(self))}


def owner_path(folder: Path) -> Path:
    """Return the path of the owner's socket in the folder of a station's processes."""
    return folder / "owner"


def limits_path(folder: Path) -> Path:
    """Return the path of the limits that workers share, in the folder of a station's processes."""
    return folder / "limits"


def metrics_folder(folder: Path) -> Path:
    """Return the folder of the metrics of all workers, in the folder of a station's processes."""
    return folder / "metrics"


def place_of(environ: Mapping[str, str] = os.environ) -> StationPlace | None:
    """Return the place of this process; None for a station of one process, and for the one that starts the others."""
    text = environ.get(PLACE)
    return None if text is None else StationPlace(**json.loads(text))
