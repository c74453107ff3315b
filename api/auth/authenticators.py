"""Whom a credential belongs to: a key or a session of the registry, or a bearer token of who signs people in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final, Protocol

from headland.errors import HeadlandError
from headland.registry.auth import api_keys
from headland.registry.models.models import Organisation, Scope
from headland.registry.registry import Access, Registry


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows of who asks; `organisation` chooses among several memberships."""

    bearer: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    organisation: str | None = None


class RefusedError(HeadlandError):
    """Whoever asks is not let in; `known` when it is clear who they are, and only not what they may."""

    def __init__(self, sentence: str, kind: str = "no-access", *, known: bool = False) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.known = known


class Authenticator(Protocol):
    """Says whom a credential belongs to. Calls may block and be made from any thread."""

    def admit(self, shown: Credentials) -> Access:
        """Return what is opened; raises RefusedError, and RetryLater while nobody can tell."""
        ...


class TokenVerifier(Protocol):
    """Reads the tokens of somebody else who signs people in."""

    def subject_of(self, token: str) -> str:
        """Return whom a token is about; raises RefusedError, and RetryLater while its keys cannot be had."""
        ...


class ClosedAuthenticator:
    """Lets nobody in: what an application has that was given no gate."""

    def admit(self, _shown: Credentials) -> Access:
        """Refuse."""
        raise RefusedError("Nobody is let in here: this API runs without a registry, and so without keys.")


class RegistryAuthenticator:
    """Lets in who has a key of the registry, a session that a key began, or a membership."""

    def __init__(self, registry: Registry, people: TokenVerifier | None = None) -> None:
        self._registry = registry
        self._people = people

    def admit(self, shown: Credentials) -> Access:
        """Return what is opened; raises RefusedError and RetryLater."""
        if shown.bearer is not None:
            return self._by_bearer(shown.bearer, shown.organisation)
        access = None if shown.session is None else self._registry.resume_session(shown.session)
        if access is None:
            raise RefusedError("The session is over, or its key is: sign in again.", "session-over")
        return access

    def _by_bearer(self, bearer: str, organisation: str | None) -> Access:
        if api_keys.is_key(bearer) or self._people is None:
            access = self._registry.authenticate(bearer)
            if access is None:
                raise RefusedError("This key is not known, or it was revoked, or has expired.", "bad-key")
            return access
        subject = self._people.subject_of(bearer)
        mine = self._registry.memberships(subject)
        if organisation is not None:
            mine = [access for access in mine if access.organisation.handle == organisation]
        if not mine:
            raise RefusedError(f"{subject!r} is no member here: an administrator can make you one.", known=True)
        if len(mine) > 1:
            handles = ", ".join(access.organisation.handle for access in mine)
            sentence = f"You are a member of {handles}: say which with the header {ORGANISATION_HEADER}."
            raise RefusedError(sentence, "which-organisation", known=True)
        return mine[0]


class TokenAuthenticator:
    """Lets in who has the one token that the API and its ingest workers share; all of one organisation."""

    def __init__(self, token: str, organisation: str) -> None:
        self._token = token.encode()
        owner = Organisation(handle=organisation, name=organisation)
        self._access = Access(organisation=owner, scope=Scope.ADMIN, by="api")

    def admit(self, shown: Credentials) -> Access:
        """Return what the token opens; raises RefusedError."""
        if shown.bearer is None or not hmac.compare_digest(shown.bearer.encode(), self._token):
            raise RefusedError("This worker answers to its API only, by the token that both were given.", "bad-key")
        return self._access


ORGANISATION_HEADER: Final = "Headland-Organisation"

_ORDER: Final = {Scope.READ: 0, Scope.WRITE: 1, Scope.ADMIN: 2}


def allows(has: Scope, needed: Scope) -> bool:
    """Tell whether a scope includes another: each includes those before it."""
    return _ORDER[has] >= _ORDER[needed]
