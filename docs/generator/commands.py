"""Reference of the commands: every command of `headland` with its arguments and options."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from docs.generator.tables import table
from station.cli.app import app
from station.cli.exit_codes import EXIT_CODES


def to_markdown() -> str:
    """Return a section for each command."""
    return "\n\n".join(_section(path, command) for path, command in walk())


def exit_codes_to_markdown() -> str:
    """Return the table of exit codes."""
    return table(["code", "meaning"], [(code.value, meaning) for code, meaning in EXIT_CODES.items()])


def walk() -> Iterator[tuple[str, Any]]:
    """Yield each command with its full name, groups before their commands."""
    yield from _walk("headland", typer.main.get_command(app))


def options_of(command: Any) -> set[str]:
    """Return the option names that a command accepts."""
    named = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return {name for name in named if name.startswith("-")} | {"--help"}


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from _walk(f"{path} {name}", child)


def _section(path: str, command: Any) -> str:
    parts = [f"## {path}", (command.help or "").strip()]
    children = getattr(command, "commands", {})
    if children:
        contents = [
            (f"[`{path} {name}`](#{_anchor(f'{path} {name}')})", child.help or "")
            for name, child in children.items()
            if not child.hidden
        ]
        return "\n\n".join([*parts, table(["command", "meaning"], contents), _options(command)]).strip()
    arguments = [parameter for parameter in command.params if not parameter.opts[0].startswith("-")]
    options = [parameter for parameter in command.params if parameter.opts[0].startswith("-") and not parameter.hidden]
    usage = " ".join([path, *(usage_of(argument) for argument in arguments), "[OPTIONS]" if options else ""]).strip()
    parts.append(f"```text\n{usage}\n```")
    return "\n\n".join([*parts, _options(command)]).strip()


def _options(command: Any) -> str:
    """Return the table of a command's arguments and options; nothing where it has none."""
    rows = []
    for parameter in command.params:
        if not parameter.opts[0].startswith("-"):
            rows.append((f"`{usage_of(parameter)}`", "", "", parameter.help or ""))
        elif not parameter.hidden:
            names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
            rows.append((names, type_of(parameter), default_of(parameter), meaning_of(parameter)))
    return table(["option", "type", "default", "meaning"], rows) if rows else ""


def _anchor(title: str) -> str:
    return title.replace(" ", "-")


def usage_of(argument: Any) -> str:
    """Return an argument as a line of usage names it."""
    name = (argument.metavar or argument.name).upper()
    return f"{name}..." if argument.nargs == -1 else str(name)


def type_of(option: Any) -> str:
    """Return the kind of an option's value with its bounds; nothing for a switch."""
    kind = option.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    if kind is bool:
        return ""
    text = str(option.metavar or {"Path": "path", "str": "text"}.get(kind.__name__, kind.__name__))
    bounds = [f"≥ {option.min}" if option.min is not None else "", f"≤ {option.max}" if option.max is not None else ""]
    text = " ".join([text, *filter(None, bounds)])
    return f"{text}, repeatable" if option.multiple else text


def default_of(option: Any) -> str:
    """Return what an option is where it is not given; nothing where that is nothing."""
    if isinstance(option.show_default, str):
        return option.show_default
    default = option.default.value if isinstance(option.default, Enum) else option.default
    return "" if default in (None, False, "", [], ()) or callable(default) else f"`{default}`"


def meaning_of(option: Any) -> str:
    """Return what an option is for, with its environment variable."""
    variable = f" Environment: `{option.envvar}`." if option.envvar else ""
    return f"{option.help or ''}{variable}"
