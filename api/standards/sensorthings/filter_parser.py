"""Parser of $filter and $orderby: text to expression tree, without knowledge of the names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import shapely

from api.http.query_windows import parse_instant
from api.standards.sensorthings.entities import Interval, TimeInstant
from headland.errors import HeadlandError

#: Largest nesting depth of brackets, functions and `not`.
MOST_NESTED: Final = 40

COMPARISONS: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
LOGIC: Final = frozenset({"and", "or", "not"})

#: Least and largest number of arguments of each function.
FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "substringof": (2, 2),
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "indexof": (2, 2),
    "concat": (2, 2),
    "substring": (2, 3),
    "length": (1, 1),
    "tolower": (1, 1),
    "toupper": (1, 1),
    "trim": (1, 1),
    "year": (1, 1),
    "month": (1, 1),
    "day": (1, 1),
    "hour": (1, 1),
    "minute": (1, 1),
    "second": (1, 1),
    "fractionalseconds": (1, 1),
    "now": (0, 0),
    "round": (1, 1),
    "floor": (1, 1),
    "ceiling": (1, 1),
    "geo.intersects": (2, 2),
    "st_intersects": (2, 2),
    "st_within": (2, 2),
    "st_contains": (2, 2),
    "st_disjoint": (2, 2),
    "st_equals": (2, 2),
    "st_touches": (2, 2),
    "st_overlaps": (2, 2),
    "st_crosses": (2, 2),
}

#: Functions that return true or false.
CONDITIONS: Final = frozenset(
    {"substringof", "contains", "startswith", "endswith", "geo.intersects"}
    | {name for name in FUNCTIONS if name.startswith("st_")}
)

#: Operators in ascending precedence.
_LEVELS: Final = (
    frozenset({"or"}),
    frozenset({"and"}),
    COMPARISONS,
    frozenset({"add", "sub"}),
    frozenset({"mul", "div", "mod"}),
)
_OPERATORS: Final = LOGIC.union(*_LEVELS)
_INSTANT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+\- ]\d\d:?\d\d)"
_TOKEN: Final = re.compile(
    rf"""\s*(?:
    (?P<geography>geography'(?:[^']|'')*')
    |(?P<duration>duration'[^']*')
    |(?P<string>'(?:[^']|'')*')
    |(?P<instant>{_INSTANT}(?:/{_INSTANT})?)
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<name>[@A-Za-z_][\w.@]*(?:/[@A-Za-z_][\w.@:]*)*)
    |(?P<sign>[(),])
    )""",
    re.VERBOSE,
)
_DURATION: Final = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_WORDS: Final[dict[str, Any]] = {"null": None, "true": True, "false": False}


class FilterError(HeadlandError):
    """Text that is not a valid condition or order."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal value: None, bool, int, float, str, Moment, Interval, timedelta or a shapely geometry."""

    value: Any


@dataclass(frozen=True, slots=True)
class PropertyPath:
    """A path to a field, possibly through relations: `Datastream/Thing/name`."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class FilterCall:
    """An operator or a function with its arguments."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Literal | PropertyPath | FilterCall


@dataclass(frozen=True, slots=True)
class SortKey:
    """A sort key."""

    path: PropertyPath
    descending: bool


def parse_filter(text: str) -> Expression:
    """Return the expression tree of a condition; raises FilterError."""
    parser = _Parser(_tokens(text))
    expression = parser.expression(0)
    parser.end()
    if not is_condition(expression):
        raise FilterError("the filter is not a condition: write a comparison, as in result gt 20")
    return expression


def parse_order(text: str) -> tuple[SortKey, ...]:
    """Return the sort keys of an order such as `phenomenonTime desc,id`; raises FilterError."""
    orders = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([@A-Za-z_][\w.@/:]*)(?:\s+(asc|desc))?\s*", part, re.IGNORECASE)
        if match is None:
            raise FilterError(f"{part.strip()[:80]!r} is not an order: write a name and asc or desc")
        orders.append(SortKey(PropertyPath(tuple(match[1].split("/"))), (match[2] or "asc").lower() == "desc"))
    return tuple(orders)


def is_condition(expression: Expression) -> bool:
    """Tell whether an expression is a condition rather than a value."""
    if isinstance(expression, FilterCall):
        return expression.name in COMPARISONS | LOGIC | CONDITIONS
    return isinstance(expression, Literal) and isinstance(expression.value, bool)


