"""Public pages of lots, open to everybody by their token: page, proof, events, passport, market kit, Digital Link.

What is not public and what does not exist have one answer: the same status, body and headers.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
import orjson
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import HomeOf, HomeServices
from api.http.languages import current_language
from api.http.router import Router
from api.routes.station.dashboard import PASSED_ON
from api.routes.traceability.public_lot import SAFE, Missing, PublicRelease, answer, reply_public
from headland.analysis.lots.releases.lot_events import holding_event, lot_name
from headland.analysis.lots.releases.passport import issue_passport
from headland.analysis.lots.releases.release import prove_release
from headland.formats.epcis.digital_link import read_batch_path
from headland.formats.epcis.events import make_document
from headland.i18n import Language, find_term
from headland.registry.repositories.harvest.releases import Release
from headland.reports.consumer.charts import draw_replay
from headland.reports.consumer.market import Shape, overlay_policy, write_overlay
from headland.reports.consumer.page import PublicLot, content_policy, write_page
from headland.reports.consumer.picture import draw_picture
from headland.reports.consumer.shelf_card import CardSize, draw_card, print_card
from headland.store.port import SeriesFilter

_PICTURE: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_LIVE: Final = ("air_temperature_degc", "relative_humidity_pct")
#: A reading is shown as the present one for so long [ms].
_LIVE_MS: Final = 15 * 60_000
#: An overlay is as it was for so long [ms].
_LIVE_STEP_MS: Final = 10_000
_LANGUAGE: Final = Query(description="English or Chinese; else by Accept-Language.")

LanguageOf = Annotated[Language | None, _LANGUAGE]
LinkType = Literal["gs1:pip", "gs1:traceability", "gs1:certificationInfo", "gs1:dpp", "linkset", "all"]

#: Open to everybody: not part of the documented API of an organisation.
router = Router(include_in_schema=False)


@router.get_and_head("/p/{token}", open_query=PASSED_ON)
async def get_public_page(request: Request, home: HomeOf, token: str, lang: LanguageOf = None) -> Response:
    """Return the page of a lot."""
    language = lang or current_language()

    def make(found: PublicRelease) -> Response:
        shown = PublicLot(
            released=found.lot,
            proof=prove_release(found.repositories, found.release),
            address=found.address,
            is_void=_is_void(found),
            breach=found.breach,
        )
        return reply_public(write_page(shown, language), "text/html; charset=utf-8", content_policy(), language)

    view = (
        "page",
        language,
    )
    return await answer(request, home, token, language, make, view)


@router.get("/p/{token}/proof.json")
async def get_public_proof(
    request: Request, home: HomeOf, token: str, old_size: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None
) -> Response:
    """Return the proof document of a lot, with the path from the checkpoint of `old_size` entries."""

    def make(found: PublicRelease) -> Response:
        proof = prove_release(found.repositories, found.release, old_size)
        return reply_public(msgspec.json.encode(proof), "application/json")

    return await answer(request, home, token, current_language(), make)


@router.get("/p/{token}/events.json")
async def get_public_events(request: Request, home: HomeOf, token: str) -> Response:
    """Return the released EPCIS events of a lot."""

    def make(found: PublicRelease) -> Response:
        events = []
        for event_id in found.lot.events:
            stored = found.repositories.epcis.find(event_id)
            if stored is not None:
                events.append(msgspec.json.decode(stored.body)["event"])
        if found.breach is not None:
            named = lot_name(found.release.organisation, found.lot.code, found.lot.gtin)
            events.append(msgspec.to_builtins(holding_event(found.breach, named, found.lot.grams)))
        created = max((event["eventTime"] for event in events), default="1970-01-01T00:00:00Z")
        return reply_public(msgspec.json.encode(make_document(events, created)), "application/ld+json")

    view = ("events",)
    return await answer(request, home, token, current_language(), make, view)


@router.get("/p/{token}/passport.json")
async def get_public_passport(request: Request, home: HomeOf, token: str) -> Response:
    """Return the digital product passport: a verifiable credential in its envelope."""

    def make(found: PublicRelease) -> Response:
        key = found.repositories.proof_log.passport_key()
        credential = issue_passport(found.lot, found.address, key, found.breach)
        enveloped = {
            "@context": "https://www.w3.org/ns/credentials/v2",
            "id": f"data:application/vc+jwt,{credential}",
            "type": "EnvelopedVerifiableCredential",
        }
        return reply_public(orjson.dumps(enveloped), "application/vc+ld+json")

    view = ("passport",)
    return await answer(request, home, token, current_language(), make, view)


@router.get("/p/{token}/replay.svg")
async def get_public_replay(
    request: Request,
    home: HomeOf,
    token: str,
    number: Annotated[int, Query(ge=1, le=10)] = 1,
    lang: LanguageOf = None,
) -> Response:
    """Return a pass of the lot as an animation of 15 seconds."""
    language = lang or current_language()

    def make(found: PublicRelease) -> Response:
        if number > len(found.lot.passes):
            raise Missing
        title = find_term("consumer_page", "replay_title", language) or ""
        drawn = draw_replay(found.lot.passes[number - 1], title)
        return reply_public(drawn.encode(), "image/svg+xml", _PICTURE)

    view = (
        "replay",
        number,
        language,
    )
    return await answer(request, home, token, language, make, view)


@router.get("/p/{token}/card.svg")
async def get_public_card(request: Request, home: HomeOf, token: str, lang: LanguageOf = None) -> Response:
    """Return the shelf card of a lot."""
    language = lang or current_language()

    def make(found: PublicRelease) -> Response:
        return reply_public(draw_card(found.lot, found.link, language, found.breach), "image/svg+xml", _PICTURE)

    view = (
        "card",
        language,
    )
    return await answer(request, home, token, language, make, view)


@router.get("/p/{token}/card.pdf")
async def print_public_card(
    request: Request, home: HomeOf, token: str, size: CardSize = "a6", lang: LanguageOf = None
) -> Response:
    """Return the shelf card of a lot to print."""
    language = lang or current_language()

    def make(found: PublicRelease) -> Response:
        return reply_public(print_card(found.lot, found.link, size, language, found.breach), "application/pdf")

    view = (
        "card.pdf",
        size,
        language,
    )
    return await answer(request, home, token, language, make, view)


@router.get("/p/{token}/picture.png")
async def get_public_picture(request: Request, home: HomeOf, token: str) -> Response:
    """Return the picture that chats show of the page."""

    def make(found: PublicRelease) -> Response:
        return reply_public(
            draw_picture(found.release.text, found.link, is_stopped=found.breach is not None), "image/png"
        )

    view = ("picture",)
    return await answer(request, home, token, current_language(), make, view)


@router.get("/p/{token}/overlay")
async def get_public_overlay(
    request: Request, home: HomeOf, token: str, shape: Shape = "16:9", lang: LanguageOf = None
) -> Response:
    """Return the transparent overlay for live-stream software, with the present climate where the issuer allows it."""
    language = lang or current_language()

    def make(found: PublicRelease) -> Response:
        live = _live(home, found.release, is_simulated=found.lot.simulated)
        page = write_overlay(found.lot, found.link, shape, language, live, home.now_ms(), found.breach)
        return reply_public(page, "text/html; charset=utf-8", overlay_policy(), language)

    view = (
        "overlay",
        shape,
        language,
        home.now_ms() // _LIVE_STEP_MS,
    )
    return await answer(request, home, token, language, make, view)


#: A Digital Link may have attributes of any kind in its query.
@router.get_and_head("/01/{gtin}/10/{batch}", open_query=PASSED_ON)
async def resolve_link(
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

    def make(found: PublicRelease) -> Response:
        asked = read_batch_path(f"/01/{gtin}/10/{batch}")
        if asked is None or (asked.gtin, asked.batch) != (found.lot.gtin, found.lot.code):
            raise Missing
        targets = {
            "gs1:pip": found.address,
            "gs1:certificationInfo": found.address,
            "gs1:traceability": f"{found.address}/events.json",
            "gs1:dpp": f"{found.address}/passport.json",
        }
        if link_type in ("linkset", "all"):
            return reply_public(orjson.dumps(_linkset(found, targets)), "application/linkset+json")
        target = targets.get(link_type)
        if target is None:
            raise Missing
        # Without a stated address the reader stays at the one that it asked, whatever a proxy calls it.
        location = target if home.public_url is not None else target.removeprefix(found.base)
        return Response(status_code=307, headers={**SAFE, "Location": location})

    view = ("link", gtin, batch, link_type)
    return await answer(request, home, t, language, make, view)


def _is_void(found: PublicRelease) -> bool:
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


def _linkset(found: PublicRelease, targets: dict[str, str]) -> dict[str, Any]:
    voc = "https://gs1.org/voc/"
    types = {"gs1:pip": "text/html", "gs1:certificationInfo": "text/html", "gs1:dpp": "application/vc+ld+json"}
    links = {
        name.replace("gs1:", voc): [{"href": href, "type": types.get(name, "application/ld+json")}]
        for name, href in targets.items()
    }
    return {"linkset": [{"anchor": found.link, **links}]}
