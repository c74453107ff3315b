"""Season statements as a spreadsheet: balances, every line, the terms of the run, and what was not charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from headland.analysis.inputs.scope import OrgScope
from headland.formats.tables.xlsx import CellValue, Sheet, write_xlsx
from headland.i18n import Language, find_term
from headland.registry.models.cooperative import SeasonStatement, StatementRunRecord, TariffRecord
from headland.registry.models.errors import NotFound
from headland.reports.formatting import label_of, time_text, value_text
from headland.reports.statement_report import (
    MU_M2,
    NOBODY,
    StatementNames,
    charged_fen_of,
    surcharge_of,
    treated_m2_of,
)

#: Columns of the first two sheets with their units; new ones come last, so that a formula of before finds its own.
_BALANCES: Final = (
    ("number", ""), ("member", ""), ("charged_ground_mu", "mu"), ("charged", "yuan"), ("credited", "yuan"),
    ("member_balance", "yuan"), ("period_start", ""), ("period_end", ""), ("tariff", ""), ("treated_mu", "mu"),
    ("repeated_mu", "mu"), ("simulated_works", ""), ("statement_id", ""), ("run_id", ""), ("made_at", ""),
)  # fmt: skip
_LINES: Final = (
    ("member", ""), ("time", ""), ("entry_kind", ""), ("field", ""), ("operator", ""), ("product", ""),
    ("share_held", ""), ("treated_mu", "mu"), ("mass_kg", "kg"), ("evidence", ""), ("line_amount", "yuan"),
    ("note", ""), ("repeated_mu", "mu"), ("charged_ground_mu", "mu"), ("surcharges", ""), ("simulated_work", ""),
    ("crop", ""), ("lot_code", ""), ("dividend_weight", ""), ("counted_by", ""), ("pass_id", ""),
    ("entry_id", ""), ("statement_id", ""),
)  # fmt: skip
_NOT_CHARGED: Final = (("field", ""), ("pass_id", ""), ("why_not_charged", ""))
#: Prices of a tariff in fen, by their names.
_PRICES: Final = ("per_mu_fen", "per_kg_fen", "minimum_fen", "cancelled_fen", "dividend_fen")
_PERCENT: Final = ("night_pct", "slope_pct", "slope_from_pct")


@dataclass(frozen=True, slots=True)
class _Words:
    """Texts of a spreadsheet in a language."""

    language: Language

    def __call__(self, name: str) -> str:
        return label_of(name, self.language)

    def heads(self, columns: Sequence[tuple[str, str]]) -> list[str]:
        """Return headings, each with the unit of its column."""
        return [self.with_unit(name, unit) for name, unit in columns]

    def with_unit(self, name: str, unit: str) -> str:
        if not unit:
            return self(name)
        bracketed = self(f"in_{unit}")
        return f"{self(name)}{bracketed}" if bracketed.startswith("（") else f"{self(name)} {bracketed}"

    def yes(self, is_so: bool) -> str:
        return self(str(bool(is_so)).lower())


@dataclass(frozen=True, slots=True)
class _Terms:
    """A run and its tariff as it is now; a member reads the own statement, and not the run of everybody."""

    run: StatementRunRecord | None
    tariff: TariffRecord | None

    @property
    def tariff_text(self) -> str:
        """The tariff's name and the version that was used."""
        if self.run is None or self.tariff is None:
            return ""
        return f"{self.tariff.name} (v{self.run.tariff_version})"


def write_statement_xlsx(scope: OrgScope, statements: Sequence[SeasonStatement], language: Language) -> bytes:
    """Return statements as a spreadsheet.

    Its sheets: balances, every line, the terms of the runs (period, tariff, time zone), and ground without a charge.
    """
    word = _Words(language)
    named = [(each, StatementNames(scope, each)) for each in statements]
    terms = {run: _terms_of(scope, run) for run in dict.fromkeys(each.run for each in statements)}
    balances = [_balance_cells(each, names, terms[each.run], word) for each, names in named]
    lines = [_line_cells(line, each, names, word) for each, names in named for line in each.lines]
    about = [row for run, of_run in terms.items() for row in _about(run, of_run, named, word)]
    sheets = [
        Sheet(word("statement_summary"), word.heads(_BALANCES), balances),
        Sheet(word("statement_works"), word.heads(_LINES), lines),
        Sheet(word("statement_terms"), [word("term"), word("value")], about),
    ]
    names = named[0][1] if named else None
    not_charged = [
        [names.field(field), pass_id, reason_text(reason, language)]
        for of_run in terms.values()
        if of_run.run is not None and names is not None
        for field, pass_id, reason in of_run.run.not_charged
    ]
    sheets.append(Sheet(word("statement_not_charged"), word.heads(_NOT_CHARGED), not_charged))
    return write_xlsx(sheets)


