"""Words of a command line that start a service, read by the signature of its function.

Whatever is unusual in them, and every mistake, is left to typer, which explains it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_origin

from station.cli.option import Option

_SIMPLE: Final = (str, int, float, Path)


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of a service's function: the type of its values without None, and its option."""

    kind: Any
    option: Option
    is_required: bool
    #: The option's names, and what a flag of each means; None for an option that takes a value.
    names: Mapping[str, bool | None]


def read_words(
    function: Callable[..., None], words: Sequence[str], environ: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the arguments of a service's function that are given; None where typer has to read the words."""
    parameters = {
        each.name: _described(each) for each in inspect.signature(function, eval_str=True).parameters.values()
    }
    try:
        given: dict[str, list[str | bool]] = {}
        for key, value in _pairs(parameters, list(words)):
            given.setdefault(key, []).append(value)
        for key, parameter in parameters.items():
            if key not in given and parameter.option.envvar and environ.get(parameter.option.envvar):
                given[key] = [environ[parameter.option.envvar]]
            if key not in given and parameter.is_required:
                return None
        return {key: _converted(parameters[key].kind, values) for key, values in given.items()}
    except ValueError:
        return None


def _described(parameter: inspect.Parameter) -> _Parameter:
    annotation, *details = _unwrapped(parameter.annotation)
    members = get_args(annotation)
    kind = next(each for each in members if each is not NoneType) if NoneType in members else annotation
    option = next((each for each in details if isinstance(each, Option)), Option())
    plain = parameter.name.replace("_", "-")
    declared = option.names or ((f"--{plain}/--no-{plain}",) if kind is bool else (f"--{plain}",))
    names: dict[str, bool | None] = {}
    for name in declared:
        yes, slash, no = name.partition("/")
        names[yes] = True if kind is bool else None
        if slash:
            names[no] = False
    return _Parameter(kind, option, parameter.default is parameter.empty, names)


def _unwrapped(annotation: Any) -> tuple[Any, ...]:
    """Return the type in `Annotated[...]` and its details."""
    return get_args(annotation) if hasattr(annotation, "__metadata__") else (annotation,)


def _pairs(parameters: Mapping[str, _Parameter], left: list[str]) -> Iterator[tuple[str, str | bool]]:
    """Yield the parameter and the value of each option; raises ValueError where typer has to look at it."""
    key_of = {name: key for key, parameter in parameters.items() for name in parameter.names}
    while left:
        name, is_joined, value = left.pop(0).partition("=")
        if name not in key_of or (is_joined and not name.startswith("--")):
            raise ValueError(f"{name} is unknown")
        key = key_of[name]
        flag = parameters[key].names[name]
        if flag is not None and not is_joined:
            yield key, flag
        elif flag is None and is_joined:
            yield key, value
        elif flag is None and left and not left[0].startswith("-"):
            yield key, left.pop(0)
        else:
            raise ValueError(f"{name} has no plain value")


def _converted(kind: Any, values: Sequence[str | bool]) -> Any:
    """Return the value of an option; raises ValueError where typer has to look at it."""
    last = values[-1]
    if isinstance(last, bool):
        return last
    if get_origin(kind) is list and get_args(kind) == (str,):
        return list(values)
    if kind in _SIMPLE or (isinstance(kind, type) and issubclass(kind, Enum)):
        return kind(last)
    raise ValueError(f"{kind} is not read here")
