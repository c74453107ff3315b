"""Subsidy claims from the ledger, and the pack of files for the office that pays them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import shapely

from headland.agronomy.geometry.outline import rasterise
from headland.analysis.cooperative.counted_ground import COUNTED_BY, COUNTED_GROUND, CountedBefore
from headland.analysis.cooperative.kept_claims import CLAIM, KeptClaim, kept_claims, usable_m2
from headland.analysis.cooperative.subsidy import Claim, Spent, assess_claims
from headland.analysis.cooperative.treated_ground import PlacedGround, TreatedGround, pack_mask
from headland.analysis.cooperative.treated_works import (
    TREATED,
    lattice_of,
    treated_works,
    write_ground,
)
from headland.analysis.inputs.field_geometry import plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window, utc_of
from headland.files.zip_members import pack_zip
from headland.formats.geojson import geojson_of
from headland.i18n import Language, find_term
from headland.registry.models.cooperative import SubsidyRule
from headland.registry.models.models import Field
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
#: What a claim says of itself, in both languages.
CAVEAT: Final = {each: find_term("report_statement", "claim_caveat", each) or "" for each in _LANGUAGES}


@dataclass(frozen=True, slots=True)
class FieldClaim:
    """A claim with the names of its field and of those who hold it."""

    field: Field
    holders: str
    claim: Claim


def find_claims(scope: OrgScope, rule: SubsidyRule, window: Window) -> list[FieldClaim]:
    """Return the claims of the passes that begin in a window, by field: those of `find_claims_and_rest`."""
    return find_claims_and_rest(scope, rule, window)[0]


def find_claims_and_rest(
    scope: OrgScope, rule: SubsidyRule, window: Window
) -> tuple[list[FieldClaim], list[tuple[TreatedGround, str]]]:
    """Return the claims of the passes that begin in a window, by field, and the works without one, with the reason.

    A work has no claim where another pass stands for it (`replaced`) or its claim was kept (`claimed_before`).
    Ground of claims that were kept by this rule, or by one that excludes it, is not claimed again, nor ground of two
    fields that share it, nor under a field's edited outline. What the rule paid a field before counts for its caps.
    """
    repositories = scope.repositories
    every = kept_claims(repositories)
    shut = _excluding(repositories, rule, {claim.rule for claims in every.values() for claim in claims})
    kept = {name: [claim for claim in claims if claim.rule in shut] for name, claims in every.items()}
    works, rest = _works_and_rest(repositories, window, kept)
    fields = {name: repositories.fields.get(name, also_deleted=True) for name in {work.field for work in works}}
    people = {person.id: person.name for person in repositories.people.all()}
    claims = assess_claims(
        rule,
        {name: usable_m2(field) for name, field in fields.items()},
        works,
        [CountedBefore(name, claim.start_ms, claim.placed) for name, claims in kept.items() for claim in claims],
        {name: _spent(rule, claims) for name, claims in kept.items()},
        {repositories.products.get(each, also_deleted=True).name for each in rule.products},
    )
    holders = {
        name: ", ".join(sorted({people.get(held.person, "") for held in repositories.holdings.all(field=name)}))
        for name in fields
    }
    found = [FieldClaim(fields[claim.work.field], holders[claim.work.field], claim) for claim in claims]
    return sorted(found, key=lambda each: each.field.id), rest


def _works_and_rest(
    repositories: OrganisationRepositories, window: Window, kept: Mapping[str, Iterable[KeptClaim]]
) -> tuple[list[TreatedGround], list[tuple[TreatedGround, str]]]:
    """Return the works of a window to assess, and those without a claim, with the reason."""
    paid = {(name, claim.entry.pass_id) for name, claims in kept.items() for claim in claims}
    works, rest = [], []
    for work in treated_works(repositories):
        if not window.start_ms <= work.start_ms < window.end_ms:
            continue
        if work.is_replaced or (work.field, work.pass_id) in paid:
            rest.append((work, "replaced" if work.is_replaced else "claimed_before"))
        else:
            works.append(work)
    return works, rest


def _spent(rule: SubsidyRule, kept: Iterable[KeptClaim]) -> Spent:
    """Return what a field was paid by a rule."""
    own = [claim for claim in kept if claim.rule == rule.id]
    return Spent(sum(claim.area_m2 for claim in own), sum(claim.fen for claim in own))


def _excluding(repositories: OrganisationRepositories, rule: SubsidyRule, claimed: Iterable[str]) -> set[str]:
    """Return the rules among the claimed ones, as they are now, whose claims exclude one by this rule."""
    return {
        other
        for other in claimed
        if other == rule.id
        or excludes(rule, other)
        or excludes(repositories.subsidy_rules.get(other, also_deleted=True), rule.id)
    }


def excludes(rule: SubsidyRule, other: str) -> bool:
    """Return whether a rule says that it excludes another one."""
    return rule.excludes is None or other in rule.excludes


def keep_claims(scope: OrgScope, rule: SubsidyRule, claims: Sequence[FieldClaim]) -> list[LedgerEntry]:
    """Append the claims that have ground to the ledger: nobody can claim this ground again within the rule's days."""
    ledger = scope.repositories.ledger
    return [
        ledger.append(CLAIM, each.field.id, each.claim.work.pass_id, _claim_body(rule, each.claim))
        for each in claims
        if each.claim.area_m2
    ]


