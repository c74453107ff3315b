"""Alarm rules that the farm sent to this gateway: accepted or refused, in use, and kept on its disk.

The file is beside the spool: a gateway that starts without a network goes on with the rules that it had.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge.pipeline.alarms.rule_tables import AlarmRule, find_mistake
from headland.clock import wall_clock_ms
from headland.contract.codec import MAX_DATA_NAME, MAX_NAMED_RULES
from headland.contract.gateway_rules import (
    MAX_RULES_BYTES,
    GatewayRules,
    RulesRefusal,
    decode_rules,
    is_newer,
    read_content,
)
from headland.contract.records import RulesReport
from headland.contract.texts import displayable

_LOGGER = logging.getLogger(__name__)

RULES_FILE: Final = "farm_rules.json"
_NAMELESS: Final = "?"


class _StoredRules(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the file: the message as it came, and since when it is in use."""

    since_ms: int
    message: msgspec.Raw


class _Named(msgspec.Struct, frozen=True):
    """The name of a rule that cannot be read."""

    name: str = _NAMELESS


@dataclass(frozen=True, slots=True)
class UsableRules:
    """Rules of a revision that this gateway can evaluate; `refused` names the others."""

    rules: tuple[AlarmRule, ...] = ()
    refused: tuple[str, ...] = ()
    inactive: frozenset[str] = frozenset()
    place_deg: tuple[float, float] | None = None


def usable_rules(message: GatewayRules) -> UsableRules:
    """Return what of a message can be evaluated; never raises for one that `decode_rules` returned."""
    content = read_content(message)
    rules: list[AlarmRule] = []
    refused: list[str] = []
    seen: set[tuple[str, str | None]] = set()
    for raw in content.rules:
        try:
            rule = msgspec.json.decode(raw, type=AlarmRule)
            mistake = find_mistake(rule) or ("" if (rule.name, rule.device) not in seen else "twice")
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
            refused.append(_name_in(raw))
            continue
        if mistake:
            refused.append(rule.name)
            continue
        seen.add((rule.name, rule.device))
        rules.append(rule)
    latitude_deg, longitude_deg = content.latitude_deg, content.longitude_deg
    place_deg = None if latitude_deg is None or longitude_deg is None else (latitude_deg, longitude_deg)
    return UsableRules(tuple(rules), tuple(refused), frozenset(content.inactive), place_deg)


