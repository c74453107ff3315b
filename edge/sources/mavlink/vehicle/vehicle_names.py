"""Device ids of a gateway's vehicles that have no unique id: which source, link and component each belongs to.

All sources of a gateway share one `VehicleNames`: vehicles with one system id on two sources are two devices, and each
has the same id after a restart of the gateway. The file keeps that; without it the first one that is received gets the
plain id.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import msgspec

from edge.sources.mavlink.vehicle.device_naming import SourceContext, fallback_device

NAMES_FILE: Final = "vehicles.json"
#: Ids that are remembered, at most; a system has as many as vehicles of it were received at one time.
_MOST_NAMES: Final = 4000
#: A vehicle on another source that was received within this is there now.
_TOGETHER_MS: Final = 3000

_LOGGER = logging.getLogger(__name__)


class Holder(msgspec.Struct, frozen=True):
    """What a device id belongs to; `link` is the peer, which may have another address after a restart."""

    source: str
    link: str
    component: int


class VehicleNames:
    """The ids by place, thread-safe. `sources` are those that the gateway has; ids of others are free again."""

    def __init__(self, path: Path | None = None, sources: Collection[str] = ()) -> None:
        self._path = path
        self._sources = frozenset(sources)
        self._lock = threading.Lock()
        self._holders: dict[str, Holder] = {} if path is None else _read(path)
        #: By source and system: the devices that are received there, and when they last were.
        self._received: dict[tuple[str, int], tuple[frozenset[str], int]] = {}

    def choose(self, context: SourceContext, system: int, component: int, link: str, taken: Collection[str]) -> str:
        """Return the id of a vehicle; `taken` are those of vehicles that are received now on its source.

        It is the one that this link had; else one that its source had on a link that is silent now, since a sender may
        return from another address; else the first that is free.
        """
        holder = Holder(context.link, link, component)
        with self._lock:
            same = ""
            twin = 0
            while True:
                device = fallback_device(context, system, twin)
                known = self._holders.get(device)
                if known is None or (self._sources and known.source not in self._sources):
                    if device not in taken:
                        break
                elif known.source == holder.source and known.component == component and device not in taken:
                    if known.link == link:
                        return device
                    same = same or device
                twin += 1
            return self._hold(same or device, holder)

    def note_received(self, source: str, system: int, devices: Iterable[str], now_ms: int) -> set[str]:
        """Note the devices of a system that a source receives now; return those that other sources receive."""
        with self._lock:
            self._received[source, system] = frozenset(devices), now_ms
            return {
                device
                for (other, of), (received, at_ms) in self._received.items()
                if other != source and of == system and abs(now_ms - at_ms) < _TOGETHER_MS
                for device in received
            }

    def _hold(self, device: str, holder: Holder) -> str:
        if self._holders.get(device) != holder:
            self._holders.pop(device, None)
            while len(self._holders) >= _MOST_NAMES:
                del self._holders[next(iter(self._holders))]
            self._holders[device] = holder
            self._write()
        return device

    def _write(self) -> None:
        path = self._path
        if path is None:
            return
        try:
            new_file = path.with_suffix(".json.new")
            new_file.write_bytes(msgspec.json.format(msgspec.json.encode(self._holders)))
            new_file.replace(path)
        except OSError as error:
            _LOGGER.warning("%s cannot be written (%s): after a restart vehicles may swap their ids", path, error)


def _read(path: Path) -> dict[str, Holder]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Holder])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.warning("%s cannot be read (%s): vehicles without a unique id may swap their ids", path, error)
        return {}
