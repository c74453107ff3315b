"""The edge that is open to everybody: places, queues and threads apart from those of keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, Literal, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from api.auth.shares import RequestShare, Shares
from api.http.addresses import customer_of

PublicWork = Literal["pages", "enrolments", "sessions"]

#: Work under way at once, of one address and of all, and what of one address waits: all customers of a phone network
#: may have one, and a busy machine must not refuse them. The lanes take nothing of one another: customers delay neither
#: enrolments nor those who sign in.
_LANES: Final[dict[PublicWork, RequestShare]] = {
    "pages": RequestShare(of_key=3, of_organisation=4, waiting_of_key=256, wait_s=10.0),
    "enrolments": RequestShare(of_key=1, of_organisation=2, waiting_of_key=16, wait_s=5.0),
    "sessions": RequestShare(of_key=2, of_organisation=2, waiting_of_key=32, wait_s=15.0),
}
_BUSY: Final = "Too many others ask for this at once: wait as Retry-After says."

_Result = TypeVar("_Result")


class PublicEdge:
    """Runs the work of requests without a key. For the event loop's thread."""

    def __init__(self) -> None:
        self._lanes = {lane: Shares(share, _BUSY) for lane, share in _LANES.items()}
        self._threads = CapacityLimiter(sum(share.of_organisation for share in _LANES.values()))

    async def run(self, lane: PublicWork, request: Request, work: Callable[[], _Result]) -> _Result:
        """Return what `work` returns, from a thread of the edge; wait for a place. Raises ProblemError (429)."""
        places, place = self._lanes[lane], (customer_of(request), lane)
        await places.admit(request.scope, *place)
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            places.leave(*place)


def at_public_edge(lane: PublicWork) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator of an endpoint with a `request`: it runs at the edge instead of in the threads of keys."""

    def decorate(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(endpoint)
        async def run(**values: Any) -> Any:
            request: Request = values["request"]
            edge: PublicEdge = request.app.state.public_edge
            return await edge.run(lane, request, partial(endpoint, **values))

        return run

    return decorate
