"""Public page of a lot: one file without outside resources, complete without its script, at most 100 kB."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

import msgspec

from headland.analysis.plant_protection.harvest_review import HarvestBreach
from headland.contract.palette import PALETTE
from headland.i18n import Language
from headland.proof.checkpoint import read_checkpoint
from headland.proof.proof_document import ProofDocument
from headland.registry.models.releases import ClaimKind, ReleasedClaim, ReleasedLot
from headland.reports.consumer.charts import draw_pass, draw_weeks
from headland.reports.consumer.picture import HEIGHT, WIDTH
from headland.reports.consumer.story import draw_season, write_story
from headland.reports.consumer.wording import Wording

#: Size that the page may have with everything in it.
MOST_BYTES: Final = 100_000
#: Rows of a kind of claims; the proof's text has all.
_MOST_ROWS: Final = 40
_HUMIDITY: Final = "relative_humidity_mean_pct"
_STYLE: Final = """
:root{color-scheme:light}*{box-sizing:border-box}
body{margin:0;background:#f3f5f0;color:#1c1f1a;font:16px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC",
"Microsoft YaHei",sans-serif}main,header{max-width:40rem;margin:0 auto;padding:0 1rem}
header{padding-top:1rem}h1{font-size:1.6rem;line-height:1.25;margin:.3rem 0}h2{font-size:1.1rem;margin:0 0 .5rem}
section{background:#fff;border-radius:12px;padding:1rem;margin:0 0 1rem;box-shadow:0 1px 2px #0002}
.language{display:inline-block;min-height:44px;padding:.6rem .2rem;float:right}a{color:#1f5fa8}
.bar{padding:.7rem 1rem;border-radius:12px;margin:0 0 1rem;font-weight:600}.warn{background:#fff0d6;color:#5f3400;
border:2px solid #8a4b00}.stop{background:#a3231f;color:#fff;font-size:1.1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem;margin:0}dt{color:#4c5449}
dd{margin:0;overflow-wrap:anywhere}.seal{border:3px solid #a3231f}.seal h2{color:#a3231f;font-size:1.35rem;
text-align:center}.seal p{margin:.4rem 0}ul{list-style:none;margin:0;padding:0}li{padding:.5rem 0;
border-top:1px solid #e2e6de}li:first-child{border:0}small,.lead{color:#4c5449}.tag{display:inline-block;
border-radius:99px;padding:0 .6rem;font-size:.85rem;border:1px solid}.measured{color:#1d5b1d;background:#e4f2e0}
.declared{color:#5f3400;background:#fff0d6}.simulated{color:#7a1f5c;background:#fde6f4}
summary{cursor:pointer;min-height:44px;padding:.6rem 0;color:#1f5fa8}details p{margin:0 0 .6rem}svg{width:100%;
height:auto;display:block;margin:.5rem 0}button{font:inherit;min-height:44px;padding:.4rem 1.2rem;border:0;
border-radius:8px;background:#2f6b2f;color:#fff}.open{font-weight:600}.bad{color:#a3231f;font-weight:700}
.scene{margin:0 0 1rem;position:relative}.scene svg{border-radius:12px;margin:0;height:11rem}.scene figcaption{
position:absolute;left:.6rem;bottom:.6rem;background:#fffd;border-radius:99px;padding:0 .7rem;font-size:.85rem}
.story{font-size:1.15rem;margin:0 0 .6rem}.state{margin:0 0 1rem;color:#1d5b1d}
.not_measured{color:#4c5449;background:#fff}
.files a{display:inline-block;min-height:44px;padding:.6rem 1rem .6rem 0}code{overflow-wrap:anywhere;font-size:.85rem}
"""


@dataclass(frozen=True, slots=True)
class PublicLot:
    """What the page of a lot shows, and where it stands: `address` is the page's, what follows is the state of now.

    `breach` is the pre-harvest interval within which it was harvested, by the treatments that stand now: also one that
    was entered after the release.
    """

    released: ReleasedLot
    proof: ProofDocument
    address: str
    is_void: bool = False
    is_withdrawn: bool = False
    breach: HarvestBreach | None = None


def write_page(shown: PublicLot, language: Language) -> bytes:
    """Return the page in UTF-8."""
    lot = shown.released
    wording = Wording(language, lot.time_zone)
    crop = wording.crop(lot.crop)
    # The crop as the page's language has it comes first; the product's own name follows where it says more.
    is_crop = lot.product.strip().lower() in (crop.lower(), lot.crop.strip().lower())
    title = crop if is_crop else f"{crop} · {lot.product}"
    is_open = shown.breach is None and not shown.is_withdrawn and not shown.is_void
    other = "zh" if language == "en" else "en"
    description = wording.word("description", product=lot.product, lot=lot.code)
    if shown.breach is not None:
        description = wording.stopped(shown.breach)
    body = "".join(
        [
            *_warnings(shown, wording),
            write_story(lot, wording, is_open=is_open),
            # Its promise does not hold for a lot that was harvested within an interval; the proof keeps its text.
            _certificate(lot, wording) if shown.breach is None else "",
            _facts(lot, wording),
            _harvests(lot, wording),
            _season(lot, wording),
            _maps(lot, wording),
            _climate(lot, wording),
            _claims(lot, wording),
            _evidence(lot, wording),
            _proof(shown, wording),
        ]
    )
    head = (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>'
        f'<meta name="description" content="{escape(description)}"><meta name="robots" content="noindex">'
        f'<meta property="og:type" content="product"><meta property="og:title" content="{escape(title)}">'
        f'<meta property="og:description" content="{escape(description)}">'
        f'<meta property="og:url" content="{escape(shown.address)}">'
        f'<meta property="og:image" content="{escape(shown.address)}/picture.png">'
        f'<meta property="og:image:width" content="{WIDTH}"><meta property="og:image:height" content="{HEIGHT}">'
        f'<meta property="og:locale" content="{"zh_CN" if language == "zh" else "en_GB"}">'
        f'<link rel="icon" href="data:,"><link rel="canonical" href="{escape(shown.address)}">'
        f'<script type="application/ld+json">{_inline(product_of(shown))}</script><style>{_STYLE}</style></head>'
    )
    page = (
        f'{head}<body><header><a class="language" lang="{"zh-CN" if other == "zh" else "en"}" href="?lang={other}">'
        f"{wording.word('other_language')}</a><h1>{escape(title)}</h1>"
        f'<p class="lead">{escape(lot.issuer)}</p></header><main>{body}</main>'
        f'<script type="application/json" id="proof">{_inline(msgspec.to_builtins(shown.proof))}</script>'
        f"<script>{script()}</script></body></html>"
    )
    return page.encode()


def content_policy() -> str:
    """Return the policy of the page: its own style and script, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_source_of(_STYLE)}'; script-src '{_source_of(script())}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def script() -> str:
    """Return the script that checks the proof in the page."""
    return files(__package__).joinpath("verify.js").read_text(encoding="utf-8")


def product_of(shown: PublicLot) -> dict[str, Any]:
    """Return the lot as a Product of schema.org."""
    lot = shown.released
    product: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": lot.product,
        "url": shown.address,
        "productID": lot.code,
        "manufacturer": {"@type": "Organization", "name": lot.issuer},
        "weight": {"@type": "QuantitativeValue", "value": lot.grams / 1000, "unitCode": "KGM"},
    }
    if lot.gtin is not None:
        product["gtin14"] = lot.gtin
    if lot.origin:
        product["countryOfOrigin"] = lot.origin
    if lot.certificate is not None and not shown.is_void and shown.breach is None:
        product["hasCertification"] = {
            "@type": "Certification",
            "name": "承诺达标合格证",
            "certificationIdentification": lot.certificate.number,
            "issuedBy": {"@type": "Organization", "name": lot.certificate.issuer},
        }
    return product


def _warnings(shown: PublicLot, wording: Wording) -> Iterator[str]:
    lot = shown.released
    if shown.breach is not None:
        yield f'<p class="bar stop" role="alert">{escape(wording.stopped(shown.breach))}</p>'
    named = (("is_simulated", lot.simulated), ("is_withdrawn", shown.is_withdrawn), ("is_void", shown.is_void))
    for name, is_so in (*named, ("not_whole", not lot.is_whole)):
        if is_so:
            yield f'<p class="bar warn" role="note">{wording.word(name)}</p>'


def _certificate(lot: ReleasedLot, wording: Wording) -> str:
    found = lot.certificate
    if found is None:
        return ""
    rows = [
        ("product", found.product),
        ("quantity", wording.mass(found.grams)),
        ("origin", found.origin),
        ("issuer", found.issuer),
        ("contact", found.contact),
        ("issued", wording.day(found.issued_ms)),
        ("number", found.number),
        ("basis", "; ".join(wording.word(each) for each in found.basis)),
        ("tested", found.tested),
    ]
    title = "" if wording.language == "zh" else f" <small>{wording.word('certificate_title')}</small>"
    return (
        f'<section class="seal"><h2>承诺达标合格证{title}</h2><p>{wording.word("promise")}</p>'
        f"{_list(rows, wording)}</section>"
    )


def _facts(lot: ReleasedLot, wording: Wording) -> str:
    rows = [
        ("grower", lot.grower),
        ("lot", lot.code),
        ("quantity_made", wording.mass(lot.grams)),
        ("packs", "" if lot.packs is None else str(lot.packs)),
        ("made", wording.day(lot.made_ms)),
        ("gtin", lot.gtin or ""),
        ("origin", lot.origin),
        ("issuer", lot.issuer),
        ("contact", lot.contact),
    ]
    message = f"<p>{escape(lot.message)}</p>" if lot.message else ""
    released = wording.word("released", time=wording.minute(lot.released_ms))
    return (
        f"<section>{message}{_list(rows, wording)}<p><small>{released} ({escape(lot.time_zone)})</small></p></section>"
    )


def _harvests(lot: ReleasedLot, wording: Wording) -> str:
    rows = [
        f"<li>{_tag(each.evidence, wording)} <b>{wording.minute(each.time_ms)}</b> "
        f"{escape(' · '.join(filter(None, (wording.crop(each.crop), each.variety, each.place))))} "
        f"<small>{wording.word('in_this_lot', mass=wording.mass(each.grams))}</small></li>"
        for each in lot.harvests[:_MOST_ROWS]
    ]
    return _section("harvests", f"<ul>{''.join(rows)}</ul>", wording) if rows else ""


def _season(lot: ReleasedLot, wording: Wording) -> str:
    drawn = draw_season(lot, wording)
    return _section("season", f"<p><small>{wording.word('season_how')}</small></p>{drawn}", wording) if drawn else ""


def _maps(lot: ReleasedLot, wording: Wording) -> str:
    parts = []
    for each in lot.passes:
        size = wording.word("map_scale", width=f"{each.width_m:.0f}", height=f"{each.height_m:.0f}")
        title = f"{wording.word('map')} {wording.minute(each.start_ms)}"
        parts.append(
            f"<p>{_tag(each.evidence, wording)} <b>{wording.minute(each.start_ms)}</b> <small>{size}</small></p>"
            f"{draw_pass(each, title)}"
        )
    return _section("map", "".join(parts), wording) if parts else ""


def _climate(lot: ReleasedLot, wording: Wording) -> str:
    weeks = _of_kind(lot, "climate_week")
    if not weeks:
        return ""
    span = wording.word(
        "weeks", count=len(weeks), first=wording.day(weeks[0].start_ms), last=wording.day(weeks[-1].end_ms)
    )
    tags = " ".join(_tag(name, wording) for name in dict.fromkeys(each.evidence for each in weeks))
    humidity = wording.word("humidity")
    damp = draw_weeks(weeks, _HUMIDITY, None, None, humidity, PALETTE.lot["humidity"])
    # The temperatures are in the picture of the season.
    charts = f"<p>{humidity}</p>{damp}" if damp else ""
    return _section("climate", f"<p>{tags} {span}</p>{charts}", wording)


def _claims(lot: ReleasedLot, wording: Wording) -> str:
    rows = []
    for kind in ("pass", "treatment", "irrigation_week", "alarm"):
        rows += [_claim(each, wording) for each in _of_kind(lot, kind)[-_MOST_ROWS:]]
    rows.sort()
    return _section("claims", f"<ul>{''.join(row for _, row in rows)}</ul>", wording) if rows else ""


def _claim(each: ReleasedClaim, wording: Wording) -> tuple[int, str]:
    more = escape(each.what)
    if each.kind == "irrigation_week":
        litres = each.figures.get("water_l")
        more = wording.word("water_unknown") if litres is None else wording.word("water", litres=f"{litres:,.0f}")
    text = (
        f"<li>{_tag(each.evidence, wording)} <b>{wording.day(each.start_ms)}</b> {wording.word(each.kind)} "
        f"<small>{more}</small></li>"
    )
    return each.start_ms, text


def _evidence(lot: ReleasedLot, wording: Wording) -> str:
    classes = {each.evidence for each in lot.harvests} | {each.evidence for each in lot.claims}
    rows = [
        f"<p>{_tag(name, wording)} {wording.word(f'{name}_how')}</p>"
        for name in ("measured", "declared", "simulated")
        if name in classes
    ]
    if not rows:
        return ""
    tested = {"own_test", "commissioned_test"}
    if lot.certificate is None or not tested & set(lot.certificate.basis):
        rows.append(f"<p>{_tag('not_measured', wording)} {wording.word('not_measured_how')}</p>")
    return f"<section><details open><summary>{wording.word('how')}</summary>{''.join(rows)}</details></section>"


def _proof(shown: PublicLot, wording: Wording) -> str:
    proof = shown.proof
    size = read_checkpoint(proof.checkpoint).checkpoint.size
    words = json.dumps({name: wording.word(name) for name in ("check", "own_key", "unsigned", "failed")})
    path = shown.address
    links = [("proof_file", "proof.json"), ("events_file", "events.json"), ("passport_file", "passport.json")]
    if shown.released.passes:
        links.append(("replay_file", "replay.svg"))
    listed = "".join(f'<a href="{escape(path)}/{name}">{wording.word(word)}</a> ' for word, name in links)
    text = wording.word("proof_text", entry=proof.index + 1, size=size)
    return _section(
        "proof",
        f'<p>{text}</p><div id="check" data-words="{escape(words)}"></div>'
        f'<p><small>{escape(wording.word("proof_offline"))}</small></p><p class="files">{listed}</p>'
        f"<p><code>{escape(proof.keys[0])}</code></p>",
        wording,
    )


def _of_kind(lot: ReleasedLot, kind: ClaimKind) -> list[ReleasedClaim]:
    return [each for each in lot.claims if each.kind == kind]


def _section(name: str, body: str, wording: Wording) -> str:
    return f"<section><h2>{wording.word(name)}</h2>{body}</section>"


def _list(rows: Sequence[tuple[str, str]], wording: Wording) -> str:
    listed = "".join(f"<dt>{wording.word(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows if value)
    return f"<dl>{listed}</dl>"


def _tag(evidence: str, wording: Wording) -> str:
    return f'<span class="tag {evidence}">{wording.word(evidence)}</span>'


def _inline(value: Any) -> str:
    """Return JSON for an element of a page: it cannot end the element."""
    text = msgspec.json.encode(value).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _source_of(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
