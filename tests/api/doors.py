"""A gate for tests of what lies behind it: it is always open. Nothing outside the tests has one."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth.authenticators import Credentials
from headland.registry.models.models import Organisation, Scope
from headland.registry.registry import Access


@dataclass(frozen=True, slots=True)
class AlwaysOpen:
    """Lets in whoever shows any key at all, as this organisation's."""

    organisation: str
    scope: Scope = Scope.ADMIN

    def admit(self, _shown: Credentials) -> Access:
        """Return what is opened."""
        owner = Organisation(handle=self.organisation, name=self.organisation)
        return Access(organisation=owner, scope=self.scope, by="api")
