"""Entry point of the registry: opens the database, looks up organisations and authenticates keys."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa

from headland.clock import wall_clock_ms
from headland.contract.posts.consoles import SenderMap
from headland.contract.records import is_name
from headland.errors import RetryLater
from headland.files.damage_notes import FileDamage, open_sentences
from headland.registry.auth import api_keys, sessions
from headland.registry.db import audit
from headland.registry.db.audit import AuditChange, append
from headland.registry.db.database import Database
from headland.registry.db.ids import IdMaker
from headland.registry.db.migration import current_revision, newest_revision, refusal_of
from headland.registry.db.tables import access_tables
from headland.registry.db.tables.access_tables import members
from headland.registry.db.tables.farm_tables import ledger_heads, note_photos, organisations
from headland.registry.db.tables.people_tables import people
from headland.registry.db.tables.proof_tables import epcis_events, log_checkpoints, releases
from headland.registry.models.access_table import Role, role_of
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.models import NotePhoto, Organisation, Scope
from headland.registry.models.people import PersonRole
from headland.registry.repositories.context import LastRead, RepositoryContext
from headland.registry.repositories.harvest.releases import Release, newest_release
from headland.registry.repositories.notes import photo_of
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import MINUTE_MS

#: The last use of a key is written at most this often.
_USE_EVERY_MS: Final = MINUTE_MS


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Access of a key or a member: organisation, scope, and the actor for the audit log.

    `person` is the id of who uses it, with their role; the role's limits are in the scope already.
    """

    organisation: Organisation
    scope: Scope
    by: str
    key: str | None = None
    person: str | None = None
    role: PersonRole | None = None
    #: What is kept of a sender's bodies.
    map: SenderMap | None = None

    @property
    def only_person(self) -> str | None:
        """The id of the member whose own rows are all that this access sees; None where it sees the organisation."""
        return self.person if self.role is PersonRole.MEMBER else None

    @property
    def acts_as(self) -> Role:
        """The role by which the table of permissions decides."""
        return role_of(self.role, self.scope)


class RegistryInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a registry for `headland doctor`."""

    url: str
    revision: str
    newest_revision: str
    organisations: int
    #: Why this version does not open it, and what to do.
    refusal: str | None = None
    #: Sentences about damage of its file that nobody has acknowledged.
    damage: tuple[str, ...] = ()


#: Tokens of one query.
_TOKENS_AT_ONCE: Final = 500
#: Numbers of which at least one differs after a change.
ChangeMark = tuple[int | None, ...]


class Registry:
    """The registry. Calls block, may be made from any thread, and raise RetryLater while the database is away."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._now_ms = now_ms
        self._ids = IdMaker()
        #: Language of the names of records that its owner makes by itself, `en` or `zh`.
        self.first_language: Literal["en", "zh"] = "en"
        #: Answers by organisation: none takes another one's share.
        self._answers: dict[str, LastRead[Any]] = {}

    def add_organisation(self, handle: str, name: str, by: str) -> Organisation:
        """Add an organisation. `handle` is its name in the time-series store and never changes."""
        if not is_name(handle) or not name.strip():
            raise InvalidRecord(
                f"{handle!r} is not a handle: use 1 to 64 letters, digits, dots, dashes, underscores; and a name."
            )
        now_ms = self._now_ms()
        made = Organisation(
            id=self._ids.make(now_ms), version=1, created_ms=now_ms, changed_ms=now_ms, handle=handle, name=name
        )
        with self._database.writing() as connection:
            if _find(connection, handle) is not None:
                raise RecordConflict(f"An organisation {handle!r} exists already: choose another handle.")
            values = msgspec.structs.asdict(made)
            connection.execute(organisations.insert().values(audit_seq=0, audit_hash=audit.START, **values))
            text = msgspec.json.encode(made).decode()
            logged = audit.AuditChange(
                time_ms=now_ms, who=by, action="add", kind="organisation", record=made.id, after=text
            )
            audit.append(connection, made.id, logged)
        return made

    def organisations(self) -> list[Organisation]:
        """Return all organisations in the order of their creation."""
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

    def find_release(self, token: str) -> Release | None:
        """Return the newest release of the lot of a public token, of whatever organisation; None for an unknown one."""
        with self._database.reading() as connection:
            named = newest_release(connection, releases.c.token == token)
            if named is None:
                return None
            same_lot = (releases.c.organisation == named.organisation) & (releases.c.lot == named.lot)
            return newest_release(connection, same_lot)

    def organisations_of(self, tokens: Collection[str]) -> dict[str, str]:
        """Return the ids of organisations by public tokens, of those that a release has, withdrawn or not."""
        query = sa.select(releases.c.token, releases.c.organisation).distinct()
        found: dict[str, str] = {}
        listed = list(tokens)
        with self._database.reading() as connection:
            for start in range(0, len(listed), _TOKENS_AT_ONCE):
                some = listed[start : start + _TOKENS_AT_ONCE]
                rows = connection.execute(query.where(releases.c.token.in_(some)))
                found |= {row.token: row.organisation for row in rows}
        return found

    def change_mark(self, organisation: str) -> ChangeMark:
        """Return what differs after every change of an organisation's records, ledger, events and co-signatures."""
        newest = sa.select(log_checkpoints.c.size).where(log_checkpoints.c.organisation == organisation)
        newest = newest.order_by(log_checkpoints.c.size.desc()).limit(1)
        signed = sa.select(sa.func.length(log_checkpoints.c.note)).where(
            log_checkpoints.c.organisation == organisation, log_checkpoints.c.size == newest.scalar_subquery()
        )
        events = sa.select(sa.func.max(epcis_events.c.seq)).where(epcis_events.c.organisation == organisation)
        entries = sa.select(ledger_heads.c.seq).where(ledger_heads.c.organisation == organisation)
        changes = sa.select(organisations.c.audit_seq).where(organisations.c.id == organisation)
        parts = [part.scalar_subquery() for part in (changes, entries, events, newest, signed)]
        with self._database.reading() as connection:
            return tuple(connection.execute(sa.select(*parts)).one())

    def repositories(
        self, organisation: str, by: str, person: str | None = None, role: Role = Role.MANAGER
    ) -> OrganisationRepositories:
        """Return the repositories of an organisation by its id; `by` is the actor for the audit log.

        With `person` they show that member's own rows and nothing else. Kinds that are closed to `role` are not there.
        """
        role = role if person is None else Role.MEMBER
        context = RepositoryContext(
            database=self._database,
            organisation=organisation,
            by=by,
            ids=self._ids,
            now_ms=self._now_ms,
            person=person,
            role=role,
            answers=self._answers.setdefault(organisation, LastRead(self._database)),
        )
        return OrganisationRepositories(context)

    def authenticate(self, key: str) -> Access | None:
        """Return the access of a key, or None for an unknown, expired or deleted one; record its use."""
        if not api_keys.is_key(key):
            return None
        with self._database.reading() as connection:
            opened = self._find_access(connection, access_tables.api_keys.c.secret_sha256 == api_keys.hash_key(key))
        return self._record_use(opened)

    def authenticate_address(self, sender: str, address: str) -> Access | None:
        """Return the access of an address of a kind of sender; None for an unknown, expired or revoked one."""
        if not api_keys.is_address(address):
            return None
        digest = api_keys.hash_address(sender, address)
        with self._database.reading() as connection:
            opened = self._find_access(connection, access_tables.api_keys.c.secret_sha256 == digest)
        access = self._record_use(opened)
        # Those that were made before there was a scope of senders have another in their row.
        return None if access is None else msgspec.structs.replace(access, scope=Scope.SAMPLES)

    def begin_session(self, key: str) -> tuple[Access, str, int] | None:
        """Begin a browser session with a key; return its access, the session's secret, and its duration [ms].

        None for a key without access, and for that of a sender. The session ends with the key.
        """
        access = self.authenticate(key)
        if access is None or access.key is None or access.scope is Scope.SAMPLES:
            return None
        now_ms = self._now_ms()
        with self._database.writing() as connection:
            row = connection.execute(
                sa.select(access_tables.api_keys.c.expires_ms).where(access_tables.api_keys.c.id == access.key)
            ).one()
            secret, until_ms = sessions.begin(connection, access.key, now_ms, row.expires_ms)
            signed_in = AuditChange(time_ms=now_ms, who=access.by, action="add", kind="session", record=access.key)
            append(connection, access.organisation.id, signed_in)
        return access, secret, until_ms - now_ms

    def resume_session(self, secret: str) -> Access | None:
        """Return the access of a session, or None where it or its key is unknown, expired or deleted."""
        return self.resume_sessions((secret,)).get(secret)

    def resume_sessions(self, secrets: Collection[str]) -> dict[str, Access]:
        """Return the access of each session that is valid."""
        with self._database.reading() as connection:
            keys = sessions.find_keys(connection, secrets, self._now_ms())
            opened = {
                key: self._find_access(connection, access_tables.api_keys.c.id == key) for key in set(keys.values())
            }
        accesses = {key: self._record_use(each) for key, each in opened.items()}
        return {secret: access for secret, key in keys.items() if (access := accesses[key]) is not None}

    def end_session(self, secret: str) -> bool:
        """End a browser session; return False where there is none, which writes nothing."""
        with self._database.reading() as connection:
            if not sessions.find_keys(connection, (secret,), self._now_ms()):
                return False
        with self._database.writing() as connection:
            sessions.end(connection, secret)
        return True

    def _find_access(
        self, connection: sa.Connection, which: sa.ColumnElement[bool]
    ) -> tuple[Access, int | None] | None:
        """Return the access of a valid key, and its last use."""
        columns = [
            access_tables.api_keys.c[name]
            for name in ("id", "organisation", "scope", "prefix", "expires_ms", "last_used_ms", "person", "map")
        ]
        row = connection.execute(
            sa.select(*columns).where(which, access_tables.api_keys.c.deleted_ms.is_(None))
        ).one_or_none()
        if row is None or (row.expires_ms is not None and row.expires_ms <= self._now_ms()):
            return None
        owner = connection.execute(sa.select(organisations).where(organisations.c.id == row.organisation)).one()
        by = f"key:{row.prefix}"
        kept = None if row.map is None else msgspec.convert(row.map, SenderMap)
        access = Access(organisation=_organisation(owner), scope=Scope(row.scope), key=row.id, by=by, map=kept)
        limited = _limit(connection, access, row.person)
        return None if limited is None else (limited, row.last_used_ms)

    def _record_use(self, opened: tuple[Access, int | None] | None) -> Access | None:
        if opened is None:
            return None
        access, last_used_ms = opened
        now_ms = self._now_ms()
        if last_used_ms is None or now_ms - last_used_ms >= _USE_EVERY_MS:
            # A database that accepts no writes now is no reason to refuse the key.
            with suppress(RetryLater), self._database.writing() as connection:
                connection.execute(
                    access_tables.api_keys.update()
                    .where(access_tables.api_keys.c.id == access.key)
                    .values(last_used_ms=now_ms)
                )
        return access

    def memberships(self, subject: str) -> list[Access]:
        """Return the accesses of a person whom an identity provider authenticated as `subject`, one an organisation."""
        joined = sa.select(members.c.role, members.c.person, organisations).join_from(members, organisations)
        mine = joined.where(members.c.subject == subject, members.c.deleted_ms.is_(None)).order_by(organisations.c.id)
        with self._database.reading() as connection:
            accesses = [
                _limit(
                    connection,
                    Access(organisation=_organisation(row), scope=Scope(row.role), by=f"member:{subject}"),
                    row.person,
                )
                for row in connection.execute(mine).all()
            ]
        return [access for access in accesses if access is not None]

    def info(self) -> RegistryInfo:
        """Return the figures of the registry; raises RetryLater while the database is away."""
        return _info(self._database)

    def damage(self) -> list[FileDamage]:
        """Return the notes on damage of the registry's file, oldest first."""
        return self._database.damage()

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all damage of the registry's file; return what was not acknowledged before."""
        return self._database.acknowledge_damage(now_ms, by)

    def close(self) -> None:
        """Close the database; a second call does nothing."""
        self._database.close()


