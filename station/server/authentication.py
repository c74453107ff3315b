"""Authentication of the API's requests by the registry, and by an issuer of tokens where there is one."""

from __future__ import annotations

from api.auth.authenticators import Authenticator, RegistryAuthenticator
from api.auth.oidc import Issuer, OidcTokenVerifier
from headland.registry.registry import Registry


def authenticator_of(registry: Registry | None, issuer: Issuer | None) -> Authenticator | None:
    """Return the authenticator of registry keys and issuer tokens, None without a registry."""
    return (
        None
        if registry is None
        else RegistryAuthenticator(registry, None if issuer is None else OidcTokenVerifier(issuer))
    )
