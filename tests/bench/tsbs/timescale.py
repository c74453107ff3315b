"""TimescaleDB as TSBS has it: two hypertables, an index of (truck, time), a table of trucks, COPY, and SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg

from tests.bench.tsbs.fleet import DIAGNOSTICS, READINGS, Rows, Truck
from tests.bench.tsbs.questions import Answer, Question
from tests.postgres import Postgres

_FIELDS: Final = {"readings": READINGS, "diagnostics": DIAGNOSTICS}
#: Microseconds from the epoch of Unix to that of PostgreSQL.
_EPOCH_US: Final = 946_684_800_000_000
#: What the extension's tuning tool would set on a machine with some gigabytes for the database.
_SETTINGS: Final = {
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "shared_buffers": "2GB",
    "effective_cache_size": "6GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "max_worker_processes": "19",
    "max_parallel_workers": "2",
    "jit": "off",
}


class Timescale:
    """A cluster of its own with the extension."""

    def __init__(self, folder: Path, trucks: Sequence[Truck], every_ms: int) -> None:
        self._server = Postgres(settings=_SETTINGS, programs=_programs())
        self._server.start()
        self._connection = psycopg.connect(self._server.new_database(), autocommit=True)
        self._connection.execute("CREATE EXTENSION timescaledb")
        self._connection.execute(
            "CREATE TABLE trucks (id INTEGER PRIMARY KEY, name TEXT, fleet TEXT, driver TEXT, model TEXT, "
            "device_version TEXT, load_capacity FLOAT8, fuel_capacity FLOAT8, nominal_fuel_consumption FLOAT8)"
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO trucks VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [(number, *_row(truck)) for number, truck in enumerate(trucks)],
            )
        for table, fields in _FIELDS.items():
            columns = ", ".join(f"{field} FLOAT8" for field in fields)
            self._connection.execute(f"CREATE TABLE {table} (time TIMESTAMPTZ NOT NULL, truck INTEGER, {columns})")
            self._connection.execute(f"CREATE INDEX ON {table} (truck, time DESC)")
            self._connection.execute(f"CREATE INDEX ON {table} (time DESC)")
            self._connection.execute(
                f"SELECT create_hypertable('{table}', 'time', chunk_time_interval => INTERVAL '12 hours', "
                "create_default_indexes => false, migrate_data => true)"
            )

    @property
    def remark(self) -> str:
        """What this build cannot do."""
        return "" if self._compresses() else "no compression in this build"

    def prepare(self, batch: Sequence[Rows]) -> list[tuple[str, bytes]]:
        """Return the binary COPY of each table's rows."""
        return [(rows.table, _binary_rows(rows)) for rows in batch]

    def load(self, prepared: list[tuple[str, bytes]]) -> None:
        """Store a batch in one transaction, which is on the disk when this returns."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for table, body in prepared:
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
                    copy.write(body)

    def finish(self) -> None:
        """Nothing is left to do: each batch is on the disk."""

    def settle(self, end_ms: int) -> None:
        """Compress what can be compressed, and bring the statistics up to date."""
        if self._compresses():
            for table in _FIELDS:
                self._connection.execute(
                    f"ALTER TABLE {table} SET (timescaledb.compress, timescaledb.compress_segmentby = 'truck', "
                    "timescaledb.compress_orderby = 'time')"
                )
                self._connection.execute(f"SELECT compress_chunk(c) FROM show_chunks('{table}') c")
        self._connection.execute("VACUUM ANALYZE")
        self._connection.execute("CHECKPOINT")

    def size_bytes(self) -> int:
        """Return the bytes of the tables with their indices; the log is not counted."""
        return int(sum(self._ask(f"SELECT hypertable_size('{table}')")[0][0] for table in _FIELDS))

    def ask(self, question: Question) -> Answer:
        """Answer a question."""
        rows = self._ask(statement(question))
        return [tuple(part if isinstance(part, str) else float(part) for part in row) for row in rows]

    def close(self) -> None:
        """Stop the server and delete its files."""
        self._connection.close()
        self._server.close()

    def _ask(self, text: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(text.encode()).fetchall()

    def _compresses(self) -> bool:
        return bool(self._ask("SHOW timescaledb.license")[0][0] != "apache")


def missing() -> str | None:
    """Return what is missing here to run it, or None."""
    return (
        None
        if _programs()
        else "TimescaleDB is not on this machine (Debian: apt-get install postgresql-17-timescaledb)"
    )


def _programs() -> Path | None:
    """Return the folder of the programs of the newest PostgreSQL that has the extension."""
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/timescaledb.control"), reverse=True):
        programs = Path("/usr/lib/postgresql") / control.parts[-3] / "bin"
        if (programs / "postgres").exists():
            return programs
    return None


def _row(truck: Truck) -> tuple[str | float, ...]:
    return tuple(getattr(truck, name) for name in Truck.__slots__)


def _binary_rows(rows: Rows) -> bytes:
    """Return rows as PostgreSQL's binary COPY: a null has the length -1 and no bytes."""
    fields = rows.value.shape[1]
    layout = [("columns", ">i2"), ("time_size", ">i4"), ("time", ">i8"), ("truck_size", ">i4"), ("truck", ">i4")]
    layout += [part for number in range(fields) for part in ((f"size_{number}", ">i4"), (f"value_{number}", ">f8"))]
    table = np.zeros(len(rows), np.dtype(layout))
    table["columns"], table["time_size"], table["truck_size"] = fields + 2, 8, 4
    table["time"] = rows.time_ms * 1000 - _EPOCH_US
    table["truck"] = rows.truck
    keeps = np.ones((len(rows), table.dtype.itemsize), np.bool_)
    for number in range(fields):
        null = np.isnan(rows.value[:, number])
        table[f"size_{number}"] = np.where(null, -1, 8)
        table[f"value_{number}"] = rows.value[:, number]
        begin = table.dtype.fields[f"value_{number}"][1]  # type: ignore[index]
        keeps[null, begin : begin + 8] = False
    body = table.view(np.uint8).reshape(len(rows), -1)[keeps].tobytes()
    return b"PGCOPY\n\xff\r\n\x00" + bytes(8) + body + b"\xff\xff"


