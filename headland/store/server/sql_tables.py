"""SQL tables beside an engine that stores numbers only: one SQLite file or PostgreSQL schema for several stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from headland.errors import RetryLater, SettingsError
from headland.files.sqlite_wal import use_wal
from headland.store.port import SeriesKey

#: Rows of a statement: databases limit its number of values.
_ROWS: Final = 500
#: How long a statement waits for another connection's lock of a SQLite file.
_WAIT_S: Final = 10

_METADATA: Final = sa.MetaData()
_SERIES: Final = ("organisation", "site", "kind", "device", "channel")


def _series_columns() -> list[sa.Column[Any]]:
    words: list[sa.Column[Any]] = [sa.Column(word, sa.Text, primary_key=True) for word in _SERIES]
    return [*words, sa.Column("simulated", sa.Boolean, primary_key=True)]


def _store_column() -> sa.Column[Any]:
    return sa.Column("store", sa.Text, primary_key=True)


MARKS: Final = sa.Table(
    "store_mark",
    _METADATA,
    _store_column(),
    sa.Column("gateway", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("high_water", sa.BigInteger, nullable=False),
    sa.Column("ahead", sa.Text, nullable=False),
)
#: The books of the epochs: `first`..`last` have an entry, or for a `first` below 1 -first more records up to `last`.
#: A source without rows here was accounted for by a version without books.
BOOKS: Final = sa.Table(
    "store_book",
    _METADATA,
    _store_column(),
    sa.Column("gateway", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last", sa.BigInteger, nullable=False),
)
#: How many records of a source are accounted for by what is beside the samples on the server.
NUMBERS: Final = sa.Table(
    "store_number",
    _METADATA,
    _store_column(),
    sa.Column("gateway", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
)
#: Losses of the server, each a `FileDamage`.
DAMAGE: Final = sa.Table(
    "store_damage",
    _METADATA,
    _store_column(),
    sa.Column("found_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.Text, nullable=False),
)
DEVICES: Final = sa.Table(
    "store_device",
    _METADATA,
    _store_column(),
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("gateway", sa.Text, nullable=False),
    sa.Column("descriptor", sa.Text, nullable=False),
)
EVENTS: Final = sa.Table(
    "store_event",
    _METADATA,
    _store_column(),
    sa.Column("organisation", sa.Text, primary_key=True),
    sa.Column("time_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
CONFLICTS: Final = sa.Table(
    "store_conflict",
    _METADATA,
    _store_column(),
    *_series_columns(),
    sa.Column("time_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Double, primary_key=True),
    sa.Column("quality", sa.Integer, nullable=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
)
NEVER_LATEST: Final = sa.Table(
    "store_never_latest",
    _METADATA,
    _store_column(),
    *_series_columns(),
    sa.Column("time_ms", sa.BigInteger, primary_key=True, autoincrement=False),
)
#: Samples that the engine cannot store; those with `moves` are on their way into it.
SAMPLES: Final = sa.Table(
    "store_sample",
    _METADATA,
    _store_column(),
    *_series_columns(),
    sa.Column("time_ms", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Double, nullable=False),
    sa.Column("quality", sa.Integer, nullable=False),
    sa.Column("moves", sa.Boolean, nullable=False),
)

#: The advisory lock of PostgreSQL that one process at a time holds while it creates tables; the registry has another.
_LOCK: Final = 0x4865_6164_5369_6465


#: A table with rows, or keys, of it.
TableRows = tuple[sa.Table, Sequence[Mapping[str, object]]]


class SqlTables:
    """The tables of one store. Its calls raise RetryLater while the database is away."""

    def __init__(self, url: str, store: str) -> None:
        self._store = store
        try:
            address = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise SettingsError(
                "The store's side tables need a URL such as sqlite:///FILE or postgresql://…"
            ) from error
        if address.get_backend_name() not in ("sqlite", "postgresql"):
            raise SettingsError(
                f"The store's side tables must be in SQLite or PostgreSQL, not in {address.get_backend_name()}."
            )
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(address)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _make_durable)

    def open(self) -> None:
        """Create the missing tables; several processes may do so at once."""
        with self._connected() as connection:
            # Between the look for a table and its creation another process would create it.
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            _METADATA.create_all(connection)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def rows(self, table: sa.Table, *conditions: sa.ColumnElement[bool], order: Sequence[sa.Column[Any]] = (),
             limit: int | None = None) -> list[Any]:  # fmt: skip
        """Return the rows of this store that match all conditions."""
        columns = [column for column in table.columns if column.name != "store"]
        statement = sa.select(*columns).where(table.c.store == self._store, *conditions).order_by(*order).limit(limit)
        with self._connected() as connection:
            return list(connection.execute(statement).all())

    def distinct(self, column: sa.Column[Any]) -> set[str]:
        """Return the different values of a column in this store."""
        statement = sa.select(column).where(column.table.c.store == self._store).distinct()
        with self._connected() as connection:
            return set(connection.execute(statement).scalars())

    def count(self, table: sa.Table) -> int:
        """Return the number of rows of this store."""
        statement = sa.select(sa.func.count()).select_from(table).where(table.c.store == self._store)
        with self._connected() as connection:
            return int(connection.execute(statement).scalar_one())

    def add(self, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> int:
        """Add the rows with new keys, in one transaction; return how many."""
        insert = sqlite_insert if self._engine.dialect.name == "sqlite" else postgresql_insert
        added = 0
        with self._connected() as connection:
            for start in range(0, len(rows), _ROWS):
                values = [{"store": self._store, **row} for row in rows[start : start + _ROWS]]
                key = next(iter(table.primary_key.columns))
                statement = insert(table).values(values).on_conflict_do_nothing().returning(key)
                added += len(connection.execute(statement).all())
        return added

    def put(self, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Add the rows, or replace those of the same key, in one transaction."""
        self.change([], [(table, rows)])

    def change(self, keys: Sequence[TableRows], rows: Sequence[TableRows]) -> None:
        """Delete the rows with some keys, then add rows or replace those of the same key, in one transaction."""
        with self._connected() as connection:
            for table, gone in keys:
                for key in gone:
                    conditions = (table.c[name] == value for name, value in key.items())
                    connection.execute(sa.delete(table).where(table.c.store == self._store, *conditions))
            for table, added in rows:
                for row in added:
                    self._put(connection, table, row)

    def _put(self, connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> None:
        keys = [column.name for column in table.primary_key.columns]
        insert = sqlite_insert if self._engine.dialect.name == "sqlite" else postgresql_insert
        statement = insert(table).values(store=self._store, **row)
        rest = {column.name: column for column in statement.excluded if column.name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))

    def delete(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        """Delete the rows of this store that match all conditions; return how many."""
        with self._connected() as connection:
            return connection.execute(sa.delete(table).where(table.c.store == self._store, *conditions)).rowcount

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            reason = str(error.orig).strip().split("\n")[0].rstrip(".")
            raise RetryLater(f"The store's side tables at {where} cannot be used now: {reason}.") from error


def series_row(key: SeriesKey) -> dict[str, object]:
    """Return the columns that identify a series."""
    return {word: getattr(key, word) for word in (*_SERIES, "simulated")}


def is_series(table: sa.Table, key: SeriesKey) -> sa.ColumnElement[bool]:
    """Return the condition that a row belongs to a series."""
    return sa.and_(*(table.c[word] == value for word, value in series_row(key).items()))


def key_of(row: Any) -> SeriesKey:
    """Return the series of a row."""
    return SeriesKey(row.organisation, row.site, row.kind, row.device, row.channel, row.simulated)


def _make_durable(connection: Any, _: object) -> None:
    """Set the pragmas: commits survive a power cut, and readers do not wait for a writer."""
    use_wal(connection, _WAIT_S)
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute(f"PRAGMA busy_timeout = {round(_WAIT_S * 1000)}")
    cursor.close()
