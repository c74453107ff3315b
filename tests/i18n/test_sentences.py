"""Every sentence that a request can be refused with, and every remark of an answer, is there in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import headland
from edge.sources.mavlink.card.sentences import REASONS
from edge.sources.mavlink.vehicle.autopilots import NO_HEARTBEAT, SetAside
from headland.i18n import load_terms
from headland.i18n.sentences import field_label, load_sentences, translate_sentence

ROOT = Path(headland.__file__).parents[1]
#: Where sentences for people are written. Interfaces for GIS programs, settings and the store speak to operators.
PLACES = (
    "api/auth/authenticators.py",
    "api/auth/body_limits.py",
    "api/auth/middleware.py",
    "api/auth/sessions_cache.py",
    "api/auth/shares.py",
    "api/auth/timeout_middleware.py",
    "api/http",
    "api/live",
    "api/routes",
    "headland/agronomy/application",
    "headland/agronomy/prescription",
    "headland/analysis",
    "headland/files/coordinate_systems.py",
    "headland/files/shapefile_records.py",
    "headland/formats/tables/by_hand.py",
    "headland/formats/field_import",
    "headland/formats/tables/deliveries.py",
    "headland/formats/tables/people.py",
    "headland/network/http_target.py",
    "headland/registry/models/errors.py",
    "headland/registry/repositories",
    "headland/registry/validation",
    "headland/reports",
)
RAISED = re.compile(
    r"(Error|Refused|InvalidRecord|InvalidTarget|InvalidGeometry|RecordConflict|DataDamaged|RowFault|NotFound)$"
)
ASSIGNED = frozenset(("sentence", "what", "fix", "remedy"))
#: Written for whoever starts a station or extends it; a request never meets them.
FOR_OPERATORS = re.compile(
    r"crop targets|--oidc|grids of a field|"
    r"Declare a permission|headland store acknowledge"
)
#: Parts of sentences of which the whole is in the catalogue.
PARTS = re.compile(r"^feature \{\} \{\}$|^Nothing is sent to|^\{\} operator permit")
#: The names that programs use, in sentences that only programs meet.
FOR_PROGRAMS = re.compile(r"max_points|unknown-|has no channel")


def template_of(node: ast.AST) -> str | None:
    """Return a text with `{}` where values stand, as the catalogue's templates have them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append(str(value.value))
            else:
                assert isinstance(value, ast.FormattedValue)
                parts.append("'{}'" if value.conversion == ord("r") else "{}")
        return "".join(parts)
    return None


def texts_of(node: ast.AST) -> Iterator[str]:
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    yield from (text for branch in branches if (text := template_of(branch)) is not None)


