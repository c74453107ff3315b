"""Sources of the dashboard: nothing stands in for what was asked for; addresses and late answers have one place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

SOURCES: Final = Path(__file__).parents[2] / "dashboard" / "src"
#: `list.find(...) ?? list[0]` and its relatives; where a default is meant, `chosenOf` says when it stands.
FALLBACKS: Final = {
    "a search that ends in another item": r"\.find(?:Last)?\((?:[^()]|\([^()]*\))*\)\s*\?\?\s*[^;]*?(?:\[0\]|\.at\()",
    "a first or last item in place of nothing": r"\?\?\s*\(*[\w#.?]+\??\.?(?:\[0\]|\.at\(-?\d+\))(?!\?*\.\w+_ms)",
    "an item of a list where another is not in it": r"\.includes\([^()]*\)\s*\?\s*\w+\s*:\s*\(*[\w.]+(?:\[0\]|\.at\()",
    "a form that begins with the first item": r"useState(?:<[^>]*>)?\(\(*[\w.]+\??\.?\[0\]",
}
#: Numbers of a ring, an interval or a legend, of which there is no other.
NUMBERS: Final = {"field/drawn_zones_model.ts", "yields/colour_classes.ts", "yields/yield_of_harvest.tsx", "docs.ts"}


def sources() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every module of the dashboard."""
    for path in sorted([*SOURCES.rglob("*.ts"), *SOURCES.rglob("*.tsx")]):
        if path.suffix == ".ts" and path.name.endswith(".d.ts"):
            continue
        yield path.relative_to(SOURCES).as_posix(), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("what", FALLBACKS)
def test_no_other_thing_stands_in_for_the_one_that_was_asked_for(what: str) -> None:
    pattern = re.compile(FALLBACKS[what], re.DOTALL)
    found = [
        f"{name}: {match.group(0)}"
        for name, text in sources()
        if name not in NUMBERS
        for match in pattern.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a search that ends in another item", "houses.find(({ id }) => id === asked) ?? (houses[0] as House);"),
        ("a search that ends in another item", "passes.find((p) => p.id === query.get('pass')) ?? passes.at(-1);"),
        ("a first or last item in place of nothing", "const person = chosen ?? inUse[0]?.id ?? null;"),
        ("an item of a list where another is not in it", "devices.includes(chosen) ? chosen : (devices[0] ?? '');"),
        ("a form that begins with the first item", "useState(tariffs[0]?.id ?? '')"),
    ],
)
def test_a_fallback_is_found_where_there_is_one(what: str, line: str) -> None:
    assert re.search(FALLBACKS[what], line, re.DOTALL)


def test_the_address_of_a_thing_is_made_in_one_place() -> None:
    written = re.compile(r"[\"'`]#/(?!ID)\w")
    assert [name for name, text in sources() if name != "app/address.ts" and written.search(text)] == []
    # An address of a page takes no id: that of a thing is `hrefOfThing`.
    with_id = re.compile(r"hrefOf\([^()]*\b(?:id|\w+Id)\b[^()]*\)")
    assert [name for name, text in sources() if with_id.search(text)] == []


def test_answers_that_a_later_choice_overtakes_are_ended_in_one_place() -> None:
    # A page that is left, and files on their way to the station, end no choice.
    others = {"api/last_choice.ts", "app/view.ts", "imports/imports_panel.tsx"}
    assert {name for name, text in sources() if "new AbortController" in text} == others
