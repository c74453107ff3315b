"""Shapes of answers and bodies that differ from the records they are made of, and the time and id of the examples."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

#: Time of the examples: 2026-11-24T08:00:00Z.
EXAMPLE_MS: Final = 1_795_507_200_000
#: Id of the examples.
EXAMPLE_ID: Final = "01k9v4k8r0q3m8x5w7t2n6y4c1"
#: What the registry sets in each of its records.
KEPT: Final = ("id", "version", "created_ms", "changed_ms")


def fill(kind: type[T], /, *records: object, **values: Any) -> T:
    """Return a shape with `values`, and in every other field what a record has under the same name, else its default.

    Of several records it is the first that has it. Raises TypeError for a field that has neither.
    """
    for name in kind.__struct_fields__:
        if name not in values and (having := [record for record in records if hasattr(record, name)]):
            values[name] = getattr(having[0], name)
    return kind(**values)


def answer_of_record(
    record: type, *names: str, without: tuple[str, ...] = ("version", "changed_ms")
) -> Callable[[type[T]], type[T]]:
    """Return a decorator of an answer that declares what differs: it has all other fields of `record` with their texts.

    With `names` it has only those. A field is always there, and has no bounds: they are those of what is entered.
    """

    def declare(shape: type[T]) -> type[T]:
        return _declare(shape, {name: (_unbound(hint),) for name, hint in _types_of(record, names, without).items()})

    return declare


def body_of_record(record: type[msgspec.Struct], *, without: tuple[str, ...] = KEPT) -> Callable[[type[T]], type[T]]:
    """Return a decorator of a body that declares what differs: it has all other fields of `record`, with their bounds.

    What has a default in the record may be absent.
    """

    def declare(shape: type[T]) -> type[T]:
        defaults = {field.name: _default_of(field) for field in msgspec.structs.fields(record)}
        types = _types_of(record, (), without)
        return _declare(shape, {name: (hint, *defaults[name]) for name, hint in types.items()})

    return declare


def _declare(shape: type[T], taken: dict[str, tuple[Any, ...]]) -> type[T]:
    """Return a shape with fields of a record, each by type and default, and its own: in their place, else at the end.

    A field of its own that has no text has that of the record.
    """
    hints = get_type_hints(shape, include_extras=True)
    own = {}
    for field in msgspec.structs.fields(shape):
        hint, text = hints[field.name], _text_of(taken.get(field.name, (None,))[0])
        own[field.name] = (hint if _text_of(hint) or not text else Annotated[hint, text], *_default_of(field))
    kept = {name: value for name, value in vars(shape).items() if name not in own and not name.startswith("__")}
    declared: Any = msgspec.defstruct(
        shape.__name__,
        [(name, *field) for name, field in (taken | own).items()],
        bases=shape.__bases__,
        module=shape.__module__,
        namespace={**kept, "__doc__": shape.__doc__},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=shape.__struct_config__.forbid_unknown_fields,
    )
    return declared  # type: ignore[no-any-return]


def _types_of(record: type, names: tuple[str, ...], without: tuple[str, ...]) -> dict[str, Any]:
    """Return the types of a record's fields; of a property that is named, what it returns, with its docstring."""
    hints = get_type_hints(record, include_extras=True)
    for name in set(names) - hints.keys():
        made = getattr(record, name).fget
        returned = get_type_hints(made, include_extras=True)["return"]
        hints[name] = Annotated[returned, made.__doc__]
    return {name: hints[name] for name in names or hints if names or name not in without}


def _default_of(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    """Return the default of a field, or none."""
    if field.required:
        return ()
    return (
        (msgspec.field(default_factory=field.default_factory),)
        if field.default is msgspec.NODEFAULT
        else (field.default,)
    )


def _text_of(hint: Any) -> str | None:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, str)), None)


def _unbound(hint: Any) -> Any:
    """Return a type without bounds, with its text."""
    origin, text = get_origin(hint), _text_of(hint)
    if origin is Annotated:
        inner = _unbound(hint.__origin__)
        return inner if text is None else Annotated[inner, text]
    if origin in {Union, UnionType}:
        return functools.reduce(operator.or_, map(_unbound, get_args(hint)))
    if origin in {list, tuple, dict}:
        return origin[tuple(map(_unbound, get_args(hint)))]
    return hint
