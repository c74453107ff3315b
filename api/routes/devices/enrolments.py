"""Routes of enrolment: one-time codes of gateways, and the certificates that gateways get with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Final

import msgspec
from fastapi import Depends, Request
from msgspec import Meta
from starlette.responses import Response

from api.auth.public_edge import at_public_edge
from api.auth.sessions_cache import auth_cache_of
from api.dependencies import HomeOf, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent, encode
from api.http.router import Router
from api.ops.gateway_enrolment import GatewayEnrolment
from api.routes.devices.gateways import GatewayId
from headland.errors import PeerRefused, SettingsError
from headland.network.enrolment.gateways import EnrolledGateway, GatewayCode
from headland.network.enrolment.life import RenewalTooEarly
from headland.network.enrolment.messages import EnrolmentRequest, RenewalRequest, RenewedCertificate, SealedPapers
from headland.registry.models.models import Gateway

_NO_BROKER: Final = "Gateways are enrolled where the farm's broker runs: use `headland gateway code` there."
_TOO_MANY: Final = "Too many wrong codes and certificates came from this address: wait as Retry-After says."


async def enrolment_of(home: HomeOf) -> GatewayEnrolment:
    """Return the enrolment at the farm's broker; raises ProblemError (404) where there is none."""
    if home.enrolment is None:
        raise ProblemError(404, "no-registrar", "No broker here", _NO_BROKER)
    return home.enrolment


EnrolmentOf = Annotated[GatewayEnrolment, Depends(enrolment_of)]


class CodeAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a gateway's code is for."""

    EXAMPLE: ClassVar = {"site": "home", "host": "farm.example"}

    site: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "home"
    host: Annotated[
        Annotated[str, Meta(max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")] | None,
        "By which the gateway reaches the broker.",
    ] = None
    station: Annotated[
        Annotated[str, Meta(max_length=300, pattern=r"^https?://[A-Za-z0-9.:_\[\]-]+(?:/[A-Za-z0-9._~/-]*)?$")] | None,
        "URL by which the gateway reaches this API; by default that of the farm on this machine.",
    ] = None


class EnrolledGateways(msgspec.Struct, frozen=True, kw_only=True):
    """All gateways that were given a code."""

    items: list[EnrolledGateway]
    next: None = None
    cannot_give: Annotated[
        str | None, "Why no code can be given, with the remedy; null where one can. Its settings can be had anyway."
    ] = None


router = Router(prefix="/v1", tags=["gateways"], responses=declare_problems(404, 422, 503))


@router.post(
    "/gateways/{gateway}/code",
    name="give_gateway_code",
    response_model=GatewayCode,
    status_code=201,
    responses=declare_problems(409),
)
def post_code(
    scope: ScopeOf, home: HomeOf, enrolment: EnrolmentOf, gateway: GatewayId, body: Sent[CodeAsked]
) -> Response:
    """Give a gateway, new or known, a one-time code: with it, it gets its settings and a certificate of its own key."""
    if not home.serves(scope):
        raise ProblemError(404, "no-registrar", "No broker here", _NO_BROKER)
    try:
        code = enrolment.give_code(gateway, body.site, body.host, body.station)
    except SettingsError as error:
        raise ProblemError(409, "gateway-refused", "Gateway not added", str(error)) from error
    if scope.registry is not None and not scope.repositories.gateways.list(name=gateway, limit=1):
        scope.repositories.gateways.add(Gateway(name=gateway, site=code.site))
    if scope.registry is not None:
        scope.repositories.log("gateway code", gateway, "add")
    return Response(encode(code), 201, {"Cache-Control": "no-store"}, "application/json")


@router.get(
    "/gateway-enrolments",
    name="list_gateway_enrolments",
    response_model=EnrolledGateways,
    responses=declare_problems(409),
)
def get_enrolments(scope: ScopeOf, home: HomeOf, enrolment: EnrolmentOf) -> Response:
    """List the gateways that were given a code: whether it waits, was used or has expired, and the certificate."""
    if not home.serves(scope):
        raise ProblemError(404, "no-registrar", "No broker here", _NO_BROKER)
    try:
        listed = EnrolledGateways(items=enrolment.enrolled(), cannot_give=enrolment.refusal())
    except SettingsError as error:
        raise ProblemError(409, "gateway-refused", "Enrolments not readable", str(error)) from error
    return Response(encode(listed), 200, {"Cache-Control": "no-store"}, "application/json")


@router.delete(
    "/gateways/{gateway}/certificate", name="revoke_gateway", status_code=204, responses=declare_problems(409)
)
def delete_certificate(scope: ScopeOf, home: HomeOf, enrolment: EnrolmentOf, gateway: GatewayId) -> None:
    """Refuse a gateway's certificate and its code from now on; its data stays."""
    if not home.serves(scope):
        raise ProblemError(404, "no-registrar", "No broker here", _NO_BROKER)
    try:
        enrolment.revoke(gateway)
    except SettingsError as error:
        raise ProblemError(409, "gateway-refused", "Gateway not enrolled", str(error)) from error
    if scope.registry is not None:
        scope.repositories.log("gateway certificate", gateway, "delete")


@router.post("/enrolments", name="enrol_gateway", response_model=SealedPapers, responses=declare_problems(403, 429))
@at_public_edge("enrolments")
def post_enrolment(request: Request, enrolment: EnrolmentOf, body: Sent[EnrolmentRequest]) -> Response:
    """Take a gateway's request for its first certificate; its code is used up."""
    return _answer(request, lambda: enrolment.enrol(body))


@router.post(
    "/enrolments/renewal",
    name="renew_gateway",
    response_model=RenewedCertificate,
    responses=declare_problems(403, 409, 429),
)
@at_public_edge("enrolments")
def post_renewal(request: Request, enrolment: EnrolmentOf, body: Sent[RenewalRequest]) -> Response:
    """Take a gateway's request for its next certificate, in the second half of the present one's life."""
    return _answer(request, lambda: enrolment.renew(body))


def _answer(request: Request, work: Callable[[], SealedPapers | RenewedCertificate]) -> Response:
    try:
        answer = work()
    except RenewalTooEarly as error:
        raise ProblemError(409, "renewal-too-early", "Too early for a renewal", str(error)) from error
    except (PeerRefused, SettingsError) as error:
        # Only failures are limited: a true code is let in from any address.
        auth_cache_of(request).count_failure(request, _TOO_MANY)
        raise ProblemError(403, "enrolment-refused", "Enrolment refused", str(error)) from error
    return Response(encode(answer), 200, {"Cache-Control": "no-store"}, "application/json")
