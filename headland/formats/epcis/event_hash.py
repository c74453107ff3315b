"""Hash of an EPCIS event that is its id (CBV 2.0, 8.9): the same for every form in which the same event is written.

The walk is over the JSON value, so that what is not interpreted is hashed, too. Fields with a place in the standard's
order are taken out of a tree first; what is left of the tree follows, sorted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from headland.formats.epcis.digital_link import canonical
from headland.formats.epcis.vocabulary import expand_name, expand_word, renew_urns


class _Field(NamedTuple):
    """A field with those that it holds, in the order of the standard."""

    name: str
    inner: tuple[_Field, ...] = ()


def _named(*names: str) -> tuple[_Field, ...]:
    return tuple(_Field(name) for name in names)


_QUANTITY: Final = (_Field("quantityElement", _named("epcClass", "quantity", "uom")),)
_METADATA: Final = _named(
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"
)
_REPORT: Final = _named(
    *("type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism"),
    *("chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue"),
    *("minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem"),
)
_ORDER: Final = (
    *_named("eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID"),
    *(_Field(name, _named("epc")) for name in ("epcList", "inputEPCList", "childEPCs")),
    *(_Field(name, _QUANTITY) for name in ("quantityList", "childQuantityList", "inputQuantityList")),
    _Field("outputEPCList", _named("epc")),
    _Field("outputQuantityList", _QUANTITY),
    *_named("action", "transformationID", "bizStep", "disposition"),
    _Field("persistentDisposition", _named("set", "unset")),
    *(_Field(name, _named("id")) for name in ("readPoint", "bizLocation")),
    _Field(
        "sensorElementList",
        (_Field("sensorElement", (_Field("sensorMetadata", _METADATA), _Field("sensorReport", _REPORT))),),
    ),
)
#: Lists whose elements are a type and a name, in this order.
_PAIRS: Final = {"bizTransactionList": "bizTransaction", "sourceList": "source", "destinationList": "destination"}
_TIMES: Final = frozenset(("eventTime", "time", "startTime", "endTime"))
_NOT_HASHED: Final = frozenset(("recordTime", "eventID", "type", "errorDeclaration"))
_COMMENTS: Final = frozenset(("rdfs:comment", "comment", "@context"))
_ELEMENTS: Final = {
    **dict.fromkeys(("inputEPC", "outputEPC"), "epc"),
    **dict.fromkeys(("inputQuantity", "outputQuantity", "childQuantity"), "quantityElement"),
}


class _Node(msgspec.Struct, eq=False):
    """A field in the tree that is consumed; a pair keeps the order of its fields."""

    name: str
    text: str = ""
    children: list[_Node] = []
    is_pair: bool = False


def hash_event(event: Mapping[str, Any], namespaces: Mapping[str, str]) -> str:
    """Return the id of an event: a named hash (RFC 6920) over its canonical text."""
    digest = hashlib.sha256(canonical_text(event, namespaces).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def canonical_text(event: Mapping[str, Any], namespaces: Mapping[str, str]) -> str:
    """Return the text that is hashed."""
    children = _children("", event, namespaces)
    taken = _take(children, _ORDER)
    rest = [child for child in children if child.name not in _NOT_HASHED]
    return f"eventType={event['type']}{taken}{_sorted(rest)}"


def text_of_scalar(value: Any) -> str:
    """Return a JSON value that is no object or list as text; a number that is kept as it was written is one."""
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)


def _children(element: str, value: Mapping[str, Any], names: Mapping[str, str]) -> list[_Node]:
    """Return the fields of an object as nodes; lists have their elements below them, named as in the XML form."""
    found: list[_Node] = []
    for key, inner in value.items():
        if key in _COMMENTS:
            continue
        name = expand_name(key, names, "{{{}}}")
        values = inner if isinstance(inner, list) else [inner]
        if name in _PAIRS:
            below = [_pair(name, each, names) for each in values]
        else:
            place = name.removesuffix("List") if name.endswith("List") else name
            below = [_node(element, name, place, each, names) for each in values]
        if name == "childEPCs":
            below = [_Node("epc", each.text, each.children) for each in below]
        if name.endswith("List") or name == "childEPCs":
            found += [_Node(name, "", below)] if below else []
        else:
            found += below
    return found


def _node(element: str, field: str, name: str, value: Any, names: Mapping[str, str]) -> _Node:
    if isinstance(value, Mapping):
        children = _children(name, value, names)
        if name == "quantity" and children:
            name = "quantityElement"
        return _Node(_ELEMENTS.get(name, name), "", children)
    if isinstance(value, list):
        return _Node(_ELEMENTS.get(name, name), "", [_node("", "", "", each, names) for each in value])
    text = text_of_scalar(value)
    if isinstance(value, str):
        text = expand_name(expand_word(element, field, value), names)
    return _Node(_ELEMENTS.get(name, name), text)


def _pair(name: str, value: Any, names: Mapping[str, str]) -> _Node:
    fields = value if isinstance(value, Mapping) else {}
    texts = {key: _node(name, key, key, each, names) for key, each in fields.items()}
    order = [key for key in ("type", _PAIRS[name]) if key in texts] + sorted(set(texts) - {"type", _PAIRS[name]})
    return _Node("", "", [texts[key] for key in order], is_pair=True)


def _take(children: list[_Node], order: tuple[_Field, ...]) -> str:
    """Return the text of the fields in the order of the standard, and take them out."""
    extensions = _take_extensions(children)
    texts: list[str] = []
    for field in order:
        parts = []
        for child in [each for each in children if each.name == field.name]:
            inner = _take(child.children, field.inner) if field.inner else ""
            text = child.text.strip()
            if text:
                text = "=" + (_time(text) if field.name in _TIMES else _canonical_value(text))
            if text or inner:
                parts.append(field.name + text + inner)
            if not child.children:
                children.remove(child)
        texts += sorted(parts)
    return "".join(texts) + _sorted(extensions)


def _take_extensions(children: list[_Node]) -> list[_Node]:
    """Take the extensions of an element out: they stay in it. Those of the event come last.

    Which stay is as the generator of the standard's authors has it: namespaces that end with a slash, beside another
    field. All others follow after the event's own fields, below the names of the elements that hold them.
    """
    if len(children) <= 1 or any("eventTime" in each.name or "action" in each.name for each in children):
        return []
    found = [each for each in children if "{" in each.name and "/}" in each.name]
    for each in found:
        children.remove(each)
    return found


def _sorted(nodes: list[_Node]) -> str:
    """Return the text of nodes without a place in the order."""
    texts = []
    for node in nodes:
        text = node.text.strip()
        inner = "".join(_sorted([each]) for each in node.children) if node.is_pair else _sorted(node.children)
        texts.append(node.name + (f"={_canonical_value(text)}" if text else "") + inner)
    return "".join(sorted(texts))


def _canonical_value(text: str) -> str:
    text = renew_urns(text)
    try:
        number = float(text)
        text = str(int(number) if number.is_integer() else number)
    except ValueError:
        pass
    return canonical(text) or text


def _time(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    moment = moment.replace(microsecond=min(999_000, round(moment.microsecond, -3)))
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
