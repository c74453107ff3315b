"""Sentences of errors, findings and remarks in another language, found by the English sentence that was written.

Code writes a sentence in English where the fault is known. The catalogues beside this file have each of them as a
template: `{name}` stands for what the code puts in. A sentence that no template fits has no translation, and callers
then show what they know of its kind instead. A template's own `en` is the sentence for a person where the code's names
parameters of the API.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from headland.i18n import Language, find_term, load_terms

_CATALOGUES: Final = ("requests.json", "records.json", "analyses.json", "findings.json", "lots.json", "proofs.json")
#: Longer texts are no sentences; the search for templates stays short whatever somebody sends.
_MOST_LETTERS: Final = 1200
_MOST_NESTED: Final = 4
#: Translations that are kept: what a gateway reports and what ails it are read every few seconds.
_MOST_TRANSLATED: Final = 256
_PLACE: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_STEP: Final = re.compile(r"([A-Za-z_]\w*)|\[(\d+|\.\.\.)\]")
_QUOTES: Final = "'\"`"
#: Places that hold a figure, and nothing else.
_FIGURES: Final = frozenset(("number", "count", "n", "m"))
_FIGURE: Final = re.compile(r"[-+]?[0-9][0-9.,e+-]*")


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence with places: the texts between them, their names, and the sentence in each language."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    texts: dict[Language, str]

    def values_of(self, sentence: str) -> dict[str, str] | None:
        """Return what stands at the places of a sentence, or None where it is another sentence."""
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return {} if sentence == first else None
        end = len(sentence) - len(last)
        if end < len(first) or not (sentence.startswith(first) and sentence.endswith(last)):
            return None
        values, at = [], len(first)
        for piece in self.pieces[1:-1]:
            found = sentence.find(piece, at, end)
            if found < 0:
                return None
            values.append(sentence[at:found])
            at = found + len(piece)
        named = dict(zip(self.names, [*values, sentence[at:end]], strict=True))
        is_fitting = all(_FIGURE.fullmatch(value) for name, value in named.items() if name in _FIGURES)
        return named if is_fitting else None


@cache
def load_sentences() -> dict[str, dict[Language, str]]:
    """Return all templates as {English template: {language: text}}."""
    sentences: dict[str, dict[Language, str]] = {}
    for name in _CATALOGUES:
        for template, texts in json.loads(files(__name__).joinpath(name).read_text(encoding="utf-8")).items():
            sentences[template] = {"en": template, **texts}
    return sentences


@lru_cache(_MOST_TRANSLATED)
def translate_sentence(sentence: str, language: Language, depth: int = 0) -> str | None:
    """Return a sentence in a language, or None where no template fits it.

    The fault of a formula is a template without capital letter and full stop, and a sentence with them. Several
    sentences have semicolons between them.
    """
    if len(sentence) > _MOST_LETTERS or depth > _MOST_NESTED:
        return None
    text = _translate(sentence, language, depth)
    if text is not None:
        return text
    if "; " in sentence:
        parts = [translate_sentence(part, language, depth + 1) for part in sentence.split("; ")]
        told = [part for part in parts if part is not None]
        if len(told) == len(parts):
            return ("; " if language == "en" else "；").join(told)
    if not sentence.endswith("."):
        return None
    for clause in (sentence[:-1], sentence[:1].lower() + sentence[1:-1]):
        text = _translate(clause, language, depth)
        if text is not None:
            return f"{text[:1].upper()}{text[1:]}." if language == "en" else f"{text}。"
    return None


def _translate(sentence: str, language: Language, depth: int) -> str | None:
    for template in _templates():
        values = template.values_of(sentence)
        text = None if values is None else _fill(template.texts[language], values, language, depth)
        if text is not None:
            return text
    return None


def field_label(path: str, language: Language) -> str:
    """Return the name of an input as forms name it: of `$.zones[0].name` or `zones.0.name` that of each step."""
    labels: list[str] = []
    for name, number in _STEP.findall(re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", path)):
        if name:
            labels.append(find_term("form_fields", name, language) or _plain_name(name, language))
        elif labels and number != "...":
            labels[-1] += f" {int(number) + 1}"
    separator = " › "
    return separator.join(labels) or (find_term("form_fields", "body", language) or "")


def _plain_name(name: str, language: Language) -> str:
    found = find_term("quantities", name, language)
    return found or (name.replace("_", " ") if language == "en" else find_term("form_fields", "other", language) or "")


@cache
def _templates() -> list[_Template]:
    templates = []
    for text, texts in load_sentences().items():
        names = tuple(match[1] for match in _PLACE.finditer(text))
        pieces = tuple(_PLACE.sub("\0", text).split("\0"))
        templates.append(_Template(pieces, names, texts))
    # The most specific first: the one with the most letters of its own.
    return sorted(templates, key=lambda template: -sum(map(len, template.pieces)))


def _fill(text: str, values: dict[str, str], language: Language, depth: int) -> str | None:
    """Return a text with its places filled, or None where a value had to be a known sentence and is none."""
    parts, at = [], 0
    for match in _PLACE.finditer(text):
        value = _shown(values[match[1]], match[2], language, depth)
        if value is None:
            return None
        parts += [text[at : match.start()], value]
        at = match.end()
    return "".join(parts) + text[at:]


def _shown(value: str, form: str | None, language: Language, depth: int) -> str | None:
    plain = value.strip(_QUOTES)
    if form == "field":
        return field_label(plain, language)
    if form == "fields":
        named = re.split(r", | and | or ", plain)
        return (", " if language == "en" else "、").join(field_label(part.strip(_QUOTES), language) for part in named)
    if form == "type":
        return _type_name(plain, language)
    if form in (None, "sentence"):
        inner = translate_sentence(value, language, depth + 1)
        if form == "sentence" or inner is not None:
            return inner
        return plain if language == "zh" else value
    return find_term(form, plain, language) or find_term(form, plain.replace("-", "_"), language) or plain


def _type_name(text: str, language: Language) -> str:
    terms = load_terms()["input_types"]
    parts = [part.strip(_QUOTES) for part in text.split(" | ")]
    named = [terms[part][language] for part in parts if part != "null" and part in terms]
    return (" / " if language == "zh" else " or ").join(dict.fromkeys(named)) or terms["value"][language]
