"""File types of the import: finding files, opening the source of each, reporting on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from edge.agent.settings import EdgeSettings
from edge.imports.dataflash.source import DataflashSource
from edge.imports.file_content import GLANCE_BYTES, KIND_BY_SUFFIX, LogKind, kind_of
from edge.imports.log_output import LogReport
from edge.imports.machine.source import MachineSource
from edge.imports.machine.task_folder import is_log_of_task
from edge.imports.machine.task_source import TaskSource
from edge.imports.mavlink_log.raw_log import RawLogSource
from edge.imports.mavlink_log.tlog import TlogSource
from edge.imports.report import FileReport
from edge.imports.sentences import Sentence
from edge.imports.table.loggers.logger_table import LoggerChoice, map_of, recognise
from edge.imports.table.map import LoadedMap
from edge.imports.table.source import TableSource
from edge.imports.ulog.source import UlogSource
from edge.sources.mavlink.settings import MavlinkSettings
from headland.errors import DataDamaged, SettingsError

LOGS: Final = (".tlog", ".rlog", ".raw", ".bin", ".ulg")
TABLES: Final = (".csv", ".tsv", ".txt", ".dat")
#: Endings of databases that a weather station's program keeps.
DATABASES: Final = (".sdb", ".sqlite", ".db")
#: Characters that make a name a pattern where there is no such file.
_PATTERN: Final = frozenset("*?[")

LogSource = TlogSource | RawLogSource | DataflashSource | UlogSource | MachineSource | TaskSource


def find_files(names: Iterable[Path], *, tables: bool = False) -> list[Path]:
    """Return the named files, each once; for a folder or a pattern, all files of the expected type in it.

    A log is also found under another name, by its contents, and a packed one by its name, so that it is told. Raises
    SettingsError, before anything is read, for a named file that cannot be opened or is of another type, and for a
    folder or pattern without files.
    """
    by_path: dict[Path, Path] = {}
    for name in names:
        if name.is_dir():
            files = _among(name.rglob("*"), tables=tables)
        elif _PATTERN & set(str(name)) and not name.exists():
            anchor = Path(name.anchor)
            files = _among(anchor.glob(str(name.relative_to(anchor))), tables=tables)
        else:
            check_file(name, tables=tables)
            files = [name]
        if not files:
            raise SettingsError(f"{name}: there is no {' or '.join(TABLES if tables else LOGS)} file in it")
        for file in files:
            by_path.setdefault(file.resolve(), file)
    return list(by_path.values())


def _among(paths: Iterable[Path], *, tables: bool) -> list[Path]:
    if tables:
        return sorted(path for path in paths if path.suffix.lower() in TABLES and path.is_file())
    return sorted(path for path in paths if path.is_file() and _is_log(path))


def _is_log(path: Path) -> bool:
    """Return whether a file of a folder is a log: by its name, also of a packed one, or by its contents.

    A time log of ISOXML is none by itself: it is read with the task data that names it.
    """
    if is_log_of_task(path):
        return False
    if path.suffix.lower() in LOGS or {suffix.lower() for suffix in path.suffixes[-2:-1]} & set(LOGS):
        return True
    try:
        return isinstance(kind_of(path, GLANCE_BYTES), LogKind) or is_of_logger(path)
    except OSError:
        return False


def is_of_logger(path: Path) -> bool:
    """Return whether a file is the table of a logger, by its contents; only what is called like a table is looked at.

    Raises OSError.
    """
    if path.suffix.lower() not in (*TABLES, *DATABASES):
        return False
    try:
        return recognise(path) is not None
    except DataDamaged:
        return True  # its reading tells what it is


def check_file(path: Path, *, tables: bool) -> None:
    """Raise SettingsError where a path is not a readable file of the expected type."""
    suffix = path.suffix.lower()
    if tables and suffix not in TABLES:
        raise SettingsError(f"{path}: a map describes tables ({', '.join(TABLES)}), and this is not one")
    try:
        kind = kind_of(path)
        if tables or kind is not None or is_of_logger(path):
            return
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
    if suffix in TABLES:
        raise SettingsError(
            f"{path}: a table needs a map of its columns: --map; those of Campbell loggers (TOA5), weewx and Davis "
            "WeatherLink are known by themselves"
        )
    if suffix not in LOGS:
        raise SettingsError(
            f"{path}: unknown type of file; {', '.join(LOGS)} logs can be imported, and tables with a map"
        )


def open_source(
    path: Path,
    settings: EdgeSettings,
    table_map: LoadedMap | None,
    start_ms: int | None = None,
    choice: LoggerChoice | None = None,
) -> LogSource | TableSource:
    """Return the source of a file: a table by its map, a log by its contents, or by its name where they do not tell.

    A table without a map is one of a logger, of which `choice` says what it does not say itself. `start_ms` dates a log
    that does not know its time. Raises OSError where the file is gone, DataDamaged where it is no log.
    """
    gateway = settings.gateway
    kind = kind_of(path)
    if isinstance(kind, Sentence):
        raise DataDamaged(kind)
    if table_map is not None:
        return TableSource(path, table_map, gateway.site)
    table = recognise(path) if kind is None and path.suffix.lower() in (*TABLES, *DATABASES) else None
    if table is not None:
        return TableSource(path, map_of(table, choice or LoggerChoice(), path.name), gateway.site)
    return _open_log(path, settings, kind, start_ms)


def _open_log(path: Path, settings: EdgeSettings, kind: LogKind | None, start_ms: int | None) -> LogSource:
    gateway = settings.gateway
    mavlink = next((source for source in settings.source if isinstance(source, MavlinkSettings)), None)
    match kind or KIND_BY_SUFFIX.get(path.suffix.lower()):
        case LogKind.DATAFLASH | LogKind.DATAFLASH_TEXT as found:
            is_text = found is LogKind.DATAFLASH_TEXT
            return DataflashSource(path, mavlink, gateway.site, start_ms=start_ms, is_text=is_text)
        case LogKind.ULOG:
            return UlogSource(path, mavlink, gateway.site, start_ms=start_ms)
        case LogKind.MACHINE:
            return MachineSource(path, gateway.site, start_ms=start_ms)
        case LogKind.TASKS:
            return TaskSource(path, gateway.site, start_ms=start_ms)
        case LogKind.TLOG:
            return TlogSource(path, mavlink, gateway.id, gateway.site, start_ms=start_ms)
        case LogKind.RAW:
            return RawLogSource(path, mavlink, gateway.id, gateway.site, start_ms=start_ms)
        case None:
            is_database = path.suffix.lower() in DATABASES
            raise DataDamaged(Sentence("other_database" if is_database else "not_known", name=path.name))


def report_file(path: Path, source: LogSource | TableSource, error: str) -> FileReport:
    """Return the report of a file that was read, without its points, events and gaps."""
    if isinstance(source, TableSource):
        table = source.report()
        return FileReport(
            path=path,
            rows=table.rows,
            devices=(table.device,),
            first_ms=table.first_ms,
            last_ms=table.last_ms,
            ignored=table.refused,
            refusals=tuple(refusal.sentence() for refusal in table.refusals),
            refused_rows=table.refusals,
            error=error,
        )
    log = source.report()
    if not isinstance(log, LogReport):
        first_ms = [device.first_ms for device in log.devices if device.first_ms is not None]
        last_ms = [device.last_ms for device in log.devices if device.last_ms is not None]
        devices: Sequence[str] = [device.device for device in log.devices]
        log = LogReport(
            messages=log.frames,
            rows=log.rows,
            devices=tuple(devices),
            first_ms=min(first_ms, default=None),
            last_ms=max(last_ms, default=None),
            left_out=log.left_out,
            notes=log.notes,
        )
    return FileReport(
        path=path,
        messages=log.messages,
        rows=log.rows,
        devices=log.devices,
        first_ms=log.first_ms,
        last_ms=log.last_ms,
        ignored=log.left_out,
        dropouts=log.dropouts,
        notes=log.notes,
        error=error,
    )
