"""Authentication of the API's requests by the registry, and by an issuer of tokens where there is one."""

from __future__ import annotations

from collections.abc import Callable

from api.auth.authenticators import Authenticator, RegistryAuthenticator
from api.auth.oidc import Issuer, OidcTokenVerifier
from headland.registry.registry import Registry


def authenticator_of(
    registry: Registry | None, issuer: Issuer | None, now_ms: Callable[[], int]
) -> Authenticator | None:
    """Return the authenticator of registry keys and issuer tokens by the station's time, None without a registry."""
    if registry is None:
        return None
    return RegistryAuthenticator(registry, None if issuer is None else OidcTokenVerifier(issuer, now_ms=now_ms))
