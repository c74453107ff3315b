"""Repair of a DuckDB store before it is opened: its log, and blocks that differ from their checksums.

The damaged file is never changed: it keeps its bytes under another name, and what is certain of it goes into the store.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from headland.clock import utc_text
from headland.errors import DataDamaged, RetryLater
from headland.files.damage_notes import FileDamage, add_note
from headland.store.duckdb.paths import (
    aside_of,
    copy_of,
    move_aside,
    parity_of,
    remove_database,
    size_of,
    sync_folder,
    wal_of,
)
from headland.store.duckdb.repair.blocks import BlockReport, DamagedBlock, corrected, find_damaged, mend_blocks
from headland.store.duckdb.repair.file_lists import GroupId, list_used_blocks, take_fingerprints
from headland.store.duckdb.repair.log_file import scan_log
from headland.store.duckdb.repair.log_repair import locked
from headland.store.duckdb.repair.parity import ParityFile
from headland.store.duckdb.repair.salvage import Salvage, salvage

_ROOM: Final = 1.1
_MOST_INSPECTION_S: Final = 20.0
#: Time for the corrections of a list of tables and rows; and while none of them makes the tables readable.
_MOST_TRIALS_S: Final = 30.0
_MOST_SEARCH_S: Final = 600.0
_WHAT: Final = {
    "points": "samples",
    "events": "events",
    "source_mark": "marks of gateways",
    "series": "names of series",
    "devices": "descriptions of devices",
    "conflicts": "conflict records",
    "retention": "settings of the retention",
}


def repair_file(path: Path, reason: str, now_ms: int) -> FileDamage:
    """Replace a damaged file by a corrected or a salvaged one, keep the damaged one, and return the note.

    Raises RetryLater without room for the copies, and DataDamaged where nothing can be salvaged: the file was moved
    aside then, and the next opening makes an empty one.
    """
    needed, there = 2 * (size_of(path) + size_of(wal_of(path))), shutil.disk_usage(path.parent).free
    if there < needed * _ROOM:
        raise RetryLater(
            f"The store {path} is damaged ({reason}), and its repair needs {needed / 1e6:,.0f} MB of disk: "
            f"free some, or move {path.name} away to begin with an empty store."
        )
    work, built = path.with_name(path.name + ".salvaging"), copy_of(path)
    with locked(path):
        remove_database(work)
        shutil.copyfile(path, work)
        if wal_of(path).exists():
            shutil.copyfile(wal_of(path), wal_of(work))
    remove_database(built)
    try:
        blocks = mend_blocks(work, ParityFile(parity_of(path)))
        if not blocks.damaged and (blocks.corrected or blocks.restored) and _needs_none(work, blocks.missing):
            return _exchange(path, work, _corrected(path, blocks, now_ms), keeps_log=True)
        found = _salvage(work, built, blocks)
        return _exchange(path, built, _salvaged(path, found, blocks, now_ms), keeps_log=False)
    except DataDamaged as error:
        kept = aside_of(path, now_ms)
        sentence = (
            f"The store {path} was not readable ({reason}) and was moved to {kept.name}; nothing of it could be "
            f"salvaged ({error}) and an empty store was begun. Restore a back-up; the delivery of each gateway names "
            "the records."
        )
        add_note(path, FileDamage(kind="file", found_ms=now_ms, sentence=sentence, kept=(kept.name,)))
        raise DataDamaged(f"The store {path} was not readable and was moved to {move_aside(path, now_ms)}.") from error
    finally:
        remove_database(work)
        remove_database(built)


def inspect_files(path: Path) -> str | None:
    """Return what is wrong with a store that no process has open, None for nothing; changes nothing."""
    location = find_damaged(path, _MOST_INSPECTION_S, ParityFile(parity_of(path)))
    if location is not None:
        return f"the block at byte {location:,} of {path} differs from its checksum"
    log = wal_of(path).read_bytes() if wal_of(path).exists() else b""
    if log and scan_log(log).is_damaged:
        return f"the log {wal_of(path)} is damaged"
    return None


def note_deleted(path: Path, now_ms: int) -> None:
    """Note a store whose file is gone while its log remains, and move the log away: no other file can use it."""
    kept = wal_of(aside_of(path, now_ms))
    sentence = (
        f"The file of the store {path} is gone, and its log is kept as {kept.name}; an empty store was begun. Put the "
        "file back or restore a back-up; the delivery of each gateway names the missing records."
    )
    add_note(path, FileDamage(kind="deleted", found_ms=now_ms, sentence=sentence, kept=(kept.name,)))
    wal_of(path).rename(kept)


def _salvage(work: Path, built: Path, blocks: BlockReport) -> Salvage:
    """Salvage a mended copy; each damaged block with the lists of rows is corrected first.

    One of its suspects is the wrong bit. Corrections with which the tables can be read and agree with their statistics
    are possible; row groups in which they differ are uncertain. The right one is among them, if all were tried.
    """
    damaged, uncertain, verified = dict(blocks.damaged), set[GroupId](), True
    for number, block in blocks.damaged.items():
        used = list_used_blocks(work)
        if number < 0:
            # A header that is lost may have been that of a later checkpoint.
            verified = False
            continue
        if used is not None and number not in used.lists:
            continue
        possible, all_tried = _try_corrections(work, block)
        if possible and possible[0][0] is not None:
            with corrected(work, block, possible[0][0]):
                pass
        if possible:
            del damaged[number]
        verified &= bool(possible) and all_tried
        uncertain |= _differences([prints for _, prints in possible])
    used = list_used_blocks(work)
    for number in blocks.missing:
        if used is None or number in used.lists or number in used.columns:
            damaged[number] = DamagedBlock.missing(number)
            verified &= used is not None and number not in used.lists
    found = salvage(work, built, damaged, uncertain)
    found.verified = verified
    return found


def _try_corrections(work: Path, block: DamagedBlock) -> tuple[list[tuple[int | None, dict[GroupId, object]]], bool]:
    """Return the possible corrections of a block with fingerprints of the rows, and whether all were tried.

    None stands for all corrections of bytes that are not in use: the rest is as it should be then. Until one is found,
    the search goes on for longer.
    """
    possible: list[tuple[int | None, dict[GroupId, object]]] = []
    began_s, known = time.monotonic(), dict[object, object]()
    with suppress(DataDamaged):
        possible.append((None, take_fingerprints(work, known)))
    for suspect in [] if block.suspects is None else block.suspects.tolist():
        if time.monotonic() - began_s > (_MOST_TRIALS_S if possible else _MOST_SEARCH_S):
            return possible, False
        with suppress(DataDamaged), corrected(work, block, suspect):
            possible.append((suspect, take_fingerprints(work, known)))
            raise DataDamaged("only tried")
    return possible, block.suspects is not None


def _needs_none(work: Path, missing: set[int]) -> bool:
    """Return whether a mended copy uses none of the blocks that were missing behind its end."""
    used = list_used_blocks(work) if missing else None
    return not missing or (used is not None and not missing & (used.lists | used.columns))


def _differences(possible: list[dict[GroupId, object]]) -> set[GroupId]:
    """Return the row groups that are not the same in all."""
    names = {name for prints in possible for name in prints}
    return {name for name in names if any(prints.get(name) != possible[0].get(name) for prints in possible)}


def _exchange(path: Path, repaired: Path, damage: FileDamage, *, keeps_log: bool) -> FileDamage:
    """Give the repaired file the store's name in one step, and the damaged one the name in the note."""
    kept = path.with_name(damage.kept[0])
    _sync(repaired)
    add_note(path, damage)
    try:
        os.link(path, kept)
    except OSError:  # a file system without hard links
        path.rename(kept)
    if keeps_log and wal_of(path).exists():
        shutil.copyfile(wal_of(path), wal_of(kept))
    repaired.replace(path)
    if not keeps_log and wal_of(path).exists():
        wal_of(path).rename(wal_of(kept))
    sync_folder(path.parent)
    return damage


