"""Season statement of a member: works, account, and the balance, as a report and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from headland.agronomy.series.answer import Method
from headland.analysis.cooperative.counted_ground import COUNTED_BY, COUNTED_GROUND
from headland.analysis.inputs.scope import OrgScope
from headland.formats.tables.xlsx import CellValue, Sheet, write_xlsx
from headland.i18n import Language, find_term, term_or_name
from headland.registry.models.cooperative import SeasonStatement
from headland.registry.repositories.local_time import find_local_time
from headland.reports.document import Cell, Figure, Note, Report, ReportInstant, ReportTable, Section
from headland.reports.formatting import label_of, time_text, value_text

STATEMENT: Final = Method(
    "season_statement",
    3,
    f"charged ground ({COUNTED_BY}): {COUNTED_GROUND.source}; with the same product; whole fen by the tariff, divided "
    "among those who hold the field by largest remainder; corrections are new entries",
)
#: Of statements that were made before lines named their rule; they are kept as they are.
STATEMENT_BEFORE: Final = Method(
    "season_statement",
    2,
    "charged ground: treated ground of each pass, the union of its swaths within the usable field, without what an "
    "earlier pass with the same product treated within the tariff's days; whole fen by the tariff, divided among those "
    "who hold the field by largest remainder; corrections are new entries",
)
#: 1 mu is 2000/3 m2.
_MU_M2: Final = 2000.0 / 3.0
#: What a figure shows for nobody's share.
NOBODY: Final = "nobody"


def make_statement_document(scope: OrgScope, statement: SeasonStatement) -> Report:
    """Return the report of a statement."""
    names = _Names(scope, statement)
    works = [line for line in statement.lines if line["kind"] == "work"]
    entries = [line for line in statement.lines if line["kind"] != "work"]
    charged = -sum(line["amount_fen"] for line in works)
    is_of_before = any(not line.get("counted_by") for line in works)
    summary = (
        Figure("member", names.person, reason=None if names.person else NOBODY, is_name=True),
        Figure("number", names.number or None, reason=None if names.number else "not_told", is_name=True),
        Figure("treated_mu", sum(_treated_m2(line) for line in works) / _MU_M2, "mu"),
        Figure("charged_ground_mu", statement.area_m2 / _MU_M2, "mu"),
        Figure("charged", charged / 100.0, "CNY"),
        Figure("credited", (statement.balance_fen + charged) / 100.0, "CNY"),
        Figure("member_balance", statement.balance_fen / 100.0, "CNY"),
        Note("balance_positive" if statement.balance_fen >= 0 else "balance_negative"),
    )
    sections = [
        Section("statement_summary", summary),
        Section(
            "statement_works", (_works_table(works, names), Note("ground_once" if is_of_before else "ground_again"))
        ),
        Section("statement_account", (_entries_table(entries, names), Note("corrections_are_entries"))),
    ]
    return Report(
        title="statement_report",
        subject=names.person or "",
        is_simulated=any(line["simulated"] for line in works),
        zone=names.zone,
        is_zone_known=names.is_zone_known,
        made_ms=scope.now_ms,
        start_ms=statement.start_ms,
        end_ms=statement.end_ms,
        sections=tuple(sections),
        sources=(STATEMENT_BEFORE if is_of_before else STATEMENT,),
        addresses=(f"/v1/statements/{statement.id}",),
    )


def write_statement_xlsx(scope: OrgScope, statements: Sequence[SeasonStatement], language: Language) -> bytes:
    """Return statements as a spreadsheet: a sheet of balances, and one with every line."""

    def word(name: str) -> str:
        return label_of(name, language)

    names = [_Names(scope, statement) for statement in statements]
    balances: list[list[CellValue]] = [
        [each.number, each.person or word(NOBODY), round(statement.area_m2 / _MU_M2, 3), _yuan(_charged(statement)),
         _yuan(statement.balance_fen + _charged(statement)), _yuan(statement.balance_fen)]
        for each, statement in zip(names, statements, strict=True)
    ]  # fmt: skip
    lines = [
        _line_cells(line, each, language)
        for each, statement in zip(names, statements, strict=True)
        for line in statement.lines
    ]
    cny, mu = word("in_yuan"), word("in_mu")
    ground = [f"{name} {mu}" for name in ("treated_mu", "repeated_mu", "charged_ground_mu")]
    heads = ["number", "member", ground[-1], f"charged {cny}", f"credited {cny}", f"member_balance {cny}"]
    line_heads = ["member", "time", "entry_kind", "field", "operator", "product", "share_held", ground[0],
                  "mass_kg", "evidence", f"line_amount {cny}", "note", *ground[1:]]  # fmt: skip

    def head(text: str) -> str:
        name, _, unit = text.partition(" ")
        return f"{word(name)}{unit}" if unit.startswith("（") else f"{word(name)} {unit}".strip()

    sheets = [Sheet(word("statement_summary"), [head(text) for text in heads], balances)]
    sheets.append(Sheet(word("statement_works"), [head(text) for text in line_heads], lines))
    return write_xlsx(sheets)


def _line_cells(line: Mapping[str, Any], names: _Names, language: Language) -> list[CellValue]:
    evidence = value_text("evidence", line["evidence"], language) if line["evidence"] else ""
    treated_mu, *other_mu = (round(m2 / _MU_M2, 3) for m2 in (_treated_m2(line), line["repeated_m2"], line["area_m2"]))
    return [
        names.person or label_of(NOBODY, language), time_text(line["time_ms"], names.zone),
        value_text("entry_kind", line["kind"], language), names.field(line["field"]), line["operator"],
        line["product"], line["share"], treated_mu, line["grams"] / 1000, evidence,
        _yuan(line["amount_fen"]), _note_of(line, language), *other_mu,
    ]  # fmt: skip


def _note_of(line: Mapping[str, Any], language: Language) -> str:
    """Return what is to be said of a line: crop and lot of a delivery, and its note."""
    if line["kind"] == "dividend":
        return ""
    crop = line.get("crop", "")
    texts = (find_term("crops", crop.casefold(), language) or crop, line.get("lot_code", ""), line["note"])
    return " · ".join(text for text in texts if text)


class _Names:
    """Names of what a statement refers to, and the time zone of its fields."""

    def __init__(self, scope: OrgScope, statement: SeasonStatement) -> None:
        repositories = scope.repositories
        self._fields = repositories.fields
        self._known: dict[str, str] = {}
        self.person, self.number = "", ""
        if statement.person is not None:
            person = repositories.people.get(statement.person, also_deleted=True)
            self.person, self.number = person.name, person.number
        local = find_local_time(repositories)
        self.zone, self.is_zone_known = local.zone, local.is_known

    def field(self, id: str) -> str:  # noqa: A002 - it is the field's id
        """Return a field's name."""
        if id and id not in self._known:
            self._known[id] = self._fields.get(id, also_deleted=True).name
        return self._known.get(id, "")


