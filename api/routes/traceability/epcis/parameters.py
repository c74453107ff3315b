"""Parameters of the standard's SimpleEventQuery, and the query that they ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import QueryParams

from api.http.problems import ProblemError
from headland.formats.epcis.events import InvalidEvent, time_ms_of
from headland.formats.epcis.terms import SENSOR_FIGURES, term_of
from headland.formats.epcis.vocabulary import address_of_word, expand_name
from headland.registry.repositories.harvest.epcis_query import EventQuery, FigureCondition, TermCondition

_EPCS: Final = ("epc", "parentID", "inputEPC", "outputEPC")
_CLASSES: Final = ("epcClass", "inputEPCClass", "outputEPCClass")
#: Words of vocabularies by parameter: the term, and the element and field that hold the word.
_WORDS: Final = {
    "EQ_bizStep": ("bizStep", "", "bizStep"),
    "EQ_disposition": ("disposition", "", "disposition"),
    "EQ_persistentDisposition_set": ("persistentDisposition_set", "persistentDisposition", "set"),
    "EQ_persistentDisposition_unset": ("persistentDisposition_unset", "persistentDisposition", "unset"),
    "EQ_errorReason": ("errorReason", "errorDeclaration", "reason"),
    "EQ_type": ("type", "sensorReport", "type"),
    "EQ_exception": ("exception", "sensorReport", "exception"),
    "EQ_component": ("component", "sensorReport", "component"),
}
#: Identifiers by parameter, with the terms that may have them.
_IDENTIFIERS: Final = {
    "MATCH_anyEPC": _EPCS,
    "MATCH_anyEPCClass": _CLASSES,
    **{f"MATCH_{name}": (name,) for name in (*_EPCS, *_CLASSES)},
    **dict.fromkeys(("EQ_readPoint", "WD_readPoint"), ("readPoint",)),
    **dict.fromkeys(("EQ_bizLocation", "WD_bizLocation"), ("bizLocation",)),
    **{
        f"EQ_{name}": (name,)
        for name in (
            *("transformationID", "deviceID", "dataProcessingMethod", "bizRules", "microorganism", "chemicalSubstance"),
            *("coordinateReferenceSystem", "deviceMetadata", "rawData", "uriValue"),
        )
    },
}
_TEXTS: Final = {
    "eventType": "eventType",
    **{f"EQ_{name}": name for name in ("action", "eventID", "correctiveEventID", "stringValue", "hexBinaryValue")},
}
_LISTS: Final = {"bizTransaction": "bizTransactionList", "source": "sourceList", "destination": "destinationList"}
_TIMES: Final = ("errorDeclarationTime", "startTime", "endTime")
_FIGURE: Final = re.compile(rf"(EQ|GT|GE|LT|LE)_(quantity|(?:{'|'.join(SENSOR_FIGURES)})_.+)")
_OWN: Final = re.compile(r"(EQ|EXISTS)_((?:INNER_)?(?:ILMD_)?)(.*:.*)")
_ROW_TIMES: Final = {
    "GE_eventTime": "event_from_ms",
    "LT_eventTime": "event_until_ms",
    "GE_recordTime": "record_from_ms",
    "LT_recordTime": "record_until_ms",
}
#: All parameters of the query; a star stands for a type, a unit, or a name with its namespace.
NAMES: Final = tuple(
    dict.fromkeys(
        (
            *_TEXTS, *_WORDS, *_IDENTIFIERS, *_ROW_TIMES, "EQ_booleanValue", "EXISTS_errorDeclaration",
            *(f"{compared}_{name}" for name in _TIMES for compared in ("GE", "LT")),
            *(f"{compared}_quantity" for compared in ("EQ", "GT", "GE", "LT", "LE")),
            *(f"{compared}_{name}_*" for name in SENSOR_FIGURES for compared in ("EQ", "GT", "GE", "LT", "LE")),
            *(f"EQ_{name}_*" for name in _LISTS), "EQ_*:*", "EXISTS_*:*",
            "orderBy", "orderDirection", "eventCountLimit", "maxEventCount",
        )
    )
)  # fmt: skip
#: Length of a parameter's text.
_MOST_CHARACTERS: Final = 8000
_MOST_VALUES: Final = 200
_MOST_CONDITIONS: Final = 50


def read_query(params: QueryParams, extensions: str, fixed: Sequence[TermCondition] = ()) -> EventQuery:
    """Return the query that parameters ask; `extensions` is the header that gives prefixes their namespaces.

    Raises ProblemError (400), which names the parameter.
    """
    namespaces = dict(part.strip().partition("=")[::2] for part in extensions.split(",") if "=" in part)
    terms: list[TermCondition] = list(fixed)
    figures: list[FigureCondition] = []
    times: dict[str, int] = {}
    for name in dict.fromkeys(params):
        texts = params.getlist(name)
        if any(len(text) > _MOST_CHARACTERS for text in texts):
            sentence = f"{name} has at most {_MOST_CHARACTERS} characters: ask in parts."
            raise ProblemError(400, "bad-query", "Invalid query", sentence)
        if name in _ROW_TIMES:
            times[_ROW_TIMES[name]] = _time(name, texts)
        elif (figure := _figure(name, texts)) is not None:
            figures.append(figure)
        elif (term := _term(name, texts, namespaces)) is not None:
            terms.append(term)
    if len(terms) + len(figures) > _MOST_CONDITIONS or any(len(each.values) > _MOST_VALUES for each in terms):
        sentence = f"A query has at most {_MOST_CONDITIONS} conditions with {_MOST_VALUES} values each: ask in parts."
        raise ProblemError(400, "bad-query", "Invalid query", sentence)
    order, direction = params.get("orderBy", ""), params.get("orderDirection", "DESC" if "orderBy" in params else "ASC")
    if order not in ("", "eventTime", "recordTime") or direction not in ("ASC", "DESC"):
        sentence = "Order by eventTime or recordTime, and ASC or DESC."
        raise ProblemError(400, "bad-query", "Invalid query", sentence)
    return EventQuery(
        terms=tuple(terms),
        figures=tuple(figures),
        order_by=order,  # type: ignore[arg-type]  # one of the three, as tested
        ascends=direction == "ASC",
        **times,
    )


def read_count(params: QueryParams, name: str) -> int | None:
    """Return a number of events, None without one; raises ProblemError (400)."""
    text = params.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        sentence = f"{name} is a whole number of at least 1."
        raise ProblemError(400, "bad-query", "Invalid query", sentence)
    return int(text)


def describe_parameters() -> list[dict[str, Any]]:
    """Return the parameters for the OpenAPI document."""
    return [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string", "maxLength": _MOST_CHARACTERS}}
        for name in NAMES
        if "*" not in name
    ]


def _figure(name: str, texts: Sequence[str]) -> FigureCondition | None:
    compared, _, rest = name.partition("_")
    if rest in _TIMES and compared in ("GE", "LT"):
        return FigureCondition(name=rest, comparison=compared, value=_time(name, texts))  # type: ignore[arg-type]
    found = _FIGURE.fullmatch(name)
    if found is None:
        return None
    return FigureCondition(name=found[2], comparison=found[1], value=_number(name, texts))  # type: ignore[arg-type]


def _term(name: str, texts: Sequence[str], namespaces: Mapping[str, str]) -> TermCondition | None:
    values = list(_words(texts))
    if name in _TEXTS:
        return TermCondition(names=(_TEXTS[name],), values=tuple(values))
    if name in _WORDS:
        term, element, field = _WORDS[name]
        return TermCondition(names=(term,), values=tuple(address_of_word(element, field, each) for each in values))
    if name in _IDENTIFIERS:
        return TermCondition(names=_IDENTIFIERS[name], values=identifier_forms(values))
    if name == "EQ_booleanValue":
        return TermCondition(names=("booleanValue",), values=("true" if _truth(name, texts) else "false",))
    if name == "EXISTS_errorDeclaration":
        return TermCondition(names=("errorDeclaration",)) if _truth(name, texts) else None
    for field, element in _LISTS.items():
        if name.startswith(f"EQ_{field}_"):
            type_ = address_of_word(element, "type", name.removeprefix(f"EQ_{field}_"))
            return TermCondition(names=(f"{field}_{type_}",), values=identifier_forms(values))
    if (own := _OWN.fullmatch(name)) is not None:
        term = own[2] + expand_name(own[3], namespaces)
        return TermCondition(names=(term,), values=tuple(texts) if own[1] == "EQ" else ())
    return None


def identifier_forms(values: Sequence[str]) -> tuple[str, ...]:
    """Return identifiers as they are indexed, and as they are: what was captured early is indexed as it was sent."""
    return tuple(dict.fromkeys(form for each in values for form in (term_of(each), each)))


def _words(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        yield from (word.strip() for word in text.split(",") if word.strip())


def _one(name: str, texts: Sequence[str]) -> str:
    if len(texts) != 1:
        raise ProblemError(400, "bad-query", "Invalid query", f"{name} takes one value.")
    return texts[0]


def _time(name: str, texts: Sequence[str]) -> int:
    try:
        # In a query a plus sign arrives as a space where it is not escaped.
        return time_ms_of(_one(name, texts).replace(" ", "+"))
    except InvalidEvent as error:
        raise ProblemError(400, "bad-query", "Invalid time", str(error)) from error


def _number(name: str, texts: Sequence[str]) -> float:
    text = _one(name, texts)
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?", text):
        raise ProblemError(400, "bad-query", "Invalid query", f"{name} is a number.")
    return float(text)


def _truth(name: str, texts: Sequence[str]) -> bool:
    text = _one(name, texts)
    if text not in ("true", "false"):
        raise ProblemError(400, "bad-query", "Invalid query", f"{name} is true or false.")
    return text == "true"
