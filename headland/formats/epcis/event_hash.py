"""Hash of an EPCIS event that is its id (CBV 2.0, 8.9): the same for every form in which the same event is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from headland.formats.epcis.digital_link import canonical
from headland.formats.epcis.events import AnyEvent, encode_event

Order = tuple[tuple[str, str], ...]

_CBV: Final = "https://ref.gs1.org/cbv/"
_VOC: Final = "https://gs1.org/voc/"
#: Fields in the order of the standard, each with the name of its elements where it is a list.
_ORDER: Final[Order] = (
    ("eventTime", ""), ("eventTimeZoneOffset", ""), ("parentID", ""), ("epcList", "epc"), ("inputEPCList", "epc"),
    ("childEPCs", "epc"), ("quantityList", "quantityElement"), ("childQuantityList", "quantityElement"),
    ("inputQuantityList", "quantityElement"), ("outputEPCList", "epc"), ("outputQuantityList", "quantityElement"),
    ("action", ""), ("transformationID", ""), ("bizStep", ""), ("disposition", ""), ("readPoint", ""),
    ("bizLocation", ""), ("sensorElementList", "sensorElement"),
)  # fmt: skip
_INNER: Final[Mapping[str, tuple[str, ...]]] = {
    "quantityElement": ("epcClass", "quantity", "uom"),
    "readPoint": ("id",),
    "bizLocation": ("id",),
    "sensorElement": ("sensorMetadata", "sensorReport"),
    "sensorMetadata": (
        "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
    ),
    "sensorReport": (
        "type", "deviceID", "dataProcessingMethod", "time", "value", "stringValue", "minValue", "maxValue", "meanValue",
        "sDev", "uom",
    ),
}  # fmt: skip
_TIMES: Final = frozenset(("eventTime", "time", "startTime", "endTime"))
_URNS: Final = {
    "urn:epcglobal:cbv:bizstep:": f"{_CBV}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{_CBV}Disp-",
}
_PREFIXES: Final = {"cbv:": _CBV, "gs1:": _VOC, "epcis:": "https://ref.gs1.org/epcis/"}


def hash_event(event: AnyEvent, namespaces: Mapping[str, str]) -> str:
    """Return the id of an event: a named hash (RFC 6920) over its canonical text."""
    digest = hashlib.sha256(canonical_text(event, namespaces).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def canonical_text(event: AnyEvent, namespaces: Mapping[str, str]) -> str:
    """Return the text that is hashed."""
    values = encode_event(event)
    parts = [f"eventType={event.kind}"]
    for name, element in _ORDER:
        if name in values:
            parts.append(_listed(name, element, values[name]) if element else _single(name, values[name]))
    if values.get("ilmd"):
        parts.append("ilmd" + _extensions(values["ilmd"], namespaces))
    return "".join(parts)


def _listed(name: str, element: str, values: list[Any]) -> str:
    texts = sorted(_single(element, value) for value in values)
    return name + "".join(texts) if texts else ""


def _single(name: str, value: Any) -> str:
    """Return a field with its value; one with fields of its own has these instead, in their order."""
    if isinstance(value, dict):
        inner = "".join(_inner(part, value[part]) for part in _INNER[name] if part in value)
        return name + inner if inner else ""
    text = _time(str(value)) if name in _TIMES else _canonical_value(_expanded(name, str(value).strip()))
    return f"{name}={text}" if text else ""


def _inner(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(sorted(_single(name, each) for each in value))
    return _single(name, value)


def _expanded(name: str, text: str) -> str:
    """Return a word of the standard's vocabulary as the URI that it stands for."""
    for prefix, iri in _PREFIXES.items():
        if text.startswith(prefix):
            return iri + text.removeprefix(prefix)
    if ":" in text:
        return text
    return {"bizStep": f"{_CBV}BizStep-{text}", "disposition": f"{_CBV}Disp-{text}", "type": _VOC + text}.get(
        name, text
    )


def _extensions(values: Mapping[str, Any], namespaces: Mapping[str, str]) -> str:
    texts = []
    for name, value in values.items():
        prefix, _, local = name.partition(":")
        key = f"{{{namespaces[prefix]}}}{local}"
        if isinstance(value, dict):
            texts.append(key + _extensions(value, namespaces))
        else:
            text = str(value).strip()
            texts.append(f"{key}={_canonical_value(text)}" if text else key)
    return "".join(sorted(texts))


def _canonical_value(text: str) -> str:
    for urn, iri in _URNS.items():
        text = text.replace(urn, iri)
    try:
        number = float(text)
        text = str(int(number) if number.is_integer() else number)
    except ValueError:
        pass
    return canonical(text) or text


def _time(text: str) -> str:
    moment = datetime.fromisoformat(text.strip()).astimezone(UTC)
    moment = moment.replace(microsecond=min(999_000, round(moment.microsecond, -3)))
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"