def parse_moment(text: str) -> TimeInstant:
    """Return an instant written in ISO 8601 with a zone; raises FilterError."""
    try:
        time_ms = parse_instant(text) if "T" in text else None
    except ValueError as error:
        raise FilterError(f"{text}: {error}") from error
    if not isinstance(time_ms, int):
        raise FilterError(f"{text[:40]!r} is not an instant: write one as 2026-11-24T08:00:00Z")
    return TimeInstant(time_ms)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"cannot be read from {text[at:].lstrip()[:40]!r} on")
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    return tokens


class _Parser:
    """Precedence climbing parser."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def expression(self, level: int) -> Expression:
        """Parse an expression of at least the precedence `level`."""
        if level == len(_LEVELS):
            return self._primary()
        if level == 2 and self._accept_word("not"):
            self._go_deeper()
            expression: Expression = FilterCall("not", (self._condition(self.expression(level), "not"),))
            self._depth -= 1
            return expression
        left = self.expression(level + 1)
        while (word := self._word()) in _LEVELS[level]:
            self._at += 1
            right = self.expression(level + 1)
            if word in LOGIC:
                self._condition(left, word)
                self._condition(right, word)
            left = FilterCall(word, (left, right))
            if word in COMPARISONS:
                break
        return left

    def end(self) -> None:
        """Check that no token is left."""
        if self._at < len(self._tokens):
            raise FilterError(f"is not understood from {self._tokens[self._at][1][:40]!r} on")

    def _primary(self) -> Expression:
        if self._at >= len(self._tokens):
            raise FilterError("ends too early")
        kind, text = self._tokens[self._at]
        self._at += 1
        if (kind, text) == ("sign", "("):
            self._go_deeper()
            expression = self.expression(0)
            self._expect(")")
            self._depth -= 1
            return expression
        if kind == "name":
            return self._call(text) if self._next_is("(") else _name_of(text)
        if kind == "sign":
            raise FilterError(f"has a {text} where a value is expected")
        return Literal(_value_of(kind, text))

    def _call(self, name: str) -> FilterCall:
        name = name.lower()
        if name not in FUNCTIONS:
            raise FilterError(f"uses {name[:40]}(), which is not supported; there are {', '.join(sorted(FUNCTIONS))}")
        self._go_deeper()
        self._expect("(")
        arguments: list[Expression] = []
        while not self._next_is(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.expression(0))
        self._expect(")")
        self._depth -= 1
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise FilterError(f"passes {len(arguments)} arguments to {name}() instead of {most}")
        return FilterCall(name, tuple(arguments))

    @staticmethod
    def _condition(expression: Expression, word: str) -> Expression:
        if not is_condition(expression):
            raise FilterError(f"applies {word} to an operand that is not a condition")
        return expression

    def _go_deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise FilterError(f"is nested deeper than {MOST_NESTED} levels")

    def _word(self) -> str:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        return text if kind == "name" else ""

    def _accept_word(self, word: str) -> bool:
        accepted = self._word() == word
        self._at += accepted
        return accepted

    def _next_is(self, sign: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)

    def _expect(self, sign: str) -> None:
        if not self._next_is(sign):
            raise FilterError(f"lacks a {sign}")
        self._at += 1


def _name_of(text: str) -> Expression:
    if text in _WORDS:
        return Literal(_WORDS[text])
    if text in _OPERATORS:
        raise FilterError(f"has {text} where a value is expected")
    return PropertyPath(tuple(text.split("/")))


def _value_of(kind: str, text: str) -> Any:
    if kind == "number":
        return int(text) if re.fullmatch(r"-?\d{1,18}", text) else float(text)
    if kind == "instant":
        first, _, last = text.partition("/")
        return Interval(parse_moment(first), parse_moment(last)) if last else parse_moment(first)
    inner = text[text.index("'") + 1 : -1].replace("''", "'")
    if kind == "duration":
        return _duration_of(inner)
    return _geometry_of(inner) if kind == "geography" else inner


def _duration_of(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        raise FilterError(f"has {text[:40]!r} as a duration: write one as PT1H30M or P2D")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups()[1:])
    try:
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise FilterError("has a duration that is too long") from error
    return -length if match[1] else length


def _geometry_of(text: str) -> Any:
    try:
        return shapely.from_wkt(text.partition(";")[2] if text.upper().startswith("SRID=") else text)
    except (shapely.GEOSException, ValueError, TypeError) as error:
        raise FilterError(f"has {text[:40]!r} as a geometry: write WKT as POINT(113.5 30.2)") from error
