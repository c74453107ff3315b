"""Texts of a report from the catalogue, and the form of its numbers, units and times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from headland.contract.indices import decimals_of
from headland.i18n import Language, channel_name, find_term, find_term_in
from headland.i18n.decimals import decimal_text

#: Decimals of a number without a unit.
_PLAIN_DECIMALS: Final = 3
#: Names whose numbers are never written as zero: below this they are said to be below it.
_LEAST_WRITTEN: Final = {"trial_p": 0.001}
#: The groups of the catalogue with the names of a report's parts, in the order in which they are searched.
_LABELS: Final = (
    "report_page",
    "report_pass",
    "report_week",
    "report_statement",
    "report_trial",
    "quantities",
    "reasons",
)
#: The group of a figure whose value is a term, by the figure's name.
_VALUES: Final[dict[str, tuple[str, ...]]] = {
    "segment": ("segments",),
    "class": ("deviation_classes",),
    "cause": ("deviation_causes",),
    "amount_of": ("report_pass", "field_parts"),
    "swath_by": ("report_pass",),
    "place": ("field_parts",),
    "evidence": ("evidence",),
    "claim_evidence": ("evidence",),
    "claim_excludes": ("report_statement",),
    "why_not_claimed": ("claim_reasons",),
    "surface": ("surfaces",),
    "test": ("quality_tests",),
    "plan_by": ("plan_sources",),
    "suits": ("report_application_weather",),
    "because": ("report_loss_risk_reasons",),
    "volatilisation": ("report_loss_risk_reasons",),
    "leaching": ("report_loss_risk_reasons",),
    "index": ("quantities",),
    "nutrient": ("report_pass",),
    "way": ("report_pass",),
    "told_by": ("report_pass",),
    "pass_state": ("pass_states",),
    "done": ("report_week",),
    "entry_kind": ("account_entries",),
    "surcharges": ("report_surcharges",),
    "trial_verdict": ("report_trial",),
    "trial_design": ("report_trial",),
    "dispute_outcome": ("dispute_outcomes",),
    "crop": ("crops",),
    "stage": ("crop_stages",),
}


def has_label(name: str) -> bool:
    """Return whether the catalogue has a text for the name of a report's part."""
    return find_term_in(_LABELS, name, "en") is not None


def has_value(figure: str, value: str) -> bool:
    """Return whether the catalogue has a text for a value of a figure."""
    return figure == "channel" or find_term_in(_VALUES.get(figure, ()), value, "en") is not None


def label_of(name: str, language: Language) -> str:
    """Return the text for the name of a report's part; an unknown name is shown as it is."""
    return find_term_in(_LABELS, name, language) or name.replace("_", " ")


def value_text(figure: str, value: str, language: Language) -> str:
    """Return the text for a value of a figure; an unknown value is shown as it is."""
    if figure == "channel":
        text = channel_name(value, language)
        return text or label_of("other_channel", language).format(name=value)
    return find_term_in(_VALUES.get(figure, ()), value, language) or value.replace("_", " ")


def level_text(level: str, language: Language) -> str:
    """Return the text for how a figure compares to its target."""
    return find_term("levels", level, language) or level


def evidence_text(evidence: str, language: Language) -> str:
    """Return the text for a kind of evidence."""
    return find_term("evidence", evidence, language) or evidence.replace("_", " ")


def unit_text(unit: str, language: Language) -> str:
    """Return the form of a unit."""
    text = find_term("units", unit, language)
    return unit if text is None else text


def number_text(value: float, unit: str, name: str = "") -> str:
    """Return a number with the catalogue's decimals; whole numbers remain whole, a probability is never 0."""
    if isinstance(value, int):
        return f"{value:,}"
    least = _LEAST_WRITTEN.get(name)
    if least is not None and value < least:
        return f"< {least}"
    text = decimal_text(value, decimals_of(name, unit) if unit else _PLAIN_DECIMALS)
    return text.removeprefix("-") if not text.strip("-0.,") else text


def time_text(time_ms: int, zone: ZoneInfo, *, is_day: bool = False, language: Language = "en") -> str:
    """Return an instant in a time zone; a day with its weekday."""
    moment = datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(zone)
    if not is_day:
        return moment.strftime("%Y-%m-%d %H:%M")
    return f"{moment:%Y-%m-%d} {label_of(f'weekday_{moment.isoweekday()}', language)}"
