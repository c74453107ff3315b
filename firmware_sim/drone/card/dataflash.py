"""DataFlash messages as ArduPilot's logger writes them; a log describes its own messages first.

Formats, units and multipliers are those of ArduPilot 4.5 (AP_Logger's LogStructure.h) for the messages that a sprayer's
maps need, shortened where the simulator knows nothing of the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

_HEAD: Final = b"\xa3\x95"
_FMT_TYPE: Final = 128
_CODES: Final = {
    "b": "b", "B": "B", "h": "h", "H": "H", "i": "i", "I": "I", "q": "q", "Q": "Q", "f": "f", "d": "d", "n": "4s",
    "N": "16s", "Z": "64s", "c": "h", "C": "H", "e": "i", "E": "I", "L": "i", "M": "B",
}  # fmt: skip


class Kind(NamedTuple):
    """One kind of message: its number, name, format characters, columns, and letters of units and multipliers."""

    number: int
    name: str
    characters: str
    columns: str
    units: str = ""
    multipliers: str = ""

    @property
    def packer(self) -> struct.Struct:
        """The packing of its body."""
        return struct.Struct("<" + "".join(_CODES[character] for character in self.characters))


FMT: Final = Kind(_FMT_TYPE, "FMT", "BBnNZ", "Type,Length,Name,Format,Columns")
UNIT: Final = Kind(177, "UNIT", "QbZ", "TimeUS,Id,Label", "s--", "F--")
MULT: Final = Kind(178, "MULT", "Qbd", "TimeUS,Id,Mult", "s--", "F--")
FMTU: Final = Kind(179, "FMTU", "QBNN", "TimeUS,FmtType,UnitIds,MultIds", "s---", "F---")
PARM: Final = Kind(64, "PARM", "QNff", "TimeUS,Name,Value,Default", "s---", "F---")
MSG: Final = Kind(66, "MSG", "QZ", "TimeUS,Message", "s-", "F-")
GPS: Final = Kind(
    72, "GPS", "QBBIHBcLLeffffB", "TimeUS,I,Status,GMS,GWk,NSats,HDop,Lat,Lng,Alt,Spd,GCrs,VZ,Yaw,U",
    "s#-s-S-DUmnhnh-", "F--C-0BGGB000--",
)  # fmt: skip
POS: Final = Kind(75, "POS", "QLLfff", "TimeUS,Lat,Lng,Alt,RelHomeAlt,RelOriginAlt", "sDUmmm", "FGG000")
ATT: Final = Kind(
    76, "ATT", "QffffffB", "TimeUS,DesRoll,Roll,DesPitch,Pitch,DesYaw,Yaw,AEKF", "sddddhh-", "F000000-"
)  # fmt: skip
RCOU: Final = Kind(
    80, "RCOU", "QHHHHHHHHHHHHHH", "TimeUS,C1,C2,C3,C4,C5,C6,C7,C8,C9,C10,C11,C12,C13,C14",
    "sYYYYYYYYYYYYYY", "F--------------",
)  # fmt: skip
BAT: Final = Kind(
    84, "BAT", "QBffffffB", "TimeUS,Inst,Volt,VoltR,Curr,CurrTot,EnrgTot,Res,RemPct", "s#vvAaXw%", "F-000C000"
)  # fmt: skip
MODE: Final = Kind(86, "MODE", "QMBB", "TimeUS,Mode,ModeNum,Rsn", "s---", "F---")
ARM: Final = Kind(87, "ARM", "QBIBB", "TimeUS,ArmState,ArmChecks,Forced,Method", "s----", "F----")
EV: Final = Kind(88, "EV", "QB", "TimeUS,Id", "s-", "F-")
RFND: Final = Kind(90, "RFND", "QBCBB", "TimeUS,Instance,Dist,Stat,Orient", "s#m--", "F-B--")
RPM: Final = Kind(91, "RPM", "QBfff", "TimeUS,I,RPM,Qual,H", "s#q--", "F-0--")
XKF1: Final = Kind(
    96, "XKF1", "QBccCffffff", "TimeUS,C,Roll,Pitch,Yaw,VN,VE,VD,PN,PE,PD", "s#ddhnnnmmm", "F-BBB000000"
)  # fmt: skip
SIM: Final = Kind(120, "SIM", "QccCfLL", "TimeUS,Roll,Pitch,Yaw,Alt,Lat,Lng", "sddhmDU", "FBBB0GG")

KINDS: Final = (FMT, UNIT, MULT, FMTU, PARM, MSG, GPS, POS, ATT, RCOU, BAT, MODE, ARM, EV, RFND, RPM, XKF1, SIM)
_UNITS: Final = {
    "-": "", "#": "instance", "%": "%", "A": "A", "D": "deglatitude", "S": "satellites", "U": "deglongitude",
    "X": "W.h", "Y": "us", "a": "Ah", "d": "deg", "h": "degheading", "m": "m", "n": "m/s", "q": "rpm", "s": "s",
    "v": "V", "w": "Ohm",
}  # fmt: skip
_MULTIPLIERS: Final = {"-": 0.0, "0": 1.0, "B": 1e-2, "C": 1e-3, "F": 1e-6, "G": 1e-7}
_PACKERS: Final = {kind.number: kind.packer for kind in KINDS}


def pack(kind: Kind, *values: Any) -> bytes:
    """Return a message; values are scaled already, as the format characters say."""
    raw = [value.encode() if isinstance(value, str) else value for value in values]
    return _HEAD + bytes((kind.number,)) + _PACKERS[kind.number].pack(*raw)


def definitions(time_us: int) -> Iterable[bytes]:
    """Yield what a log begins with: its formats, units and multipliers."""
    for kind in KINDS:
        length = len(_HEAD) + 1 + _PACKERS[kind.number].size
        yield pack(FMT, kind.number, length, kind.name, kind.characters, kind.columns)
    for letter, label in _UNITS.items():
        yield pack(UNIT, time_us, ord(letter), label)
    for letter, multiplier in _MULTIPLIERS.items():
        yield pack(MULT, time_us, ord(letter), multiplier)
    for kind in KINDS:
        if kind.units:
            yield pack(FMTU, time_us, kind.number, kind.units, kind.multipliers)
