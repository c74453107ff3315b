"""Browser sessions: a key is exchanged for a cookie that scripts cannot read."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from fastapi import FastAPI, Request
from msgspec import Meta
from starlette.responses import Response

from api.auth.middleware import COOKIE, refuse_foreign_page
from api.auth.permissions import operations_of
from api.auth.public_edge import at_public_edge
from api.auth.sessions_cache import auth_cache_of, challenge
from api.dependencies import AccessOf, HomeOf
from api.http.addresses import asked_scheme
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import DeferredRoute, Router
from api.schemas.model import fill
from headland.network.public_url import url_for_customers
from headland.registry.registry import Access

router = Router(prefix="/v1/session", tags=["access"], responses=declare_problems(503))

#: What says in a route's path which values a name has.
_CONVERTOR: Final = re.compile(r":\w+\}")
_UNKNOWN: Final = "The key is unknown, revoked or expired, or it is a sender's: use another key."


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to sign in with."""

    key: Annotated[str, Meta(max_length=200, examples=["hl_0123abcd.secret"]), "The key."]


class SessionOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    """Organisation of a session."""

    handle: Annotated[str, "Name in the time-series store, which never changes."]
    name: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The signed-in person or key, its organisation and its scope; the person's id and role where it has one.

    `public_url` is that by which customers reach the station, null where its administrator stated none, or one of this
    machine alone: QR codes, cards and links of released lots lead nowhere then. `may` has the operations of the API
    document that this access is permitted: methods by path.
    """

    organisation: Annotated[SessionOrganisation, "Organisation of the session."]
    scope: Annotated[str, "read, write or admin."]
    by: Annotated[str, "Name of the person or key, as the audit log has it."]
    person: str | None = None
    role: Annotated[str | None, "Role of the person; null for a key of nobody."] = None
    public_url: Annotated[str | None, "URL by which customers reach the station; null: none that leads there."] = None
    may: Annotated[dict[str, list[str]], "Permitted operations: methods by path."] = {}


@router.post("", response_model=Session, responses=declare_problems(400, 401, 403, 404, 413, 422, 429))
@at_public_edge("sessions")
def sign_in(request: Request, home: HomeOf, body: Sent[SignIn]) -> Response:
    """Begin a session with a key: the response sets a cookie, valid for thirty days or until the key expires."""
    refuse_foreign_page(request)
    if home.registry is None:
        raise ProblemError(404, "no-registry", "No registry", "This API runs without a registry: start it with one.")
    session = home.registry.begin_session(body.key.strip())
    if session is None:
        auth_cache_of(request).count_failure(request)
        raise ProblemError(401, "bad-key", "Invalid credentials", _UNKNOWN, headers=challenge("invalid_token"))
    access, secret, lasts_ms = session
    answer = reply(request, session_of(request, access, home.public_url))
    answer.headers["Cache-Control"] = "no-store"
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=lasts_ms // 1000,
        path="/",
        secure=asked_scheme(request) == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.get("", response_model=Session)
def get_session(request: Request, access: AccessOf, home: HomeOf) -> Response:
    """Return the session of the cookie, or the access of the key."""
    return reply(request, session_of(request, access, home.public_url))


@router.delete("", status_code=204, responses=declare_problems(403, 429))
@at_public_edge("sessions")
def sign_out(request: Request, home: HomeOf) -> Response:
    """End the session and delete its cookie; without a session nothing happens."""
    secret = request.cookies.get(COOKIE)
    if secret and home.registry is not None:
        refuse_foreign_page(request, must_name_origin=True)
        if home.registry.end_session(secret):
            auth_cache_of(request).forget_session(secret)
        else:
            auth_cache_of(request).count_failure(request)
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def session_of(request: Request, access: Access, public_url: str | None) -> Session:
    """Return an access as a session, at a station that others reach by a URL."""
    owner = fill(SessionOrganisation, access.organisation)
    return fill(
        Session,
        access,
        organisation=owner,
        scope=access.scope.value,
        public_url=url_for_customers(public_url),
        may=operations_of(access.role, access.scope, _operations(request.app)),
    )


def _operations(app: FastAPI) -> tuple[tuple[str, str], ...]:
    """Return the operations of the API document, without making it."""
    known: tuple[tuple[str, str], ...] | None = getattr(app.state, "operations", None)
    if known is None:
        known = app.state.operations = tuple(
            (method, _CONVERTOR.sub("}", route.path))
            for route in app.routes
            if isinstance(route, DeferredRoute) and route.options.get("include_in_schema", True)
            for method in sorted(route.methods)
        )
    return known
