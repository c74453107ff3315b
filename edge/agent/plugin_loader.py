"""Loader of source types from other distributions: entry points of the group `headland.sources`, named like `type`."""

from __future__ import annotations

import msgspec

from edge.plugins import GatewayIdentity, PluginSettings, SourceType
from edge.sources.source import Sink, Source
from headland.errors import SettingsError
from headland.runtime.extensions import SOURCES, ExtensionError, load_extension


class UnusableSettings(PluginSettings, frozen=True, kw_only=True, tag_field="type", tag="unusable"):
    """Replaces a `[[source]]` table whose plug-in does not work; `reason` is a sentence that names the plug-in."""

    plugin: str
    reason: str


class UnusableSource:
    """Replaces a source that its plug-in cannot make: the other sources run, and the status contains the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def run(self, sink: Sink) -> None:
        """Raise SettingsError: no retry can help."""
        del sink
        raise SettingsError(self._reason)

    def stop(self) -> None:
        """Do nothing: no source runs."""

    def counters(self) -> dict[str, int]:
        """Return no counters: nothing was read."""
        return {}


def load_source_type(tag: str) -> SourceType | str | None:
    """Return the source type that an installed distribution provides as `tag`, or a sentence where it does not work.

    None where no distribution provides it.
    """
    try:
        found = load_extension(SOURCES, tag)
    except ExtensionError as error:
        return str(error)
    if found is None:
        return None
    loaded, owner = found.value, found.owner
    if not isinstance(loaded, SourceType) or not _is_tagged(loaded.settings, tag):
        wanted = f"an edge.plugins.SourceType whose PluginSettings have the tag {tag!r}"
        return f"source type {tag!r} of {owner} is not {wanted}"
    return loaded


def build_plugin_source(settings: PluginSettings, gateway: GatewayIdentity) -> Source:
    """Return the source that a plug-in makes of its settings, or one that raises the reason why it cannot."""
    tag, name = tag_of(settings), settings.name
    if isinstance(settings, UnusableSettings):
        return UnusableSource(name, settings.reason)
    kind = load_source_type(tag)
    if not isinstance(kind, SourceType):
        return UnusableSource(name, kind or f"source type {tag!r} is no longer installed")
    try:
        return kind.build(settings, gateway)
    except Exception as error:  # whatever its code does
        return UnusableSource(
            name, f"source {name!r} of type {tag!r} cannot be created: {type(error).__name__}: {error}"
        )


def tag_of(settings: msgspec.Struct) -> str:
    """Return the `type` of settings in edge.toml."""
    return settings.plugin if isinstance(settings, UnusableSettings) else str(settings.__struct_config__.tag)


def _is_tagged(settings: object, tag: str) -> bool:
    return (
        isinstance(settings, type)
        and issubclass(settings, PluginSettings)
        and settings.__struct_config__.tag_field == "type"
        and settings.__struct_config__.tag == tag
    )
