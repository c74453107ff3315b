"""Verification of OpenID Connect bearer tokens."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import jwt

from api.auth.authenticators import Authenticator, RefusedError, RegistryAuthenticator
from headland.clock import wall_clock_ms
from headland.errors import RetryLater, SettingsError
from headland.network.http_client import OutgoingClient
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError
from headland.registry.registry import Registry

#: Key pair signatures only: with a shared secret, every verifier could also sign.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Tolerated difference of the two clocks [s].
_LEEWAY_S: Final = 30
#: Age at which a key set is fetched again [s], and the least time between fetches for an unknown key [s].
_KEEP_S: Final = 3600.0
_LEAST_S: Final = 30.0
_WAIT_S: Final = 5.0
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Issuer:
    """An identity provider: the URL in its tokens' `iss`, and the required `aud`."""

    url: str
    audience: str

    def __post_init__(self) -> None:
        """Raise SettingsError for an issuer that cannot be trusted: keys fetched over plain HTTP may be forged."""
        parts = urlsplit(self.url)
        if not self.audience:
            raise SettingsError(
                "--oidc-audience is missing: set it, or a token for any other service would be accepted."
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
            raise SettingsError(f"--oidc-issuer {self.url!r} is not an https:// address: use one.")


class OidcTokenVerifier:
    """An `api.auth.authenticators.TokenVerifier` that checks signature, issuer, audience and times.

    `now_ms` is the station's time: the system's clock may be wrong, and would let nobody in to say so.
    """

    def __init__(
        self,
        issuer: Issuer,
        clock: Callable[[], float] = time.monotonic,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._now_ms = now_ms
        # The operator names the issuer, which is often inside: any address, but one deadline and no redirect.
        self._client = OutgoingClient(None)
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_s = float("-inf")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def subject_of(self, token: str) -> str:
        """Return the subject of a token; raises RefusedError, and RetryLater while its keys are not available."""
        try:
            head = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise RefusedError(
                "The credential is neither an API key nor a token: use one of them.", "bad-key"
            ) from error
        if head.get("alg") not in ALGORITHMS:
            raise RefusedError(
                "The token is not signed with a key pair: configure the identity provider to do so.", "bad-token"
            )
        key = self._key(str(head.get("kid", "")))
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._issuer.audience,
                issuer=self._issuer.url,
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    # The library compares times with the system's clock: see `_check_times`.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            _check_times(claims, self._now_ms() / 1000)
        except jwt.InvalidTokenError as error:
            raise RefusedError(f"The token is not valid: {error}. Sign in again.", "bad-token") from error
        return str(claims["sub"])

    def _key(self, name: str) -> jwt.PyJWK:
        age_s = self._clock() - self._read_s
        if age_s >= _KEEP_S or (name not in self._keys and age_s >= _LEAST_S):
            self._read_alone(name)
        key = self._keys.get(name)
        if key is None:
            raise RefusedError("The issuer does not publish the key that signed the token: sign in again.", "bad-token")
        return key

    def _read_alone(self, name: str) -> None:
        """Read the keys in one thread at a time: the others go on with the known ones, or are told to try again."""
        if not self._lock.acquire(timeout=0.0 if self._keys else _WAIT_S):
            if name in self._keys:
                return
            raise RetryLater(f"The keys of {self._issuer.url} are being read: try again.")
        try:
            age_s = self._clock() - self._read_s
            if age_s >= _KEEP_S or (name not in self._keys and age_s >= _LEAST_S):
                self._read(has_some=bool(self._keys))
        finally:
            self._lock.release()

    def _read(self, *, has_some: bool) -> None:
        try:
            configuration = self._get(f"{self._issuer.url.rstrip('/')}/.well-known/openid-configuration")
            if configuration.get("issuer") != self._issuer.url:
                raise RetryLater(
                    f"{self._issuer.url} names {configuration.get('issuer')!r} as its issuer: correct --oidc-issuer."
                )
            keys = _read_keys(self._get(_keys_url(configuration))["keys"])
        except (OutgoingError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Known keys remain valid while their issuer is not reachable.
            self._read_s = self._clock() - _KEEP_S + _LEAST_S if has_some else self._read_s
            if has_some:
                return
            raise RetryLater(f"The keys of {self._issuer.url} are not available: {error}. Try again.") from error
        self._keys = keys
        self._read_s = self._clock()

    def _get(self, url: str) -> dict[str, Any]:
        answer = self._client.get(parse_target(url), {"Accept": "application/json"}, _WAIT_S, _MOST_BYTES)
        if answer.status != HTTPStatus.OK:
            raise ValueError(f"{url} answers {answer.status}")
        document: dict[str, Any] = json.loads(answer.body)
        return document


def _is_safe(url: str) -> bool:
    """Tell whether a URL is protected against changes on the way: HTTPS, or this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))


def _keys_url(configuration: dict[str, Any]) -> str:
    url = str(configuration["jwks_uri"])
    if not _is_safe(url):
        raise ValueError(f"their address {url} is not an https:// address")
    return url


def _read_keys(descriptions: list[dict[str, Any]]) -> dict[str, jwt.PyJWK]:
    """Return the public signing keys by id; keys of an unknown type are left out."""
    keys: dict[str, jwt.PyJWK] = {}
    for description in descriptions:
        if description.get("use", "sig") == "sig" and description.get("kty") != "oct":
            with suppress(jwt.PyJWTError):
                keys[str(description.get("kid", ""))] = jwt.PyJWK(description)
    return keys


def _check_times(claims: dict[str, Any], now_s: float) -> None:
    """Check when a token begins and ends, RFC 7519 section 4.1; raises jwt.InvalidTokenError."""
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if value is None and name == "nbf":
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise jwt.InvalidTokenError(f"{name} is not a number")
        if name == "exp" and value <= now_s - _LEEWAY_S:
            raise jwt.ExpiredSignatureError("Signature has expired")
        if name != "exp" and value > now_s + _LEEWAY_S:
            raise jwt.ImmatureSignatureError(f"The token is not yet valid ({name})")


def authenticator_of(
    registry: Registry | None, issuer: Issuer | None, now_ms: Callable[[], int]
) -> Authenticator | None:
    """Return the authenticator of registry keys and issuer tokens by the station's time, None without a registry."""
    if registry is None:
        return None
    return RegistryAuthenticator(registry, None if issuer is None else OidcTokenVerifier(issuer, now_ms=now_ms))
