"""Damage of a file: what was found, kept and lost, noted beside the file until a person acknowledges it."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from headland.errors import DataDamaged

_LOGGER = logging.getLogger(__name__)

#: Acknowledged notes that are kept.
_MOST_NOTES: Final = 100

DamageKind = Literal["log", "file", "deleted", "replaced", "note"]


class FileDamage(msgspec.Struct, frozen=True, kw_only=True):
    """Damage of a file: `sentence` says what was lost; `kept` names the files that hold the damaged bytes.

    [start_ms, end_ms) holds the times of the lost and of the suspect samples, as far as they are known. `lost_samples`
    is None where nobody knows how many were lost; the events are unknown as well then. `suspect_samples` are kept and
    flagged: their values may be wrong. `is_verified` is False where the list of rows was damaged itself: more may be
    lost than the note says.
    """

    kind: Annotated[DamageKind, "Kind of damage."]
    found_ms: Annotated[int, "Time of the finding, epoch milliseconds UTC."]
    sentence: Annotated[str, "What was found, lost and kept."]
    kept: Annotated[tuple[str, ...], "Files beside the store with the damaged bytes."] = ()
    lost_samples: Annotated[int | None, "Lost samples; null where they are not known."] = None
    lost_events: Annotated[int, "Lost events, where the lost samples are known."] = 0
    suspect_samples: Annotated[int, "Samples that may be wrong and are flagged as suspect."] = 0
    is_verified: Annotated[bool, "False where more may be lost than is known."] = True
    start_ms: Annotated[int | None, "Start of the times of lost samples, where known."] = None
    end_ms: Annotated[int | None, "End of the times of lost samples, where known."] = None
    acknowledged_ms: Annotated[int | None, "Time of the acknowledgement."] = None
    acknowledged_by: Annotated[str, "Who acknowledged it."] = ""

    @property
    def may_lack_data(self) -> bool:
        """Whether data that was in the file may be missing or wrong."""
        is_known = self.is_verified and self.lost_samples is not None
        return not is_known or bool(self.lost_samples or self.lost_events or self.suspect_samples)


def note_path(path: Path) -> Path:
    """Return the path of a file's notes."""
    return path.with_name(path.name + ".damage.json")


def load_notes(path: Path) -> list[FileDamage]:
    """Return the notes of a file, oldest first; notes that cannot be read are a damage themselves."""
    notes = note_path(path)
    if not notes.exists():
        return []
    try:
        return msgspec.json.decode(notes.read_bytes(), type=list[FileDamage])
    except (OSError, msgspec.MsgspecError):
        sentence = f"The notes on damage of {path}, {notes}, cannot be read: look for files named *.damaged-*."
        return [FileDamage(kind="note", found_ms=round(time.time() * 1000), sentence=sentence)]


def add_note(path: Path, damage: FileDamage) -> None:
    """Add a note, durably, and log it."""
    _LOGGER.error("%s", damage.sentence)
    _save(path, [*load_notes(path), damage])


def replace_last(path: Path, damage: FileDamage) -> None:
    """Replace the newest note by one that says more."""
    _save(path, [*load_notes(path)[:-1], damage])


def acknowledge_notes(path: Path, now_ms: int, by: str) -> list[FileDamage]:
    """Acknowledge all open notes; return those that were open."""
    notes = load_notes(path)
    is_open = [note for note in notes if note.acknowledged_ms is None]
    if is_open:
        changed = (
            note
            if note.acknowledged_ms is not None
            else msgspec.structs.replace(note, acknowledged_ms=now_ms, acknowledged_by=by)
            for note in notes
        )
        _save(path, list(changed))
    return is_open


def open_sentences(notes: list[FileDamage]) -> tuple[str, ...]:
    """Return the sentences of the notes that nobody has acknowledged."""
    return tuple(note.sentence for note in notes if note.acknowledged_ms is None)


def _save(path: Path, notes: list[FileDamage]) -> None:
    target = note_path(path)
    part = target.with_name(target.name + ".writing")
    is_open = [note for note in notes if note.acknowledged_ms is None]
    closed = [note for note in notes if note.acknowledged_ms is not None][-_MOST_NOTES:]
    kept = sorted([*closed, *is_open], key=lambda note: note.found_ms)
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(kept), indent=1))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DataDamaged(
            f"The damage of {path} cannot be noted ({error.strerror}); the store stays closed."
        ) from error