def open_registry(url: str, now_ms: Callable[[], int] = wall_clock_ms, *, deferred: bool = False) -> Registry:
    """Open a registry and migrate its tables: `sqlite:///PATH` or `postgresql://USER@HOST/NAME`.

    Several processes may open one at once. Raises SettingsError for a wrong URL or the database of a newer Headland,
    RetryLater while the database is away or damaged. `deferred`: only a wrong URL is refused now; the first call opens
    the database, and each later one until that succeeds.
    """
    return Registry(Database(url, deferred=deferred), now_ms)


def inspect_registry(url: str) -> RegistryInfo | None:
    """Return the figures of a registry without creating or changing anything; None where there is none.

    Raises SettingsError and RetryLater as `open_registry` does.
    """
    database = Database(url, prepare=False)
    try:
        if database.is_empty():
            return None
        database.examine()
        return _info(database)
    finally:
        database.close()


def stored_photos(url: str) -> dict[str, list[NotePhoto]]:
    """Return the photos of a registry by the ids of their organisations, without creating or changing anything."""
    database = Database(url, prepare=False)
    try:
        if database.is_empty():
            return {}
        with database.reading() as connection:
            if not sa.inspect(connection).has_table(note_photos.name):
                return {}
            photos: dict[str, list[NotePhoto]] = {}
            for row in connection.execute(sa.select(note_photos).order_by(note_photos.c.id)):
                photos.setdefault(row.organisation, []).append(photo_of(row))
            return photos
    finally:
        database.close()


def _info(database: Database) -> RegistryInfo:
    with database.reading() as connection:
        revision = current_revision(connection)
        return RegistryInfo(
            url=database.shown_url,
            revision=revision or "none",
            newest_revision=newest_revision(),
            organisations=connection.execute(sa.select(sa.func.count()).select_from(organisations)).scalar_one(),
            refusal=None if revision is None else refusal_of(revision),
            damage=open_sentences(database.damage()),
        )


def _limit(connection: sa.Connection, access: Access, person: str | None) -> Access | None:
    """Return an access within its person's role; None where the person was deleted or deactivated."""
    if person is None:
        return access
    query = sa.select(people.c.role).where(
        people.c.organisation == access.organisation.id,
        people.c.id == person,
        people.c.deleted_ms.is_(None),
        people.c.active,
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    role = PersonRole(row.role)
    scope = role.scope if access.scope.includes(role.scope) else access.scope
    return msgspec.structs.replace(access, scope=scope, person=person, role=role)


def _find(connection: sa.Connection, handle: str) -> Organisation | None:
    row = connection.execute(sa.select(organisations).where(organisations.c.handle == handle)).one_or_none()
    return None if row is None else _organisation(row)


def _organisation(row: sa.Row[*tuple[object, ...]]) -> Organisation:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Organisation(**{name: values[name] for name in Organisation.__struct_fields__})
