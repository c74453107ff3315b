"""Sentences of inputs that are not valid: each names the input as forms name it, and what is permitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headland.i18n import Language, load_terms
from headland.i18n.sentences import field_label, translate_sentence

_GROUP: Final = "validation"
#: How pydantic begins the message of a validator of ours.
_OWN: Final = "Value error, "
_MOST_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class InputError:
    """An input that is not valid: its name in the API, its name for people, and what is permitted."""

    parameter: str
    label: str
    text: str


def describe_error(item: Mapping[str, Any], language: Language) -> InputError:
    """Return one of pydantic's errors for a person."""
    steps = [str(part) for part in item["loc"][1:]]
    parameter = ".".join(steps)
    return InputError(parameter, field_label(parameter, language), _text_of(item, language))


def join_errors(errors: Sequence[InputError], language: Language) -> str:
    """Return one sentence of all errors, each after the name of its input."""
    colon, separator, stop = (": ", "; ", ".") if language == "en" else ("：", "；", "。")
    told = separator.join(f"{error.label}{colon}{error.text}" for error in errors[:_MOST_LISTED])
    return told if told.endswith(stop) else told + stop


def _text_of(item: Mapping[str, Any], language: Language) -> str:
    message = str(item["msg"])
    if message.startswith(_OWN):
        own = message.removeprefix(_OWN)
        translated = translate_sentence(own, language)
        if translated is not None:
            return translated
        if language == "en":
            return own
    terms = load_terms()[_GROUP]
    values = {name: str(value) for name, value in (item.get("ctx") or {}).items()}
    text = terms.get(str(item["type"]), terms["other"])[language]
    try:
        return text.format(**values).replace("' or '", "', '") if language == "zh" else text.format(**values)
    except KeyError:
        return terms["other"][language]
