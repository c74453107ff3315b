"""The door of the registry: open it, find an organisation, and get at what it has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec
import sqlalchemy as sa

from headland.clock import wall_clock_ms
from headland.contract.records import is_name
from headland.errors import RetryLater
from headland.registry.auth import api_keys, sessions
from headland.registry.db import audit, tables
from headland.registry.db.database import Database
from headland.registry.db.ids import IdMaker
from headland.registry.db.migration import current_revision, newest_revision
from headland.registry.db.tables import members, organisations
from headland.registry.models.errors import Conflict, InvalidRecord, NotFound
from headland.registry.models.models import Organisation, Scope
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import MINUTE_MS

#: The last use of a key is written at most so often.
_USE_EVERY_MS: Final = MINUTE_MS


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a key or a membership opens: whose estate, how far, and the word for the audit log."""

    organisation: Organisation
    scope: Scope
    by: str
    key: str | None = None


class RegistryInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What `headland doctor` says of it."""

    url: str
    revision: str
    newest_revision: str
    organisations: int


class Registry:
    """Who owns what. All calls block and may be made from any thread; RetryLater when the database is away."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._now_ms = now_ms
        self._ids = IdMaker()

    def add_organisation(self, handle: str, name: str, by: str) -> Organisation:
        """Keep a new organisation. `handle` is its name in the time-series store, for ever."""
        if not is_name(handle) or not name.strip():
            raise InvalidRecord(
                f"{handle!r} is no handle: 1 to 64 letters, digits, dots, dashes and underscores; and it needs a name."
            )
        now_ms = self._now_ms()
        made = Organisation(
            id=self._ids.make(now_ms), version=1, created_ms=now_ms, changed_ms=now_ms, handle=handle, name=name
        )
        with self._database.writing() as connection:
            if _find(connection, handle) is not None:
                raise Conflict(f"There is an organisation {handle!r} already.")
            values = msgspec.structs.asdict(made)
            connection.execute(organisations.insert().values(audit_seq=0, audit_hash=audit.START, **values))
            text = msgspec.json.encode(made).decode()
            logged = audit.Change(time_ms=now_ms, who=by, action="add", kind="organisation", record=made.id, after=text)
            audit.append(connection, made.id, logged)
        return made

    def organisations(self) -> list[Organisation]:
        """Return all organisations in the order of their making."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(organisations).order_by(organisations.c.id))
            return [_organisation(row) for row in rows]

    def organisation(self, handle: str) -> Organisation:
        """Return the organisation of a handle; raises NotFound."""
        with self._database.reading() as connection:
            found = _find(connection, handle)
        if found is None:
            raise NotFound("organisation", handle)
        return found

    def repositories(self, organisation: str, by: str) -> OrganisationRepositories:
        """Return what the organisation of an id has; `by` is who acts, for the audit log."""
        return OrganisationRepositories(RepositoryContext(self._database, organisation, by, self._ids, self._now_ms))

    def authenticate(self, key: str) -> Access | None:
        """Return what a key opens, or None for one that is unknown, expired or deleted; notes its use."""
        if not api_keys.is_key(key):
            return None
        with self._database.reading() as connection:
            found = self._open(connection, tables.api_keys.c.secret_sha256 == api_keys.hash_key(key))
        return self._note_use(found)

    def begin_session(self, key: str) -> tuple[Access, str, int] | None:
        """Sign a browser in with a key: return what it opens, the session's secret, and for how long [ms].

        None for a key that opens nothing. The session ends with the key, too.
        """
        access = self.authenticate(key)
        if access is None or access.key is None:
            return None
        now_ms = self._now_ms()
        with self._database.writing() as connection:
            row = connection.execute(
                sa.select(tables.api_keys.c.expires_ms).where(tables.api_keys.c.id == access.key)
            ).one()
            secret, until_ms = sessions.begin(connection, access.key, now_ms, row.expires_ms)
        return access, secret, until_ms - now_ms

    def resume_session(self, secret: str) -> Access | None:
        """Return what a session opens, or None for one that is unknown or over, or whose key is."""
        with self._database.reading() as connection:
            key = sessions.find_key(connection, secret, self._now_ms())
            found = None if key is None else self._open(connection, tables.api_keys.c.id == key)
        return self._note_use(found)

    def end_session(self, secret: str) -> None:
        """Sign a browser out."""
        with self._database.writing() as connection:
            sessions.end(connection, secret)

    def _open(self, connection: sa.Connection, which: sa.ColumnElement[bool]) -> tuple[Access, int | None] | None:
        """Return what a living key opens, and when it was used last."""
        columns = [
            tables.api_keys.c[name] for name in ("id", "organisation", "scope", "prefix", "expires_ms", "last_used_ms")
        ]
        row = connection.execute(sa.select(*columns).where(which, tables.api_keys.c.deleted_ms.is_(None))).one_or_none()
        if row is None or (row.expires_ms is not None and row.expires_ms <= self._now_ms()):
            return None
        owner = connection.execute(sa.select(organisations).where(organisations.c.id == row.organisation)).one()
        by = f"key:{row.prefix}"
        return Access(organisation=_organisation(owner), scope=Scope(row.scope), key=row.id, by=by), row.last_used_ms

    def _note_use(self, found: tuple[Access, int | None] | None) -> Access | None:
        if found is None:
            return None
        access, last_used_ms = found
        now_ms = self._now_ms()
        if last_used_ms is None or now_ms - last_used_ms >= _USE_EVERY_MS:
            # A database that takes no writes now is no reason to refuse the key.
            with suppress(RetryLater), self._database.writing() as connection:
                connection.execute(
                    tables.api_keys.update().where(tables.api_keys.c.id == access.key).values(last_used_ms=now_ms)
                )
        return access

    def memberships(self, subject: str) -> list[Access]:
        """Return what a person may enter, whom somebody else has signed in as `subject`: one for each organisation."""
        joined = sa.select(members.c.role, organisations).join_from(members, organisations)
        mine = joined.where(members.c.subject == subject, members.c.deleted_ms.is_(None)).order_by(organisations.c.id)
        with self._database.reading() as connection:
            return [
                Access(organisation=_organisation(row), scope=Scope(row.role), by=f"member:{subject}")
                for row in connection.execute(mine)
            ]

    def info(self) -> RegistryInfo:
        """Return where it is and how it stands; raises RetryLater when the database is away."""
        return _info(self._database)

    def close(self) -> None:
        """Let the database go; a second call does nothing."""
        self._database.close()


def open_registry(url: str, now_ms: Callable[[], int] = wall_clock_ms) -> Registry:
    """Open a registry and bring its tables up to date: `sqlite:///PATH` or `postgresql://USER@HOST/NAME`.

    Several processes may open one at once. Raises SettingsError for a URL that cannot be or a newer Headland's
    database, RetryLater while the database is away.
    """
    return Registry(Database(url), now_ms)


def look_at_registry(url: str) -> RegistryInfo | None:
    """Return how a registry stands without making or changing anything; None where there is none yet.

    Raises SettingsError and RetryLater as `open_registry` does.
    """
    database = Database(url, prepare=False)
    try:
        return None if database.is_empty() else _info(database)
    finally:
        database.close()


def _info(database: Database) -> RegistryInfo:
    with database.reading() as connection:
        return RegistryInfo(
            url=database.shown_url,
            revision=current_revision(connection) or "none",
            newest_revision=newest_revision(),
            organisations=connection.execute(sa.select(sa.func.count()).select_from(organisations)).scalar_one(),
        )


def _find(connection: sa.Connection, handle: str) -> Organisation | None:
    row = connection.execute(sa.select(organisations).where(organisations.c.handle == handle)).one_or_none()
    return None if row is None else _organisation(row)


def _organisation(row: sa.Row[*tuple[object, ...]]) -> Organisation:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Organisation(**{name: values[name] for name in Organisation.__struct_fields__})
