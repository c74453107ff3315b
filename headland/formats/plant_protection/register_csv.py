"""Plant-protection register as CSV: a row for each product and crop, headings in English or Chinese.

Rows of the same registration number are one product; its name, unit and ingredients must be the same in all of them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import msgspec

from headland.registry.models.plant_protection import ActiveIngredient, PlantProtectionProduct, ProductUse

#: Headings with their Chinese names; the first four must be there.
HEADINGS: Final[Mapping[str, str]] = {
    "registration_number": "登记证号",
    "name": "名称",
    "unit": "单位",
    "active_ingredients": "有效成分",
    "crop": "作物",
    "target": "防治对象",
    "formulation": "剂型",
    "least_dose_ha": "最低用量",
    "most_dose_ha": "最高用量",
    "least_water_l_ha": "最低用水量",
    "most_water_l_ha": "最高用水量",
    "pre_harvest_interval_days": "安全间隔期",
    "reentry_h": "再次进入间隔",
    "least_buffer_m": "缓冲距离",
    "most_uses_season": "每季最多使用次数",
    "source": "来源",
}
MOST_ROWS: Final = 20_000
MOST_BYTES: Final = 8 * 1024 * 1024
_NEEDED: Final = ("registration_number", "name", "unit", "active_ingredients", "crop")
_NUMBERS: Final = (
    "least_dose_ha",
    "most_dose_ha",
    "least_water_l_ha",
    "most_water_l_ha",
    "reentry_h",
    "least_buffer_m",
)
_WHOLE: Final = ("pre_harvest_interval_days", "most_uses_season")
_UNITS: Final = {"kg": "kg", "千克": "kg", "公斤": "kg", "l": "l", "升": "l"}
_CONTENT: Final = {"pct": "pct", "%": "pct", "g_l": "g_l", "g/l": "g_l", "克/升": "g_l"}
_INGREDIENT: Final = re.compile(
    r"^(?P<name>.+?)\s+(?P<content>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>pct|%|g_l|g/l|克/升)$", re.I
)
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_MOST_FAULTS: Final = 200


@dataclass(frozen=True, slots=True)
class RegisterFault:
    """A fault of a row (1 is the headings): a sentence with the remedy."""

    row: int
    sentence: str


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """The products of a file, and the faults: with any, nothing is to be imported."""

    products: list[PlantProtectionProduct]
    faults: list[RegisterFault]


def read_register(content: bytes, *, is_sample: bool = False) -> RegisterFile:
    """Return the products of a CSV file in UTF-8 or GB 18030, with comma, semicolon or tabulator."""
    text = _decode(content)
    if text is None:
        return RegisterFile([], [RegisterFault(1, "The file is no text in UTF-8 or GB 18030: save it as CSV UTF-8.")])
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    products: dict[str, PlantProtectionProduct] = {}
    faults: list[RegisterFault] = []
    try:
        headings = [_heading(name) for name in next(rows, [])]
        missing = [name for name in _NEEDED if name not in headings]
        if missing:
            names = ", ".join(f"{name} ({HEADINGS[name]})" for name in missing)
            return RegisterFile([], [RegisterFault(1, f"These columns are missing: {names}.")])
        for number, row in enumerate(rows, 2):
            if number > MOST_ROWS + 1:
                faults.append(RegisterFault(number, f"The file has more than {MOST_ROWS} rows: import it in parts."))
                break
            if not any(cell.strip() for cell in row):
                continue
            sentence = _add_row(products, dict(zip(headings, (cell.strip() for cell in row), strict=False)), is_sample)
            if sentence is not None and len(faults) < _MOST_FAULTS:
                faults.append(RegisterFault(number, sentence))
    except csv.Error:
        faults.append(RegisterFault(rows.line_num, "This is no CSV: save the sheet as CSV again."))
    if not products and not faults:
        faults.append(RegisterFault(1, "The file has no rows."))
    return RegisterFile(list(products.values()), faults)


def sample_csv() -> bytes:
    """Return the sample of the format; its products and values are made up."""
    return files(__package__).joinpath("sample.csv").read_bytes()


def _decode(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _heading(name: str) -> str:
    plain = re.sub(r"[((].*", "", name.strip().lower())
    return next((known for known, chinese in HEADINGS.items() if plain in (known, chinese)), plain)


def _add_row(products: dict[str, PlantProtectionProduct], row: Mapping[str, str], is_sample: bool) -> str | None:
    """Add a row to the products; return what is wrong with it."""
    empty = [name for name in _NEEDED if not row.get(name)]
    if empty:
        return f"The column {empty[0]} is empty: fill it in."
    unit = _UNITS.get(row["unit"].lower())
    if unit is None:
        return f"The unit {row['unit'][:20]!r} is not known: write kg or l."
    values: dict[str, object] = {"crop": row["crop"], "target": row.get("target", "")}
    for name in (*_NUMBERS, *_WHOLE):
        if text := row.get(name):
            if _NUMBER.fullmatch(text) is None or (name in _WHOLE and "." in text):
                return f"The column {name} has {text[:20]!r}: write a number alone."
            values[name] = int(text) if name in _WHOLE else float(text)
    try:
        ingredients = tuple(_ingredient(part) for part in row["active_ingredients"].split("+"))
        use = msgspec.convert(values, ProductUse)
        fresh = msgspec.convert(
            {
                "name": row["name"],
                "registration_number": row["registration_number"],
                "unit": unit,
                "formulation": row.get("formulation", ""),
                "active_ingredients": ingredients,
                "uses": (use,),
                "source": row.get("source", ""),
                "is_sample": is_sample,
            },
            PlantProtectionProduct,
        )
    except (ValueError, msgspec.ValidationError):
        return "A value is out of range, or an ingredient is not written like: azoxystrobin 250 g/l."
    known = products.setdefault(fresh.registration_number, fresh)
    if known is not fresh:
        if (known.name, known.unit, known.active_ingredients) != (fresh.name, fresh.unit, fresh.active_ingredients):
            return f"The registration number {fresh.registration_number!r} has another name, unit or ingredient above."
        products[fresh.registration_number] = msgspec.structs.replace(known, uses=(*known.uses, use))
    return None


def _ingredient(text: str) -> ActiveIngredient:
    match = _INGREDIENT.match(text.strip())
    if match is None:
        raise ValueError(text)
    content = {"name": match["name"], "content": float(match["content"]), "unit": _CONTENT[match["unit"].lower()]}
    return msgspec.convert(content, ActiveIngredient)
