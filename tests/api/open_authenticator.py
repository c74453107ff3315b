"""Authenticator that accepts any credentials, for tests of what is behind authentication."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from api.auth.authenticators import Credentials, admit_each
from headland.registry.models.models import Organisation, Scope
from headland.registry.registry import Access


@dataclass(frozen=True, slots=True)
class OpenAuthenticator:
    """Accepts any key as one of this organisation."""

    organisation: str
    scope: Scope = Scope.ADMIN

    def admit(self, _credentials: Credentials) -> Access:
        """Return access to the organisation."""
        owner = Organisation(handle=self.organisation, name=self.organisation)
        return Access(organisation=owner, scope=self.scope, by="api")

    def admit_all(self, credentials: Collection[Credentials]) -> dict[Credentials, Access | None]:
        """Return access to the organisation for each."""
        return admit_each(self.admit, credentials)
