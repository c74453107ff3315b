"""Bearer tokens of somebody else who signs people in: OpenID Connect, read by PyJWT."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt

from api.auth.authenticators import RefusedError
from headland.errors import RetryLater, SettingsError

#: Signatures by a key pair alone: a secret that both sides know would let anybody who checks a token make one.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: How far the clocks of both sides may differ.
_LEEWAY_S: Final = 30
#: A key set is asked for anew when it is so old; for a key that is not in it, no more often than the latter.
_KEEP_S: Final = 3600.0
_LEAST_S: Final = 30.0
_WAIT_S: Final = 5.0
_MOST_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs people in, by the URL that its tokens name as `iss`, and what they must name as `aud`."""

    url: str
    audience: str

    def __post_init__(self) -> None:
        """Raise SettingsError for what cannot be trusted: keys that come in clear could be anybody's."""
        parts = urlsplit(self.url)
        if not self.audience:
            raise SettingsError(
                "--oidc-audience is missing: without it a token for any other service would open this one."
            )
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
            raise SettingsError(f"--oidc-issuer {self.url!r} is no https:// address.")


class OidcTokenVerifier:
    """An `api.auth.authenticators.TokenVerifier`: a token is believed by its signature, issuer, audience and times."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._client = httpx.Client(timeout=_WAIT_S, follow_redirects=False)
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_s = float("-inf")

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def subject_of(self, token: str) -> str:
        """Return whom a token is about; raises RefusedError, and RetryLater while the keys cannot be had."""
        try:
            head = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise RefusedError("This is neither a key of ours nor a token.", "bad-key") from error
        if head.get("alg") not in ALGORITHMS:
            raise RefusedError("The token is not signed by a key pair.", "bad-token")
        key = self._key(str(head.get("kid", "")))
        try:
            told: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._issuer.audience,
                issuer=self._issuer.url,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise RefusedError(f"The token is not accepted: {error}.", "bad-token") from error
        return str(told["sub"])

    def _key(self, name: str) -> jwt.PyJWK:
        with self._lock:
            age_s = self._clock() - self._read_s
            if age_s >= _KEEP_S or (name not in self._keys and age_s >= _LEAST_S):
                self._read(has_some=bool(self._keys))
            key = self._keys.get(name)
        if key is None:
            raise RefusedError("The token is signed by a key that its issuer does not have.", "bad-token")
        return key

    def _read(self, *, has_some: bool) -> None:
        try:
            about = self._get(f"{self._issuer.url.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != self._issuer.url:
                raise RetryLater(f"{self._issuer.url} calls itself {about.get('issuer')!r}: correct --oidc-issuer.")
            keys = _read_keys(self._get(_place_of(about))["keys"])
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as error:
            # Keys that are known go on for as long as their issuer is away.
            self._read_s = self._clock() - _KEEP_S + _LEAST_S if has_some else self._read_s
            if has_some:
                return
            raise RetryLater(f"The keys of {self._issuer.url} cannot be had now: {error}.") from error
        self._keys = keys
        self._read_s = self._clock()

    def _get(self, url: str) -> dict[str, Any]:
        with self._client.stream("GET", url) as answer:
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise ValueError("it sends too much")
        told: dict[str, Any] = json.loads(body)
        return told


def _is_safe(url: str) -> bool:
    """Tell whether nobody between can change what comes from there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))


def _place_of(about: dict[str, Any]) -> str:
    place = str(about["jwks_uri"])
    if not _is_safe(place):
        raise ValueError(f"they are at {place}, which is no https:// address")
    return place


def _read_keys(found: list[dict[str, Any]]) -> dict[str, jwt.PyJWK]:
    """Return the public keys that sign, by name; one of a kind that is not known here is left out."""
    keys: dict[str, jwt.PyJWK] = {}
    for one in found:
        if one.get("use", "sig") == "sig" and one.get("kty") != "oct":
            with suppress(jwt.PyJWTError):
                keys[str(one.get("kid", ""))] = jwt.PyJWK(one)
    return keys
