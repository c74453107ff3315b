"""Route of the verdict on a pass."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.responses import reply
from api.http.router import Router
from api.routes.passes.pass_cells import OptionsOf
from api.routes.passes.passes import PassId
from headland.analysis.passes.detection import find_pass
from headland.analysis.passes.verdict.verdict import PassVerdict, judge_pass

#: Included by the router of the ledger, below its prefix.
router = Router()


@router.get("/passes/{pass_id}/verdict", response_model=PassVerdict)
def get_verdict(request: Request, scope: ScopeOf, pass_id: PassId, options: OptionsOf) -> Response:
    """Say in one sentence, in both languages, what a pass did: ground within 10 % of its plan, and strips missed.

    Every figure is that of `/as-applied`, `/deviation` and `/resume` with the same options. While the pass is under way
    nothing is skipped and nothing missed. Without a swath or a track the sentence says so.
    """
    return reply(request, judge_pass(scope, find_pass(scope, pass_id), options))
