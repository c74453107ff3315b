"""A TOML file read into a checked structure; what is wrong is said as `file:line: sentence`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import inspect

from edge.toml.positions import TomlPath, find_lines, nearest_line
from headland.contract.records import NAME
from headland.errors import SettingsError

T = TypeVar("T")

_WHERE: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\.([A-Za-z0-9_]+)|\[([0-9]+)\]|\[\.\.\.\]")
_QUOTED: Final = re.compile(r"field `([^`]*)`")
_SECRETS: Final = frozenset({"password"})
_NAME_WORDS: Final = "a name of letters, digits, dots, underscores and dashes, at most 64"


class TomlFile(Generic[T]):
    """A file that has been read and not yet checked: `raw` and `kind` may be replaced before `convert` checks it.

    `overrides` names, for a path in `raw`, who set it in the file's stead (an environment variable).
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self.kind = kind
        self.name = path.name
        self.overrides: dict[TomlPath, str] = {}
        try:
            text = path.read_bytes().decode()
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise SettingsError(
                f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}"
            ) from error
        try:
            self.raw: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(_say_syntax(self.name, text, error)) from error
        self._lines = find_lines(text)

    def override(self, path: tuple[str, ...], value: object, who: str) -> None:
        """Set a value in the file's stead; `who` is what an error will name."""
        table = self.raw
        for key in path[:-1]:
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                return  # the file's own mistake, which `convert` reports
            table = inner
        table[path[-1]] = value
        self.overrides[path] = who

    def convert(self) -> T:
        """Return the checked structure. Raises SettingsError with the line of the first mistake."""
        try:
            return msgspec.convert(self.raw, self.kind)
        except msgspec.ValidationError as error:
            raise self._explain(str(error)) from None

    def error(self, path: TomlPath, sentence: str) -> SettingsError:
        """Return the error that says `sentence` at the line of `path`."""
        return SettingsError(f"{self.name}:{nearest_line(self._lines, path)}: {sentence}")

    def _explain(self, message: str) -> SettingsError:
        match = _WHERE.match(message)
        what, where = (match["what"], match["path"] or "$") if match is not None else (message, "$")
        path = _split_path(where)
        field = _QUOTED.search(what)
        if what.startswith("Object missing required field") and field is not None:
            path = (*path, field[1])
            return self.error(path, f"{_dotted(path)} is missing")
        if what.startswith("Object contains unknown field") and field is not None:
            known = _field_names(_type_at(self.kind, self.raw, path))
            close = difflib.get_close_matches(field[1], known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
            path = (*path, field[1])
            return self.error(path, f"{_dotted(path)} is not known; {hint}")
        value = _value_at(self.raw, path)
        wanted = _wanted(_type_at(self.kind, self.raw, path), value)
        if wanted is None or not what.startswith(("Expected", "Invalid")):
            return self.error(path, f"{_dotted(path)}: {what}" if path else what)
        said = "" if path and path[-1] in _SECRETS else f", not {_show(value)}"
        who = self.overrides.get(path)
        if who is not None:
            return SettingsError(f"{who} must be {wanted}{said}")
        return self.error(path, f"{_dotted(path)} must be {wanted}{said}")


def _say_syntax(name: str, text: str, error: tomllib.TOMLDecodeError) -> str:
    message = str(error)
    match = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if match is None:
        return (
            f"{name}:{text.count(chr(10)) + 1}: {message.removesuffix(' (at end of document)')} at the end of the file"
        )
    return f"{name}:{match[1]}: {message[: match.start()]} (column {match[2]})"


def _split_path(where: str) -> TomlPath:
    steps: list[str | int] = []
    for match in _STEP.finditer(where):
        if match[1] is not None:
            steps.append(match[1])
        elif match[2] is not None:
            steps.append(int(match[2]))
    return tuple(steps)


def _dotted(path: TomlPath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _value_at(raw: object, path: TomlPath) -> object:
    for step in path:
        if (isinstance(raw, dict) and step in raw) or (isinstance(raw, list) and isinstance(step, int)):
            raw = raw[step]  # type: ignore[index] # a list takes the int that the line above asked for
        else:
            return None
    return raw


def _alternatives(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    if isinstance(kind, inspect.UnionType):
        return tuple(one for one in kind.types if not isinstance(one, inspect.NoneType))
    return (kind,)


def _type_at(kind: type, raw: object, path: TomlPath) -> tuple[inspect.Type, ...]:
    """Return the types that may stand at `path`; of tagged structures the one that the file's own tag picks."""
    types = _alternatives(inspect.type_info(kind))
    for depth, step in enumerate(path):
        here = _picked(types, _value_at(raw, path[:depth]))
        found: list[inspect.Type] = []
        for one in here:
            if isinstance(one, inspect.StructType):
                found += [
                    inner for field in one.fields if field.encode_name == step for inner in _alternatives(field.type)
                ]
                if step == one.tag_field:
                    found.append(inspect.LiteralType((one.tag,)))
            elif isinstance(one, inspect.ListType):
                found += _alternatives(one.item_type)
        types = tuple(found)
    return _picked(types, _value_at(raw, path))


def _picked(types: tuple[inspect.Type, ...], value: object) -> tuple[inspect.Type, ...]:
    if not isinstance(value, Mapping):
        return types
    picked = tuple(
        one
        for one in types
        if isinstance(one, inspect.StructType) and one.tag_field and value.get(one.tag_field) == one.tag
    )
    return picked or types


def _field_names(types: tuple[inspect.Type, ...]) -> set[str]:
    names: set[str] = set()
    for one in types:
        if isinstance(one, inspect.StructType):
            names |= {field.encode_name for field in one.fields} | ({one.tag_field} if one.tag_field else set())
    return names


def _wanted(types: tuple[inspect.Type, ...], value: object) -> str | None:
    """Return what may stand there in words, or None where there are none."""
    words = [word for one in types if (word := _word(one, value)) is not None]
    return " or ".join(words) if words else None


def _word(kind: inspect.Type, value: object) -> str | None:
    match kind:
        case inspect.IntType():
            bounds = _bounds(kind)
            return bounds if bounds and type(value) is int else f"a whole number{bounds and f' ({bounds})'}"
        case inspect.FloatType():
            bounds = _bounds(kind)
            return bounds if bounds and type(value) in (int, float) else f"a number{bounds and f' ({bounds})'}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType() if isinstance(value, str) and kind.pattern:
            return _NAME_WORDS if NAME.pattern in kind.pattern else f"text like {kind.pattern}"
        case inspect.StrType() if isinstance(value, str) and kind.min_length:
            return f"text of at least {kind.min_length} characters"
        case inspect.StrType():
            return "text in quotes"
        case inspect.LiteralType():
            return _one_of(kind.values)
        case inspect.EnumType():
            return _one_of(member.value for member in kind.cls)
        case inspect.ListType():
            return "a list"
        case inspect.StructType():
            return "a table"
    return None


def _one_of(values: Iterable[object]) -> str:
    return " or ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in values)


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    if low is not None and high is not None:
        return f"{low}..{high}"
    if low is not None:
        return f"{low} or more" if kind.ge is not None else f"more than {low}"
    if high is not None:
        return f"{high} or less" if kind.le is not None else f"less than {high}"
    return ""


def _show(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:60]}"'
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value).lower() if isinstance(value, bool) else str(value)
