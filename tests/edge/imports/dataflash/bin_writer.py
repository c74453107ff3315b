"""A DataFlash log of a few lines, written as ArduPilot lays it out; it shares nothing with the reader."""

from __future__ import annotations

import struct
from typing import Any

#: 2024-06-01T06:00:00Z, 18 s behind GPS time; week and time of week of it.
NOON_MS = 1_717_221_600_000
NOON_GPS_WEEK = 2316
NOON_GPS_MS = 6 * 86_400_000 + 6 * 3_600_000 + 18_000

STRUCT = {
    "b": "b", "B": "B", "h": "h", "H": "H", "i": "i", "I": "I", "q": "q", "Q": "Q", "f": "f", "d": "d", "g": "e",
    "n": "4s", "N": "16s", "Z": "64s", "c": "h", "C": "H", "e": "i", "E": "I", "L": "i", "M": "b", "a": "64s",
}  # fmt: skip
FORMATS = {
    "FMT": (128, "BBnNZ", "Type,Length,Name,Format,Columns"),
    "UNIT": (177, "QbZ", "TimeUS,Id,Label"),
    "MULT": (178, "Qbd", "TimeUS,Id,Mult"),
    "FMTU": (179, "QBNN", "TimeUS,FmtType,UnitIds,MultIds"),
    "PARM": (129, "QNf", "TimeUS,Name,Value"),
    "MSG": (130, "QZ", "TimeUS,Message"),
    "MODE": (131, "QMBB", "TimeUS,Mode,ModeNum,Rsn"),
    "GPS": (132, "QBBIHBcLLeffffB", "TimeUS,I,Status,GMS,GWk,NSats,HDop,Lat,Lng,Alt,Spd,GCrs,VZ,Yaw,U"),
    "POS": (133, "QLLfff", "TimeUS,Lat,Lng,Alt,RelHomeAlt,RelOriginAlt"),
    "ATT": (134, "QccccCCCCB", "TimeUS,DesRoll,Roll,DesPitch,Pitch,DesYaw,Yaw,ErrRP,ErrYaw,AEKF"),
    "BAT": (135, "QBfffffcfB", "TimeUS,Instance,Volt,VoltR,Curr,CurrTot,EnrgTot,Temp,Res,RemPct"),
    "RCOU": (136, "QHHHHHHHHHHHHHH", "TimeUS," + ",".join(f"C{n}" for n in range(1, 15))),
    "EV": (137, "QB", "TimeUS,Id"),
    "ERR": (138, "QBB", "TimeUS,Subsys,ECode"),
    "ARM": (139, "QBIBB", "TimeUS,ArmState,ArmChecks,Forced,Method"),
    "TERR": (140, "QBLLHffHH", "TimeUS,Status,Lat,Lng,Spacing,TerrH,CHeight,Pending,Loaded"),
    "RFND": (141, "QBCBB", "TimeUS,Instance,Dist,Stat,Orient"),
    "XKF1": (142, "QBccCfffffffccce", "TimeUS,C,Roll,Pitch,Yaw,VN,VE,VD,dPD,PN,PE,PD,GX,GY,GZ,OH"),
    "XKF4": (143, "QBcccccfffHBIHb", "TimeUS,C,SV,SP,SH,SM,SVT,errRP,OFN,OFE,FS,TS,SS,GPS,PI"),
    "CMD": (144, "QHHHffffLLfB", "TimeUS,CTot,CNum,CId,Prm1,Prm2,Prm3,Prm4,Lat,Lng,Alt,Frame"),
    "BARO": (145, "QBffcfIffB", "TimeUS,I,Alt,Press,Temp,CRt,SMS,Offset,GndTemp,Health"),
    "ESC": (146, "QBeffcfcf", "TimeUS,Instance,RPM,Volt,Curr,Temp,CTot,MotTemp,Err"),
    "IMU": (147, "QBffffff", "TimeUS,I,GyrX,GyrY,GyrZ,AccX,AccY,AccZ"),
    "DSF": (148, "QIHIIII", "TimeUS,Dp,Blk,Bytes,FMn,FMx,FAv"),
}
#: As ArduPilot names them: its units and multipliers by their letters.
UNITS = {"s": "s", "#": "instance", "v": "V", "A": "A", "a": "Ah", "X": "W.h", "O": "degC", "w": "Ohm", "%": "%"}
MULTIPLIERS = {"F": 1e-6, "C": 1e-3, "0": 1.0, "-": 0.0, "?": 1.0, "B": 1e-2}


