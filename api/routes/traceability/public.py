"""Public pages of lots, open to everybody by their token: page, proof, events, passport, market kit, Digital Link.

What is not public and what does not exist have one answer: the same status, body and headers.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson
from fastapi import Query, Request
from starlette.responses import Response

from api.auth.public_access import PublicLimiter
from api.dependencies import HomeOf, HomeServices
from api.http.addresses import customer_of
from api.http.languages import TAGS, current_language
from api.http.router import Router
from headland.analysis.plant_protection.harvest_review import review_lot
from headland.analysis.releases.lot_events import holding_event, lot_name
from headland.analysis.releases.passport import issue_passport
from headland.analysis.releases.release import prove_release
from headland.formats.epcis.digital_link import batch_path, read_batch_path
from headland.formats.epcis.events import make_document
from headland.i18n import Language, find_term
from headland.registry.models.releases import ReleasedLot, read_released
from headland.registry.repositories.harvest.releases import Release
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.reports.consumer.charts import draw_replay
from headland.reports.consumer.market import Shape, overlay_policy, write_overlay
from headland.reports.consumer.page import PublicLot, content_policy, write_page
from headland.reports.consumer.picture import draw_picture
from headland.reports.consumer.shelf_card import CardSize, draw_card, print_card
from headland.store.port import SeriesFilter

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_SAFE: Final = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache", "Vary": "Accept-Language"}
_STRICT: Final = "default-src 'none'; frame-ancestors 'none'"
_PICTURE: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_LIVE: Final = ("air_temperature_degc", "relative_humidity_pct")
#: A reading is shown as the present one for so long [ms].
_LIVE_MS: Final = 15 * 60_000
_LANGUAGE: Final = Query(description="English or Chinese; else by Accept-Language.")

LanguageOf = Annotated[Language | None, _LANGUAGE]
LinkType = Literal["gs1:pip", "gs1:traceability", "gs1:certificationInfo", "gs1:dpp", "linkset", "all"]

#: Open to everybody: not part of the documented API of an organisation.
router = Router(include_in_schema=False)


class _Missing(Exception):  # noqa: N818 - it never leaves this module
    pass


@router.get_and_head("/p/{token}")
def get_public_page(request: Request, home: HomeOf, token: str, lang: LanguageOf = None) -> Response:
    """Return the page of a lot."""
    language = lang or current_language()

    def make(found: _Found) -> Response:
        shown = PublicLot(
            released=found.lot,
            proof=prove_release(found.repositories, found.release),
            address=found.address,
            is_void=_is_void(found),
            breach=found.breach,
        )
        return _reply(write_page(shown, language), "text/html; charset=utf-8", content_policy(), language)

    return _answer(request, home, token, language, make)


@router.get("/p/{token}/proof.json")
def get_public_proof(
    request: Request, home: HomeOf, token: str, old_size: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None
) -> Response:
    """Return the proof document of a lot, with the path from the checkpoint of `old_size` entries."""

    def make(found: _Found) -> Response:
        proof = prove_release(found.repositories, found.release, old_size)
        return _reply(msgspec.json.encode(proof), "application/json")

    return _answer(request, home, token, current_language(), make)


@router.get("/p/{token}/events.json")
def get_public_events(request: Request, home: HomeOf, token: str) -> Response:
    """Return the released EPCIS events of a lot."""

    def make(found: _Found) -> Response:
        events = []
        for event_id in found.lot.events:
            stored = found.repositories.epcis.find(event_id)
            if stored is not None:
                events.append(msgspec.json.decode(stored.body)["event"])
        if found.breach is not None:
            named = lot_name(found.release.organisation, found.lot.code, found.lot.gtin)
            events.append(msgspec.to_builtins(holding_event(found.breach, named, found.lot.grams)))
        created = max((event["eventTime"] for event in events), default="1970-01-01T00:00:00Z")
        return _reply(msgspec.json.encode(make_document(events, created)), "application/ld+json")

    return _answer(request, home, token, current_language(), make)


@router.get("/p/{token}/passport.json")
def get_public_passport(request: Request, home: HomeOf, token: str) -> Response:
    """Return the digital product passport: a verifiable credential in its envelope."""

    def make(found: _Found) -> Response:
        key = found.repositories.proof_log.passport_key()
        credential = issue_passport(found.lot, found.address, key, found.breach)
        enveloped = {
            "@context": "https://www.w3.org/ns/credentials/v2",
            "id": f"data:application/vc+jwt,{credential}",
            "type": "EnvelopedVerifiableCredential",
        }
        return _reply(orjson.dumps(enveloped), "application/vc+ld+json")

    return _answer(request, home, token, current_language(), make)


@router.get("/p/{token}/replay.svg")
def get_public_replay(
    request: Request,
    home: HomeOf,
    token: str,
    number: Annotated[int, Query(ge=1, le=10)] = 1,
    lang: LanguageOf = None,
) -> Response:
    """Return a pass of the lot as an animation of 15 seconds."""
    language = lang or current_language()

    def make(found: _Found) -> Response:
        if number > len(found.lot.passes):
            raise _Missing
        title = find_term("consumer_page", "replay_title", language) or ""
        drawn = draw_replay(found.lot.passes[number - 1], title)
        return _reply(drawn.encode(), "image/svg+xml", _PICTURE)

    return _answer(request, home, token, language, make)


@router.get("/p/{token}/card.svg")
def get_public_card(request: Request, home: HomeOf, token: str, lang: LanguageOf = None) -> Response:
    """Return the shelf card of a lot."""
    language = lang or current_language()

    def make(found: _Found) -> Response:
        return _reply(draw_card(found.lot, found.link, language, found.breach), "image/svg+xml", _PICTURE)

    return _answer(request, home, token, language, make)


@router.get("/p/{token}/card.pdf")
def print_public_card(
    request: Request, home: HomeOf, token: str, size: CardSize = "a6", lang: LanguageOf = None
) -> Response:
    """Return the shelf card of a lot to print."""
    language = lang or current_language()

    def make(found: _Found) -> Response:
        return _reply(print_card(found.lot, found.link, size, language, found.breach), "application/pdf")

    return _answer(request, home, token, language, make)


@router.get("/p/{token}/picture.png")
def get_public_picture(request: Request, home: HomeOf, token: str) -> Response:
    """Return the picture that chats show of the page."""

    def make(found: _Found) -> Response:
        return _reply(draw_picture(found.release.text, found.link, is_stopped=found.breach is not None), "image/png")

    return _answer(request, home, token, current_language(), make)


@router.get("/p/{token}/overlay")
def get_public_overlay(
    request: Request, home: HomeOf, token: str, shape: Shape = "16:9", lang: LanguageOf = None
) -> Response:
    """Return the transparent overlay for live-stream software, with the present climate where the issuer allows it."""
    language = lang or current_language()

    def make(found: _Found) -> Response:
        live = _live(home, found.release, is_simulated=found.lot.simulated)
        page = write_overlay(found.lot, found.link, shape, language, live, home.now_ms(), found.breach)
        return _reply(page, "text/html; charset=utf-8", overlay_policy(), language)

    return _answer(request, home, token, language, make)


@router.get_and_head("/01/{gtin}/10/{batch}")
def resolve_link(
    request: Request,
    home: HomeOf,
    gtin: str,
    batch: str,
    t: str = "",
    link_type: Annotated[str, Query(alias="linkType", max_length=60)] = "gs1:pip",
) -> Response:
    """Resolve a GS1 Digital Link of a lot: to its page, or by `linkType` to its events, passport or list of links.

    The token `t` is part of the printed link: batch numbers can be guessed.
    """
    language = current_language()

    def make(found: _Found) -> Response:
        asked = read_batch_path(f"/01/{gtin}/10/{batch}")
        if asked is None or (asked.gtin, asked.batch) != (found.lot.gtin, found.lot.code):
            raise _Missing
        targets = {
            "gs1:pip": found.address,
            "gs1:certificationInfo": found.address,
            "gs1:traceability": f"{found.address}/events.json",
            "gs1:dpp": f"{found.address}/passport.json",
        }
        if link_type in ("linkset", "all"):
            return _reply(orjson.dumps(_linkset(found, targets)), "application/linkset+json")
        target = targets.get(link_type)
        if target is None:
            raise _Missing
        # Without a stated address the reader stays at the one that it asked, whatever a proxy calls it.
        location = target if home.public_url is not None else target.removeprefix(found.base)
        return Response(status_code=307, headers={**_SAFE, "Location": location})

    return _answer(request, home, t, language, make)


class _Found:
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


def _answer(request: Request, home: HomeServices, token: str, language: Language, make: Any) -> Response:
    try:
        return make(_find(request, home, token))  # type: ignore[no-any-return]
    except _Missing:
        limiter: PublicLimiter = request.app.state.public_limiter
        wait_s = limiter.miss_s(customer_of(request))
        if wait_s > 0:
            return Response(status_code=429, headers={**_SAFE, "Retry-After": str(int(wait_s) + 1)})
        return _not_found(language)


def _find(request: Request, home: HomeServices, token: str) -> _Found:
    registry = home.registry
    if registry is None or not _TOKEN.fullmatch(token):
        raise _Missing
    release = registry.find_release(token)
    if release is None or release.withdrawn_ms is not None:
        raise _Missing
    return _Found(request, registry.repositories(release.organisation, "public page"), release)


def _not_found(language: Language) -> Response:
    title, text = (find_term("consumer_page", name, language) or "" for name in ("not_found", "not_found_text"))
    page = (
        f'<!doctype html><html lang="{TAGS[language]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1><p>{text}</p></main></body></html>"
    )
    return _reply(page.encode(), "text/html; charset=utf-8", _STRICT, language, 404)


def _reply(
    body: bytes, media_type: str, policy: str = _STRICT, language: Language | None = None, status: int = 200
) -> Response:
    headers = {**_SAFE, "Content-Security-Policy": policy}
    if language is not None:
        headers["Content-Language"] = TAGS[language]
    return Response(body, status, headers, media_type)


def _is_void(found: _Found) -> bool:
    if found.lot.certificate is None:
        return False
    certificates = found.repositories.certificates
    issued = [each for each in certificates.of_lot(found.release.lot) if each.number == found.lot.certificate.number]
    return not issued or certificates.is_void(issued[0].id)


def _live(home: HomeServices, release: Release, *, is_simulated: bool) -> dict[str, float | None]:
    """Return the present climate of a lot's house, nothing where the issuer does not show it."""
    devices = release.live.get("devices", [])
    registry = home.registry
    if not devices or registry is None:
        return {}
    handle = next((each.handle for each in registry.organisations() if each.id == release.organisation), None)
    live: dict[str, float | None] = dict.fromkeys(_LIVE)
    if handle is None:
        return live
    for device in devices:
        for latest in home.store.last(SeriesFilter(handle, device, frozenset(_LIVE))):
            if latest.time_ms >= home.now_ms() - _LIVE_MS and (is_simulated or not latest.key.simulated):
                live[latest.key.channel] = latest.value
    return live


def _linkset(found: _Found, targets: dict[str, str]) -> dict[str, Any]:
    voc = "https://gs1.org/voc/"
    types = {"gs1:pip": "text/html", "gs1:certificationInfo": "text/html", "gs1:dpp": "application/vc+ld+json"}
    links = {
        name.replace("gs1:", voc): [{"href": href, "type": types.get(name, "application/ld+json")}]
        for name, href in targets.items()
    }
    return {"linkset": [{"anchor": found.link, **links}]}