def claim_pack(scope: OrgScope, rule: SubsidyRule, claims: Sequence[FieldClaim], window: Window) -> bytes:
    """Return the claim as a zip: claims as CSV in both languages, a map, the evidence, and the ledger's proof."""
    repositories = scope.repositories
    entries = [
        entry
        for each in claims
        for kind in (TREATED, CLAIM, "as_applied", "weather")
        for entry in repositories.ledger.read(field=each.field.id, pass_id=each.claim.work.pass_id, kind=kind)
    ]
    check = repositories.ledger.check()
    proof = {
        "entries": [{"seq": e.seq, "kind": e.kind, "hash": e.hash} for e in entries],
        "ledger": {"entries": check.entries, "head": check.hash, "broken_at": check.broken_at},
        "made_ms": scope.now_ms,
    }
    files = {
        "claims-en.csv": _csv(claims, "en"),
        "claims-zh.csv": _csv(claims, "zh"),
        "map.geojson": _map(claims),
        "rule.json": msgspec.json.encode(rule),
        "evidence.json": msgspec.json.encode(entries),
        "proof.json": msgspec.json.encode(proof),
        "README.txt": _readme(rule, claims, window).encode(),
    }
    return pack_zip(files)


def _claim_body(rule: SubsidyRule, claim: Claim) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "rule_version": rule.version,
        "start_ms": claim.work.start_ms,
        "operator": claim.work.operator,
        "product": claim.work.product,
        **write_ground(claim.placed),
        "field_m2": claim.field_m2,
        "area_m2": claim.area_m2,
        "coverage_pct": round(claim.coverage_pct, 2),
        "evidence": claim.work.weakest_evidence,
        "fen": claim.fen,
        "simulated": claim.work.simulated,
        "counted_by": COUNTED_BY,
    }


_HEADS: Final = {
    "en": ("field", "held by", "operator", "start (UTC)", "product", "usable area [mu]", "treated ground [mu]",
           "coverage [%]", "claimed before [mu]", "claimed [mu]", "amount [CNY]", "evidence", "reason", "simulated"),
    "zh": ("地块", "权利人", "作业方", "开始时间（UTC）", "产品", "可施用面积（亩）", "作业面积（亩）", "覆盖率（%）",
           "此前已申报（亩）", "本次申报（亩）", "金额（元）", "依据", "说明", "模拟数据"),
}  # fmt: skip


