"""Authentication of credentials: API keys, sessions and bearer tokens of an identity provider."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Protocol

from headland.errors import HeadlandError, RetryLater
from headland.registry.auth import api_keys
from headland.registry.models.models import Organisation, Scope
from headland.registry.registry import Access, Registry


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of a request; `organisation` selects one of several memberships."""

    bearer: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    organisation: str | None = None
    #: Kind of sender and unguessable part of an address.
    address: tuple[str, str] | None = field(default=None, repr=False)


class RefusedError(HeadlandError):
    """Credentials that grant no access; `known` where the identity is valid and only the access is missing."""

    def __init__(self, sentence: str, kind: str = "no-access", *, known: bool = False) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.known = known


class Authenticator(Protocol):
    """Resolves credentials to an access. Calls may block and come from any thread."""

    def admit(self, credentials: Credentials) -> Access:
        """Return the access; raises RefusedError, and RetryLater while it cannot be decided."""
        ...

    def admit_all(self, credentials: Collection[Credentials]) -> dict[Credentials, Access | None]:
        """Return the access of each, None of a refused one; those that cannot be decided now are left out."""
        ...


def admit_each(
    admit: Callable[[Credentials], Access], credentials: Collection[Credentials]
) -> dict[Credentials, Access | None]:
    """Return the access of each by `admit`, None of a refused one; those that cannot be decided now are left out."""
    accesses: dict[Credentials, Access | None] = {}
    for each in credentials:
        try:
            accesses[each] = admit(each)
        except RefusedError:
            accesses[each] = None
        except RetryLater:
            continue
    return accesses


class TokenVerifier(Protocol):
    """Verifies the tokens of an identity provider."""

    def subject_of(self, token: str) -> str:
        """Return the subject of a token; raises RefusedError, and RetryLater while its keys are not available."""
        ...


class ClosedAuthenticator:
    """Refuses all credentials: the default of an application without an authenticator."""

    def admit(self, _credentials: Credentials) -> Access:
        """Refuse."""
        raise RefusedError("This API has no registry and accepts no keys: start it with a registry.")

    def admit_all(self, credentials: Collection[Credentials]) -> dict[Credentials, Access | None]:
        """Refuse all."""
        return dict.fromkeys(credentials)


class RegistryAuthenticator:
    """Accepts API keys and sessions of the registry, and identity provider tokens of its members."""

    def __init__(self, registry: Registry, token_verifier: TokenVerifier | None = None) -> None:
        self._registry = registry
        self._token_verifier = token_verifier

    def admit(self, credentials: Credentials) -> Access:
        """Return the access; raises RefusedError and RetryLater."""
        if credentials.address is not None:
            return self._by_address(*credentials.address)
        if credentials.bearer is not None:
            return self._by_bearer(credentials.bearer, credentials.organisation)
        access = None if credentials.session is None else self._registry.resume_session(credentials.session)
        if access is None:
            raise RefusedError("The session or its key has expired: sign in again.", "session-over")
        return access

    def admit_all(self, credentials: Collection[Credentials]) -> dict[Credentials, Access | None]:
        """Return the access of each; all sessions are read at once. Raises RetryLater."""
        with_session = {each: each.session for each in credentials if each.bearer is None and each.session is not None}
        others = [each for each in credentials if each not in with_session]
        found = self._registry.resume_sessions(set(with_session.values()))
        by_session = {each: found.get(session) for each, session in with_session.items()}
        return {**by_session, **admit_each(self.admit, others)}

    def _by_address(self, sender: str, address: str) -> Access:
        access = self._registry.authenticate_address(sender, address)
        if access is None:
            raise RefusedError("The address is unknown, revoked or expired: make another one.", "bad-address")
        return access

    def _by_bearer(self, bearer: str, organisation: str | None) -> Access:
        if api_keys.is_key(bearer) or self._token_verifier is None:
            access = self._registry.authenticate(bearer)
            if access is None:
                raise RefusedError("The key is unknown, revoked or expired: use another key.", "bad-key")
            return access
        subject = self._token_verifier.subject_of(bearer)
        accesses = self._registry.memberships(subject)
        if organisation is not None:
            accesses = [access for access in accesses if access.organisation.handle == organisation]
        if not accesses:
            raise RefusedError(f"{subject!r} is not a member: ask an administrator to add you.", known=True)
        if len(accesses) > 1:
            handles = ", ".join(access.organisation.handle for access in accesses)
            sentence = f"You are a member of {handles}: name one in the header {ORGANISATION_HEADER}."
            raise RefusedError(sentence, "which-organisation", known=True)
        return accesses[0]


class TokenAuthenticator:
    """Accepts the one token that an API and its ingest workers of one organisation share."""

    def __init__(self, token: str, organisation: str) -> None:
        self._token = token.encode()
        owner = Organisation(handle=organisation, name=organisation)
        self._access = Access(organisation=owner, scope=Scope.ADMIN, by="api")

    def admit(self, credentials: Credentials) -> Access:
        """Return the access of the token; raises RefusedError."""
        if credentials.bearer is None or not hmac.compare_digest(credentials.bearer.encode(), self._token):
            raise RefusedError("This worker accepts requests of its API only: give both the same token.", "bad-key")
        return self._access

    def admit_all(self, credentials: Collection[Credentials]) -> dict[Credentials, Access | None]:
        """Return the access of each."""
        return admit_each(self.admit, credentials)


ORGANISATION_HEADER: Final = "Headland-Organisation"