class BinWriter:
    """Writes messages; a format is described before its first."""

    def __init__(self, formats: dict[str, tuple[int, str, str]] | None = None) -> None:
        self.data = bytearray()
        #: Where each message begins, and its name.
        self.messages: list[tuple[int, str]] = []
        self._formats = {**FORMATS, **(formats or {})}
        self._known: set[str] = set()

    def put(self, name: str, *values: Any) -> BinWriter:
        number, characters, columns = self._formats[name]
        code = "<" + "".join(STRUCT[character] for character in characters)
        if name not in self._known:
            self._known.add(name)
            length = 3 + struct.calcsize(code)
            self.put("FMT", number, length, name, characters, columns)
        coded = [value.encode() if isinstance(value, str) else value for value in values]
        self.messages.append((len(self.data), name))
        self.data += b"\xa3\x95" + bytes((number,)) + struct.pack(code, *coded)
        return self

    def units(self, name: str, units: str, multipliers: str) -> BinWriter:
        for letter, label in UNITS.items():
            self.put("UNIT", 1, ord(letter), label)
        for letter, value in MULTIPLIERS.items():
            self.put("MULT", 1, ord(letter), value)
        return self.put("FMTU", 1, self._formats[name][0], units, multipliers)

    def gps(self, own_ms: int, status: int = 3, *, late_ms: int = 0, utc_ms: int | None = None) -> BinWriter:
        """A fix; the log's own time was 0 at noon."""
        at_ms = own_ms - late_ms if utc_ms is None else utc_ms - NOON_MS
        place = (494_000_000, -1_230_000_000) if status >= 2 else (0, 0)
        fix = (status, NOON_GPS_MS + at_ms, NOON_GPS_WEEK, 14, 90, *place, 5000, 5.0, 90.0, -1.0, 0.0, 1)
        return self.put("GPS", own_ms * 1000, 0, *fix)

    def pos(self, own_ms: int, lat: int = 494_000_000) -> BinWriter:
        return self.put("POS", own_ms * 1000, lat, -1_230_000_000 if lat else 0, 50.0, 20.0, 20.0)

    def att(self, own_ms: int, yaw_cdeg: int = 9000) -> BinWriter:
        return self.put("ATT", own_ms * 1000, 0, 1000, 0, -500, 0, yaw_cdeg, 0, 0, 3)

    def outputs(self, own_ms: int, **pulses: int) -> BinWriter:
        return self.put("RCOU", own_ms * 1000, *(pulses.get(f"c{number}", 0) for number in range(1, 15)))

    def battery(self, own_ms: int, number: int, current_a: float, consumed_mah: float, pct: int = 255) -> BinWriter:
        return self.put("BAT", own_ms * 1000, number, 22.5, 0.0, current_a, consumed_mah, 1.5, 0, 0.0, pct)


def make_flight(seconds: int = 60, board: str = "CubeOrange 00320021 3132510A 37363838") -> BinWriter:
    """A copter that logs its identity and flies with a fix from its tenth second on."""
    log = BinWriter()
    log.put("MSG", 5_000_000, "ArduCopter V4.5.7 (2a3dc4b7)")
    log.put("MSG", 5_000_000, board)
    log.put("PARM", 5_000_000, "SYSID_THISMAV", 7.0)
    log.put("PARM", 5_000_000, "FRAME_CLASS", 2.0)
    log.put("MODE", 5_100_000, 0, 0, 1)
    for second in range(5, 5 + seconds):
        own_ms = second * 1000
        for tenth in range(10):
            log.att(own_ms + 100 * tenth)
            log.put("IMU", own_ms * 1000 + 100_000 * tenth, 0, *[0.0] * 6)
        for fifth in range(5):
            log.gps(own_ms + 200 * fifth, 3 if second >= 10 else 1)
            log.pos(own_ms + 200 * fifth, 494_000_000 + second if second >= 10 else 0)
    return log