def statement(question: Question) -> str:
    """Return the SQL of a question."""
    limits = question.limits
    window = (
        f"time >= to_timestamp({question.start_ms / 1000:.3f}) AND time < to_timestamp({question.end_ms / 1000:.3f})"
    )
    return _STATEMENTS[question.name].format(
        fleet=question.fleet, window=window, ten_minutes=question.ten_minutes,
        **{name: getattr(limits, name) for name in limits.__slots__},
    )  # fmt: skip


_NEWEST: Final = """
    JOIN LATERAL (SELECT {field} FROM {table} WHERE truck = t.id AND {field} IS NOT NULL
                  ORDER BY time DESC LIMIT 1) {field} ON true"""
_LONG_SESSIONS: Final = """
    SELECT t.name, t.driver FROM trucks t JOIN (
        SELECT truck, time_bucket('10 minutes', time) AS span FROM readings WHERE {window}
        GROUP BY truck, span HAVING avg(velocity) > {driving}) r ON r.truck = t.id
    WHERE t.fleet = '{fleet}' GROUP BY t.name, t.driver HAVING count(*) > {ten_minutes}"""
_STATEMENTS: Final = {
    "last-loc": "SELECT t.name, t.driver, longitude, latitude FROM trucks t"
    + _NEWEST.format(field="longitude", table="readings")
    + _NEWEST.format(field="latitude", table="readings")
    + " WHERE t.fleet = '{fleet}'",
    "low-fuel": "SELECT t.name, t.driver, fuel_state FROM trucks t"
    + _NEWEST.format(field="fuel_state", table="diagnostics")
    + " WHERE t.fleet = '{fleet}' AND fuel_state.fuel_state < {low_fuel}",
    "high-load": "SELECT t.name, t.driver, current_load FROM trucks t"
    + _NEWEST.format(field="current_load", table="diagnostics")
    + " WHERE t.fleet = '{fleet}' AND current_load.current_load / t.load_capacity > {high_load}",
    "stationary-trucks": """
        SELECT t.name, t.driver FROM trucks t JOIN readings r ON r.truck = t.id
        WHERE {window} AND t.fleet = '{fleet}' GROUP BY t.name, t.driver HAVING avg(r.velocity) < {stationary}""",
    "long-driving-sessions": _LONG_SESSIONS,
    "long-daily-sessions": _LONG_SESSIONS,
    "avg-vs-projected-fuel-consumption": """
        SELECT t.fleet, sum(r.total) / sum(r.n), sum(r.n * t.nominal_fuel_consumption) / sum(r.n) FROM trucks t JOIN (
            SELECT truck, count(fuel_consumption) AS n, sum(fuel_consumption) AS total FROM readings
            WHERE velocity > {driving} GROUP BY truck) r ON r.truck = t.id GROUP BY t.fleet""",
    "avg-daily-driving-duration": """
        SELECT t.fleet, t.name, t.driver, avg(d.hours) FROM trucks t JOIN (
            SELECT truck, time_bucket('1 day', span) AS day, count(*) / 6.0 AS hours FROM (
                SELECT truck, time_bucket('10 minutes', time) AS span FROM readings
                GROUP BY truck, span HAVING avg(velocity) > {driving}) s GROUP BY truck, day) d ON d.truck = t.id
        GROUP BY t.fleet, t.name, t.driver""",
    "avg-daily-driving-session": """
        WITH state AS (
            SELECT truck, time_bucket('10 minutes', time) AS span, avg(velocity) > {session} AS drives FROM readings
            WHERE velocity IS NOT NULL GROUP BY truck, span),
        before AS (SELECT *, lag(drives) OVER (PARTITION BY truck ORDER BY span) AS drove FROM state),
        changes AS (SELECT truck, span, drives, lead(span) OVER (PARTITION BY truck ORDER BY span) AS stop
                    FROM before WHERE drives <> drove)
        SELECT t.name, extract(epoch FROM time_bucket('1 day', span)) * 1000, avg(extract(epoch FROM stop - span))
        FROM changes c JOIN trucks t ON t.id = c.truck WHERE drives AND stop IS NOT NULL GROUP BY 1, 2""",
    "avg-load": """
        SELECT t.fleet, t.model, t.load_capacity, avg(d.load / t.load_capacity) FROM trucks t
        JOIN (SELECT truck, avg(current_load) AS load FROM diagnostics GROUP BY truck) d ON d.truck = t.id
        GROUP BY t.fleet, t.model, t.load_capacity""",
    "daily-activity": """
        SELECT t.fleet, t.model, extract(epoch FROM time_bucket('1 day', span)) * 1000, sum(d.n) / 144.0
        FROM trucks t JOIN (
            SELECT truck, time_bucket('10 minutes', time) AS span, count(status) AS n FROM diagnostics
            GROUP BY truck, span HAVING avg(status) < {in_use}) d ON d.truck = t.id GROUP BY 1, 2, 3""",
    "breakdown-frequency": """
        WITH state AS (
            SELECT truck, time_bucket('10 minutes', time) AS span,
                   count(*) FILTER (WHERE status = 0) >= {broken_share} * count(*) AS broken FROM diagnostics
            WHERE status IS NOT NULL GROUP BY truck, span),
        after AS (SELECT *, lead(broken) OVER (PARTITION BY truck ORDER BY span) AS breaks FROM state)
        SELECT t.model, count(*) FROM after a JOIN trucks t ON t.id = a.truck
        WHERE NOT broken AND breaks GROUP BY t.model""",
}
