"""ISOXML task data of a tractor, sprayer or combine as a source: `run` reads all its time logs and returns."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edge.imports.machine.logged_work import machine_of, offset_of, rows_of
from edge.imports.machine.machine_file import MachineFile
from edge.imports.machine.task_folder import TASK_DATA, TaskFolder, open_folders
from edge.imports.sentences import Sentence
from edge.sources.source import Sink
from headland.errors import DataDamaged
from headland.files.isoxml.task_data import RefusedTimeLog, TaskData, read_task_data
from headland.files.isoxml.time_log import LogLoss, TimeLog, read_time_log

#: Losses of a file that are named one by one.
_NAMED_LOSSES: Final = 20
_HARVEST: Final = "harvest_flow_kg_min"


class TaskSource(MachineFile):
    """A `Source` of the machines of task data: places, speed, working width, and what was applied or harvested."""

    def __init__(self, path: Path, site: str, *, start_ms: int | None = None) -> None:
        super().__init__(path, site, start_ms=start_ms)
        self._losses = 0
        #: UTC less the local time of terminals that name no zone, by the start that a person gave.
        self._declared_ms: int | None = None

    def run(self, sink: Sink) -> None:
        """Read the logs into `sink` to their end, or until `stop`. Raises DataDamaged where nothing can be read."""
        digest = self._digest()
        try:
            with open_folders(self._path) as folders:
                for folder in folders:
                    self._read_folder(folder, digest, sink)
        except (OSError, DataDamaged) as error:
            raise DataDamaged(Sentence("no_time_log", name=self.name, why=str(error)[:200])) from error
        if not self._stop.is_set() and self._output.records == 0:
            raise DataDamaged(Sentence("no_time_log", name=self.name, why="-"))
        self.position_bytes = self.size_bytes

    def _read_folder(self, folder: TaskFolder, digest: str, sink: Sink) -> None:
        try:
            about = read_task_data(folder.read(TASK_DATA) or b"", lambda name: folder.read(f"{name}.xml"))
        except (RefusedTimeLog, DataDamaged) as error:
            # Its logs can be read without it: then neither the machine nor its sections are known.
            about = TaskData()
            self._output.notes.append(Sentence("refused_log", name=TASK_DATA.upper(), why=str(error)[:200]))
        for name, why in about.unreadable[:_NAMED_LOSSES]:
            self._output.notes.append(Sentence("refused_log", name=f"{name}.XML", why=why[:200]))
        names = folder.logs()
        absent = sorted({log.name for log in about.logs} - {name.upper() for name in names} - {""})
        if absent:
            self._output.notes.append(Sentence("absent_logs", names=", ".join(absent[:_NAMED_LOSSES])))
        for number, name in enumerate(names):
            if self._stop.is_set():
                return
            try:
                log = read_time_log(folder.read(f"{name}.xml") or b"", folder.read(f"{name}.bin") or b"")
            except (RefusedTimeLog, DataDamaged) as error:
                self._output.notes.append(Sentence("refused_log", name=name.upper(), why=str(error)[:200]))
                continue
            self._read_log(log, name.upper(), about, digest, sink)
            self.position_bytes = self.size_bytes * (number + 1) // (len(names) + 1)

    def _read_log(self, log: TimeLog, name: str, about: TaskData, digest: str, sink: Sink) -> None:
        output = self._output
        output.records += len(log.records)
        for loss in log.losses:
            self._name_loss(name, loss)
        offset_ms = offset_of(log, next((each for each in about.logs if each.name.upper() == name), None))
        if offset_ms is None and self._start_ms is not None and log.records:
            if self._declared_ms is None:
                self._declared_ms = log.records[0].time_ms - self._start_ms
            offset_ms = self._declared_ms
        rows = list(rows_of(log, about.elements, offset_ms, output.lost))
        machine = machine_of(log, about)
        is_combine = any(_HARVEST in values for _, _, values in rows)
        word = machine.name if machine is not None and machine.name else digest[:12]
        designator = "" if machine is None else machine.designator
        output.deliver(sink, word, designator, "combine" if is_combine else "tractor", rows)

    def _name_loss(self, name: str, loss: LogLoss) -> None:
        self._output.lost["damaged"] += 1
        self._losses += 1
        if self._losses <= _NAMED_LOSSES:
            last = loss.offset + loss.length - 1
            self._output.notes.append(Sentence("lost_bytes", name=name, first=f"{loss.offset:,}", last=f"{last:,}"))
