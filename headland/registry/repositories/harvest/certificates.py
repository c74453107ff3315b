"""Certificates of one organisation and their register: added, never changed, never deleted."""

from __future__ import annotations

import secrets
from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.lot_tables import certificate_entries, certificates
from headland.registry.models.errors import RecordConflict
from headland.registry.models.lots import Certificate, CertificateEntry
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.harvest.lots import find_free_number
from headland.registry.repositories.repository import Repository
from headland.registry.validation.lots import check_certificate

_TOKEN_BYTES: Final = 16


class CertificateRepository:
    """Append-only repository of certificates. Nothing here deletes: they are kept for good, the law asks two years."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        #: The repositories of the records, for reading and for the check of the audit log.
        self.records = Repository(context, Certificate, certificates, check_certificate)
        self.entries = Repository(context, CertificateEntry, certificate_entries)

    def issue(self, certificate: Certificate, day: str, author: str, form: str = "") -> Certificate:
        """Issue a certificate with the next number of `day` and a new token; raises as `Repository.add` does."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            # Only rows that are not deleted are in the index of numbers; certificates never are.
            mine = certificates.c.organisation == self._context.organisation, certificates.c.deleted_ms.is_(None)

            def is_used(number: int) -> bool:
                query = sa.select(certificates.c.id).where(*mine, certificates.c.number == f"{day}-{number:04d}")
                return connection.execute(query).first() is not None

            number = f"{day}-{find_free_number(is_used):04d}"
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            made = self.records.add_within(
                connection, msgspec.structs.replace(certificate, number=number, token=token), now_ms
            )
            entry = CertificateEntry(
                certificate=made.id, kind="issued", time_ms=certificate.issued_ms, author=author, form=form
            )
            self.entries.add_within(connection, entry, now_ms)
        return made

    def note_copy(self, certificate: str, time_ms: int, author: str, form: str) -> CertificateEntry:
        """Enter that a certificate was printed again; raises RecordConflict for a void one."""
        return self._enter(
            CertificateEntry(certificate=certificate, kind="copied", time_ms=time_ms, author=author, form=form)
        )

    def void(self, certificate: str, time_ms: int, author: str, reason: str) -> CertificateEntry:
        """Make a certificate void; raises RecordConflict where it is already."""
        return self._enter(
            CertificateEntry(certificate=certificate, kind="void", time_ms=time_ms, author=author, reason=reason)
        )

    def of_lot(self, lot: str) -> list[Certificate]:
        """Return the certificates of a lot, void ones included, in the order of their issue."""
        return list(self.records.all(lot=lot))

    def entries_of(self, certificate: str) -> list[CertificateEntry]:
        """Return the entries of a certificate in their order."""
        return list(self.entries.all(certificate=certificate))

    def is_void(self, certificate: str) -> bool:
        """Tell whether a certificate was made void."""
        return bool(self.entries.list(certificate=certificate, kind="void", limit=1))

    def _enter(self, entry: CertificateEntry) -> CertificateEntry:
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            if self.entries.find_within(connection, certificate=entry.certificate, kind="void") is not None:
                raise RecordConflict("This certificate is void: issue a new one for the lot.")
            return self.entries.add_within(connection, entry, self._context.now_ms())