def _works_table(works: Sequence[Mapping[str, Any]], names: _Names) -> ReportTable:
    columns = (
        ("time", ""), ("field", ""), ("operator", ""), ("product", ""), ("share_held", ""), ("treated_mu", "mu"),
        ("repeated_mu", "mu"), ("charged_ground_mu", "mu"), ("mass_kg", "kg"), ("evidence", ""),
        ("surcharges", ""), ("line_amount", "CNY"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            ReportInstant(line["time_ms"]),
            _name("field", names.field(line["field"])),
            _name("operator", line["operator"]),
            _name("product", line["product"]),
            _name("share_held", line["share"]),
            Figure("treated_mu", _treated_m2(line) / _MU_M2, "mu"),
            Figure("repeated_mu", line["repeated_m2"] / _MU_M2, "mu"),
            Figure("charged_ground_mu", line["area_m2"] / _MU_M2, "mu"),
            Figure("mass_kg", line["grams"] / 1000.0, "kg"),
            Figure("evidence", line["evidence"]),
            Figure("surcharges", _surcharge(line)),
            Figure("line_amount", line["amount_fen"] / 100.0, "CNY"),
        )
        for line in works
    ]
    return ReportTable("works", columns, tuple(rows))


def _entries_table(entries: Sequence[Mapping[str, Any]], names: _Names) -> ReportTable:
    columns = (
        ("time", ""), ("entry_kind", ""), ("field", ""), ("crop", ""), ("lot_code", ""), ("mass_kg", "kg"),
        ("note", ""), ("line_amount", "CNY"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            ReportInstant(line["time_ms"]),
            Figure("entry_kind", line["kind"]),
            _name("field", names.field(line["field"])),
            Figure("crop", term_or_name("crops", line["crop"]), is_name=True) if line.get("crop") else None,
            _name("lot_code", line.get("lot_code", "")),
            Figure("mass_kg", line["grams"] / 1000.0, "kg") if line["grams"] else None,
            _name("note", "" if line["kind"] == "dividend" else line["note"]),
            Figure("line_amount", line["amount_fen"] / 100.0, "CNY"),
        )
        for line in entries
    ]
    return ReportTable("account", columns, tuple(rows))


def _treated_m2(line: Mapping[str, Any]) -> int:
    """Return the treated ground of a work, as its pass has it: what is charged and what was treated before."""
    return int(line["area_m2"]) + int(line["repeated_m2"])


def _surcharge(line: Mapping[str, Any]) -> str:
    parts = [name for name in ("night", "slope", "at_minimum") if line[name]]
    return "_and_".join(parts) if parts else "no_surcharge"


def _name(name: str, text: str) -> Figure | None:
    return Figure(name, text, is_name=True) if text else None


def _charged(statement: SeasonStatement) -> int:
    return -sum(int(line["amount_fen"]) for line in statement.lines if line["kind"] == "work")


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100
