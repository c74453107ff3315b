"""A ZIP archive with a machine's shapefiles as a source: `run` reads all of it and returns."""

from __future__ import annotations

import re
import threading
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

from edge.imports.log_output import LogReport, hash_file
from edge.imports.machine.columns import read_columns
from edge.imports.machine.rows import Amounts, first_local_ms, instants_of, rows_of
from edge.imports.machine.shapefile import LayerReader, find_layers
from edge.imports.sentences import Sentence
from edge.sources.source import DeviceId, Reading, Sink
from headland.contract.quantities import quantity_of
from headland.contract.records import ChannelInfo, Clock, Descriptor
from headland.errors import DataDamaged

_NOT_NAME: Final = re.compile(r"[^a-z0-9._-]+")
_MODELS: Final = {"Harvest": "combine", "Application": "tractor", "Seeding": "tractor"}


class MachineSource:
    """A `Source` of one machine: its places, speed, working width, and what it applied or harvested."""

    def __init__(self, path: Path, site: str, *, start_ms: int | None = None) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self.position_bytes = 0
        self._path, self._site, self._start_ms = path, site, start_ms
        self._stop = threading.Event()
        self._lost: Counter[str] = Counter()
        self._notes: list[str] = []
        self._records = self._rows = 0
        self._amounts = Amounts()
        self._device = ""
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    def run(self, sink: Sink) -> None:
        """Read the archive into `sink` to its end, or until `stop`. Raises DataDamaged where nothing can be read."""
        digest = hash_file(self._path, lambda _count: not self._stop.is_set())
        layers = find_layers(self._path)
        seen: set[int] = set()
        try:
            with zipfile.ZipFile(self._path) as archive:
                for number, name in enumerate(layers):
                    if self._stop.is_set():
                        return
                    self._read(LayerReader(archive, name), digest or "", sink, seen)
                    self.position_bytes = self.size_bytes * (number + 1) // len(layers)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise DataDamaged(Sentence("no_shapefile", name=self.name, why=str(error)[:200])) from error
        if not layers:
            raise DataDamaged(Sentence("no_shapefile", name=self.name, why="-"))
        self.position_bytes = self.size_bytes

    def stop(self) -> None:
        """Make `run` return after the current shapefile."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return the numbers of rows and of losses, by name."""
        return {"rows": self._rows, **self._lost}

    def report(self) -> LogReport:
        """Return the contents so far."""
        devices = (self._device,) if self._device else ()
        notes = (*self._notes, *self._amounts.sentences())
        return LogReport(
            self._records, self._rows, devices, self._first_ms, self._last_ms, dict(self._lost), notes=notes
        )

    def _read(self, reader: LayerReader, digest: str, sink: Sink, seen: set[int]) -> None:
        layer = reader.layer
        columns = read_columns(layer.columns, layer.metadata)
        if columns.without_unit:
            self._notes.append(Sentence("unknown_units", columns=", ".join(columns.without_unit)))
        records = list(reader.records())
        self._records += len(records)
        self._lost += reader.lost
        has_zone = any("IsoTime" in record.cells for record in records[:1])
        offset_ms = None
        if not has_zone and self._start_ms is not None:
            first = first_local_ms(records)
            offset_ms = None if first is None else self._start_ms - first
        instants = instants_of(records, columns, self._lost, offset_ms)
        device = self._name_of(layer.metadata, digest)
        rows = [(time_ms, values) for time_ms, values in rows_of(instants, self._lost) if time_ms not in seen]
        self._lost["repeated"] += len(instants) - len(rows)
        self._lost += Counter()
        if not rows:
            return
        sink.describe(self._descriptor(device, layer.metadata, {name for _, values in rows for name in values}))
        for time_ms, values in rows:
            sink.reading(Reading(device, Clock.GPS, time_ms, values))
            self._amounts.add(time_ms, values)
        seen.update(time_ms for time_ms, _ in rows)
        self._device = device.device
        self._rows += len(rows)
        times = [time_ms for time_ms, _ in rows]
        self._first_ms = min([*times, *([] if self._first_ms is None else [self._first_ms])])
        self._last_ms = max([*times, *([] if self._last_ms is None else [self._last_ms])])

    def _name_of(self, metadata: dict[str, Any], digest: str) -> DeviceId:
        """Return the machine's identity: of its serial number where the archive has one, else of the file."""
        usage = metadata.get("MachineUsage")
        machines = list(usage.values()) if isinstance(usage, dict) else []
        serial = machines[0].get("MachineSerial") if len(machines) == 1 and isinstance(machines[0], dict) else None
        word = _NOT_NAME.sub("-", str(serial or digest[:12]).lower()).strip("-._")[:40]
        return DeviceId(f"machine-{word}", "machine", self._site)

    def _descriptor(self, device: DeviceId, metadata: dict[str, Any], channels: set[str]) -> Descriptor:
        model = _MODELS.get(str(metadata.get("Operation", "")), "")
        infos = {
            name: ChannelInfo(unit=quantity.unit)
            for name in sorted(channels)
            if (quantity := quantity_of(name)) is not None
        }
        return Descriptor(
            device=device.device, kind=device.kind, site=device.site, name=device.device, model=model, channels=infos
        )
