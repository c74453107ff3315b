"""Groups of typer's commands whose options may be declared as `Option`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar, get_args

import typer

from station.cli.option import Option

F = TypeVar("F", bound=Callable[..., Any])


class Commands(typer.Typer):
    """A group of commands."""

    def command(self, name: str | None = None, **shown: Any) -> Callable[[F], F]:
        """Register a function as a command, and return it as it is."""
        register = super().command(name, **shown)

        def add(function: F) -> F:
            register(_with_options_of_typer(function))
            return function

        return add


def _with_options_of_typer(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with each `Option` of its signature as typer's."""
    signature = inspect.signature(function, eval_str=True)
    parameters = [each.replace(annotation=_of_typer(each.annotation)) for each in signature.parameters.values()]

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        return function(*given, **named)

    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined] # inspect reads it
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    return call


def _of_typer(annotation: Any) -> Any:
    kind, *details = get_args(annotation) if hasattr(annotation, "__metadata__") else (annotation,)
    option = next((each for each in details if isinstance(each, Option)), None)
    if option is None:
        return annotation
    return Annotated[kind, typer.Option(*option.names, envvar=option.envvar, **option.shown)]
