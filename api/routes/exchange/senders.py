"""Route of the kinds of senders that post samples over HTTP."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from headland.contract.posts.senders import SAMPLE_SENDERS, SampleSenders

router = Router(prefix="/v1/samples", tags=["devices"], responses=declare_problems(503))


@router.get("/senders", name="list_sample_senders", response_model=SampleSenders)
def get_senders(request: Request) -> Response:
    """List the kinds of senders whose samples the station takes over HTTP: their path, and how each is permitted.

    It changes with the station's software only: ask again with its ETag.
    """
    return reply(request, SAMPLE_SENDERS)