def written_in(path: Path) -> Iterator[str]:
    """Yield the sentences of a module: of what it raises, and those that it names before."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if RAISED.search(name) or name in ("reply_problem", "too_many_requests", "whole"):
                for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    yield from texts_of(argument)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ASSIGNED:
            yield from texts_of(node.value)


@cache
def all_written() -> list[tuple[str, str]]:
    found = []
    for place in PLACES:
        path = ROOT / place
        assert path.exists(), place
        for module in [path] if path.is_file() else sorted(path.rglob("*.py")):
            found += [(str(module.relative_to(ROOT)), text) for text in written_in(module)]
    return [(module, text) for module, text in found if len(text.split()) >= 3]


def shape(text: str) -> str:
    return re.sub(r"'?\{\w*\}'?", "{}", text).strip(" .")


def test_every_sentence_of_a_refusal_is_in_the_catalogue() -> None:
    known = {shape(template) for template in load_sentences()}
    missing = [
        f"{module}: {text}"
        for module, text in all_written()
        # What is said of a feature of a file begins with the feature.
        if not known & {shape(text), f"{{}} {shape(text)}", shape(text).replace("feature {}", "{}")}
        and not FOR_OPERATORS.search(text)
        and not PARTS.search(text)
        and shape(text).strip("{}: ")
    ]
    assert missing == []


def test_the_walk_finds_the_sentences_of_each_part() -> None:
    found = all_written()
    assert len(found) > 200
    assert {module.split("/")[0] for module, _ in found} == {"api", "headland"}


def test_a_chinese_sentence_has_chinese_words_and_no_english_sentence() -> None:
    english = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
    texts = {template: re.sub(r"\{[\w:]+\}", "", text["zh"]) for template, text in load_sentences().items()}
    bad = [zh for zh in texts.values() if english.search(zh)]
    assert bad == []
    only_values = [
        key for key, zh in texts.items() if not re.search(r"[一-鿿]", zh) and "{" not in load_sentences()[key]["zh"]
    ]
    assert only_values == []


def test_no_sentence_names_a_parameter_of_the_api() -> None:
    identifier = re.compile(r"(?<![{\w:/=-])[a-z0-9]+_[a-z0-9_]+(?![\w:}])|\$\.")
    bad = [
        text[language]
        for template, text in load_sentences().items()
        for language in ("en", "zh")
        if identifier.search(re.sub(r"\{[\w:]+\}", "", text[language])) and not FOR_PROGRAMS.search(template)
    ]
    assert bad == []


def test_a_translation_uses_the_values_of_its_sentence_and_no_others() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    bad = [key for key, text in load_sentences().items() for tag in ("en", "zh") if places(text[tag]) - places(key)]
    assert bad == []


@pytest.mark.parametrize(
    ("written", "english", "chinese"),
    [
        (
            "Correct the note: Expected `str` of length >= 1 - at `$.author`.",
            "By: required.",
            "记录人：请填写。",
        ),
        (
            "This is not a valid implement: Expected `float` >= 0.0 - at `$.pattern[0].rate`.",
            "Lateral pattern 1 › Rate: at least 0.0.",
            "横向分布 1 › 用量：不能小于 0.0。",
        ),
        (
            "feature 3 ('东地') has a ring that is not closed: repeat its first point at the end.",
            "feature 3 ('东地') has a ring that is not closed: repeat its first point at the end.",
            "第 3 个要素（东地）有一条边界线没有闭合：请在末尾重复第一个点。",
        ),
        (
            "A alarm rule 'x' exists already: choose another name.",
            "There is a alarm rule “x” already: choose another name.",
            "已有名为“x”的报警规则，请另取名称。",
        ),
    ],
)
def test_a_sentence_is_said_with_its_values(written: str, english: str, chinese: str) -> None:
    assert (translate_sentence(written, "en"), translate_sentence(written, "zh")) == (english, chinese)


def test_a_fault_of_a_formula_is_a_sentence_with_its_first_letter_and_full_stop() -> None:
    written = "Only 40% of the field is measured, and 60% are needed."
    assert translate_sentence(written, "en") == written
    assert translate_sentence(written, "zh") == "地块只有 40% 有测量，至少需要 60%。"


def test_an_unknown_sentence_has_no_translation_and_a_part_of_it_is_not_shown() -> None:
    assert translate_sentence("weird: thing.", "zh") is None
    assert translate_sentence("Correct the note: the moon is full.", "zh") is None


def test_a_long_text_is_not_searched_for_templates() -> None:
    assert translate_sentence("There is no farm '" + "x" * 5000 + "'.", "zh") is None


def test_an_input_is_named_by_every_step_of_its_path() -> None:
    assert field_label("$.zones[0].name", "zh") == "分区 1 › 名称"
    assert field_label("zones.0.name", "en") == "Zones 1 › Name"
    assert field_label("$", "zh") == load_terms()["form_fields"]["body"]["zh"]


def test_what_a_source_of_vehicles_says_is_said_in_chinese() -> None:
    aside = SetAside(1, 1, 49, NO_HEARTBEAT).sentence()
    flight = "flight of uav-1 at 2026-03-31 06:44:34 UTC: 263.8 s came by link, 0.0 s from the vehicle's card"
    said = [aside, flight, *(f"{flight}, 239.9 s remain: {why}" for why in [*REASONS.values(), "it is not read"])]
    for sentence in said:
        chinese = translate_sentence(sentence, "zh")
        assert chinese is not None, sentence
        assert re.findall(r"[A-Za-z]{4,}", chinese.replace("uav-1", "")) == [], chinese
