"""Words of the vocabularies of EPCIS: the addresses of CBV 2.0 and of the web vocabulary of GS1 for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CBV: Final = "https://ref.gs1.org/cbv/"
VOC: Final = "https://gs1.org/voc/"
#: What a word of a field begins with, by the element that holds the field ("" for the event) and the field.
_WORDS: Final = {
    ("", "bizStep"): f"{CBV}BizStep-",
    ("", "disposition"): f"{CBV}Disp-",
    ("persistentDisposition", "set"): f"{CBV}Disp-",
    ("persistentDisposition", "unset"): f"{CBV}Disp-",
    ("bizTransactionList", "type"): f"{CBV}BTT-",
    ("sourceList", "type"): f"{CBV}SDT-",
    ("destinationList", "type"): f"{CBV}SDT-",
    ("errorDeclaration", "reason"): f"{CBV}ER-",
    ("sensorReport", "type"): VOC,
    ("sensorReport", "exception"): VOC,
    ("sensorReport", "component"): f"{CBV}Comp-",
}
_PREFIXES: Final = {"cbv:": CBV, "gs1:": VOC, "epcis:": "https://ref.gs1.org/epcis/"}
_URNS: Final = {
    "urn:epcglobal:cbv:bizstep:": f"{CBV}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{CBV}Disp-",
    "urn:epcglobal:cbv:btt:": f"{CBV}BTT-",
    "urn:epcglobal:cbv:sdt:": f"{CBV}SDT-",
    "urn:epcglobal:cbv:er:": f"{CBV}ER-",
}


def expand_word(element: str, field: str, text: str) -> str:
    """Return a word of a vocabulary as the address that it stands for, another text as it is."""
    begins = _WORDS.get((element, field))
    return text if begins is None or ":" in text else begins + text


def address_of_word(element: str, field: str, text: str) -> str:
    """Return the address of a word of a vocabulary in whatever form: bare, with a prefix, or as CBV 1 had it."""
    for prefix, iri in _PREFIXES.items():
        if text.startswith(prefix):
            return iri + text.removeprefix(prefix)
    return renew_urns(expand_word(element, field, text))


def renew_urns(text: str) -> str:
    """Return a text with the names that CBV 1 had for words replaced by those of CBV 2."""
    for urn, iri in _URNS.items():
        text = text.replace(urn, iri)
    return text


def namespaces_of(*contexts: Any) -> dict[str, str]:
    """Return the namespaces by prefix of contexts in JSON-LD; what a linked context says is not known."""
    found: dict[str, str] = {}
    for context in contexts:
        for part in context if isinstance(context, list | tuple) else (context,):
            for prefix, meaning in part.items() if isinstance(part, Mapping) else ():
                iri = meaning.get("@id") if isinstance(meaning, Mapping) else meaning
                if isinstance(iri, str) and not prefix.startswith("@"):
                    found[prefix] = iri
    return found


def expand_name(text: str, namespaces: Mapping[str, str], form: str = "{}") -> str:
    """Return a name with its prefix replaced by the namespace, in `form`; another text as it is."""
    prefix, mark, local = text.partition(":")
    return form.format(namespaces[prefix]) + local if mark and prefix in namespaces else text
