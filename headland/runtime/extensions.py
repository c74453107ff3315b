"""Extensions: what other distributions add by entry points, found and loaded by one rule.

An extension that cannot be loaded is an `ExtensionError`: one sentence with the name of its distribution,
whatever its code does.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Final, NamedTuple

from headland.errors import SettingsError

SOURCES: Final = "headland.sources"
MQTT_DECODERS: Final = "headland.mqtt_decoders"
FORECAST_PROVIDERS: Final = "headland.forecast_providers"
#: Group of entry points -> what an extension of it is, in sentences.
GROUPS: Final[dict[str, str]] = {
    SOURCES: "source type",
    MQTT_DECODERS: "MQTT decoder",
    FORECAST_PROVIDERS: "provider of forecasts",
}
#: The longest text of another's exception in a sentence.
_LONGEST: Final = 300


class ExtensionError(SettingsError):
    """An extension that is not installed, is installed twice, or does not work; the sentence names its distribution."""


class Extension(NamedTuple):
    """An installed extension: `owner` is the name of its distribution."""

    group: str
    name: str
    owner: str


class LoadedExtension(NamedTuple):
    """What the entry point of a distribution refers to."""

    owner: str
    value: object


def list_extensions() -> tuple[Extension, ...]:
    """Return every installed extension without loading it, by group and name."""
    return tuple(
        sorted({Extension(group, point.name, _owner(point)) for group in GROUPS for point in entry_points(group=group)})
    )


def extension_names(group: str) -> frozenset[str]:
    """Return the names of a group's installed extensions without loading them."""
    return frozenset(entry_points(group=group).names)


def load_extension(group: str, name: str) -> LoadedExtension | None:
    """Load the extension of a name; None where no distribution provides it. Raises ExtensionError."""
    points = {_owner(point): point for point in entry_points(group=group, name=name)}
    if not points:
        return None
    what = f"{GROUPS[group]} {name!r}"
    if len(points) > 1:
        raise ExtensionError(f"{what} is provided by {' and by '.join(sorted(points))}: uninstall one of them")
    ((owner, point),) = points.items()
    try:
        return LoadedExtension(owner, point.load())
    except (Exception, SystemExit) as error:  # whatever its import does
        raise ExtensionError(f"{what} of {owner} cannot be loaded: {describe_failure(error)}") from error


def describe_failure(error: BaseException) -> str:
    """Return kind and text of another's exception in one short line."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # its own text can fail, too
        text = ""
    return f"{type(error).__name__}: {text}"[:_LONGEST]


def _owner(point: EntryPoint) -> str:
    return "an installed distribution" if point.dist is None else point.dist.name
