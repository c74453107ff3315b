"""chDB, ClickHouse in the process: two tables in order of (truck, time), Arrow columns in, SQL out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from headland.units_of_time import DAY_MS
from tests.bench.tsbs.fleet import DIAGNOSTICS, READINGS, Rows, Truck
from tests.bench.tsbs.questions import TEN_MINUTES_MS, Answer, Question

_FIELDS: Final = {"readings": READINGS, "diagnostics": DIAGNOSTICS}


class ChDB:
    """A folder of ClickHouse's tables, opened by this process."""

    def __init__(self, folder: Path, trucks: Sequence[Truck], every_ms: int) -> None:
        # By name: neither it nor Arrow is needed anywhere else, and neither has types.
        self._session: Any = import_module("chdb.session").Session(str(folder / "chdb"))
        self._session.query("CREATE DATABASE IF NOT EXISTS fleet ENGINE = Atomic")
        self._session.query(
            "CREATE TABLE fleet.trucks (id UInt32, name String, fleet String, driver String, model String, "
            "device_version String, load_capacity Float64, fuel_capacity Float64, nominal_fuel_consumption Float64) "
            "ENGINE = MergeTree ORDER BY id"
        )
        values = ", ".join(
            str((number, *(getattr(truck, name) for name in Truck.__slots__))) for number, truck in enumerate(trucks)
        )
        self._session.query(f"INSERT INTO fleet.trucks VALUES {values}")
        for table, fields in _FIELDS.items():
            columns = ", ".join(f"{field} Nullable(Float64) CODEC(Gorilla, ZSTD(1))" for field in fields)
            self._session.query(
                f"CREATE TABLE fleet.{table} (time_ms Int64 CODEC(DoubleDelta, ZSTD(1)), truck UInt32, {columns}) "
                "ENGINE = MergeTree ORDER BY (truck, time_ms)"
            )

    @property
    def remark(self) -> str:
        """What this build cannot do."""
        return ""

    def prepare(self, batch: Sequence[Rows]) -> list[tuple[str, Any]]:
        """Return the Arrow table of each table's rows."""
        pa: Any = import_module("pyarrow")
        return [
            (
                rows.table,
                pa.table(
                    {
                        "time_ms": rows.time_ms,
                        "truck": rows.truck,
                        **{
                            field: pa.array(rows.value[:, number], from_pandas=True)
                            for number, field in enumerate(_FIELDS[rows.table])
                        },
                    }
                ),
            )
            for rows in batch
        ]

    def load(self, prepared: list[tuple[str, Any]]) -> None:
        """Store a batch; it is in the system's hands, not on the disk, when this returns."""
        for table, arrow in prepared:
            names = ", ".join(arrow.column_names)
            self._session.query(f"INSERT INTO fleet.{table} ({names}) SELECT {names} FROM Python(arrow)")

    def finish(self) -> None:
        """Nothing is left to do."""

    def settle(self, end_ms: int) -> None:
        """Merge all parts."""
        for table in _FIELDS:
            self._session.query(f"OPTIMIZE TABLE fleet.{table} FINAL")

    def size_bytes(self) -> int:
        """Return the bytes of the active parts."""
        rows = self._rows("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'fleet'")
        return int(rows[0][0])

    def ask(self, question: Question) -> Answer:
        """Answer a question."""
        return [
            tuple(part if isinstance(part, str) else float(part) for part in row)
            for row in self._rows(statement(question))
        ]

    def close(self) -> None:
        """Close the tables."""
        self._session.close()

    def _rows(self, text: str) -> list[tuple[Any, ...]]:
        answer = str(self._session.query(text, "JSONCompactEachRow"))
        return [tuple(json.loads(line)) for line in answer.splitlines() if line]


def missing() -> str | None:
    """Return what is missing here to run it, or None."""
    if find_spec("chdb") is None or find_spec("pyarrow") is None:
        return "chDB is not in this environment (.venv/bin/pip install chdb)"
    return None


def statement(question: Question) -> str:
    """Return the SQL of a question."""
    return _STATEMENTS[question.name].format(
        fleet=question.fleet,
        window=f"time_ms >= {question.start_ms} AND time_ms < {question.end_ms}",
        ten_minutes=question.ten_minutes,
        span=f"intDiv(time_ms, {TEN_MINUTES_MS}) * {TEN_MINUTES_MS} AS span",
        day=f"intDiv(span, {DAY_MS}) * {DAY_MS}",
        of_fleet=f"truck IN (SELECT id FROM fleet.trucks WHERE fleet = '{question.fleet}')",
        **{name: getattr(question.limits, name) for name in question.limits.__slots__},
    )