def _corrected(path: Path, blocks: BlockReport, now_ms: int) -> FileDamage:
    kept = aside_of(path, now_ms).name
    parts = []
    if blocks.restored:
        pages = "one damaged page was" if blocks.restored == 1 else f"{blocks.restored} damaged pages were"
        parts.append(f"{pages} restored by the parity")
    if blocks.corrected:
        bits = "one flipped bit was" if blocks.corrected == 1 else f"{blocks.corrected} flipped bits were"
        parts.append(f"{bits} corrected by the checksums")
    done = " and ".join(parts)
    sentence = (
        f"{done[0].upper()}{done[1:]} in the store {path}, and nothing was lost; the damaged file is kept as {kept}. "
        "Examine disk and memory."
    )
    return FileDamage(kind="file", found_ms=now_ms, sentence=sentence, kept=(kept,), lost_samples=0)


def _salvaged(path: Path, found: Salvage, blocks: BlockReport, now_ms: int) -> FileDamage:
    kept = aside_of(path, now_ms).name
    parts = [f"{rows:,} {_WHAT[table]}" for table, rows in found.lost_rows.items() if table in _WHAT]
    parts += [f"all {_WHAT[table]}" for table in found.lost_tables if table in _WHAT]
    lost = f"{', '.join(parts)} could not be read and are missing" if parts else "no sample was lost"
    if found.suspect_samples:
        lost += f"; {found.suspect_samples:,} samples may be wrong and are flagged as suspect"
    if found.start_ms is not None and found.end_ms is not None:
        lost += f"; their times are within {utc_text(found.start_ms)} to {utc_text(found.end_ms)} UTC"
    if "source_mark" in {*found.lost_rows, *found.lost_tables}:
        lost += "; without the marks, delivery counts earlier records of these gateways as missing"
    if not found.verified:
        lost += "; a list of its rows was damaged and could not be verified, so compare it with a back-up"
    if found.names_uncertain:
        lost += "; names of series were in a damaged block: compare them with the devices"
    sentence = (
        f"{max(len(blocks.damaged), 1)} blocks of the store {path} were damaged; everything else was saved into a new "
        f"file: {lost}. The damaged file is kept as {kept}."
    )
    return FileDamage(
        kind="file",
        found_ms=now_ms,
        sentence=sentence,
        kept=(kept,),
        lost_samples=None if "points" in found.lost_tables else found.lost_rows.get("points", 0),
        lost_events=found.lost_rows.get("events", 0),
        suspect_samples=found.suspect_samples,
        start_ms=found.start_ms,
        end_ms=found.end_ms,
        is_verified=found.verified,
    )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
