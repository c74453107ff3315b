"""A ZIP archive with a machine's shapefiles as a source: `run` reads all of it and returns."""

from __future__ import annotations

from typing import Any, Final

from edge.imports.machine.columns import read_columns
from edge.imports.machine.layers import LayerReader, find_layers
from edge.imports.machine.machine_file import MachineFile
from edge.imports.machine.rows import first_local_ms, instants_of, rows_of
from edge.imports.sentences import Sentence
from edge.sources.source import Sink
from headland.contract.records import Clock
from headland.errors import DataDamaged
from headland.files.zip_members import ZipMembers, open_zip

_MODELS: Final = {"Harvest": "combine", "Application": "tractor", "Seeding": "tractor"}


class MachineSource(MachineFile):
    """A `Source` of one machine: its places, speed, working width, and what it applied or harvested."""

    #: Why the last shapefile that is damaged could not be read; empty where none is.
    _damage = ""

    def run(self, sink: Sink) -> None:
        """Read the archive into `sink` to its end, or until `stop`. Raises DataDamaged where nothing can be read."""
        digest = self._digest()
        layers = find_layers(self._path)
        try:
            with open_zip(self._path) as members:
                for number, name in enumerate(layers):
                    if self._stop.is_set():
                        return
                    self._read_layer(members, name, digest, sink)
                    self.position_bytes = self.size_bytes * (number + 1) // len(layers)
        except (OSError, ValueError, KeyError, DataDamaged) as error:
            raise DataDamaged(Sentence("no_shapefile", name=self.name, why=str(error)[:200])) from error
        if isinstance(self._damage, Sentence) and self._output.records == 0:
            raise DataDamaged(self._damage)
        if not layers or (self._damage and self._output.records == 0):
            raise DataDamaged(Sentence("no_shapefile", name=self.name, why=self._damage[:200] or "-"))
        self.position_bytes = self.size_bytes

    def _read_layer(self, members: ZipMembers, name: str, digest: str, sink: Sink) -> None:
        """Read one shapefile; a damaged one is named, and raises DataDamaged where it is the only one."""
        try:
            reader = LayerReader(members, name)
        except DataDamaged as damage:
            (cause,) = damage.args
            self._damage = cause
            is_sentence = isinstance(cause, Sentence)
            self._output.notes.append(cause if is_sentence else Sentence("refused_log", name=name, why=cause[:200]))
            return
        self._read(reader, digest, sink)

    def _read(self, reader: LayerReader, digest: str, sink: Sink) -> None:
        layer, output = reader.layer, self._output
        columns = read_columns(layer.columns, layer.metadata)
        if columns.without_unit:
            output.notes.append(Sentence("unknown_units", columns=", ".join(columns.without_unit)))
        records = reader.records
        output.records += len(records)
        output.lost += reader.lost
        output.notes += reader.notes
        has_zone = any("IsoTime" in record.cells for record in records[:1])
        offset_ms = None
        if not has_zone and self._start_ms is not None:
            first = first_local_ms(records)
            offset_ms = None if first is None else self._start_ms - first
        instants = instants_of(records, columns, output.lost, offset_ms)
        rows = ((time_ms, Clock.GPS, values) for time_ms, values in rows_of(instants, output.lost))
        model = _MODELS.get(str(layer.metadata.get("Operation", "")), "")
        output.deliver(sink, _serial_of(layer.metadata) or digest[:12], "", model, rows)


def _serial_of(metadata: dict[str, Any]) -> str | None:
    """Return the machine's serial number, where the archive is of one machine and has it."""
    usage = metadata.get("MachineUsage")
    machines = list(usage.values()) if isinstance(usage, dict) else []
    serial = machines[0].get("MachineSerial") if len(machines) == 1 and isinstance(machines[0], dict) else None
    return None if serial is None else str(serial)
