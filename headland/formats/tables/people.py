"""Tables of people: a row for each person, or for each field that a person holds, as CSV in either language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from headland.files.text_encoding import TextEncoding, to_utf_8
from headland.formats.tables.by_hand import RowFault, check_texts, heads_of, midnight_ms, read_day, read_rows
from headland.plain_numbers import is_digits

#: Names of columns as people write them, by the name here.
_HEADS: Final[dict[str, tuple[str, ...]]] = {
    "number": ("number", "member_number", "编号", "社员编号", "户号"),
    "name": ("name", "姓名", "户主", "社员"),
    "role": ("role", "角色"),
    "language": ("language", "语言"),
    "phone": ("phone", "电话", "手机", "联系电话"),
    "sms": ("sms", "短信"),
    "email": ("email", "邮箱", "电子邮箱"),
    "wechat": ("wechat", "微信"),
    "post": ("post", "address", "地址"),
    "field": ("field", "plot", "地块", "田块"),
    "kind": ("kind", "right", "权属", "类型"),
    "share": ("share", "份额", "占比"),
    "start": ("start", "开始", "起始日期", "开始日期"),
    "end": ("end", "结束", "终止日期", "结束日期"),
}
_ROLES: Final = {
    "": "member", "member": "member", "社员": "member", "manager": "manager", "负责人": "manager",
    "管理员": "manager", "理事长": "manager",
    "agronomist": "agronomist", "农艺师": "agronomist", "pilot": "pilot", "飞手": "pilot",
}  # fmt: skip
_LANGUAGES: Final = {"": "zh", "zh": "zh", "中文": "zh", "en": "en", "english": "en", "英文": "en"}
_KINDS: Final = {
    "": "ownership", "ownership": "ownership", "自有": "ownership", "承包": "ownership", "所有": "ownership",
    "lease": "lease", "租赁": "lease", "流转": "lease", "租入": "lease",
}  # fmt: skip
_CHANNELS: Final = ("phone", "sms", "email", "wechat", "post")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of the table; rows with the same number, or without one with the same name, are one person."""

    row: int
    key: str
    name: str
    number: str
    role: str
    language: str
    contacts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """A field that a person of the table holds, by the field's name; the share is a fraction."""

    row: int
    person: str
    field: str
    kind: str
    parts: int
    of_parts: int
    start: date | None
    end: date | None

    def span_ms(self, zone: ZoneInfo) -> tuple[int | None, int | None]:
        """Return the span in the zone's days; the last day belongs to it."""
        start = None if self.start is None else midnight_ms(self.start, zone)
        end = None if self.end is None else midnight_ms(date.fromordinal(self.end.toordinal() + 1), zone)
        return start, end


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """What a table holds, with the rows that were refused."""

    people: tuple[PersonRow, ...]
    holdings: tuple[HoldingRow, ...]
    faults: tuple[RowFault, ...]
    encoding: TextEncoding


def read_people(data: bytes) -> PeopleTable:
    """Return the people and holdings of a CSV table. A row with a fault is left out and named."""
    text, encoding = to_utf_8(data)
    plain = text.decode("utf-8-sig")
    rows = read_rows(plain, _head, _HEADS)
    if not isinstance(rows, RowFault) and "name" not in map(_head, heads_of(plain)):
        rows = RowFault(0, "name", "the head has no column `name` (姓名)")
    people: dict[str, PersonRow] = {}
    holdings: list[HoldingRow] = []
    faults: list[RowFault] = []
    if isinstance(rows, RowFault):
        return PeopleTable((), (), (rows,), encoding)
    for number, row in enumerate(rows, 1):
        person = _person(number, row)
        if isinstance(person, RowFault):
            faults.append(person)
            continue
        known = people.setdefault(person.key, person)
        if (known.name, known.role) != (person.name, person.role):
            faults.append(RowFault(number, "name", f"row {known.row} has another name or role for {person.key!r}"))
            continue
        if row["field"]:
            holding = _holding(number, person.key, row)
            if isinstance(holding, RowFault):
                faults.append(holding)
            else:
                holdings.append(holding)
    return PeopleTable(tuple(people.values()), tuple(holdings), tuple(faults), encoding)


def _head(head: str) -> str:
    return next((name for name, written in _HEADS.items() if head in written), "")


def _person(number: int, row: dict[str, str]) -> PersonRow | RowFault:
    too_long = check_texts(number, row)
    if too_long is not None:
        return too_long
    if not row["name"]:
        return RowFault(number, "name", "the name is empty")
    role, language = _ROLES.get(row["role"].lower()), _LANGUAGES.get(row["language"].lower())
    if role is None:
        return RowFault(number, "role", f"{row['role']!r} is none of manager, agronomist, pilot, member")
    if language is None:
        return RowFault(number, "language", f"{row['language']!r} is neither zh nor en")
    contacts = tuple((channel, row[channel]) for channel in _CHANNELS if row[channel])
    key = row["number"] or row["name"]
    return PersonRow(number, key, row["name"], row["number"], role, language, contacts)


def _holding(number: int, person: str, row: Mapping[str, str]) -> HoldingRow | RowFault:
    kind = _KINDS.get(row["kind"].lower())
    if kind is None:
        return RowFault(number, "kind", f"{row['kind']!r} is neither ownership (自有) nor lease (租赁)")
    share = _share(row["share"])
    if share is None:
        return RowFault(number, "share", f"{row['share']!r} is no share: write 1/3, 0.25 or 25%")
    days: list[date | None] = []
    for name in ("start", "end"):
        day = read_day(row[name])
        if day is None and row[name]:
            return RowFault(number, name, f"{row[name]!r} is no date: write 2026-03-01")
        days.append(day)
    if days[0] is not None and days[1] is not None and days[1] < days[0]:
        return RowFault(number, "end", "the end is before the start")
    return HoldingRow(number, person, row["field"], kind, *share, days[0], days[1])


def _share(text: str) -> tuple[int, int] | None:
    """Return a share as a fraction of whole numbers; an empty text is the whole."""
    if not text:
        return 1, 1
    parts, slash, of_parts = text.replace("／", "/").replace("％", "%").partition("/")
    percent = not slash and parts.endswith("%")
    parts = parts.removesuffix("%").strip()
    if slash:
        if not (is_digits(parts) and is_digits(of_parts.strip())):
            return None
        fraction = int(parts), int(of_parts)
    else:
        whole, _, decimals = parts.partition(".")
        if not is_digits(whole + decimals) or len(decimals) > 4:
            return None
        fraction = int(whole + decimals), 10 ** len(decimals) * (100 if percent else 1)
    return fraction if 0 < fraction[0] <= fraction[1] <= 1_000_000 else None