class FarmRules:
    """The farm's rules in use. `offer` is called by the uplink's thread, all else by the agent's.

    `is_wanted` is False where edge.toml keeps the gateway to its own rules: then nothing is read or taken. Of several
    messages that come between two looks the newest counts.
    """

    def __init__(
        self,
        data_dir: Path,
        gateway: str,
        key: str | None,
        *,
        is_wanted: bool = True,
        own: Sequence[str] = (),
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """Read the file. `own` are the names of the rules in edge.toml and its files."""
        self._path = data_dir / RULES_FILE
        self._gateway, self._key = gateway, key
        self.is_wanted = is_wanted
        self._own = frozenset(own)
        self._now_ms = now_ms
        self._offered: bytes | None = None
        self._held: GatewayRules | None = None
        self._since_ms: int | None = None
        self._is_saved = True
        self._rejected: tuple[str, str, int] | None = None
        self._counts: Counter[str] = Counter()
        self.usable: UsableRules | None = None
        if is_wanted:
            self._read()

    def offer(self, payload: bytes) -> None:
        """Note a message for the next `take`; from any thread, at once."""
        if len(payload) > MAX_RULES_BYTES:
            payload = payload[: MAX_RULES_BYTES + 1]  # enough to be refused as too large
        self._offered = payload

    def take(self) -> bool:
        """Accept or refuse the newest message that was offered; return whether other rules are in use now."""
        payload, self._offered = self._offered, None
        is_changed = payload is not None and self.is_wanted and self._accept(payload)
        if not self._is_saved:
            self._save()
        return is_changed

    def report(self) -> RulesReport:
        """Return what the gateway's status says of the rules; from any thread."""
        if not self.is_wanted:
            return RulesReport(own=True)
        held, usable = self._held, self.usable
        rejected, revision, rejected_ms = self._rejected or ("", "", None)
        if held is None or usable is None:
            return RulesReport(rejected=rejected, rejected_revision=revision, rejected_ms=rejected_ms)
        replaced = sorted(self._own & {rule.name for rule in usable.rules})
        return RulesReport(
            number=held.number,
            revision=held.revision,
            since_ms=self._since_ms,
            applied=len(usable.rules),
            refused=len(usable.refused),
            refused_names=usable.refused[:MAX_NAMED_RULES],
            replaced=len(replaced),
            replaced_names=tuple(replaced[:MAX_NAMED_RULES]),
            rejected=rejected,
            rejected_revision=revision,
            rejected_ms=rejected_ms,
            unsaved=not self._is_saved,
        )

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of messages so far: taken, repeated, and refused by reason."""
        return {f"farm_rules_{name}": count for name, count in sorted(self._counts.copy().items())}

    def _accept(self, payload: bytes) -> bool:
        message = decode_rules(payload, self._gateway, self._key)
        if isinstance(message, RulesRefusal):
            self._refuse(message, "")
            return False
        held = self._held
        if held is not None and not is_newer(message.number, message.revision, held.number, held.revision):
            self._refuse(RulesRefusal.OLDER, message.revision)
            return False
        self._rejected = None
        if held is not None and message.revision == held.revision:
            self._counts["repeated"] += 1
            if message.number > held.number:
                self._held, self._is_saved = message, False
            return False
        self._use(message, max(0, self._now_ms()))
        self._is_saved = False
        self._counts["taken"] += 1
        _LOGGER.info("the farm's alarm rules %s are in use", message.revision)
        return True

    def _use(self, message: GatewayRules, since_ms: int) -> None:
        self._held, self._since_ms, self.usable = message, since_ms, usable_rules(message)
        if self.usable.refused:
            names = ", ".join(self.usable.refused[:MAX_NAMED_RULES])
            _LOGGER.warning("%d alarm rules of the farm cannot be evaluated: %s", len(self.usable.refused), names)

    def _refuse(self, why: RulesRefusal, revision: str) -> None:
        self._counts[f"refused_{why}"] += 1
        if self._rejected is None or self._rejected[:2] != (why, revision):
            self._rejected = (why, revision, max(0, self._now_ms()))
            _LOGGER.warning("a message of alarm rules was refused: %s", why)

    def _read(self) -> None:
        try:
            stored = msgspec.json.decode(self._path.read_bytes(), type=_StoredRules)
            # What is on this disk was checked when it came: a new key does not undo it.
            message = decode_rules(bytes(stored.message), self._gateway, None)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
            message, why = RulesRefusal.NOT_READABLE, str(error)
        else:
            why = str(message) if isinstance(message, RulesRefusal) else ""
        if isinstance(message, RulesRefusal):
            self._counts["unreadable_file"] += 1
            _LOGGER.warning("%s cannot be used, the farm's rules are awaited: %s", self._path, why)
            return
        self._use(message, stored.since_ms)

    def _save(self) -> None:
        """Write the file in one step, and onto the disk; a full disk is tried again with the next look."""
        if self._held is None or self._since_ms is None:
            return
        stored = _StoredRules(since_ms=self._since_ms, message=msgspec.Raw(msgspec.json.encode(self._held)))
        new_file = self._path.with_suffix(".json.new")
        try:
            with new_file.open("wb") as file:
                file.write(msgspec.json.encode(stored))
                file.flush()
                os.fsync(file.fileno())
            new_file.replace(self._path)
        except OSError as error:
            _LOGGER.debug("the farm's alarm rules cannot be written: %s", error)
        else:
            self._is_saved = True


def _name_in(raw: msgspec.Raw) -> str:
    """Return the name in a rule that cannot be read, as far as it can be shown."""
    try:
        name = msgspec.json.decode(raw, type=_Named).name
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        return _NAMELESS
    return displayable(name)[:MAX_DATA_NAME] or _NAMELESS
