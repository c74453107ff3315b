"""Lines of TOML values, compared with texts that are written together with their lines."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.toml.positions import TomlPath, find_lines, nearest_line
from tests.examples import examples

_BARE = st.text("abcXYZ019_-", min_size=1, max_size=6)
_QUOTED = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=6)
_FILLER = st.sampled_from(["", "# a comment = [1, {", "   ", "\t# 'x"])
_VALUES = st.sampled_from(
    [
        "1", "-2.5e3", "true", '"text # no comment ] }"', "'C:\\path'", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00",
        '"""\none\n[two]\nthree = 3 \\"" """', "'''\n# a\n'quoted''''", "[]", "{}", '"""a""""', '""', "''", "inf",
        '"\\"]"', "0xFF", '"""\\\n   x"""',
    ]
)  # fmt: skip


def _key(text: str) -> str:
    if text and all(char in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-" for char in text):
        return text
    escaped = "".join(char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in text)
    return f'"{escaped}"'


class _Writer:
    """Writes TOML and notes on which line each path is first named."""

    def __init__(self) -> None:
        self.text = ""
        self.lines: dict[TomlPath, int] = {}

    def note(self, path: TomlPath) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def put(self, text: str) -> None:
        self.text += text


@st.composite
def _documents(draw: st.DrawFn) -> _Writer:
    out = _Writer()
    keys = draw(st.lists(st.one_of(_BARE, _QUOTED), min_size=1, max_size=8, unique=True))
    counts: dict[str, int] = {}
    first = True
    for number, key in enumerate(keys):
        out.put(draw(_FILLER) + "\n")
        shape = draw(st.sampled_from(["table", "dotted", "tables", "nested"])) if not first else "pairs"
        first = False
        base: TomlPath = ()
        if shape in ("table", "nested"):
            names = (key, "inner key") if shape == "nested" else (key,)
            for length in range(1, len(names) + 1):
                out.note(names[:length])
            out.put(f"[ {' . '.join(map(_key, names))} ] # header\n")
            base = names
        elif shape == "tables":
            for _ in range(draw(st.integers(1, 3))):
                index = counts.get(key, 0)
                counts[key] = index + 1
                out.note((key,))
                out.note((key, index))
                out.put(f"[[{_key(key)}]]\n")
                base = (key, index)
                _write_pairs(draw, out, base, number)
                if draw(st.booleans()):
                    out.note((*base, "sub"))
                    out.put(f"[{_key(key)}.sub]\n")
                    _write_pairs(draw, out, (*base, "sub"), number)
            continue
        elif shape == "dotted":
            out.note((key,))
            out.put(f"[{_key(key)}]\n")
            for length in range(1, 3):
                out.note((key, *("x", "y")[:length]))
            out.put("x . 'y' = 1\n")
            continue
        _write_pairs(draw, out, base, number)
    return out


def _write_pairs(draw: st.DrawFn, out: _Writer, base: TomlPath, number: int) -> None:
    for at in range(draw(st.integers(0, 3))):
        name = f"k{number}{at}"
        path = (*base, name)
        out.put(draw(_FILLER) + "\n")
        out.note(path)
        out.put(f"{name} = ")
        _write_value(draw, out, path)
        out.put(draw(st.sampled_from(["", " # said"])) + "\n")


def _write_value(draw: st.DrawFn, out: _Writer, path: TomlPath) -> None:
    shape = draw(st.sampled_from(["plain", "plain", "list", "inline"]))
    if shape == "plain":
        out.put(draw(_VALUES))
    elif shape == "list":
        out.put("[")
        for index in range(draw(st.integers(1, 3))):
            out.put(draw(st.sampled_from(["\n  ", " ", "\n # ,]\n"])))
            out.note((*path, index))
            out.put(draw(_VALUES) + ",")
        out.put("\n]")
    else:
        out.put("{ ")
        for index in range(draw(st.integers(1, 2))):
            out.put(", " if index else "")
            out.note((*path, f"i{index}"))
            out.put(f"i{index} = {draw(_VALUES)}")
        out.put(" }")


def _paths(value: Any, at: TomlPath = ()) -> set[TomlPath]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    paths: set[TomlPath] = set()
    for key, inner in items:
        paths |= {(*at, key)} | _paths(inner, (*at, key))
    return paths


@settings(max_examples=examples(150), deadline=None)
@given(_documents())
def test_every_path_is_found_on_its_line(document: _Writer) -> None:
    raw = tomllib.loads(document.text)
    lines = find_lines(document.text)
    assert lines == document.lines
    assert set(lines) == _paths(raw)


@settings(max_examples=examples(50), deadline=None)
@given(_documents())
def test_windows_line_ends_are_the_same_lines(document: _Writer) -> None:
    assert find_lines(document.text.replace("\n", "\r\n")) == document.lines


def test_a_missing_value_has_the_line_of_its_table() -> None:
    lines = find_lines("a = 1\n\n[b]\nc = 2\n[[d]]\nx = 1\n[[d]]\n")
    assert nearest_line(lines, ("b", "missing")) == 3
    assert nearest_line(lines, ("d", 1, "x")) == 7
    assert nearest_line(lines, ("nothing",)) == 1


def test_a_header_below_an_array_of_tables_belongs_to_its_last_item() -> None:
    lines = find_lines("[[a]]\n[a.b]\nx = 1\n[[a]]\n[[a.c]]\ny = 1\n[[a.c]]\n")
    assert lines["a", 0, "b", "x"] == 3
    assert lines["a", 1, "c", 0, "y"] == 6
    assert lines["a", 1, "c", 1] == 7
