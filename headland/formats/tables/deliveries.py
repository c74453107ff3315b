"""Tables of deliveries: a row for each delivery, as CSV in either language, with units in the heads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from headland.files.text_encoding import TextEncoding, to_utf_8
from headland.formats.tables.by_hand import RowFault, check_texts, heads_of, read_day, read_rows

#: Names of columns as people write them, by the name here; of mass, price and amount without their unit.
_HEADS: Final[dict[str, tuple[str, ...]]] = {
    "number": ("number", "member_number", "编号", "社员编号", "户号"),
    "name": ("name", "member", "姓名", "户主", "社员", "交售人"),
    "date": ("date", "day", "日期", "交售日期", "过磅日期"),
    "crop": ("crop", "goods", "作物", "品种", "品名", "货品"),
    "mass": ("weight", "mass", "net_weight", "net weight", "重量", "净重", "数量", "交售数量"),
    "price": ("price", "单价", "价格"),
    "amount": ("amount", "金额", "货款", "应付金额"),
    "lot": ("lot", "batch", "lot_code", "批次", "批次号", "批号"),
    "field": ("field", "plot", "地块", "田块"),
    "note": ("note", "slip", "备注", "磅单号", "磅单"),
}
_GRAMS: Final = {"kg": 1000, "公斤": 1000, "千克": 1000, "t": 1_000_000, "吨": 1_000_000, "jin": 500, "斤": 500}
_MONEY: Final = ("元", "cny", "yuan", "人民币元")
_UNIT: Final = re.compile(
    r"^(.*?)[\s_]*(?:[(（\[]([^)）\]]*)[)）\]]|[\s_](kg|t|jin|cny|yuan)|(公斤|千克|吨|斤|元|kg))$"
)
_NUMBER: Final = re.compile(r"^(?:\d{1,3}(?:,\d{3}){1,3}|\d{1,12})(?:\.\d{1,6})?$")
_NEEDED: Final = {"date": "日期", "crop": "作物", "mass": "重量（公斤）"}
_PAID: Final = "金额（元）"
_MOST_G: Final = 10_000_000_000
_MOST_FEN: Final = 100_000_000_000


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery of the table: whole grams, and what they are worth [fen]; `field` and `lot` are "" where not given."""

    row: int
    number: str
    name: str
    day: date
    crop: str
    grams: int
    amount_fen: int
    lot: str
    field: str
    note: str


@dataclass(frozen=True, slots=True)
class DeliveryTable:
    """What a table holds, with the rows that were refused."""

    rows: tuple[DeliveryRow, ...]
    faults: tuple[RowFault, ...]
    encoding: TextEncoding


def read_deliveries(data: bytes) -> DeliveryTable:
    """Return the deliveries of a CSV table. A row with a fault is left out and named; a unit is never assumed."""
    utf_8, encoding = to_utf_8(data)
    text = utf_8.decode("utf-8-sig")
    heads = [_head(head) for head in heads_of(text)]
    fault = _fault_of(heads)
    rows = read_rows(text, lambda head: _head(head)[0], _HEADS)
    if fault is not None or isinstance(rows, RowFault):
        return DeliveryTable((), tuple(each for each in (fault, rows) if isinstance(each, RowFault))[:1], encoding)
    units = dict(heads)
    found = [_delivery(number, row, units) for number, row in enumerate(rows, 1)]
    return DeliveryTable(
        tuple(each for each in found if isinstance(each, DeliveryRow)),
        tuple(each for each in found if isinstance(each, RowFault)),
        encoding,
    )


def _head(head: str) -> tuple[str, str]:
    """Return the column of a head and its unit, both "" where it is none."""
    match = None if _column(head) else _UNIT.match(head)
    name, unit = (head, "") if match is None else (match[1].strip(), (match[2] or match[3] or match[4] or "").strip())
    return _column(name), unit


def _column(name: str) -> str:
    return next((column for column, written in _HEADS.items() if name in written), "")


def _fault_of(heads: list[tuple[str, str]]) -> RowFault | None:
    """Return why the head of a table cannot be understood."""
    names = [name for name, _ in heads]
    for needed, written in _NEEDED.items():
        if needed not in names:
            return RowFault(0, needed, f"the head has no column `{written}`")
    if "name" not in names and "number" not in names:
        return RowFault(0, "name", "the head has no column `name` (姓名)")
    if "price" not in names and "amount" not in names:
        return RowFault(0, "amount", f"the head has no column `{_PAID}`")
    for name, unit in heads:
        if name == "mass" and unit not in _GRAMS:
            return RowFault(0, name, "the weight has no unit: write 重量（公斤）, 重量（斤） or 重量（吨） in the head")
        if name == "price" and _price_grams(unit) is None:
            return RowFault(0, name, "the price has no unit: write 单价（元/公斤） or 单价（元/斤） in the head")
        if name == "amount" and unit not in ("", *_MONEY):
            return RowFault(0, name, f"the amount is in {unit!r}: write 金额（元） in the head")
        if name and names.count(name) > 1:
            return RowFault(0, name, "the head has a column twice: leave one of them out")
    return None


def _price_grams(unit: str) -> int | None:
    """Return the grams that a price is for."""
    money, _, mass = unit.replace("每", "/").replace("／", "/").partition("/")
    return _GRAMS.get(mass.strip()) if money.strip() in _MONEY else None


def _delivery(number: int, row: dict[str, str], units: dict[str, str]) -> DeliveryRow | RowFault:
    too_long = check_texts(number, row)
    if too_long is not None:
        return too_long
    if not row["name"] and not row["number"]:
        return RowFault(number, "name", "the name is empty")
    day = read_day(row["date"])
    if day is None:
        return RowFault(number, "date", f"{row['date']!r} is no date: write 2026-03-01")
    if not row["crop"]:
        return RowFault(number, "crop", "the crop is empty")
    mass = _number(row["mass"])
    grams = 0 if mass is None else _whole(mass * _GRAMS[units["mass"]])
    if not 0 < grams <= _MOST_G:
        return RowFault(number, "mass", f"{row['mass']!r} is no weight above 0: write 1250.5")
    amount_fen = _amount_fen(row, grams, units)
    if amount_fen is None or amount_fen > _MOST_FEN:
        text = row["amount"] or row["price"]
        return RowFault(number, "amount", f"{text!r} is no amount: write 2950 or 2950.40, and 0 where nothing is paid")
    return DeliveryRow(
        number, row["number"], row["name"], day, row["crop"], grams, amount_fen, row["lot"], row["field"], row["note"]
    )


def _amount_fen(row: dict[str, str], grams: int, units: dict[str, str]) -> int | None:
    """Return what the goods are worth: as it is written, else by the price."""
    if row["amount"]:
        amount = _number(row["amount"])
        return None if amount is None or (amount * 100) % 1 else int(amount * 100)
    price, of_grams = _number(row["price"]), _price_grams(units.get("price", ""))
    return None if price is None or of_grams is None else _whole(price * 100 * grams / of_grams)


def _number(text: str) -> Decimal | None:
    plain = text.replace("，", ",").removeprefix("¥").strip()
    return Decimal(plain.replace(",", "")) if _NUMBER.match(plain) else None


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))
