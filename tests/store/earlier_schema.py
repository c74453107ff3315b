"""A store's file as an earlier schema kept it: the same rows in the same order."""

from __future__ import annotations

from pathlib import Path

import duckdb

from headland.store.duckdb import sql
from headland.store.duckdb.tables.frontier_table import POSITIONS

_LIST_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND table_name = ?"


def write_as_schema(version: int, newest: Path, path: Path) -> None:
    """Write what a closed store of the newest schema holds to a new file of schema `version`."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql.CREATE_VERSION)
        for migration in sql.MIGRATIONS[:version]:
            connection.execute(migration)
        ((target,),) = connection.execute("SELECT current_database()").fetchall()
        tables = [row[0] for row in connection.execute(sql.LIST_TABLES).fetchall()]
        connection.execute(f"ATTACH '{newest}' AS newest (READ_ONLY)")
        for table in tables:
            columns = ", ".join(row[0] for row in connection.execute(_LIST_COLUMNS, [target, table]).fetchall())
            if table == "points":
                columns = columns.replace("ts", f"{sql.INSTANT} AS ts")
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} SELECT {columns} FROM newest.{table} ORDER BY rowid")
        if POSITIONS in tables:
            # The rows have no gaps here.
            before = f"SELECT count(*) FROM newest.points WHERE rowid < (SELECT next_row FROM newest.{POSITIONS})"
            connection.execute(f"UPDATE {POSITIONS} SET next_row = ({before})")
        connection.execute(sql.SET_VERSION.format(version=version))
