"""weewx: its archive in SQLite and the same columns as CSV. Each row names its system of units.

Source: weewx.com/docs, "Units" (unit systems and groups) and "Database" (the archive table).
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from edge.imports.sentences import Sentence
from edge.imports.table.table_lines import Cells, CsvLine, Heading, RefusedRow, TableLine
from headland.errors import DataDamaged

TIME: Final = "dateTime"
SYSTEM: Final = "usUnits"
MISSING: Final = ("None", "NULL", "null", "NaN", "nan")
#: A row whose system of units is none of weewx's.
OTHER_SYSTEM: Final = "unknown_unit_system"
SQLITE: Final = b"SQLite format 3\0"
#: A unit behind a heading, as `outTemp (degree_F)`.
_UNIT: Final = re.compile(r"\s*[(\[]\s*([^()\[\]]*?)\s*[)\]]\s*$")
_NUMBER: Final = re.compile(r"[0-9]+")
_LONGEST_CELL: Final = 4096


class Observations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What weewx calls its columns: channel and group of units, units of groups by system, columns left out and why."""

    systems: dict[str, dict[str, str]]
    columns: dict[str, tuple[str, str]]
    left_out: dict[str, str]


@cache
def observations() -> Observations:
    """Return the built-in map."""
    text = files(__package__).joinpath("maps/weewx.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Observations)


def find_column(name: str) -> tuple[str, str] | None:
    """Return the channel of a column and its group of units; None where none is known. `extraTemp2` is an instance."""
    bare, known = bare_name(name), observations().columns
    if bare in known:
        return known[bare]
    number = _NUMBER.search(bare)
    of_row = known.get(_NUMBER.sub("#", bare, count=1))
    if number is None or of_row is None:
        return None
    return f"{of_row[0]}:{int(number[0])}", of_row[1]


def bare_name(name: str) -> str:
    """Return a heading without the unit behind it."""
    return _UNIT.sub("", name).strip()


def read_weewx(rows: Iterable[CsvLine]) -> Iterator[TableLine]:
    """Yield headings, with the units of the system of the rows after them, and rows."""
    names: tuple[str, ...] = ()
    system, system_at = "", -1
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
            continue
        if not names:
            if not row.is_empty:
                names = tuple(cell.strip() for cell in row.cells)
                system_at = next((at for at, name in enumerate(names) if bare_name(name) == SYSTEM), -1)
            continue
        said = row.cells[system_at].strip() if 0 <= system_at < len(row.cells) else ""
        if said != system and said in observations().systems:
            system = said
            yield Heading(row.line, names, units_of(names, system))
        if said != system and not row.is_empty:
            yield RefusedRow(row.line, OTHER_SYSTEM, SYSTEM, said)
        else:
            yield row


def units_of(names: Sequence[str], system: str) -> tuple[str, ...]:
    """Return the units of columns in a system; one that stands behind a heading counts before."""
    units = observations().systems[system]
    found = []
    for name in names:
        stated, column = _UNIT.search(name), find_column(name)
        in_system = "" if column is None else units.get(column[1], column[1])
        found.append(in_system if stated is None else stated[1])
    return tuple(found)


def is_archive(path: Path) -> bool:
    """Return whether a SQLite file has the archive of weewx. Raises DataDamaged where it cannot be read."""
    try:
        with closing(_open(path)) as connection:
            return {TIME, SYSTEM} <= set(_columns(connection))
    except sqlite3.Error as error:
        raise DataDamaged(Sentence("damaged_archive", name=path.name, why=str(error))) from error


def read_archive(path: Path, progress: Callable[[float], bool]) -> Iterator[TableLine]:
    """Yield headings and rows of an archive by their times; `progress` gets the share read, and False ends it.

    The file is only read. Raises DataDamaged where it is damaged.
    """
    yield from read_weewx(_archive_rows(path, progress))


def _archive_rows(path: Path, progress: Callable[[float], bool]) -> Iterator[CsvLine]:
    try:
        with closing(_open(path)) as connection:
            names = _columns(connection)
            yield Cells(0, names)
            total = connection.execute("SELECT count(*) FROM archive").fetchone()[0]
            listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
            found = connection.execute(f"SELECT {listed} FROM archive ORDER BY {TIME}")  # noqa: S608 - its own columns
            for number, values in enumerate(found, 1):
                if not progress(number / max(1, total)):
                    return
                yield Cells(number, ["" if value is None else str(value)[:_LONGEST_CELL] for value in values])
    except sqlite3.Error as error:
        raise DataDamaged(Sentence("damaged_archive", name=path.name, why=str(error))) from error


def _open(path: Path) -> sqlite3.Connection:
    """Open a file of others to be read: nothing that its schema says is run."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _columns(connection: sqlite3.Connection) -> list[str]:
    """Return the columns of the archive; none where there is no such table, or it is no plain one."""
    row = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'archive'").fetchone()
    if row is None or not str(row[0]).upper().startswith("CREATE TABLE"):
        return []
    return [str(name) for _, name, *_ in connection.execute("PRAGMA table_info(archive)")]
