"""Bearer tokens of a real issuer on loopback: validation, keys of the issuer, and membership."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api.auth.authenticators import RefusedError, RegistryAuthenticator
from api.auth.oidc import Issuer, OidcTokenVerifier
from headland.errors import RetryLater, SettingsError
from headland.registry.models.models import Member, Scope
from headland.registry.registry import open_registry
from tests.api.farm import OTHER, OWN, fill_farm
from tests.api.server import own_app, serve
from tests.ports import find_free_port

AUDIENCE = "headland"
ELLIPTIC, FOREIGN = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


class Signer:
    """An issuer: its address, its keys, and the number of its requests."""

    def __init__(self) -> None:
        self.url = ""
        self.keys = [
            {**json.loads(ECAlgorithm.to_jwk(ELLIPTIC.public_key())), "kid": "e1", "use": "sig"},
            {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "shared"},
            {"kty": "of a later time", "kid": "new"},
        ]
        self.request_count = 0

    def token(self, key: Any = ELLIPTIC, algorithm: str = "ES256", kid: str = "e1", **changes: Any) -> str:
        now_s = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "li", "iat": now_s, "exp": now_s + 300, **changes}
        return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm, headers={"kid": kid})


@contextmanager
def signing() -> Iterator[Signer]:
    signer = Signer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            signer.request_count += 1
            about = {"issuer": signer.url, "jwks_uri": f"{signer.url}/keys"}
            body = json.dumps({"keys": signer.keys} if self.path == "/keys" else about).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        signer.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield signer
        finally:
            server.shutdown()


@pytest.fixture
def signer() -> Iterator[Signer]:
    with signing() as made:
        yield made


@pytest.fixture
def people(signer: Signer) -> Iterator[OidcTokenVerifier]:
    with closing(OidcTokenVerifier(Issuer(signer.url, AUDIENCE))) as made:
        yield made


def test_a_token_of_the_issuer_is_accepted_and_its_keys_are_fetched_once(
    signer: Signer, people: OidcTokenVerifier
) -> None:
    assert [people.subject_of(signer.token()) for _ in range(5)] == ["li"] * 5
    assert people.subject_of(signer.token(aud=["other", AUDIENCE], exp=int(time.time()) - 20)) == "li"
    assert signer.request_count == 2


@pytest.mark.parametrize("step_s", [-315_360_000, -86_400, 86_400, 315_360_000])
def test_the_times_of_a_token_are_compared_with_the_time_of_the_station(signer: Signer, step_s: int) -> None:
    station_s = time.time() + step_s
    with closing(OidcTokenVerifier(Issuer(signer.url, AUDIENCE), now_ms=lambda: round(station_s * 1000))) as people:
        valid: dict[str, Any] = {"iat": int(station_s), "exp": int(station_s) + 300}
        assert people.subject_of(signer.token(**valid)) == "li"
        with pytest.raises(RefusedError):
            people.subject_of(signer.token())
        changes: list[dict[str, Any]] = [
            {"exp": "1"}, {"exp": True}, {"iat": None}, {"nbf": "soon"}, {"nbf": int(station_s) + 600},
        ]  # fmt: skip
        for change in changes:
            with pytest.raises(RefusedError):
                people.subject_of(signer.token(**{**valid, **change}))


def test_an_invalid_token_is_refused(signer: Signer, people: OidcTokenVerifier) -> None:
    now_s = int(time.time())
    changes: list[dict[str, Any]] = [
        {"exp": now_s - 60}, {"nbf": now_s + 600}, {"iat": now_s + 600}, {"aud": "other"}, {"aud": None},
        {"iss": "http://127.0.0.1:9"}, {"exp": None}, {"sub": None}, {"iat": None}, {"key": FOREIGN},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(RefusedError):
            people.subject_of(signer.token(**change))
    secret = "secretsecretsecretsecretsecretse"
    for token in (
        signer.token(secret, "HS256", "shared"),
        signer.token(None, "none"),
        signer.token(kid="none of theirs"),
        "a.b.c",
        "",
    ):
        with pytest.raises(RefusedError):
            people.subject_of(token)


def test_a_new_key_of_the_issuer_is_fetched_and_an_unknown_key_is_not_fetched_repeatedly(signer: Signer) -> None:
    clock = [0.0]
    with closing(OidcTokenVerifier(Issuer(signer.url, AUDIENCE), lambda: clock[0])) as people:
        people.subject_of(signer.token())
        signer.keys.append({**json.loads(RSAAlgorithm.to_jwk(RSA.public_key())), "kid": "r1", "alg": "RS256"})
        for _ in range(3):
            with pytest.raises(RefusedError):
                people.subject_of(signer.token(RSA, "RS256", "r1"))
        assert signer.request_count == 2
        clock[0] = 31.0
        assert people.subject_of(signer.token(RSA, "RS256", "r1")) == "li"


def test_an_unreachable_issuer_is_retried_and_known_keys_remain_valid() -> None:
    clock = [0.0]
    with signing() as signer:
        people = OidcTokenVerifier(Issuer(signer.url, AUDIENCE), lambda: clock[0])
        people.subject_of(signer.token())
    clock[0] = 4000.0
    with closing(people):
        assert people.subject_of(signer.token()) == "li"
    away = OidcTokenVerifier(Issuer(f"http://127.0.0.1:{find_free_port()}", AUDIENCE))
    with closing(away), pytest.raises(RetryLater, match="are not available"):
        away.subject_of(signer.token())


@pytest.mark.parametrize(
    ("url", "audience"), [("http://id.example", AUDIENCE), ("", AUDIENCE), ("https://id.example", "")]
)
def test_an_issuer_that_cannot_be_trusted_is_refused_at_the_start(url: str, audience: str) -> None:
    with pytest.raises(SettingsError):
        Issuer(url, audience)


def test_a_token_authenticates_a_member_who_names_one_of_two_organisations(
    tmp_path: Path, signer: Signer, people: OidcTokenVerifier
) -> None:
    with closing(open_registry(f"sqlite:///{tmp_path}/registry.sqlite")) as registry:
        repositories_by_organisation = [
            registry.repositories(registry.add_organisation(handle, handle, "test").id, "test")
            for handle in (OWN, OTHER)
        ]
        repositories_by_organisation[0].members.add(Member(subject="li", name="Li", role=Scope.WRITE))
        app = own_app(fill_farm(), registry=registry, authenticator=RegistryAuthenticator(registry, people))
        with serve(app, opened=False) as client:

            def ask(**headers: str) -> httpx.Response:
                return client.get("/v1/session", headers={"Authorization": f"Bearer {signer.token()}", **headers})

            session = ask().json()
            assert session.pop("may")["/v1/devices"] == ["GET"]
            assert session == {
                "organisation": {"handle": OWN, "name": OWN}, "scope": "write", "by": "member:li",
                "person": None, "role": None, "public_url": None,
            }  # fmt: skip
            repositories_by_organisation[1].members.add(Member(subject="li", name="Li", role=Scope.READ))
            assert ask(**{"Headland-Organisation": OTHER}).json()["scope"] == "read"
            assert ask(**{"Headland-Organisation": "nobody"}).status_code == 403
            stranger = {"Authorization": f"Bearer {signer.token(sub='wu')}"}
            assert client.get("/v1/devices", headers=stranger).status_code == 403
            both = {"Authorization": f"Bearer {signer.token(jti='2')}"}
            claims = client.get("/v1/devices", headers=both)
            assert (claims.status_code, claims.json()["type"]) == (403, "urn:headland:problem:which-organisation")
            _, key = repositories_by_organisation[0].add_key("app", Scope.READ)
            assert client.get("/v1/devices", headers={"Authorization": f"Bearer {key}"}).status_code == 200
