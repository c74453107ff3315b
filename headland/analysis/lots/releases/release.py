"""Release of a lot: its public text goes to the ledger, its events are captured, and its proof is made."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

import msgspec

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.lots.certification import origin_of, refuse_breached
from headland.analysis.lots.happenings import Happening
from headland.analysis.lots.lot_history import LotHistory, read_lot_history
from headland.analysis.lots.releases.lot_events import captured, events_of_lot, is_public
from headland.analysis.lots.releases.pass_tracks import released_pass
from headland.formats.epcis.digital_link import read_gtin
from headland.proof.checkpoint import read_checkpoint
from headland.proof.proof_document import ConsistencyPath, ProofDocument, sha256_of
from headland.registry.models.lots import Certificate
from headland.registry.models.releases import (
    ReleasedCertificate,
    ReleasedClaim,
    ReleasedHarvest,
    ReleasedLot,
    ReleaseRequest,
)
from headland.registry.repositories.harvest.releases import Release
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: What a page of 100 kB holds.
_MOST_CLAIMS: Final = 100
_MOST_MAPS: Final = 2
_MOST_HARVESTS: Final = 50
_TOKEN_BYTES: Final = 16


def release_lot(scope: OrgScope, lot_id: str, request: ReleaseRequest) -> Release:
    """Release a lot as its issuer chose; the token is that of its valid certificate, else of its earlier release.

    Raises NotFound, InvalidGtin for a wrong number, and PreconditionError (harvested-in-interval).
    """
    repositories = scope.repositories
    gtin = read_gtin(request.gtin) if request.gtin.strip() else None
    history = read_lot_history(scope, lot_id)
    refuse_breached(history.review, "release")
    certificate = valid_certificate(repositories, lot_id)
    lots = repositories.lots.get_all(_lots_named(history))
    made_events = events_of_lot(repositories.organisation, history, lots, gtin)
    events = [captured(event) for event in made_events]
    repositories.epcis.capture(events)
    public = tuple(event.event_id for event in events if is_public(event, repositories.organisation, history, gtin))
    released = _released(scope, history, request, gtin, certificate, public)
    text = msgspec.json.encode(released).decode()
    earlier = repositories.releases.of_lot(lot_id)
    if certificate is not None:
        token = certificate.token
    else:
        token = secrets.token_urlsafe(_TOKEN_BYTES) if earlier is None else earlier.token
    # The body names what it commits to, and nothing that is not public.
    body = {"lot": history.lot.code, "sha256": sha256_of(text)}
    live = {"devices": _live_devices(history)} if request.shows_live else {}
    made = repositories.releases.add(lot_id, token, text, body, live)
    repositories.anchors.add()
    repositories.proof_log.checkpoint()
    repositories.proof_log.passport_key()
    return made


def prove_release(
    repositories: OrganisationRepositories, release: Release, old_size: int | None = None
) -> ProofDocument:
    """Return the proof of a release in the newest checkpoint; `old_size` is that of a checkpoint somebody kept."""
    log = repositories.proof_log
    note = log.newest()
    # A reader without a key writes nothing: the checkpoint was signed at the release.
    if note is None or read_checkpoint(note).checkpoint.size < release.seq:
        note = log.checkpoint()
    size = read_checkpoint(note).checkpoint.size
    (entry,) = repositories.ledger.read(after_seq=release.seq - 1, limit=1)
    growth = None
    if old_size is not None and 0 <= old_size <= size:
        growth = ConsistencyPath(old_size=old_size, path=tuple(log.prove_growth(old_size, size)))
    return ProofDocument(
        text=release.text,
        kind=entry.kind,
        body=entry.body,
        entry_sha256=entry.hash,
        index=entry.seq - 1,
        inclusion=tuple(log.prove(entry.seq, size)),
        checkpoint=note,
        keys=tuple(key.text() for key in (log.log_key().public, *log.witness_keys(note))),
        consistency=growth,
    )


def valid_certificate(repositories: OrganisationRepositories, lot_id: str) -> Certificate | None:
    """Return the newest certificate of a lot that is not void, None where there is none."""
    certificates = repositories.certificates
    valid = [each for each in certificates.of_lot(lot_id) if not certificates.is_void(each.id)]
    return valid[-1] if valid else None


def _released(
    scope: OrgScope,
    history: LotHistory,
    request: ReleaseRequest,
    gtin: str | None,
    certificate: Certificate | None,
    events: tuple[str, ...],
) -> ReleasedLot:
    lot = history.lot
    shown = [each for each in history.happenings if each.kind in request.kinds]
    largest = sorted(history.harvests, key=lambda share: -share.grams)[:_MOST_HARVESTS]
    harvests = sorted(largest, key=lambda share: share.harvest.time_ms)
    maps = []
    if request.shows_map and "pass" in request.kinds:
        flown = [each for each in shown if each.kind == "pass"][-_MOST_MAPS:]
        maps = [released_pass(scope, each.id, each.evidence.value) for each in flown]
    return ReleasedLot(
        code=lot.code,
        product=lot.product,
        crop=lot.crop,
        grams=lot.grams,
        packs=lot.packs,
        made_ms=lot.time_ms,
        simulated=lot.simulated or any(each.evidence == "simulated" for each in history.happenings),
        gtin=gtin,
        issuer=request.issuer,
        contact=request.contact,
        origin=request.origin or (origin_of(history) if request.shows_places else ""),
        message=request.message,
        grower=request.grower.strip(),
        time_zone=str(history.time_zone),
        harvests=tuple(
            ReleasedHarvest(
                time_ms=share.harvest.time_ms,
                grams=share.grams,
                crop=share.harvest.crop,
                variety=share.harvest.variety,
                place=share.place.name if request.shows_places else "",
                evidence=share.harvest.evidence.value,
            )
            for share in harvests
        ),
        claims=tuple(_claim(each) for each in shown[-_MOST_CLAIMS:]),
        is_whole=history.is_whole and len(shown) <= _MOST_CLAIMS and len(harvests) == len(history.harvests),
        passes=tuple(each for each in maps if each is not None),
        certificate=None if certificate is None else _certificate(certificate),
        events=events[:_MOST_HARVESTS],
        released_ms=scope.now_ms,
    )


def _claim(each: Happening) -> ReleasedClaim:
    # The others are named by their time, not by the name of a device or a rule.
    what = each.what if each.kind == "treatment" else ""
    figures: Mapping[str, float | None] = each.figures
    return ReleasedClaim(
        kind=each.kind,
        start_ms=each.start_ms,
        end_ms=each.end_ms,
        evidence=each.evidence.value,
        what=what,
        figures={name: None if value is None else round(value, 2) for name, value in figures.items()},
    )


def _certificate(certificate: Certificate) -> ReleasedCertificate:
    return ReleasedCertificate(
        number=certificate.number,
        product=certificate.product,
        grams=certificate.grams,
        origin=certificate.origin,
        issuer=certificate.issuer,
        contact=certificate.contact,
        issued_ms=certificate.issued_ms,
        basis=tuple(each.value for each in certificate.basis),
        tested=certificate.tested,
    )


def _lots_named(history: LotHistory) -> list[str]:
    masses = [mass for each in history.operations for mass in (*each.inputs, *each.outputs)]
    return list(dict.fromkeys([history.lot.id, *(mass.lot for mass in masses)]))


def _live_devices(history: LotHistory) -> list[str]:
    devices = [each.device for each in history.happenings if each.kind == "climate_week" and each.device is not None]
    return list(dict.fromkeys(devices))[-3:]