def _csv(claims: Sequence[FieldClaim], language: Any) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADS[language])
    for each in claims:
        claim, work = each.claim, each.claim.work
        mu = [f"{m2 * 3 / 2000:.3f}" for m2 in (claim.field_m2, work.area_m2, claim.repeated_m2, claim.area_m2)]
        evidence = find_term("evidence", work.weakest_evidence, language) or work.weakest_evidence
        reason = "" if claim.reason is None else find_term("claim_reasons", claim.reason, language) or claim.reason
        yuan = f"{claim.fen // 100}.{claim.fen % 100:02}"
        texts = [
            _plain(t) for t in (each.field.name, each.holders, work.operator, utc_of(work.start_ms) or "", work.product)
        ]
        simulated = {"en": ("no", "yes"), "zh": ("否", "是")}[language][work.simulated]
        writer.writerow(
            [*texts, mu[0], mu[1], f"{claim.coverage_pct:.1f}", mu[2], mu[3], yuan, evidence, reason, simulated]
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _map(claims: Sequence[FieldClaim]) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": geojson_of(each.field.geometry),
            "properties": {
                "field": each.field.name,
                "pass": each.claim.work.pass_id,
                "operator": each.claim.work.operator,
                "claimed_m2": each.claim.area_m2,
                "coverage_pct": round(each.claim.coverage_pct, 1),
                "reason": each.claim.reason,
                "claimed_ground": _ground_deg(each.claim.placed),
                **_cells_of(each),
            },
        }
        for each in claims
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _ground_deg(placed: PlacedGround) -> dict[str, Any] | None:
    """Return ground as a MultiPolygon of WGS84, None where its place is not known."""
    plane = placed.plane
    if plane is None:
        return None

    def ring_deg(ring: shapely.LinearRing) -> list[list[float]]:
        east_m, north_m = shapely.get_coordinates(ring).T
        latitude, longitude = plane.to_degrees(east_m, north_m)
        return [[round(x, 8), round(y, 8)] for x, y in zip(longitude.tolist(), latitude.tolist(), strict=True)]

    parts = [part for part in shapely.get_parts(placed.polygons) if not part.is_empty]
    rings = [[ring_deg(ring) for ring in (part.exterior, *part.interiors)] for part in parts]
    return {"type": "MultiPolygon", "coordinates": rings}


def _cells_of(each: FieldClaim) -> dict[str, Any]:
    """Return the claimed ground as the cells of the field whose middle it covers, a picture of it."""
    lattice, placed = lattice_of(each.field), each.claim.placed
    here = PlacedGround(shapely.MultiPolygon(), plane_of(each.field))
    cells = rasterise(placed.on(here), lattice)
    return {
        "cells": pack_mask(cells),
        "cell_m": lattice.cell_m,
        "rows": lattice.rows,
        "columns": lattice.columns,
    }


def _readme(rule: SubsidyRule, claims: Sequence[FieldClaim], window: Window) -> str:
    fen = sum(each.claim.fen for each in claims)
    period = f"{utc_of(window.start_ms)} - {utc_of(window.end_ms)}"
    return (
        f"{rule.name}\n{period}\n\n{CAVEAT['en']}\n{CAVEAT['zh']}\n\n"
        f"CNY {fen // 100}.{fen % 100:02}\n\n"
        f"{find_term('methods', COUNTED_GROUND.id, 'en')}\n{find_term('methods', COUNTED_GROUND.id, 'zh')}\n"
        f"{COUNTED_BY}: {COUNTED_GROUND.source}\n\n"
        "claims-en.csv, claims-zh.csv: each pass on each field, with the reason where ground cannot be claimed\n"
        "map.geojson: outlines (WGS84) with the claimed ground; `cells` are a picture of it, bits by row from the "
        "south-west, zlib, base64\n"
        "evidence.json: the ledger's entries as they were written; proof.json: their hashes, and the ledger's head\n"
        "rule.json: the rule that was applied\n"
    )
