"""The public side of a released lot: what a token finds, and the answers to it, finished ones and those of misses.

What is not public and what does not exist have one answer: the same status, body and headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Final

from fastapi import Request
from starlette.responses import Response

from api.auth.limit_headers import note_rate
from api.auth.public_access import PublicLimiter
from api.auth.public_edge import PublicEdge
from api.dependencies import HomeServices
from api.http.addresses import customer_of
from api.http.languages import TAGS
from api.routes.traceability.finished import FinishedAnswers, compress, takes_compressed
from headland.analysis.plant_protection.harvest_review import review_lot
from headland.formats.epcis.digital_link import batch_path
from headland.i18n import Language, find_term
from headland.registry.models.releases import ReleasedLot, read_released
from headland.registry.registry import Registry
from headland.registry.repositories.harvest.releases import Release
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

SAFE: Final = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache", "Vary": "Accept-Language"}
STRICT: Final = "default-src 'none'; frame-ancestors 'none'"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class Missing(Exception):  # noqa: N818 - it never leaves the answers of public pages
    """There is nothing public here."""


class PublicRelease:
    """A release with its lot, the repositories of its organisation, and its addresses.

    `breach` is the interval within which it was harvested, by every treatment that stands now.
    """

    def __init__(self, request: Request, repositories: OrganisationRepositories, release: Release) -> None:
        self.repositories = repositories
        self.release = release
        self.lot: ReleasedLot = read_released(release.text)
        self.breach = review_lot(repositories, release.lot).worst
        self.base = base = str(request.base_url).rstrip("/")
        self.address = f"{base}/p/{release.token}"
        #: What a QR code holds: the Digital Link where the product has a number.
        self.link = self.address
        if self.lot.gtin is not None:
            self.link = f"{base}{batch_path(self.lot.gtin, self.lot.code)}?t={release.token}"


async def answer(
    request: Request,
    home: HomeServices,
    token: str,
    language: Language,
    make: Callable[[PublicRelease], Response],
    view: tuple[Hashable, ...] | None = None,
) -> Response:
    """Return the answer of a token; one that has a `view`, and does not depend on the time, is kept."""
    state, is_compressed = request.app.state, takes_compressed(request)
    finished: FinishedAnswers = state.finished_answers
    limiter: PublicLimiter = state.public_limiter
    edge: PublicEdge = state.public_edge
    registry, address = home.registry, customer_of(request)
    organisation = await finished.organisation(token) if _TOKEN.fullmatch(token) else None
    if registry is None or organisation is None:
        return _miss(request, limiter, address, language)
    if view is not None:
        view = (*view, str(request.base_url), is_compressed)
        known = await finished.find(token, organisation, view)
        if known is not None:
            return known.response()

    def write() -> Response:
        # Found after the mark of its organisation was read: a withdrawal before that counts.
        release = _find(registry, token)
        repositories = registry.repositories(organisation, "public page")
        written = make(PublicRelease(request, repositories, release))
        return compress(written) if is_compressed else written

    def work() -> Response:
        return write() if view is None else finished.make(token, organisation, view, write).response()

    try:
        return await edge.run("pages", request, work)
    except Missing:
        return _miss(request, limiter, address, language)


def _miss(request: Request, limiter: PublicLimiter, address: str, language: Language) -> Response:
    draw = limiter.miss(address)
    note_rate(request.scope, "misses", draw)
    if draw.wait_s > 0:
        return Response(status_code=429, headers={**SAFE, "Retry-After": str(int(draw.wait_s) + 1)})
    return _not_found(language)


def _find(registry: Registry, token: str) -> Release:
    """Return the release of a token; raises Missing where it is not public."""
    release = registry.find_release(token)
    if release is None or release.withdrawn_ms is not None:
        raise Missing
    return release


def _not_found(language: Language) -> Response:
    title, text = (find_term("consumer_page", name, language) or "" for name in ("not_found", "not_found_text"))
    page = (
        f'<!doctype html><html lang="{TAGS[language]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )
    return reply_public(page.encode(), "text/html; charset=utf-8", STRICT, language, 404)


def reply_public(
    body: bytes, media_type: str, policy: str = STRICT, language: Language | None = None, status: int = 200
) -> Response:
    """Return an answer of a public page; `language` where it is written in one."""
    headers = {**SAFE, "Content-Security-Policy": policy}
    if language is not None:
        headers["Content-Language"] = TAGS[language]
    return Response(body, status, headers, media_type)
