"""Query options: $filter, $expand with nested options, $select, $orderby, $top, $skip, $count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from api.standards.sensorthings.entities import EntityType
from api.standards.sensorthings.filter_eval import check_path, check_paths
from api.standards.sensorthings.filter_parser import Expression, FilterError, SortKey, parse_filter, parse_order

DEFAULT_TOP: Final = 100
MOST_TOP: Final = 10_000
MOST_SKIP: Final = 10_000_000
#: Largest nesting depth of expanded relations.
MOST_EXPANDED: Final = 5

_NAMES: Final = ("$filter", "$expand", "$select", "$orderby", "$top", "$skip", "$count")


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a collection, checked against its entity type; `written` is their original text."""

    written: dict[str, str] = field(default_factory=dict)
    condition: Expression | None = None
    order: tuple[SortKey, ...] = ()
    select: frozenset[str] | None = None
    expand: dict[str, Options] = field(default_factory=dict)
    top: int = DEFAULT_TOP
    skip: int = 0
    count: bool = False

    def link(self, **changed: str) -> str:
        """Return the options as a query string, with changes (names without $)."""
        options = {**self.written, **{f"${name}": value for name, value in changed.items()}}
        return "&".join(f"{name}={quote(value, safe='$(),;=:/@')}" for name, value in options.items())


def read_options(written: dict[str, str], kind: EntityType, depth: int = 0) -> Options:
    """Return the options of a collection of type `kind`; raises FilterError for invalid ones."""
    condition = parse_filter(written["$filter"]) if "$filter" in written else None
    if condition is not None:
        check_paths(condition, kind)
    order = parse_order(written["$orderby"]) if "$orderby" in written else ()
    for each in order:
        check_path(each.path, kind)
    return Options(
        written,
        condition,
        order,
        _read_select(written["$select"], kind) if "$select" in written else None,
        _read_expand(written["$expand"], kind, depth) if "$expand" in written else {},
        _read_number(written, "$top", DEFAULT_TOP, MOST_TOP),
        _read_number(written, "$skip", 0, MOST_SKIP),
        _read_count(written.get("$count", "false")),
    )


def _read_number(written: dict[str, str], name: str, default: int, most: int) -> int:
    text = written.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise FilterError(f"{name} is a whole number, not {text[:20]!r}")
    value = int(text)
    if name == "$skip" and value > most:
        raise FilterError(f"$skip is at most {most}: follow @iot.nextLink instead")
    return min(value, most)


def _read_count(text: str) -> bool:
    if text not in ("true", "false"):
        raise FilterError(f"$count is true or false, not {text[:20]!r}")
    return text == "true"


def _read_select(text: str, kind: EntityType) -> frozenset[str]:
    names = frozenset("id" if name.strip() == "@iot.id" else name.strip() for name in text.split(","))
    for name in sorted(names):
        if name not in kind.names and name != "@iot.selfLink" and name != "selfLink":
            raise FilterError(f"$select names {name[:40]!r}, but {kind.plural} have {', '.join(kind.names)}")
    return names


def _read_expand(text: str, kind: EntityType, depth: int) -> dict[str, Options]:
    if depth >= MOST_EXPANDED:
        raise FilterError(f"$expand is nested deeper than {MOST_EXPANDED} relations")
    nested: dict[str, dict[str, str]] = {}
    for item in split_outside(text, ","):
        match = re.fullmatch(r"\s*([A-Za-z]+)(?:/([A-Za-z/]+))?\s*(?:\((.*)\))?\s*", item, re.DOTALL)
        if match is None:
            raise FilterError(f"$expand is invalid at {item.strip()[:40]!r}")
        relation, beyond, inner = match.groups()
        inner_options = nested.setdefault(relation, {})
        if beyond:
            # A/B(...) is A($expand=B(...)).
            more = beyond if inner is None else f"{beyond}({inner})"
            inner_options["$expand"] = f"{inner_options['$expand']},{more}" if "$expand" in inner_options else more
        else:
            _add_inner(inner_options, inner or "")
    expanded = {}
    for relation, inner_options in nested.items():
        target = kind.related_type(relation)
        if target is None:
            ways = ", ".join([*kind.to_one, *kind.to_many])
            raise FilterError(f"$expand names {relation[:40]!r}, but {kind.plural} lead to {ways}")
        expanded[relation] = read_options(inner_options, target, depth + 1)
    return expanded


def _add_inner(inner_options: dict[str, str], inner: str) -> None:
    for option in split_outside(inner, ";"):
        name, equals, value = option.strip().partition("=")
        if not option.strip():
            continue
        if not equals or name not in _NAMES:
            raise FilterError(f"within $expand, {name[:40]!r} is unknown; there are {', '.join(_NAMES)}")
        both = name == "$expand" and name in inner_options
        inner_options[name] = f"{inner_options[name]},{value}" if both else value


def split_outside(text: str, sign: str) -> list[str]:
    """Split a text at a sign outside brackets and quotes; raises FilterError where they are not closed."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth < 0:
                break
        elif letter == sign and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    if depth or quoted:
        raise FilterError(f"has an unclosed bracket or quote: {text[:60]!r}")
    return [*parts, text[start:]]