def reason_text(reason: str, language: Language) -> str:
    """Return why ground or a flight is not charged."""
    return find_term("not_charged", reason, language) or reason.replace("_", " ")


def _terms_of(scope: OrgScope, run: str) -> _Terms:
    repositories = scope.repositories
    try:
        found = repositories.statements.runs.get(run)
        return _Terms(found, repositories.tariffs.get(found.tariff, also_deleted=True))
    except NotFound:
        return _Terms(None, None)


def _balance_cells(statement: SeasonStatement, names: StatementNames, terms: _Terms, word: _Words) -> list[CellValue]:
    works = [line for line in statement.lines if line["kind"] == "work"]
    charged = charged_fen_of(statement)
    return [
        names.number, names.person or word(NOBODY), _mu(statement.area_m2), _yuan(charged),
        _yuan(statement.balance_fen + charged), _yuan(statement.balance_fen),
        time_text(statement.start_ms, names.zone), time_text(statement.end_ms, names.zone), terms.tariff_text,
        _mu(sum(map(treated_m2_of, works))), _mu(sum(line["repeated_m2"] for line in works)),
        word.yes(any(line["simulated"] for line in works)), statement.id, statement.run,
        time_text(statement.created_ms, names.zone),
    ]  # fmt: skip


def _line_cells(
    line: Mapping[str, Any], statement: SeasonStatement, names: StatementNames, word: _Words
) -> list[CellValue]:
    is_work, language = line["kind"] == "work", word.language
    evidence = value_text("evidence", line["evidence"], language) if line["evidence"] else ""
    areas = (treated_m2_of(line), line["repeated_m2"], line["area_m2"])
    crop = line.get("crop", "")
    return [
        names.person or word(NOBODY), time_text(line["time_ms"], names.zone),
        value_text("entry_kind", line["kind"], language), names.field(line["field"]), line["operator"],
        line["product"], line["share"], _mu(areas[0]), line["grams"] / 1000, evidence, _yuan(line["amount_fen"]),
        _note_of(line, language), _mu(areas[1]), _mu(areas[2]),
        value_text("surcharges", surcharge_of(line), language) if is_work else "",
        word.yes(line["simulated"]) if is_work else "",
        find_term("crops", crop.casefold(), language) or crop, line.get("lot_code", ""),
        int(line["note"]) if line["kind"] == "dividend" else None, line.get("counted_by", ""),
        line["pass_id"], line["entry"], statement.id,
    ]  # fmt: skip


def _about(
    run: str, terms: _Terms, named: Sequence[tuple[SeasonStatement, StatementNames]], word: _Words
) -> list[list[CellValue]]:
    """Return the terms of a run: period, time zone, tariff with its prices, and the run's sums and digest."""
    statements = [(each, names) for each, names in named if each.run == run]
    first, names = statements[0]
    is_simulated = any(line["simulated"] for each, _ in statements for line in each.lines)
    rows: list[list[CellValue]] = [
        [word("simulated_works"), word.yes(is_simulated)],
        [word("period_start"), time_text(first.start_ms, names.zone)],
        [word("period_end"), time_text(first.end_ms, names.zone)],
        [word("time_zone"), names.zone.key if names.is_zone_known else f"{names.zone.key} ({word('not_known')})"],
        [word("run_id"), run],
    ]
    if terms.run is None or terms.tariff is None:
        return rows
    of_run, tariff = terms.run, terms.tariff
    rows += [
        [word("made_at"), time_text(of_run.created_ms, names.zone)],
        [word("tariff"), terms.tariff_text],
        [word("run_people"), of_run.people],
        [word.with_unit("charged", "yuan"), _yuan(of_run.charged_fen)],
        [word.with_unit("charged_ground_mu", "mu"), _mu(of_run.area_m2)],
        [word("run_not_charged"), len(of_run.not_charged)],
        [word("digest"), of_run.digest],
    ]
    if tariff.version != of_run.tariff_version:
        return [*rows, [word("tariff_changed"), f"v{tariff.version}"]]
    rows += [[word.with_unit(name, "yuan"), _yuan(getattr(tariff, name))] for name in _PRICES]
    rows += [[word.with_unit(name, "percent"), getattr(tariff, name)] for name in _PERCENT]
    evidence = ", ".join(value_text("evidence", each, word.language) for each in tariff.billable_evidence)
    return [*rows, [word("repeat_days"), tariff.repeat_days], [word("billable_evidence"), evidence]]


def _note_of(line: Mapping[str, Any], language: Language) -> str:
    """Return what is to be said of a line: crop and lot of a delivery, and its note."""
    if line["kind"] == "dividend":
        return ""
    crop = line.get("crop", "")
    texts = (find_term("crops", crop.casefold(), language) or crop, line.get("lot_code", ""), line["note"])
    return " · ".join(text for text in texts if text)


def _mu(m2: int) -> float:
    return round(m2 / MU_M2, 3)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100
