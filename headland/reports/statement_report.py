"""Season statement of a member as a report: works, account, and the balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from headland.agronomy.series.answer import Method
from headland.analysis.cooperative.counted_ground import COUNTED_BY, COUNTED_GROUND
from headland.analysis.inputs.scope import OrgScope
from headland.i18n import term_or_name
from headland.registry.models.cooperative import SeasonStatement
from headland.registry.repositories.local_time import find_local_time
from headland.reports.document import Cell, Figure, Note, Report, ReportInstant, ReportTable, Section

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
MU_M2: Final = 2000.0 / 3.0
#: What a figure shows for nobody's share.
NOBODY: Final = "nobody"


def make_statement_document(scope: OrgScope, statement: SeasonStatement) -> Report:
    """Return the report of a statement."""
    names = StatementNames(scope, statement)
    works = [line for line in statement.lines if line["kind"] == "work"]
    entries = [line for line in statement.lines if line["kind"] != "work"]
    charged = -sum(line["amount_fen"] for line in works)
    is_of_before = any(not line.get("counted_by") for line in works)
    summary = (
        Figure("member", names.person, reason=None if names.person else NOBODY, is_name=True),
        Figure("number", names.number or None, reason=None if names.number else "not_told", is_name=True),
        Figure("treated_mu", sum(treated_m2_of(line) for line in works) / MU_M2, "mu"),
        Figure("charged_ground_mu", statement.area_m2 / MU_M2, "mu"),
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


class StatementNames:
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


def _works_table(works: Sequence[Mapping[str, Any]], names: StatementNames) -> ReportTable:
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
            Figure("treated_mu", treated_m2_of(line) / MU_M2, "mu"),
            Figure("repeated_mu", line["repeated_m2"] / MU_M2, "mu"),
            Figure("charged_ground_mu", line["area_m2"] / MU_M2, "mu"),
            Figure("mass_kg", line["grams"] / 1000.0, "kg"),
            Figure("evidence", line["evidence"]),
            Figure("surcharges", surcharge_of(line)),
            Figure("line_amount", line["amount_fen"] / 100.0, "CNY"),
        )
        for line in works
    ]
    return ReportTable("works", columns, tuple(rows))


def _entries_table(entries: Sequence[Mapping[str, Any]], names: StatementNames) -> ReportTable:
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


def treated_m2_of(line: Mapping[str, Any]) -> int:
    """Return the treated ground of a work, as its pass has it: what is charged and what was treated before."""
    return int(line["area_m2"]) + int(line["repeated_m2"])


def surcharge_of(line: Mapping[str, Any]) -> str:
    """Return the surcharges of a work by the name of the catalogue."""
    parts = [name for name in ("night", "slope", "at_minimum") if line[name]]
    return "_and_".join(parts) if parts else "no_surcharge"


def _name(name: str, text: str) -> Figure | None:
    return Figure(name, text, is_name=True) if text else None


def charged_fen_of(statement: SeasonStatement) -> int:
    """Return what the works of a statement cost."""
    return -sum(int(line["amount_fen"]) for line in statement.lines if line["kind"] == "work")