_NEWEST: Final = """
    SELECT t.name, t.driver, {columns} FROM (
        SELECT truck, {newest} FROM fleet.{table} WHERE {{of_fleet}} GROUP BY truck) r
    JOIN fleet.trucks t ON t.id = r.truck {where}"""
_LONG_SESSIONS: Final = """
    SELECT t.name, t.driver FROM (
        SELECT truck, {span} FROM fleet.readings WHERE {window} AND {of_fleet}
        GROUP BY truck, span HAVING avg(velocity) > {driving}) r
    JOIN fleet.trucks t ON t.id = r.truck GROUP BY t.name, t.driver HAVING count() > {ten_minutes}"""
_STATEMENTS: Final = {
    "last-loc": _NEWEST.format(
        columns="lon, lat",
        newest="argMax(longitude, time_ms) AS lon, argMax(latitude, time_ms) AS lat",
        table="readings",
        where="",
    ),
    "low-fuel": _NEWEST.format(
        columns="fuel",
        newest="argMax(fuel_state, time_ms) AS fuel",
        table="diagnostics",
        where="WHERE fuel < {low_fuel}",
    ),
    "high-load": _NEWEST.format(
        columns="load",
        newest="argMax(current_load, time_ms) AS load",
        table="diagnostics",
        where="WHERE load / t.load_capacity > {high_load}",
    ),
    "stationary-trucks": """
        SELECT t.name, t.driver FROM (
            SELECT truck FROM fleet.readings WHERE {window} AND {of_fleet}
            GROUP BY truck HAVING avg(velocity) < {stationary}) r JOIN fleet.trucks t ON t.id = r.truck""",
    "long-driving-sessions": _LONG_SESSIONS,
    "long-daily-sessions": _LONG_SESSIONS,
    "avg-vs-projected-fuel-consumption": """
        SELECT t.fleet, sum(r.total) / sum(r.n), sum(r.n * t.nominal_fuel_consumption) / sum(r.n) FROM (
            SELECT truck, count(fuel_consumption) AS n, sum(fuel_consumption) AS total FROM fleet.readings
            WHERE velocity > {driving} GROUP BY truck) r JOIN fleet.trucks t ON t.id = r.truck GROUP BY t.fleet""",
    "avg-daily-driving-duration": """
        SELECT t.fleet, t.name, t.driver, avg(d.hours) FROM (
            SELECT truck, {day} AS day, count() / 6.0 AS hours FROM (
                SELECT truck, {span} FROM fleet.readings GROUP BY truck, span HAVING avg(velocity) > {driving}) s
            GROUP BY truck, day) d JOIN fleet.trucks t ON t.id = d.truck GROUP BY t.fleet, t.name, t.driver""",
    "avg-daily-driving-session": """
        SELECT t.name, {day} AS day, avg((stop - span) / 1000) FROM (
            SELECT truck, span, drives, leadInFrame(span, 1, 0) OVER (PARTITION BY truck ORDER BY span
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS stop FROM (
                SELECT truck, span, drives, lagInFrame(drives, 1, 2) OVER (PARTITION BY truck ORDER BY span
                       ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS drove FROM (
                    SELECT truck, {span}, toUInt8(assumeNotNull(avg(velocity)) > {session}) AS drives
                    FROM fleet.readings WHERE velocity IS NOT NULL GROUP BY truck, span))
            WHERE drives != drove AND drove != 2) c JOIN fleet.trucks t ON t.id = c.truck
        WHERE drives = 1 AND stop > 0 GROUP BY t.name, day""",
    "avg-load": """
        SELECT t.fleet, t.model, t.load_capacity, avg(d.load / t.load_capacity) FROM (
            SELECT truck, avg(current_load) AS load FROM fleet.diagnostics GROUP BY truck) d
        JOIN fleet.trucks t ON t.id = d.truck GROUP BY t.fleet, t.model, t.load_capacity""",
    "daily-activity": """
        SELECT t.fleet, t.model, {day} AS day, sum(d.n) / 144.0 FROM (
            SELECT truck, {span}, count(status) AS n FROM fleet.diagnostics GROUP BY truck, span
            HAVING avg(status) < {in_use}) d JOIN fleet.trucks t ON t.id = d.truck GROUP BY t.fleet, t.model, day""",
    "breakdown-frequency": """
        SELECT t.model, count() FROM (
            SELECT truck, broken, leadInFrame(broken, 1, 0) OVER (PARTITION BY truck ORDER BY span
                   ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS breaks FROM (
                SELECT truck, {span}, toUInt8(countIf(status = 0) >= {broken_share} * count()) AS broken
                FROM fleet.diagnostics WHERE status IS NOT NULL GROUP BY truck, span)) s
        JOIN fleet.trucks t ON t.id = s.truck WHERE broken = 0 AND breaks = 1 GROUP BY t.model""",
}
