"""Files of every kind that is imported, and damage of them as cards, bad links and strangers make it."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.edge.imports.dataflash.bin_writer import make_flight as bin_flight
from tests.edge.imports.dataflash.text_writer import as_text
from tests.edge.imports.machine.test_machine_source import DEERE
from tests.edge.imports.machine.test_task_source import COMBINE, CUT, log_of
from tests.edge.imports.machine.test_task_source import write as write_tasks
from tests.edge.imports.test_importer import TABLE_MAP, write_tlog
from tests.edge.imports.ulog.ulg_writer import make_flight as ulg_flight

#: What a number of a file may be instead: the ends of each type, no number, and a size of gigabytes.
_ODD: Final = (b"\xff" * 8, bytes(8), b"\x7f" + b"\xff" * 7, struct.pack("<d", float("nan")), struct.pack("<Q", 2**40))
_ODD_TEXT: Final = ("²", "9" * 5000, "nan", "1e999", "1_0", '"', "\x00", "٣", ",,,", "\ud800")
TABLE: Final = "Date,Tair\n" + "".join(f"2/1/2022 10:{minute:02},{minute / 10}\n" for minute in range(60))


def good_files(folder: Path) -> dict[str, bytes]:
    """Return a file of each kind, by its name."""
    write_tlog(folder / "made.tlog", 15)
    tasks = write_tasks(
        folder / "made.zip", {f"TLG0000{n}": log_of(COMBINE, CUT, utc_ms=1_772_352_000_000) for n in (1, 2)}
    )
    flight = bin_flight(12)
    return {
        "link.tlog": (folder / "made.tlog").read_bytes(),
        "flight.BIN": bytes(flight.data),
        "flight.log": as_text(flight),
        "quad.ulg": bytes(ulg_flight(12).whole()),
        "points.zip": (DEERE / "application-points.zip").read_bytes(),
        "tasks.zip": tasks.read_bytes(),
        "house.csv": TABLE.encode(),
    }


def damage(data: bytes, dice: random.Random) -> bytes:
    """Return a damaged copy: cut, bytes changed, blocks moved, repeated or zeroed, numbers odd, junk in between."""
    hurt = bytearray(data)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(hurt) + 1)
        length = min(len(hurt) - at, dice.choice((1, 2, 4, 30, 500, 4096)))
        match dice.randrange(8):
            case 0:
                del hurt[at:]
            case 1:
                del hurt[at : at + length]
            case 2:
                hurt[at : at + length] = bytes(length)
            case 3:
                hurt[at:at] = hurt[at : at + length]
            case 4:
                hurt[at:at] = dice.randbytes(length)
            case 5:
                odd = dice.choice(_ODD)
                hurt[at : at + len(odd)] = odd
            case 6:
                hurt[at:at] = dice.choice(_ODD_TEXT).encode("utf-8", "surrogatepass")
            case 7:
                for _ in range(dice.randrange(1, 20)):
                    if hurt:
                        hurt[dice.randrange(len(hurt))] = dice.randrange(256)
    return bytes(hurt)


def damage_inside(data: bytes, dice: random.Random) -> bytes:
    """Return an archive whose middle is damaged, and its directory whole: it opens, and its members do not."""
    hurt, end = bytearray(data), max(2, len(data) - 400)
    for _ in range(dice.randrange(1, 30)):
        hurt[dice.randrange(end)] = dice.randrange(256)
    return bytes(hurt)


def damaged(name: str, data: bytes, dice: random.Random) -> bytes:
    """Return a damaged file of a kind."""
    make: Callable[[bytes, random.Random], bytes] = damage
    if name.endswith(".zip") and dice.random() < 0.6:
        make = damage_inside
    return make(data, dice)


__all__ = ["TABLE_MAP", "damage", "damaged", "good_files"]
