"""Reports of a field pass and of a greenhouse week, as a printable page, PDF or CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.router import Router
from api.routes.greenhouses.greenhouses import GreenhouseId, Zone
from api.routes.passes.pass_cells import OptionsOf
from api.routes.passes.passes import PassId
from headland.i18n import Language
from headland.reports.csv import write_report_csv
from headland.reports.document import Report
from headland.reports.greenhouse_report import make_week_document
from headland.reports.html import write_html
from headland.reports.pass_report import make_pass_document
from headland.reports.pdf import write_pdf
from headland.reports.rendering import ReportLocale

Form = Literal["html", "pdf", "csv"]
FormOf = Annotated[Form, Query(alias="format", description="A printable page, PDF, or CSV.")]
LanguageOf = Annotated[Language, Query(alias="lang", description="English or Chinese.")]

_WRITERS: Final[dict[Form, tuple[str, Callable[[Report, ReportLocale], bytes]]]] = {
    "html": ("text/html; charset=utf-8", write_html),
    "pdf": ("application/pdf", write_pdf),
    "csv": ("text/csv; charset=utf-8", write_report_csv),
}
#: How OpenAPI says the forms of a report.
REPORT_CONTENT: Final[dict[str, Any]] = {
    "text/html": {"schema": {"type": "string"}},
    "application/pdf": {"schema": {"type": "string", "format": "binary"}},
    "text/csv": {"schema": {"type": "string"}},
}
_REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The report in the requested form.", "content": REPORT_CONTENT}
}
#: The page has its style and pictures in itself; nothing else may be loaded.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

router = Router(prefix="/v1", tags=["reports"], responses=declare_problems(400, 404, 422, 501, 503))


@router.get("/passes/{pass_id}/report", response_class=Response, responses=_REPORT)
def get_pass_report(
    scope: ScopeOf, pass_id: PassId, options: OptionsOf, form: FormOf = "html", language: LanguageOf = "en"
) -> Response:
    """Return the report of a field pass: map, amounts by evidence, plan, nutrients, weather, and the sources.

    The figures are those of the pass's other answers with the same parameters; the report names its swath and the size
    of its cells. An unknown figure has its reason.
    """
    return reply_report(
        make_pass_document(scope, pass_id, options), f"pass-{pass_id.replace('~', '-')}", form, language
    )


@router.get("/greenhouses/{device}/report", response_class=Response, responses=_REPORT)
def get_greenhouse_report(
    scope: ScopeOf,
    device: GreenhouseId,
    week: Annotated[
        str | None,
        Query(
            description="A week of ISO 8601 in local days, such as 2026-W12; else the present week.",
            pattern=r"^\d{4}-W\d{2}$",
        ),
    ] = None,
    zone: Zone = None,
    form: FormOf = "html",
    language: LanguageOf = "en",
) -> Response:
    """Return the report of a greenhouse week: air, light, condensation, disease, irrigation by local day, sensors."""
    document = make_week_document(scope, device, week, zone)
    return reply_report(document, f"greenhouse-{device}-{document.week}", form, language)


def reply_report(document: Report, name: str, form: Form, language: Language) -> Response:
    """Return a report in a form and a language."""
    media_type, write = _WRITERS[form]
    headers = {
        "Content-Disposition": f'inline; filename="{name}-{language}.{form}"',
        "Content-Language": "zh-CN" if language == "zh" else "en",
        "Cache-Control": "no-cache",
    }
    if form == "html":
        headers["Content-Security-Policy"] = _POLICY
    return Response(write(document, ReportLocale(language, document.zone)), media_type=media_type, headers=headers)
