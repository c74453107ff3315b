"""The paper of a field trial: a small probability is said to be below what is written, in both languages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from headland.agronomy.trials.analyses import MIXED, TreatmentMean, TrialResult
from headland.agronomy.trials.reml import Contrast
from headland.i18n import Language
from headland.reports.csv import write_report_csv
from headland.reports.html import write_html
from headland.reports.rendering import ReportLocale
from headland.reports.trial_report import make_trial_document

SMALL = 0.000_04


def contrast(estimate: float, p: float) -> Contrast:
    return Contrast(estimate, 0.1, 12.0, estimate - 0.2, estimate + 0.2, p, 0.95)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_p_below_a_thousandth_is_written_as_below_it_and_kept_whole_in_the_table_file(language: Language) -> None:
    result = TrialResult(
        method=MIXED,
        means=tuple(
            TreatmentMean(name, 4, contrast(yields, 0.0), letter)
            for name, yields, letter in (("control", 5.0, "b"), ("rich", 7.0, "a"), ("poor", 5.1, "b"))
        ),
        differences=(("rich", contrast(2.0, SMALL)), ("poor", contrast(0.1, 0.4237))),
        lsd_t_ha=0.3,
        model=None,
    )
    document = make_trial_document(
        result, "N", zone=ZoneInfo("Asia/Shanghai"), made_ms=2, start_ms=0, end_ms=1, is_simulated=True
    )
    locale = ReportLocale(language, ZoneInfo("Asia/Shanghai"))
    paper = write_html(document, locale).decode()
    assert "&lt; 0.001" in paper
    assert "0.424" in paper
    assert "0.000" not in paper
    assert str(SMALL) in write_report_csv(document, locale).decode()
