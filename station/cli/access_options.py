"""Who signs people in at the API, and how much is taken of anybody: options and environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.errors import SettingsError

if TYPE_CHECKING:
    from api.auth.limits import Limits
    from api.auth.oidc import Issuer

IssuerOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-issuer",
        metavar="URL",
        help="Whose OpenID Connect tokens let members in.",
        envvar="HEADLAND_OIDC_ISSUER",
        show_envvar=True,
    ),
]
AudienceOption = Annotated[
    str | None,
    typer.Option(
        "--oidc-audience",
        metavar="NAME",
        help="What these tokens must name as their audience.",
        envvar="HEADLAND_OIDC_AUDIENCE",
        show_envvar=True,
    ),
]

REQUESTS_PER_S: Final = "HEADLAND_REQUESTS_PER_S"
BODY_MB: Final = "HEADLAND_BODY_MB"
ANSWER_S: Final = "HEADLAND_ANSWER_S"


def issuer_of(url: str | None, audience: str | None) -> Issuer | None:
    """Return who signs people in, None where nobody does; raises SettingsError."""
    from api.auth.oidc import Issuer

    if url is None and audience is not None:
        raise SettingsError("--oidc-audience says for whom a token is; --oidc-issuer, by whom, is missing.")
    return None if url is None else Issuer(url, audience or "")


def limits_from_environment() -> Limits:
    """Return what HEADLAND_REQUESTS_PER_S, HEADLAND_BODY_MB and HEADLAND_ANSWER_S say; raises SettingsError."""
    from api.auth.limits import Limits
    from api.auth.rate_limiter import Rate

    usual = Limits()
    per_s = _number(REQUESTS_PER_S, usual.asked.per_s, 1, 1e6)
    return Limits(
        asked=Rate(4 * per_s, per_s),
        body_bytes=round(_number(BODY_MB, usual.body_bytes / 2**20, 0.01, 1024) * 2**20),
        answer_s=_number(ANSWER_S, usual.answer_s, 1, 3600),
    )


def _number(name: str, usual: float, least: float, most: float) -> float:
    told = os.environ.get(name, "").strip()
    try:
        number = float(told) if told else usual
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise SettingsError(f"{name} is {told!r}; it must be a number from {least:g} to {most:g}.")
    return number
